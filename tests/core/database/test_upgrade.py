"""A library of the first schema opens with all that was in it, and equals one made today."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from shutil import copytree

import apsw
from libraries import add, invented

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import ScorePictures

FIRST = (files("pixlstash_core.database") / "schema" / "library" / "0001.sql").read_text("utf-8")
#: What the first schema has no table for is not carried over.
CARRIED = ("setting", "store", "picture", "location", "fact", "words", "payload", "score", "scrapheap", "derived_grid")


def shape(path: Path) -> dict[str, set[tuple[str, str, int]]]:
    """The columns of every table, in any order: (name, type, not null)."""
    connection = apsw.Connection(str(path / "library.db"))
    tables = [name for (name,) in connection.execute("select name from sqlite_schema where type = 'table'")]
    found = {
        name: {(row[1], row[2], row[3]) for row in connection.execute(f"pragma table_info({name})")} for name in tables
    }
    connection.close()
    return found


def first_of(path: Path) -> None:
    """Put the library's pictures into a file of the first schema."""
    today = path / "library.db"
    old = apsw.Connection(str(path / "old.db"))
    old.execute(FIRST).fetchall()
    old.execute("attach ? as today", (str(today),)).fetchall()
    for table in CARRIED:
        columns = ", ".join(row[1] for row in old.execute(f"pragma main.table_info({table})"))
        old.execute(f"insert or replace into main.{table}({columns}) select {columns} from today.{table}").fetchall()
    old.execute("pragma user_version = 1").fetchall()
    old.close()
    for left in path.glob("library.db*"):
        left.unlink()
    (path / "old.db").rename(today)


def test_an_old_library_opens(blank: Path, tmp_path: Path) -> None:
    path = copytree(blank, tmp_path / "library")
    with Library.open(path, work=False) as library:
        ids = add(library, *(invented(n, prompt=f"river stone{n}") for n in range(12)))
        library.score(OWNER, ScorePictures(ids=ids[:3], score=4))
        before = [library.picture(OWNER, id) for id in ids]
    now = shape(path)
    first_of(path)
    with Library.open(path, work=False) as library:
        assert [library.picture(OWNER, id) for id in ids] == before
        assert library.find(OWNER, "river").total == 12 and library.find(OWNER, "score:4", "created").ids == ids[:3]
        assert library.sidebar(OWNER).pictures == 12
        new = add(library, invented(99))
        assert new[0] > ids[-1]
    assert shape(path) == now
    assert list(path.glob("library.db.before-*"))  # as it was, should anybody want it back

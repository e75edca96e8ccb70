"""What an import found lies in temporary tables: chosen from exactly, in slices, and without holding up the library."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from libraries import add, finish, invented
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.errors import StoreUnreachable
from pixlstash_core.imports import listing
from pixlstash_core.imports.listing import Listing
from pixlstash_core.library import Library
from pixlstash_core.storage import files
from pixlstash_core.storage.files import walk
from pixlstash_core.storage.local import Folder, key_of
from pixlstash_core.types import ImportPaths


def test_what_is_new_or_changed_is_chosen_newest_first(library: Library, tmp_path: Path) -> None:
    (one,) = add(library, invented(1))
    store = library.add_store(OWNER, "folder", "Folder", {"path": str(tmp_path)})

    def locate(key: str, size: int, mtime: int, state: str) -> None:
        library.derive(
            lambda write: write.execute(
                "insert into location(picture_id, store_id, key, size, mtime, state) values (?, ?, ?, ?, ?, ?)",
                (one, store, key, size, mtime, state),
            )
        )

    for key, size, mtime, state in [
        ("known", 1, 1, "present"),
        ("grown", 1, 1, "present"),
        ("touched", 1, 1, "present"),
        ("back", 1, 1, "missing"),
        ("gone", 1, 1, "present"),
        ("gone before", 1, 1, "missing"),
    ]:
        locate(key, size, mtime, state)
    with Listing(library.db) as found:
        found.leave_out([("refused", 5, 5), ("mended", 5, 5)])
        found.fill(
            [
                ("known", 1, 1),
                ("grown", 2, 1),
                ("touched", 1, 2),
                ("back", 1, 1),
                ("refused", 5, 5),
                ("mended", 5, 6),
                ("b.png", 9, 9),
                ("a.png", 9, 9),
                ("a.txt", 9, 9),  # read with a.png
                ("c.txt", None, None),
            ]
        )
        assert found.choose(store) == 7
        keys = [key for key, _, _ in found.fresh()]
        assert keys == ["a.png", "b.png", "mended", "touched", "back", "grown", "c.txt"]
        (gone,) = found.gone()
    assert library.db.value("select key from location where id = ?", (gone[0][0],)) == "gone" and len(gone) == 1
    with Listing(library.db) as found:  # nothing is known where nobody asks
        found.fill([("known", 1, 1), ("new", 1, 1)])
        assert found.choose() == 2 and list(found.gone()) == []


def test_a_long_import_does_not_hold_up_the_log(library: Library) -> None:
    """As long as somebody looks at an old state, SQLite's log only grows."""
    with Listing(library.db) as found:
        found.fill((f"{number}.png", number, number) for number in range(2_000))
        assert found.choose(library.stores.own()[0]) == 2_000
        fresh = found.fresh()
        assert next(fresh) == ("1999.png", 1999, 1999)
        add(library, invented(1))
        connection = library.db.connect()
        busy, frames, moved = connection.execute("pragma wal_checkpoint(truncate)").fetchall()[0]
        assert (busy, frames, moved) == (0, 0, 0)
        connection.close()
        assert len(list(fresh)) == 1_999


def test_what_is_gone_is_told_in_slices(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SLICE", 20)
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (9, 9)).save(folder / "0.png")
    for number in range(1, 31):
        os.link(folder / "0.png", folder / f"{number}.png")
    job = finish(library, library.import_paths(OWNER, ImportPaths([str(folder)], in_place=True)))
    assert job.report is not None and (job.report.imported, job.report.duplicates) == (1, 30)
    for number in range(1, 31):
        (folder / f"{number}.png").unlink()
    before = library.revision
    job = finish(library, library.import_paths(OWNER, ImportPaths([str(folder)], in_place=True)))
    assert job.state == "done"
    states: dict[str, int] = dict(library.db.read("select state, count(*) from location group by state"))
    assert states == {"present": 1}  # the picture is still there, so its other files were moved or were copies
    assert library.revision == before + 2


def test_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.png", "inner/b.png", "inner/deeper/c.png", ".hidden/d.png", "inner/.e.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * len(name))
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "linked").symlink_to(tmp_path / "inner")
    os.mkfifo(tmp_path / "pipe.png")
    found = {os.path.relpath(path, tmp_path): about.st_size for path, about in walk(tmp_path)}
    assert found == {"a.png": 5, "inner/b.png": 11, "inner/deeper/c.png": 18}
    assert {key for key, _ in Folder(tmp_path).list()} == {key_of(name) for name in found}
    assert {key for key, _ in Folder(tmp_path).list("inner")} == {"inner/b.png", "inner/deeper/c.png"}

    opening = os.open

    def failing(path: str, *arguments: Any, **more: Any) -> int:
        if path in ("inner", "deeper"):
            raise answer
        return opening(path, *arguments, **more)

    monkeypatch.setattr(os, "open", failing)
    monkeypatch.setattr(files, "BY_DESCRIPTOR", True)
    answer = OSError(5, "Input/output error")  # the disk went away: nothing of what is there now may count as gone
    with pytest.raises(StoreUnreachable, match="Input/output error"):
        list(Folder(tmp_path).list())
    answer = PermissionError(13, "Permission denied")
    assert [key for key, _ in Folder(tmp_path).list()] == ["a.png"]

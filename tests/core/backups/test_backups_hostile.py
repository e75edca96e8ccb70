"""A crafted backup: whatever somebody wrote into its databases, restoring it reads, runs and deletes nothing else."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from core.backups.test_backups import backed_up, restored, tree
from core.imports.test_intake import paint
from libraries import finish

from pixlstash_core.errors import Invalid, NotThere, PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.storage import files
from pixlstash_core.storage.files import Root, unlink_below
from pixlstash_core.storage.local import Managed
from pixlstash_core.types import OWNER, AddTags, Selection
from pixlstash_demo.filling import fill

#: Changes of a backup's `library.db` that must be refused, and what the refusal names.
CRAFTED = {
    "a trigger": ("create trigger note after update on setting begin delete from picture; end", "trigger 'note'"),
    "a view": ("create view note as select * from setting", "view 'note'"),
    "a view named like a plugin's table": ("create view colours_note as select 1", "view 'colours_note'"),
    "a table of no plugin": ("create table note(id integer primary key)", "table 'note'"),
    "a derived table": ("create table derived_note(id integer primary key)", "table 'derived_note'"),
    "a virtual table": ("create virtual table colours_note using fts5(a)", "colours_note"),
    "a generated column": ("create table colours_a(id integer primary key, b as (id + 1))", "table 'colours_a'"),
    "an index on an expression": ("create index colours_i on picture(abs(id))", "index 'colours_i'"),
    "another column": ("alter table picture add column note text", "picture is missing"),
    "a table that is gone": ("drop table score", "score is missing"),
    "a folder store at the root": (
        "insert into store(public_id, scheme, name, params) values ('x', 'folder', 'All', '{\"path\":\"/\"}')",
        "the store 'All'",
    ),
    "a second file store elsewhere": (
        "insert into store(public_id, scheme, name, params) values ('x', 'file', 'Two', '{\"path\":\"../victim\"}')",
        "the store 'Two'",
    ),
    "its own file store moved": (
        "update store set params = '{\"path\":\"../victim\"}' where scheme = 'file'",
        "the store 'Library files'",
    ),
    "a store of an unknown kind": (
        "insert into store(public_id, scheme, name, params) values ('x', 'no-such', 'Odd', '{}')",
        "the store 'Odd'",
    ),
    "an original that leads out": (
        "update location set key = '../victim/x', state = 'missing' where id = 1",
        "'../victim/x'",
    ),
    "an original with an absolute name": ("update location set key = '/etc/passwd' where id = 1", "'/etc/passwd'"),
    "an original with no name": ("update location set key = x'00' where id = 1", "no name of ours"),
    "an original in a store that does not exist yet": (
        "update location set store_id = 99 where id = 1",
        "its store or its id",
    ),
    "an id that is a path": (
        "update setting set value = '../../victim' where name = 'public_id'",
        "its store or its id",
    ),
    "a newer version": ("pragma user_version = 999", "newer PixlStash"),
    "an unknown version": ("pragma user_version = 7", "no database of PixlStash"),
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup with logins."""
    folder = tmp_path_factory.mktemp("honest")
    Library.create(folder / "library")
    with Library.open(folder / "library", work=False) as library:
        for n in range(2):
            library.upload(OWNER, f"{n}.png", paint(folder / "up" / f"{n}.png", n))
        library.add_tags(OWNER, AddTags(ids=[1], tags=["river"]))
        backed_up(library, folder / "backup", access=True)
    return folder / "backup"


def crafted(honest: Path, folder: Path, sql: str, database: str = "library.db") -> Path:
    """A copy of a backup in which somebody ran a statement, as if no write of PixlStash had happened since."""
    backup = folder / "crafted"
    for path in honest.rglob("*"):
        if path.is_file():
            target = backup / path.relative_to(honest)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    connection = sqlite3.connect(backup / database)
    connection.execute("pragma foreign_keys = off")
    connection.execute(sql)
    connection.commit()
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    for left in ("-wal", "-shm"):
        (backup / f"{database}{left}").unlink(missing_ok=True)
    return backup


def test_the_honest_backup_is_restored(honest: Path, tmp_path: Path) -> None:
    """Else the tests below would find refusals for another reason."""
    backup = crafted(honest, tmp_path, "create table colours_note(id integer primary key, unique(id))")
    assert restored(backup, tmp_path / "library", access=True) == []
    with Library.open(tmp_path / "library", work=False) as library:
        assert library.find(OWNER, "tag:river").total == 1


@pytest.mark.parametrize("what", CRAFTED)
def test_a_crafted_database_is_refused(honest: Path, tmp_path: Path, what: str) -> None:
    sql, named = CRAFTED[what]
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "x").write_bytes(b"mine")
    backup = crafted(honest, tmp_path, sql)
    with pytest.raises(PixlStashError, match=".") as refused:
        restored(backup, tmp_path / "library")
    assert named in str(refused.value)
    assert not (tmp_path / "library" / "library.db").exists()
    assert tree(victim) == {"x": b"mine"}


@pytest.mark.parametrize(
    "sql",
    [
        "create trigger t after delete on intent begin delete from owner; end",
        "create table note(id integer primary key)",
        "drop table purged",
    ],
)
def test_a_crafted_hub_is_refused(honest: Path, tmp_path: Path, sql: str) -> None:
    backup = crafted(honest, tmp_path, sql, "hub.db")
    with pytest.raises(Invalid):
        restored(backup, tmp_path / "library", access=True)
    assert not (tmp_path / "library" / "library.db").exists()


def test_unfinished_work_of_another_installation_is_dropped(honest: Path, tmp_path: Path) -> None:
    """A purge that says which files to delete, an import of any folder, an upload with a path for its name."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "x").write_bytes(b"mine")
    plan = json.dumps({"ids": [], "hashes": [], "places": [[1, "../../victim/x"]]})
    backup = honest
    for number, sql in enumerate(
        (
            f"insert into intent(kind, body, at) values ('purge', '{plan}', 0)",
            "insert into intent(kind, body, at) values ('keep', '1 ../../victim/x', 0)",
            (
                "insert into job(kind, label, lane, priority, payload, state, due)"
                " values ('import', 'x', 'io', 0, '{}', 'waiting', 0)"
            ),
            (
                "insert into upload(id, batch, principal, key, name, size, received, state, touched)"
                " values ('../../../victim/x', 'b', 'p', 'k', 'n', 4, 4, 'receiving', 0)"
            ),
            f"insert into import_folder(name, path, remove) values ('x', '{victim}', 1)",
            "insert into import_file(folder, key, state, aside) values (1, 'x', 'remove', 'x')",
        )
    ):
        (tmp_path / str(number)).mkdir()
        backup = crafted(backup, tmp_path / str(number), sql, "hub.db")
    assert restored(backup, tmp_path / "library", access=True) == []
    with Library.open(tmp_path / "library") as library:
        library.upload_sessions.sweep()
        for table in ("intent", "upload", "import_folder", "import_file"):
            assert library.hub.read(f"select * from {table}") == []
        assert "import" not in {job.kind for job in library.jobs(OWNER)}
    assert tree(victim) == {"x": b"mine"}


@pytest.mark.parametrize("place", ["library.db", "media"])
def test_links_in_a_backup_are_not_read(honest: Path, tmp_path: Path, place: str) -> None:
    backup = crafted(honest, tmp_path, "select 1")
    target = backup / place if place == "library.db" else next((backup / "media").glob("??/*"))
    target.rename(tmp_path / "outside")
    os.symlink(tmp_path / "outside", target)
    if place == "library.db":
        with pytest.raises(NotThere):
            restored(backup, tmp_path / "library")
    else:
        assert len(restored(backup, tmp_path / "library")) == 1


def test_a_store_deletes_only_below_its_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "ab").mkdir(parents=True)
    (outside / "x").write_bytes(b"mine")
    (outside / "ab" / "y").write_bytes(b"mine")
    media = tmp_path / "media"
    media.mkdir()
    os.symlink(outside, media / "cd")
    os.symlink(outside / "x", media / "z")
    store = Managed(media)
    for key in ("../outside/x", str(outside / "x"), "cd/x", "cd/ab/y", "z", "ab/../../outside/x", "a\0b", ""):
        try:
            store.delete(key)
        except PixlStashError:
            pass
    assert tree(outside) == {"x": b"mine", "ab/y": b"mine"} and (media / "z").is_symlink()
    (media / "ab").mkdir()
    (media / "ab" / "ours").write_bytes(b"ours")
    store.delete("ab/ours")
    assert not (media / "ab" / "ours").exists()


def test_a_folder_that_becomes_a_link_while_a_file_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_bytes(b"mine")
    (tmp_path / "media" / "ab").mkdir(parents=True)
    (tmp_path / "media" / "ab" / "x").write_bytes(b"ours")
    real = files.parent_below

    @contextmanager
    def swapped(*arguments: Any) -> Iterator[tuple[str, int | None]]:
        with real(*arguments) as found:
            (tmp_path / "media" / "ab").rename(tmp_path / "media" / "moved")
            os.symlink(tmp_path / "outside", tmp_path / "media" / "ab")
            yield found

    monkeypatch.setattr(files, "parent_below", swapped)
    unlink_below(Root(tmp_path / "media"), "ab/x")
    assert (tmp_path / "outside" / "x").read_bytes() == b"mine"


# -- honest ones -------------------------------------------------------------------------------------------------------


def test_a_backup_of_the_demo_is_restored(open_library: Callable[..., Library], tmp_path: Path) -> None:
    """Its pictures are painted anew, so it names a store whose files are nowhere."""
    with open_library() as library:
        assert finish(library, fill(library, 12)).state == "done"
        backed_up(library, tmp_path / "backup")
        found = library.find(OWNER).total
    assert restored(tmp_path / "backup", tmp_path / "again") == []
    with Library.open(tmp_path / "again", work=False) as library:
        assert library.find(OWNER).total == found
        assert library.purge(OWNER, Selection(ids=[])) == 0


def test_a_backup_with_a_plugins_table_is_restored_without_the_plugin(
    open_library: Callable[..., Library], tmp_path: Path
) -> None:
    with open_library(work=False) as library:
        library.upload(OWNER, "0.png", paint(tmp_path / "up" / "0.png", 0))
        key = "picture_id integer primary key not null references picture(id) on delete cascade"
        table = f"create table colours_note({key}, body text not null)"
        library.adopt("colours", [table])
        library.write(OWNER, "1 note", lambda write: write.execute("insert into colours_note values (1, 'blue')"))
        backed_up(library, tmp_path / "backup")
    assert restored(tmp_path / "backup", tmp_path / "again") == []
    with Library.open(tmp_path / "again", work=False) as library:
        assert library.read("select body from colours_note") == [("blue",)]
        library.adopt("colours", [table])
        library.write(OWNER, "1 note", lambda write: write.execute("update colours_note set body = 'red'"))
        library.undo(OWNER)
        assert library.read("select body from colours_note") == [("blue",)]

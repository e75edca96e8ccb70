"""Undo and redo: exact, all or nothing, across restarts, and derived tables follow."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from changing import background, score
from libraries import check_derived, fill, truth
from zstandard import ZstdCompressor

from pixlstash_core import OWNER, Table
from pixlstash_core.database import changesets
from pixlstash_core.errors import Conflict, Forbidden, PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import DeletePictures, Reader, RestorePictures, Scope

pytestmark = pytest.mark.usefixtures("read_as")


def test_a_score_and_back(library: Library) -> None:
    ids = fill(library, 3)
    score(library, ids[:1], 2)
    before = truth(library)
    done = score(library, ids, 5)
    assert (done.changed, done.sentence, done.undoable) == (3, "3 pictures scored 5", True)
    after = truth(library)
    undone = library.undo(OWNER)
    assert undone.sentence == "Undone: 3 pictures scored 5" and undone.revision == done.revision + 1
    assert truth(library) == before
    check_derived(library)
    assert library.redo(OWNER).revision == done.revision + 2
    assert truth(library) == after
    check_derived(library)


def test_the_scrapheap_and_back(library: Library) -> None:
    ids = fill(library, 3)
    library.delete(OWNER, DeletePictures(ids=ids[:2]))
    assert (library.info(OWNER).pictures, library.info(OWNER).scrapheap) == (1, 2)
    library.restore(OWNER, RestorePictures(ids=ids[:1]))
    library.undo(OWNER)
    library.undo(OWNER)
    assert (library.info(OWNER).pictures, library.info(OWNER).scrapheap) == (3, 0)
    with pytest.raises(Conflict, match="nothing to undo"):
        library.undo(OWNER)
    check_derived(library)


def test_what_history_shows(library: Library) -> None:
    ids = fill(library, 2)
    first, second = score(library, ids, 1), score(library, ids[:1], 2)
    library.undo(OWNER)
    shown = library.history(OWNER)
    assert [(one.revision, one.sentence, one.state, one.undoable) for one in shown] == [
        (second.revision, "1 picture scored 2", "undone", True),
        (first.revision, "2 pictures scored 1", "done", True),
    ]
    third = score(library, ids, 3)
    # A new change ends what could be redone.
    assert [(one.revision, one.state, one.undoable) for one in library.history(OWNER)] == [
        (third.revision, "done", True),
        (second.revision, "undone", False),
        (first.revision, "done", True),
    ]
    with pytest.raises(Conflict, match="nothing to redo"):
        library.redo(OWNER)
    library.undo(OWNER)
    library.undo(OWNER)
    assert truth(library)["score"] == []


def test_a_cascade_comes_back_whole(library: Library) -> None:
    library.adopt(
        "lab",
        (
            "create table lab_set(id integer primary key autoincrement not null, name text)",
            (
                "create table lab_member(set_id integer not null references lab_set(id) on delete cascade,"
                " picture_id integer not null references picture(id) on delete cascade,"
                " primary key(set_id, picture_id)) without rowid"
            ),
        ),
        [Table("lab_set", "lab"), Table("lab_member", "lab", 1, "sets")],
    )
    ids = fill(library, 4)

    def make(write: Any) -> None:
        write.execute("insert into lab_set(name) values ('one')")
        write.many("insert into lab_member values (1, ?)", [(picture,) for picture in ids])

    library.write(OWNER, "Set made", make)
    made = truth(library)
    library.write(OWNER, "Set deleted", lambda write: write.execute("delete from lab_set where id = 1"))
    assert truth(library)["lab_member"] == []
    library.undo(OWNER)
    assert truth(library) == made
    library.redo(OWNER)
    assert truth(library)["lab_member"] == [] == truth(library)["lab_set"]
    library.undo(OWNER)
    library.undo(OWNER)
    assert truth(library)["lab_set"] == []
    library.redo(OWNER)
    assert truth(library) == made


def test_a_conflict_is_named_and_changes_nothing(library: Library) -> None:
    """D27."""
    ids = fill(library, 3)
    score(library, ids, 3)
    background(library, "update score set score = 5 where picture_id = ?", ids[1])
    before, revision = truth(library), library.revision
    with pytest.raises(Conflict, match=rf"score {ids[1]} was changed.*Nothing was changed"):
        library.undo(OWNER)
    assert (truth(library), library.revision) == (before, revision)
    assert library.history(OWNER)[0].state == "done"
    background(library, "delete from score where picture_id = ?", ids[1])
    with pytest.raises(Conflict, match=f"score {ids[1]} is gone"):
        library.undo(OWNER)
    background(library, "insert into score values (?, 3)", ids[1])
    assert library.undo(OWNER).sentence == "Undone: 3 pictures scored 3"
    background(library, "insert into score values (?, 1)", ids[2])
    with pytest.raises(Conflict, match=f"score {ids[2]} is there already"):
        library.redo(OWNER)
    assert truth(library)["score"] == [(ids[2], 1)]
    check_derived(library)


def test_undo_takes_nothing_newer_with_it(library: Library) -> None:
    """Undoing the making of a row that others refer to by now must not delete those by cascade."""
    library.adopt(
        "lab",
        (
            "create table lab_set(id integer primary key autoincrement not null)",
            (
                "create table lab_member(id integer primary key autoincrement not null,"
                " set_id integer not null references lab_set(id) on delete cascade)"
            ),
        ),
    )
    library.write(OWNER, "Set made", lambda write: write.execute("insert into lab_set values (1)"))
    background(library, "insert into lab_member values (7, 1)")
    before = truth(library)
    with pytest.raises(Conflict, match="referred to by something newer"):
        library.undo(OWNER)
    assert truth(library) == before


def test_other_columns_do_not_conflict(library: Library) -> None:
    library.adopt("lab", ("create table lab_row(id integer primary key autoincrement not null, a text, b text)",))
    background(library, "insert into lab_row values (1, 'a', 'b')")
    library.write(OWNER, "a changed", lambda write: write.execute("update lab_row set a = 'A' where id = 1"))
    background(library, "update lab_row set b = 'B' where id = 1")
    library.undo(OWNER)
    assert truth(library)["lab_row"] == [(1, "a", "B")]


def test_what_a_plugin_derives_does_not_stand_in_the_way(library: Library) -> None:
    ids = fill(library, 2)
    score(library, ids, 4)
    library.undo(OWNER)
    library.adopt("lab", ("create table lab_row(id integer primary key autoincrement not null)",))
    background(library, "insert into lab_row values (1)")
    assert [one.sentence for one in library.history(OWNER)] == ["2 pictures scored 4"]
    library.redo(OWNER)
    background(library, "insert into lab_row values (2)")
    library.undo(OWNER)
    assert truth(library)["score"] == [] and truth(library)["lab_row"] == [(1,), (2,)]


def test_a_damaged_record_is_refused(library: Library) -> None:
    ids = fill(library, 2)
    score(library, ids, 3)
    library.history(OWNER)
    blob = bytearray(library.hub.value("select changeset from history"))
    for at in (0, len(blob) // 2, len(blob) - 1):
        bad = bytes(blob[:at]) + bytes([blob[at] ^ 1]) + bytes(blob[at + 1 :])
        library.hub.write("update history set changeset = ?", (bad,))
        before = truth(library)
        with pytest.raises(PixlStashError, match="damaged"):
            library.undo(OWNER)
        assert truth(library) == before
    library.hub.write("update history set changeset = ?", (bytes(blob),))
    library.undo(OWNER)
    assert truth(library)["score"] == []


def test_a_record_of_another_schema_is_refused(library: Library) -> None:
    """After a column is dropped or renamed, applying would silently do nothing."""
    ids = fill(library, 1)
    score(library, ids, 3)
    library.history(OWNER)
    library.hub.write("update history set schema = schema - 1")
    before = truth(library)
    with pytest.raises(Conflict, match="upgraded"):
        library.undo(OWNER)
    assert truth(library) == before


def test_across_restarts(open_library: Callable[..., Library]) -> None:
    with open_library() as library:
        ids = fill(library, 2)
        score(library, ids, 3)
        score(library, ids, 4)
        library.undo(OWNER)
    with open_library() as library:
        assert library.redo(OWNER).sentence == "2 pictures scored 4"
        assert truth(library)["score"] == [(ids[0], 4), (ids[1], 4)]
    with open_library() as library:
        library.undo(OWNER)
        library.undo(OWNER)
        assert truth(library)["score"] == []
        check_derived(library)


def test_without_its_plugin_a_change_stays(open_library: Callable[..., Library]) -> None:
    """Its tables are not recorded now: undoing would happen behind everybody's back."""
    with open_library() as library:
        library.adopt("lab", ("create table lab_row(id integer primary key autoincrement not null, text text)",))
        library.write(OWNER, "Row made", lambda write: write.execute("insert into lab_row values (1, 'x')"))
    library = open_library()
    with pytest.raises(Conflict, match="lab_row.*plugin"):
        library.undo(OWNER)
    assert library.db.read("select * from lab_row") == [(1, "x")]


def test_older_records_are_read(library: Library) -> None:
    """They were the bare changeset."""
    ids = fill(library, 1)
    score(library, ids, 3)
    library.history(OWNER)
    packed, digest = library.hub.read("select changeset, digest from history")[0]
    bare = ZstdCompressor().compress(changesets.unpack(packed, digest).changeset)
    library.hub.write("update history set changeset = ?, digest = ?", (bare, hashlib.sha256(bare).digest()))
    library.undo(OWNER)
    assert truth(library)["score"] == []


def test_who_may(library: Library) -> None:
    ids = fill(library, 2)
    score(library, ids, 3)
    for reader in (Reader("token:r", "read"), Reader("token:s", "write", Scope(frozenset(ids[:1])))):
        for call in (library.undo, library.redo, library.history):
            with pytest.raises(Forbidden):
                call(reader)
    library.undo(Reader("token:w", "write"))

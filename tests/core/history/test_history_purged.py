"""Undo and redo across purges: what is gone for good stays gone, and hides nothing older."""

from __future__ import annotations

from typing import Any

import pytest
from changing import background, live, score
from libraries import add, check_derived, fill, invented, truth

from pixlstash_core import OWNER, Table
from pixlstash_core.errors import Conflict
from pixlstash_core.imports import picture_rows
from pixlstash_core.library import Library
from pixlstash_core.types import DeletePictures, Selection

pytestmark = pytest.mark.usefixtures("read_as")


def test_after_a_purge(library: Library) -> None:
    """D27. What is gone for good stays so, and does not stand in the way of what was done to others, or earlier."""
    ids = fill(library, 3)
    score(library, ids[2:], 2)
    score(library, ids[:2], 5)
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    assert library.purge(OWNER, Selection(ids=ids)) == 1
    done = library.undo(OWNER)
    assert done.changed == 1 and done.sentence == (
        "Undone: 2 pictures scored 5, but for 1 picture permanently deleted."
        " Passed over, as their pictures were permanently deleted: 1 picture moved to the scrapheap"
    )
    assert truth(library)["score"] == [(ids[2], 2)] and truth(library)["scrapheap"] == []
    assert library.undo(OWNER).sentence == "Undone: 1 picture scored 2"
    assert truth(library)["score"] == [] and live(library) == ids[1:]
    with pytest.raises(Conflict, match="nothing to undo"):
        library.undo(OWNER)
    assert library.redo(OWNER).sentence == "1 picture scored 2"
    assert library.redo(OWNER).sentence == "2 pictures scored 5, but for 1 picture permanently deleted"
    assert truth(library)["score"] == [(ids[1], 5), (ids[2], 2)] and live(library) == ids[1:]
    check_derived(library)


def test_when_all_of_it_was_purged(library: Library) -> None:
    ids = fill(library, 2)
    score(library, ids[:1], 4)
    score(library, ids, 5)
    library.undo(OWNER)
    library.delete(OWNER, DeletePictures(ids=ids))
    library.undo(OWNER)
    background(library, "insert into scrapheap select id, 1 from picture")
    library.purge(OWNER, Selection(ids=ids))
    revision = library.revision
    for step, word in ((library.undo, "undo"), (library.redo, "redo")):
        with pytest.raises(Conflict, match=f"nothing to {word}: its pictures were permanently deleted"):
            step(OWNER)
        with pytest.raises(Conflict, match=f"nothing to {word}.$"):
            step(OWNER)
    assert library.revision == revision and live(library) == []
    assert not any(one.undoable for one in library.history(OWNER))


def test_a_step_that_is_not_made_passes_nothing_over(library: Library) -> None:
    """What is passed over is written down along with the step, or a power cut could come between the two."""
    ids = fill(library, 2)
    score(library, ids[:1], 3)
    score(library, ids[1:], 4)
    background(library, "insert into scrapheap values (?, 1)", ids[1])
    library.purge(OWNER, Selection(ids=ids))
    background(library, "update score set score = 5 where picture_id = ?", ids[0])
    before = library.history(OWNER)
    with pytest.raises(Conflict, match="was changed"):
        library.undo(OWNER)
    assert library.history(OWNER) == before
    background(library, "update score set score = 3 where picture_id = ?", ids[0])
    library.undo(OWNER)
    assert [(one.state, one.undoable) for one in library.history(OWNER)] == [
        ("done", False),  # the purge
        ("done", False),
        ("undone", True),
    ]


#: Rows that go with a picture, by a key of their own, and rows that name none.
NOTES = (
    """create table lab_note(id integer primary key autoincrement not null,
       picture_id integer not null references picture(id) on delete cascade, text text)""",
    "create table lab_row(id integer primary key autoincrement not null, text text)",
)


@pytest.mark.parametrize("declared", [False, True])
def test_a_plugins_rows_of_a_purged_picture(library: Library, declared: bool) -> None:
    library.adopt("lab", NOTES, [Table("lab_note", "lab", 1, "note"), Table("lab_row", "lab")] if declared else None)
    ids = fill(library, 2)
    background(library, "insert into lab_note values (1, ?, 'a'), (2, ?, 'b')", *ids)
    background(library, "insert into lab_row values (1, 'c')")

    def rename(write: Any) -> None:
        write.execute("update lab_note set text = upper(text) where 1")
        write.execute("update lab_row set text = upper(text) where 1")

    library.write(OWNER, "Notes renamed", rename)
    library.write(OWNER, "Notes deleted", lambda write: write.execute("delete from lab_note where 1"))
    background(library, "insert into scrapheap values (?, 1)", ids[0])
    library.purge(OWNER, Selection(ids=ids))
    assert library.undo(OWNER).changed == 1
    assert truth(library)["lab_note"] == [(2, ids[1], "B")]
    assert library.undo(OWNER).sentence == "Undone: Notes renamed, but for 1 picture permanently deleted"
    assert truth(library)["lab_note"] == [(2, ids[1], "b")] and truth(library)["lab_row"] == [(1, "c")]
    library.redo(OWNER)
    assert truth(library)["lab_note"] == [(2, ids[1], "B")] and truth(library)["lab_row"] == [(1, "C")]


@pytest.mark.parametrize("again", [False, True])
def test_undo_brings_no_purged_picture_back(library: Library, again: bool) -> None:
    """A plugin's own change may make and remove pictures, and then undo and redo put rows of pictures back."""

    def make(write: Any) -> None:
        for number in (1, 2):
            picture_rows.add(write, invented(number), f"{number}.png", fallback=0)

    library.write(OWNER, "Made", make)
    ids = live(library)
    library.write(OWNER, "Scored", lambda write: write.execute("insert into score select id, 3 from picture"))
    library.write(OWNER, "Removed", lambda write: write.execute("delete from picture where id > 0"))
    assert library.undo(OWNER).changed == 4 and live(library) == ids
    background(library, "insert into scrapheap values (?, 1)", ids[0])
    library.purge(OWNER, Selection(ids=ids))
    present = add(library, invented(1)) if again else []  # the same bytes come in again, as another picture
    for step in (library.redo, library.undo, library.undo, library.undo, library.redo):  # Removed, Scored, Made
        assert step(OWNER).sentence.endswith("but for 1 picture permanently deleted")
        assert ids[0] not in live(library)
    assert live(library) == [ids[1], *present]
    check_derived(library)


def test_a_row_gone_for_another_reason_is_still_a_conflict(library: Library) -> None:
    library.adopt("lab", NOTES)
    ids = fill(library, 1)
    background(library, "insert into lab_note values (1, ?, 'a')", ids[0])
    library.write(OWNER, "Note renamed", lambda write: write.execute("update lab_note set text = 'A' where id = 1"))
    background(library, "delete from lab_note where id = 1")
    with pytest.raises(Conflict, match="lab_note 1 is gone"):
        library.undo(OWNER)


def test_purging_cannot_be_undone(library: Library) -> None:
    ids = fill(library, 1)
    library.delete(OWNER, DeletePictures(ids=ids))
    library.purge(OWNER, Selection(ids=ids))
    newest = library.history(OWNER)[0]
    assert (newest.sentence, newest.undoable) == ("1 picture permanently deleted", False)

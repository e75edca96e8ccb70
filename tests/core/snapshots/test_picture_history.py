"""The history of one picture across snapshots: what was said of it at each, and what became of that."""

from __future__ import annotations

import pytest
from core.snapshots.test_restores import take, with_older
from libraries import add, fill, invented, truth

from pixlstash_core.errors import NotFound
from pixlstash_core.library import Library
from pixlstash_core.snapshots import manifests
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Create,
    DeletePictures,
    EditSet,
    PictureMoment,
    RestoreSnapshot,
    ScorePictures,
    Selection,
    SetCaption,
)


def told(moments: list[PictureMoment]) -> list[tuple[int | None, set[tuple[str, str | None, str | None]]]]:
    return [
        (
            one.snapshot_id,
            {(change.topic, change.old, change.new) for change in one.changes if change.topic != "pictures"},
        )
        for one in moments
    ]


def test_each_moment_says_what_changed(library: Library) -> None:
    (other, id) = add(library, *(invented(n) for n in range(2)))
    library.score(OWNER, ScorePictures(ids=[id], score=3))
    first = take(library)
    library.score(OWNER, ScorePictures(ids=[id, other], score=5))
    library.add_tags(OWNER, AddTags(ids=[id], tags=["river"]))
    best = library.create_set(OWNER, Create(name="Best")).id
    library.add_to_set(OWNER, best, Selection(ids=[id]))
    second = take(library)
    third = take(library)
    library.set_caption(OWNER, SetCaption(ids=[id], text="A river"))
    library.edit_set(OWNER, best, EditSet(name="Worst"))
    library.delete(OWNER, DeletePictures(ids=[id]))
    state = truth(library)
    found = library.picture_history(OWNER, id)
    assert truth(library) == state
    last = {("captions", None, "A river"), ("set_members", "Best", "Worst"), ("scrapheap", None, "in the scrapheap")}
    assert told(found) == [
        (first, {("scores", None, "3")}),
        (second, {("scores", "3", "5"), ("tags", None, "river"), ("set_members", None, "Best")}),
        (third, set()),
        (None, last),
    ]
    assert all(one.exists and one.problem is None for one in found)
    assert found[0].at is not None and found[-1].at is None


def test_before_it_came_and_after_it_went(library: Library) -> None:
    add(library, invented(0))
    first = take(library)
    (id,) = add(library, invented(1))
    library.score(OWNER, ScorePictures(ids=[id], score=3))
    second = take(library)
    library.delete(OWNER, DeletePictures(ids=[id]))
    library.purge(OWNER, Selection(ids=[id]))
    found = library.picture_history(OWNER, id)
    assert [(one.snapshot_id, one.exists) for one in found] == [(first, False), (second, True), (None, False)]
    assert ("scores", None, "3") in told(found)[1][1] and ("scores", "3", None) in told(found)[2][1]
    with pytest.raises(NotFound):
        library.picture_history(OWNER, 999)


def test_it_is_the_same_picture_under_another_id(library: Library) -> None:
    add(library, invented(0))
    first = take(library)
    (old,) = add(library, invented(1))
    library.score(OWNER, ScorePictures(ids=[old], score=3))
    second = take(library)
    library.restore_snapshot(OWNER, first, RestoreSnapshot(keep_added=False, allow_missing_files=True))
    (id,) = add(library, invented(1))
    library.score(OWNER, ScorePictures(ids=[id], score=3))
    library.add_to_set(OWNER, library.create_set(OWNER, Create(name="Best")).id, Selection(ids=[id]))
    found = {one.snapshot_id: one for one in library.picture_history(OWNER, id)}
    assert old != id and found[second].exists and not found[first].exists
    assert told([found[None]])[0][1] == {("set_members", None, "Best")}


def test_a_damaged_snapshot_hides_no_other(library: Library) -> None:
    (id,) = add(library, invented(0))
    taken = [take(library) for _ in range(3)]
    library.score(OWNER, ScorePictures(ids=[id], score=3))
    shelf = library.restore_points.repository
    (pack,) = {name for name, _ in manifests.head(shelf.folder, taken[0]).packs}
    library.restore_points.repository.folder.joinpath("packs", f"{pack}.zst").unlink()
    found = library.picture_history(OWNER, id)
    assert [one.snapshot_id for one in found] == [*taken, None]
    assert found[-1].exists and all("missing" in (one.problem or "") for one in found[:-1])


def test_one_of_an_older_schema(library: Library) -> None:
    ids = fill(library, 3)
    library.score(OWNER, ScorePictures(ids=ids[:1], score=4))
    with with_older(library) as anew:
        anew.score(OWNER, ScorePictures(ids=ids[:1], score=2))
        found = {one.snapshot_id: one for one in anew.picture_history(OWNER, ids[0])}
        assert found[1].exists and told([found[1]])[0][1] == {("scores", None, "4")}
        assert "newer PixlStash" in (found[2].problem or "")
        assert told([found[None]])[0][1] == {("scores", "4", "2")}

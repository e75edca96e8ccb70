"""The review queue of tags: what nobody decided on, the most doubtful first, decided on in one step."""

from __future__ import annotations

import pytest
from libraries import fill

from pixlstash_core import OWNER
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Forbidden, Invalid, Locked, NotFound
from pixlstash_core.library import Library
from pixlstash_core.tags import rules
from pixlstash_core.types import (
    AddTags,
    Create,
    DecideTag,
    DeletePictures,
    EditSet,
    HideAndBlur,
    Reader,
    RejectTags,
    Scope,
    ScorePictures,
    Selection,
)

Found = dict[int, list[tuple[str, float]]]
SURE = [0.99, 0.9, 0.6, 0.5, 0.45, 0.36, 0.34, 0.2]


def store(library: Library, found: Found, engine: str = "one") -> None:
    """What a tagger found; its tags count from 0.35 on."""
    producer = library.outputs.register("tag", engine, "1", {})
    library.outputs.activate(producer, 0.35)
    for future in library.outputs.store(producer, [Output(id, tags) for id, tags in found.items()]):
        future.result(30)
    while rules.refresh_slice(library.writer) is not None:
        pass


def looked_at(library: Library) -> list[int]:
    """Pictures in which an engine found a cat, more or less surely; it counts from 0.35 on."""
    ids = fill(library, len(SURE) + 1)
    store(library, {id: [("cat", sure)] for id, sure in zip(ids, SURE)})
    return ids


def waiting(library: Library, **ask: object) -> list[int]:
    return [one.picture.id for one in library.review_tag(OWNER, "cat", **ask).found]  # type: ignore[arg-type]


def test_the_most_doubtful_first(library: Library) -> None:
    ids = looked_at(library)
    review = library.review_tag(OWNER, "CAT")
    assert (review.tag, review.waiting) == ("cat", 8)
    found = [one.picture.id for one in review.found]
    assert set(found[:2]) == {ids[5], ids[6]} and found[-1] == ids[0]
    doubts = [one.doubt for one in review.found]
    assert doubts == sorted(doubts, reverse=True) and doubts[0] > 0.9 and doubts[-1] < 0.1
    assert [one.effective for one in review.found if one.picture.id in (ids[5], ids[6])].count(True) == 1
    assert review.found[-1].confidence == pytest.approx(0.99, abs=1e-3) and review.found[-1].engines
    assert waiting(library, limit=3) == found[:3] and waiting(library, offset=3, limit=3) == found[3:6]
    library.score(OWNER, ScorePictures(ids=ids[:2], score=5))
    assert set(waiting(library, q="score:5")) == set(ids[:2])
    library.delete(OWNER, DeletePictures(ids=[ids[0]]))
    assert ids[0] not in waiting(library)


def test_what_is_hidden_does_not_wait(library: Library) -> None:
    ids = looked_at(library)
    library.score(OWNER, ScorePictures(ids=ids[2:], score=1))
    library.set_veil(OWNER, HideAndBlur(hide="score:1"))
    assert set(waiting(library, veil=True)) == set(ids[:2]) and len(waiting(library)) == 8
    assert [one.waiting for one in library.review_tags(OWNER, veil=True)] == [2]
    library.score(OWNER, ScorePictures(ids=ids, score=1))
    assert library.review_tags(OWNER, veil=True) == []


def test_engines_that_disagree(library: Library) -> None:
    ids = fill(library, 3)
    store(library, {id: [("cat", 0.98)] for id in ids})
    store(library, {ids[0]: [("cat", 0.97)], ids[1]: [("dog", 0.9)], ids[2]: [("cat", 0.9)]}, "two")
    found = library.review_tag(OWNER, "cat").found
    assert found[0].picture.id == ids[1] and found[0].doubt > 0.9 > found[1].doubt
    assert {(one.engine, one.confidence > 0, one.above) for one in found[0].engines} == {
        ("one", True, True),
        ("two", False, False),
    }


def test_decided_in_one_step(library: Library) -> None:
    ids = looked_at(library)
    done = library.decide_tag(OWNER, DecideTag(tag="cat", yes=ids[:3], no=ids[5:7]))
    assert done.changed == 5 and done.sentence == "cat: 3 pictures accepted, 2 rejected"
    assert set(waiting(library)) == {*ids[3:5], ids[7]}
    assert set(library.find(OWNER, "accepted:cat").ids) == set(ids[:3])
    assert set(library.find(OWNER, "rejected:cat").ids) == set(ids[5:7])
    library.undo(OWNER)
    assert len(waiting(library)) == 8
    library.add_tags(OWNER, AddTags(ids=ids[:1], tags=["cat"]))
    library.reject_tags(OWNER, RejectTags(ids=ids[1:2], tags=["cat"]))
    assert not {*ids[:2]} & {*waiting(library)}


def test_which_tags_wait(library: Library) -> None:
    ids = fill(library, 6)
    sure = {id: [("cat", 0.4), ("dog", 0.99)] for id in ids[:4]} | {ids[4]: [("fox", 0.37)], ids[5]: [("owl", 0.01)]}
    store(library, sure)
    found = library.review_tags(OWNER)
    assert [(one.name, one.waiting, one.doubtful) for one in found] == [("cat", 4, 4), ("fox", 1, 1), ("dog", 4, 0)]
    library.decide_tag(OWNER, DecideTag(tag="cat", yes=ids[:3]))
    assert [(one.name, one.waiting) for one in library.review_tags(OWNER, limit=2)] == [("cat", 1), ("fox", 1)]
    assert [one.name for one in library.review_tags(OWNER, "tag:fox")] == ["fox"]


def test_what_cannot_be_decided(library: Library) -> None:
    ids = looked_at(library)
    with pytest.raises(NotFound):
        library.review_tag(OWNER, "nothing like it")
    with pytest.raises(Invalid, match="both accepted and rejected"):
        library.decide_tag(OWNER, DecideTag(tag="cat", yes=ids[:2], no=ids[1:3]))
    with pytest.raises(NotFound):
        library.decide_tag(OWNER, DecideTag(tag="cat", yes=[999]))
    locked = library.create_set(OWNER, Create(name="Kept")).id
    library.add_to_set(OWNER, locked, Selection(ids=[ids[3]]))
    library.edit_set(OWNER, locked, EditSet(locked=True))
    with pytest.raises(Locked):
        library.decide_tag(OWNER, DecideTag(tag="cat", yes=ids[:5]))
    assert len(waiting(library)) == 8
    with pytest.raises(Forbidden):
        library.review_tag(Reader("x", "write", Scope(frozenset(ids))), "cat")

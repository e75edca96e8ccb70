"""Counts of what waits for a decision: as many as a full recount finds, whatever was done before."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import pytest
from libraries import fill, until
from tagged import store

from pixlstash_core import OWNER
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Conflict, Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.query.evaluator import Masks
from pixlstash_core.tags import rules
from pixlstash_core.types import (
    AddTags,
    AssignFaces,
    Create,
    DecideTag,
    DeletePictures,
    HideAndBlur,
    NeverTags,
    Reader,
    RejectFaces,
    ResolveDuplicates,
    RestorePictures,
    Scope,
    ScorePictures,
    Selection,
    StackPictures,
    Waiting,
)

#: Boxes that do not overlap.
BOXES = [[0.1, 0.1, 0.2, 0.2], [0.4, 0.4, 0.5, 0.5], [0.7, 0.7, 0.9, 0.9]]
#: The threshold of the taggers, and how near to it a suggestion is reviewed.
LOW, NEAR = 0.5, 0.15
TAGS = ("cat", "dog", "fox")


def find_faces(library: Library, producer: int, counts: dict[int, int]) -> None:
    faces = [{"label": "", "box": box, "confidence": 0.9} for box in BOXES]
    for future in library.outputs.store(producer, [Output(id, faces[:count]) for id, count in counts.items()]):
        future.result(30)


def counted(library: Library, veil: bool = True, reader: Reader = OWNER) -> Waiting | None:
    """The counts of the sidebar as soon as they are known."""

    def look() -> tuple[Waiting | None]:
        waiting = library.sidebar(reader, veil=veil).waiting
        return (waiting,) if waiting is None or None not in (waiting.faces, waiting.tags) else ()  # type: ignore[return-value]

    return until(look)[0]


def recounted(library: Library, veil: bool = True) -> Waiting:
    """The same from each picture's faces and the review queue of each tag."""
    hide = library.veil(OWNER).hide if veil else ""
    ids = set(library.find(OWNER).ids) - set(library.find(OWNER, hide).ids if hide else [])
    faces = {
        id for id in ids for face in library.picture_faces(OWNER, id) if face.id is not None and face.character is None
    }
    tags = {
        row.picture.id
        for tag in library.review_tags(OWNER, veil=veil)
        for row in library.review_tag(OWNER, tag.name, veil=veil, limit=500).found
        if row.effective or abs(row.confidence - LOW) <= NEAR
    }
    return Waiting(len(faces), len(tags))


def acts(library: Library, rng: random.Random, taggers: list[int], finder: int) -> list[Callable[[], object]]:
    def live(count: int = 2) -> list[int]:
        ids = library.find(OWNER).ids
        return rng.sample(ids, min(count, len(ids)))

    def dead() -> list[int]:
        ids = library.find(OWNER, "is:scrapheap").ids
        return rng.sample(ids, min(2, len(ids)))

    def faces() -> list[int]:
        ids = [face.id for id in live() for face in library.picture_faces(OWNER, id) if face.id is not None]
        return rng.sample(ids, min(2, len(ids)))

    def some_tags() -> list[tuple[str, float]]:
        return [(tag, rng.random()) for tag in rng.sample(TAGS, rng.randrange(3))]

    return [
        lambda: find_faces(library, finder, {id: rng.randrange(4) for id in live()}),
        lambda: library.assign_faces(OWNER, AssignFaces(faces=faces(), character=1)),
        lambda: library.reject_faces(OWNER, RejectFaces(faces=faces(), character=1)),
        lambda: store(library, rng.choice(taggers), {id: some_tags() for id in live()}),
        lambda: library.decide_tag(OWNER, DecideTag(tag=rng.choice(TAGS), yes=live(1), no=[])),
        lambda: library.decide_tag(OWNER, DecideTag(tag=rng.choice(TAGS), yes=[], no=live(1))),
        lambda: library.add_tags(OWNER, AddTags(ids=live(), tags=[rng.choice(TAGS)])),
        lambda: library.never_tags(OWNER, NeverTags([rng.choice(TAGS)], rng.random() < 0.5)),
        lambda: library.delete(OWNER, DeletePictures(ids=live())),
        lambda: library.restore(OWNER, RestorePictures(ids=dead())),
        lambda: library.purge(OWNER, Selection(ids=dead()[:1])),
        lambda: library.resolve_duplicates(OWNER, ResolveDuplicates(groups=[live()])),
        lambda: library.stack(OWNER, StackPictures(ids=live())),
        lambda: library.score(OWNER, ScorePictures(ids=live(), score=rng.randrange(2))),
        lambda: library.set_veil(OWNER, HideAndBlur(hide=rng.choice(["", "score:1", "tag:cat"]))),
        lambda: library.undo(OWNER),
        lambda: library.undo(OWNER),
        lambda: library.redo(OWNER),
    ]


@pytest.mark.parametrize("round", range(3))
def test_counts_equal_a_full_recount(library: Library, rng: random.Random, round: int) -> None:
    ids = fill(library, 10)
    library.create_character(OWNER, Create(name="Ann"))
    taggers = [library.outputs.register("tag", name, "1", {}) for name in ("one", "two")]
    for tagger in taggers:
        library.outputs.activate(tagger, LOW)
        store(library, tagger, {id: [(tag, rng.random()) for tag in TAGS] for id in ids})
    finder = library.outputs.register("face", "synthetic faces", "1", {})
    library.outputs.activate(finder, 0)
    find_faces(library, finder, {id: rng.randrange(4) for id in ids})
    while rules.refresh_slice(library.writer) is not None:
        pass
    assert counted(library) == recounted(library)
    moves = acts(library, rng, taggers, finder)
    for _ in range(60):
        with suppress(Conflict, NotFound, Invalid):  # nothing to undo, or nothing chosen
            rng.choice(moves)()
        assert counted(library) == recounted(library)
        assert counted(library, veil=False) == recounted(library, veil=False)


def test_after_an_engine_takes_the_place_of_another(library: Library) -> None:
    ids = fill(library, 4)
    first, second = (library.outputs.register("face", name, "1", {}) for name in ("one", "two"))
    for finder, count in ((first, 1), (second, 0)):
        find_faces(library, finder, dict.fromkeys(ids, count))
    assert counted(library) == Waiting(0, 0)
    library.outputs.activate(first, 0)
    assert counted(library) == Waiting(4, 0)
    library.outputs.deactivate(first)
    library.outputs.activate(second, 0)
    assert counted(library) == Waiting(0, 0)


def test_only_changed_pictures_are_looked_up(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the sidebar is read, no statement runs over all pictures: it has no count until there is a mask."""
    ids = fill(library, 6)
    finder = library.outputs.register("face", "synthetic faces", "1", {})
    library.outputs.activate(finder, 0)
    find_faces(library, finder, dict.fromkeys(ids, 1))
    library.views._caches.drop()
    assert library.sidebar(OWNER).waiting in (Waiting(None, None), Waiting(6, None), Waiting(6, 0))
    assert counted(library) == Waiting(6, 0)
    among: list[object] = []
    plain = Masks.get

    def watch(self: Masks, lookup, topics, revisions, size, find):  # type: ignore[no-untyped-def]
        def noted(ids: list[int] | None) -> object:
            among.append(ids)
            return find(ids)

        return plain(self, lookup, topics, revisions, size, noted)

    monkeypatch.setattr(Masks, "get", watch)
    find_faces(library, finder, {ids[0]: 0})
    assert library.sidebar(OWNER).waiting == Waiting(5, 0)
    assert among and all(looked == [ids[0]] for looked in among)


def test_readers_who_cannot_decide_have_no_counts(library: Library) -> None:
    ids = fill(library, 2)
    for reader in (Reader("guest", "read"), Reader("part", "write", Scope(ids=frozenset(ids)))):
        assert counted(library, reader=reader) is None

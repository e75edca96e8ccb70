"""Masks that are kept: what was looked up before says the same as what is looked up now, whatever happened between."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from libraries import add, fill, invented
from tagged import store

from pixlstash_core import OWNER
from pixlstash_core.database.features import Lookup
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Conflict, NotFound
from pixlstash_core.library import Library
from pixlstash_core.query.evaluator import BUDGET, MANY, Masks
from pixlstash_core.tags import rules
from pixlstash_core.types import (
    AcceptTags,
    AddTags,
    Create,
    DeletePictures,
    DropOnProject,
    ImplyTags,
    MergeTags,
    NeverTags,
    RejectTags,
    RemoveTags,
    RenameTag,
    RestorePictures,
    ScorePictures,
    Selection,
    SetCaption,
    StackPictures,
)

BOX = {"label": "", "box": [0.1, 0.1, 0.2, 0.2], "confidence": 0.9}
QUERIES = (
    "tag:cat",
    "-tag:cat",
    "rejected:dog",
    "suggested:dog",
    "is:suggested",
    "tags:>=2",
    "tag:dog>0.5",
    "is:captioned",
    "caption:cat",
    "cat",
    "picture",
    "set:1",
    "character:1",
    "project:1",
    "in:none",
    "is:stacked",
    "is:locked",
    "unique(set:1, character:1)",
    "tag:cat OR set:1 is:scrapheap",
    "size:>1005",
    "faces:>=1",
    "faces:unassigned",
    "measure:sharpness>0.5",
)


def find(library: Library, kind: str, value: object, ids: list[int]) -> None:
    """Another result of an engine that looks for faces, or measures."""
    producer = library.outputs.register(kind, f"synthetic {kind}", "1", {}, about={"measure": "sharpness"})
    library.outputs.activate(producer, 0)
    for future in library.outputs.store(producer, [Output(id, value) for id in ids]):
        future.result(30)


def move_threshold(library: Library, producer: int, threshold: float) -> None:
    library.outputs.activate(producer, threshold)
    while rules.refresh_slice(library.writer) is not None:
        pass


def acts(library: Library, rng: random.Random, producers: list[int]) -> list[Callable[[], object]]:
    def some() -> list[int]:
        known = library.find(OWNER, "is:scrapheap OR -is:scrapheap").ids
        return rng.sample(known, min(2, len(known)))

    def live() -> list[int]:
        known = library.find(OWNER).ids
        return rng.sample(known, min(2, len(known)))

    tag = lambda: rng.choice(["cat", "dog", "fox"])  # noqa: E731  # one line each
    number = iter(range(1000, 2000))
    return [
        lambda: library.add_tags(OWNER, AddTags(ids=live(), tags=[tag()])),
        lambda: library.remove_tags(OWNER, RemoveTags(ids=live(), tags=["cat"])),
        lambda: library.accept_tags(OWNER, AcceptTags(ids=live(), tags=["dog"])),
        lambda: library.reject_tags(OWNER, RejectTags(ids=live(), tags=[tag()])),
        lambda: store(library, rng.choice(producers), {id: [(tag(), rng.random())] for id in live()}),
        lambda: (
            library.outputs.activate(rng.choice(producers), rng.random()),
            [0 for _ in iter(lambda: rules.refresh_slice(library.writer), None)],
        ),
        lambda: find(library, "caption", rng.choice(["", "a cat here", "another picture"]), live()),
        lambda: find(library, "face", [BOX] * rng.randrange(3), live()),
        lambda: find(library, "measure", rng.random(), live()),
        lambda: library.set_tagging(OWNER, rng.choice(["union", "vote", "preferred"])),
        lambda: library.rename_tag(OWNER, RenameTag("cat", "lynx")),
        lambda: library.rename_tag(OWNER, RenameTag("lynx", "cat")),
        lambda: library.imply_tags(OWNER, ImplyTags("dog", ["cat"])),
        lambda: library.merge_tags(OWNER, MergeTags(["fox"], "cat")),
        lambda: library.never_tags(OWNER, NeverTags(["dog"], rng.random() < 0.5)),
        lambda: library.set_caption(OWNER, SetCaption(ids=live(), text=rng.choice(["", "a cat"]))),
        lambda: library.add_to_set(OWNER, 1, Selection(ids=live())),
        lambda: library.take_from_set(OWNER, 1, Selection(ids=live())),
        lambda: library.add_to_character(OWNER, 1, Selection(ids=live())),
        lambda: library.drop_on_project(OWNER, 1, DropOnProject(sets=[1], add=True)),
        lambda: library.stack(OWNER, StackPictures(ids=live())),
        lambda: library.unstack(OWNER, Selection(ids=some())),
        lambda: library.delete(OWNER, DeletePictures(ids=some())),
        lambda: library.restore(OWNER, RestorePictures(ids=some())),
        lambda: library.purge(OWNER, Selection(ids=some()[:1])),
        lambda: library.score(OWNER, ScorePictures(ids=live(), score=rng.randrange(6))),
        lambda: add(library, invented(next(number))),
        lambda: library.undo(OWNER),
        lambda: library.redo(OWNER),
    ]


@pytest.mark.parametrize("round", range(4))
def test_kept_and_fresh_say_the_same(
    library: Library, rng: random.Random, monkeypatch: pytest.MonkeyPatch, round: int
) -> None:
    ids = fill(library, 8)
    producers = [library.outputs.register("tag", name, "1", {}) for name in ("one", "two", "three")]
    for producer in producers:
        library.outputs.activate(producer, 0.5)
        store(library, producer, {id: [("cat", rng.random()), ("dog", rng.random())] for id in ids})
    for verb in ("set", "character", "project"):
        getattr(library, f"create_{verb}")(OWNER, Create(name="one"))
    verbs = acts(library, rng, producers)
    plain = Masks.get
    for _ in range(40):
        with suppress(Conflict, NotFound):  # nothing to undo; a stack of one; no such tag
            rng.choice(verbs)()
        kept = [library.count(OWNER, text).total for text in QUERIES]
        again = [library.count(OWNER, text).total for text in QUERIES]
        with monkeypatch.context() as patch:
            patch.setattr(Masks, "get", lambda self, asked, topics, revisions, size, find: find(None))
            library.views._orders.clear()
            fresh = [library.count(OWNER, text).total for text in QUERIES]
        assert kept == again == fresh
    assert Masks.get is plain


def test_a_kept_mask_is_a_copy_and_there_is_an_end_to_them() -> None:
    masks, asked = Masks(), [Lookup("select ?", {"n": n}) for n in range(80)]
    size = 1_000_000
    for one in asked:
        made = masks.get(one, frozenset({"tags"}), {"tags": 1}, size, lambda among: np.arange(size) % 2 == 0)
        made[:] = False
    refuse = lambda among: pytest.fail("it was kept")  # noqa: E731
    found = masks.get(asked[-1], frozenset({"tags"}), {"tags": 1, "scores": 9}, size, refuse)
    assert found.sum() == size // 2
    assert masks._bytes == sum(one.packed.nbytes for one in masks._masks.values()) <= BUDGET
    for changed in ({"tags": 2}, {"tags": 2, "pictures": 1}, {"tags": 2, "pictures": 1, "scrapheap": 1}):
        masks.touch(max(changed.values()), {topic: {1} for topic in changed})
        assert masks.get(asked[-1], frozenset({"tags"}), changed, size, lambda among: found & False).sum() == 0
    masks.drop()
    assert not masks._masks and masks._bytes == 0


class Asked:
    """Masks of ten pictures, where the odd ones are found, and what they were looked up among."""

    def __init__(self) -> None:
        self.masks, self.odd = Masks(), np.arange(10) % 2 == 1
        self.among: list[list[int] | None] = []

    def get(self, **revisions: int) -> list[int]:
        def find(among: list[int] | None) -> np.ndarray:
            self.among.append(among)
            return self.odd if among is None else self.odd & np.isin(np.arange(10), among)

        matching = Lookup("select 1", among="select 2")
        return np.flatnonzero(self.masks.get(matching, frozenset({"tags"}), revisions, 10, find)).tolist()


def test_only_what_changed_is_looked_up_again() -> None:
    asked = Asked()
    assert asked.get(tags=1) == [1, 3, 5, 7, 9]
    asked.odd[[3, 4]] = False, True
    asked.masks.touch(2, {"tags": {3}, "scores": {9}})
    asked.masks.touch(3, {"tags": {4}})
    asked.masks.touch(4, {"scores": None})
    assert asked.get(tags=3) == [1, 4, 5, 7, 9]
    asked.masks.touch(5, {"tags": {1}, "pictures": {2}})
    assert asked.get(tags=5, pictures=5) == [1, 4, 5, 7, 9]
    assert asked.among == [None, [3, 4], [1, 2]]


def test_all_are_looked_up_again_when_that_is_not_enough() -> None:
    asked = Asked()
    asked.get(tags=1)
    asked.masks.touch(2, {"tags": {3}})
    asked.masks.touch(3, {"tags": None})  # of any picture
    asked.get(tags=3)
    asked.masks.touch(4, {"tags": set(range(MANY))})  # of too many
    asked.get(tags=4)
    for revision in range(5, 5 + MANY):  # of more than are remembered
        asked.masks.touch(revision, {"tags": {3}})
    asked.get(tags=4 + MANY)
    assert asked.among == [None, None, None, None]


def test_terms_that_share_a_statement_do_not_share_a_mask(library: Library) -> None:
    """They hang on different topics: one's mask would go stale unnoticed, or lack the revision of the other's topic."""
    add(library, invented(1, prompt="harbour"))
    for text in ("harbour", "prompt:harbour", "faces:1", "caption:harbour", "harbour", "prompt:harbour"):
        library.find(OWNER, text)
    library.set_caption(OWNER, SetCaption(ids=library.find(OWNER).ids, text="harbour at dusk"))
    assert len(library.find(OWNER, "caption:harbour").ids) == 1 == len(library.find(OWNER, "dusk").ids)

"""Something new for all pictures at once, prepared in slices while the old answer stands."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from libraries import add, fill, invented, until
from tagged import check_tags, names, store

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.tags import aliases as meaning
from pixlstash_core.tags import rules
from pixlstash_core.types import AddTags, ImplyTags, NeverTags, RejectTags, RemoveTags

pytestmark = pytest.mark.usefixtures("read_as")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few pictures are many here, and a slice holds three."""
    monkeypatch.setattr(meaning, "INLINE", 2)
    monkeypatch.setattr(rules, "SLICE", 3)


@pytest.fixture
def still(open_library: Callable[..., Library]) -> Library:
    """A library whose jobs do not run by themselves."""
    return open_library(work=False)


def tagger(library: Library, threshold: float = 0.5) -> int:
    producer = library.outputs.register("tag", "synthetic", "1", {})
    library.outputs.activate(producer, threshold)
    return producer


def shown(library: Library, ids: list[int]) -> list[set[str]]:
    return [names(library, picture) for picture in ids]


def phase(library: Library) -> int:
    return int(library.db.value("select phase from derived_tagging where version = 0"))


def finish(library: Library) -> None:
    while rules.refresh_slice(library.writer) is not None:
        pass
    check_tags(library)
    assert library.db.read("select 1 from derived_tag where next is not null") == []
    assert library.db.read("select 1 from derived_tag_count where change") == []


def test_the_old_answer_stands_until_all_is_prepared(still: Library) -> None:
    ids = fill(still, 8)
    engine = tagger(still, 0.5)
    store(still, engine, {one: [("cat", 0.9), ("dog", 0.4)] for one in ids})
    before, count = shown(still, ids), dict(still.db.read("select tag_id, pictures from derived_tag_count"))
    still.outputs.activate(engine, 0.3)
    revision, found = still.revision, still.find(OWNER, "tag:dog").ids
    assert found == [] and phase(still) == 1
    for _ in range(3):
        rules.refresh_slice(still.writer)
        assert shown(still, ids) == before
        assert dict(still.db.read("select tag_id, pictures from derived_tag_count where pictures")) == count
        assert still.find(OWNER, "tag:dog").ids == [] and still.revision == revision
    rules.refresh_slice(still.writer)
    assert phase(still) == 2 and still.revision == revision + 1
    for _ in range(4):
        assert shown(still, ids) == [{"cat", "dog"}] * 8
        assert len(still.find(OWNER, "tag:dog").ids) == len(still.find(OWNER, "tag:dog<0.5").ids) == 8
        assert {one.name: one.pictures for one in still.tags(OWNER)} == {"cat": 8, "dog": 8}
        assert {one.name for one in still.picture_tags(OWNER, ids[7])} == {"cat", "dog"}
        assert [one.state for one in still.picture_tags(OWNER, ids[0])] == ["suggested"] * 2
        rules.refresh_slice(still.writer)
    assert phase(still) == 0 and rules.refresh_slice(still.writer) is None
    finish(still)


def test_what_is_said_and_found_meanwhile(still: Library) -> None:
    ids = fill(still, 9)
    engine = tagger(still, 0.5)
    store(still, engine, {one: [("cat", 0.9), ("dog", 0.4)] for one in ids})
    still.outputs.activate(engine, 0.3)
    rules.refresh_slice(still.writer)
    still.add_tags(OWNER, AddTags(ids=[ids[0], ids[8]], tags=["mine"]))
    still.reject_tags(OWNER, RejectTags(ids=[ids[1], ids[7]], tags=["dog", "cat"]))
    store(still, engine, {one: [("fox", 0.4), ("owl", 0.6)] for one in (ids[2], ids[6])})
    assert [names(still, ids[n]) for n in (0, 8, 1, 7, 2, 6)] == [{"cat", "mine"}] * 2 + [set()] * 2 + [{"owl"}] * 2
    while phase(still) == 1:
        rules.refresh_slice(still.writer)
    rules.refresh_slice(still.writer)
    both = {"cat", "dog", "mine"}
    assert [names(still, ids[n]) for n in (0, 8, 1, 7, 2, 6)] == [both] * 2 + [set()] * 2 + [{"owl", "fox"}] * 2
    still.remove_tags(OWNER, RemoveTags(ids=[ids[0], ids[8]], tags=["dog", "mine"]))
    assert names(still, ids[0]) == names(still, ids[8]) == {"cat"}
    finish(still)


def test_changed_one_s_mind(still: Library) -> None:
    ids = fill(still, 7)
    engine = tagger(still, 0.5)
    store(still, engine, {one: [("cat", 0.9), ("dog", 0.4)] for one in ids})
    before = shown(still, ids)
    still.outputs.activate(engine, 0.3, principal="owner")
    rules.refresh_slice(still.writer)
    still.never_tags(OWNER, NeverTags(["cat"]))  # joins what is being prepared
    rules.refresh_slice(still.writer)
    assert shown(still, ids) == before
    still.undo(OWNER)
    still.undo(OWNER)
    finish(still)
    assert shown(still, ids) == before
    still.redo(OWNER)
    while phase(still) != 2:
        rules.refresh_slice(still.writer)
    still.never_tags(OWNER, NeverTags(["cat"]))  # is asked for while the last is being tidied
    assert shown(still, ids) == [{"cat", "dog"}] * 7
    finish(still)
    assert shown(still, ids) == [{"dog"}] * 7


def test_it_goes_on_after_a_restart(open_library: Callable[..., Library]) -> None:
    with open_library(work=False) as library:
        ids = fill(library, 8)
        engine = tagger(library, 0.5)
        store(library, engine, {one: [("cat", 0.4)] for one in ids})
        library.outputs.activate(engine, 0.3)
        rules.refresh_slice(library.writer)
        assert phase(library) == 1
    with open_library() as library:
        until(lambda: phase(library) == 0)
        assert shown(library, ids) == [{"cat"}] * 8
        check_tags(library)


def test_a_job_does_it(library: Library) -> None:
    ids = fill(library, 8)
    engine = tagger(library, 0.5)
    store(library, engine, {one: [("cat", 0.4)] for one in ids})
    library.outputs.activate(engine, 0.3)
    until(lambda: phase(library) == 0 and shown(library, ids) == [{"cat"}] * 8)
    check_tags(library)
    assert [job.label for job in library.jobs(OWNER) if job.kind == "weigh"] == ["Recomputing tags"]


@pytest.mark.attack
def test_random_changes_of_mind(open_library: Callable[..., Library], effort: Any, rng: random.Random) -> None:
    """Slices between everything else: in the end, all is as if worked out now."""
    for turn in range(effort.of(3, 150)):
        with open_library(f"minds-{turn}", work=False) as library:
            ids = add(library, *map(invented, range(7)))
            engine = tagger(library)
            tags = list("abcd")

            def find(library: Library = library, ids: list[int] = ids, engine: int = engine) -> None:
                found = {one: [(name, rng.random()) for name in "abcd"] for one in rng.sample(ids, 3)}
                store(library, engine, found)

            find()
            for _ in range(effort.of(40, 80)):
                some = rng.sample(tags, 2)
                act = rng.randrange(8)
                if act < 3:
                    rules.refresh_slice(library.writer)
                elif act == 3:
                    find()
                elif act == 4:
                    library.outputs.activate(engine, rng.random())
                elif act == 5:
                    library.never_tags(OWNER, NeverTags(some, rng.random() < 0.5))
                elif act == 6:
                    library.add_tags(OWNER, AddTags(ids=rng.sample(ids, 3), tags=some))
                else:
                    first, second = sorted(some)
                    library.imply_tags(OWNER, ImplyTags(first, [second], rng.random() < 0.6))
                if phase(library) == 0:
                    check_tags(library)
            finish(library)

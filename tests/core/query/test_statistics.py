"""Statistics: every bar counts what its own query finds, and all of it stays within the scope."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from libraries import add, invented
from tagged import store

from pixlstash_core import OWNER, Fact
from pixlstash_core.errors import Invalid, QueryError
from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, DeletePictures, Reader, Scope, ScorePictures, Selection

MODELS = ("flux1-dev", 'a "quoted" \\ name', ">odd", "12.5")


def fill(library: Library, rng: random.Random, count: int = 120) -> list[int]:
    readings = []
    for n in range(count):
        facts = [Fact("Generation", "model", "Model", rng.choice(MODELS))]
        facts += [Fact("Generation", "lora", "LoRA", name) for name in rng.sample(["film", "snow", "ink"], n % 3)]
        made = datetime(2020 + rng.randint(0, 3), rng.randint(1, 12), 3, tzinfo=UTC)
        size = rng.choice([500, 1000, 2400, 5000])
        given = {"facts": tuple(facts), "created": int(made.timestamp() * 1000), "width": size, "height": size}
        readings.append(invented(n, format=rng.choice(["png", "jpeg"]), **given))
    ids = add(library, *readings)
    for score in range(1, 6):
        library.score(OWNER, ScorePictures(ids=rng.sample(ids, 12), score=score))
    library.delete(OWNER, DeletePictures(ids=rng.sample(ids, 5)))
    return ids


@pytest.mark.parametrize(
    "text", ["", "score:>=3", "model:flux", "format:png OR lora:film", "is:scrapheap", "score:5 score:1"]
)
def test_every_bar_is_what_its_query_finds(library: Library, rng: random.Random, text: str) -> None:
    fill(library, rng)
    found = library.statistics(OWNER, text)
    assert found.total == library.count(OWNER, text).total
    for panel in found.panels:
        for bar in panel.bars:
            if bar.query is not None:
                within = f"({text}) {bar.query}" if text else bar.query
                assert bar.count == library.count(OWNER, within).total, (panel.name, bar)
            if bar.good is not None:
                within = f"({text}) {bar.query} score:>=4" if text else f"{bar.query} score:>=4"
                assert bar.good == library.count(OWNER, within).total, (panel.name, bar)
    counts = {panel.name: sum(bar.count for bar in panel.bars) for panel in found.panels}
    for name in ("score", "megapixels", "created", "format", "model"):
        assert counts.get(name, 0) == found.total, name


def test_what_was_kept_does_not_outlive_what_it_tells(library: Library, rng: random.Random) -> None:
    """Facts are read once; pictures that come and go are in the bars all the same, and so are scores."""
    ids = fill(library, rng)

    def models() -> dict[str, tuple[int, int]]:
        found = library.statistics(OWNER)
        return {
            bar.label: (bar.count, bar.good) for panel in found.panels if panel.name == "model" for bar in panel.bars
        }

    before = models()
    library.score(OWNER, ScorePictures(ids=library.find(OWNER).ids, score=5))
    assert models() == {label: (count, count) for label, (count, _) in before.items()}
    add(library, invented(900, facts=(Fact("Generation", "model", "Model", "new one"),)))
    assert models()["new one"] == (1, 0)
    gone = library.find(OWNER, "model:flux").ids
    library.delete(OWNER, DeletePictures(ids=gone))
    assert "flux1-dev" not in models() and models().keys() >= {"new one", "12.5"}
    assert library.purge(OWNER, Selection(ids=gone)) == len(gone)
    assert "flux1-dev" not in models() and set(gone) < set(ids)


def test_within_a_scope(library: Library, rng: random.Random) -> None:
    ids = fill(library, rng)
    reader = Reader("token:scoped", "read", Scope(frozenset(ids[:7])))
    found = library.statistics(reader)
    assert found.total == library.count(reader).total <= 7
    for panel in found.panels:
        assert sum(bar.count for bar in panel.bars) <= 7 * 3, panel.name
        for bar in panel.bars:
            if bar.query:
                assert bar.count == library.count(reader, bar.query).total


def test_of_nothing(library: Library) -> None:
    found = library.statistics(OWNER)
    assert (found.total, found.tagged, found.tags, found.pairs) == (0, 0, 0, [])
    assert [panel.name for panel in found.panels] == ["tag"] and found.panels[0].fills is not None
    with pytest.raises(QueryError):
        library.statistics(OWNER, "modle:x")


def test_pictures_without_a_known_size_have_a_bar(library: Library) -> None:
    add(library, invented(1, width=0, height=0), invented(2, width=500, height=400), invented(3, width=0, height=0))
    [sizes] = [panel for panel in library.statistics(OWNER).panels if panel.name == "megapixels"]
    assert [(bar.label, bar.count) for bar in sizes.bars] == [("0–1 MP", 1), ("unknown", 2)]
    assert [library.count(OWNER, bar.query or "").total for bar in sizes.bars] == [1, 2]


NAMES = ("cat", "red hair", 'a "b"', "10:1", "half-life", "a,b")


def confident(library: Library, rng: random.Random, name: str, count: int = 60) -> list[int]:
    """Pictures with a tag at all kinds of confidences, also at the edges of bars."""
    ids = add(library, *(invented(n) for n in range(count)))
    producer = library.outputs.register("tag", "synthetic", "1", {})
    library.outputs.activate(producer, 0.5)
    edges = [0.05, 0.35, 0.95, 1.0, 0.0001]
    store(library, producer, {id: [(name, rng.choice([*edges, rng.random()]))] for id in ids[5:]})
    return ids


@pytest.mark.parametrize("name", NAMES)
def test_confidences_are_what_their_queries_find(library: Library, rng: random.Random, name: str) -> None:
    ids = confident(library, rng, name)
    library.score(OWNER, ScorePictures(ids=ids[20:], score=4))
    for text in ("", "score:4", "score:0 OR score:4", "score:1"):
        found = library.tag_confidences(OWNER, name, text)
        within = f"({text}) " if text else ""
        assert len(found.bars) == 20 and len(found.at_least) == 101
        assert sum(bar.count for bar in found.bars) == found.at_least[0]
        for bar in found.bars:
            assert bar.query is not None
            assert bar.count == library.count(OWNER, within + bar.query).total, bar
        assert found.query is not None
        for percent in (1, 5, 34, 35, 36, 95, 99, 100):
            sure = library.count(OWNER, within + found.query.replace("{}", f"{percent}%")).total
            assert found.at_least[percent] == sure, percent


def test_confidences_stay_within_the_scope(library: Library, rng: random.Random) -> None:
    ids = confident(library, rng, "cat")
    reader = Reader("token:scoped", "read", Scope(frozenset(ids[:8])))
    assert library.tag_confidences(reader, "cat").at_least[0] == 3
    nothing = Reader("token:scoped", "read", Scope(frozenset(ids[:5])))
    absent = library.tag_confidences(nothing, "dog").at_least
    assert library.tag_confidences(nothing, "cat").at_least == absent == [0] * 101
    with pytest.raises(QueryError):
        library.tag_confidences(reader, "cat", "modle:x")
    for nameless in ("", "_", " \t"):
        with pytest.raises(Invalid):
            library.tag_confidences(reader, nameless)


def test_a_name_that_means_something_else_has_no_query(library: Library, rng: random.Random) -> None:
    confident(library, rng, "a*b")
    found = library.tag_confidences(OWNER, "a*b")
    assert found.at_least[0] == 55 and found.query is None
    assert {bar.query for bar in found.bars} == {None}


def test_how_many_tags_pictures_have(library: Library, rng: random.Random) -> None:
    ids = confident(library, rng, "cat")
    library.add_tags(OWNER, AddTags(ids=ids[:10], tags=["sea", "sky"]))
    found = library.statistics(OWNER)
    assert found.tags == 20 + library.count(OWNER, "tag:cat").total

"""Statistics: every bar counts what its own query finds, and all of it stays within the scope."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from libraries import add, invented

from pixlstash_core import OWNER, Fact
from pixlstash_core.errors import QueryError
from pixlstash_core.library import Library
from pixlstash_core.types import DeletePictures, Reader, Scope, ScorePictures, Selection

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
    assert (found.total, found.tagged, found.pairs) == (0, 0, [])
    assert [panel.name for panel in found.panels] == ["tag", "confidence"] and found.panels[0].fills is not None
    with pytest.raises(QueryError):
        library.statistics(OWNER, "modle:x")

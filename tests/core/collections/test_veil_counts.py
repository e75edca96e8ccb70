"""While the veil is down, a hidden picture changes no count, no completion and no cover, as if it were not there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from libraries import add, invented
from tagged import store

from pixlstash_core import OWNER, Fact
from pixlstash_core.library import Library
from pixlstash_core.types import (
    AddTags,
    Create,
    DeletePictures,
    Edit,
    EditSet,
    HideAndBlur,
    Reader,
    RejectTags,
    Scope,
    ScorePictures,
    Selection,
)

COUNT = 60
WORDS = ("sea", "sea lion", "seaside", "harbour", "red hair", "night")
HIDE = "mark:hidden"


class Twins:
    """A library in which some pictures are hidden, and one that never had them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        self.hidden = {n for n in range(COUNT) if random.Random(seed * 1000 + n).random() < 0.4}
        self.veiled, self.plain = (self._library(folder / name, name == "plain") for name in ("veiled", "plain"))
        self.veiled.set_veil(OWNER, HideAndBlur(HIDE, "sampler:Euler"))
        self.plain.set_veil(OWNER, HideAndBlur("", "sampler:Euler"))

    def _library(self, path: Path, without: bool) -> Library:
        Library.create(path)
        library = Library.open(path, work=False)
        numbers = [n for n in range(COUNT) if not (without and n in self.hidden)]
        self.names = {n: f"picture {n:02}.png" for n in range(COUNT)}
        at = iter(numbers)
        ids = dict(zip(numbers, add(library, *map(self._reading, numbers), names=lambda _: self.names[next(at)])))
        producer = library.outputs.register("tag", "synthetic", "1", {})
        library.outputs.activate(producer, 0.5)
        found: dict[int, list[tuple[str, float]]] = {}
        for n, id in ids.items():
            chance = random.Random(self.seed * 77 + n)
            found[id] = [(word, chance.random()) for word in WORDS if chance.random() < 0.5]
            found[id] += [("secret place", 0.9), ("sea secret", 0.1)] if n in self.hidden else []
        store(library, producer, found)
        self._said(library, ids)
        return library

    def _reading(self, n: int) -> Any:
        chance = random.Random(self.seed + n)
        facts = [Fact("Generation", "model", "Model", "secret-model" if n in self.hidden else chance.choice("abc"))]
        facts.append(Fact("Generation", "sampler", "Sampler", chance.choice(("Euler", "Heun"))))
        facts.append(Fact("File", "mark", "Mark", "hidden" if n in self.hidden else "open"))
        return invented(n, facts=tuple(facts), format=chance.choice(("png", "jpeg")), width=chance.choice((64, 4000)))

    def _said(self, library: Library, ids: dict[int, int]) -> None:
        chance = random.Random(self.seed)
        for kind, add_to in (("set", "add_to_set"), ("character", "add_to_character"), ("project", "add_to_project")):
            edited = EditSet if kind == "set" else Edit
            for number in range(4):
                made = getattr(library, f"create_{kind}")(OWNER, Create(name=f"{kind} {number}")).id
                some = [n for n in range(COUNT) if chance.random() < 0.3]
                cover = chance.choice(some)
                getattr(library, add_to)(OWNER, made, Selection(ids=[ids[n] for n in some if n in ids]))
                if cover in ids:
                    getattr(library, f"edit_{kind}")(OWNER, made, edited(cover=ids[cover]))
        for score in (2, 4, 5):
            some = [ids[n] for n in range(COUNT) if chance.random() < 0.2 and n in ids]
            library.score(OWNER, ScorePictures(ids=some, score=score))
        library.add_tags(OWNER, AddTags(ids=[ids[n] for n in range(0, COUNT, 3) if n in ids], tags=["sea", "mine"]))
        rejected = [ids[n] for n in self.hidden if n in ids]
        if rejected:
            library.reject_tags(OWNER, RejectTags(ids=rejected, tags=["sea nowhere"]))
        library.delete(OWNER, DeletePictures(ids=[ids[n] for n in range(0, COUNT, 7) if n in ids]))


@pytest.fixture(scope="module", params=range(3))
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    twins = Twins(tmp_path_factory.mktemp("twins"), request.param)
    yield twins
    twins.veiled.close()
    twins.plain.close()


def both(twins: Twins, ask: Any) -> None:
    """The same answer from the one, veiled, and from the other."""
    assert ask(twins.veiled, True) == ask(twins.plain, False)


QUERIES = (
    "",
    "tag:sea",
    "score:>=2",
    "is:scrapheap",
    'set:"set 1"',
    "union(set:1, character:2)",
    "-model:a",
    "seaside",
)


@pytest.mark.parametrize("text", QUERIES)
def test_counts_and_statistics(twins: Twins, text: str) -> None:
    assert twins.hidden
    both(twins, lambda library, veil: library.count(OWNER, text, veil))
    both(twins, lambda library, veil: library.view(OWNER, text, veil=veil).header.count)
    both(twins, lambda library, veil: library.statistics(OWNER, text, veil))


TYPED = ("", "s", "se", "sea", "sec", "tag:", "tag:sea ", "tag:s", "model:", "model:s", "sampler:h", "set:", "set:set",
         "character:", "project:2", "folder:", "mark:", "sa", "h", "score:", "score:>", "created:", "created:20", "a",
         "3")  # fmt: skip


@pytest.mark.parametrize("limit", [3, 12])
def test_completion(twins: Twins, limit: int) -> None:
    for typed in TYPED:
        both(twins, lambda library, veil: library.suggest(OWNER, typed, limit, veil))  # noqa: B023
    for typed in ("", "s", "sea", "secret", "sea l", "m", "nowhere"):
        both(twins, lambda library, veil: _completed(library, typed, limit, veil))  # noqa: B023


def _completed(library: Library, typed: str, limit: int, veil: bool) -> Any:
    return [(one.name, one.pictures) for one in library.complete_tags(OWNER, typed, limit, veil)]


def test_the_sidebar_and_its_covers(twins: Twins) -> None:
    both(twins, _sidebar)
    # Or all that was compared would be nothing.
    bar = twins.veiled.sidebar(OWNER)
    assert any(one.newest for one in bar.sets) and any(one.cover for one in bar.sets + bar.projects)
    assert twins.veiled.sidebar(OWNER, True).blurred and not bar.blurred


def _sidebar(library: Library, veil: bool) -> Any:
    """Everything but ids and dates, pictures by their names."""
    bar = library.sidebar(OWNER, True)
    known = {one.id: one.name for one in library.pictures(OWNER, limit=COUNT)}
    groups = [
        [(one.name, one.pictures, one.cover and known[one.cover]) for one in found]
        for found in (bar.sets, bar.characters, bar.projects)
    ]
    newest = [[known[id] for id in one.newest] for one in bar.sets]
    folders = [(one.name, one.pictures) for one in bar.folders]
    return bar.pictures, bar.scrapheap, groups, newest, folders, sorted(known[id] for id in bar.blurred)


def test_lifted_all_is_counted(twins: Twins) -> None:
    library = twins.veiled
    assert library.count(OWNER, "is:scrapheap").total + library.count(OWNER).total == COUNT
    assert [one.text for one in library.suggest(OWNER, "model:secret")] == ["model:=secret-model"]
    assert "secret place" in [one.name for one in library.complete_tags(OWNER, "secret")]
    assert library.sidebar(OWNER).pictures == library.count(OWNER).total


def test_a_reader_of_some_pictures_is_veiled_as_well(twins: Twins) -> None:
    library = twins.veiled
    seen = frozenset(library.find(OWNER, "score:<=5").ids)
    reader = Reader("share", "read", Scope(seen))
    assert library.count(reader, "", True).total == library.count(OWNER, "", True).total
    assert "secret place" not in [one.name for one in library.complete_tags(reader, "secret", 10, True)]
    assert library.statistics(reader, "", True) == library.statistics(OWNER, "", True)

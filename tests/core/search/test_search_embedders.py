"""Which embedder compares: words go by the newest that knows words, pictures by the preferred one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from engined import Engined, make
from libraries import finish

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import FindSimilar, RunEngine, SetEngine

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return make(open_library, tmp_path, monkeypatch)


def run(desk: Engined, engine: str, ids: list[int] | None = None) -> None:
    job = finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine=engine, ids=ids)))
    assert (job.state, job.error) == ("done", None)


def test_word_search_uses_an_embedder_that_knows_words_although_another_was_run_first(desk: Engined) -> None:
    """What pictures look like is still compared by the one that was there first."""
    ids = desk.take_in(6)
    run(desk, "visual-descriptor")
    run(desk, "odd/meaning")
    library = desk.library
    told = library.find(OWNER, 'like:"something red"')
    assert set(told.ids[:2]) == {ids[0], ids[3]} and told.notes == []
    assert library.why(OWNER, ids[0], 'like:"something red"').reasons[0].engine == "odd/meaning"
    assert library.why(OWNER, ids[0], f"like:picture:{ids[3]}").reasons[0].engine == "visual-descriptor"
    assert library.similar(OWNER, FindSimilar(ids=[ids[0]])).engine == "visual-descriptor"
    mixed = f'like:"something red" like:picture:{ids[0]}'
    assert set(library.find(OWNER, mixed).ids[:2]) == {ids[0], ids[3]} and library.find(OWNER, mixed).notes == []
    assert {one.engine for one in library.why(OWNER, ids[0], mixed).reasons} == {"odd/meaning"}


def test_visual_similarity_is_chosen_separately(desk: Engined) -> None:
    """By the default embedder, once it has processed as much as the one before; word search does not depend on it."""
    ids = desk.take_in(6)
    run(desk, "visual-descriptor")
    library = desk.library

    def by() -> tuple[str, str]:
        words = library.why(OWNER, ids[0], 'like:"something red"').reasons
        return library.similar(OWNER, FindSimilar(ids=[ids[0]])).engine, words[0].engine if words else ""

    run(desk, "odd/meaning", ids[:3])
    library.set_engine(OWNER, SetEngine(engine="odd/meaning", default=True))
    assert by() == ("visual-descriptor", "odd/meaning")  # half of the pictures would be lost
    run(desk, "odd/meaning")
    assert by() == ("odd/meaning", "odd/meaning")
    library.set_engine(OWNER, SetEngine(engine="visual-descriptor", default=True))
    assert by() == ("visual-descriptor", "odd/meaning")
    library.set_engine(OWNER, SetEngine(engine="odd/meaning", default=True))
    assert by() == ("odd/meaning", "odd/meaning")


def test_word_search_uses_the_newest_embedder_once_it_has_caught_up(desk: Engined) -> None:
    ids = desk.take_in(6)
    run(desk, "odd/meaning")
    library = desk.library

    def by() -> str:
        return library.why(OWNER, ids[0], 'like:"something red"').reasons[0].engine

    run(desk, "odd/meaning-two", ids[:2])
    assert by() == "odd/meaning"
    run(desk, "odd/meaning-two")
    assert by() == "odd/meaning-two"
    library.set_engine(OWNER, SetEngine(engine="odd/meaning", default=True))  # chosen by name
    assert by() == "odd/meaning"

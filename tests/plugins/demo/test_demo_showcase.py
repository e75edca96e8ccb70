"""The demo library in order: every way to organise pictures is seen in it, and none of it is anybody's history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from libraries import finish

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import LintCaptions
from pixlstash_demo.filling import fill
from pixlstash_demo.showcase import ARRANGED, QUERIES, SETS, arrange


@pytest.fixture(scope="module")
def demo(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(copytree(blank, tmp_path_factory.mktemp("showcase") / "library")) as library:
        finish(library, fill(library, 80))
        yield library


def test_everything_is_there(demo: Library) -> None:
    bar = demo.sidebar(OWNER)
    assert len(bar.characters) >= 4 and all(one.pictures for one in bar.characters)
    assert {one.name for one in bar.sets} == {name for name, *_ in SETS} and any(one.pictures for one in bar.sets)
    assert [one.name for one in bar.sets if one.locked] == ["Training/Mira"]
    assert len(bar.projects) == 2 and all(one.sets for one in bar.projects)
    assert [one.name for one in bar.queries] == [name for name, _ in QUERIES]
    for one in bar.queries:
        demo.view(OWNER, f'query:"{one.name}"')
    assert {one.score for one in demo.pictures(OWNER)} >= {0, 3, 4, 5}
    found = demo.statistics(OWNER)
    assert found.tagged > 20 and found.pairs
    assert demo.count(OWNER, "is:stacked").total > 0
    states = {tag.state for one in demo.pictures(OWNER) for tag in demo.picture_tags(OWNER, one.id)}
    assert {"yours", "accepted", "suggested", "rejected"} <= states
    assert all(one.cover for one in bar.characters) and any(one.newest and not one.icon for one in bar.sets)
    assert "character" in {one.category for one in demo.tags(OWNER)}
    assert demo.duplicates(OWNER, distance=4).total > 0
    ids = demo.find(OWNER, 'set:"Training/Mira"').ids
    report = demo.lint_captions(OWNER, LintCaptions(ids=ids, trigger="mira"))
    assert (report.missing, report.trigger) == (0, 1)


def test_nobody_did_it_and_it_is_done_once(demo: Library) -> None:
    assert demo.history(OWNER) == []
    before = demo.revision
    arrange(demo)
    assert demo.revision == before


def test_interrupted_it_goes_on(demo: Library) -> None:
    demo.derive(lambda write: write.execute("delete from setting where name = ?", (".".join(ARRANGED),)))
    before = demo.sidebar(OWNER)
    arrange(demo)
    after = demo.sidebar(OWNER)
    assert (after.sets, after.characters, after.projects) == (before.sets, before.characters, before.projects)
    # Their pictures are only counted where there is time.
    assert [(query.id, query.text) for query in after.queries] == [(query.id, query.text) for query in before.queries]

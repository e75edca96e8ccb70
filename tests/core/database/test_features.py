"""What a feature contributes is used wherever it is asked for, whichever feature it is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest
from libraries import add, invented

from pixlstash_core import OWNER
from pixlstash_core.database.connection import Database
from pixlstash_core.database.features import Counted, Feature, Guard, Sort
from pixlstash_core.database.hub import Hub
from pixlstash_core.database.writer import Label, Write, Writer
from pixlstash_core.errors import Locked
from pixlstash_core.library import Library
from pixlstash_core.library.features import FEATURES, KINDS
from pixlstash_core.plugins.registry import ENGINES
from pixlstash_core.query import statistics
from pixlstash_core.query.language import SORTS
from pixlstash_core.query.terms import TERMS
from pixlstash_core.query.views import Views
from pixlstash_core.types import Bar, Panel


def refuse_seven(connection: apsw.Connection, ids: Sequence[int]) -> None:
    if 7 in ids:
        raise Locked("Picture 7 stays as it is.")


def test_a_guard_is_asked_by_the_writer_and_what_it_refuses_is_rolled_back(tmp_path: Path) -> None:
    features = (Feature("sevens", guards=(Guard(refuse_seven),)), Feature("none"))
    set_name = "insert into setting values ('name', ?) on conflict(name) do update set value = excluded.value"

    def work(write: Write, name: str, ids: list[int]) -> None:
        write.execute(set_name, (name,))
        write.guard(ids)

    with (
        closing(Database(tmp_path / "library.db", "library")) as db,
        closing(Hub(tmp_path / "hub.db")) as hub,
        closing(Writer(db, hub, features)) as writer,
    ):
        writer.run(lambda write: work(write, "kept", [6, 8]), Label("", ""))
        with pytest.raises(Locked, match="Picture 7 stays"):
            writer.run(lambda write: work(write, "refused", [6, 7]), Label("", ""))
        assert db.setting("name") == "kept"
        writer.guard([6])
        with pytest.raises(Locked, match="Picture 7 stays"):
            writer.guard([7])


def views_of(library: Library, *sorts: Sort) -> Views:
    terms = {term.name: term for term in TERMS}
    named = {sort.name: sort for sort in sorts}
    return Views(library.db, terms, library.epoch, lambda: library.writer.topics, sorts=named)


def test_a_sort_goes_by_the_numbers_that_its_feature_gives(library: Library) -> None:
    ids = add(library, *map(invented, range(5)))
    views = views_of(library, Sort("rarity", ("pictures",), lambda connection, ids: ids % 3))
    expected = sorted(ids, key=lambda id: (id % 3, id))
    assert views.ids(OWNER, "", "rarity") == expected
    assert views.ids(OWNER, "", "-rarity") == expected[::-1]


@pytest.mark.parametrize(("topics", "is_new"), [(("scores",), False), (("settings",), True)])
def test_a_view_is_made_anew_when_a_noun_of_its_sort_changed(
    library: Library, topics: tuple[str, ...], is_new: bool
) -> None:
    add(library, invented(1), invented(2))
    views = views_of(library, Sort("rarity", topics, lambda connection, ids: ids))
    before = views.open(OWNER, "", "rarity", None, 0).header.view
    library.writer.run(lambda write: write.execute("insert into setting values ('another', '1')"), Label("", ""))
    assert (views.open(OWNER, "", "rarity", None, 0).header.view != before) is is_new


def test_the_statistics_have_what_features_add(library: Library) -> None:
    ids = add(library, invented(1), invented(2), invented(3))
    panel = Panel("odd", "Odd numbers", [Bar("odd", None, sum(id % 2 for id in ids))])

    def count(connection: apsw.Connection, found: Any) -> Counted:
        assert found.tolist() == ids
        return Counted([panel], tagged=2)

    found = statistics.of(library.views, library.db, [Feature("odd", statistics=count), Feature("none")], OWNER, "")
    assert found.panels[-1] == panel and found.tagged == 2
    assert "odd" not in [one.name for one in library.statistics(OWNER).panels]


def test_every_contributed_sort_is_a_word_of_the_language() -> None:
    names = [sort.name for feature in FEATURES for sort in feature.sorts]
    assert names and set(names) <= set(SORTS)


def test_every_hook_for_engines_has_a_kind_of_results() -> None:
    assert {kind.hook for kind in KINDS} == set(ENGINES)
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_the_functions_that_check_results_are_found_by_name_in_another_process() -> None:
    from pkgutil import resolve_name

    from pixlstash_core.engines.messages import Results

    for kind in KINDS:
        results = Results.of(kind)
        assert resolve_name(results.check) is kind.check and resolve_name(results.combine) is kind.combine

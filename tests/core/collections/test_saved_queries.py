"""Saved queries within saved queries: one budget for all of them, each read and planned once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from libraries import add, invented

from pixlstash_core import OWNER
from pixlstash_core.database.features import Range, Term
from pixlstash_core.errors import QueryError
from pixlstash_core.library import Library
from pixlstash_core.query.compiler import EXPANDED, NESTED, Vocabulary
from pixlstash_core.query.language import DEEPEST, MOST, parse
from pixlstash_core.types import HideAndBlur, Reader, SaveQuery, Scope, ScorePictures


class Counting:
    """A language of one term and some saved queries, which counts what is planned and which texts are read."""

    def __init__(self, saved: Mapping[str, str]) -> None:
        self.compiled = 0
        self.reads: list[str] = []

        def compile(value: str) -> Range:
            self.compiled += 1
            return Range("size", int(value), None)

        def read(name: str) -> str | None:
            self.reads.append(name)
            return saved.get(name)

        self.language = Vocabulary({"size": Term("size", "Size", compile)}, lambda name: False, read)

    def plan(self, text: str) -> object:
        return self.language.plan(parse(text))


def sizes(count: int) -> str:
    return " OR ".join(f"size:{number}" for number in range(count))


def times(count: int, condition: str) -> str:
    return " OR ".join([condition] * count)


def test_saved_queries_within_saved_queries_share_one_budget_of_conditions() -> None:
    counting = Counting({"c": sizes(MOST), "b": times(MOST, "query:c"), "a": times(MOST, "query:b")})
    for text in ("query:a", "query:b", times(MOST, "query:a"), "-(query:a)", "union(query:a, query:c)"):
        counting.compiled = 0
        with pytest.raises(QueryError, match=f"at most {EXPANDED} conditions"):
            counting.plan(text)
        assert counting.compiled <= EXPANDED


def test_the_budget_counts_conditions_that_rank() -> None:
    counting = Counting({"alike": " ".join(["like:picture:1"] * MOST)})
    with pytest.raises(QueryError, match=f"at most {EXPANDED} conditions"):
        counting.plan(" ".join(["query:alike"] * MOST))


def test_a_saved_query_that_is_used_often_is_planned_once() -> None:
    counting = Counting({"c": sizes(10), "b": "query:c query:c", "a": "query:b -query:b query:c"})
    counting.plan("query:a OR query:b")
    assert counting.compiled == 10
    assert sorted(counting.reads) == ["a", "b", "c"]


def test_the_budget_is_for_the_whole_query_and_not_for_each_part() -> None:
    """As many conditions as the budget has are planned, and one more is not."""
    each = 99  # and one for the reference
    saved = {str(number): sizes(each) for number in range(EXPANDED // (each + 1))}
    whole = " OR ".join(f"query:{name}" for name in saved)
    Counting(saved).plan(whole)
    with pytest.raises(QueryError, match=f"at most {EXPANDED} conditions"):
        Counting(saved).plan(f"{whole} OR size:1")


@pytest.mark.parametrize("text", ["query:a", "size:1 OR -(query:b size:2)", "query:c query:c"])
def test_saved_queries_that_contain_each_other_are_refused(text: str) -> None:
    with pytest.raises(QueryError, match="do not contain each other"):
        Counting({"a": "query:b", "b": "size:1 query:a", "c": "query:c"}).plan(text)


def test_saved_queries_have_a_greatest_depth_however_they_are_reached() -> None:
    chain = {str(level): f"query:{level + 1}" for level in range(NESTED + 2)} | {str(NESTED + 2): "size:1"}
    Counting(chain).plan("query:3")
    for text in ("query:0", "query:3 query:0", "query:2 OR query:1"):
        with pytest.raises(QueryError):
            Counting(chain).plan(text)


def test_the_deepest_query_that_is_allowed_is_answered(library: Library) -> None:
    picture = add(library, invented(1))[0]
    deep = "-(" * (DEEPEST // 2)
    for level in range(NESTED):
        inner = f"query:{level - 1}x" if level else "size:>0"
        library.save_query(OWNER, SaveQuery(f"{level}x", f"{deep}score:5 OR {inner}{')' * (DEEPEST // 2)}"))
    found = library.find(OWNER, f"{deep}score:5 OR query:{NESTED - 1}x{')' * (DEEPEST // 2)}")
    assert found.ids in ([], [picture])


def test_a_budget_that_is_spent_says_where(library: Library) -> None:
    library.save_query(OWNER, SaveQuery("many", sizes(MOST)))
    library.save_query(OWNER, SaveQuery("more", times(3, "query:many")))
    with pytest.raises(QueryError) as caught:
        library.find(OWNER, "score:5 OR query:more")
    assert "'more', asked for at column 12" in str(caught.value)
    assert caught.value.at == 11


def test_the_sidebar_counts_them_and_follows(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = add(library, *(invented(n) for n in range(6)))
    for name, text in (("none", "score:0"), ("best", "score:5"), ("similar", "like:picture:1"), ("both", "query:best")):
        library.save_query(OWNER, SaveQuery(name, text))

    def counts() -> dict[str, int | None]:
        return {saved.name: saved.pictures for saved in library.sidebar(OWNER).queries}

    assert counts() == {"none": 6, "best": 0, "similar": None, "both": 0}
    library.score(OWNER, ScorePictures(ids=ids[:2], score=5))
    assert counts() == {"none": 4, "best": 2, "similar": None, "both": 2}
    library.undo(OWNER)
    assert counts() == {"none": 6, "best": 0, "similar": None, "both": 0}
    library.set_veil(OWNER, HideAndBlur(f"name:{library.picture(OWNER, ids[0]).name}", ""))
    assert {saved.name: saved.pictures for saved in library.sidebar(OWNER, True).queries}["none"] == 5
    assert counts()["none"] == 6
    assert library.sidebar(Reader("token:scoped", "read", Scope(frozenset(ids)))).queries == []
    # Without time left nothing is counted anew, and what is known is still told.
    monkeypatch.setattr("pixlstash_core.status.sidebar.COUNTING", -1)
    assert counts()["none"] == 6
    library.score(OWNER, ScorePictures(ids=ids[:1], score=5))
    assert counts() == {"none": None, "best": None, "similar": None, "both": None}

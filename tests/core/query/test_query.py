"""The query language: what it means, that it prints what it read, and that nothing one types can break it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libraries import add, invented

from pixlstash_core import OWNER, Fact
from pixlstash_core.database.features import Lookup
from pixlstash_core.errors import QueryError
from pixlstash_core.library import Library
from pixlstash_core.query.compiler import QueryPlan, Vocabulary, matches
from pixlstash_core.query.evaluator import Complement, Evaluation, Intersection, Masks, SetOperation, Union
from pixlstash_core.query.language import SORTS, All, AnyOf, Ask, Node, Not, Query, Sets, parse
from pixlstash_core.query.terms import TERMS
from pixlstash_core.types import DeletePictures, ScorePictures

TERM_NAMES = sorted({term.name.partition(":")[0] for term in TERMS})


def ms(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc]


def number(name: str, value: str) -> Fact:
    return Fact("Generation", name, name.title(), value, float(value))


def words(name: str, value: str) -> Fact:
    return Fact("Generation", name, name.title(), value)


PICTURES = {
    "IMG_0001.png": {
        "created": ms(2026, 5, 3),
        "facts": (words("model", "flux1-dev"), number("seed", "42"), number("steps", "20"), words("sampler", "euler")),
        "prompt": "an old man by a river, winter film",
    },
    "IMG_0002.jpg": {
        "created": ms(2026, 5, 31, 23, 59, 59),
        "format": "jpeg",
        "facts": (words("camera", "X-T5"), words("lens", "XF 35mm F1.4"), number("iso", "800")),
    },
    "naïve café.png": {
        "created": ms(2026, 6, 1),
        "facts": (words("model", "Flux1-DEV"), number("seed", "18446744073709551615"), number("steps", "30")),
        "prompt": "ein alter Mann",
        "negative": "river, watermark",
    },
    "100%_done.webp": {
        "created": ms(2025, 12, 31),
        "format": "webp",
        "facts": (words("model", 'a "quoted" \\ name'), number("seed", "18446744073709551614"), words("model", ">odd")),
        "prompt": "river river",
    },
    "clip.mp4": {"created": ms(2024, 2, 29), "kind": "video", "format": "mp4", "moving": True},
}
NAMES = list(PICTURES)


def put_in(library: Library) -> Library:
    ids = add(library, *(invented(n, **given) for n, given in enumerate(PICTURES.values())), names=lambda n: NAMES[n])
    library.score(OWNER, ScorePictures(ids=ids[:1], score=5))
    library.score(OWNER, ScorePictures(ids=ids[1:3], score=3))
    return library


@pytest.fixture(scope="module")
def filled(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The five pictures, for tests that only read."""
    path = shutil.copytree(blank, tmp_path_factory.mktemp("query") / "library")
    with Library.open(path, work=False) as library:
        yield put_in(library)


def find(library: Library, text: str) -> list[int]:
    """Which of the five a query finds."""
    found = [NAMES.index(one.name) for one in library.pictures(OWNER, q=text)]
    assert sorted(found) == sorted(set(found))
    return sorted(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("model:flux1-dev", [0, 2]),
        ("model:FLUX", [0, 2]),
        ("model:=flux1-dev", [0, 2]),
        ("model:=flux", []),
        ('model:="a \\"quoted\\" \\\\ name"', [3]),
        ('model:=">odd"', [3]),
        ("-model:flux", [1, 3, 4]),
        ("model:", None),
        ("seed:42", [0]),
        ("seed:18446744073709551615", [2]),
        ("seed:18446744073709551614", [3]),
        ("seed:>=1000", [2, 3]),
        ("steps:>20", [2]),
        ("steps:20..30", [0, 2]),
        ("steps:>=20 steps:<30", [0]),
        ("iso:800", [1]),
        ("-iso:800", [0, 2, 3, 4]),
        ("camera:X-T5", [1]),
        ('lens:"35mm F1"', [1]),
        ("sampler:euler model:flux", [0]),
        ("kind:image", [0, 1, 2, 3]),
        ("kind:video", [4]),
        ("format:png", [0, 2]),
        ("-format:png", [1, 3, 4]),
        ("score:5", [0]),
        ("score:>=3", [0, 1, 2]),
        ("score:0", [3, 4]),
        ("score:5..3", [0, 1, 2]),
        ("steps:30..20", [0, 2]),
        ("-score:>=3", [3, 4]),
        ("created:2026", [0, 1, 2]),
        ("created:2026-05", [0, 1]),
        ("created:2026-05-31", [1]),
        ("created:2024-02-29", [4]),
        ("created:>2026-05", [2]),
        ("created:>=2026-05", [0, 1, 2]),
        ("created:<2026", [3, 4]),
        ("created:<=2025", [3, 4]),
        ("created:2025-12..2026-05", [0, 1, 3]),
        ("created:2026-05..2025-12", [0, 1, 3]),
        ("name:IMG", [0, 1]),
        ("name:100%", [3]),
        ("name:%", [3]),
        ("name:_", [0, 1, 3]),
        ('name:="IMG_0001.png"', [0]),
        ("river", [0, 3]),
        ("riv", [0, 3]),
        ('"by a river"', [0]),
        ("river by", [0]),
        ("-river", [1, 2, 4]),
        ('"winter film"', [0]),
        ("cafe", [2]),
        ("CAFÉ naive", [2]),
        ("mann", [2]),
        ("%", [3]),
        ("is:scrapheap", []),
        ("river OR man", [0, 2, 3]),
        ("river OR model:flux steps:30", [0, 2, 3]),
        ("(river OR model:flux) steps:30", [2]),
        ("river AND man", [0]),
        ("river AND NOT man", [3]),
        ("NOT river", [1, 2, 4]),
        ("-(river OR man)", [1, 4]),
        ("-(river man)", [1, 2, 3, 4]),
        ("-(-river)", [0, 3]),
        ('"river OR man"', []),
        ("((kind:video))", [4]),
        ("is:moving", [4]),
        ("-is:moving format:png", [0, 2]),
        ("created:..2025-12-31", [3, 4]),
        ("created:2026-06..", [2]),
        ("created:<1d", [0, 1, 2, 3, 4]),
        ("created:today", []),
        ("size:>0", [0, 1, 2, 3, 4]),
        ("size:<0.5", []),
        ("score:>2.5", [0, 1, 2]),
        ("score:<=4.5 score:>0", [1, 2]),
        ("prompt:river", [0, 3]),
        ("negative:river", [2]),
        ("negative:water", [2]),
        ("-negative:river river", [0, 3]),
        ("watermark", []),
        ("prompt:IMG", []),
        ("width:>0", [0, 1, 2, 3, 4]),
        ("megapixels:>100", []),
        ("megapixels:0..100 height:1..9999999", [0, 1, 2, 3, 4]),
        ("river sort:-pixels", [0, 3]),
        ("river man sort:relevance", [0]),
        ("river sort:random", [0, 3]),
        ("river sort:random.12", [0, 3]),
        ("river sort:relevance", [0, 3]),
        ("river river river", [0, 3]),
    ],
)
def test_what_a_text_finds(filled: Library, text: str, expected: list[int] | None) -> None:
    if expected is None:
        with pytest.raises(QueryError):
            find(filled, text)
    else:
        assert find(filled, text) == expected


def test_the_scrapheap_is_asked_for(library: Library) -> None:
    filled = put_in(library)
    ids = {one.name: one.id for one in filled.pictures(OWNER)}
    filled.delete(OWNER, DeletePictures(ids=[ids[NAMES[0]], ids[NAMES[4]]]))
    assert find(filled, "river") == [3]
    assert find(filled, "is:scrapheap") == [0, 4] and find(filled, "is:scrapheap river") == [0]
    assert find(filled, "-is:scrapheap") == [1, 2, 3]


def test_every_fact_that_is_shown_finds_its_picture(filled: Library) -> None:
    for one in filled.pictures(OWNER):
        for fact in filled.picture(OWNER, one.id).facts:
            assert fact.query is not None
            assert one.id in [found.id for found in filled.pictures(OWNER, q=fact.query)], fact


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('"never closed', 0),
        ('river "never closed', 6),
        ('model:"never closed', 6),
        ("modle:flux", 0),
        ("river modle:flux", 6),
        ("-modle:flux", 1),
        ("  modle:flux", 2),
        ("river -", 6),
        ("score:many", 6),
        ("-score:many", 7),
        ("river score:>=", 14),
        ("created:someday", 8),
        ("created:2026-13", 8),
        ("created:2026-02-30", 8),
        ("created:0000", 8),
        ("created:9999..10000", 8),
        ("river sort:sideways", 6),
        ('prompt:"-"', 7),
        ("model:>flux", 6),
        ("https://example.org", 0),
        ("is:nice", 3),
        ("(river", 0),
        ("river)", 5),
        ("()", 0),
        ("river OR", 8),
        ("OR river", 0),
        ("river AND", 9),
        ("AND river", 0),
        ("NOT", 3),
        ("union(model:a", 13),
        ("union(model:a)", 6),
        ("union()", 6),
        ("union(river)", 6),
        ("-sort:name", 0),
        ("query:absent", 0),
        ("(" * 40 + "a" + ")" * 40, 30),
        ("-" * 40 + "a", 30),
        ("river score:6", 12),
        ("score:>=9", 6),
        ("score:-1..3", 6),
    ],
)
def test_errors_point_at_the_character(filled: Library, text: str, at: int) -> None:
    with pytest.raises(QueryError) as caught:
        filled.pictures(OWNER, q=text)
    assert caught.value.at == at
    assert f"column {at + 1}" in str(caught.value)


def test_sorts(library: Library) -> None:
    for sort in SORTS:
        assert parse(f"river sort:{sort}").sort == sort == parse("river", sort).sort
    assert parse("sort:name", "size").sort == "size"
    with pytest.raises(QueryError):
        parse("river", "sideways")


@pytest.mark.parametrize(
    "text",
    ["a " * 50_000, "-a " * 5_000, 'name:"' + "x" * 200_000 + '"', '"' + "a " * 50_000 + '"', "score:" + "1" * 100_000],
)
def test_too_long_is_an_error_like_any_other(library: Library, text: str) -> None:
    with pytest.raises(QueryError):
        library.pictures(OWNER, q=text)


def test_many_conditions_are_fine(filled: Library) -> None:
    assert find(filled, "river " * 100) == [0, 3]


SPECIAL = st.sampled_from(
    [*'"\\:-><=.%_*(), \t\n\0\u00a0\u2028\x1f\ufeff', "..", "AND", "NOT", "NEAR(", "name", "model", "²", "𞤀", "\ud800"]
)
BITS = st.lists(st.one_of(st.text(max_size=4), SPECIAL), max_size=8).map("".join)


@st.composite
def asks(draw: Callable[..., object], mark: str = "") -> str:
    """Something close to what people type."""
    name = draw(st.sampled_from([*TERM_NAMES, "score", "is", "sort", "iso", "unknown", ""]))
    operator = draw(st.sampled_from(["", "", ">=", "<=", ">", "<", "=", ".."]))
    value = draw(
        st.one_of(BITS, st.integers(-(10**20), 10**20).map(str), st.dates().map(str), st.sampled_from(list(SORTS)))
    )
    value = f"{mark}{value}{mark}"
    quoted = draw(st.booleans())
    text = f"{name}:" if name else ""
    body = '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"' if quoted else str(value)
    return ("-" if draw(st.booleans()) else "") + text + str(operator) + body


TEXTS = st.one_of(BITS, st.lists(asks(), max_size=4).map(" ".join))


@given(TEXTS)
@settings(max_examples=150, deadline=None, database=None)
def test_what_is_read_prints_and_reads_the_same(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert 0 <= error.at <= len(text)
        return
    again = parse(str(query))
    assert again == query and str(again) == str(query)


PLAIN = st.builds(Ask, st.sampled_from([*TERM_NAMES, ""]), st.text(min_size=1))
MEMBERS = st.lists(st.builds(Ask, st.sampled_from(TERM_NAMES), st.text(min_size=1)), min_size=1, max_size=3)
ALGEBRAS = st.builds(Sets, st.sampled_from(["union", "overlap", "difference", "unique"]), MEMBERS.map(tuple))


def put_together(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    """Trees as a reading of a text would make them: nothing nested in its own kind, and nothing alone."""

    def several(kind: Callable[[tuple[Node, ...]], Node]) -> st.SearchStrategy[Node]:
        other = inner.filter(lambda node: type(node) is not kind)
        return st.lists(other, min_size=2, max_size=3).map(tuple).map(kind)

    return st.one_of(several(All), several(AnyOf), inner.filter(lambda node: not isinstance(node, Not)).map(Not))


NODES: st.SearchStrategy[Node] = st.recursive(st.one_of(PLAIN, ALGEBRAS), put_together, max_leaves=8)


@given(st.one_of(st.just(All()), NODES), st.sampled_from([*SORTS, "random.77"]))
@settings(max_examples=150, deadline=None, database=None)
def test_any_query_has_a_text(root: Node, sort: str) -> None:
    query = Query(root, sort)
    assert parse(str(query)) == query


@given(NODES)
@settings(max_examples=80, deadline=None, database=None)
def test_what_a_tree_means_is_what_its_parts_mean(root: Node) -> None:
    """The masks of a plan, against sets put together by hand."""
    leaves = {ask: frozenset(hash(ask) >> bit & 1 and bit for bit in range(1, 8)) - {0} for ask in Query(root).asks()}
    every = frozenset(range(1, 8))

    def meant(node: Node) -> frozenset[int]:
        if isinstance(node, Ask):
            return leaves[node]
        if isinstance(node, Not):
            return every - meant(node.of)
        parts = [meant(one) for one in node.of]
        if isinstance(node, All):
            return every.intersection(*parts)
        if isinstance(node, AnyOf) or node.how == "union":
            return frozenset().union(*parts)
        if node.how == "overlap":
            return parts[0].intersection(*parts)
        if node.how == "difference":
            return parts[0].difference(*parts[1:])
        return frozenset(one for one in every if sum(one in part for part in parts) == 1)

    def step(node: Node) -> object:
        if isinstance(node, Ask):
            return Lookup("select value from carray(:ids)", {"ids": sorted(leaves[node])})
        if isinstance(node, Not):
            return Complement(step(node.of))  # type: ignore[arg-type]
        steps = tuple(step(one) for one in node.of)
        if isinstance(node, Sets):
            return SetOperation(node.how, steps)  # type: ignore[arg-type]
        return Intersection(steps) if isinstance(node, All) else Union(steps)  # type: ignore[arg-type]

    plan = QueryPlan(step(root), "-created", frozenset(), True, True, ())  # type: ignore[arg-type]
    mask = matches(plan, Evaluation(Repository(every), None, Masks(), {}), None)  # type: ignore[arg-type]
    assert frozenset(mask.nonzero()[0].tolist()) == meant(root)


class Repository:
    """As much of a frame as a plan asks of it."""

    def __init__(self, every: frozenset[int]) -> None:
        self.present = self.living = self.mask(sorted(every))

    def ids(self, connection: object, sql: str, bindings: dict[str, list[int]]) -> list[int]:
        return bindings["ids"]

    def mask(self, ids: list[int]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        mask = np.zeros(8, np.bool_)
        mask[ids] = True
        return mask


def leaves(step: Any) -> Iterator[Any]:
    of = getattr(step, "of", None)
    if of is None:
        yield step
    else:
        for one in of if isinstance(of, tuple) else (of,):
            yield from leaves(one)


def test_nothing_typed_reaches_sql_unbound_or_raises_anything_else(filled: Library) -> None:
    @given(TEXTS)
    @settings(max_examples=120, deadline=None, database=None)
    def answers(text: str) -> None:
        try:
            filled.pictures(OWNER, q=text)
            filled.view(OWNER, text)
        except QueryError as error:
            assert 0 <= error.at <= len(text)

    @given(st.lists(asks("zq"), min_size=1, max_size=4).map(" ".join))
    @settings(max_examples=120, deadline=None, database=None)
    def binds(text: str) -> None:
        try:
            plan = Vocabulary(filled.views._planner._all_terms, lambda name: name == "iso").plan(parse(text))
        except QueryError:
            return
        for step in leaves(plan.root):
            if isinstance(step, Lookup):
                assert "zq" not in step.sql
                assert all(f":{name}" in step.sql for name in step.bindings)

    answers()
    binds()


# Letters newer than SQLite's tables, a lone surrogate, NUL, and what full-text search and SQL would read as theirs.
ODD = [
    "\0",
    "a\0b",
    "\ud800",
    "𞤀",
    "²",
    "ⅷ",
    "😀",
    "\u200b",
    "𞤀*",
    '"',
    "'",
    "a'b",
    "NEAR(a b)",
    "a AND",
    "^a",
    "a+b",
    "{a}",
]


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_every_character_finds_or_is_refused(filled: Library, text: str) -> None:
    for form in (text, f"name:{text}", f'"{text}"', f'model:="{text}"', f"-{text}"):
        try:
            filled.pictures(OWNER, q=form)
            filled.view(OWNER, form)
        except QueryError as error:
            assert "expected" in str(error)

"""Suggestions: every one of them is a text that the query language reads, and none tells of what is out of scope."""

from __future__ import annotations

import pytest
from libraries import add, invented

from pixlstash_core import OWNER, Fact
from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_core.query.language import parse
from pixlstash_core.types import Reader, Scope


def words(name: str, value: str) -> Fact:
    return Fact("Generation", name, name.title(), value)


@pytest.fixture
def filled(library: Library) -> Library:
    models = ("flux1-dev", "flux1-schnell", "aurora (flux)", 'a "quoted" name', "100%_real")
    add(library, *(invented(n, facts=(words("model", models[n % 5]), words("odd", f"v{n}"))) for n in range(12)))
    return library


def texts(library: Library, q: str, limit: int = 12) -> list[str]:
    return [q[: one.start] + one.text for one in library.suggest(OWNER, q, limit)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("sco", ["score:"]),
        ("river -sco", ["river -score:"]),
        ("(a OR sco", ["(a OR score:"]),
        ("union(quer", ["union(query:"]),
        ("uni", ["union(", "unique("]),
        ("is:scr", ["is:scrapheap"]),
        ("is:m", ["is:missing", "is:moving"]),
        ("sort:-si", ["sort:-size"]),
        ("model:flux", ["model:=flux1-dev", "model:=flux1-schnell", 'model:="aurora (flux)"']),
        ("model:FLUX1-S", ["model:=flux1-schnell"]),
        ('score:5 model:"aurora (', ['score:5 model:="aurora (flux)"']),
        ("model:%", ["model:=100%_real"]),
        ("model:nothing", []),
        ("odd:v1", ["odd:=v1", "odd:=v10", "odd:=v11"]),
        ('"in a phr', []),
        ('"phrase" sco', ['"phrase" score:']),
    ],
)
def test_what_comes_next(filled: Library, typed: str, expected: list[str]) -> None:
    found = texts(filled, typed)
    assert sorted(found) == sorted(expected) if typed.startswith("is:m") else found == expected


def test_the_values_are_counted_and_exact(filled: Library) -> None:
    found = filled.suggest(OWNER, "model:")
    assert len(found) == 5
    for one in found:
        assert filled.count(OWNER, one.text).total == one.count


def test_whatever_is_suggested_can_be_read(filled: Library) -> None:
    for typed in ("", "s", "m", "model:", "is:", "sort:", 'model:"', "a OR "):
        for text in texts(filled, typed, 100):
            if not text.endswith((":", "(")):
                parse(text)


def test_limits(filled: Library) -> None:
    assert len(filled.suggest(OWNER, "", 3)) == 3
    for limit in (0, 101):
        with pytest.raises(Invalid):
            filled.suggest(OWNER, "", limit)
    assert filled.suggest(OWNER, "x" * 100_000) == []


def test_values_are_the_owners(filled: Library) -> None:
    reader = Reader("token:scoped", "read", Scope(frozenset({1})))
    assert filled.suggest(reader, "model:") == [] and filled.suggest(reader, "odd:") == []
    assert [one.text for one in filled.suggest(reader, "sco")] == ["score:"]

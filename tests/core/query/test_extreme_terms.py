"""Every term of the query language with every extreme value finds pictures or says what is wrong with it."""

from __future__ import annotations

import random

import pytest
from conftest import Effort
from libraries import add, invented
from web.extremes import DATES, FLOATS, INTEGERS, TEXTS

from pixlstash_core import OWNER
from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.library.features import FEATURES
from pixlstash_core.query.language import RANKING, quoted
from pixlstash_core.query.terms import TERMS, place_of
from pixlstash_core.types import Reader, Scope

SPANS = tuple(f"{count}{unit}" for count in (0, 1, 99999, 100000) for unit in "hdwm")
EXTREMES = (*TEXTS, *INTEGERS, *FLOATS, *DATES, *SPANS)
VALUES = tuple(dict.fromkeys(str(value) for value in EXTREMES if len(str(value)) < 999))
OPERATORS = ("", "=", ">", ">=", "<", "<=")
NAMES = sorted({term.name for term in (*TERMS, *(term for feature in FEATURES for term in feature.terms))})
NAMES += [*RANKING, "query", "sort", "is", "unknown", "picture"]


@pytest.fixture
def filled(library: Library) -> Library:
    add(library, invented(1), invented(2))
    return library


def find(library: Library, text: str, reader: Reader = OWNER) -> None:
    """What goes wrong, if anything, is the asker's."""
    try:
        library.find(reader, text)
    except PixlStashError as error:
        assert error.status < 500, (text, error)


@pytest.mark.attack
def test_no_value_of_any_term_causes_a_server_error(filled: Library, rng: random.Random, effort: Effort) -> None:
    reader = Reader("share:test", "read", Scope(frozenset({1})))
    for name in NAMES:
        bare = name.partition(":")[0]
        for value in rng.sample(VALUES, min(effort.of(8, 1000), len(VALUES))):
            operator = rng.choice(OPERATORS)
            find(filled, f"{bare}:{operator}{quoted(value)}")
            find(filled, f"{bare}:{quoted(f'{value}..{rng.choice(VALUES)}')}", reader)


def test_a_date_before_the_year_1_is_no_server_error(filled: Library) -> None:
    for span in SPANS:
        for operator in OPERATORS:
            find(filled, f"created:{operator}{span}")
            find(filled, f"imported:{operator}{span}")


def test_a_span_longer_than_time_finds_everything(filled: Library) -> None:
    assert filled.find(OWNER, "created:99999m").total == 2
    assert filled.find(OWNER, "created:<99999m").total == 0


def test_words_without_letters_are_searched_by_likeness_too(filled: Library) -> None:
    for words in ("_", "__ _", "-_", "\u203f", "_'_", "a_", "٣", "½", "\u0301"):
        for q in (
            f"like:{quoted(words)}",
            f"like:{quoted(f'words:{words}')} top:all",
            f"{quoted(words)} sort:relevance",
        ):
            find(filled, q)
        matching = place_of("name", words)
        assert filled.db.read(matching.sql, matching.bindings) == []


HUGE = ("9223372036854775807", "9223372036854775808", "9" * 30, "-9223372036854775809", "-" + "9" * 30)


@pytest.mark.parametrize("value", HUGE)
@pytest.mark.parametrize("operator", ["", "=", ">", ">=", "<", "<="])
def test_a_number_that_the_database_cannot_hold_is_no_server_error(filled: Library, operator: str, value: str) -> None:
    for name in [name.partition(":")[0] for name in NAMES]:
        find(filled, f"{name}:{operator}{value}")
        find(filled, f"{name}:1..{value}")

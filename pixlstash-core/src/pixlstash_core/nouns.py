"""What a noun (pictures, scores, …) tells the rest of the library about itself, as data.

The write door, the query compiler, history and imports know nouns only through these; floor 4 collects them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    import apsw

#: A query term turned into SQL over `g` (a row of `derived_grid`): (condition, bindings).
Condition = tuple[str, dict[str, Any]]


class Table(Struct, frozen=True):
    """A table that holds truth: recorded in changesets.

    `picture`: index of the column with the picture's id, or None. `field`: what an event says has changed.
    """

    name: str
    noun: str
    picture: int | None = None
    field: str = ""


class Rule(Struct, frozen=True):
    """Keeps a derived table equal to truth for the given picture ids, the same after do, undo and redo."""

    tables: frozenset[str]
    run: Callable[[apsw.Connection, list[int]], None]


class Term(Struct, frozen=True):
    """A word of the query language: `name:value`. `compile` raises ValueError with what it expected.

    `nouns` are the nouns it reads: the view's key holds their revisions. `parameter` must prefix every binding.
    """

    name: str
    label: str
    compile: Callable[[str, str], Condition]
    nouns: tuple[str, ...] = ("pictures",)


class Noun(Struct, frozen=True):
    """One noun's whole contribution. Tables are given parents first.

    `inherits`: statements with :old and :new picture ids that hand people's words on to a successor.
    """

    name: str
    tables: tuple[Table, ...] = ()
    rules: tuple[Rule, ...] = ()
    terms: tuple[Term, ...] = ()
    inherits: tuple[str, ...] = ()

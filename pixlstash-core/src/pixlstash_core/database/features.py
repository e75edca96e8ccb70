"""The classes with which a feature (tags, scores, …) describes itself to the rest of the library, as data.

The writer, the query compiler, history, engines and imports know features only through these classes.
`library/features.py` lists all features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from msgspec import Struct

from ..types import Panel, RestoreKind, TagPair
from .output_kinds import OutputKind

if TYPE_CHECKING:
    import apsw
    import numpy as np
    from numpy.typing import NDArray

    from .changesets import Whole

K = TypeVar("K")


class Lookup(Struct, frozen=True):
    """Pictures as a statement that yields their ids, in any order; an id may come twice. `others`: all but those.

    `among`: a statement of those that are in carray(:among), where what it yields of a picture hangs on nothing but
    that picture's rows, and rows that are no picture's.
    """

    sql: str
    bindings: dict[str, Any] = {}
    others: bool = False
    among: str = ""


class Range(Struct, frozen=True):
    """Pictures whose number in a column of `derived_grid` lies between two, both included; None is open."""

    column: str
    low: float | None
    high: float | None


class Hidden(list[int]):
    """Ids of hidden pictures, with a cache of counts of them, because completion asks again with every key typed."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        super().__init__(ids)
        self._counted: dict[str, Any] = {}

    def counted(self, what: str, count: Callable[[], dict[K, int]]) -> dict[K, int]:
        """Return a cached count, or compute it."""
        counts: dict[K, int] = self._counted[what] if what in self._counted else count()
        self._counted[what] = counts
        return counts


#: The compiled form of a query term.
Condition = Lookup | Range


#: rows: those a snapshot speaks of become what they were. root: pictures; those added since stay, or go if asked.
#: bytes: what files say, which comes back only with a picture. kept: what is missing comes back. words: and what both
#: have becomes what it was. group: as rows, but those added since stay, or go if asked. shell: goes when it is empty.
#: whole: all of it becomes what it was. presence: rows come and go, with a new date. never: stays as it is.
Merge = Literal["rows", "root", "bytes", "kept", "words", "group", "shell", "whole", "presence", "never"]
TAGS: frozenset[RestoreKind] = frozenset({"tags"})
CAPTIONS: frozenset[RestoreKind] = frozenset({"captions"})
MEMBERSHIP: frozenset[RestoreKind] = frozenset({"membership"})
#: `within` of a picture's rows, and of an engine's results.
PICTURE: tuple[tuple[str, str], ...] = (("picture_id", "picture"),)
COMPUTED = (*PICTURE, ("producer_id", "producer"))


class Table(Struct, frozen=True):
    """A primary table, whose changes are recorded in changesets.

    `picture`: index of the column with the picture's id, or None. `field`: what an event says has changed.
    `through`: columns' indexes, and statements that find the other pictures their values concern (`… in carray(?)`).
    `merge`: how a restore makes it what it was; `within`: columns and the tables whose rows they name. A row belongs to
    what a snapshot speaks of when all of these rows do; without `within`, when its picture does. `kinds`: what it is
    restored with when only some kinds are asked for. `topic`: what a comparison counts its rows as, by default the
    noun; None: nothing anybody would look for. `says`: an expression for what the row `r` says, to be shown to people;
    `{db}` is the database it is in.
    """

    name: str
    noun: str
    picture: int | None = None
    field: str = ""
    through: tuple[tuple[int, str], ...] = ()
    merge: Merge = "rows"
    within: tuple[tuple[str, str], ...] = ()
    kinds: frozenset[RestoreKind] = frozenset()
    topic: str | None = ""
    says: str = ""


class Derivation(Struct, frozen=True):
    """Updates a derived table for changed pictures, with the same result after a change, undo and redo.

    If given, `many` runs instead of `run` when the changes of its only table are available as arrays.
    """

    tables: frozenset[str]
    run: Callable[[apsw.Connection, list[int]], None]
    many: Callable[[apsw.Connection, list[int], Whole], None] | None = None

    def follow(self, connection: apsw.Connection, ids: list[int], whole: dict[str, Whole]) -> None:
        """Update the derived table."""
        rows = whole.get(next(iter(self.tables))) if len(self.tables) == 1 else None
        if self.many is not None and rows is not None:
            self.many(connection, ids, rows)
        else:
            self.run(connection, ids)


class FanOut(Struct, frozen=True):
    """Finds the pictures that changes of other rows (a tag, an active engine) affect; runs before derivations.

    `find(connection, keys)` gets the primary keys of changed rows by table, and answers with the pictures concerned:
    rules and events see them as if their rows in the table `into` had changed.
    """

    tables: frozenset[str]
    into: str
    find: Callable[[apsw.Connection, dict[str, set[tuple[Any, ...]]]], Iterable[int]]


class Count(Struct, frozen=True):
    """Keeps counts in a derived table: `of(connection, ids)` returns how many of these pictures count, by (noun, id).

    It is called for the states before and after a transaction, and the difference is added.
    """

    tables: frozenset[str]
    of: Callable[[apsw.Connection, list[int]], dict[tuple[str, int], int]]
    add: Callable[[apsw.Connection, dict[tuple[str, int], int]], None]


class Term(Struct, frozen=True):
    """A term of the query language, `name:value`. A name such as `is:moving` is one value of `is:`.

    `compile(value)` raises ValueError with what it expected. `nouns` are the nouns it reads: the view's key holds their
    revisions. `group`: it says which pictures belong together, so that `union`, `overlap`, `difference` and `unique`
    take it. `spread`: it looks into stacks, so that what lies beneath a leader is found as well. `private`: it tells
    how the owner orders the library, so that a reader of some pictures has no such term. `values(connection, typed,
    limit, hidden)` are those that are there and go on like what was typed, with how many pictures have each; `hidden`
    are ids of pictures to ignore. `ids_named(connection, value)`: the ids of what the value names, none if there is no
    such thing. `arranged(value)` yields the pictures in the order that people gave them, for
    """

    name: str
    label: str
    compile: Callable[[str], Condition]
    nouns: tuple[str, ...] = ("pictures",)
    group: bool = False
    spread: bool = False
    values: Callable[[apsw.Connection, str, int, Hidden], Sequence[tuple[str, int | None]]] | None = None
    private: bool = False
    ids_named: Callable[[apsw.Connection, str], Sequence[int]] | None = None
    arranged: Callable[[str], Lookup] | None = None
    compile_for_others: Callable[[str], Condition] | None = None


class Sort(Struct, frozen=True):
    """A sort of the query language: `sort:name`, or reversed `sort:-name`.

    `nouns` are the nouns whose changes can reorder it. `keys(connection, ids)` gives a number for each picture; None:
    the column of that name in `derived_grid`.
    """

    name: str
    nouns: tuple[str, ...] = ("pictures",)
    keys: Callable[[apsw.Connection, NDArray[np.int64]], NDArray[np.int64]] | None = None


class Counted(Struct, frozen=True):
    """A feature's part of the statistics of pictures. `tagged`: the number of them with a tag."""

    panels: list[Panel]
    pairs: list[TagPair] = []
    tagged: int = 0


class Guard(Struct, frozen=True):
    """Protects pictures from changes: `refuse(connection, ids)` raises if any of these must not be changed now."""

    refuse: Callable[[apsw.Connection, Sequence[int]], None]


class Feature(Struct, frozen=True):
    """Everything that one feature contributes. Tables are in order, parents first.

    `inherits`: statements with :old and :new picture ids that hand people's words on to a successor. `of_bytes`: what
    they hand on holds for the bytes of a file only, so that a picture does not take it over from its duplicate.
    `words`: where free words are looked for besides names and prompts, named as `Reason.place` gives it.
    `statistics(connection, ids)`: what is to be said about some pictures.
    """

    name: str
    tables: tuple[Table, ...] = ()
    spreads: tuple[FanOut, ...] = ()
    rules: tuple[Derivation, ...] = ()
    counts: tuple[Count, ...] = ()
    terms: tuple[Term, ...] = ()
    inherits: tuple[str, ...] = ()
    of_bytes: bool = False
    words: tuple[Term, ...] = ()
    sorts: tuple[Sort, ...] = ()
    guards: tuple[Guard, ...] = ()
    outputs: tuple[OutputKind, ...] = ()
    statistics: Callable[[apsw.Connection, NDArray[np.int64]], Counted] | None = None

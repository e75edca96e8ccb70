"""The classes with which a feature (tags, scores, …) describes itself to the rest of the library, as data.

The writer, the query compiler, history, engines and imports know features only through these classes.
`library/features.py` lists all features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from ..types import Agreement, Panel, RestoreKind, TagPair

if TYPE_CHECKING:
    import apsw
    import numpy as np
    from numpy.typing import NDArray

    from .changesets import Whole

K = TypeVar("K")


class OutputKind(Struct, frozen=True):
    """A kind of engine results: checks, combines, describes and stores them.

    `check(engine, result, about)` runs in the engine's process: it converts a result to plain data, or raises
    `ValueError`. `about` are properties of all results of the producer; it may add some. `combine` merges the plain
    results of a video's frames, each with its time in seconds; `grouped`: `run` gets the frames as one image instead.
    `describe(engine, params)` returns properties of all results in advance. `inputs(connection, ids)` returns, by
    picture, results that other engines need. `tables` have a `picture_id` and a `producer_id`. `sift(result)` returns
    the part of a plain result that can be stored, and a sentence for each dropped part.
    For trial runs: `size` is the approximate stored size of a result in bytes, `shown(result, threshold)` its text for
    users, and `agree(connection, results, threshold)` its agreement with the user's annotations.
    """

    name: str
    hook: str
    verb: str
    tables: tuple[str, ...]
    check: Callable[[Any, Any, dict[str, Any]], Any]
    combine: Callable[[Sequence[tuple[float | None, Any]]], Any]
    keeper: type[Keeper]
    describe: Callable[[Any, Any], dict[str, Any]] = lambda engine, params: {}
    inputs: Callable[[apsw.Connection, list[int]], dict[int, Any]] | None = None
    grouped: bool = False
    size: Callable[[Any], int] = lambda value: len(msgspec.json.encode(value))
    shown: Callable[[Any, float], str] = lambda value, threshold: str(value)
    agree: Callable[[apsw.Connection, dict[int, Any], float], Agreement] | None = None
    sift: Callable[[Any], tuple[Any, list[str]]] | None = None


class Keeper:
    """Stores plain results of one kind in one library; created with its database and writer.

    `statement` stores a picture, its producer and a packed result.
    """

    statement = ""

    def __init__(self, db: Any, writer: Any) -> None:
        pass

    def pack(self, values: Sequence[Any]) -> list[Any]:
        """Convert results to their stored form. Runs outside the writer thread."""
        return list(values)

    def put(self, write: Any, producer: int, packed: dict[int, Any]) -> None:
        """Store packed results by picture, replacing earlier ones."""
        write.many(self.statement, [(picture, producer, value) for picture, value in packed.items()])


class Lookup(Struct, frozen=True):
    """Pictures as a statement that yields their ids, in any order; an id may come twice. `others`: all but those.

    `among`: the statement for pictures in carray(:among), if each result depends only on that picture's own rows, and
    on rows that belong to no picture.
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
#: rows: rows of the snapshot's pictures are restored. root: pictures; newer ones stay, or are deleted on request.
#: bytes: facts of files, restored only with a picture. kept: missing rows are restored. words: existing ones, too.
#: group: as rows, but newer ones stay, or are deleted on request. shell: deleted when empty. whole: replaced at once.
#: presence: rows are added and deleted, with a new date. never: unchanged.
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
    `through`: indexes of columns, and statements that find the other pictures that their values concern (`… in
    carray(?)`). `within`: columns and the tables whose rows they refer to; a row is in a snapshot if all of these are,
    or, without `within`, if its picture is. `kinds`: partial restores that include it. `topic`: that of its rows in
    comparisons, by default the noun; None: not compared. `says`: the content of the row `r` as users see it, in SQL;
    `{db}` is its database.
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

    `find(connection, keys)` returns the pictures affected by changed rows (primary keys by table): derivations and
    events see them as if their rows in the table `into` had changed.
    """

    tables: frozenset[str]
    into: str
    find: Callable[[apsw.Connection, dict[str, set[tuple[Any, ...]]]], Iterable[int]]


class Count(Struct, frozen=True):
    """Keeps counts in a derived table: `of(connection, ids)` returns how many of these pictures count, by (topic, id).

    It is called for the states before and after a transaction, and the difference is added.
    """

    tables: frozenset[str]
    of: Callable[[apsw.Connection, list[int]], dict[tuple[str, int], int]]
    add: Callable[[apsw.Connection, dict[tuple[str, int], int]], None]


class Term(Struct, frozen=True):
    """A term of the query language, `name:value`, or one value of a name, such as `is:moving`.

    `compile(value)` raises ValueError with what it expected. `topics`: the view's key has their revisions. `group`: its
    pictures belong together, as `union`, `overlap`, `difference` and `unique` require. `spread`: it also finds pictures
    inside stacks. `private`: readers of some pictures do not have it. `values(connection, typed, limit, hidden)`:
    (existing value that begins with or contains the typed text, number of pictures without `hidden` ones).
    `offers(frame, mask, typed)`: (value of a column, meaning, number of pictures in the mask).
    `ids_named(connection, value)`: ids that it names. `arranged(value)`: custom order.
    """

    name: str
    label: str
    compile: Callable[[str], Condition]
    topics: tuple[str, ...] = ("pictures",)
    group: bool = False
    spread: bool = False
    values: Callable[[apsw.Connection, str, int, Hidden], Sequence[tuple[str, int | None]]] | None = None
    offers: Callable[[Any, NDArray[np.bool_], str], Sequence[tuple[str, str, int | None]]] | None = None
    private: bool = False
    ids_named: Callable[[apsw.Connection, str], Sequence[int]] | None = None
    arranged: Callable[[str], Lookup] | None = None
    compile_for_others: Callable[[str], Condition] | None = None


class Sort(Struct, frozen=True):
    """A sort of the query language: `sort:name`, or reversed `sort:-name`. Changes of `topics` can reorder it.

    `keys(connection, ids)` returns a number for each picture; None: the column of that name in `derived_grid`.
    """

    name: str
    topics: tuple[str, ...] = ("pictures",)
    keys: Callable[[apsw.Connection, NDArray[np.int64]], NDArray[np.int64]] | None = None


class Counted(Struct, frozen=True):
    """A feature's part of the statistics of pictures. `tagged`: how many have a tag; `tags`: how many tags."""

    panels: list[Panel]
    pairs: list[TagPair] = []
    tagged: int = 0
    tags: int = 0


class Guard(Struct, frozen=True):
    """Protects pictures from changes: `refuse(connection, ids)` raises if any of these must not be changed now."""

    refuse: Callable[[apsw.Connection, Sequence[int]], None]


class Feature(Struct, frozen=True):
    """Everything that one feature contributes. Tables are in order, parents first.

    `inherits`: statements with :old and :new picture ids that copy annotations to a successor. `of_bytes`: these are
    valid for the bytes of a file only, and not copied from a duplicate. `words`: terms that search free words besides
    names and prompts, named as in `Reason.place`. `statistics(connection, ids)`: statistics of these pictures.
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

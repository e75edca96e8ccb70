"""Views: a query's ordered result, frozen under a key, served in blocks (`docs/http.md`).

The order is kept in memory as one array of ids; what a block shows of each picture is read when it is asked for. An
order's key holds the query, the scope, the library's epoch and the revisions of the nouns the query reads; a view's
key adds the revisions of the nouns its blocks show, so that a block's URL may be cached for ever.
"""

from __future__ import annotations

import hashlib
import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

import apsw
from msgspec import Struct

from . import pictures, query, scope
from .db import Database, bind_ids, fetch
from .errors import Invalid, ViewGone
from .nouns import Term
from .types import Picture, Reader, Rows, Section, Selection, ViewAnswer, ViewHeader

BLOCK, DETAILS = 2048, 256
#: Bytes of orders kept, and seconds without use after which they are dropped.
BUDGET, IDLE = 64 << 20, 600
#: Raised when thumbnails are drawn differently, so that cached ones are not used.
THUMBNAILS = "1"
SHOWN_NOUNS = ("pictures", "scores", "scrapheap")


class Order(Struct, eq=False):
    """The ids of a view in order, one aspect byte each, and the scrubber's labels."""

    key: str
    ids: array[int]
    aspects: bytes
    sections: list[Section]
    sort: str
    text: str
    scope: str
    used: float = 0.0

    @property
    def bytes(self) -> int:
        return len(self.ids) * 5 + 200


class Views:
    """The orders kept for one library. `revision_of(noun)` is the door's."""

    def __init__(self, db: Database, terms: Mapping[str, Term], epoch: str, revisions: Callable[[], Mapping[str, int]]):
        self._db = db
        self._terms = terms
        self._epoch = epoch
        self._revisions = revisions
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self._lock = threading.Lock()
        self._building: dict[str, threading.Lock] = {}

    # -- answers -------------------------------------------------------------------------------------------------------

    def open(self, reader: Reader, text: str, sort: str | None, at: int | None, revision: int) -> ViewAnswer:
        order = self._order(reader, text, sort)
        at_index = self._index(order, at) if at is not None else None
        block = (at_index or 0) // BLOCK
        header = ViewHeader(
            self._view_key(order),
            revision,
            len(order.ids),
            at_index,
            block,
            f"{self._epoch[:8]}.{THUMBNAILS}",
            order.text,
            order.sort,
            order.sections,
        )
        return ViewAnswer(header, order.aspects, self._block(reader, order, block) if order.ids else b"")

    def block(self, reader: Reader, view: str, number: int) -> bytes:
        """Ids u32, colours u16 and flags u8 of 2,048 rows, one column after the other, little-endian."""
        order = self._kept(reader, view)
        if not 0 <= number * BLOCK < max(len(order.ids), 1):
            raise Invalid("This view has no such block.")
        return self._block(reader, order, number)

    def details(self, reader: Reader, view: str, number: int) -> Rows:
        order = self._kept(reader, view)
        ids = list(order.ids[number * DETAILS : (number + 1) * DETAILS]) if number >= 0 else []
        return Rows(pictures.rows(self._db, reader, ids))

    def select(self, reader: Reader, selection: Selection) -> list[int]:
        """The ids a bulk action means, without those outside the scope."""
        if (selection.view is None) == (selection.ids is None):
            raise Invalid('Say which pictures: either {"view", "ranges"} or {"ids"}.')
        if selection.ids is not None:
            ids: Iterable[int] = selection.ids
        else:
            assert selection.view is not None
            order = self._kept(reader, selection.view)
            if selection.ranges is None:
                raise Invalid('"ranges" is missing: [[from, to], …], to not included.')
            for first, after in selection.ranges:
                if not 0 <= first <= after <= len(order.ids):
                    raise Invalid(f"The range [{first}, {after}] is not inside the view's {len(order.ids)} pictures.")
            ids = (picture for first, after in selection.ranges for picture in order.ids[first:after])
        return sorted({picture for picture in ids if scope.sees(reader, picture)})

    def page(self, reader: Reader, text: str, sort: str | None, offset: int, limit: int) -> list[Picture]:
        """A plain list of pictures, for the CLI and scripts: nothing is kept."""
        _, compiled = self._compile(reader, text, sort)
        relation, bound = scope.visible(reader)
        return pictures.listed(
            self._db.read(
                f"select {pictures.COLUMNS} from {relation} g {pictures.JOINS} where {compiled.where}"
                f" order by {compiled.order} limit :limit offset :offset",
                {**compiled.bindings, **bound, "limit": limit, "offset": offset},
            )
        )

    def drop_idle(self) -> None:
        """Give memory back when nobody has looked for a while."""
        limit = time.monotonic() - IDLE
        with self._lock:
            for key in [key for key, order in self._orders.items() if order.used < limit]:
                del self._orders[key]

    # -- keys ----------------------------------------------------------------------------------------------------------

    def _compile(self, reader: Reader, text: str, sort: str | None) -> tuple[query.Query, query.Compiled]:
        parsed = query.parse(text, sort)
        return parsed, query.compile(parsed, self._terms, lambda name: self._known_fact(reader, name))

    def _known_fact(self, reader: Reader, name: str) -> bool:
        relation, bound = scope.visible(reader)
        if reader.scope.all:
            return bool(self._db.read("select 1 from fact where name = ? limit 1", (name,)))
        sql = f"select 1 from {relation} g join fact f on f.picture_id = g.id where f.name = :name limit 1"
        return bool(self._db.read(sql, {**bound, "name": name}))

    def _order(self, reader: Reader, text: str, sort: str | None) -> Order:
        parsed, compiled = self._compile(reader, text, sort)
        revisions = self._revisions()
        seen = ",".join(f"{noun}={revisions.get(noun, 0)}" for noun in sorted(compiled.nouns))
        key = _hash(str(parsed), parsed.sort, scope.fingerprint(reader), self._epoch, seen)
        with self._lock:
            lock = self._building.setdefault(key, threading.Lock())
        with lock:  # one build, however many ask at once
            found = self._get(key)
            if found is None:
                found = self._build(reader, key, parsed, compiled)
                self._keep(found)
        with self._lock:
            self._building.pop(key, None)
        return found

    def _build(self, reader: Reader, key: str, parsed: query.Query, compiled: query.Compiled) -> Order:
        relation, bound = scope.visible(reader)
        # One integer per row, id above aspect, is three times as fast to fetch as two columns.
        sql = f"select g.id << 32 | g.aspect from {relation} g where {compiled.where} order by {compiled.order}"
        with self._db.reading() as connection:
            packed = array("Q", (row[0] for row in connection.execute(sql, {**compiled.bindings, **bound})))
            halves = memoryview(packed).cast("B").cast("I")
            ids = array("I", halves[1::2].tobytes() if packed else b"")
            sections = _sections(connection, parsed.sort, ids)
        aspects = memoryview(packed).cast("B")[::8].tobytes() if packed else b""
        return Order(key, ids, aspects, sections, parsed.sort, str(parsed), scope.fingerprint(reader))

    def _view_key(self, order: Order) -> str:
        revisions = self._revisions()
        return order.key + "." + _hash(*(str(revisions.get(noun, 0)) for noun in SHOWN_NOUNS))[:8]

    def _kept(self, reader: Reader, view: str) -> Order:
        """The order of a view this reader may use: the key alone is not enough."""
        order = self._get(view.partition(".")[0])
        if order is None or order.scope != scope.fingerprint(reader):
            raise ViewGone("This view is no longer kept: ask for it again.")
        return order

    def _get(self, key: str) -> Order | None:
        with self._lock:
            order = self._orders.get(key)
            if order is not None:
                self._orders.move_to_end(key)
                order.used = time.monotonic()
            return order

    def _keep(self, order: Order) -> None:
        with self._lock:
            order.used = time.monotonic()
            self._orders[order.key] = order
            total = sum(kept.bytes for kept in self._orders.values())
            while total > BUDGET and len(self._orders) > 1:
                _, dropped = self._orders.popitem(last=False)
                total -= dropped.bytes

    # -- what is shown -------------------------------------------------------------------------------------------------

    def _index(self, order: Order, picture: int) -> int | None:
        try:
            return order.ids.index(picture)
        except (ValueError, OverflowError):
            return None

    def _block(self, reader: Reader, order: Order, number: int) -> bytes:
        ids = order.ids[number * BLOCK : (number + 1) * BLOCK]
        relation, bound = scope.visible(reader)
        # One integer per row here as well: flags above colour.
        found = self._db.read(
            f"select g.id, g.colour | (g.flags << 16) from {relation} g where g.id in carray(:ids)",
            {"ids": bind_ids(ids), **bound},
        )
        gone = (pictures.NO_STILL | pictures.NO_LOCATION) << 16
        known: dict[int, int] = dict(found)
        shown = array("I", (known.get(picture, gone) for picture in ids)).tobytes()
        return ids.tobytes() + memoryview(shown).cast("H")[::2].tobytes() + shown[2::4]


def _sections(connection: apsw.Connection, sort: str, ids: array[int]) -> list[Section]:
    """Labels for the scrubber: months, scores or first letters."""
    labelled = _LABELS.get(sort.lstrip("-"))
    if labelled is None or not ids:
        return []
    column, label = labelled

    def at(indexes: list[int]) -> list[str]:
        wanted = [ids[index] for index in indexes]
        sql = f"select id, {column} from derived_grid where id in carray(?)"
        values: dict[int, object] = dict(fetch(connection, sql, (bind_ids(wanted),)))
        return [label(values[picture]) for picture in wanted]

    return _runs(len(ids), at)


class _Span(Struct, frozen=True):
    """Part of an order: its first and last index, and their labels."""

    first: int
    last: int
    head: str
    tail: str


def _runs(count: int, labels: Callable[[list[int]], list[str]], limit: int = 400) -> list[Section]:
    """Where the label changes. All changes are bisected at the same time, so that a round costs one look-up.

    Equal labels must lie together: a span that ends as it begins is taken to be all alike.
    """
    head, tail = labels([0, count - 1])
    starts = [Section(head, 0)]
    spans = [_Span(0, count - 1, head, tail)]
    while spans:
        changing = [span for span in spans if span.head != span.tail][:limit]
        starts += [Section(span.tail, span.last) for span in changing if span.last - span.first == 1]
        wide = [span for span in changing if span.last - span.first > 1]
        middles = [(span.first + span.last) // 2 for span in wide]
        spans = []
        for span, middle, label in zip(wide, middles, labels(middles)):
            spans += [_Span(span.first, middle, span.head, label), _Span(middle, span.last, label, span.tail)]
    return sorted(starts, key=lambda section: section.start)[:limit]


def _month(value: object) -> str:
    return pictures.when(int(str(value))).strftime("%Y-%m")


def _letter(value: object) -> str:
    """The first letter, as the sort sees it: ASCII case does not matter, and what is no letter comes before A."""
    first = str(value)[:1]
    first = first.upper() if first.isascii() else first
    return "#" if first < "A" or "Z" < first < "a" else first


def _stars(value: object) -> str:
    return str(value)


_LABELS: Mapping[str, tuple[str, Callable[[object], str]]] = {
    "created": ("created", _month),
    "imported": ("imported", _month),
    "score": ("score", _stars),
    "name": ("name", _letter),
}


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]

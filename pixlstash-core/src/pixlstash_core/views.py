"""Views: a query's ordered result, frozen under a key, served in blocks (`docs/http.md`).

What a query finds is looked up as a mask (`plan`) and put in order by arrays held in memory (`columns`). The order is
kept as one array of ids; what a block shows of each picture is read when it is asked for. An order's key holds the
query, the scope, the library's epoch and the revisions of the nouns the query reads; a view's key adds the revisions
of the nouns its blocks show, so that a block's URL may be cached for ever.
"""

from __future__ import annotations

import hashlib
import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from . import pictures, query, scope, suggest
from .db import Database, bind_ids
from .errors import Invalid, QueryError, ViewGone
from .nouns import Hidden, Term
from .plan import Language, Look, Plan, found
from .terms import words
from .types import Picture, Reader, Rows, Section, Selection, Suggestion, Veil, ViewAnswer, ViewHeader

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Columns, Frame
    from .masks import Masks
    from .memberships import Memberships

BLOCK, DETAILS = 2048, 256
#: So many blocks are read from the table, until it is worth the memory, and the wait, to hold what all blocks show.
LOOKS = 4
#: Bytes of orders kept, and seconds without use after which they are dropped.
BUDGET, IDLE = 64 << 20, 600
#: Raised when thumbnails are drawn differently, so that cached ones are not used.
THUMBNAILS = "1"
SHOWN_NOUNS = ("pictures", "scores", "scrapheap")


class Order(Struct, eq=False):
    """The ids of a view in order, one aspect byte each, and the scrubber's labels. `marks`: a byte each, if any.

    `beneath`: found as well, but beneath others in their stacks.
    """

    key: str
    ids: NDArray[np.uint32]
    aspects: bytes
    sections: list[Section]
    sort: str
    text: str
    scope: str
    beneath: int
    marks: bytes | None = None
    used: float = 0.0

    @property
    def bytes(self) -> int:
        return len(self.ids) * (5 if self.marks is None else 6) + 200


class Veiled(Struct, eq=False):
    """One bit for each picture of the frame that is hidden, or blurred; None: none is."""

    hidden: NDArray[np.bool_] | None
    blurred: NDArray[np.bool_] | None
    frame: Frame
    memberships: Memberships

    def hides(self, picture: int) -> bool:
        return self.hidden is not None and picture < len(self.hidden) and bool(self.hidden[picture])

    def blurs(self, picture: int) -> bool:
        return self.blurred is not None and picture < len(self.blurred) and bool(self.blurred[picture])


class Views:
    """The orders kept for one library. `revisions()` gives the door's, by noun.

    `places`: where free words are looked for besides names and prompts. `saved`: the text of a saved query.
    """

    def __init__(
        self,
        db: Database,
        terms: Mapping[str, Term],
        epoch: str,
        revisions: Callable[[], Mapping[str, int]],
        *,
        places: tuple[Term, ...] = (),
        saved: Callable[[Reader, str], str | None] = lambda reader, name: None,
    ) -> None:
        self._db = db
        self._terms = terms
        self._epoch = epoch
        self._revisions = revisions
        self._places = places
        self._saved = saved
        self._columns: Columns | None = None
        self._kept_masks: Masks
        self._memberships: Memberships
        self._hidden: tuple[object, Hidden] = (None, Hidden())
        self._looks = 0
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self._lock = threading.Lock()
        self._building: dict[str, threading.Lock] = {}

    # -- answers -------------------------------------------------------------------------------------------------------

    def open(
        self, reader: Reader, text: str, sort: str | None, at: int | None, revision: int, veil: Veil | None = None
    ) -> ViewAnswer:
        order = self._order(reader, text, sort, veil)
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
            order.beneath,
        )
        return ViewAnswer(header, order.aspects, self._block(reader, order, block) if len(order.ids) else b"")

    def block(self, reader: Reader, view: str, number: int) -> bytes:
        """Ids u32, colours u16, flags u8 and marks u8 of 2,048 rows, one column after the other, little-endian."""
        order = self._kept(reader, view)
        if not 0 <= number * BLOCK < max(len(order.ids), 1):
            raise Invalid("This view has no such block.")
        return self._block(reader, order, number)

    def details(self, reader: Reader, view: str, number: int) -> Rows:
        order = self._kept(reader, view)
        ids = order.ids[number * DETAILS : (number + 1) * DETAILS].tolist() if number >= 0 else []
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
            ids = (picture for first, after in selection.ranges for picture in order.ids[first:after].tolist())
        return sorted({picture for picture in ids if scope.sees(reader, picture)})

    def page(self, reader: Reader, text: str, sort: str | None, offset: int, limit: int) -> list[Picture]:
        """A plain list of pictures, for the CLI and scripts."""
        return self.listed(reader, self._order(reader, text, sort).ids[offset : offset + limit].tolist())

    def listed(self, reader: Reader, ids: list[int]) -> list[Picture]:
        """These pictures, in this order, without those that are gone or not visible."""
        relation, bound = scope.visible(reader)
        rows = self._db.read(
            f"select {pictures.COLUMNS} from {relation} g {pictures.JOINS} where g.id in carray(:ids)",
            {**bound, "ids": bind_ids(ids)},
        )
        by_id = {row[0]: row for row in rows}
        return pictures.listed([by_id[picture] for picture in ids if picture in by_id])

    def ids(self, reader: Reader, text: str, sort: str | None = None) -> list[int]:
        """All that a query finds, in order."""
        found: list[int] = self._order(reader, text, sort).ids.tolist()
        return found

    def count(self, reader: Reader, text: str, veil: Veil | None = None) -> int:
        """How many pictures a query finds."""
        return int(self.mask(reader, query.parse(text), veil)[1].sum())

    def mask(self, reader: Reader, asked: query.Query, veil: Veil | None = None) -> tuple[Frame, NDArray[np.bool_]]:
        """What a query finds, one bit for each picture, and the columns of the moment it was asked in."""
        hide = self._veiling(reader, veil.hide) if veil else None
        frame, (mask, hidden) = self._masks(reader, self._plan(reader, asked), hide)
        assert mask is not None
        return frame, mask if hidden is None else mask & ~hidden

    def veiled(self, reader: Reader, veil: Veil) -> Veiled | None:
        """What of the whole library, the scrapheap among it, shall not lie open; None: nothing."""
        hide, blur = self._veiling(reader, veil.hide), self._veiling(reader, veil.blur)
        if hide is None and blur is None:
            return None
        frame, (hidden, blurred) = self._masks(reader, hide, blur)
        return Veiled(hidden, blurred, frame, self._memberships)

    def hidden(self, reader: Reader, veil: Veil | None) -> Hidden:
        """The ids of what is hidden; the same list as long as nothing changes."""
        key = (scope.fingerprint(reader), veil, tuple(sorted(self._revisions().items())))
        with self._lock:
            if self._hidden[0] == key:
                return self._hidden[1]
        veiled = self.veiled(reader, veil) if veil else None
        found = Hidden() if veiled is None or veiled.hidden is None else Hidden(veiled.hidden.nonzero()[0].tolist())
        with self._lock:
            self._hidden = key, found
        return found

    def renew(self, epoch: str) -> None:
        """Another epoch has begun: nothing that was kept counts any more."""
        with self._lock:
            self._epoch = epoch
            self._orders.clear()
            self._columns = None

    def drop_idle(self) -> None:
        """Give memory back when nobody has looked for a while."""
        limit = time.monotonic() - IDLE
        with self._lock:
            for key in [key for key, order in self._orders.items() if order.used < limit]:
                del self._orders[key]
        if self._columns is not None and self._columns.drop(IDLE):
            self._kept_masks.drop()
            self._memberships.drop()
            self._looks, self._hidden = 0, (None, Hidden())

    def touch(self, ids: Iterable[int], renamed: bool) -> None:
        """Say that grid rows changed; on the writer's thread, before the change is acknowledged."""
        if self._columns is not None:
            self._columns.touch(ids, renamed)

    def suggest(self, reader: Reader, text: str, limit: int, veil: Veil | None = None) -> list[Suggestion]:
        """What the text of a query could go on with."""
        hidden = self.hidden(reader, veil)
        return suggest.of(self._db, reader, self._known_terms(reader), text, limit, hidden)

    # -- keys ----------------------------------------------------------------------------------------------------------

    def _known_terms(self, reader: Reader) -> Mapping[str, Term]:
        if reader.scope.all:
            return self._terms
        return {name: term for name, term in self._terms.items() if not term.private}

    def _plan(self, reader: Reader, asked: query.Query) -> Plan:
        return Language(
            self._known_terms(reader),
            lambda name: self._known_fact(reader, name),
            lambda name: self._saved(reader, name),
            self._places,
        ).plan(asked)

    def _masks(self, reader: Reader, *plans: Plan | None) -> tuple[Frame, list[NDArray[np.bool_] | None]]:
        """What plans find of what this reader may see, and the frame it was found in."""
        with self._lock:
            if self._columns is None:  # numpy takes a while to load, and not every process looks
                from .columns import Columns
                from .masks import Masks
                from .memberships import Memberships

                self._columns, self._kept_masks = Columns(self._db), Masks()
                self._memberships = Memberships()
        revisions = dict(self._revisions())
        frame = self._columns.current()
        inside = None if reader.scope.ids is None else frame.mask(reader.scope.ids)
        with self._db.reading() as connection:
            look = Look(frame, connection, self._kept_masks, revisions)
            return frame, [None if plan is None else found(plan, look, inside) for plan in plans]

    def _known_fact(self, reader: Reader, name: str) -> bool:
        relation, bound = scope.visible(reader)
        if reader.scope.all:
            return bool(self._db.read("select 1 from fact where name = ? limit 1", (name,)))
        sql = f"select 1 from {relation} g join fact f on f.picture_id = g.id where f.name = :name limit 1"
        return bool(self._db.read(sql, {**bound, "name": name}))

    def _order(self, reader: Reader, text: str, sort: str | None, veil: Veil | None = None) -> Order:
        parsed = query.parse(text, sort)
        plan = self._plan(reader, parsed)
        hide, blur = (self._veiling(reader, text) for text in ((veil.hide, veil.blur) if veil else ("", "")))
        revisions = self._revisions()
        nouns = plan.nouns.union(*(one.nouns for one in (hide, blur) if one))
        seen = ",".join(f"{noun}={revisions.get(noun, 0)}" for noun in sorted(nouns))
        roots = (repr(one and one.root) for one in (plan, hide, blur))
        key = _hash(str(parsed), *roots, parsed.sort, scope.fingerprint(reader), self._epoch, seen)
        with self._lock:
            lock = self._building.setdefault(key, threading.Lock())
        with lock:  # one build, however many ask at once
            order = self._get(key)
            if order is None:
                order = self._build(reader, key, parsed, plan, hide, blur)
                self._keep(order)
        with self._lock:
            self._building.pop(key, None)
        return order

    def _build(
        self, reader: Reader, key: str, parsed: query.Query, plan: Plan, hide: Plan | None, blur: Plan | None
    ) -> Order:
        frame, (mask, hidden, blurred) = self._masks(reader, replace(plan, spread=True), hide, blur)
        assert mask is not None
        if hidden is not None:
            mask = mask & ~hidden
        whole = int(mask.sum())
        if not plan.spread:
            mask = mask & frame.uppermost
        if parsed.sort == "relevance":
            ids = frame.ranked(mask, *self._relevance(reader, plan))
        elif plan.arranged is not None:
            ids = frame.ranked(mask, plan.arranged.sql, plan.arranged.bindings)
        else:
            ids = frame.arrange(mask, parsed.sort)
        sections = self._sections(frame, parsed.sort, ids)
        aspects = frame.values("aspect")[ids].tobytes()
        marks = blurred[ids].tobytes() if blurred is not None else None
        beneath = whole - len(ids)
        return Order(key, ids, aspects, sections, parsed.sort, str(parsed), scope.fingerprint(reader), beneath, marks)

    def _sections(self, frame: Frame, sort: str, ids: NDArray[np.uint32]) -> list[Section]:
        """Labels for the scrubber: months, scores or first letters."""
        column = sort.lstrip("-")
        if column not in _LABELS or not len(ids):
            return []
        if column != "name":
            values, label = frame.values(column), _LABELS[column]
            return _runs(len(ids), lambda indexes: [label(values[ids[index]]) for index in indexes])

        def letters(indexes: list[int]) -> list[str]:
            wanted = [int(ids[index]) for index in indexes]
            sql = "select id, name from derived_grid where id in carray(?)"
            names: dict[int, str] = dict(self._db.read(sql, (bind_ids(wanted),)))
            return [_letter(names[picture]) for picture in wanted]

        return _runs(len(ids), letters)

    def _veiling(self, reader: Reader, text: str) -> Plan | None:
        """What a query of the veil finds, wherever it lies; None when it is empty."""
        if not text.strip():
            return None
        try:
            plan = self._plan(reader, query.parse(text))
        except QueryError as error:  # nothing may be shown that should be hidden
            raise QueryError(f"the veil's query {text!r} cannot be read: {error}", 0) from error
        return replace(plan, thrown=True, spread=True)

    def _relevance(self, reader: Reader, plan: Plan) -> tuple[str, dict[str, str]]:
        """A statement that yields the ids that have the free words, best first.

        For anyone but the owner only the words' own places count: bm25 weighs by how many pictures have them at all.
        """
        matches = [words(value).bindings["w"] for value in plan.words if any(c.isalnum() for c in value)]
        match = " AND ".join(f"({one})" for one in matches)
        if not match:
            return "select 0 where 0", {}
        order = "rank" if reader.scope.all else "rowid desc"
        return f"select rowid from derived_words where derived_words match :w order by {order}", {"w": match}

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
        at: list[int] = (order.ids == picture).nonzero()[0].tolist() if 0 < picture < 1 << 32 else []
        return at[0] if at else None

    def _block(self, reader: Reader, order: Order, number: int) -> bytes:
        part = slice(number * BLOCK, (number + 1) * BLOCK)
        ids = order.ids[part]
        shown = self._shown(reader, ids)
        marks = order.marks or bytes(len(order.ids))
        return ids.tobytes() + memoryview(shown).cast("H")[::2].tobytes() + shown[2::4] + marks[part]

    def _shown(self, reader: Reader, ids: NDArray[np.uint32]) -> bytes:
        """Colour, and above it flags, of pictures that may have gone or left the scope since: a u32 each."""
        gone = (pictures.NO_STILL | pictures.NO_LOCATION) << 16
        self._looks += 1
        if self._columns is not None and self._looks > LOOKS:
            frame = self._columns.current()
            shown = frame.shown(ids, gone)
            if reader.scope.ids is not None:
                shown[~frame.mask(reader.scope.ids)[ids.clip(max=frame.size - 1)]] = gone
            return shown.tobytes()
        relation, bound = scope.visible(reader)
        found = self._db.read(
            f"select g.id, {pictures.SHOWN} from {relation} g where g.id in carray(:ids)",
            {"ids": bind_ids(ids.tolist()), **bound},
        )
        known: dict[int, int] = dict(found)
        return array("I", (known.get(picture, gone) for picture in ids.tolist())).tobytes()


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


def _month(value: int) -> str:
    return pictures.when(int(value)).strftime("%Y-%m")


def _letter(value: str) -> str:
    """The first letter, as the sort sees it: ASCII case does not matter, and what is no letter comes before A."""
    first = value[:1]
    first = first.upper() if first.isascii() else first
    return "#" if first < "A" or "Z" < first < "a" else first


_LABELS: Mapping[str, Callable[[Any], str]] = {
    "created": _month,
    "imported": _month,
    "score": str,
    "name": _letter,
}


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]

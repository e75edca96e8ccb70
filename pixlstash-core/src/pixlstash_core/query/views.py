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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..database import cancellation
from ..database.connection import Database, bind_ids
from ..database.features import Hidden, Term
from ..errors import Invalid, QueryError, ViewGone
from ..types import Alike, Picture, Reader, Rows, Selection, Suggestion, Veil, ViewAnswer, ViewHeader
from . import grid, scope, sections, suggest
from . import language as query
from .caches import Holder
from .compiler import Evaluation, QueryPlan, Vocabulary, found, mask_of
from .orders import Explained, Order, Veiled
from .places import may_know
from .ranking import BY_LIKENESS, BY_OUTLIER, Prepared, Ranker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Frame

BLOCK, DETAILS = 2048, 256
#: So many blocks are read from the table, until it is worth the memory, and the wait, to hold what all blocks show.
LOOKS = 4
#: Bytes of orders kept, and seconds without use after which they are dropped.
BUDGET, IDLE = 64 << 20, 600
#: Raised when thumbnails are drawn differently, so that cached ones are not used.
THUMBNAILS = "1"
SHOWN_NOUNS = ("pictures", "scores", "scrapheap")


class Views:
    """The orders kept for one library. `revisions()` gives the writer's, by noun.

    `places`: where free words are looked for besides names and prompts. `saved`: the text of a saved query. `ranker`:
    what computes likeness. `missed()`: how many commits the writer could not tell `changed` about.
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
        ranker: Ranker | None = None,
        missed: Callable[[], int] = lambda: 0,
    ) -> None:
        self._db = db
        self._terms = terms
        self._terms_for_others = {
            name: term if term.compile_for_others is None else replace(term, compile=term.compile_for_others)
            for name, term in terms.items()
        }
        self._epoch = epoch
        self._revisions = revisions
        self._places = places
        self._saved = saved
        self._ranker = ranker
        self._caches = Holder(db, missed)
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
            order.notes,
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
        return Rows(grid.rows(self._db, reader, ids))

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
                    raise Invalid(f"The range [{first}, {after}] exceeds the view's length, {len(order.ids)}.")
            ids = (picture for first, after in selection.ranges for picture in order.ids[first:after].tolist())
        return sorted({picture for picture in ids if scope.sees(reader, picture)})

    def page(self, reader: Reader, text: str, sort: str | None, offset: int, limit: int) -> list[Picture]:
        """A plain list of pictures, for the CLI and scripts."""
        return self.listed(reader, self._order(reader, text, sort).ids[offset : offset + limit].tolist())

    def listed(self, reader: Reader, ids: list[int]) -> list[Picture]:
        """These pictures, in this order, without those that are gone or not visible."""
        relation, bound = scope.visible(reader)
        rows = self._db.read(
            f"select {grid.COLUMNS} from {relation} g {grid.JOINS} where g.id in carray(:ids)",
            {**bound, "ids": bind_ids(ids)},
        )
        by_id = {row[0]: row for row in rows}
        return grid.listed([by_id[picture] for picture in ids if picture in by_id])

    def ids(self, reader: Reader, text: str, sort: str | None = None, veil: Veil | None = None) -> list[int]:
        """All that a query finds, in order; with a veil, without what it hides."""
        return self._order(reader, text, sort, veil).ids.tolist()  # type: ignore[no-any-return]

    def noted(self, reader: Reader, text: str, sort: str | None = None) -> tuple[list[int], list[str]]:
        """The same, and what people should know of it."""
        order = self._order(reader, text, sort)
        return order.ids.tolist(), order.notes

    def count(self, reader: Reader, text: str, veil: Veil | None = None) -> int:
        """How many pictures a query finds."""
        frame, mask = self.mask(reader, query.parse(text), veil)
        return frame.count(mask)

    def mask(self, reader: Reader, asked: query.Query, veil: Veil | None = None) -> tuple[Frame, NDArray[np.bool_]]:
        """What a query finds, one bit for each picture, and the columns of the moment it was asked in."""
        hide = self._veiling(reader, veil.hide) if veil else None
        plan = self._plan(reader, asked)
        prepared = self._prepared(reader, plan)
        with self._looking(reader) as (look, inside):
            mask = found(plan, look, inside)
            if hide is not None:
                mask = mask & ~found(hide, look, inside)
            if prepared is not None:
                mask = look.frame.mask(prepared.order(look, mask, inside))
            return look.frame, mask

    def alike(self, reader: Reader, text: str, limit: int) -> list[Alike]:
        """What a query that ranks finds, the first so many of its order, and how alike each is."""
        plan = self._plan(reader, query.parse(text))
        prepared = self._prepared(reader, plan)
        if prepared is None:
            raise Invalid("Say what pictures are to be like, as in like:picture:7.")
        ids = self._order(reader, text, None).ids[:limit]
        with self._looking(reader) as (look, inside):
            return prepared.measure(look, inside, ids)

    def explain(self, reader: Reader, text: str, picture: int) -> Explained:
        """What of a query holds for a picture."""
        from . import relevance

        scope.require(reader, picture)
        parsed = query.parse(text)
        plan = self._plan(reader, parsed)
        prepared = self._prepared(reader, plan)
        with self._looking(reader) as (look, inside):
            if not (0 <= picture < look.frame.size and look.frame.present[picture]):
                raise scope.absent()
            free = [ask.value for ask, _ in plan.asks if isinstance(ask, query.Ask) and not ask.name]
            free += [part.value for part in plan.ranked.parts if part.source == "words"] if plan.ranked else []
            words = relevance.describe(look, relevance.hits(" ".join(free), self._places), picture)
            conditions = [
                str(ask)
                for ask, step in plan.asks
                if not (isinstance(ask, query.Ask) and not ask.name) and mask_of(step, look)[picture]
            ]
            mask = found(plan, look, inside)
            is_found = bool(mask[picture])
            fits: list[Any] = []
            if prepared is not None:
                fits = prepared.fits(look, inside, picture)
                is_found = is_found and bool((prepared.order(look, mask, inside) == picture).any())
            notes = prepared.notes if prepared is not None else []
            return Explained(is_found, words, conditions, fits, notes, plan.ranked)

    def veiled(self, reader: Reader, veil: Veil) -> Veiled | None:
        """What of the whole library, the scrapheap among it, shall not lie open; None: nothing."""
        hide, blur = self._veiling(reader, veil.hide), self._veiling(reader, veil.blur)
        if hide is None and blur is None:
            return None
        with self._looking(reader) as (look, inside):
            hidden, blurred = (None if one is None else found(one, look, inside) for one in (hide, blur))
            return Veiled(hidden, blurred, look.frame, self._caches.get().memberships)

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
            self._hidden = (None, Hidden())
        self._caches.drop()

    def drop_idle(self) -> None:
        """Give memory back when nobody has looked for a while."""
        limit = time.monotonic() - IDLE
        with self._lock:
            for key in [key for key, order in self._orders.items() if order.used < limit]:
                del self._orders[key]
        if self._caches.drop_idle(IDLE):
            with self._lock:
                self._looks, self._hidden = 0, (None, Hidden())

    def changed(self, ids: Iterable[int], renamed: bool, revision: int, nouns: Mapping[str, set[int] | None]) -> None:
        """Name what a commit changed, on the writer's thread, before its revision is published: the pictures whose grid
        rows changed, whether a name did, and the pictures concerned by noun (None: any).
        """
        self._caches.touch(ids, renamed, revision, nouns)

    def suggest(self, reader: Reader, text: str, limit: int, veil: Veil | None = None) -> list[Suggestion]:
        """What the text of a query could go on with."""
        hidden = self.hidden(reader, veil)
        return suggest.of(self._db, reader, self._known_terms(reader), text, limit, hidden)

    # -- keys ----------------------------------------------------------------------------------------------------------

    def _known_terms(self, reader: Reader) -> Mapping[str, Term]:
        if may_know(reader):
            return self._terms
        if reader.scope.all:
            return self._terms_for_others
        return {name: term for name, term in self._terms_for_others.items() if not term.private}

    def _plan(self, reader: Reader, asked: query.Query) -> QueryPlan:
        return Vocabulary(
            self._known_terms(reader),
            lambda name: self._known_fact(reader, name),
            lambda name: self._saved(reader, name),
            self._places,
        ).plan(asked)

    @contextmanager
    def _looking(self, reader: Reader) -> Iterator[tuple[Evaluation, NDArray[np.bool_] | None]]:
        """A place to look plans up in, and what this reader may see (None: everything)."""
        revisions = dict(self._revisions())
        caches = self._caches.get()
        frame = caches.columns.current()
        inside = None if reader.scope.ids is None else frame.mask(reader.scope.ids)
        with self._db.reading() as connection:
            yield Evaluation(frame, connection, caches.masks, revisions), inside

    def _prepared(self, reader: Reader, plan: QueryPlan) -> Prepared | None:
        """What the query ranks by, ready to be compared with; a person may wait for it."""
        if plan.ranked is None:
            return None
        if self._ranker is None:
            raise Invalid("Nothing here computes likeness.")
        return self._ranker.prepare(reader, plan.ranked)

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
        revisions = dict(self._revisions())  # before anything is read: what follows may be newer, never older
        prepared = self._prepared(reader, plan)
        nouns = plan.nouns.union(*(one.nouns for one in (hide, blur) if one))
        if self._ranker is not None and (prepared is not None or parsed.sort in BY_OUTLIER):
            nouns = nouns | self._ranker.nouns
        seen = ",".join(f"{noun}={revisions.get(noun, 0)}" for noun in sorted(nouns))
        roots = (repr(one and one.root) for one in (plan, hide, blur))
        ready = prepared.key if prepared is not None else ""
        key = _hash(
            str(parsed), *roots, repr(plan.ranked), ready, parsed.sort, scope.fingerprint(reader), self._epoch, seen
        )
        with self._lock:
            lock = self._building.setdefault(key, threading.Lock())
        try:
            with cancellation.locked(lock):  # one build, however many ask; if its client leaves, the next one builds
                order = self._get(key)
                if order is None:
                    order = self._build(reader, key, parsed, plan, prepared, hide, blur)
                    self._keep(order)
        finally:
            with self._lock:
                self._building.pop(key, None)
        return order

    def _build(
        self,
        reader: Reader,
        key: str,
        parsed: query.Query,
        plan: QueryPlan,
        prepared: Prepared | None,
        hide: QueryPlan | None,
        blur: QueryPlan | None,
    ) -> Order:
        with self._looking(reader) as (look, inside):
            frame = look.frame
            mask = found(replace(plan, spread=True), look, inside)
            blurred = None if blur is None else found(blur, look, inside)
            if hide is not None:
                mask = mask & ~found(hide, look, inside)
            whole = frame.count(mask)
            if not plan.spread:
                mask = mask & frame.uppermost
            if prepared is not None:
                ids = prepared.order(look, mask, inside)
                whole = len(ids)
                mask = mask if parsed.sort == BY_LIKENESS else frame.mask(ids)
            if prepared is None or parsed.sort != BY_LIKENESS:
                ids = self._arranged(look, mask, inside, plan, parsed.sort)
            notes = _unknown(look, plan) + (prepared.notes if prepared is not None else [])
        return Order(
            key,
            ids,
            frame.values("aspect")[ids].tobytes(),
            sections.of(self._db, frame, parsed.sort, ids),
            parsed.sort,
            str(parsed),
            scope.fingerprint(reader),
            whole - len(ids),
            blurred[ids].tobytes() if blurred is not None else None,
            notes,
        )

    def _arranged(
        self, look: Evaluation, mask: NDArray[np.bool_], inside: NDArray[np.bool_] | None, plan: QueryPlan, sort: str
    ) -> NDArray[np.uint32]:
        """The ids of a mask in an order."""
        frame = look.frame
        if sort == "relevance":
            return self.relevant(look, mask, inside, " ".join(plan.words))
        if sort in BY_OUTLIER and self._ranker is not None:
            ids = self._ranker.outliers(frame, mask)
            return ids if sort == BY_OUTLIER[0] else ids[::-1]
        if plan.arranged is not None:
            return frame.ranked(mask, plan.arranged.sql, plan.arranged.bindings)
        return frame.arrange(mask, sort)

    def relevant(
        self, look: Evaluation, mask: NDArray[np.bool_], inside: NDArray[np.bool_] | None, text: str
    ) -> NDArray[np.uint32]:
        """The ids of a mask, those that fit words best first; what does not fit at all last, the newest first."""
        from . import relevance

        seen = look.frame.living if inside is None else look.frame.living & inside
        ids = relevance.ranked(relevance.scores(look, relevance.hits(text, self._places), mask, seen))
        return look.frame.first(ids, mask)

    def _veiling(self, reader: Reader, text: str) -> QueryPlan | None:
        """What a query of the veil finds, wherever it lies; None when it is empty."""
        if not text.strip():
            return None
        try:
            plan = self._plan(reader, query.parse(text))
        except QueryError as error:  # nothing may be shown that should be hidden
            raise QueryError(f"the veil's query {text!r} cannot be read: {error}", 0) from error
        return replace(plan, thrown=True, spread=True)

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
        gone = (grid.NO_STILL | grid.NO_LOCATION) << 16
        self._looks += 1
        if self._looks > LOOKS:
            frame = self._caches.get().columns.current()
            shown = frame.shown(ids, gone)
            if reader.scope.ids is not None:
                shown[~frame.mask(reader.scope.ids)[ids.clip(max=frame.size - 1)]] = gone
            return shown.tobytes()
        relation, bound = scope.visible(reader)
        found = self._db.read(
            f"select g.id, {grid.SHOWN} from {relation} g where g.id in carray(:ids)",
            {"ids": bind_ids(ids.tolist()), **bound},
        )
        known: dict[int, int] = dict(found)
        return array("I", (known.get(picture, gone) for picture in ids.tolist())).tobytes()


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _unknown(look: Evaluation, plan: QueryPlan) -> list[str]:
    """What is to be said of names that are nothing's: such a condition finds no picture, and its opposite all."""
    missing = {
        f"There is no {term.name} “{value.lstrip('=').strip()}”.": None
        for term, value in plan.named
        if term.known is not None and not term.known(look.connection, value)
    }
    return list(missing)

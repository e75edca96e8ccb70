"""Views: a query's ordered result, cached under a key and served in blocks (`docs/http.md`).

A query is evaluated as a mask (`evaluator`) and sorted with arrays in memory (`columns`). The order is cached as an
array of ids; what a block shows of each picture is read on request. An order's key includes the query, the scope, the
library's epoch and the revisions of the topics that the query reads. A view's key adds the revisions of the topics
that its blocks show, so that clients may cache a block's URL forever.
"""

from __future__ import annotations

import hashlib
import threading
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ..database import cancellation
from ..database.connection import Database, bind_ids
from ..database.features import Hidden, Sort, Term
from ..errors import Invalid, QueryError, ViewGone
from ..types import Alike, HideAndBlur, Picture, Reader, Rows, Selection, Suggestion, ViewAnswer, ViewHeader
from . import grid, scope, sections, suggest
from . import language as query
from .caches import Holder
from .compiler import QueryPlan, Vocabulary, matches, missing_names, within_stacks
from .evaluator import Evaluation, mask_of
from .orders import Explained, Order, Veiled
from .places import may_know
from .ranking import BY_LIKENESS, BY_OUTLIER, Prepared, Ranker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Frame

BLOCK, DETAILS = 2048, 256
#: Blocks that are read from the table before the columns for all blocks are loaded into memory.
LOOKS = 4
#: Bytes of cached orders; seconds without use after which they are dropped.
BUDGET, IDLE = 64 << 20, 600
#: To be increased when thumbnails are drawn differently, so that cached ones are not used.
THUMBNAILS = "1"
SHOWN_NOUNS = ("pictures", "scores", "scrapheap")


class Views:
    """The cached orders of one library. `revisions()` returns the writer's revisions by topic.

    `places`: terms that free words are searched in, besides names and prompts. `sorts`: sorts that features contribute.
    `saved`: returns the text of a saved query. `ranker`: computes similarity. `missed()`: the number of commits that
    were not reported to `changed`.
    """

    def __init__(
        self,
        db: Database,
        terms: Mapping[str, Term],
        epoch: str,
        revisions: Callable[[], Mapping[str, int]],
        *,
        places: tuple[Term, ...] = (),
        sorts: Mapping[str, Sort] = MappingProxyType({}),
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
        self._places, self._sorts = places, sorts
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
        self,
        reader: Reader,
        text: str,
        sort: str | None,
        at: int | None,
        revision: int,
        veil: HideAndBlur | None = None,
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
        """Return 2,048 rows: ids u32, colors u16, flags u8 and marks u8, one column after the other, little-endian."""
        order = self._cached(reader, view)
        if not 0 <= number * BLOCK < max(len(order.ids), 1):
            raise Invalid("This view has no such block.")
        return self._block(reader, order, number)

    def details(self, reader: Reader, view: str, number: int) -> Rows:
        order = self._cached(reader, view)
        ids = order.ids[number * DETAILS : (number + 1) * DETAILS].tolist() if number >= 0 else []
        return Rows(grid.rows(self._db, reader, ids))

    def select(self, reader: Reader, selection: Selection) -> list[int]:
        """Return the ids of a selection, without those outside the scope."""
        if (selection.view is None) == (selection.ids is None):
            raise Invalid('Say which pictures: either {"view", "ranges"} or {"ids"}.')
        if selection.ids is not None:
            ids: Iterable[int] = selection.ids
        else:
            assert selection.view is not None
            order = self._cached(reader, selection.view)
            if selection.ranges is None:
                raise Invalid('"ranges" is missing: [[from, to], …], to not included.')
            for first, after in selection.ranges:
                if not 0 <= first <= after <= len(order.ids):
                    raise Invalid(f"The range [{first}, {after}] exceeds the view's length, {len(order.ids)}.")
            ids = (picture for first, after in selection.ranges for picture in order.ids[first:after].tolist())
        return sorted({picture for picture in ids if scope.sees(reader, picture)})

    def page(self, reader: Reader, text: str, sort: str | None, offset: int, limit: int) -> list[Picture]:
        """Return a part of a query's pictures, for the CLI and scripts."""
        return self.listed(reader, self._order(reader, text, sort).ids[offset : offset + limit].tolist())

    def listed(self, reader: Reader, ids: list[int]) -> list[Picture]:
        """Return these pictures in this order, without those that are deleted or not visible."""
        relation, bound = scope.visible(reader)
        rows = self._db.read(
            f"select {grid.COLUMNS} from {relation} g {grid.JOINS} where g.id in carray(:ids)",
            {**bound, "ids": bind_ids(ids)},
        )
        by_id = {row[0]: row for row in rows}
        return grid.listed([by_id[picture] for picture in ids if picture in by_id])

    def ids(self, reader: Reader, text: str, sort: str | None = None, veil: HideAndBlur | None = None) -> list[int]:
        """Return the ids of all pictures of a query in order; with `veil`, without hidden ones."""
        return self._order(reader, text, sort, veil).ids.tolist()  # type: ignore[no-any-return]

    def noted(self, reader: Reader, text: str, sort: str | None = None) -> tuple[list[int], list[str]]:
        """Return the ids of all pictures of a query in order, and notes for the user."""
        order = self._order(reader, text, sort)
        return order.ids.tolist(), order.notes

    def count(self, reader: Reader, text: str, veil: HideAndBlur | None = None) -> int:
        """Return the number of pictures of a query."""
        frame, mask = self.mask(reader, query.parse(text), veil)
        return frame.count(mask)

    def mask(
        self, reader: Reader, parsed: query.Query, veil: HideAndBlur | None = None, *, in_stacks: bool = False
    ) -> tuple[Frame, NDArray[np.bool_]]:
        """Return the columns at present, and a mask of a query's pictures (`in_stacks`: each of a stack by itself)."""
        hide = self._veiling(reader, veil.hide) if veil else None
        plan = self._plan(reader, parsed)
        if in_stacks:
            plan = within_stacks(plan)
        prepared = self._prepared(reader, plan)
        with self._looking(reader) as (look, inside):
            mask = matches(plan, look, inside)
            if hide is not None:
                mask = mask & ~matches(hide, look, inside)
            if prepared is not None:
                mask = look.frame.mask(prepared.order(look, mask, inside))
            return look.frame, mask

    def alike(self, reader: Reader, text: str, limit: int) -> list[Alike]:
        """Return the first pictures of a query that ranks, with their similarity."""
        plan = self._plan(reader, query.parse(text))
        prepared = self._prepared(reader, plan)
        if prepared is None:
            raise Invalid("Say what pictures are to be like, as in like:picture:7.")
        ids = self._order(reader, text, None).ids[:limit]
        with self._looking(reader) as (look, inside):
            return prepared.measure(look, inside, ids)

    def explain(self, reader: Reader, text: str, picture: int) -> Explained:
        """Return why a query finds a picture."""
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
            mask = matches(plan, look, inside)
            is_found = bool(mask[picture])
            fits: list[Any] = []
            if prepared is not None:
                fits = prepared.fits(look, inside, picture)
                is_found = is_found and bool((prepared.order(look, mask, inside) == picture).any())
            notes = prepared.notes if prepared is not None else []
            return Explained(is_found, words, conditions, fits, notes, plan.ranked)

    def veiled(self, reader: Reader, veil: HideAndBlur) -> Veiled | None:
        """Return which pictures, including the scrapheap, are hidden or blurred; None if no query is set."""
        hide, blur = self._veiling(reader, veil.hide), self._veiling(reader, veil.blur)
        if hide is None and blur is None:
            return None
        with self._looking(reader) as (look, inside):
            hidden, blurred = (None if plan is None else matches(plan, look, inside) for plan in (hide, blur))
            return Veiled(hidden, blurred, look.frame, self._caches.get().memberships)

    def hidden(self, reader: Reader, veil: HideAndBlur | None) -> Hidden:
        """Return the ids of hidden pictures; the same list as long as nothing changes."""
        key = (scope.fingerprint(reader), veil, tuple(sorted(self._revisions().items())))
        with self._lock:
            if self._hidden[0] == key:
                return self._hidden[1]
        veiled = self.veiled(reader, veil) if veil else None
        hidden = Hidden() if veiled is None or veiled.hidden is None else Hidden(veiled.hidden.nonzero()[0].tolist())
        with self._lock:
            self._hidden = key, hidden
        return hidden

    def renew(self, epoch: str) -> None:
        """Drop everything that is cached, because a new epoch has begun."""
        with self._lock:
            self._epoch = epoch
            self._orders.clear()
            self._hidden = (None, Hidden())
        self._caches.drop()

    def drop_idle(self) -> None:
        """Release memory that was not used for a while."""
        limit = time.monotonic() - IDLE
        with self._lock:
            for key in [key for key, order in self._orders.items() if order.used < limit]:
                del self._orders[key]
        if self._caches.drop_idle(IDLE):
            with self._lock:
                self._looks, self._hidden = 0, (None, Hidden())

    def changed(self, ids: Iterable[int], renamed: bool, revision: int, nouns: Mapping[str, set[int] | None]) -> None:
        """Note what a commit changed, on the writer's thread, before its revision is published.

        `ids`: pictures whose grid rows changed; `renamed`: whether a name did; `nouns`: the pictures by topic (None:
        any).
        """
        self._caches.touch(ids, renamed, revision, nouns)

    def suggest(self, reader: Reader, text: str, limit: int, veil: HideAndBlur | None = None) -> list[Suggestion]:
        """Return completions for the text of a query."""
        hidden = self.hidden(reader, veil)
        return suggest.of(self._db, reader, self._known_terms(reader), text, limit, hidden)

    # -- keys ----------------------------------------------------------------------------------------------------------

    def _known_terms(self, reader: Reader) -> Mapping[str, Term]:
        if may_know(reader):
            return self._terms
        if reader.scope.all:
            return self._terms_for_others
        return {name: term for name, term in self._terms_for_others.items() if not term.private}

    def _plan(self, reader: Reader, parsed: query.Query) -> QueryPlan:
        return Vocabulary(
            self._known_terms(reader),
            lambda name: self._known_fact(reader, name),
            lambda name: self._saved(reader, name),
            self._places,
            self._sorts,
        ).plan(parsed)

    @contextmanager
    def _looking(self, reader: Reader) -> Iterator[tuple[Evaluation, NDArray[np.bool_] | None]]:
        """Return the state to evaluate plans in, and a mask of what this reader may see (None: everything)."""
        revisions = dict(self._revisions())
        caches = self._caches.get()
        frame = caches.columns.current()
        inside = None if reader.scope.ids is None else frame.mask(reader.scope.ids)
        with self._db.reading() as connection:
            yield Evaluation(frame, connection, caches.masks, revisions), inside

    def _prepared(self, reader: Reader, plan: QueryPlan) -> Prepared | None:
        """Return the query's ranking with its vectors, which may take seconds to compute."""
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

    def _order(self, reader: Reader, text: str, sort: str | None, veil: HideAndBlur | None = None) -> Order:
        parsed = query.parse(text, sort)
        plan = self._plan(reader, parsed)
        hide, blur = (self._veiling(reader, text) for text in ((veil.hide, veil.blur) if veil else ("", "")))
        revisions = dict(self._revisions())  # before anything is read: the data may be newer than them, but not older
        prepared = self._prepared(reader, plan)
        nouns = plan.nouns.union(*(other.nouns for other in (hide, blur) if other))
        if self._ranker is not None and (prepared is not None or parsed.sort in BY_OUTLIER):
            nouns = nouns | self._ranker.nouns
        seen = ",".join(f"{noun}={revisions.get(noun, 0)}" for noun in sorted(nouns))
        roots = (repr(other and other.root) for other in (plan, hide, blur))
        ready = prepared.key if prepared is not None else ""
        key = _hash(
            str(parsed), *roots, repr(plan.ranked), ready, parsed.sort, scope.fingerprint(reader), self._epoch, seen
        )
        with self._lock:
            lock = self._building.setdefault(key, threading.Lock())
        try:
            with cancellation.locked(
                lock
            ):  # built once for all requests; if its client leaves, the next request builds
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
            mask = matches(replace(plan, inside_stacks=True), look, inside)
            blurred = None if blur is None else matches(blur, look, inside)
            if hide is not None:
                mask = mask & ~matches(hide, look, inside)
            whole = frame.count(mask)
            if not plan.inside_stacks:
                mask = mask & frame.leaders
            if prepared is not None:
                ids = prepared.order(look, mask, inside)
                whole = len(ids)
                mask = mask if parsed.sort == BY_LIKENESS else frame.mask(ids)
            if prepared is None or parsed.sort != BY_LIKENESS:
                ids = self._arranged(look, mask, inside, plan, parsed.sort)
            notes = missing_names(look.connection, plan) + (prepared.notes if prepared is not None else [])
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
        """Return the ids of a mask in an order."""
        frame = look.frame
        if sort == "relevance":
            return self.relevant(look, mask, inside, " ".join(plan.words))
        if sort in BY_OUTLIER and self._ranker is not None:
            ids = self._ranker.outliers(frame, mask)
            return ids if sort == BY_OUTLIER[0] else ids[::-1]
        if plan.arranged is not None:
            return frame.ranked(mask, plan.arranged.sql, plan.arranged.bindings)
        contributed = self._sorts.get(sort.lstrip("-"))
        if contributed is not None and contributed.keys is not None:
            ids = frame.keyed(mask, contributed.keys)
            return ids[::-1] if sort.startswith("-") else ids
        return frame.arrange(mask, sort)

    def relevant(
        self, look: Evaluation, mask: NDArray[np.bool_], inside: NDArray[np.bool_] | None, text: str
    ) -> NDArray[np.uint32]:
        """Return the ids of a mask, the most relevant for words first; those without a match last, the newest first."""
        from . import relevance

        seen = look.frame.living if inside is None else look.frame.living & inside
        ids = relevance.ranked(relevance.scores(look, relevance.hits(text, self._places), mask, seen))
        return look.frame.first(ids, mask)

    def _veiling(self, reader: Reader, text: str) -> QueryPlan | None:
        """Return the plan of a Hide and blur query, which includes the scrapheap and stacks; None if it is empty."""
        if not text.strip():
            return None
        try:
            plan = self._plan(reader, query.parse(text))
        except QueryError as error:  # fail, because otherwise hidden pictures would be shown
            raise QueryError(f"the Hide and blur query {text!r} cannot be read: {error}", 0) from error
        return replace(plan, scrapheap=True, inside_stacks=True)

    def _view_key(self, order: Order) -> str:
        revisions = self._revisions()
        return order.key + "." + _hash(*(str(revisions.get(noun, 0)) for noun in SHOWN_NOUNS))[:8]

    def _cached(self, reader: Reader, view: str) -> Order:
        """Return the order of a view if this reader's scope is the one it was made for: the key alone is not enough."""
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
            total = sum(cached.bytes for cached in self._orders.values())
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
        """Return color and flags (high half) as a u32 each, also of pictures that were deleted or left the scope."""
        gone = (grid.NO_STILL | grid.NO_LOCATION) << 16
        self._looks += 1
        if self._looks > LOOKS:
            frame = self._caches.get().columns.current()
            shown = frame.shown(ids, gone)
            if reader.scope.ids is not None:
                shown[~frame.mask(reader.scope.ids)[ids.clip(max=frame.size - 1)]] = gone
            return shown.tobytes()
        relation, bound = scope.visible(reader)
        rows = self._db.read(
            f"select g.id, {grid.SHOWN} from {relation} g where g.id in carray(:ids)",
            {"ids": bind_ids(ids.tolist()), **bound},
        )
        values: dict[int, int] = dict(rows)
        return array("I", (values.get(picture, gone) for picture in ids.tolist())).tobytes()


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]

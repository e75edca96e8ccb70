"""Views: a query's ordered result, cached under a key and served in blocks (`docs/http.md`).

A query is evaluated as a mask (`evaluator`) and sorted with arrays in memory (`columns`). The order is cached as an
array of ids; what a block shows of each picture is read on request. An order's key includes the query, the scope, the
library's epoch and the revisions of the topics that the query reads. A view's key adds the revisions of the topics
that its blocks show, so that clients may cache a block's URL forever.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ..database.connection import Database, bind_ids
from ..database.features import Hidden, Sort, Term
from ..errors import Invalid, ViewGone
from ..types import Alike, HideAndBlur, Picture, Reader, Rows, Selection, Suggestion, ViewAnswer, ViewHeader
from . import blocks, explain, grid, scope, sorting, suggest
from . import language as query
from .blocks import BLOCK, Blocks
from .caches import Holder
from .compiler import QueryPlan, matches, missing_names, within_stacks
from .evaluator import Evaluation
from .planner import Planner
from .ranking import BY_LIKENESS, BY_OUTLIER, Prepared, Ranker
from .sorting import Explained, Order, OrderCache, Visibility

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Frame

#: Rows of details in one answer.
DETAILS = 256
#: Seconds without use after which orders and columns are dropped from memory.
IDLE = 600
#: Counts of queries that are held.
COUNTS = 2_000
#: To be increased when thumbnails are drawn differently, so that cached ones are not used.
THUMBNAILS = "1"
SHOWN_TOPICS = ("pictures", "scores", "scrapheap")


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
        self._planner = Planner(db, terms, places, sorts, saved)
        self._epoch = epoch
        self._revisions = revisions
        self._places, self._sorts = places, sorts
        self._ranker = ranker
        self._caches = Holder(db, missed)
        self._counts: dict[str, int] = {}
        self._facts = suggest.FactCounts(self._revision_of_facts)
        self._hidden: tuple[object, Hidden] = (None, Hidden())
        self._lock = threading.Lock()
        self._orders = OrderCache()
        self._blocks = Blocks(db, self._caches)

    # -- answers -------------------------------------------------------------------------------------------------------

    def open(
        self,
        reader: Reader,
        text: str,
        sort: str | None,
        at: int | None,
        revision: int,
        hide_and_blur: HideAndBlur | None = None,
    ) -> ViewAnswer:
        order = self._order(reader, text, sort, hide_and_blur)
        at_index = order.index(at) if at is not None else None
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
        return ViewAnswer(header, order.aspects, self._blocks.read(reader, order, block) if len(order.ids) else b"")

    def block(self, reader: Reader, view: str, number: int) -> bytes:
        """Return 2,048 rows: ids u32, colors u16, flags u8 and marks u8, one column after the other, little-endian."""
        order = self._cached(reader, view)
        if not 0 <= number * BLOCK < max(len(order.ids), 1):
            raise Invalid("This view has no such block.")
        return self._blocks.read(reader, order, number)

    def details(self, reader: Reader, view: str, number: int, hide_and_blur: HideAndBlur | None = None) -> Rows:
        order = self._cached(reader, view)
        ids = order.ids[number * DETAILS : (number + 1) * DETAILS].tolist() if number >= 0 else []
        return Rows(grid.rows(self._db, reader, ids, self.hidden(reader, hide_and_blur)))

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

    def ids(
        self, reader: Reader, text: str, sort: str | None = None, hide_and_blur: HideAndBlur | None = None
    ) -> list[int]:
        """Return the ids of all pictures of a query in order; with `hide_and_blur`, without hidden ones."""
        return self._order(reader, text, sort, hide_and_blur).ids.tolist()  # type: ignore[no-any-return]

    def noted(self, reader: Reader, text: str, sort: str | None = None) -> tuple[list[int], list[str]]:
        """Return the ids of all pictures of a query in order, and notes for the user."""
        order = self._order(reader, text, sort)
        return order.ids.tolist(), order.notes

    def count(self, reader: Reader, text: str, hide_and_blur: HideAndBlur | None = None) -> int:
        """Return the number of pictures of a query."""
        frame, mask = self.mask(reader, query.parse(text), hide_and_blur)
        return frame.count(mask)

    def kept_count(
        self, reader: Reader, text: str, hide_and_blur: HideAndBlur | None = None, *, fresh: bool = True
    ) -> int | None:
        """Return the number of pictures of a query, which is held until a topic it reads changes.

        None: the query ranks by similarity, or it would have to be counted and is not to be (`fresh` false).
        """
        plan = self._planner.plan(reader, query.parse(text))
        if plan.ranked is not None:
            return None
        hide = self._planner.plan_hidden(reader, hide_and_blur.hide) if hide_and_blur else None
        revisions = self._revisions()  # before anything is counted
        topics = plan.topics | (hide.topics if hide else frozenset())
        seen = ",".join(f"{topic}={revisions.get(topic, 0)}" for topic in sorted(topics))
        key = _hash(repr(plan.root), repr(hide and hide.root), scope.fingerprint(reader), self._epoch, seen)
        if key not in self._counts and fresh:
            if len(self._counts) > COUNTS:
                self._counts.clear()
            self._counts[key] = self.count(reader, text, hide_and_blur)
        return self._counts.get(key)

    def keeps(self, reader: Reader, text: str) -> bool:
        """Return whether the mask of a query of one term is cached, but for pictures that have changed since."""
        with self._evaluating(reader) as (look, _):
            return look.keeps(self._planner.plan(reader, query.parse(text)).root)

    def mask(
        self, reader: Reader, parsed: query.Query, hide_and_blur: HideAndBlur | None = None, *, in_stacks: bool = False
    ) -> tuple[Frame, NDArray[np.bool_]]:
        """Return the columns at present, and a mask of a query's pictures (`in_stacks`: each of a stack separately)."""
        hide = self._planner.plan_hidden(reader, hide_and_blur.hide) if hide_and_blur else None
        plan = self._planner.plan(reader, parsed)
        if in_stacks:
            plan = within_stacks(plan)
        prepared = self._prepared(reader, plan)
        with self._evaluating(reader) as (look, inside):
            mask = matches(plan, look, inside)
            if hide is not None:
                mask = mask & ~matches(hide, look, inside)
            if prepared is not None:
                mask = look.frame.mask(prepared.order(look, mask, inside))
            return look.frame, mask

    def alike(self, reader: Reader, text: str, limit: int) -> list[Alike]:
        """Return the first pictures of a query that ranks, with their similarity."""
        plan = self._planner.plan(reader, query.parse(text))
        prepared = self._prepared(reader, plan)
        if prepared is None:
            raise Invalid("Say what pictures are to be like, as in like:picture:7.")
        ids = self._order(reader, text, None).ids[:limit]
        with self._evaluating(reader) as (look, inside):
            return prepared.measure(look, inside, ids)

    def explain(self, reader: Reader, text: str, picture: int) -> Explained:
        """Return why a query finds a picture."""
        scope.require(reader, picture)
        parsed = query.parse(text)
        plan = self._planner.plan(reader, parsed)
        prepared = self._prepared(reader, plan)
        with self._evaluating(reader) as (look, inside):
            if not (0 <= picture < look.frame.size and look.frame.present[picture]):
                raise scope.absent()
            return explain.explain(look, inside, plan, prepared, self._places, picture)

    def visibility(self, reader: Reader, hide_and_blur: HideAndBlur) -> Visibility | None:
        """Return which pictures, including the scrapheap, are hidden or blurred; None if no query is set."""
        hide, blur = (
            self._planner.plan_hidden(reader, hide_and_blur.hide),
            self._planner.plan_hidden(reader, hide_and_blur.blur),
        )
        if hide is None and blur is None:
            return None
        with self._evaluating(reader) as (look, inside):
            hidden, blurred = (None if plan is None else matches(plan, look, inside) for plan in (hide, blur))
            return Visibility(hidden, blurred, look.frame, self._caches.get().memberships)

    def hidden(self, reader: Reader, hide_and_blur: HideAndBlur | None) -> Hidden:
        """Return the ids of hidden pictures; the same list as long as nothing changes."""
        key = (scope.fingerprint(reader), hide_and_blur, tuple(sorted(self._revisions().items())))
        with self._lock:
            if self._hidden[0] == key:
                return self._hidden[1]
        visibility = self.visibility(reader, hide_and_blur) if hide_and_blur else None
        hidden = (
            Hidden()
            if visibility is None or visibility.hidden is None
            else Hidden(visibility.hidden.nonzero()[0].tolist())
        )
        with self._lock:
            self._hidden = key, hidden
        return hidden

    def renew(self, epoch: str) -> None:
        """Drop everything that is cached, because a new epoch has begun."""
        with self._lock:
            self._epoch = epoch
            self._hidden = (None, Hidden())
        self._orders.clear()
        self._caches.drop()

    def drop_idle(self) -> None:
        """Release memory that was not used for a while."""
        self._orders.drop_idle(IDLE)
        if self._caches.drop_idle(IDLE):
            self._blocks.start_over()
            with self._lock:
                self._hidden = (None, Hidden())

    def changed(self, ids: Iterable[int], renamed: bool, revision: int, topics: Mapping[str, set[int] | None]) -> None:
        """Note what a commit changed, on the writer's thread, before its revision is published.

        `ids`: pictures whose grid rows changed; `renamed`: whether a name did; `topics`: the pictures by topic (None:
        any).
        """
        self._caches.touch(ids, renamed, revision, topics)

    def suggest(
        self, reader: Reader, text: str, limit: int, hide_and_blur: HideAndBlur | None = None
    ) -> list[Suggestion]:
        """Return completions for the text of a query."""
        source = suggest.Source(
            self._db,
            self._planner.terms(reader),
            self._facts,
            self.hidden(reader, hide_and_blur),
            lambda: self.mask(reader, query.parse(""), hide_and_blur),
        )
        return suggest.of(source, reader, text, limit)

    def _revision_of_facts(self) -> object:
        """Return what changes when pictures, or which of them are in the scrapheap, change."""
        revisions = self._revisions()
        return self._epoch, revisions.get("pictures"), revisions.get("scrapheap")

    # -- keys ----------------------------------------------------------------------------------------------------------

    @contextmanager
    def _evaluating(self, reader: Reader) -> Iterator[tuple[Evaluation, NDArray[np.bool_] | None]]:
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

    def _order(self, reader: Reader, text: str, sort: str | None, hide_and_blur: HideAndBlur | None = None) -> Order:
        parsed = query.parse(text, sort)
        plan = self._planner.plan(reader, parsed)
        hide, blur = (
            self._planner.plan_hidden(reader, text)
            for text in ((hide_and_blur.hide, hide_and_blur.blur) if hide_and_blur else ("", ""))
        )
        revisions = dict(self._revisions())  # before anything is read: the data may be newer than them, but not older
        prepared = self._prepared(reader, plan)
        topics = plan.topics.union(*(other.topics for other in (hide, blur) if other))
        if self._ranker is not None and (prepared is not None or parsed.sort in BY_OUTLIER):
            topics = topics | self._ranker.topics
        seen = ",".join(f"{topic}={revisions.get(topic, 0)}" for topic in sorted(topics))
        roots = (repr(other and other.root) for other in (plan, hide, blur))
        ready = prepared.key if prepared is not None else ""
        key = _hash(
            str(parsed), *roots, repr(plan.ranked), ready, parsed.sort, scope.fingerprint(reader), self._epoch, seen
        )
        return self._orders.get_or_build(key, lambda: self._build(reader, key, parsed, plan, prepared, hide, blur))

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
        with self._evaluating(reader) as (look, inside):
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
                ids = sorting.arrange(look, mask, inside, plan, parsed.sort, self._sorts, self._places, self._ranker)
            notes = missing_names(look.connection, plan) + (prepared.notes if prepared is not None else [])
        return Order(
            key,
            ids,
            frame.values("aspect")[ids].tobytes(),
            blocks.sections_of(self._db, frame, parsed.sort, ids),
            parsed.sort,
            str(parsed),
            scope.fingerprint(reader),
            whole - len(ids),
            blurred[ids].tobytes() if blurred is not None else None,
            notes,
        )

    def _view_key(self, order: Order) -> str:
        revisions = self._revisions()
        return order.key + "." + _hash(*(str(revisions.get(topic, 0)) for topic in SHOWN_TOPICS))[:8]

    def _cached(self, reader: Reader, view: str) -> Order:
        """Return the order of a view if this reader's scope is the one it was made for: the key alone is not enough."""
        order = self._orders.get(view.partition(".")[0])
        if order is None or order.scope != scope.fingerprint(reader):
            raise ViewGone("This view is no longer kept: ask for it again.")
        return order


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]

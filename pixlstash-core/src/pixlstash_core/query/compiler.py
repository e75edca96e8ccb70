"""A query as what is to be looked up, and the look-up itself: a mask over all pictures, one bit each.

Every leaf is one statement that yields ids, or a comparison of a column held in memory; `AND`, `OR`, `NOT` and set
algebra are arithmetic on masks. The scope is one more mask, laid over the whole at the end: nothing can widen it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ..database import cancellation
from ..database.connection import bind_ids
from ..database.features import Condition, Lookup, Range, Term
from ..errors import QueryError
from . import ranking
from .language import BY_HAND, RANKING, All, AnyOf, Ask, Node, Not, Query, Sets, parse
from .ranking import BY_LIKENESS, FACE, HOW, LIKE, Ranked
from .terms import WORDS_NOUNS, fact, words

if TYPE_CHECKING:
    import apsw
    from numpy import bool_
    from numpy.typing import NDArray

    from .columns import Frame
    from .masks import Masks

    Mask = NDArray[bool_]

#: Which noun's changes can reorder a sort.
SORT_NOUNS = {"score": "scores", "rarity": "tags"}
SCRAPHEAP = "is:scrapheap"
#: Saved queries within saved queries, and conditions of a query together with all the saved queries in it.
NESTED, EXPANDED = 10, 500


class TermMask(Struct, frozen=True):
    """A statement, and the nouns whose changes can change what it yields."""

    of: Lookup
    nouns: frozenset[str]


class Complement(Struct, frozen=True):
    of: Step


class Intersection(Struct, frozen=True):
    of: tuple[Step, ...]


class Union(Struct, frozen=True):
    of: tuple[Step, ...]


class SetOperation(Struct, frozen=True):
    how: str
    of: tuple[Step, ...]


class Scrapheaped(Struct, frozen=True):
    """What was thrown away."""


Step = Condition | TermMask | Complement | Intersection | Union | SetOperation | Scrapheaped


class QueryPlan(Struct, frozen=True):
    """`nouns`: whose changes can change the answer. `thrown`: the scrapheap is asked about, so nothing is left out.

    `spread`: stacks are looked into, else only their leaders are found. `words`: the free words that all found have.
    `arranged`: what yields the pictures in the order that people gave them, when that is the sort. `ranked`: what they
    are to be like. `asks`: the conditions that all must hold, each with its step. `named`: what is asked for by a name
    that may be nothing's.
    """

    root: Step
    sort: str
    nouns: frozenset[str]
    thrown: bool
    spread: bool
    words: tuple[str, ...]
    arranged: Lookup | None = None
    ranked: Ranked | None = None
    asks: tuple[tuple[Node, Step], ...] = ()
    named: tuple[tuple[Term, str], ...] = ()


class Vocabulary(Struct, frozen=True):
    """The names that can be asked for. `known_fact`: whether a file carries a fact of a name.

    `saved`: the text of a saved query. `places`: where free words are looked for besides names and prompts.
    """

    terms: Mapping[str, Term]
    known_fact: Callable[[str], bool]
    saved: Callable[[str], str | None] = lambda name: None
    places: tuple[Term, ...] = ()

    def plan(self, query: Query) -> QueryPlan:
        """What is to be looked up; `QueryError` for a name or value that means nothing."""
        expansion = _Expansion(self.saved)
        making = _Making(self, expansion)
        top = tuple(_top(query.root, expansion))
        ranking = [one for one in top if isinstance(one, Ask) and one.name in RANKING]
        held = tuple((one, making.step(one)) for one in top if one not in ranking)
        root = held[0][1] if len(held) == 1 else Intersection(tuple(step for _, step in held))
        ranked = self._ranked(ranking, making)
        if query.sort == BY_LIKENESS and ranked is None:
            raise QueryError("the order by likeness needs something to be like, as in like:picture:7", 0)
        free = tuple(one.value for one in top if isinstance(one, Ask) and not one.name)
        nouns = {"pictures", "scrapheap", SORT_NOUNS.get(query.sort.lstrip("-"), "pictures"), *making.nouns}
        arranged = self._arranged(top) if query.sort == BY_HAND else None
        spread = making.spread or making.thrown
        return QueryPlan(
            root, query.sort, frozenset(nouns), making.thrown, spread, free, arranged, ranked, held, tuple(making.named)
        )

    def _ranked(self, asks: Sequence[Ask], making: _Making) -> Ranked | None:
        """What is to be ranked by, from the conditions that do."""
        by = {one.name for one in asks if one.name in (LIKE, FACE)}
        if not by:
            if asks:
                raise QueryError(f"expected like: or face: beside {asks[0].name}:", asks[0].at)
            return None
        if len(by) > 1:
            raise QueryError("expected either like: or face:, as what they compare is not comparable", asks[0].at)
        groups = {name: term.compile for name, term in self.terms.items() if term.group and ":" not in name}
        for one in asks:
            source = one.value.partition(":")[0]
            if source in groups:
                making.nouns.update(self.terms[source].nouns)
        try:
            of = [one for one in asks if one.name in by]
            return ranking.read(by.pop(), of, [one for one in asks if one.name in HOW], groups)
        except ValueError as error:
            raise QueryError(f"expected {error} at column {asks[0].at + 1}", asks[0].at) from None

    def _arranged(self, top: tuple[Node, ...]) -> Lookup:
        """The order by hand of the one group that all found are in."""
        found = [
            term.arranged(ask.value)
            for ask in top
            if isinstance(ask, Ask) and (term := self.terms.get(ask.name)) is not None and term.arranged is not None
        ]
        if len(found) != 1:
            raise QueryError("the order by hand is that of a set: ask for one, as in set:Harbour", 0)
        return found[0]


def _top(root: Node, expansion: _Expansion) -> Iterator[Node]:
    """The conditions that all must hold; those of a saved query that ranks are among them."""
    for node in root.of if isinstance(root, All) else (root,):
        saved = expansion.query(node.value) if isinstance(node, Ask) and node.name == "query" else None
        if isinstance(node, Ask) and isinstance(saved, Query) and any(ask.name in RANKING for ask in saved.asks()):
            inner = saved.root.of if isinstance(saved.root, All) else (saved.root,)
            expansion.spend(sum(isinstance(each, Ask) and each.name in RANKING for each in inner), node)
            yield from inner
        else:
            yield node


def _looked(step: Condition, nouns: Iterable[str]) -> Step:
    """A step whose mask is kept, where it is a statement."""
    return TermMask(step, frozenset(nouns)) if isinstance(step, Lookup) else step


class _Expansion:
    """What one compilation knows of saved queries: each is read and planned once, and all share one budget."""

    def __init__(self, saved: Callable[[str], str | None]) -> None:
        self._saved = saved
        self._queries: dict[str, Query | QueryError | None] = {}
        self.planned: dict[str, tuple[Step, _Making]] = {}
        #: Names of those whose planning has begun and not ended.
        self.open: set[str] = set()
        self.conditions = 0

    def query(self, name: str) -> Query | QueryError | None:
        """The saved query of a name, or why it cannot be read; None: there is none."""
        if name not in self._queries:
            text = self._saved(name)
            try:
                self._queries[name] = None if text is None else parse(text)
            except QueryError as error:
                self._queries[name] = error
        return self._queries[name]

    def spend(self, conditions: int, ask: Ask) -> None:
        """Count conditions, those of a saved query each time it is used."""
        self.conditions += conditions
        if self.conditions > EXPANDED:
            raise QueryError(
                f"expected at most {EXPANDED} conditions, counting those of saved queries; the limit is exceeded at"
                f" column {ask.at + 1}",
                ask.at,
            )


class _Making:
    """Plans a query, or a saved query within it. `depth`: how many saved queries it is within."""

    def __init__(self, language: Vocabulary, expansion: _Expansion, depth: int = 0) -> None:
        self._language = language
        self._expansion = expansion
        self._depth = depth
        #: How many levels of saved queries are within it, and how many conditions in all.
        self.height = self.conditions = 0
        self.nouns: set[str] = set()
        self.named: list[tuple[Term, str]] = []
        self.thrown = self.spread = False

    def step(self, node: Node) -> Step:
        if isinstance(node, Ask):
            return self._ask(node)
        if isinstance(node, Not):
            return Complement(self.step(node.of))
        if isinstance(node, Sets):
            return SetOperation(node.how, tuple(self._member(one) for one in node.of))
        steps = tuple(self.step(one) for one in node.of)
        return Union(steps) if isinstance(node, AnyOf) else Intersection(steps)

    def _member(self, ask: Ask) -> Step:
        term = self._language.terms.get(ask.name)
        if ask.name != "query" and (term is None or not term.group):
            groups = [f"{one.name}:" for one in self._language.terms.values() if one.group]
            expected = " or ".join(", ".join([*groups, "query:"]).rsplit(", ", 1))
            raise QueryError(f"expected {expected} at column {ask.at + 1}", ask.at)
        return self._ask(ask)

    def _ask(self, ask: Ask) -> Step:
        self._spend(1, ask)
        if not ask.name:
            return self._words(ask.value)
        if f"{ask.name}:{ask.value}" == SCRAPHEAP:
            self.thrown = True
            return Scrapheaped()
        if ask.name == "query":
            return self._saved(ask)
        if ask.name in RANKING:
            why = f"expected {ask.name}: beside the other conditions, not within OR, parentheses or after a minus"
            raise QueryError(f"{why}, at column {ask.at + 1}", ask.at)
        try:
            return self._term(ask)
        except ValueError as error:
            at = ask.at + len(ask.name) + 1
            raise QueryError(f"expected {error} after {ask.name}: at column {at + 1}", at) from None

    def _term(self, ask: Ask) -> Step:
        terms = self._language.terms
        term = terms.get(f"{ask.name}:{ask.value.lower()}") or terms.get(ask.name)
        if term is not None:
            self.spread |= term.spread
            self.nouns.update(term.nouns)
            if term.known is not None:
                self.named.append((term, ask.value))
            step = term.compile(ask.value)
            return _looked(step, term.nouns)
        known = sorted(name.partition(":")[2] for name in terms if name.startswith(f"{ask.name}:"))
        if known or ask.name == "is":
            raise ValueError("one of " + ", ".join(sorted({*known, SCRAPHEAP.partition(":")[2]})))
        if self._language.known_fact(ask.name):
            return fact(ask.name)(ask.value)
        raise QueryError(
            f"expected a known name instead of {ask.name!r} at column {ask.at + 1}; to find these words, put quotes"
            " around them",
            ask.at,
        )

    def _words(self, value: str) -> Step:
        self.nouns |= WORDS_NOUNS
        found = [_looked(words(value), WORDS_NOUNS)]
        for place in self._language.places:
            self.nouns.update(place.nouns)
            found.append(_looked(place.compile(value), place.nouns))
        return Union(tuple(found))

    def _saved(self, ask: Ask) -> Step:
        self.nouns.add("queries")
        step, inner = self._planned(ask)
        if self._depth + 1 + inner.height > NESTED:
            raise QueryError(f"expected at most {NESTED} saved queries in each other at column {ask.at + 1}", ask.at)
        self.height = max(self.height, inner.height + 1)
        self.nouns |= inner.nouns
        self.named += inner.named
        self.thrown |= inner.thrown
        self.spread |= inner.spread
        return step

    def _planned(self, ask: Ask) -> tuple[Step, _Making]:
        """The step of a saved query, and what came up while it was planned."""
        expansion = self._expansion
        if (planned := expansion.planned.get(ask.value)) is not None:
            self._spend(planned[1].conditions, ask)
            return planned
        saved = expansion.query(ask.value)
        if saved is None:
            raise QueryError(f"expected the name of a saved query at column {ask.at + 1}", ask.at)
        if ask.value in expansion.open or self._depth >= NESTED:
            why = f"expected saved queries that do not contain each other at column {ask.at + 1}"
            raise QueryError(why, ask.at)
        inner = _Making(self._language, expansion, self._depth + 1)
        expansion.open.add(ask.value)
        try:
            if isinstance(saved, QueryError):
                raise saved
            step = inner.step(saved.root)
        except QueryError as error:
            why = f"the saved query {ask.value!r}, asked for at column {ask.at + 1}, cannot be read: {error}"
            raise QueryError(why, ask.at) from error
        expansion.open.remove(ask.value)
        self.conditions += inner.conditions
        expansion.planned[ask.value] = step, inner
        return step, inner

    def _spend(self, conditions: int, ask: Ask) -> None:
        self.conditions += conditions
        self._expansion.spend(conditions, ask)


# -- looking up --------------------------------------------------------------------------------------------------------


class Evaluation(Struct):
    """Where a plan is looked up. `revisions` are those of a moment before the frame's."""

    frame: Frame
    connection: apsw.Connection
    masks: Masks
    revisions: Mapping[str, int]

    def up(self, asked: Lookup, among: list[int] | None = None) -> Mask:
        """What a statement finds, of all pictures or of those with these ids."""
        sql, bindings = asked.sql, asked.bindings
        if among is not None:
            sql, bindings = asked.among, {**bindings, "among": bind_ids(among)}
        return self.frame.mask(self.frame.ids(self.connection, sql, bindings))


def found(plan: QueryPlan, look: Evaluation, scope: Mask | None) -> Mask:
    """The pictures a plan finds, inside the scope."""
    frame = look.frame
    mask = mask_of(plan.root, look) & (frame.present if plan.thrown else frame.living)
    if not plan.spread:
        mask &= frame.uppermost
    return mask if scope is None else mask & scope


def mask_of(step: Step, look: Evaluation) -> Mask:
    """The pictures a step finds, wherever they lie and whoever may see them."""
    cancellation.check()
    if isinstance(step, TermMask):
        mask = look.masks.get(
            step.of, step.nouns, look.revisions, look.frame.size, lambda among: look.up(step.of, among)
        )
        return ~mask if step.of.others else mask
    if isinstance(step, Lookup):
        return ~look.up(step) if step.others else look.up(step)
    if isinstance(step, Range):
        return _between(look.frame.values(step.column), step)
    if isinstance(step, Scrapheaped):
        return ~look.frame.living
    if isinstance(step, Complement):
        return ~mask_of(step.of, look)
    if isinstance(step, Intersection) and not step.of:
        return look.frame.present
    masks = (mask_of(one, look) for one in step.of)  # one after the other: each takes a byte for every picture
    if isinstance(step, SetOperation):
        return _algebra(step.how, masks)
    return reduce(lambda a, b: a & b, masks) if isinstance(step, Intersection) else reduce(lambda a, b: a | b, masks)


def _between(values: NDArray[Any], step: Range) -> Mask:
    inside: Mask = values == values if step.low is None else values >= step.low
    return inside if step.high is None else inside & (values <= step.high)


def _algebra(how: str, masks: Iterator[Mask]) -> Mask:
    if how == "union":
        return reduce(lambda a, b: a | b, masks)
    if how == "overlap":
        return reduce(lambda a, b: a & b, masks)
    if how == "difference":
        return reduce(lambda a, b: a & ~b, masks)
    once = next(masks)
    often = once & False
    for mask in masks:  # in exactly one of them, for any number
        often |= once & mask
        once = once | mask
    return once & ~often

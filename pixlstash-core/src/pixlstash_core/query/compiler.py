"""Compiles a query to a plan: steps (`evaluator`), what results are ranked by, and the topics they depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ..database.features import Condition, Lookup, Sort, Term
from ..errors import Invalid, QueryError
from . import ranking
from .evaluator import (
    Complement,
    Evaluation,
    Intersection,
    Scrapheaped,
    SetOperation,
    Step,
    TermMask,
    Union,
    mask_of,
)
from .language import BY_HAND, RANKING, All, AnyOf, Ask, Node, Not, Query, Sets, parse
from .ranking import BY_LIKENESS, FACE, HOW, LIKE, Ranked
from .terms import WORDS_TOPICS, fact, words

if TYPE_CHECKING:
    import apsw

    from .evaluator import Mask

SCRAPHEAP = "is:scrapheap"
#: Levels of nested saved queries, and conditions of a query including those of its saved queries, at most.
NESTED, EXPANDED = 10, 500


class QueryPlan(Struct, frozen=True):
    """A compiled query. `topics`: the topics whose changes can change the results.

    `scrapheap`: the query asks about the scrapheap, so nothing is left out. `inside_stacks`: pictures inside stacks
    match, otherwise only leaders do. `words`: the free words that all results have. `arranged`: the statement for a
    manual order. `ranked`: what results must be similar to. `asks`: the top-level conditions with their steps. `named`:
    names in the query that may not exist.
    """

    root: Step
    sort: str
    topics: frozenset[str]
    scrapheap: bool
    inside_stacks: bool
    words: tuple[str, ...]
    arranged: Lookup | None = None
    ranked: Ranked | None = None
    asks: tuple[tuple[Node, Step], ...] = ()
    named: tuple[tuple[Term, str], ...] = ()


class Vocabulary(Struct, frozen=True):
    """The names that a query can use. `known_fact`: whether any file has a fact of a name.

    `saved`: returns the text of a saved query. `places`: terms that free words are searched in, besides names and
    prompts. `sorts`: sorts that features contribute.
    """

    terms: Mapping[str, Term]
    known_fact: Callable[[str], bool]
    saved: Callable[[str], str | None] = lambda name: None
    places: tuple[Term, ...] = ()
    sorts: Mapping[str, Sort] = {}

    def plan(self, query: Query) -> QueryPlan:
        """Return the plan of a query. Raises `QueryError` for an unknown name or invalid value."""
        expansion = _Expansion(self.saved)
        compilation = _Compilation(self, expansion)
        top = tuple(_top(query.root, expansion))
        ranking = [condition for condition in top if isinstance(condition, Ask) and condition.name in RANKING]
        held = tuple((condition, compilation.step(condition)) for condition in top if condition not in ranking)
        root = held[0][1] if len(held) == 1 else Intersection(tuple(step for _, step in held))
        ranked = self._ranked(ranking, compilation)
        if query.sort == BY_LIKENESS and ranked is None:
            raise QueryError("the order by likeness needs something to be like, as in like:picture:7", 0)
        free = tuple(condition.value for condition in top if isinstance(condition, Ask) and not condition.name)
        sort = self.sorts.get(query.sort.lstrip("-"), Sort(query.sort))
        topics = {"pictures", "scrapheap", *sort.topics, *compilation.topics}
        arranged = self._arranged(top) if query.sort == BY_HAND else None
        inside_stacks = compilation.inside_stacks or compilation.scrapheap
        return QueryPlan(
            root,
            query.sort,
            frozenset(topics),
            compilation.scrapheap,
            inside_stacks,
            free,
            arranged,
            ranked,
            held,
            tuple(compilation.named),
        )

    def _ranked(self, asks: Sequence[Ask], compilation: _Compilation) -> Ranked | None:
        """Return the ranking of the conditions that rank; None if there are none."""
        by = {ask.name for ask in asks if ask.name in (LIKE, FACE)}
        if not by:
            if asks:
                raise QueryError(f"expected like: or face: beside {asks[0].name}:", asks[0].at)
            return None
        if len(by) > 1:
            raise QueryError("expected either like: or face:, as what they compare is not comparable", asks[0].at)
        groups = {name: term.compile for name, term in self.terms.items() if term.group and ":" not in name}
        for ask in asks:
            source = ask.value.partition(":")[0]
            if source in groups:
                compilation.topics.update(self.terms[source].topics)
        try:
            of = [ask for ask in asks if ask.name in by]
            return ranking.read(by.pop(), of, [ask for ask in asks if ask.name in HOW], groups)
        except ValueError as error:
            raise QueryError(f"expected {error} at column {asks[0].at + 1}", asks[0].at) from None

    def _arranged(self, top: tuple[Node, ...]) -> Lookup:
        """Return the statement for the manual order of the one set that the query asks for."""
        orders = [
            term.arranged(ask.value)
            for ask in top
            if isinstance(ask, Ask) and (term := self.terms.get(ask.name)) is not None and term.arranged is not None
        ]
        if len(orders) != 1:
            raise QueryError("the order by hand is that of a set: ask for one, as in set:Harbour", 0)
        return orders[0]


def _top(root: Node, expansion: _Expansion) -> Iterator[Node]:
    """Yield the conditions that all must hold, including those of a saved query that ranks."""
    for node in root.of if isinstance(root, All) else (root,):
        saved = expansion.query(node.value) if isinstance(node, Ask) and node.name == "query" else None
        if isinstance(node, Ask) and isinstance(saved, Query) and any(ask.name in RANKING for ask in saved.asks()):
            inner = saved.root.of if isinstance(saved.root, All) else (saved.root,)
            expansion.spend(sum(isinstance(each, Ask) and each.name in RANKING for each in inner), node)
            yield from inner
        else:
            yield node


def _looked(step: Condition, topics: Iterable[str]) -> Step:
    """Return a step whose mask is cached, if the condition is a statement."""
    return TermMask(step, frozenset(topics)) if isinstance(step, Lookup) else step


class _Expansion:
    """The saved queries of one compilation: each is parsed and planned once, and all share one limit of conditions."""

    def __init__(self, saved: Callable[[str], str | None]) -> None:
        self._saved = saved
        self._queries: dict[str, Query | QueryError | None] = {}
        self.planned: dict[str, tuple[Step, _Compilation]] = {}
        #: Names of saved queries that are being planned.
        self.open: set[str] = set()
        self.conditions = 0

    def query(self, name: str) -> Query | QueryError | None:
        """Return a saved query, or the error of parsing it; None if there is none of this name."""
        if name not in self._queries:
            text = self._saved(name)
            try:
                self._queries[name] = None if text is None else parse(text)
            except QueryError as error:
                self._queries[name] = error
        return self._queries[name]

    def spend(self, conditions: int, ask: Ask) -> None:
        """Count conditions, those of a saved query each time it is used. Raises `QueryError` if there are too many."""
        self.conditions += conditions
        if self.conditions > EXPANDED:
            raise QueryError(
                f"expected at most {EXPANDED} conditions, counting those of saved queries; the limit is exceeded at"
                f" column {ask.at + 1}",
                ask.at,
            )


class _Compilation:
    """Compiles a query, or a saved query within it. `depth`: the number of saved queries around it."""

    def __init__(self, language: Vocabulary, expansion: _Expansion, depth: int = 0) -> None:
        self._language = language
        self._expansion = expansion
        self._depth = depth
        #: Levels of saved queries within it, and conditions including theirs.
        self.height = self.conditions = 0
        self.topics: set[str] = set()
        self.named: list[tuple[Term, str]] = []
        self.scrapheap = self.inside_stacks = False

    def step(self, node: Node) -> Step:
        if isinstance(node, Ask):
            return self._ask(node)
        if isinstance(node, Not):
            return Complement(self.step(node.of))
        if isinstance(node, Sets):
            return SetOperation(node.how, tuple(self._member(member) for member in node.of))
        steps = tuple(self.step(part) for part in node.of)
        return Union(steps) if isinstance(node, AnyOf) else Intersection(steps)

    def _member(self, ask: Ask) -> Step:
        term = self._language.terms.get(ask.name)
        if ask.name != "query" and (term is None or not term.group):
            groups = [f"{term.name}:" for term in self._language.terms.values() if term.group]
            expected = " or ".join(", ".join([*groups, "query:"]).rsplit(", ", 1))
            raise QueryError(f"expected {expected} at column {ask.at + 1}", ask.at)
        return self._ask(ask)

    def _ask(self, ask: Ask) -> Step:
        self._spend(1, ask)
        if not ask.name:
            return self._words(ask.value)
        if f"{ask.name}:{ask.value}" == SCRAPHEAP:
            self.scrapheap = True
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
            self.inside_stacks |= term.spread
            self.topics.update(term.topics)
            if term.ids_named is not None:
                self.named.append((term, ask.value))
            step = term.compile(ask.value)
            return _looked(step, term.topics)
        values = sorted(name.partition(":")[2] for name in terms if name.startswith(f"{ask.name}:"))
        if values or ask.name == "is":
            raise ValueError("one of " + ", ".join(sorted({*values, SCRAPHEAP.partition(":")[2]})))
        if self._language.known_fact(ask.name):
            return fact(ask.name)(ask.value)
        raise QueryError(
            f"expected a known name instead of {ask.name!r} at column {ask.at + 1}; to find these words, put quotes"
            " around them",
            ask.at,
        )

    def _words(self, value: str) -> Step:
        self.topics |= WORDS_TOPICS
        steps = [_looked(words(value), WORDS_TOPICS)]
        for place in self._language.places:
            self.topics.update(place.topics)
            steps.append(_looked(place.compile(value), place.topics))
        return Union(tuple(steps))

    def _saved(self, ask: Ask) -> Step:
        self.topics.add("queries")
        step, inner = self._planned(ask)
        if self._depth + 1 + inner.height > NESTED:
            raise QueryError(f"expected at most {NESTED} saved queries in each other at column {ask.at + 1}", ask.at)
        self.height = max(self.height, inner.height + 1)
        self.topics |= inner.topics
        self.named += inner.named
        self.scrapheap |= inner.scrapheap
        self.inside_stacks |= inner.inside_stacks
        return step

    def _planned(self, ask: Ask) -> tuple[Step, _Compilation]:
        """Return the step of a saved query, and its compilation."""
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
        inner = _Compilation(self._language, expansion, self._depth + 1)
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


def matches(plan: QueryPlan, look: Evaluation, scope: Mask | None) -> Mask:
    """Return a mask of the pictures that match a plan, within the scope."""
    frame = look.frame
    mask = mask_of(plan.root, look) & (frame.present if plan.scrapheap else frame.living)
    if not plan.inside_stacks:
        mask &= frame.leaders
    return mask if scope is None else mask & scope


def within_stacks(plan: QueryPlan) -> QueryPlan:
    """Return a plan for which each picture of a stack counts separately; `Invalid` if the query ranks by similarity."""
    if plan.ranked is not None:
        raise Invalid("This query ranks by similarity, so it has no fixed set of pictures. Leave out like: and face:.")
    return replace(plan, inside_stacks=True)


def missing_names(connection: apsw.Connection, plan: QueryPlan) -> list[str]:
    """Return notes about names that do not exist; a condition on one matches no picture."""
    missing = {
        f"There is no {term.name} “{value.lstrip('=').strip()}”.": None
        for term, value in plan.named
        if term.ids_named is not None and not term.ids_named(connection, value)
    }
    return list(missing)

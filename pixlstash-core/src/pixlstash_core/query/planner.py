"""Compiles queries for a reader: which terms and which facts a reader may use depends on the reader's scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from ..database.connection import Database
from ..database.features import Sort, Term
from ..errors import QueryError
from ..types import Reader
from . import language, scope
from .compiler import QueryPlan, Vocabulary
from .scope import may_know


class Planner:
    """Compiles queries. The arguments are described at `Views`."""

    def __init__(
        self,
        db: Database,
        terms: Mapping[str, Term],
        places: tuple[Term, ...],
        sorts: Mapping[str, Sort],
        saved: Callable[[Reader, str], str | None],
    ) -> None:
        self._db = db
        self._all_terms = terms
        self._terms_for_others = {
            name: term if term.compile_for_others is None else replace(term, compile=term.compile_for_others)
            for name, term in terms.items()
        }
        self._places, self._sorts, self._saved = places, sorts, saved

    def terms(self, reader: Reader) -> Mapping[str, Term]:
        """Return the terms that a reader may use, by name."""
        if may_know(reader):
            return self._all_terms
        if reader.scope.all:
            return self._terms_for_others
        return {name: term for name, term in self._terms_for_others.items() if not term.private}

    def plan(self, reader: Reader, parsed: language.Query) -> QueryPlan:
        """Compile a query."""
        return Vocabulary(
            self.terms(reader),
            lambda name: self._is_fact(reader, name),
            lambda name: self._saved(reader, name),
            self._places,
            self._sorts,
        ).plan(parsed)

    def plan_hidden(self, reader: Reader, text: str) -> QueryPlan | None:
        """Compile a Hide and blur query, including the scrapheap and stacks; None if it is empty."""
        if not text.strip():
            return None
        try:
            plan = self.plan(reader, language.parse(text))
        except QueryError as error:  # fail, because otherwise hidden pictures would be shown
            raise QueryError(f"the Hide and blur query {text!r} cannot be read: {error}", 0) from error
        return replace(plan, scrapheap=True, inside_stacks=True)

    def _is_fact(self, reader: Reader, name: str) -> bool:
        """Return whether a picture that the reader may see has a fact of this name."""
        relation, bound = scope.visible(reader)
        if reader.scope.all:
            return bool(self._db.read("select 1 from fact where name = ? limit 1", (name,)))
        sql = f"select 1 from {relation} g join fact f on f.picture_id = g.id where f.name = :name limit 1"
        return bool(self._db.read(sql, {**bound, "name": name}))

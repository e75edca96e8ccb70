"""Explains why a query finds a picture: words, conditions and similarity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..database.features import Term
from .compiler import QueryPlan, matches
from .evaluator import Evaluation, mask_of
from .language import Ask, Node
from .ranking import Prepared
from .sorting import Explained

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def explain(
    look: Evaluation,
    inside: NDArray[np.bool_] | None,
    plan: QueryPlan,
    prepared: Prepared | None,
    places: tuple[Term, ...],
    picture: int,
) -> Explained:
    """Return which words and conditions of a plan match a picture, and its similarity to each source.

    `inside`: a mask of what the reader may see (None: everything). `places`: terms that words are searched in.
    """
    from . import relevance

    words = [ask.value for ask, _ in plan.asks if isinstance(ask, Ask) and not ask.name]
    words += [part.value for part in plan.ranked.parts if part.source == "words"] if plan.ranked else []
    hits = relevance.describe(look, relevance.hits(" ".join(words), places), picture)
    conditions = [str(ask) for ask, step in plan.asks if not _is_word(ask) and mask_of(step, look)[picture]]
    mask = matches(plan, look, inside)
    is_match = bool(mask[picture])
    fits: list[Any] = []
    if prepared is not None:
        fits = prepared.fits(look, inside, picture)
        is_match = is_match and bool((prepared.order(look, mask, inside) == picture).any())
    notes = prepared.notes if prepared is not None else []
    return Explained(is_match, hits, conditions, fits, notes, plan.ranked)


def _is_word(ask: Node) -> bool:
    return isinstance(ask, Ask) and not ask.name

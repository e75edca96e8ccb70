"""Sorts the pictures of a mask: by relevance, similarity, a statement, keys that a feature provides, or a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..database.features import Sort, Term
from .compiler import QueryPlan
from .evaluator import Evaluation
from .ranking import BY_OUTLIER, Ranker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def arrange(
    look: Evaluation,
    mask: NDArray[np.bool_],
    inside: NDArray[np.bool_] | None,
    plan: QueryPlan,
    sort: str,
    sorts: Mapping[str, Sort],
    places: tuple[Term, ...],
    ranker: Ranker | None,
) -> NDArray[np.uint32]:
    """Return the ids of a mask in an order. `inside`: a mask of what the reader may see (None: everything).

    `sorts`: sorts that features contribute. `places`: terms that words are searched in. `ranker`: computes similarity.
    """
    frame = look.frame
    if sort == "relevance":
        return _by_relevance(look, mask, inside, places, " ".join(plan.words))
    if sort in BY_OUTLIER and ranker is not None:
        ids = ranker.outliers(frame, mask)
        return ids if sort == BY_OUTLIER[0] else ids[::-1]
    if plan.arranged is not None:
        return frame.ranked(mask, plan.arranged.sql, plan.arranged.bindings)
    contributed = sorts.get(sort.lstrip("-"))
    if contributed is not None and contributed.keys is not None:
        ids = frame.keyed(mask, contributed.keys)
        return ids[::-1] if sort.startswith("-") else ids
    return frame.arrange(mask, sort)


def _by_relevance(
    look: Evaluation,
    mask: NDArray[np.bool_],
    inside: NDArray[np.bool_] | None,
    places: tuple[Term, ...],
    text: str,
) -> NDArray[np.uint32]:
    """Return the ids of a mask, the most relevant for words first; those without a match last, the newest first."""
    from . import relevance

    visible = look.frame.living if inside is None else look.frame.living & inside
    ids = relevance.ranked(relevance.scores(look, relevance.hits(text, places), mask, visible))
    return look.frame.first(ids, mask)

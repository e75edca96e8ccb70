"""Relevance of pictures for words: rare words and words in short texts count more.

A word's rarity is counted among the pictures that the reader may see, so that the order reveals nothing about others,
as FTS5's own `bm25` would. Only whether and where a picture has a word counts, not how often.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..database.features import Lookup, Term
from .evaluator import Evaluation, TermMask, mask_of
from .terms import WORDS_TOPICS, place_of

Mask = NDArray[np.bool_]
#: Columns of the full text with their weights.
PLACES: tuple[tuple[tuple[str, ...], float], ...] = (
    (("name", "title", "keywords"), 1.0),
    (("caption", "description"), 0.7),
    (("prompt",), 0.5),
)
#: Weights of the places that features contribute.
CONTRIBUTED = {"tag": 1.0, "text": 0.5}
#: Words of one text that are used, at most.
MOST = 16
#: Common English words, which are used only in a text that has no others.
STOP = frozenset(
    "a an and are as at be been but by for from had has have he her him his i in into is it its me my no nor not of off"
    " on onto or our she so than that the their them then there these they this those to up us was we were what when"
    " which while who whose with you your".split()
)


class Hit(Struct, frozen=True):
    """A word, a place to search it in, its weight there, and the step that finds it."""

    text: str
    place: str
    weight: float
    step: TermMask


def split(text: str) -> list[str]:
    """Return the words of a text, each once; without stop words, unless it has no others.

    An underscore alone is not a word, because full-text search cannot find it.
    """
    words = (word for word in re.findall(r"\w+(?:['’]\w+)*", text) if any(c.isalnum() for c in word))
    unique = dict.fromkeys(word.casefold() for word in words)
    return ([word for word in unique if word not in STOP] or list(unique))[:MOST]


def hits(text: str, places: Sequence[Term]) -> list[list[Hit]]:
    """Return, for each word of a text, the places where it may be found."""
    return [
        [
            *(Hit(word, columns[0], weight, _looked(columns, word)) for columns, weight in PLACES),
            *(
                Hit(word, place.name, CONTRIBUTED.get(place.name, 1.0), TermMask(step, frozenset(place.topics)))
                for place in places
                if (step := _of(place, word))
            ),
        ]
        for word in split(text)
    ]


def _looked(columns: Sequence[str], word: str) -> TermMask:
    return TermMask(place_of(" ".join(columns), word), WORDS_TOPICS)


def _of(place: Term, word: str) -> Lookup | None:
    lookup = place.compile(word)
    return lookup if isinstance(lookup, Lookup) else None


def scores(look: Evaluation, words: list[list[Hit]], mask: Mask, inside: Mask) -> NDArray[np.float32]:
    """Return the relevance of each picture of a mask by id; 0: no match. `inside`: pictures for counting rarity."""
    return _scores(look, words, mask, inside)[0]


def shares(look: Evaluation, words: list[list[Hit]], mask: Mask, inside: Mask) -> NDArray[np.float32]:
    """Return the relevance as a share of the highest possible one (every word in the name), 0 to 1, by id."""
    total, most = _scores(look, words, mask, inside)
    return (total / np.float32(most)).astype(np.float32) if most else total


def _scores(look: Evaluation, words: list[list[Hit]], mask: Mask, inside: Mask) -> tuple[NDArray[np.float32], float]:
    """Return each picture's score by id, and the highest score possible with these words."""
    total, most = np.zeros(look.frame.size, np.float32), 0.0
    count = max(1, int(inside.sum()))
    for places in words:
        masks = [(hit.weight, mask_of(hit.step, look)) for hit in places]
        there = int((reduce(np.logical_or, [mask_of_place for _, mask_of_place in masks]) & inside).sum())
        rarity = math.log(1 + (count - there + 0.5) / (there + 0.5))
        best = np.zeros(look.frame.size, np.float32)
        for weight, mask_of_place in masks:
            np.maximum(best, mask_of_place * np.float32(weight), out=best)
        total += best * np.float32(rarity)
        most += rarity * max(hit.weight for hit in places)
    total[~mask] = 0
    return total, most


def ranked(scores: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return the ids with a score, the best first, and of equal ones the highest id first."""
    ids = np.flatnonzero(scores)
    return ids[np.lexsort((-ids, -scores[ids]))].astype(np.uint32)


def describe(look: Evaluation, words: list[list[Hit]], picture: int) -> list[Any]:
    """Return (word, place) for the words that a picture has."""
    return [
        (hit.text, hit.place)
        for places in words
        for hit in places
        if picture < look.frame.size and mask_of(hit.step, look)[picture]
    ]

"""How well pictures fit words: the rarer a word and the shorter the text it is in, the more it counts.

A word's rarity is counted among what the reader may see, so that an order tells nothing of the rest: FTS5's own `bm25`
counts all rows. It says as much as whether, and where, a picture has a word; not how often.
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
from .compiler import Evaluation, TermMask, mask_of
from .terms import WORDS_NOUNS, place_of

Mask = NDArray[np.bool_]
#: Columns of the full text, and what a word in them counts. Tags and other places count like the first.
PLACES: tuple[tuple[tuple[str, ...], float], ...] = (
    (("name", "title", "keywords"), 1.0),
    (("caption", "description"), 0.7),
    (("prompt",), 0.5),
)
#: Words of one text that are looked at.
MOST = 16
#: English words that say nothing by themselves. They count only in a text that has no others.
STOP = frozenset(
    "a an and are as at be been but by for from had has have he her him his i in into is it its me my no nor not of off"
    " on onto or our she so than that the their them then there these they this those to up us was we were what when"
    " which while who whose with you your".split()
)


class Hit(Struct, frozen=True):
    """Words, where they are looked for, what that counts, and how it is looked up."""

    text: str
    place: str
    weight: float
    step: TermMask


def split(text: str) -> list[str]:
    """The words of a text, each once; without stop words, unless it has no others.

    An underscore alone is no word: full-text search could not find it.
    """
    words = (word for word in re.findall(r"\w+(?:['’]\w+)*", text) if any(c.isalnum() for c in word))
    found = dict.fromkeys(word.casefold() for word in words)
    return ([word for word in found if word not in STOP] or list(found))[:MOST]


def hits(text: str, places: Sequence[Term]) -> list[list[Hit]]:
    """For each word of a text where it may be found."""
    return [
        [
            *(Hit(word, columns[0], weight, _looked(columns, word)) for columns, weight in PLACES),
            *(
                Hit(word, "tag", 1.0, TermMask(step, frozenset(one.nouns)))
                for one in places
                if (step := _of(one, word))
            ),
        ]
        for word in split(text)
    ]


def _looked(columns: Sequence[str], word: str) -> TermMask:
    return TermMask(place_of(" ".join(columns), word), WORDS_NOUNS)


def _of(place: Term, word: str) -> Lookup | None:
    found = place.compile(word)
    return found if isinstance(found, Lookup) else None


def scores(look: Evaluation, words: list[list[Hit]], mask: Mask, inside: Mask) -> NDArray[np.float32]:
    """How well each picture of a mask fits (0: not at all), by id. `inside`: what rarity is counted among."""
    return _scores(look, words, mask, inside)[0]


def shares(look: Evaluation, words: list[list[Hit]], mask: Mask, inside: Mask) -> NDArray[np.float32]:
    """The same as a share of what a picture would have with every word in its name: 0 to 1."""
    total, most = _scores(look, words, mask, inside)
    return (total / np.float32(most)).astype(np.float32) if most else total


def _scores(look: Evaluation, words: list[list[Hit]], mask: Mask, inside: Mask) -> tuple[NDArray[np.float32], float]:
    """Each picture's score by id, and the highest score that these words can give."""
    total, most = np.zeros(look.frame.size, np.float32), 0.0
    count = max(1, int(inside.sum()))
    for places in words:
        masks = [(hit.weight, mask_of(hit.step, look)) for hit in places]
        there = int((reduce(np.logical_or, [one for _, one in masks]) & inside).sum())
        rarity = math.log(1 + (count - there + 0.5) / (there + 0.5))
        best = np.zeros(look.frame.size, np.float32)
        for weight, one in masks:
            np.maximum(best, one * np.float32(weight), out=best)
        total += best * np.float32(rarity)
        most += rarity * max(hit.weight for hit in places)
    total[~mask] = 0
    return total, most


def ranked(found: NDArray[np.float32]) -> NDArray[np.uint32]:
    """The ids with a score, the best first; of equal ones the newest to come in."""
    ids = np.flatnonzero(found)
    return ids[np.lexsort((-ids, -found[ids]))].astype(np.uint32)


def describe(look: Evaluation, words: list[list[Hit]], picture: int) -> list[Any]:
    """(word, place) of what a picture has."""
    return [
        (hit.text, hit.place)
        for places in words
        for hit in places
        if picture < look.frame.size and mask_of(hit.step, look)[picture]
    ]

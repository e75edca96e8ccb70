"""Comparing words that may differ by one letter, as text that was read in pictures does.

Texts are compared as `fold` returns them: words in small letters between single spaces, also at both ends.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

#: Combining marks of Latin, Greek and Cyrillic. Those of other scripts distinguish letters.
_MARKS = re.compile("[\u0300-\u036f]")
#: Scripts without spaces between words.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
#: Letters from which a word may differ by one.
FEWEST = 4


def fold(text: str) -> str:
    """Return a text as it is compared; an empty text if it has no letters or digits."""
    plain = _MARKS.sub("", unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold()))
    words = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", plain)).strip()
    return f" {words} " if words else ""


def halves(word: str) -> tuple[str, str]:
    """Return two parts of a word of four letters or more, with the spaces around it: one letter can change only one."""
    padded = f" {word} "
    return padded[: len(padded) // 2], padded[len(padded) // 2 :]


def is_near(word: str, other: str) -> bool:
    """Return whether two words are the same but for one letter that differs, is missing or is too many."""
    if word == other:
        return True
    if len(word) > len(other):
        word, other = other, word
    if len(other) < FEWEST or len(other) - len(word) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(word, other)) if a != b), len(word))
    return word[at + (len(word) == len(other)) :] == other[at + 1 :]


def where_near(words: str, phrase: str) -> tuple[int, int] | None:
    """Return the first and the last word, counted from 0, that are like those of a phrase; None if there are none."""
    text, wanted = words.split(), phrase.split()
    for first in range(len(text) - len(wanted) + 1):
        if all(is_near(word, text[first + n]) for n, word in enumerate(wanted)):
            return first, first + len(wanted) - 1
    return None


def has_near(*values: Any) -> bool:
    """The SQL function of this name: whether a folded text has the words of a folded phrase, in their order."""
    words, phrase = values
    return where_near(words, phrase) is not None

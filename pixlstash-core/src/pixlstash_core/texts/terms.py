"""The query term `text:`, and finding free words in the text of pictures.

A text is found by any part of it; a phrase also if words of four letters or more differ by one letter each, because
engines misread letters. The index of every three characters narrows down which pictures can match.
"""

from __future__ import annotations

from ..database.features import Lookup, Term
from ..database.nearby import FEWEST, UNSPACED, fold, halves

_NOUNS = ("pictures", "texts")
_INDEXED = "select rowid from derived_text_index where derived_text_index match"
_NEAR = f"""
    select t.picture_id from derived_text t where t.picture_id in ({_INDEXED} :parts) and has_near(t.words, :phrase)
    """
#: Letters of a free word from which it may differ by one: there are more other places where it may be meant.
FEWEST_FREE = 5
NOTHING = Lookup("select picture_id from derived_text where 0")


def _text(value: str) -> Lookup:
    phrase = fold(value).strip()
    if not phrase:
        raise ValueError("a word")
    return _lookup(phrase, phrase, FEWEST)


def _free(value: str) -> Lookup:
    """Look up pictures whose text has these words from the beginning of one on."""
    phrase = fold(value).strip()
    if not phrase:
        return NOTHING
    return _lookup(phrase, phrase if UNSPACED.search(phrase) else f" {phrase}", FEWEST_FREE)


def _lookup(phrase: str, part: str, fewest: int) -> Lookup:
    """Look up texts that contain `part`, or the words of a phrase, of which those of so many letters may differ."""
    if len(part) < 3:
        if UNSPACED.search(part):  # such words have often two characters, which the index does not have
            return Lookup("select picture_id from derived_text where instr(words, :part)", {"part": part})
        part = f" {phrase} "
    exact = f'"{part}"'
    if " " in phrase and not UNSPACED.search(phrase):
        exact += f' OR "{phrase.replace(" ", "")}"' if len(phrase) > 3 else ""
    words = phrase.split()
    if not any(len(word) >= fewest for word in words):
        return Lookup(f"{_INDEXED} :exact", {"exact": exact})
    parts = " AND ".join(
        '("{}" OR "{}")'.format(*halves(word)) if len(word) >= FEWEST else f'" {word} "' for word in words
    )
    sql = f"{_INDEXED} :exact union {_NEAR}"
    return Lookup(sql, {"exact": exact, "parts": parts, "phrase": phrase})


TERM = Term("text", "Text in the picture", _text, _NOUNS)
WORDS = Term("text", "", _free, _NOUNS)

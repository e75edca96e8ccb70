"""Captions read and changed as texts: what is replaced, moved and dropped in them, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from ..tags import normalise as words

Kind = Literal["missing", "trigger", "contradiction", "tokens"]
#: What makes a caption say that something is not there.
_NOT = r"(?:no|not|without|lacks|lacking)"
#: As CLIP cuts a text: the ends of words such as 's, words, single digits, runs of other marks.
_PIECE = re.compile(r"'(?:s|t|re|ve|m|ll|d)\b|[^\W\d_]+|\d|[^\s\w]+|_+", re.IGNORECASE)
#: Letters of a word that CLIP has no token for, cut into pieces: about so many each.
LETTERS = 9


def edit(
    *,
    find: str = "",
    replace: str = "",
    words: bool = False,
    case: bool = False,
    drop: Sequence[str] = (),
    first: Sequence[str] = (),
    prefix: str = "",
) -> Callable[[str], str]:
    """One change of captions. Nothing in `find` or `replace` has a meaning of its own."""
    pattern = _plain(find, words, case) if find else None
    dropped, front = set(map(_fold, drop)), list(map(_fold, first))

    def change(text: str) -> str:
        if pattern is not None:
            text = pattern.sub(lambda match: replace, text)
        if dropped or front:
            text = _arranged(text, dropped, front)
        if prefix and not mentions(text[: len(prefix) + 1], prefix):
            text = f"{prefix}, {text}" if text.strip() else prefix
        return text.strip() if pattern is not None or dropped or front or prefix else text

    return change


def _plain(text: str, whole: bool, case: bool) -> re.Pattern[str]:
    pattern = re.escape(text)
    return re.compile(rf"(?<!\w){pattern}(?!\w)" if whole else pattern, 0 if case else re.IGNORECASE)


def _arranged(text: str, dropped: set[str], front: list[str]) -> str:
    parts = text.split(",")
    folds = [_fold(part) for part in parts]
    if not (dropped | set(front)).intersection(folds):
        return text
    left = [(fold, part.strip()) for fold, part in zip(folds, parts) if fold not in dropped]
    ahead = sorted((one for one in left if one[0] in front), key=lambda one: front.index(one[0]))
    return ", ".join(part for _, part in [*ahead, *(one for one in left if one[0] not in front)])


def _fold(text: str) -> str:
    return words.folded(" ".join(text.split()))


def mentions(text: str, phrase: str) -> bool:
    """Whether a text has these words, one after the other; case and underscores do not matter."""
    fold = _fold(phrase)
    return bool(fold) and bool(_plain(fold, True, True).search(_fold(text)))


def tokens(text: str) -> int:
    """About how many tokens CLIP makes of a text: words and marks as it cuts them, long and foreign words in pieces."""
    count = 0
    for piece in _PIECE.findall(text):
        plain = piece.isascii()
        size = len(piece) if plain else len(piece.encode())
        count += -(-size // (LETTERS if plain else 2)) if piece.isalpha() or not plain else 1
    return count


def problems(
    text: str | None, trigger: str, most: int, has: Iterable[str], rejected: Iterable[str]
) -> Iterator[tuple[Kind, str]]:
    """(kind, what is wrong) of one caption, by the tags its picture has and those rejected for it."""
    if not (text or "").strip():
        yield "missing", "There is no caption."
        return
    assert text is not None
    if trigger.strip() and not mentions(text, trigger):
        yield "trigger", f"“{trigger.strip()}” is missing."
    fold = _fold(text)
    for name in rejected:
        if mentions(text, name) and not _denies(fold, name):
            yield "contradiction", f"It says “{name}”, which is rejected."
    for name in has:
        if _denies(fold, name):
            yield "contradiction", f"It denies “{name}”, which the picture is tagged."
    if (count := tokens(text)) > most:
        yield "tokens", f"It has about {count} tokens, more than {most}."


def _denies(fold: str, name: str) -> bool:
    return bool(re.search(rf"(?<!\w){_NOT} (?:an? |the |any )?{re.escape(_fold(name))}(?!\w)", fold))

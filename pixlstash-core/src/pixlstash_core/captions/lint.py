"""Edits and checks of captions as texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from ..tags import names as words
from .tokens import Counter

Kind = Literal["missing", "trigger", "contradiction", "tokens"]
#: Words by which a caption negates what follows.
_NOT = r"(?:no|not|without|lacks|lacking)"


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
    """Return a function that edits a caption. `find` and `replace` are literal texts."""
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
    remaining = [(fold, part.strip()) for fold, part in zip(folds, parts) if fold not in dropped]
    # The sort is stable: parts that are not in `front` stay in order behind the others.
    remaining.sort(key=lambda part: front.index(part[0]) if part[0] in front else len(front))
    return ", ".join(part for _, part in remaining)


def _fold(text: str) -> str:
    return words.folded(" ".join(text.split()))


def mentions(text: str, phrase: str) -> bool:
    """Return whether a text contains this phrase, regardless of case and underscores."""
    fold = _fold(phrase)
    return bool(fold) and bool(_plain(fold, True, True).search(_fold(text)))


def problems(
    text: str | None, trigger: str, most: int, has: Iterable[str], rejected: Iterable[str], counter: Counter
) -> Iterator[tuple[Kind, str]]:
    """Yield (kind, problem) for one caption, given the tags that its picture has and those rejected for it."""
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
    if (count := counter.count(text)) > most:
        yield "tokens", f"It has {'' if counter.exact else 'about '}{count} tokens, more than {most}."


def _denies(fold: str, name: str) -> bool:
    return bool(re.search(rf"(?<!\w){_NOT} (?:an? |the |any )?{re.escape(_fold(name))}(?!\w)", fold))

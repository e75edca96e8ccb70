"""The captions that engines produce."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import apsw

from ..database.connection import bind_ids, fetch
from ..database.features import Keeper, OutputKind
from ..types import Agreement

LONGEST = 20_000
#: Words by which captions are compared: three letters or more, or one character of a script without spaces.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]{3,}")


def check(engine: Any, result: Any, about: dict[str, Any]) -> str | None:
    """Return the caption as it is stored; None if it is empty, so that another engine's may be shown."""
    if not isinstance(result, str):
        raise ValueError(f"a text was expected, and {type(result).__name__} was given")
    lines = unicodedata.normalize("NFC", result).strip().splitlines()
    shown = "\n".join("".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cs")) for line in lines)
    if len(shown) > LONGEST:
        raise ValueError(f"a caption of {len(shown):,} characters was given, and {LONGEST:,} are the most")
    return shown or None


def for_engines(connection: apsw.Connection, ids: list[int]) -> dict[int, str]:
    """Return the current captions by picture."""
    sql = "select picture_id, text from captions where text is not null and picture_id in carray(?)"
    return dict(fetch(connection, sql, (bind_ids(ids),)))


def agree(connection: apsw.Connection, results: dict[int, str | None], threshold: float) -> Agreement:
    """Count how many words of people's own captions are in the engine's."""
    sql = "select picture_id, text from said_caption where text != '' and picture_id in carray(?)"
    accepted = there = 0
    for picture, text in fetch(connection, sql, (bind_ids(results),)):
        own = _words(text)
        accepted += len(own)
        there += len(own & _words(results[picture] or ""))
    return Agreement(accepted, there, of="words")


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


class Captions(Keeper):
    statement = "insert into caption_output values (?, ?, ?) on conflict do update set text = excluded.text"


def first(frames: Sequence[tuple[float | None, str]]) -> str:
    """Return the caption of a moving picture, whose frames are captioned together."""
    return frames[0][1]


KIND = OutputKind(
    "caption",
    "captioners",
    "Describing",
    ("caption_output",),
    check,
    first,
    Captions,
    inputs=for_engines,
    grouped=True,
    agree=agree,
)

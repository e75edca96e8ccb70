"""The output kind "text": lines of text with a box and a confidence each."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec

from ..database.features import Keeper, OutputKind
from ..database.writer import Write
from ..engines import boxes
from ..plugins.engines import TextLine

#: Characters of one line, and of all lines of a picture, at most.
LINE, LONGEST = 1000, 50_000
Plain = dict[str, Any]


def check(engine: Any, result: Any, about: dict[str, Any]) -> list[Plain]:
    """Return the lines of one image as plain dicts, without empty ones; raise `ValueError` if they are invalid."""
    lines = []
    for line in boxes.listed(result, TextLine):
        if not isinstance(line.text, str):
            raise ValueError(f"the text of a line was expected, and {line.text!r:.80} was given")
        if len(line.text) > LINE:
            raise ValueError(f"a line of {len(line.text):,} characters was given, and {LINE:,} are the most")
        if len(line.corners) not in (0, 4):
            raise ValueError(f"{len(line.corners)} corners were given, and a line has four or none")
        plain: Plain = {
            "text": _printable(line.text),
            "box": boxes.box(line.box),
            "confidence": boxes.confidence(line.confidence),
            "corners": [boxes.point(corner, "corner") for corner in line.corners],
        }
        if plain["text"]:
            lines.append(plain)
    if (total := sum(len(line["text"]) for line in lines)) > LONGEST:
        raise ValueError(f"{total:,} characters were given for one image, and {LONGEST:,} are the most")
    return lines


def _printable(text: str) -> str:
    """Return a text in one line, without control characters and marks that change the direction of writing."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")).strip()


def combine(frames: Sequence[tuple[float | None, list[Plain]]]) -> list[Plain]:
    """Return the lines of all frames of a video, each with the time of its frame in seconds; no more than fit."""
    lines: list[Plain] = []
    length = 0
    for time, plain in frames:
        for line in plain:
            length += len(line["text"])
            if length > LONGEST or len(lines) == boxes.MOST:
                return lines
            lines.append({**line, "time": time})
    return lines


class Texts(Keeper):
    """Stores one row per picture; none for a picture without text."""

    def pack(self, values: Sequence[list[Plain]]) -> list[tuple[str, str]]:
        return [_row(lines) for lines in values]

    def put(self, write: Write, producer: int, packed: dict[int, tuple[str, str]]) -> None:
        write.many(
            "insert into text_output values (?, ?, ?, ?)"
            " on conflict do update set text = excluded.text, lines = excluded.lines",
            [(picture, producer, *row) for picture, row in packed.items() if row[0]],
        )


def _row(lines: list[Plain]) -> tuple[str, str]:
    placed = [[line["box"], round(line["confidence"], 4), line["corners"], line.get("time")] for line in lines]
    return "\n".join(line["text"] for line in lines), msgspec.json.encode(placed).decode()


def shown(lines: list[Plain], threshold: float) -> str:
    """Return the lines as a text for people."""
    return " / ".join(line["text"] for line in lines) or "no text"


def size(lines: list[Plain]) -> int:
    """Return the approximate size of a stored result in bytes."""
    return sum(len(line["text"].encode()) + 60 for line in lines)


KIND = OutputKind(
    "text",
    "text_extractors",
    "Reading text",
    ("text_output",),
    check,
    combine,
    Texts,
    size=size,
    shown=shown,
)

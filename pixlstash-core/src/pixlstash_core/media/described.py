"""Facts from titles, keywords, creators and ratings, with the same names for XMP, IPTC and EXIF."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from ..types import Fact
from .facts import known_fact

_MOST_KEYWORDS = 64
_MOST_CREATORS = 8
_MOMENT = re.compile(
    r"(\d{4})[-:/](\d\d)[-:/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?"
)
# Placeholders that cameras and programs write into these fields.
_NOTHING = re.compile(
    r"\s*(\w+ DIGITAL CAMERA|SONY DSC|DCIM\w*|DSC|MINOLTA \w+|KODAK \w+ ?\w*|Untitled|default|Created with GIMP)?\s*"
)
# Data that generators write into a description; the readers of their dialects turn it into prompts.
_GENERATED = re.compile(r"\0|\s*(\w{1,40}:\s*)?[{\[]")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}", re.IGNORECASE)


def described(
    *,
    title: object = None,
    description: object = None,
    keywords: Iterable[object] = (),
    creators: Iterable[object] = (),
    rights: object = None,
    rating: object = None,
) -> Iterator[Fact]:
    """Yield the facts of these fields. Values of the wrong type, and placeholders, are left out."""
    for name, text in (("title", title), ("description", description), ("copyright", rights)):
        if isinstance(text, str) and text.strip() and not _NOTHING.fullmatch(text[:80]) and not is_generated(text):
            yield known_fact(name, text)
    for name, texts, most in (("keyword", keywords, _MOST_KEYWORDS), ("creator", creators, _MOST_CREATORS)):
        fit = dict.fromkeys(text.strip() for text in texts if isinstance(text, str) and text.strip())
        for text in list(fit)[:most]:
            yield known_fact(name, text)
    stars = _stars(rating)
    if stars:  # 0: not rated
        yield known_fact("rating", str(stars), float(stars))


def _stars(rating: object) -> int:
    """Return 1 to 5, -1 for rejected, or 0 for any other value."""
    try:
        number = float(rating) if isinstance(rating, str | int | float) else 0.0
    except (ValueError, OverflowError):
        return 0
    return int(number) if number in (-1, 1, 2, 3, 4, 5) else 0


def is_generated(text: str) -> bool:
    """Return whether a description is in fact the data of a generator."""
    return _GENERATED.match(text) is not None or "\nSteps: " in text or text.startswith("Steps: ")


def program(name: str) -> str:
    """Return a program's name, or "" for a bare version number, as phones write, or a UUID, as some sites do."""
    return "" if _UUID.fullmatch(name) or not re.search("[A-Za-z]{3}", name) else name


def moment(text: object) -> int | None:
    """Return an ISO or EXIF date in ms UTC. Without a time zone it is taken as UTC, without a time as noon."""
    match = _MOMENT.match(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    stamp = f"{year}-{month}-{day}T{hour or '12'}:{minute or '00'}:{second or '00'}"
    try:
        date = datetime.fromisoformat(stamp + (zone or "+00:00").replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not 1826 <= date.year <= 2200:
        return None
    return int(date.timestamp()) * 1000 + int((fraction or "0")[:3].ljust(3, "0"))

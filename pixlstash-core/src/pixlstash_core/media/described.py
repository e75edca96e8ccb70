"""What people and archives say about a picture, as facts: the same names whether XMP, IPTC or EXIF says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from ..types import Fact
from .recipe import number, shown
from .texts import fact

GROUP = "Description"
_MOST_KEYWORDS = 64
_MOST_CREATORS = 8
_MOMENT = re.compile(
    r"(\d{4})[-:/](\d\d)[-:/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?"
)
# Cameras that were never told what to write here write their own name.
_NOTHING = re.compile(
    r"\s*(\w+ DIGITAL CAMERA|SONY DSC|DCIM\w*|DSC|MINOLTA \w+|KODAK \w+ ?\w*|Untitled|default|Created with GIMP)?\s*"
)
# What generators put where a description belongs; the readers of their dialects make prompts of it.
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
    """Each field takes any value: what is no text, or says nothing, is left out."""
    for name, text in (("title", title), ("description", description), ("copyright", rights)):
        if isinstance(text, str) and text.strip() and not _NOTHING.fullmatch(text[:80]) and not _generated(text):
            yield fact(GROUP, name, text)
    for name, texts, most in (("keyword", keywords, _MOST_KEYWORDS), ("creator", creators, _MOST_CREATORS)):
        fit = dict.fromkeys(text.strip() for text in texts if isinstance(text, str) and text.strip())
        for text in list(fit)[:most]:
            yield fact(GROUP, name, text)
    stars = number(rating)
    if stars is not None and stars in (-1, 1, 2, 3, 4, 5):  # -1: rejected; 0: not rated
        yield fact(GROUP, "rating", shown(stars), float(stars))


def _generated(text: str) -> bool:
    return _GENERATED.match(text) is not None or "\nSteps: " in text or text.startswith("Steps: ")


def program(name: str) -> str:
    """A program's name, or nothing: phones write their system's bare version, and some sites the picture's number."""
    return "" if _UUID.fullmatch(name) or not re.search("[A-Za-z]{3}", name) else name


def moment(text: object) -> int | None:
    """ms UTC of an ISO or EXIF date; without a time zone as the clock said, without a time at noon."""
    match = _MOMENT.match(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    stamp = f"{year}-{month}-{day}T{hour or '12'}:{minute or '00'}:{second or '00'}"
    try:
        found = datetime.fromisoformat(stamp + (zone or "+00:00").replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not 1826 <= found.year <= 2200:
        return None
    return int(found.timestamp()) * 1000 + int((fraction or "0")[:3].ljust(3, "0"))

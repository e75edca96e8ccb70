"""JSON sidecars: an object with the members `tags`, `caption`, `rating` and `faces`; all others stay as they are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import msgspec

from .text import decoded
from .values import Region, Values, caption_of, checked, rating_of, tag_of

#: The most bytes that are read.
LONGEST = 1 << 20
_MEMBERS: dict[str, Any] = {"tags": list[str], "caption": str, "rating": int, "faces": list[Region]}
_CHECKS: dict[str, Any] = {
    "tags": lambda tags: [tag_of(tag) for tag in tags],
    "caption": caption_of,
    "rating": rating_of,
    "faces": lambda faces: [checked(face) for face in faces],
}


def parse(body: bytes) -> tuple[Values, frozenset[str]]:
    """Return the values, and the fields that can be read or are missing. ValueError if it is no JSON object."""
    members = _load(body)
    values: dict[str, Any] = {}
    fields = set(_MEMBERS)
    for field, kind in _MEMBERS.items():
        try:
            value = msgspec.convert(members[field], kind) if field in members else None
            values[field] = _CHECKS[field](value) if field in _CHECKS and value else value
        except ValueError:  # another program's member with our name
            fields.discard(field)
    present = {field: value for field, value in values.items() if value is not None and field in fields}
    return Values(**present), frozenset(fields)


def render(body: bytes | None, values: Values, fields: Iterable[str]) -> bytes:
    """Return the object with these values in these fields."""
    members = _load(body) if body else {}
    for field in _MEMBERS:
        if field in fields and (field in members or getattr(values, field)):
            members[field] = msgspec.to_builtins(getattr(values, field))
    return (json.dumps(members, ensure_ascii=False, indent=2) + "\n").encode()


def _load(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(decoded(body), parse_float=_number, parse_constant=_number)
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"It is not valid JSON: {error}.") from error
    if not isinstance(members, dict):
        raise ValueError("It is no JSON object.")
    return members


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"It has the number {text[:40]}, which would be lost.")
    return number

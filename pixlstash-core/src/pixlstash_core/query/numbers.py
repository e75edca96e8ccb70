"""Numbers as users type them and pages show them (`1/250`, `f/2.8`, `35mm`, `1:30`), and comparisons with them."""

from __future__ import annotations

import re

from .language import split_operator

_PLAIN = re.compile(r"-?\d{1,30}(?:\.(\d{1,15}))?")
_LONG = re.compile(r"-?\d{16,}")
_SHOWN = re.compile(r"(?:f/)?([+-]?\d{1,15}(?:\.\d{1,15})?)(?:/(\d{1,9}))?\s*(?:s|mm|m|ev)?", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,3}):(\d\d)")


def compared(value: str) -> tuple[str, dict[str, object]]:
    """Return a comparison as SQL over the columns `number` and `value` of facts. Raises ValueError with what it
    expected.

    Shown values are rounded, so a value matches all numbers that are shown like it; after `=`, only exact ones. An
    integer that a float cannot represent (such as a seed) is compared as text.
    """
    operator, rest = split_operator(value)
    low, dots, high = rest.partition("..")
    plain = _PLAIN.fullmatch(rest) is not None
    if operator in ("", "=") and (_LONG.fullmatch(rest) or (operator and not plain)):
        return "value = :t collate nocase", {"t": rest}
    if operator:
        return f"number {operator} :n", {"n": measure(rest)[0]}
    if dots:
        least, most = sorted((measure(low)[0], measure(high)[0]))  # 1/125..1/500 is valid, too
        return "number between :a and :b", {"a": least, "b": most}
    number, about = measure(rest)
    return "number between :a and :b", {"a": number - about, "b": number + about}


def measure(value: str) -> tuple[float, float]:
    """Return a number in any notation, and the greatest distance of numbers that are shown like it."""
    if plain := _PLAIN.fullmatch(value):
        return float(value), 0.5 / 10 ** len(plain[1]) if plain[1] else 0.0
    if clock := _CLOCK.fullmatch(value):
        return int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + int(clock[3]), 0.5
    shown = _SHOWN.fullmatch(value)
    if shown is None or (shown[2] is not None and not int(shown[2])):
        raise ValueError("a number")
    number = float(shown[1]) / int(shown[2] or 1)
    return number, abs(number) / 100

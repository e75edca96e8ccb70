"""The facts that every library knows by name."""

from __future__ import annotations

from ..types import Fact
from ..types.facts import GENERATION, HEADINGS
from .text_cleaning import VALUE_LENGTH, one_line, repaired

_KNOWN = {fact.name: (heading, fact.label) for heading, row in HEADINGS.items() for fact in row}


def known_fact(name: str, value: str, number: float | None = None, *, group: str = "") -> Fact:
    """Return a fact with a known name (`model`, `camera`, …), its label, and its usual heading unless `group` is given.

    The value becomes one line of at most `VALUE_LENGTH` printable characters.
    """
    heading, label = _KNOWN[name]
    if (group or heading) == GENERATION:
        value = repaired(value[:VALUE_LENGTH])  # before control characters, which may be a part of it, are removed
    return Fact(group or heading, name, label, one_line(value), number)

"""Values as the query language writes them."""

from __future__ import annotations

import re


def exactly(value: str) -> str:
    """The value of a query term that finds just this value."""
    return value if _NUMBER.fullmatch(value) else f"={quoted(value)}"


def quoted(value: str) -> str:
    """A value as the query language writes it."""
    if value and not any(c in '"():,' or c.isspace() for c in value) and not value.startswith(("-", ">", "<", "=")):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


_NUMBER = re.compile(r"-?\d+(\.\d+)?")

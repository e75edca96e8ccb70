"""Cleans file names of unknown origin."""

from __future__ import annotations

#: Maximum characters of a name.
LONGEST = 255


def fit(name: str) -> str:
    """Return a name without folders, printable and shortened, with its extension."""
    name = printable(name.replace("\0", "").replace("\\", "/").rpartition("/")[2]).strip()
    if len(name) > LONGEST:
        stem, dot, end = name.rpartition(".")
        name = f"{stem[: LONGEST - len(end) - 1]}.{end}" if dot and len(end) < 9 else name[:LONGEST]
    return name if name.strip(". ") else "upload"


def printable(text: str) -> str:
    """Replace characters that are not printable (line ends, direction marks) or not UTF-8."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)

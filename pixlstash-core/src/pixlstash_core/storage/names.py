"""Names that somebody else chose, made fit to show and to store."""

from __future__ import annotations

#: Characters of a name that are kept.
LONGEST = 255


def fit(name: str) -> str:
    """A picture's name: without folders, and not too long; its ending stays."""
    name = printable(name.replace("\0", "").replace("\\", "/").rpartition("/")[2]).strip()
    if len(name) > LONGEST:
        stem, dot, end = name.rpartition(".")
        name = f"{stem[: LONGEST - len(end) - 1]}.{end}" if dot and len(end) < 9 else name[:LONGEST]
    return name if name.strip(". ") else "upload"


def printable(text: str) -> str:
    """What is not printable (line ends, characters that turn the direction of text), or not UTF-8, is replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)

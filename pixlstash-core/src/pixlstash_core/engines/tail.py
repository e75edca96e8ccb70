"""The last of what a process wrote to its error stream, for a log that may be a terminal."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from ..storage.names import printable

#: Bytes that are read at once, at most; and bytes that are kept.
BLOCK, KEPT = 1 << 16, 1 << 15
#: Lines that are shown, and characters of each.
LINES, LONGEST = 30, 4096


class Tail:
    """Keeps the end of a stream. Bytes become text only when somebody asks: most of it is never shown."""

    def __init__(self, hidden: Collection[str] = ()) -> None:
        self._hidden = [text for text in hidden if text]
        self._bytes = bytearray()
        self._cut = False

    def follow(self, pipe: BinaryIO) -> None:
        """Read an unbuffered stream to its end."""
        while block := pipe.read(BLOCK):
            self.add(block)

    def add(self, block: bytes) -> None:
        self._bytes += block
        if len(self._bytes) > 4 * KEPT:  # rarely, so that little is moved
            del self._bytes[:-KEPT]
            self._cut = True

    def lines(self) -> list[str]:
        """The last lines, without the texts that are hidden and without control characters."""
        data = bytes(self._bytes)
        if self._cut:  # the start may hold the rest of a hidden text, and half a line
            data = data[max((len(text.encode()) for text in self._hidden), default=0) :]
            _, newline, rest = data.partition(b"\n")
            data = rest if newline else data
        text = data.decode("utf-8", "replace")
        for hidden in self._hidden:
            text = text.replace(hidden, "…")
        return [printable(line.rstrip()[-LONGEST:]) for line in text.splitlines()[-LINES:]]

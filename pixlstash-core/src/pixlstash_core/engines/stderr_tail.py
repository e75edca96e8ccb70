"""The end of a process's error stream, as text that is safe to print in a terminal."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from ..storage.names import printable

#: Bytes that are read at once, and bytes that are stored, at most.
BLOCK, KEPT = 1 << 16, 1 << 15
#: Lines that are returned, and characters of each, at most.
LINES, LONGEST = 30, 4096


class Tail:
    """The end of a stream, stored as bytes and decoded on request."""

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
        if len(self._bytes) > 4 * KEPT:  # cut rarely, because it copies the rest
            del self._bytes[:-KEPT]
            self._cut = True

    def lines(self) -> list[str]:
        """Return the last lines, without hidden texts and control characters."""
        data = bytes(self._bytes)
        if self._cut:  # the data may begin within a hidden text and within a line
            data = data[max((len(text.encode()) for text in self._hidden), default=0) :]
            _, newline, rest = data.partition(b"\n")
            data = rest if newline else data
        text = data.decode("utf-8", "replace")
        for hidden in self._hidden:
            text = text.replace(hidden, "…")
        return [printable(line.rstrip()[-LONGEST:]) for line in text.splitlines()[-LINES:]]

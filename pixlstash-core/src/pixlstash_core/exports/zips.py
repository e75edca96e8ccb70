"""Zip files that are written front to back, in bounded memory and always with the same bytes for the same contents."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

#: The earliest date that a zip file can hold, in ms since 1970 UTC, and the latest.
EARLIEST, LATEST = 315_532_800_000, 4_354_819_198_000


class ZipStream:
    """A zip file as blocks of bytes. Members are stored as they are: pictures are compressed already.

    Every method yields the next bytes of the file; call `end` last. Member names must be checked by the caller.
    """

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_STORED, allowZip64=True)

    def add(self, name: str, blocks: Iterable[bytes], size: int, modified: int | None = None) -> Iterator[bytes]:
        """Add a member. `size`: its bytes, or more; `modified` in ms since 1970 UTC (None: 1980)."""
        entry = zipfile.ZipInfo(name, _date(modified))
        entry.external_attr, entry.create_system = 0o644 << 16, 3
        entry.file_size = size
        with self._zip.open(entry, "w") as member:
            for block in blocks:
                member.write(block)
                yield from self._sink.take()
        yield from self._sink.take()

    def end(self) -> Iterator[bytes]:
        """The table of contents."""
        self._zip.close()
        yield from self._sink.take()


class _Sink:
    """A file that is only written, and given away block by block."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def write(self, block: Any, /) -> int:
        self._blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def take(self) -> Iterator[bytes]:
        blocks, self._blocks = self._blocks, []
        if blocks:
            yield b"".join(blocks) if len(blocks) > 1 else blocks[0]


def _date(modified: int | None) -> tuple[int, int, int, int, int, int]:
    moment = EARLIEST if modified is None else min(max(modified, EARLIEST), LATEST)
    year, month, day, hour, minute, second, *_ = time.gmtime(moment // 1000)
    return year, month, day, hour, minute, second

"""A virtual file system with which SQLite reads a snapshot's database directly from the packs, one frame at a time.

Nothing is written out, so that opening costs a few milliseconds however large it is. Each page is compared with its
hash. What is changed about it, for a merge, stays in memory.
"""

from __future__ import annotations

import secrets
import threading
from bisect import bisect_right
from collections import OrderedDict
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from . import packs
from .manifests import Manifest
from .packs import FRAME, Damaged, Pack

if TYPE_CHECKING:
    from .manifests import Numbers

K = TypeVar("K")
V = TypeVar("V")
#: Frames kept unpacked, 16 MiB of the usual pages, and indexes.
KEPT = 64
#: Where a database says how it is written to.
WRITTEN_AS = slice(18, 20)


class Frames:
    """Decompressed frames of the packs of a folder, the most recent ones cached; shared by all snapshots."""

    def __init__(self, folder: Path, most: int = KEPT) -> None:
        self._folder, self._most = folder, most
        self._indexes: OrderedDict[str, Pack] = OrderedDict()
        self._bodies: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, pages: int, page_size: int, frame: int) -> bytes:
        """Return the pages of a pack's frame, given their number. Raises `Damaged`."""
        with self._lock:
            body = self._bodies.get((name, frame))
            if body is None:
                ((_, body),) = packs.frames(self._folder, self._index(name, pages, page_size), [frame])
                _keep(self._bodies, (name, frame), body, self._most)
            else:
                self._bodies.move_to_end((name, frame))
            return body

    def drop(self) -> None:
        """Clear the cache."""
        with self._lock:
            self._bodies.clear()
            self._indexes.clear()

    def _index(self, name: str, pages: int, page_size: int) -> Pack:
        index = self._indexes.get(name)
        if index is None:
            index = packs.read_index(self._folder, name)
            _keep(self._indexes, name, index, KEPT)
        if len(index) != pages or index.page_size != page_size:
            raise Damaged(f"Pack {name} of the snapshots is damaged.", pack=name)
        return index


def _keep(cache: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    cache[key] = value
    while len(cache) > most:
        cache.popitem(last=False)


class Paging(apsw.VFS):
    """A virtual file system with one file, a snapshot's database; `mode` selects it. Close it afterwards."""

    def __init__(self, frames: Frames, manifest: Manifest, numbers: Numbers) -> None:
        self._name = f"snapshot-{secrets.token_hex(8)}"
        super().__init__(self._name, "")
        self._frames, self._manifest, self._numbers = frames, manifest, numbers
        self._ends = list(accumulate(pages for _, pages in manifest.packs))

    @property
    def mode(self) -> str:
        """Return the URI parameter that selects this file system."""
        return f"vfs={self._name}&immutable=1"

    @property
    def size(self) -> int:
        return self._manifest.pages * self.page_size

    @property
    def page_size(self) -> int:
        return self._manifest.page_size

    def close(self) -> None:
        self.unregister()

    def read(self, offset: int, amount: int) -> bytes:
        """Return these bytes of the database. Raises `Damaged`."""
        data = b""
        while len(data) < amount and offset < self.size:
            page, start = divmod(offset, self.page_size)
            part = self._page(page)[start : start + amount - len(data)]
            data += part
            offset += len(part)
        return data

    def _page(self, number: int) -> bytes:
        place = int(self._numbers[number])
        at = bisect_right(self._ends, place)
        name, pages = self._manifest.packs[at]
        slot = place - (self._ends[at] - pages)
        body = self._frames.get(name, pages, self.page_size, slot // FRAME)
        start = slot % FRAME * self.page_size
        return body[start : start + self.page_size]

    def write(self, offset: int, data: bytes) -> None:
        raise apsw.ReadOnlyError("a snapshot never changes")

    def truncate(self, size: int) -> None:
        raise apsw.ReadOnlyError("a snapshot never changes")

    # -- what SQLite asks ----------------------------------------------------------------------------------------------

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        if flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
            return _File(self)
        return apsw.VFSFile("", name, flags)  # what is too large to be sorted in memory

    def xAccess(self, pathname: str, flags: int) -> bool:
        return False

    def xFullPathname(self, name: str) -> str:
        return name


class Overlay(Paging):
    """A writable file system: changed and added pages are held in memory, shared by all its connections."""

    def __init__(self, frames: Frames, manifest: Manifest, numbers: Numbers) -> None:
        super().__init__(frames, manifest, numbers)
        self._pages: dict[int, bytes] = {}
        self._count = manifest.pages
        first = bytearray(super()._page(0))
        first[WRITTEN_AS] = b"\x01\x01"  # without a log, which would need memory shared with others
        self._pages[0] = bytes(first)

    @property
    def mode(self) -> str:
        return f"vfs={self._name}"

    @property
    def size(self) -> int:
        return self._count * self.page_size

    def write(self, offset: int, data: bytes) -> None:
        number, start = divmod(offset, self.page_size)
        if len(data) != self.page_size:
            page = bytearray(self._page(number))
            page[start : start + len(data)] = data
            data = bytes(page)
        self._pages[number] = data
        self._count = max(self._count, number + 1)

    def truncate(self, size: int) -> None:
        self._count = size // self.page_size
        self._pages = {number: page for number, page in self._pages.items() if number < self._count}

    def _page(self, number: int) -> bytes:
        page = self._pages.get(number)
        if page is not None:
            return page
        return super()._page(number) if number < self._manifest.pages else bytes(self.page_size)


class _File:
    """The open database file."""

    def __init__(self, paging: Paging) -> None:
        self._paging = paging

    def xRead(self, amount: int, offset: int) -> bytes:
        return self._paging.read(offset, amount)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._paging.write(offset, data)

    def xTruncate(self, size: int) -> None:
        self._paging.truncate(size)

    def xSync(self, flags: int) -> None:
        pass

    def xFileSize(self) -> int:
        return self._paging.size

    def xLock(self, level: int) -> None:
        pass

    def xUnlock(self, level: int) -> None:
        pass

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return self._paging.page_size

    def xDeviceCharacteristics(self) -> int:
        return 0 if isinstance(self._paging, Overlay) else apsw.SQLITE_IOCAP_IMMUTABLE

    def xClose(self) -> None:
        pass

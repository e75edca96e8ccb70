"""Reads a snapshot's database where it lies: SQLite asks for pages, which come out of the packs, a frame at a time.

Nothing is written out, so that opening costs a few milliseconds however large it is. Each page is compared with its
hash.
"""

from __future__ import annotations

import secrets
import threading
from bisect import bisect_right
from collections import OrderedDict
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from . import packs
from .manifests import Manifest
from .packs import FRAME, Damaged, Pack

if TYPE_CHECKING:
    from .manifests import Numbers

#: Frames kept unpacked: 16 MiB of the usual pages.
KEPT = 64


class Paging(apsw.VFS):
    """A file system with one file in it, a snapshot's database; SQLite finds it by `mode`. Close it afterwards."""

    def __init__(self, folder: Path, manifest: Manifest, numbers: Numbers) -> None:
        self._name = f"snapshot-{secrets.token_hex(8)}"
        super().__init__(self._name, "")
        self._folder, self._manifest, self._numbers = folder, manifest, numbers
        self._ends = list(accumulate(pages for _, pages in manifest.packs))
        self._indexes: dict[str, Pack] = {}
        self._frames: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def mode(self) -> str:
        """What a file's URI says to be read through here."""
        return f"vfs={self._name}&immutable=1"

    @property
    def size(self) -> int:
        return self._manifest.pages * self._manifest.page_size

    def close(self) -> None:
        self.unregister()
        with self._lock:
            self._frames.clear()

    def read(self, offset: int, amount: int) -> bytes:
        """These bytes of the database; `Damaged` when they are not what was stored."""
        size, found = self._manifest.page_size, b""
        while len(found) < amount and offset < self.size:
            page, start = divmod(offset, size)
            part = self._page(page)[start : start + amount - len(found)]
            found += part
            offset += len(part)
        return found

    def _page(self, number: int) -> bytes:
        place = int(self._numbers[number])
        pack = bisect_right(self._ends, place)
        slot = place - (self._ends[pack - 1] if pack else 0)
        body = self._frame(pack, slot // FRAME)
        start = slot % FRAME * self._manifest.page_size
        return body[start : start + self._manifest.page_size]

    def _frame(self, pack: int, frame: int) -> bytes:
        with self._lock:
            body = self._frames.get((pack, frame))
            if body is None:
                ((_, body),) = packs.frames(self._folder, self._index(pack), [frame])
                self._frames[pack, frame] = body
                while len(self._frames) > KEPT:
                    self._frames.popitem(last=False)
            else:
                self._frames.move_to_end((pack, frame))
            return body

    def _index(self, pack: int) -> Pack:
        name, pages = self._manifest.packs[pack]
        if name not in self._indexes:
            found = packs.read_index(self._folder, name)
            if len(found) != pages or found.page_size != self._manifest.page_size:
                raise Damaged(f"Pack {name} of the snapshots is damaged.", pack=name)
            self._indexes[name] = found
        return self._indexes[name]

    # -- what SQLite asks ----------------------------------------------------------------------------------------------

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        return _File(self)

    def xAccess(self, pathname: str, flags: int) -> bool:
        return False

    def xFullPathname(self, name: str) -> str:
        return name


class _File:
    """The database, to be read only."""

    def __init__(self, paging: Paging) -> None:
        self._paging = paging

    def xRead(self, amount: int, offset: int) -> bytes:
        return self._paging.read(offset, amount)

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
        return self._paging._manifest.page_size

    def xDeviceCharacteristics(self) -> int:
        return apsw.SQLITE_IOCAP_IMMUTABLE

    def xClose(self) -> None:
        pass

"""The folder with a library's snapshots: takes, lists, verifies, exports and deletes them.

    snapshots/42.snapshot        a manifest each
    snapshots/packs/….zst        pages, shared between them
    snapshots/scratch/           emptied at start

A manifest is written last and deleted first, and packs that no manifest names are deleted. A crash at any moment
therefore leaves complete snapshots, and no files that are never deleted.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

import apsw
import msgspec

from ..database.connection import fetch, translated
from ..errors import NotFound, PixlStashError
from ..storage.files import create_private, fsync_folder, make_folder, writing_new, writing_to
from . import manifests, packs
from .frozen_state import Source
from .manifests import Manifest
from .packs import DIGEST, FRAME, Damaged, Pack, Packing, is_leftover

if TYPE_CHECKING:
    import numpy as np

    from .manifests import Numbers

#: A try that lets the log grow by so many bytes is given up and begun anew: what it stored need not be stored again.
GROWTH, TRIES = 64 << 20, 3
#: `progress(done, total)`, of whatever is counted.
Progress = Callable[[int, int], None]


def unseen(done: int, total: int) -> None:
    """Ignore progress."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """Return a progress callback for a part of the work, from `start` to `end` of the whole (0 to 1)."""
    return lambda done, total: progress(round(1000 * (start + (end - start) * done / max(total, 1))), 1000)


class Grown(Exception):
    """The log grew too much while this state was held."""


class Stored(msgspec.Struct, frozen=True):
    """Stored pages: their packs, their numbers in order, the hash of all, and their size."""

    packs: list[Pack]
    numbers: Numbers
    sha256: str
    bytes: int


class Repository:
    """One library's snapshots. Whatever changes them holds `lock`.

    `read_only`: nothing is written here; what is to be looked at is written out to a temporary folder.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self.folder = folder
        self.packs = folder / "packs"
        self.scratch = folder / "scratch"
        self.lock = threading.RLock()

    # -- what is there -------------------------------------------------------------------------------------------------

    def listed(self) -> tuple[list[Manifest], dict[int, str]]:
        """Return (manifests, the newest first; by id, the reasons why others cannot be read)."""
        readable: list[Manifest] = []
        damaged: dict[int, str] = {}
        for id in manifests.ids(self.folder):
            try:
                readable.append(manifests.head(self.folder, id))
            except PixlStashError as error:
                if manifests.path_of(self.folder, id).exists():  # else it was deleted meanwhile
                    damaged[id] = str(error)
        return readable, damaged

    def highest(self) -> int:
        """Return the highest id in use."""
        return max(manifests.ids(self.folder), default=0)

    def find(self, id: int) -> tuple[Manifest, Numbers]:
        """Return a manifest. Raises `NotFound` or `Damaged`."""
        self.demand(id)
        return manifests.read(self.folder, id)

    def demand(self, id: int) -> None:
        """Raise `NotFound` unless the snapshot exists, damaged or not."""
        if not manifests.path_of(self.folder, id).exists():
            raise NotFound("There is no such snapshot.")

    def size(self) -> int:
        """Return the bytes of all snapshots on the disk."""
        paths = (*self.folder.glob(f"*{manifests.SUFFIX}"), *self.packs.glob(f"*{packs.SUFFIX}"))
        return sum(path.stat().st_size for path in paths)

    def problems(self) -> list[str]:
        """Return the problems that show without much reading: unreadable manifests and missing packs."""
        readable, damaged = self.listed()
        there = packs.names(self.packs)
        wrong = [f"{sentence} Delete it." for sentence in damaged.values()]
        for manifest in readable:
            if gone := [name for name, _ in manifest.packs if name not in there]:
                wrong.append(f"Snapshot {manifest.id} lacks {len(gone)} of its {len(manifest.packs)} packs.")
        return wrong

    # -- taking --------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Delete what a crash left incomplete, only files named by us, and create missing folders."""
        if self.folder.exists():
            self.prepare()
            with self.lock, writing_to(self.folder):
                for folder in (self.folder, self.packs, self.scratch):
                    for path in filter(is_leftover, folder.iterdir()):
                        path.unlink()

    def prepare(self) -> None:
        """Create missing folders."""
        with writing_to(self.folder):
            for folder in (self.folder, self.packs, self.scratch):
                make_folder(folder, 0o700)

    def store(self, source: Source, progress: Progress, *, patient: bool) -> Stored:
        """Store the new pages of a state durably. Raises `Grown` unless `patient`.

        Nothing is read back here: `verify` does that for all of a snapshot.
        """
        import numpy as np

        page_numbers, stored, first = self._stored_pages(source.page_size)
        packing = Packing(self.packs, source.page_size, page_numbers, first)
        numbers: list[int] = []
        whole = hashlib.sha256()
        limit = source.grown() + GROWTH
        try:
            for names, pages in _pages(source):
                whole.update(b"".join(names))
                numbers += map(packing.add, names, pages)
                progress(len(numbers), source.size // source.page_size)
                if not patient and source.grown() > limit:
                    packing.finish()
                    raise Grown
            packing.finish()
        except BaseException:
            packing.give_up()
            raise
        with writing_to(self.packs):
            fsync_folder(self.packs)
        used, placed = _used([*stored, *packing.written], np.array(numbers, np.int64))
        return Stored(used, placed, whole.hexdigest(), _weight(used, placed))

    def _stored_pages(self, page_size: int) -> tuple[dict[bytes, int], list[Pack], int]:
        """Return (the number of each usable page, their packs, and the numbers of pages in these).

        A pack whose index cannot be read is passed over: its pages are stored again.
        """
        numbers: dict[bytes, int] = {}
        indexes: list[Pack] = []
        first = 0
        for name in sorted(packs.names(self.packs)):
            with suppress(Damaged):
                pack = packs.read_index(self.packs, name)
                if pack.page_size == page_size:
                    for slot, hash_of_page in enumerate(pack.digests()):
                        numbers.setdefault(hash_of_page, first + slot)
                    indexes.append(pack)
                    first += len(pack)
        return numbers, indexes, first

    def set_aside(self, name: str | None) -> bool:
        """Exclude a damaged pack from reuse, so that its pages are stored again; False if it is intact.

        It is kept under another name for as long as a snapshot names it.
        """
        if name is None or name not in packs.names(self.packs):
            return False
        try:
            packs.verify(self.packs, name)
            return False
        except Damaged:
            path = packs.path_of(self.packs, name)
            with writing_to(self.packs):
                os.replace(path, path.with_name(f"{path.name}{packs.ASIDE}"))
                fsync_folder(self.packs)
            return True

    def add(self, manifest: Manifest, numbers: Numbers) -> None:
        """Add a snapshot."""
        manifests.write(self.folder, manifest, numbers)

    def label(self, id: int, label: str | None) -> Manifest:
        with self.lock:
            manifest, numbers = self.find(id)
            renamed = msgspec.structs.replace(manifest, label=label)
            manifests.write(self.folder, renamed, numbers)
            return renamed

    # -- reading back --------------------------------------------------------------------------------------------------

    def write_out(self, manifest: Manifest, numbers: Numbers, out: BinaryIO, progress: Progress | None = None) -> None:
        """Write a snapshot's database to an empty file, each page checked by its hash. Not durable."""
        import numpy as np

        from ..database.arrays import distinct

        bases = _bases([Pack(name, manifest.page_size, [], bytes(DIGEST * pages)) for name, pages in manifest.packs])
        order = np.argsort(numbers, kind="stable")
        inverse = numbers[order]
        hashes = np.zeros((manifest.pages, DIGEST), np.uint8)
        size, done = manifest.page_size, 0
        with writing_to(self.scratch):
            out.truncate(manifest.pages * size)
            for at, (name, pages) in enumerate(manifest.packs):
                low, high = np.searchsorted(inverse, [bases[at], bases[at] + pages])
                if low == high:
                    continue
                pack = self._index(name, pages, size)
                slots, places = inverse[low:high] - bases[at], order[low:high]
                digests = np.frombuffer(pack.hashes, np.uint8).reshape(-1, DIGEST)
                hashes[places] = digests[slots]
                for frame, body in packs.frames(self.packs, pack, distinct(np.sort(slots // FRAME)).tolist()):
                    left, right = np.searchsorted(slots, [frame * FRAME, (frame + 1) * FRAME])
                    _scatter(out.fileno(), body, size, slots[left:right] - frame * FRAME, places[left:right])
                    done += int(right - left)
                    if progress is not None:
                        progress(done, manifest.pages)
        if hashlib.sha256(hashes.tobytes()).hexdigest() != manifest.sha256:
            raise Damaged(f"Snapshot {manifest.id} is damaged: its pages are not those it was taken of.")

    def _index(self, name: str, pages: int, page_size: int) -> Pack:
        pack = packs.read_index(self.packs, name)
        if len(pack) != pages or pack.page_size != page_size:
            raise Damaged(f"Pack {name} of the snapshots is damaged.", pack=name)
        return pack

    @contextmanager
    def written_out(self, manifest: Manifest, numbers: Numbers, progress: Progress | None = None) -> Iterator[Path]:
        """Write a snapshot's database to its own file for the duration of the block."""
        with ExitStack() as made:
            scratch = self.scratch
            if self.read_only:  # it may lie on a disk that cannot be written to, or be open in another process
                scratch = Path(made.enter_context(TemporaryDirectory(prefix="pixlstash-")))
            path = scratch / f"{secrets.token_hex(8)}.db"
            try:
                with writing_to(scratch), create_private(path) as out:
                    self.write_out(manifest, numbers, out, progress)
                yield path
            finally:
                for left in scratch.glob(f"{path.name}*"):
                    left.unlink()

    def export(self, id: int, path: Path) -> Manifest:
        """Write a snapshot's database to a new file, durably."""
        manifest, numbers = self.find(id)
        with writing_new(path) as out, writing_to(path.parent):
            self.write_out(manifest, numbers, out)
        return manifest

    def open(self, id: int) -> BinaryIO:
        """Open a snapshot's database in an unnamed file, which is deleted when it is closed."""
        manifest, numbers = self.find(id)
        with writing_to(self.scratch):
            file = cast(BinaryIO, TemporaryFile(dir=self.scratch if os.access(self.scratch, os.W_OK) else None))
        try:
            self.write_out(manifest, numbers, file)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def verify(self, manifest: Manifest, numbers: Numbers, progress: Progress | None = None) -> None:
        """Read a snapshot as a restore would, and check its database. Raises `Damaged` with the problem."""
        with self.written_out(manifest, numbers, progress) as path:
            try:
                with translated(), closing(opened(path)) as connection:
                    for (line,) in fetch(connection, "pragma integrity_check(3)"):
                        if line != "ok":
                            raise Damaged(f"Snapshot {manifest.id} is damaged: {line}.")
                    if counts(connection, manifest.rows) != manifest.rows:
                        raise Damaged(f"Snapshot {manifest.id} is damaged: rows are missing.")
                    if connection.pragma("user_version") != manifest.schema:
                        raise Damaged(f"Snapshot {manifest.id} is damaged: it is of another schema.")
            except apsw.Error as error:
                raise Damaged(f"Snapshot {manifest.id} is damaged: {error}.") from error


def opened(path: Path) -> apsw.Connection:
    """Open an exported database for reading, without creating files beside it."""
    from urllib.parse import quote

    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    return apsw.Connection(f"file:{quote(str(path.resolve()))}?immutable=1", flags=flags)


def counts(connection: apsw.Connection, tables: Iterator[str] | dict[str, int] | list[str]) -> dict[str, int]:
    """Return the number of rows of tables; -1 for one that does not exist."""
    there = {name for (name,) in fetch(connection, "select name from sqlite_schema where type = 'table'")}
    return {name: fetch(connection, f'select count(*) from "{name}"')[0][0] if name in there else -1 for name in tables}


def _pages(source: Source) -> Iterator[tuple[list[bytes], list[memoryview]]]:
    """Yield the pages of a state with their hashes, in batches."""
    step, size = FRAME * source.page_size, source.page_size
    for offset in range(0, source.size, step):
        block = memoryview(source.read(offset, min(step, source.size - offset)))
        pages = [block[at : at + size] for at in range(0, len(block), size)]
        yield [packs.digest(page) for page in pages], pages


def _bases(all_packs: list[Pack]) -> Numbers:
    """Return the number of the first page of each pack."""
    import numpy as np

    return np.cumsum([0, *(len(pack) for pack in all_packs)])[:-1].astype(np.int64)


def _used(all_packs: list[Pack], numbers: Numbers) -> tuple[list[Pack], Numbers]:
    """Return the packs in use, and the page numbers relative to these."""
    import numpy as np

    from ..database.arrays import distinct

    bases = _bases(all_packs)
    at = np.searchsorted(bases, numbers, "right") - 1
    in_use = distinct(np.sort(at))
    used = [all_packs[number] for number in in_use]
    moved = np.zeros(len(all_packs), np.int64)
    moved[in_use] = _bases(used)
    return used, numbers - bases[at] + moved[at]


def _weight(used: list[Pack], numbers: Numbers) -> int:
    """Return the compressed bytes of these pages, each counted once with its share of its frame."""
    import numpy as np

    from ..database.arrays import distinct

    return int(np.concatenate([weights(pack) for pack in used])[distinct(np.sort(numbers))].sum())


def weights(pack: Pack) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the compressed bytes of each page of a pack: its share of its frame."""
    import numpy as np

    each = np.array(pack.frames, np.float64)
    pages = np.full(len(each), FRAME)
    pages[-1] = len(pack) - FRAME * (len(each) - 1)
    return np.repeat(each / pages, pages)


def _scatter(out: int, body: bytes, size: int, slots: Numbers, places: Numbers) -> None:
    """Write the pages of a frame to their places, consecutive ones at once."""
    import numpy as np

    order = np.argsort(places, kind="stable")
    slots, places = slots[order], places[order]
    breaks = np.flatnonzero((np.diff(places) != 1) | (np.diff(slots) != 1)) + 1
    view = memoryview(body)
    for first, last in zip([0, *breaks.tolist()], [*breaks.tolist(), len(slots)], strict=True):
        start, place = int(slots[first]), int(places[first])
        _write(out, view[start * size : (start + last - first) * size], place * size)


def _write(out: int, data: memoryview, offset: int) -> None:
    if hasattr(os, "pwrite"):
        while data:
            done = os.pwrite(out, data, offset)
            data, offset = data[done:], offset + done
    else:  # pragma: no cover
        os.lseek(out, offset, os.SEEK_SET)
        os.write(out, data)

"""Second readings of pictures that were too large to draw, or whose generation data no plugin could read.

They happen when the limit has been raised or the plugin has been installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ..database.connection import Database
from ..database.writer import Writer, outcome
from ..errors import NotThere, Refused, StoreUnreachable
from ..media import texts
from ..media.pool import DecoderPool, Known
from ..media.thumbnails import Thumbnails
from ..plugins.contracts import FactReader, Opened
from ..types import OWNER
from . import picture_rows

#: Causes of refusal that may be gone the next time.
_PASSING = frozenset({"memory", "time", "crash", "changed", "unreadable"})


class Redraws:
    """Reads pictures again.

    `pixels` is the current limit, `readers()` returns the current readers of facts, and `temporary(name)` a new path
    for the bytes of a store without paths.
    """

    def __init__(
        self,
        db: Database,
        writer: Writer,
        pool: DecoderPool,
        thumbnails: Thumbnails,
        connect: Callable[[int], Opened],
        temporary: Callable[[str], Path],
        pixels: int,
        readers: Callable[[], Iterable[FactReader]],
    ) -> None:
        self._db, self._writer, self._pool, self._thumbnails = db, writer, pool, thumbnails
        self._connect, self._temporary, self._pixels = connect, temporary, pixels
        self._readers = readers

    def waiting(self) -> list[int]:
        """Return the pictures that could not be drawn or fully read before, and can be now."""
        undrawn = "select id from picture where cause = 'pixels' and width * height <= ?"
        noted = "select picture_id from fact where name = ? and value = ? and ?"
        can_read = texts.are_read(self._readers())
        rows = self._db.read(
            f"{undrawn} union {noted} order by 1", (self._pixels, texts.NOTE.name, texts.NOTE.value, can_read)
        )
        return [row[0] for row in rows]

    def redraw(self, picture: int) -> bool:
        """Draw a picture and read its facts again; False if none of its locations has the bytes now."""
        file = picture_rows.bytes_of(self._db, OWNER, picture)
        for store, key in file.places:
            try:
                opened = self._connect(store)
                opened.stat(key)
                if self._read_at(picture, file, opened, key):
                    return True
            except (NotThere, StoreUnreachable):
                continue
        return False

    def _read_at(self, picture: int, file: picture_rows.Bytes, opened: Opened, key: str) -> bool:
        path = opened.local(key)
        if path is not None:
            return self._read(picture, file, path, opened.local_root)
        path = self._temporary(file.name)
        try:
            with opened.read(key) as source, path.open("wb") as out:
                while block := source.read(1 << 20):
                    out.write(block)
            return self._read(picture, file, path)
        finally:
            path.unlink(missing_ok=True)

    def _read(self, picture: int, file: picture_rows.Bytes, path: Path, root: Path | None = None) -> bool:
        """Read from a path; False if it has other bytes by now, which the next scan of the store will index."""
        sha256 = bytes.fromhex(file.sha256)
        try:
            reading = self._pool.read(path, file.name, root=root, decide=lambda digest: digest == sha256)
        except Refused as error:
            why, cause = str(error), str(error.more.get("cause", "damaged"))
            if cause not in _PASSING:  # recorded, and not tried again at each start
                outcome(self._writer.submit(lambda write: picture_rows.give_up(write, picture, why, cause, texts.NOTE)))
            return True
        if isinstance(reading, Known):
            return False
        if reading.still is not None:
            self._thumbnails.put([(sha256, reading.still)])
        outcome(self._writer.submit(lambda write: picture_rows.renew(write, picture, reading)))
        return True

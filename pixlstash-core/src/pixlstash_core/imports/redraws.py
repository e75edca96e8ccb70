"""Pictures that were kept undrawn because they are large: read anew from where they lie, once the limit allows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..database.connection import Database
from ..database.writer import Writer, outcome
from ..errors import NotThere, Refused, StoreUnreachable
from ..media.pool import DecoderPool, Known
from ..media.thumbnails import Thumbnails
from ..plugins.contracts import Opened
from ..types import OWNER
from . import picture_rows

#: Causes of a refusal that another try may not meet.
_PASSING = frozenset({"memory", "time", "crash", "changed", "unreadable"})


class Redraws:
    """`pixels`: the limit now. `temporary(name)` gives a fresh path for bytes that their store has no path for."""

    def __init__(
        self,
        db: Database,
        writer: Writer,
        pool: DecoderPool,
        thumbnails: Thumbnails,
        connect: Callable[[int], Opened],
        temporary: Callable[[str], Path],
        pixels: int,
    ) -> None:
        self._db, self._writer, self._pool, self._thumbnails = db, writer, pool, thumbnails
        self._connect, self._temporary, self._pixels = connect, temporary, pixels

    def waiting(self) -> list[int]:
        """The pictures that were too large to be drawn, and are not any more."""
        rows = self._db.read(
            "select id from picture where cause = 'pixels' and width * height <= ? order by id", (self._pixels,)
        )
        return [row[0] for row in rows]

    def redraw(self, picture: int) -> bool:
        """Draw one and read its facts again; False when none of its locations has the bytes now."""
        found = picture_rows.bytes_of(self._db, OWNER, picture)
        for store, key in found.places:
            try:
                opened = self._connect(store)
                opened.stat(key)
                if self._at(picture, found, opened, key):
                    return True
            except (NotThere, StoreUnreachable):
                continue
        return False

    def _at(self, picture: int, found: picture_rows.Bytes, opened: Opened, key: str) -> bool:
        path = opened.local(key)
        if path is not None:
            return self._read(picture, found, path, opened.local_root)
        path = self._temporary(found.name)
        try:
            with opened.read(key) as source, path.open("wb") as out:
                while block := source.read(1 << 20):
                    out.write(block)
            return self._read(picture, found, path)
        finally:
            path.unlink(missing_ok=True)

    def _read(self, picture: int, found: picture_rows.Bytes, path: Path, root: Path | None = None) -> bool:
        """False when other bytes lie there by now: the next look at their store sees to them."""
        sha256 = bytes.fromhex(found.sha256)
        try:
            reading = self._pool.read(path, found.name, root=root, decide=lambda digest: digest == sha256)
        except Refused as error:
            why, cause = str(error), str(error.more.get("cause", "damaged"))
            if cause not in _PASSING:  # it is told, and not tried again at each start
                outcome(self._writer.submit(lambda write: picture_rows.give_up(write, picture, why, cause)))
            return True
        if isinstance(reading, Known):
            return False
        if reading.still is not None:
            self._thumbnails.put([(sha256, reading.still)])
        outcome(self._writer.submit(lambda write: picture_rows.renew(write, picture, reading)))
        return True

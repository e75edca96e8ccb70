"""`thumbnails.db`: one WebP still per picture, by the SHA-256 of its bytes.

Rebuildable, so written without waiting for the disk."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import apsw

from ..database.connection import Database, translated
from ..errors import PixlStashError


class Thumbnails:
    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._lock = threading.Lock()
        self._db = _opened(path, read_only)

    def get(self, sha256: bytes) -> bytes | None:
        still: bytes | None = self._db.value("select still from thumbnail where sha256 = ?", (sha256,))
        return still

    def put(self, stills: list[tuple[bytes, bytes]]) -> None:
        if not stills or self._db.read_only:
            return
        with self._lock, self._db.transaction() as connection:
            connection.executemany("insert or replace into thumbnail values (?, ?)", stills).fetchall()

    def drop(self, sha256: bytes) -> None:
        with self._lock, translated():
            self._db.writer.execute("delete from thumbnail where sha256 = ?", (sha256,)).fetchall()

    def newest(self) -> int:
        """A mark: stills put so far are up to it, those put from now on beyond it."""
        found: int = self._db.value("select max(rowid) from thumbnail", default=0) or 0
        return found

    def hashes(self, mark: int, after: bytes, limit: int) -> list[bytes]:
        """SHA-256 of stills up to a mark, in order."""
        sql = "select sha256 from thumbnail where sha256 > ? and rowid <= ? order by sha256 limit ?"
        return [sha256 for (sha256,) in self._db.read(sql, (after, mark, limit))]

    def drop_all(self, hashes: list[bytes], mark: int) -> None:
        """Drop stills, but for those that were put again beyond the mark."""
        with self._lock, self._db.transaction() as connection:
            connection.executemany(
                "delete from thumbnail where sha256 = ? and rowid <= ?", [(sha256, mark) for sha256 in hashes]
            ).fetchall()

    def close(self) -> None:
        self._db.close()


def turned(still: bytes, quarters: int) -> bytes:
    """A still of ours turned clockwise by so many quarters."""
    from PIL import Image

    how = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}
    out = io.BytesIO()
    with Image.open(io.BytesIO(still), formats=["WEBP"]) as image:
        image.transpose(how[quarters]).save(out, "WEBP", quality=82, method=2)
    return out.getvalue()


def _opened(path: Path, read_only: bool) -> Database:
    """Open it; a damaged file is dropped, since every still in it can be drawn again. A full disk is no damage."""
    try:
        return Database(path, "thumbnails", read_only=read_only, synchronous="normal")
    except PixlStashError as error:
        if read_only or not isinstance(error.__cause__, apsw.CorruptError | apsw.NotADBError):
            raise
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return Database(path, "thumbnails", synchronous="normal")

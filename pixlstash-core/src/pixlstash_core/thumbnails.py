"""`thumbnails.db`: one WebP still per picture, by the SHA-256 of its bytes.

Rebuildable, so written without waiting for the disk."""

from __future__ import annotations

import threading
from pathlib import Path

import apsw

from .db import Database, translated
from .errors import PixlStashError


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
        with self._lock, translated(), self._db.writer:
            self._db.writer.executemany("insert or replace into thumbnail values (?, ?)", stills).fetchall()

    def drop(self, sha256: bytes) -> None:
        with self._lock, translated():
            self._db.writer.execute("delete from thumbnail where sha256 = ?", (sha256,)).fetchall()

    def close(self) -> None:
        self._db.close()


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

"""`thumbnails.db`: one WebP thumbnail per picture, by the SHA-256 of its bytes, and renditions for other people.

It can be rebuilt, so writes do not wait for the disk.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import apsw
from msgspec import Struct

from ..database.connection import Database, translated
from ..errors import PixlStashError

#: Thumbnails that are checked together.
SLICE = 5000
#: Bytes of cached renditions; the ones that were not used for the longest time are dropped.
RENDITIONS = 2 << 30


class Rendered(Struct, frozen=True):
    """A rendition: the size of `image` in pixels, and two JPEGs. `marked`: both were seen to show the watermark."""

    width: int
    height: int
    image: bytes
    preview: bytes
    marked: bool = False


class Thumbnails:
    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._lock = threading.Lock()
        self._db = _opened(path, read_only)

    def get(self, sha256: bytes) -> bytes | None:
        thumbnail: bytes | None = self._db.value("select still from thumbnail where sha256 = ?", (sha256,))
        return thumbnail

    def put(self, stills: list[tuple[bytes, bytes]]) -> None:
        if not stills or self._db.read_only:
            return
        with self._lock, self._db.transaction() as connection:
            connection.executemany("insert or replace into thumbnail values (?, ?)", stills).fetchall()

    def drop(self, sha256: bytes) -> None:
        with self._lock, translated():
            for table in ("thumbnail", "rendition"):
                self._db.writer.execute(f"delete from {table} where sha256 = ?", (sha256,)).fetchall()

    def rendition(self, sha256: bytes, recipe: bytes) -> Rendered | None:
        """Return a cached rendition of a picture, made by a recipe."""
        sql = "select width, height, image, preview, marked from rendition where sha256 = ? and recipe = ?"
        rows = self._db.read(sql, (sha256, recipe))
        if not rows:
            return None
        width, height, image, preview, marked = rows[0]
        return Rendered(width, height, image, preview, bool(marked))

    def put_rendition(self, sha256: bytes, recipe: bytes, rendered: Rendered) -> None:
        """Cache a rendition, and drop the oldest ones beyond `RENDITIONS` bytes."""
        if self._db.read_only:
            return
        size = len(rendered.image) + len(rendered.preview)
        values = (
            sha256,
            recipe,
            rendered.width,
            rendered.height,
            size,
            time.time_ns(),
            rendered.preview,
            rendered.image,
            rendered.marked,
        )
        with self._lock, self._db.transaction() as connection:
            connection.execute("insert or replace into rendition values (?, ?, ?, ?, ?, ?, ?, ?, ?)", values).fetchall()
            connection.execute(
                "delete from rendition where rowid in (select rowid from"
                " (select rowid, sum(bytes) over (order by used desc, rowid desc) as total from rendition)"
                " where total > ?)",
                (RENDITIONS,),
            ).fetchall()

    def newest(self) -> int:
        """Return a mark: thumbnails stored so far are numbered up to it, later ones beyond it."""
        mark: int = self._db.value("select max(rowid) from thumbnail", default=0) or 0
        return mark

    def hashes(self, mark: int, after: bytes, limit: int) -> list[bytes]:
        """Return the SHA-256 of thumbnails up to a mark, in order."""
        sql = "select sha256 from thumbnail where sha256 > ? and rowid <= ? order by sha256 limit ?"
        return [sha256 for (sha256,) in self._db.read(sql, (after, mark, limit))]

    def drop_all(self, hashes: list[bytes], mark: int) -> None:
        """Delete thumbnails, except those that were stored again beyond the mark."""
        with self._lock, self._db.transaction() as connection:
            connection.executemany(
                "delete from thumbnail where sha256 = ? and rowid <= ?", [(sha256, mark) for sha256 in hashes]
            ).fetchall()
            connection.executemany(
                "delete from rendition where sha256 = ?1 and not exists (select 1 from thumbnail where sha256 = ?1)",
                [(sha256,) for sha256 in hashes],
            ).fetchall()

    def close(self) -> None:
        self._db.close()


def sweep(db: Database, thumbnails: Thumbnails, mark: int, step: Callable[[int], None]) -> int:
    """Delete thumbnails, up to a mark, that belong to no picture; return their number.

    They exist because a thumbnail is stored before its picture, which a crash may prevent. `step` is called with the
    number of thumbnails checked so far.
    """
    after, checked, dropped = b"", 0, 0
    while hashes := thumbnails.hashes(mark, after, SLICE):
        rows = db.read("select sha256 from picture where sha256 between ? and ?", (hashes[0], hashes[-1]))
        orphans = sorted({*hashes} - {sha256 for (sha256,) in rows})
        thumbnails.drop_all(orphans, mark)
        after, checked, dropped = hashes[-1], checked + len(hashes), dropped + len(orphans)
        step(checked)
    return dropped


def turned(thumbnail: bytes, quarters: int) -> bytes:
    """Return a thumbnail rotated clockwise by so many quarters (1 to 3)."""
    from PIL import Image

    rotations = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}
    out = io.BytesIO()
    with Image.open(io.BytesIO(thumbnail), formats=["WEBP"]) as image:
        image.transpose(rotations[quarters]).save(out, "WEBP", quality=82, method=2)
    return out.getvalue()


def _opened(path: Path, read_only: bool) -> Database:
    """Open the database; a damaged file is replaced, since all thumbnails can be drawn again."""
    try:
        return Database(path, "thumbnails", read_only=read_only, synchronous="normal")
    except PixlStashError as error:
        if read_only or not isinstance(error.__cause__, apsw.CorruptError | apsw.NotADBError):
            raise
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return Database(path, "thumbnails", synchronous="normal")

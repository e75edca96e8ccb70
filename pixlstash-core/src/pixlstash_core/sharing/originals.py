"""Originals that a link offers: without their metadata, or untouched if the owner chose so explicitly.

A JPEG that is stripped keeps its compressed pixels, color profile and orientation. All other pictures are drawn anew
as PNG, in full size and without the lowest bit of each channel, in which programs hide prompts. Videos are not
offered stripped, because their containers cannot be cleaned here.
"""

from __future__ import annotations

import hashlib
import io
import threading
from functools import partial

from msgspec import Struct

from ..context import Context
from ..database.connection import Database
from ..errors import NotFound, NotThere, Refused, StoreUnreachable, TooMany
from ..imports import locations, picture_rows
from ..imports.locations import Stores
from ..media import strip
from ..media.file_names import ENDINGS
from ..pictures.operations import Original
from ..types import OWNER
from .renditions import Renditions

#: Larger files are not stripped but drawn anew: they are held in memory.
LARGEST = 64 << 20
#: Originals that are stripped at the same time, and seconds to wait for a turn.
AT_ONCE, PATIENCE = 2, 20.0
JPEG, PNG = "image/jpeg", "image/png"
_turns = threading.BoundedSemaphore(AT_ONCE)


class Stripped(Struct, frozen=True):
    """An original without metadata: its bytes, and the ending of a name for them."""

    body: bytes
    mime: str
    ending: str


def stripped_of(context: Context, id: int) -> Stripped:
    """Return the original of a picture without metadata. Raises `NotFound`, `NotThere`, `Refused` or `TooMany`."""
    if not _is_image(context.db, id):
        raise NotFound("Only pictures can be stripped of metadata.")
    if not _turns.acquire(timeout=PATIENCE):
        raise TooMany("Many originals are being prepared now. Try again.", 5)
    try:
        if picture_rows.bytes_of(context.db, OWNER, id).mime == JPEG:
            try:
                return Stripped(strip.stripped(_read(context, id)), JPEG, "jpg")
            except Refused:  # too large, or its structure is odd: only its pixels are safe
                pass
        image, _ = context.part(Renditions).drawn(id, ())
        out = io.BytesIO()
        image.point([value & 254 for value in range(256)] * 3).save(out, "PNG", compress_level=3)
        return Stripped(out.getvalue(), PNG, "png")
    finally:
        _turns.release()


def untouched_of(context: Context, id: int, name: str) -> Original:
    """Return the original of a picture as it is, under another name.

    `NotThere` if its files are not those that were imported, as far as size and time tell: somebody may have put
    another file there, which nobody shared.
    """
    file = picture_rows.bytes_of(context.db, OWNER, id)
    for store, key, size, mtime in locations.places(context.db, id):
        try:
            opened = context.part(Stores).connect(store)
            stat = opened.stat(key)
        except (NotThere, NotFound, StoreUnreachable):
            continue
        if stat.size == size and (mtime is None or stat.mtime == mtime):
            named, tag = f"{name}.{ENDINGS.get(file.mime, 'bin')}", f'"{file.sha256[:32]}"'
            return Original(named, file.mime, False, stat.size, tag, None, partial(opened.read, key))
    raise NotThere("None of this picture's files is there any more.")


def _is_image(db: Database, id: int) -> bool:
    return bool(db.value("select kind = 'image' from picture where id = ?", (id,), False))


def _read(context: Context, id: int) -> bytes:
    """Return the bytes of an original. Raises `Refused` if there are too many, `NotThere` if they are not its own."""
    sha256 = picture_rows.bytes_of(context.db, OWNER, id).sha256
    original = untouched_of(context, id, "")
    if (original.size or 0) > LARGEST:
        raise Refused(f"It is larger than {LARGEST >> 20} MB.")
    with original.open(0, None) as file:
        body = file.read(LARGEST + 1)
    if hashlib.sha256(body).hexdigest() != sha256:
        raise NotThere("The file of this picture was changed.")
    return body

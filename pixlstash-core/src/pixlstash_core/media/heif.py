"""HEIC and HEIF, by pillow-heif (extra `heif`): what phones make."""

from __future__ import annotations

from typing import BinaryIO

from ..plugins.contracts import Kind, Media
from ..types import Format
from .formats import HEIC, HEIF, container_format
from .images import open_still


class HeifKind(Kind):
    id = "heif"
    kind = "image"

    def recognise(self, head: bytes, name: str) -> Format | None:
        found = container_format(head)
        return found if found in (HEIC, HEIF) else None

    def open(self, file: BinaryIO, format: Format) -> Media:
        from pillow_heif import register_heif_opener

        # It turns pictures upright itself and resets their EXIF tag to say so. One thread: there is a process per core.
        register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
        return open_still(file, format)

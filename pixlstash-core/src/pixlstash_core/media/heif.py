"""HEIC and HEIF, the formats of phones, by pillow-heif (extra `heif`)."""

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
        recognized = container_format(head)
        return recognized if recognized in (HEIC, HEIF) else None

    def open(self, file: BinaryIO, format: Format) -> Media:
        from pillow_heif import register_heif_opener

        # It turns pictures upright and resets their EXIF tag. One thread, because there is a process per core.
        register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
        return open_still(file, format)

"""JPEG XL, if a decoder for Pillow is installed: the existing one, pillow-jxl-plugin, is under the GPL."""

from __future__ import annotations

from importlib import import_module
from typing import BinaryIO

from ..plugins.contracts import Kind, Media
from ..types import Format
from .formats import JXL
from .images import open_still


class JxlKind(Kind):
    id = "jxl"
    kind = "image"

    def recognise(self, head: bytes, name: str) -> Format | None:
        return JXL if head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")) else None

    def open(self, file: BinaryIO, format: Format) -> Media:
        import_module("pillow_jxl")  # adds itself to Pillow
        return open_still(file, format)

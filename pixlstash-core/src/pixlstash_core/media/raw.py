"""Camera raw files, by rawpy (extra `raw`): the embedded preview and the EXIF data."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import Refused
from ..plugins.contracts import Kind, Media
from ..types import Embedded, Format
from .formats import RAW_SUFFIXES, TIFF_HEADS, brands, suffix
from .tiff import Tags

if TYPE_CHECKING:
    from PIL.Image import Image

_HEADS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM", b"II\x1a\0\0\0HEAPCCDR")
_TURNS = {3: 3, 5: 8, 6: 6}  # LibRaw's flip to EXIF orientation
_HEAD_BYTES = 4 << 20
_FILLED_ROWS = 0.8


class RawKind(Kind):
    id = "raw"
    kind = "image"

    def recognise(self, head: bytes, name: str) -> Format | None:
        is_raw = head.startswith(_HEADS) or brands(head)[:1] == (b"crx ",) or head[8:10] == b"CR"
        if not is_raw and not (head.startswith(TIFF_HEADS) and suffix(name, RAW_SUFFIXES)):
            return None
        extension = name.rpartition(".")[2].lower()
        return Format("raw", "image/x-dcraw", extension if extension in RAW_SUFFIXES else "raw")

    def open(self, file: BinaryIO, format: Format) -> Media:
        with _explaining():
            return _Raw(_rawpy().imread(file), file)


class _Raw(Media):
    def __init__(self, raw: Any, file: BinaryIO) -> None:
        self._raw = raw
        self.orientation = _TURNS.get(raw.sizes.flip, 1)
        self.width, self.height = raw.sizes.iwidth, raw.sizes.iheight
        if self.orientation >= 5:
            self.width, self.height = self.height, self.width
        file.seek(0)
        head = file.read(_HEAD_BYTES)
        exif = head if head.startswith((b"II*\0", b"MM\0*")) else b""
        self._preview = _preview(raw)
        if self._preview is not None and not exif:
            exif = self._preview.info.get("exif", b"").removeprefix(b"Exif\0\0")
        self.embedded = Embedded("raw", exif=exif)

    def still(self, short: int, long: int) -> Image:
        from PIL import Image as pil

        from .draw import upright

        with _explaining():
            if self._preview is not None:
                return upright(self._preview, self._preview_turn(), short, long, precise=self.precise)
            single = self._raw.raw_type == _rawpy().RawType.Flat  # otherwise each pixel already has several values
            if single:
                _check_filled(self._raw.raw_image_visible)
            pixels = self._raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8)  # upright already
            if not single:
                _check_filled(pixels)
            return upright(pil.fromarray(pixels), 1, short, long, precise=self.precise)

    def _preview_turn(self) -> int:
        """Return the preview's orientation: some cameras tag it, some store it upright, most leave it unrotated."""
        own = Tags(self._preview.info.get("exif", b"").removeprefix(b"Exif\0\0")).orientation
        if own > 1 or self.orientation == 1:
            return own
        lies = (self.width < self.height) != (self._preview.width < self._preview.height)
        return self.orientation if lies or self.orientation == 3 else 1


@contextlib.contextmanager
def _explaining() -> Iterator[None]:
    rawpy = _rawpy()
    try:
        yield
    except (Refused, MemoryError):
        raise
    except rawpy.LibRawFileUnsupportedError as error:
        raise Refused(
            "This camera raw file is of a model that is not supported, or its picture data is missing.",
            cause="unsupported",
        ) from error
    except Exception as error:
        raise Refused(f"This camera raw file is damaged or cut short ({type(error).__name__}).") from error


def _check_filled(values: Any) -> None:
    """Refuse a file whose picture data is missing, for which LibRaw returns zeros.

    `values` is an array whose first axis is the rows. A sensor never records zeros in a whole row, even in the dark.
    """
    if values.reshape(len(values), -1).any(axis=1).mean() < _FILLED_ROWS:
        raise Refused("This camera raw file holds no picture data, or only a part of it: it was probably cut short.")


def _rawpy() -> Any:
    return import_module("rawpy")


def _preview(raw: Any) -> Any:
    """Return the embedded preview, opened and not yet decoded, if it is large enough."""
    from PIL import Image as pil

    rawpy = _rawpy()
    with contextlib.suppress(rawpy.LibRawError, OSError):
        thumb = raw.extract_thumb()
        if thumb.format == rawpy.ThumbFormat.JPEG:
            image = pil.open(io.BytesIO(thumb.data), formats=["JPEG"])
            if min(image.size) >= 384:
                return image
    return None

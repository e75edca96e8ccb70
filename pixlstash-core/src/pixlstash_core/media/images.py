"""The built-in kinds `image`, `heif` and `jxl`: what Pillow reads, with or without plugins."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import Refused
from ..plugins.contracts import Kind, Media
from ..types import Embedded, Format
from . import formats
from .tiff import Tags

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_MOVING = (
    formats.PNG,
    formats.GIF,
    formats.WEBP,
    formats.AVIF,
)  # in other formats, a second image is a page, a view or a depth map
_PILLOW = {"jp2": "JPEG2000", "heic": "HEIF"}  # Pillow's names for formats, where they differ
_SECONDS_FOR_FRAMES = 2.0
_TEXT_PER_BYTE = 400
_MOST_TEXTS = 256
_MOST_BYTES = 4 << 20


class ImageKind(Kind):
    id = "image"

    def recognise(self, head: bytes, name: str) -> Format | None:
        recognized = formats.still_format(head)
        # Of a camera raw file Pillow would show only a small preview.
        return None if recognized is formats.TIFF and formats.suffix(name, formats.RAW_SUFFIXES) else recognized

    def open(self, file: BinaryIO, format: Format) -> Media:
        return open_still(file, format)


def open_still(file: BinaryIO, format: Format) -> Media:
    """Open with Pillow, using only the decoder of the recognized format."""
    from PIL import Image

    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    with _explaining(format), _any_size():
        return _Still(Image.open(file, formats=[_PILLOW.get(format.name, format.name.upper())]), format, size)


class _Still(Media):
    def __init__(self, image: ImageFile, format: Format, size: int) -> None:
        self._image = image
        self._size = size
        self._format = format
        self._exif = _exif(image)
        # The codestream of JPEG XL has its own orientation, which is applied: its EXIF tag must not rotate it again.
        self.orientation = 1 if format is formats.JXL else Tags(self._exif).orientation
        self._turn = 1 if format is formats.TIFF else self.orientation  # Pillow rotates TIFFs while decoding
        self.width, self.height = _stored_size(image)
        if self.orientation >= 5:
            self.width, self.height = self.height, self.width
        self.moving = format in _MOVING and bool(getattr(image, "is_animated", False))

    @property
    def embedded(self) -> Embedded:  # type: ignore[override]  # read late: PNG texts may follow the pixels
        info = self._image.info
        xmp = info.get("xmp", b"")
        return Embedded(
            self._format.name,
            text=_texts(info),
            exif=self._exif or _exif(self._image),
            xmp=_bounded(xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp),
            comment=_bounded(info.get("comment", b"")) if self._format in (formats.JPEG, formats.GIF) else b"",
            iptc=_iptc(info),
        )

    def still(self, short: int, long: int) -> Image:
        from .draw import upright

        with _explaining(self._format):
            image = upright(self._image, self._turn, short, long, self.background, self.precise)
            _check_texts(self._image.info, self._size)
            if self.moving or self._format is formats.TIFF:
                image = image.copy()  # a small one may share its memory with Pillow's current frame
                _check_frames(self._image)
        if self._format in (formats.PNG, formats.WEBP) and not self.moving:
            self.pixels = self._image
        return image

    def frames(self, times: Sequence[float], short: int, long: int) -> Iterator[Image]:
        from .draw import upright

        with _explaining(self._format):
            shown_until = 0.0
            number = 0
            for at in times:
                # Each frame is drawn over the one before it, so all must be decoded.
                while shown_until <= at:
                    try:
                        self._image.seek(number)
                    except EOFError:
                        break
                    self._image.load()
                    number += 1
                    shown_until += _shown_seconds(self._image)
                yield upright(self._image, self._turn, short, long, self.background, self.precise).copy()


def _shown_seconds(image: ImageFile) -> float:
    """Return how long the frame is shown; like browsers, 0.1 s if the file says 10 ms or less."""
    milliseconds = image.info.get("duration", 0)
    return milliseconds / 1000 if isinstance(milliseconds, int | float) and milliseconds > 10 else 0.1


def _check_texts(info: dict[Any, Any], size: int) -> None:
    """Refuse decompression bombs: real texts, including workflows, compress to a fiftieth at best."""
    length = sum(len(text) for text in info.values() if isinstance(text, str))
    if length > _TEXT_PER_BYTE * size:
        raise Refused(f"Its texts grow from {size} bytes to {length}: it is a decompression bomb.")


def _check_frames(image: ImageFile) -> None:
    """Raise if a later frame or page is damaged; checks as many as possible in a bounded time."""
    until = time.monotonic() + _SECONDS_FOR_FRAMES
    for frame in itertools.count(1):
        try:
            image.seek(frame)
        except EOFError:
            return
        image.load()
        if time.monotonic() > until:
            return


@contextlib.contextmanager
def _any_size() -> Iterator[None]:
    """Allow headers of any size: whether to draw is decided later, and the facts are kept in any case."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS, most = None, Image.MAX_IMAGE_PIXELS
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = most


@contextlib.contextmanager
def _explaining(format: Format) -> Iterator[None]:
    """Turn any exception of Pillow, whose classes change between releases, into `Refused` with a readable reason."""
    from PIL import Image, UnidentifiedImageError

    what = format.name.upper()
    try:
        yield
    except (Refused, MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise
    except UnidentifiedImageError:
        raise Refused(f"This {what} file is damaged: its header cannot be read.") from None
    except Exception as error:
        if "truncated" in str(error).lower():
            raise Refused(f"This {what} file is cut short: its end is missing.") from error
        raise Refused(f"This {what} file is damaged ({error}).") from error


def _stored_size(image: ImageFile) -> tuple[int, int]:
    """Return the size before any rotation. For a TIFF that its own tag rotates, Pillow tells the upright size."""
    tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
    return int(tags.get(256, image.width)), int(tags.get(257, image.height))


def _exif(image: ImageFile) -> bytes:
    """Return the TIFF block, wherever the format or a converter keeps it."""
    exif = image.info.get("exif", b"")
    if image.format == "TIFF":  # the file itself is the block, with tags anywhere in it
        with contextlib.suppress(Exception):
            exif = image.getexif().tobytes()
    if not exif:
        raw = image.info.get("Raw profile type exif") or image.info.get("Raw profile type APP1")
        if isinstance(raw, str):
            exif = _from_raw_profile(raw)
    return _bounded(exif).removeprefix(b"Exif\0\0")


def _iptc(info: dict[Any, Any]) -> bytes:
    """Return the IPTC block of Photoshop's resources, or the one that a converter put into a PNG."""
    resources, raw = info.get("photoshop"), info.get("Raw profile type iptc")
    if isinstance(resources, dict):
        return _bounded(resources.get(0x0404, b""))
    return _from_raw_profile(raw) if isinstance(raw, str) else b""


def _from_raw_profile(text: str) -> bytes:
    """Decode ImageMagick's raw profiles in PNG texts: a name, a length, then hexadecimal lines."""
    try:
        return bytes.fromhex("".join(text[: 2 * _MOST_BYTES].split("\n")[3:]))
    except ValueError:
        return b""


def _texts(info: dict[Any, Any]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in info.items():
        if isinstance(key, str) and isinstance(value, str) and len(texts) < _MOST_TEXTS:
            texts[key[:80]] = str(value)[: _MOST_BYTES + 1]  # one more, so that a text that is too long is noticed
    return texts


def _bounded(data: object) -> bytes:
    return data if isinstance(data, bytes) and len(data) <= _MOST_BYTES else b""


class HeifKind(Kind):
    id = "heif"
    kind = "image"

    def recognise(self, head: bytes, name: str) -> Format | None:
        recognized = formats.container_format(head)
        return recognized if recognized in (formats.HEIC, formats.HEIF) else None

    def open(self, file: BinaryIO, format: Format) -> Media:
        from pillow_heif import register_heif_opener

        # It turns pictures upright and resets their EXIF tag. One thread, because there is a process per core.
        register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
        return open_still(file, format)


class JxlKind(Kind):
    id = "jxl"
    kind = "image"

    def recognise(self, head: bytes, name: str) -> Format | None:
        return formats.JXL if head.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")) else None

    def open(self, file: BinaryIO, format: Format) -> Media:
        import_module("pillow_jxl")  # adds itself to Pillow
        return open_still(file, format)

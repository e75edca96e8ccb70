"""The built-in kind `image`: JPEG, PNG and WebP, recognised by their first bytes and decoded by Pillow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from ..contracts import Kind, Media
from ..errors import Refused
from ..types import Embedded, Format
from .stealth import hidden
from .tiff import Tags

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

JPEG = Format("jpeg", "image/jpeg", "jpg", inline=True)
PNG = Format("png", "image/png", "png", inline=True)
WEBP = Format("webp", "image/webp", "webp", inline=True)

_MOST_TEXTS = 256
_MOST_BYTES = 4 << 20


class ImageKind(Kind):
    id = "image"

    def recognise(self, head: bytes, name: str) -> Format | None:
        if head.startswith(b"\xff\xd8\xff"):
            return JPEG
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return PNG
        if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
            return WEBP
        return None

    def open(self, file: BinaryIO, format: Format) -> Media:
        from PIL import Image

        with _explaining(format):
            # Only the decoder of the recognised format may try.
            return _Still(Image.open(file, formats=[format.name.upper()]), format)


class _Still(Media):
    def __init__(self, image: ImageFile, format: Format) -> None:
        self._image = image
        self._format = format
        self.orientation = Tags(_exif(image)).orientation
        self.width, self.height = image.size
        if self.orientation >= 5:
            self.width, self.height = self.height, self.width
        # An MPO is a JPEG with a second view or a depth map behind the first: not an animation.
        self.moving = format is not JPEG and bool(getattr(image, "is_animated", False))

    @property
    def embedded(self) -> Embedded:  # type: ignore[override]  # read late: PNG texts may follow the pixels
        info = self._image.info
        xmp = info.get("xmp", b"")
        return Embedded(
            self._format.name,
            text={**_texts(info), **self._hidden()},
            exif=_exif(self._image),
            xmp=_bounded(xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp),
            comment=_bounded(info.get("comment", b"")) if self._format is JPEG else b"",
            iptc=_iptc(info),
        )

    def _hidden(self) -> dict[str, str]:
        text = hidden(self._image) if self._format in (PNG, WEBP) and not self.moving else None
        return {} if text is None else {"stealth": text}

    def still(self, short: int, long: int) -> Image:
        from .draw import upright

        with _explaining(self._format):
            return upright(self._image, self.orientation, short, long)


@contextlib.contextmanager
def _explaining(format: Format) -> Iterator[None]:
    """Whatever Pillow raises over a file (its classes change from release to release) as a sentence for people."""
    from PIL import Image, UnidentifiedImageError

    what = format.name.upper()
    try:
        yield
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise
    except UnidentifiedImageError:
        raise Refused(f"This {what} file is damaged: its header cannot be read.") from None
    except Exception as error:
        if "truncated" in str(error).lower():
            raise Refused(f"This {what} file is cut short: its end is missing.") from error
        raise Refused(f"This {what} file is damaged ({error}).") from error


def _exif(image: ImageFile) -> bytes:
    """The TIFF block, wherever the format or a converter keeps it."""
    exif = image.info.get("exif", b"")
    if not exif:
        raw = image.info.get("Raw profile type exif") or image.info.get("Raw profile type APP1")
        if isinstance(raw, str):
            exif = _from_raw_profile(raw)
    return _bounded(exif).removeprefix(b"Exif\0\0")


def _iptc(info: dict[Any, Any]) -> bytes:
    """The IPTC block among Photoshop's resources, or as a converter put it into a PNG."""
    resources, raw = info.get("photoshop"), info.get("Raw profile type iptc")
    if isinstance(resources, dict):
        return _bounded(resources.get(0x0404, b""))
    return _from_raw_profile(raw) if isinstance(raw, str) else b""


def _from_raw_profile(text: str) -> bytes:
    """ImageMagick's way to put EXIF into a PNG: a name, a length, then hexadecimal lines."""
    try:
        return bytes.fromhex("".join(text[: 2 * _MOST_BYTES].split("\n")[3:]))
    except ValueError:
        return b""


def _texts(info: dict[Any, Any]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for key, value in info.items():
        if isinstance(key, str) and isinstance(value, str) and len(texts) < _MOST_TEXTS:
            texts[key[:80]] = str(value)[: _MOST_BYTES + 1]  # one more: too long to keep shows as such
    return texts


def _bounded(data: object) -> bytes:
    return data if isinstance(data, bytes) and len(data) <= _MOST_BYTES else b""

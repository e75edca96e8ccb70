"""Videos, by PyAV (extra `video`): duration, upright size, date and place, tags, and a poster frame."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import Refused
from ..plugins.contracts import Kind, Media
from ..types import Embedded, Fact, Format
from .facts import described, gear, known_fact, place
from .formats import brands, container_format

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream
    from PIL.Image import Image

MP4 = Format("mp4", "video/mp4", "mp4", inline=True)
MOV = Format("mov", "video/quicktime", "mov")
WEBM = Format("webm", "video/webm", "webm", inline=True)
MKV = Format("mkv", "video/x-matroska", "mkv")
AVI = Format("avi", "video/x-msvideo", "avi")

_DEMUXERS = {"mp4": "mov", "mov": "mov", "webm": "matroska", "mkv": "matroska", "avi": "avi"}
_OTHERS = frozenset({b"crx ", b"avci", b"avcs", b"j2ki", b"j2is", b"jpeg", b"jpgs", b"vvic", b"vvis"})
_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_MOST_TAGS = 256
_MOST_TEXT = 4 << 20
_PLACE = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)")
_DATES = ("com.apple.quicktime.creationdate", "creation_time", "date")
_FIRST_YEAR = 1972  # cameras without a clock write the epoch of their format: 1904 or 1970


class VideoKind(Kind):
    id = "video"

    def recognise(self, head: bytes, name: str) -> Format | None:
        names = brands(head)
        if names:
            if container_format(head) is not None or names[0] in _OTHERS:
                return None
            return MOV if names[0] == b"qt  " else MP4
        if head[:1] == b"\0" and head[4:8] in _ATOMS:
            return MOV  # QuickTime before it had brands
        if head[:4] == b"\x1aE\xdf\xa3":
            return WEBM if b"webm" in head[:64] else MKV
        return AVI if head[:4] == b"RIFF" and head[8:12] == b"AVI " else None

    def open(self, file: BinaryIO, format: Format) -> Media:
        import av

        with _explaining(format):
            # One demuxer and no protocols: playlists and references could name any file or address.
            container = av.open(
                file,
                "r",
                format=_DEMUXERS[format.name],
                container_options={"protocol_whitelist": "none", "export_xmp": "1"},
                metadata_errors="replace",
            )
            stream: Any = container.streams.best("video")
            if stream is None and not container.streams.audio:
                raise Refused(f"This {format.name.upper()} file is truncated: nothing in it can be played.")
            if stream is None or "attached_pic" in str(stream.disposition):
                raise Refused("It contains only sound.", cause="unsupported")
            return _Video(container, stream, format)


class _Video(Media):
    moving = True

    def __init__(self, container: InputContainer, stream: VideoStream, format: Format) -> None:
        self._container, self._stream, self._format = container, stream, format
        if stream.codec_context is None:
            raise Refused("Its video codec is not supported.")
        self.width, self.height = stream.width, stream.height
        self.seconds = _seconds(container, stream)
        tags = _tags({**stream.metadata, **container.metadata})
        self.created = next((at for at in (_moment(tags.get(name)) for name in _DATES) if at is not None), None)
        self.facts = tuple(_facts(container, stream, self.seconds, tags))
        xmp = tags.pop("xmp", "").encode("utf-8", "replace")
        self.embedded = Embedded(format.name, text=tags, xmp=xmp)

    def still(self, short: int, long: int) -> Image:
        from .poster import poster

        with _explaining(self._format):
            image, turn = poster(self._container, self._stream, self.seconds, short, long)
        if turn in (90, 270):
            self.width, self.height = self.height, self.width
        return image

    def frames(self, times: Sequence[float], short: int, long: int) -> Iterator[Image]:
        from .poster import frames

        with _explaining(self._format):
            yield from frames(self._container, self._stream, times, short, long)


@contextlib.contextmanager
def _explaining(format: Format) -> Iterator[None]:
    """Turn FFmpeg's errors into `Refused`, with sentences that do not name the object that was read."""
    import av

    what = format.name.upper()
    try:
        yield
    except (Refused, MemoryError):
        raise
    except av.error.FFmpegError as error:
        raise Refused(f"This {what} file is damaged ({error.strerror or type(error).__name__}).") from error
    except Exception as error:
        raise Refused(f"This {what} file is damaged ({type(error).__name__}).") from error


def _seconds(container: InputContainer, stream: VideoStream) -> float | None:
    if container.duration is not None and container.duration > 0:
        return container.duration / 1_000_000
    if stream.duration is not None and stream.duration > 0 and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    """Return the tags by lower-case name: Matroska's are in upper case."""
    pairs = list(metadata.items())[:_MOST_TAGS]
    return {name[:80].lower(): value[: _MOST_TEXT + 1] for name, value in pairs}


def _moment(text: str | None) -> int | None:
    """Return ms UTC; a time without a zone is UTC by definition of the formats."""
    try:
        moment = datetime.fromisoformat(text or "")
        if moment.tzinfo is None:
            moment = datetime.fromisoformat(f"{moment.isoformat()}+00:00")
        return int(moment.timestamp() * 1000) if _FIRST_YEAR <= moment.year <= 2200 else None
    except (ValueError, OverflowError):
        return None


def _facts(
    container: InputContainer, stream: VideoStream, seconds: float | None, tags: dict[str, str]
) -> Iterator[Fact]:
    if seconds is not None and seconds < 1e9:
        yield known_fact("duration", _clock(seconds), seconds)
    yield known_fact("codec", stream.codec_context.name)
    rate = float(stream.average_rate or 0)
    if 0 < rate < 10_000:
        yield known_fact("fps", f"{rate:.4g}", rate)
    sound = container.streams.best("audio")
    if sound is not None and sound.codec_context is not None:
        yield known_fact("sound", sound.codec_context.name)
    yield from gear(_tag(tags, "make"), _tag(tags, "model"), "", _tag(tags, "software"))
    match = _PLACE.match(tags.get("com.apple.quicktime.location.iso6709", tags.get("location", "")))
    if match is not None:
        yield from place(float(match[1]), float(match[2]))
    yield from described(
        title=_tag(tags, "title"),
        description=_tag(tags, "description") or _tag(tags, "synopsis"),
        keywords=re.split("[,;]", _tag(tags, "keywords")),
        creators=[_tag(tags, "artist") or _tag(tags, "author")],
        rights=_tag(tags, "copyright"),
    )


def _clock(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _tag(tags: dict[str, str], name: str) -> str:
    return tags.get(f"com.apple.quicktime.{name}", tags.get(name, "")).strip()

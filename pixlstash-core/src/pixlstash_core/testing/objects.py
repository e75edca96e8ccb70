"""Checks media kinds, and names and settings of all objects; each function returns problems as sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from ..plugins.contracts import Kind, Media, Params
from ..plugins.settings import form, plain_params, read_params
from ..types import Format
from .engines import describe

#: First bytes of files of built-in kinds, and of none.
HEADS = {
    "nothing": b"",
    "zeros": bytes(4096),
    "noise": bytes((n * n * 31 + n) % 251 for n in range(4096)),
    "a PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x02\0\0\0",
    "a JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0",
    "a GIF": b"GIF89a\1\0\1\0\x80\0\0",
    "a WebP": b"RIFF\x24\0\0\0WEBPVP8 ",
    "an MP4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41",
}
#: The size of drawn samples in pixels.
SHORT, LONG = 64, 128
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")


def kind_faults(kind: Kind, samples: Sequence[Path] = ()) -> list[str]:
    """Return problems of a media kind. `samples`: files of its formats."""
    wrong = name_faults(kind, "id")
    own = type(kind).__module__.startswith("pixlstash_core.")
    for what, head in HEADS.items():
        try:
            format = kind.recognise(head, "picture")
        except (Exception, SystemExit) as error:
            wrong.append(f"`recognise` fails on {what}: {describe(error)}. It returns None for what it does not know")
            continue
        if format is None:
            continue
        wrong += _format(format)
        if not own and what != "nothing" and what.startswith("a"):
            wrong.append(f"`recognise` takes {what} for its own: return None for files of built-in kinds")
        elif not own:
            wrong.append(f"`recognise` takes {what} for its own: look for bytes that only its formats begin with")
        elif isinstance(format, Format):
            _open(kind, BytesIO(head), format, what, wrong, refuses=True)
    for sample in samples:
        with sample.open("rb") as file:
            try:
                format = kind.recognise(file.read(4096), sample.name)
            except (Exception, SystemExit) as error:
                wrong.append(f"`recognise` fails on {sample.name}: {describe(error)}")
                continue
            file.seek(0)
            if not isinstance(format, Format):
                wrong.append(f"`recognise` does not know {sample.name}")
            else:
                wrong += _format(format)
                _open(kind, file, format, sample.name, wrong)
    return list(dict.fromkeys(wrong))


# -- inside ------------------------------------------------------------------------------------------------------------


def name_faults(thing: Any, name: str) -> list[str]:
    value = getattr(thing, name, None)
    if isinstance(value, str) and _ID.fullmatch(value):
        return []
    return [f"it needs an `{name}` of small letters, digits and `.`, `_`, `-`, and has {value!r}"]


def settings_faults(thing: Any) -> list[str]:
    """Return problems with its settings."""
    if not (isinstance(thing.Params, type) and issubclass(thing.Params, Params)):
        return ["its `Params` is not a class made from `Params`"]
    try:
        msgspec.json.encode(form(thing.Params))
        if not any(field.required for field in msgspec.structs.fields(thing.Params)):
            settings = read_params(thing.Params, {})
            if read_params(thing.Params, plain_params(settings, reveal=True)) != settings:
                return ["its settings are not the same after they were written as JSON and read again"]
    except Exception as error:
        return [f"its `Params` cannot become a form, which needs plain data: {describe(error)}"]
    return []


def _format(format: Any) -> list[str]:
    if not isinstance(format, Format):
        return [f"`recognise` gives {type(format).__name__}: return a Format, or None"]
    if not (format.name and format.mime.count("/") == 1 and re.fullmatch(r"[a-z0-9]{1,16}", format.extension)):
        return [f"`recognise` gives {format!r}: a Format has a name, a MIME type, and an extension without a dot"]
    return []


def _open(kind: Kind, file: Any, format: Format, what: str, wrong: list[str], *, refuses: bool = False) -> None:
    """Draw a file. `refuses`: it is not a valid file, so exceptions are correct."""
    try:
        media: Any = kind.open(file, format)
        images: Iterator[Any] = iter([])
        if not isinstance(media, Media):
            return wrong.append(f"`open` gives {type(media).__name__}, which is not made from `Media`")
        if not (_is_count(media.width) and _is_count(media.height)) or media.orientation not in range(1, 9):
            size = f"{media.width!r} × {media.height!r}, orientation {media.orientation!r}"
            return wrong.append(f"`open` says that {what} has {size}: whole pixels from 1, and 1 to 8")
        images = media.frames([0.0, 0.5], SHORT, LONG) if media.moving else iter([media.still(SHORT, LONG)])
        for image in images:
            wide, high = image.size
            if image.mode != "RGB" or min(wide, high) > SHORT or max(wide, high) > LONG:
                wrong.append(
                    f"{what} is drawn as {image.mode} of {wide} × {high} pixels: RGB was asked for, of at most"
                    f" {SHORT} × {LONG}"
                )
    except (Exception, SystemExit) as error:
        if not refuses:
            wrong.append(f"{what} cannot be drawn: {describe(error)}")
    return None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1

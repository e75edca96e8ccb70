"""Checks media kinds, stores and importers against what the library relies on; each returns what is wrong."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from ..errors import NotThere
from ..plugins.contracts import Found, Importer, Kind, Media, Opened, Params, Stat, Store
from ..plugins.settings import form, plain_params, read_params
from ..types import Format
from .engines import told

#: First bytes that are of a built-in kind, or of none.
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
#: Pixels that samples are drawn at, and files of a store or importer that are looked at.
SHORT, LONG, MANY = 64, 128, 20
#: What a store is given to keep, as the library names its originals.
KEY, BODY = f"c0/{'c0ffee00' * 8}.png", bytes(range(256)) * 8
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")


def kind_faults(kind: Kind, samples: Sequence[Path] = ()) -> list[str]:
    """What is wrong with a media kind. `samples`: files of its formats."""
    wrong = _named(kind, "id")
    own = type(kind).__module__.startswith("pixlstash_core.")
    for what, head in HEADS.items():
        try:
            found = kind.recognise(head, "picture")
        except (Exception, SystemExit) as error:
            wrong.append(f"`recognise` fails on {what}: {told(error)}. It returns None for what it does not know")
            continue
        if found is None:
            continue
        wrong += _format(found)
        if not own and what != "nothing" and what.startswith("a"):
            wrong.append(f"`recognise` takes {what} for its own: return None for files of built-in kinds")
        elif not own:
            wrong.append(f"`recognise` takes {what} for its own: look for bytes that only its formats begin with")
        elif isinstance(found, Format):
            _open(kind, BytesIO(head), found, what, wrong, refuses=True)
    for sample in samples:
        with sample.open("rb") as file:
            try:
                found = kind.recognise(file.read(4096), sample.name)
            except (Exception, SystemExit) as error:
                wrong.append(f"`recognise` fails on {sample.name}: {told(error)}")
                continue
            file.seek(0)
            if not isinstance(found, Format):
                wrong.append(f"`recognise` does not know {sample.name}")
            else:
                wrong += _format(found)
                _open(kind, file, found, sample.name, wrong)
    return list(dict.fromkeys(wrong))


def store_faults(store: Store, params: dict[str, Any] | None = None) -> list[str]:
    """What is wrong with a store. `params`: settings it is connected with; None: it is not connected."""
    wrong = [*_named(store, "scheme"), *_settings(store)]
    if wrong or params is None:
        return wrong
    try:
        opened: Any = store.connect(read_params(store.Params, params))
        if not isinstance(opened, Opened):
            return [f"`connect` gives {type(opened).__name__}, which is not made from `Opened`"]
        return [*_listed(opened), *(_written(opened) if opened.writable else [])]
    except (Exception, SystemExit) as error:
        return [f"it fails: {told(error)}. Raise `StoreUnreachable` where it cannot be reached now"]


def importer_faults(importer: Importer, params: dict[str, Any] | None = None) -> list[str]:
    """What is wrong with an importer. `params`: settings it is scanned with; None: it is not."""
    wrong = [*_named(importer, "id"), *_settings(importer)]
    if wrong or params is None:
        return wrong
    given = read_params(importer.Params, params)
    try:
        first = list(itertools.islice(importer.scan(given), MANY))
        again = list(itertools.islice(importer.scan(given), MANY))
        for one in first:
            wrong += _found(one)
        if not wrong and len({one.key for one in first}) < len(first):
            wrong.append("`scan` gives two files one `key`: a key names a file for ever")
        if not wrong and {one.key for one in first} != {one.key for one in again}:
            wrong.append("`scan` gives other keys the second time: a key names a file for ever")
    except (Exception, SystemExit) as error:
        wrong.append(f"`scan` fails: {told(error)}")
    return wrong


# -- inside ------------------------------------------------------------------------------------------------------------


def _named(thing: Any, name: str) -> list[str]:
    value = getattr(thing, name, None)
    if isinstance(value, str) and _ID.fullmatch(value):
        return []
    return [f"it needs an `{name}` of small letters, digits and `.`, `_`, `-`, and has {value!r}"]


def _settings(thing: Any) -> list[str]:
    """What is wrong with its settings."""
    if not (isinstance(thing.Params, type) and issubclass(thing.Params, Params)):
        return ["its `Params` is not a class made from `Params`"]
    try:
        msgspec.json.encode(form(thing.Params))
        if not any(one.required for one in msgspec.structs.fields(thing.Params)):
            given = read_params(thing.Params, {})
            if read_params(thing.Params, plain_params(given, reveal=True)) != given:
                return ["its settings are not the same after they were written as JSON and read again"]
    except Exception as error:
        return [f"its `Params` cannot become a form, which needs plain data: {told(error)}"]
    return []


def _format(found: Any) -> list[str]:
    if not isinstance(found, Format):
        return [f"`recognise` gives {type(found).__name__}: return a Format, or None"]
    if not (found.name and found.mime.count("/") == 1 and re.fullmatch(r"[a-z0-9]{1,16}", found.extension)):
        return [f"`recognise` gives {found!r}: a Format has a name, a MIME type, and an extension without a dot"]
    return []


def _open(kind: Kind, file: Any, found: Format, what: str, wrong: list[str], *, refuses: bool = False) -> None:
    """Draw a file. `refuses`: whatever is raised is right, as it is no file of that kind."""
    try:
        media: Any = kind.open(file, found)
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
            wrong.append(f"{what} cannot be drawn: {told(error)}")
    return None


def _listed(opened: Opened) -> list[str]:
    """What is wrong with what a store has already."""
    wrong = []
    for key, about in itertools.islice(opened.list(), MANY):
        if not isinstance(key, str) or not key or not isinstance(about, Stat):
            wrong.append(f"`list` gives ({key!r}, {about!r}): a key that is a text, and a Stat")
            continue
        with opened.read(key) as file:
            size = len(file.read())
        if about.size is not None and about.size != size:
            wrong.append(f"`list` says that {key} has {about.size} bytes, and `read` gives {size}")
    return wrong


def _written(opened: Opened) -> list[str]:
    """What is wrong with how it keeps a file, which is deleted again."""
    wrong = []
    try:
        for _ in range(2):  # repeating it is harmless
            opened.put(KEY, BytesIO(BODY))
        with opened.read(KEY) as file:
            if file.read() != BODY:
                wrong.append("`read` gives other bytes than were `put`")
        with opened.read(KEY, 10, 20) as file:
            if file.read() != BODY[10:20]:
                wrong.append("`read` with `start` and `end` gives other bytes than those from start up to end")
        if opened.stat(KEY).size not in (None, len(BODY)):
            wrong.append("`stat` gives another size than what was `put` has")
        if KEY not in [key for key, _ in opened.list()]:
            wrong.append("`list` leaves out what was `put`")
    finally:
        opened.delete(KEY)
        opened.delete(KEY)
    for name, use in (("read", opened.read), ("stat", opened.stat)):
        try:
            use(KEY)
        except NotThere:
            continue
        except Exception as error:
            wrong.append(f"`{name}` of a file that is gone raises {told(error)}: raise `NotThere`")
        else:
            wrong.append(f"`{name}` of a file that is gone gives something: raise `NotThere`")
    return wrong


def _found(one: Any) -> list[str]:
    if not isinstance(one, Found) or not isinstance(one.key, str) or not one.key or not one.name:
        return [f"`scan` gives {one!r:.80}: yield Found with a key and a name"]
    with one.open() as file:
        size = len(file.read())
    return [] if one.size in (None, size) else [f"`scan` says that {one.key} has {one.size} bytes, and it has {size}"]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1

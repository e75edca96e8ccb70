"""Text files beside pictures: what they say becomes tags or a caption, without replacing any.

`a.txt` and `a.png.txt` belong to `a.png`, as tools for model training write them. People may say what files with other
suffixes are, such as `a_tags.txt` and `a.caption`. They are read once, when the picture is imported, and are not
imported themselves.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..database.connection import bind_ids
from ..database.hub import now
from ..database.writer import Write
from ..errors import Invalid, Locked, NotThere
from ..storage.files import Root, open_below
from ..tags import names
from ..types import CaptionRule
from .intake import Captions, Words

#: The most bytes and tags that are read of a file; the most words and characters of a tag.
LONGEST, MOST = 64 << 10, 1_000
WORDS, CHARACTERS = 6, 80
#: The suffix of files that are read unless people say otherwise, and how the names of text files end.
PLAIN = ".txt"
TEXTS = (PLAIN, ".caption", ".cap", ".tags", ".text")
_SENTENCE = re.compile(r"[.!?]\s|[.!?]$")
_SUFFIX = re.compile(r"[._ -][\w. -]*")
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f]")


def checked(captions: Captions) -> list[CaptionRule]:
    """Return the rules; `Invalid` if a suffix is none of a text file, or is there twice."""
    for number, rule in enumerate(captions):
        if not is_suffix(rule.suffix):
            raise Invalid(f"{rule.suffix!r} is no suffix of text files: it ends with {', '.join(TEXTS)}.")
        if rule.suffix in [other.suffix for other in captions[:number]]:
            raise Invalid(f"What files ending with {rule.suffix} are was said twice.")
    return list(captions)


def is_suffix(text: str) -> bool:
    """Whether the names of text files may end so, after the picture's."""
    return bool(_SUFFIX.fullmatch(text)) and text.lower().endswith(TEXTS)


def is_text(name: str, captions: Captions) -> bool:
    """Whether a file is one of those that people spoke of, which is no picture."""
    return any(name.endswith(rule.suffix) for rule in captions)


def read(path: Path, root: Root | Path | None = None, captions: Captions = ()) -> Words | None:
    """Return what the text files beside a file say, if there are any. Links below `root` are not followed."""
    root = Root.of(root or path.parent)
    tags: list[str] = []
    lines: list[str] = []
    for rule in captions:
        if rule.means != "ignore" and (text := _beside(path, root, rule.suffix)):
            if rule.means == "tags":
                tags += listed(text)
            else:
                lines.append("\n".join(_lines(text)))
    if not any(rule.suffix == PLAIN for rule in captions) and (text := _beside(path, root, PLAIN)):
        more, caption = parsed(text)
        tags += more
        lines += [caption] if caption is not None else []
    caption = "\n".join(filter(None, lines)) or None
    return Words(list(dict.fromkeys(tags))[:MOST], caption) if tags or caption else None


def _beside(path: Path, root: Root, suffix: str) -> str | None:
    for name in (f"{path.stem}{suffix}", f"{path.name}{suffix}"):
        if name != path.name:
            with suppress(OSError, NotThere, ValueError):  # ValueError: not text
                body = body_of(open_below(root, root.key(path.with_name(name))))
                if body is not None:
                    return decoded(body).strip() or None
    return None


def body_of(descriptor: int) -> bytes | None:
    """Return the bytes of an open file; None if it is not a regular file, empty, or too long."""
    with os.fdopen(descriptor, "rb") as file:
        body = file.read(LONGEST + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    return body if 0 < len(body) <= LONGEST else None


def decoded(body: bytes) -> str:
    """Decode a text: UTF-8, UTF-16 with a byte order mark, or else Windows-1252. ValueError if it is not text."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = body.decode("utf-16")
    else:
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = body.decode("cp1252")
            if _CONTROL.search(text):
                raise
    if "\0" in text:
        raise ValueError("not text")
    return text


def parsed(text: str) -> tuple[list[str], str | None]:
    """Return (tags, caption): tags if the text looks like a list, otherwise a caption."""
    lines = _lines(text)
    parts = [part.strip() for part in (",".join(lines) if len(lines) > 1 else text).split(",") if part.strip()]
    if parts and all(_is_tag(part) for part in parts) and (len(parts) > 1 or len(parts[0].split()) <= 2):
        return list(dict.fromkeys(parts))[:MOST], None
    return [], "\n".join(lines) or None


def listed(text: str) -> list[str]:
    """Return the tags of a text that people called a list; what cannot be a tag is left out."""
    parts = (part.strip() for line in _lines(text) for part in line.split(","))
    return list(dict.fromkeys(part for part in parts if _is_name(part)))[:MOST]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _is_tag(part: str) -> bool:
    return len(part) <= CHARACTERS and len(part.split()) <= WORDS and not _SENTENCE.search(part) and _is_name(part)


def _is_name(part: str) -> bool:
    with suppress(Invalid):
        return bool(names.written(part))
    return False


def say(write: Write, picture: int, text: Words) -> None:
    """Add what text files say to a picture's annotations: rejected tags stay rejected, no caption is replaced.

    Pictures in locked sets do not change.
    """
    try:
        write.guard([picture])
    except Locked:
        return
    if text.caption is not None:
        write.execute("insert or ignore into said_caption values (?, ?)", (picture, text.caption))
    add_tags(write, picture, text.tags)


def add_tags(write: Write, picture: int, tags: Iterable[str]) -> None:
    """Add tags to a picture, unless they were rejected."""
    ids = names.add(write, [(name, fold) for fold, name in names.distinct(list(tags)).items()]).values()
    write.execute(
        "insert or ignore into said_tag select ?, id, 1, ? from tag where id in carray(?)",
        (picture, now(), bind_ids(ids)),
    )

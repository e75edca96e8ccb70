"""A text file beside a picture: what people wrote about it becomes its tags or its caption, and wipes nothing.

`a.txt` and `a.png.txt` belong to `a.png`, as the trainers of models write them. They are read once, when the picture
is taken in, and are no pictures themselves.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from ..collections import groups
from ..database.connection import bind_ids
from ..database.hub import now
from ..database.writer import Write
from ..errors import Invalid, Locked, NotThere
from ..storage.files import Root, open_below
from ..tags import names
from ..tags import normalise as words

#: Bytes of a file and tags in it that are read; words and characters of what may still be a tag.
LONGEST, MOST = 64 << 10, 1_000
WORDS, CHARACTERS = 6, 80
_SENTENCE = re.compile(r"[.!?]\s|[.!?]$")


def read(path: Path, root: Root | Path | None = None) -> str | None:
    """What is written beside a file; None when there is nothing that is text. No link below `root` is followed."""
    root = Root.of(root or path.parent)
    for name in (f"{path.stem}.txt", f"{path.name}.txt"):
        if name != path.name:
            with suppress(OSError, NotThere, ValueError):  # ValueError: not text
                body = _body(open_below(root, root.key(path.with_name(name))))
                if body is not None:
                    return _decoded(body).strip() or None
    return None


def _body(descriptor: int) -> bytes | None:
    """The bytes of an open file; None when it is no plain file, or longer than is read."""
    with os.fdopen(descriptor, "rb") as file:
        body = file.read(LONGEST + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    return body if 0 < len(body) <= LONGEST else None


def _decoded(body: bytes) -> str:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16")
    text = body.decode("utf-8-sig")
    if "\0" in text:
        raise ValueError("not text")
    return text


def parsed(text: str) -> tuple[list[str], str | None]:
    """(tags, caption): one of them, by whether it reads like a list or like a sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    parts = [part.strip() for part in (",".join(lines) if len(lines) > 1 else text).split(",") if part.strip()]
    if parts and all(_is_tag(part) for part in parts) and (len(parts) > 1 or len(parts[0].split()) <= 2):
        return list(dict.fromkeys(parts))[:MOST], None
    return [], "\n".join(lines) or None


def _is_tag(part: str) -> bool:
    if len(part) > CHARACTERS or len(part.split()) > WORDS or _SENTENCE.search(part):
        return False
    with suppress(Invalid):
        return bool(words.written(part))
    return False


def say(write: Write, picture: int, text: str) -> None:
    """Say it of a picture where nothing was said: no tag anybody rejected comes back, and no caption is replaced.

    What was said of a picture in a locked set stays as it is.
    """
    try:
        groups.refuse_locked(write, [picture])
    except Locked:
        return
    tags, caption = parsed(text)
    if caption is not None:
        write.execute("insert or ignore into said_caption values (?, ?)", (picture, caption))
    kept = names.distinct(tags)
    ids = names.add(write, [(name, fold) for fold, name in kept.items()]).values()
    write.execute(
        "insert or ignore into said_tag select ?, id, 1, ? from tag where id in carray(?)",
        (picture, now(), bind_ids(ids)),
    )

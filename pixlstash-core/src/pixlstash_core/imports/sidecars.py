"""Sidecar text files: the text beside a picture becomes its tags or its caption, without replacing any.

`a.txt` and `a.png.txt` belong to `a.png`, as tools for model training write them. They are read once, when the picture
is imported, and are not imported themselves.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from contextlib import suppress
from pathlib import Path

from ..database.connection import bind_ids
from ..database.hub import now
from ..database.writer import Write
from ..errors import Invalid, Locked, NotThere
from ..storage.files import Root, open_below
from ..tags import names
from ..tags import normalise as words

#: The most bytes and tags that are read of a file; the most words and characters of a tag.
LONGEST, MOST = 64 << 10, 1_000
WORDS, CHARACTERS = 6, 80
_SENTENCE = re.compile(r"[.!?]\s|[.!?]$")


def read(path: Path, root: Root | Path | None = None) -> str | None:
    """Return the sidecar text of a file, if there is one. Links below `root` are not followed."""
    root = Root.of(root or path.parent)
    for name in (f"{path.stem}.txt", f"{path.name}.txt"):
        if name != path.name:
            with suppress(OSError, NotThere, ValueError):  # ValueError: not text
                body = _body(open_below(root, root.key(path.with_name(name))))
                if body is not None:
                    return _decoded(body).strip() or None
    return None


def _body(descriptor: int) -> bytes | None:
    """Return the bytes of an open file; None if it is not a regular file, empty, or too long."""
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
    """Return (tags, caption): tags if the text looks like a list, otherwise a caption."""
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
    """Add the sidecar text to a picture's annotations: rejected tags stay rejected, and a caption is not replaced.

    Pictures in locked sets do not change.
    """
    try:
        write.guard([picture])
    except Locked:
        return
    tags, caption = parsed(text)
    if caption is not None:
        write.execute("insert or ignore into said_caption values (?, ?)", (picture, caption))
    ids = names.add(write, [(name, fold) for fold, name in names.distinct(tags).items()]).values()
    write.execute(
        "insert or ignore into said_tag select ?, id, 1, ? from tag where id in carray(?)",
        (picture, now(), bind_ids(ids)),
    )

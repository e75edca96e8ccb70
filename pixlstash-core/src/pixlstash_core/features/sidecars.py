"""A text file beside a picture: what people wrote about it becomes its tags or its caption, and wipes nothing.

`a.txt` and `a.png.txt` belong to `a.png`, as the trainers of models write them. They are read once, when the picture
is taken in, and are no pictures themselves.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from pathlib import Path

from .. import groups
from ..db import bind_ids
from ..errors import Invalid, Locked
from ..hub import now
from ..tagging import names, words
from ..write import Write

#: Bytes of a file and tags in it that are read; words and characters of what may still be a tag.
LONGEST, MOST = 64 << 10, 1_000
WORDS, CHARACTERS = 6, 80
_SENTENCE = re.compile(r"[.!?]\s|[.!?]$")


def read(path: Path) -> str | None:
    """What is written beside a file; None when there is nothing that is text."""
    for beside in (path.with_suffix(".txt"), path.with_name(f"{path.name}.txt")):
        with suppress(OSError, ValueError):  # ValueError: not text, or no name that could have another suffix
            if beside != path and beside.is_file() and not beside.is_symlink() and beside.stat().st_size <= LONGEST:
                return _decoded(beside.read_bytes()).strip() or None
    return None


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

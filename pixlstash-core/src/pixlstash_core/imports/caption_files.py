"""Finds the naming patterns of the text files beside pictures in a folder, for people to say what they are."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..errors import Invalid, NotThere
from ..media.formats import RAW_SUFFIXES
from ..storage.files import Root, open_below, printable, walk_below
from ..types import CaptionMeaning, CaptionPattern
from . import sidecars
from .sidecars import TEXTS

#: Seconds and text files after which the search stops; files of a pattern that are read until one can be; patterns.
LONGEST, MOST, TRIES, PATTERNS = 10.0, 50_000, 20, 20
#: Characters of a sample.
SAMPLE = 200
#: Extensions of files that texts may belong to.
_PICTURES = frozenset(
    "jpg jpeg png webp gif avif tif tiff bmp jp2 j2k heic heif jxl mp4 mov webm mkv avi".split()
).union(RAW_SUFFIXES)


class _Pattern:
    def __init__(self, suffix: str, name: str) -> None:
        self.suffix, self.name = suffix, name
        self.files = self.tries = 0
        self.sample = ""
        self.means: CaptionMeaning = "ignore"

    def add(self, root: Root, name: str) -> None:
        """Count a file, and take it as the sample if none could be read so far."""
        self.files += 1
        if self.sample or self.tries == TRIES:
            return
        self.tries += 1
        with suppress(OSError, NotThere, ValueError):
            body = sidecars.body_of(open_below(root, name))
            text = sidecars.decoded(body).strip() if body is not None else ""
            if text:
                self.name = name
                self.sample = "\n".join(map(printable, text[:SAMPLE].splitlines()))
                self.means = "tags" if sidecars.parsed(text)[0] else "description"


def patterns(path: Path) -> list[CaptionPattern]:
    """Return the patterns in a folder and those below it, the most frequent one first. It takes ten seconds at most."""
    present: dict[str, _Pattern] = {}
    root = Root.pinned(path)
    for name, suffix in _texts(root):
        if suffix not in present and len(present) >= PATTERNS:
            continue
        present.setdefault(suffix, _Pattern(suffix, name)).add(root, name)
    rows = sorted(present.values(), key=lambda pattern: (-pattern.files, pattern.suffix))
    return [CaptionPattern(row.suffix, row.files, printable(row.name), row.sample, row.means) for row in rows]


def _texts(root: Root) -> Iterator[tuple[str, str]]:
    """Yield (path, suffix) of text files beside pictures, folder by folder."""
    until, count, folder = time.monotonic() + LONGEST, 0, ""
    stems: set[str] = set()
    texts: list[str] = []
    try:
        for path, _ in walk_below(root):
            parent, _, name = path.rpartition("/")
            if parent != folder:
                yield from _matched(folder, stems, texts)
                folder, stems, texts = parent, set(), []
            stem, _, extension = name.rpartition(".")
            if extension.lower() in _PICTURES:
                stems |= {stem, name}
            elif name.lower().endswith(TEXTS):
                texts.append(name)
                count += 1
            if count >= MOST or time.monotonic() > until:
                break
    except OSError as error:
        raise Invalid(f"{root.path} cannot be read: {error.strerror or os.strerror(error.errno or 0)}.") from error
    yield from _matched(folder, stems, texts)


def _matched(folder: str, stems: set[str], texts: list[str]) -> Iterator[tuple[str, str]]:
    for name in texts:
        for length in range(len(name) - 2, max(0, len(name) - 41), -1):
            suffix = name[length:]
            if name[:length] in stems:
                if sidecars.is_suffix(suffix):
                    yield f"{folder}/{name}" if folder else name, suffix
                break

"""Checks that a folder holds the files of a reference folder before the library looks for them there."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from msgspec import Struct

from ..database.connection import Database
from ..errors import Conflict, NotThere, StoreUnreachable
from ..plugins.contracts import Stat
from ..storage.local import Folder
from . import rows

#: Files whose bytes are compared.
SAMPLE = 20


class Match(Struct):
    """How many of a folder's files are in another one with the same name and size."""

    files: int = 0
    present: int = 0


def verify(db: Database, store: int, path: Path, *, force: bool) -> Match:
    """Compare the files of a store with those at `path`: all by name and size, some by their bytes.

    `Conflict` if fewer than half of them are there, unless `force`, or if the bytes of one differ; `StoreUnreachable`
    if the folder cannot be read.
    """
    folder, match = Folder(path), Match()
    next(iter(folder.list()), None)  # a folder that cannot be read, or an empty one, is refused
    rng = random.Random()
    sample: list[tuple[str, bytes]] = []
    for key, size, sha256 in rows.all_present(db, store):
        match.files += 1
        stat = _stat(folder, key)
        if stat is None or size is not None and stat.size != size:
            continue
        match.present += 1
        if len(sample) < SAMPLE:
            sample.append((key, sha256))
        elif rng.randrange(match.present) < SAMPLE:
            sample[rng.randrange(SAMPLE)] = (key, sha256)
    if 2 * match.present < match.files and not force:
        raise Conflict(
            f"Only {match.present:,} of the {match.files:,} files are in {path}. Choose the folder that they are in, or"
            " relocate it by force."
        )
    for key, sha256 in sample:
        if _hash(folder, key) != sha256:
            raise Conflict(f"{key} in {path} is another file than the library knows. Choose the folder that was moved.")
    return match


def _stat(folder: Folder, key: str) -> Stat | None:
    try:
        return folder.stat(key)
    except NotThere:
        return None


def _hash(folder: Folder, key: str) -> bytes:
    try:
        with folder.read(key) as file:
            digest = hashlib.sha256()
            while block := file.read(1 << 20):
                digest.update(block)
            return digest.digest()
    except OSError as error:
        raise StoreUnreachable(f"{key} cannot be read: {error.strerror or error}.") from error

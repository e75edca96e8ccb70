"""Manifests: each describes a snapshot and lists its stored pages. A snapshot exists once its manifest does.

Two lines of text (what it is, with the SHA-256 of all that follows; and a JSON object), then a zstd frame with the
number of each page, as the difference to the one before it. Pages are numbered through the packs that the JSON names.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import zstandard
from msgspec import Struct

from ..errors import Conflict
from ..storage.files import create_private, fsync_folder, writing_to
from ..types import SnapshotKind
from .packs import PACK, UNFINISHED, Damaged

if TYPE_CHECKING:  # numpy is loaded to take snapshots, not to open a library
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

VERSION = 1
SUFFIX = ".snapshot"
#: Pages of a database: a terabyte of the usual ones.
MOST = 1 << 28
NAME = re.compile(r"[0-9a-f]{32}")
_FIRST = re.compile(rb"pixlstash snapshot (\d+) ([0-9a-f]{64})\n")


class Manifest(Struct, frozen=True):
    """The description of a snapshot. `created`: ms; `rows`: number of rows by table; `packs`: (name, pages), in order.

    `bytes`: how large it would be, compressed, if it stood alone; `sha256`: of the hashes of its pages, one after the
    other; `schema`: the schema of the database in it.
    """

    id: int
    public_id: str
    kind: SnapshotKind
    label: str | None
    created: int
    library: str
    epoch: str
    revision: int
    schema: int
    program: str
    page_size: int
    pages: int
    bytes: int
    sha256: str
    rows: dict[str, int]
    packs: list[tuple[str, int]]


def path_of(folder: Path, id: int) -> Path:
    return folder / f"{id}{SUFFIX}"


def ids(folder: Path) -> list[int]:
    """Return the ids of the manifests in a folder, the newest first."""
    names = (path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))
    return sorted((int(name) for name in names if re.fullmatch(r"[1-9]\d{0,14}", name)), reverse=True)


def head(folder: Path, id: int) -> Manifest:
    """Read a manifest without its page numbers. Raises `Damaged`, or `Conflict` if a newer PixlStash wrote it."""
    return _read(folder, id)[0]


def read(folder: Path, id: int) -> tuple[Manifest, Numbers]:
    """Read a manifest with its page numbers. Raises `Damaged`, or `Conflict` if a newer PixlStash wrote it."""
    manifest, packed = _read(folder, id)
    try:
        return manifest, _unpacked(packed, manifest)
    except (ValueError, zstandard.ZstdError) as error:
        raise Damaged(f"Snapshot {id} is damaged: {error}.") from error


def _read(folder: Path, id: int) -> tuple[Manifest, bytes]:
    try:
        body = path_of(folder, id).read_bytes()
    except OSError as error:
        raise Damaged(f"Snapshot {id} cannot be read: {error.strerror}.") from error
    first = _FIRST.match(body[:200])
    if not first:
        raise Damaged(f"Snapshot {id} is damaged, or no snapshot.")
    if int(first[1]) != VERSION:
        raise Conflict(f"Snapshot {id} was written by a newer PixlStash. Update PixlStash.")
    rest = body[first.end() :]
    if hashlib.sha256(rest).hexdigest() != first[2].decode():
        raise Damaged(f"Snapshot {id} is damaged.")
    text, _, packed = rest.partition(b"\n")
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise Damaged(f"Snapshot {id} is damaged: {error}.") from error
    if manifest.id != id:
        raise Damaged(f"Snapshot {id} says that it is snapshot {manifest.id}.")
    if any(not NAME.fullmatch(name) or not 0 < pages <= PACK for name, pages in manifest.packs):
        raise Damaged(f"Snapshot {id} names what is no pack.")
    return manifest, packed


def _unpacked(packed: bytes, manifest: Manifest) -> Numbers:
    import numpy as np

    if not 0 < manifest.pages <= MOST or not 512 <= manifest.page_size <= 65_536:
        raise ValueError("no database has so many pages")
    with zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        plain = stream.read(4 * manifest.pages + 1)
    if len(plain) != 4 * manifest.pages:
        raise ValueError("it names another number of pages")
    numbers: Numbers = np.cumsum(np.frombuffer(plain, "<i4"), dtype=np.int64)
    if numbers.min() < 0 or numbers.max() >= sum(pages for _, pages in manifest.packs):
        raise ValueError("it names pages that are not there")
    return numbers


def encode(manifest: Manifest, numbers: Numbers) -> bytes:
    import numpy as np

    differences = np.diff(numbers, prepend=0).astype("<i4").tobytes()
    rest = msgspec.json.encode(manifest) + b"\n" + zstandard.ZstdCompressor(level=9).compress(differences)
    return b"pixlstash snapshot %d %s\n" % (VERSION, hashlib.sha256(rest).hexdigest().encode()) + rest


def write(folder: Path, manifest: Manifest, numbers: Numbers) -> None:
    """Write or replace a manifest, atomically and durably."""
    temporary = folder / f"{secrets.token_hex(8)}{UNFINISHED}"
    with writing_to(folder):
        try:
            with create_private(temporary) as file:
                file.write(encode(manifest, numbers))
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path_of(folder, manifest.id))
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        fsync_folder(folder)

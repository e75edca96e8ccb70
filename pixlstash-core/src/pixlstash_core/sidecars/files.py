"""The sidecar files of one picture's file: which there are, what they say, and how they are written."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, field

from ..errors import PixlStashError
from ..storage.files import Root, writing_to
from ..storage.replacing import NotReadable, Version, make_parents_below, read_below, remove_leftover, replace_below
from ..types import SidecarPlace, SidecarPolicy
from .formats import FORMATS, Format, fields_of, names_of
from .rows import Place, Record
from .values import Merge, Values

#: Seconds for which a file must not have changed before it is read.
SETTLE = 2.0


class Sidecar(Struct, eq=False):
    """A sidecar of a picture, which may not exist yet. `is_ours`: the one that is written.

    `theirs`: its values, None if there is no file; `body` and `version`: what was read. `problem`: why it is left
    alone. `is_young`: it changed within the last seconds. `is_recorded`: the hub has a row of it.
    """

    picture: int
    place: Place
    root: Root
    format: Format
    is_ours: bool = False
    body: bytes | None = None
    version: Version | None = None
    theirs: Values | None = None
    fields: frozenset[str] = frozenset()
    record: Record = Record()
    problem: str = ""
    is_young: bool = False
    is_recorded: bool = False
    merged: Merge = field(default_factory=Merge)
    next: bytes | None = None

    @property
    def path(self) -> str:
        return self.place[1]


def sidecars_of(
    picture: int, path: str, places: dict[SidecarPlace, Root], policy: SidecarPolicy, is_alone: Callable[[], bool]
) -> list[Sidecar]:
    """Return the sidecars of a picture's file that exist, and those that are to be written."""
    sidecars: list[Sidecar] = []
    written: SidecarPlace | None = {"write": "beside", "mirror": "mirror"}.get(policy.mode)  # type: ignore[assignment]
    alone = is_alone()
    for name in dict.fromkeys(policy.formats):
        format = FORMATS[name]
        paths = names_of(path, format, policy.names, is_alone=alone)
        for place, root in places.items():
            candidates = [Sidecar(picture, (place, path), root, format) for path in paths]
            for sidecar in candidates:
                _read(sidecar, policy)
            if place == written:
                existing = [sidecar for sidecar in candidates if sidecar.version is not None or sidecar.problem]
                (existing or candidates)[0].is_ours = True
            sidecars += candidates
    return sidecars


def _read(sidecar: Sidecar, policy: SidecarPolicy) -> None:
    """Read a sidecar's file; what is wrong with it is its `problem`."""
    sidecar.fields = fields_of(sidecar.format, policy)
    try:
        present = read_below(sidecar.root, sidecar.path, sidecar.format.longest)
    except NotReadable as error:
        sidecar.problem = str(error)
    except (FileNotFoundError, NotADirectoryError):  # the folder, in a mirror, or a link is in the way
        pass
    except PixlStashError:
        sidecar.is_young = True
    except (OSError, ValueError) as error:
        sidecar.problem = f"It cannot be read: {getattr(error, 'strerror', None) or error}."
    else:
        if present is not None:
            sidecar.body, sidecar.version = present
            sidecar.is_young = abs(time.time_ns() - sidecar.version.mtime) < SETTLE * 1e9
            _parse(sidecar, policy)


def _parse(sidecar: Sidecar, policy: SidecarPolicy) -> None:
    body = sidecar.body or b""
    try:
        if body.strip():
            sidecar.theirs, sidecar.fields = sidecar.format.parse(body, policy)
        else:
            sidecar.theirs = Values()
    except ValueError as error:
        sidecar.problem = str(error)


def recall(sidecar: Sidecar, record: Record | None) -> None:
    """Take note of what is record of a sidecar; what was being written when the process ended is our own."""
    sidecar.is_recorded, record = record is not None, record or Record()
    if record.next_sha256 is not None:
        hashes = {record.next_sha256, record.sha256}
        remove_leftover(sidecar.root, sidecar.path, record.next_sha256, hashes, sidecar.format.longest)
    sidecar.record = record
    if sidecar.body is None:  # deleted by another program, or never there
        if not sidecar.problem:
            sidecar.record = Record()
        return
    sha256 = hash_of(sidecar.body)
    if record.next_sha256 == sha256 and record.next_base is not None:
        sidecar.record = Record(base=record.next_base, sha256=sha256)
    if sidecar.record.sha256 == sha256:
        sidecar.is_young = False  # nothing changed in it


def write(sidecar: Sidecar) -> None:
    """Write the bytes in `next`. PixlStashError if the file changed meanwhile, the disk is full or refuses it."""
    assert sidecar.next is not None, "there is something to write"
    shown = Path(sidecar.root.path, sidecar.path)
    with writing_to(shown):
        if sidecar.place[0] == "mirror":
            make_parents_below(sidecar.root, sidecar.path)
        sidecar.version = replace_below(sidecar.root, sidecar.path, sidecar.next, sidecar.version)
    sidecar.body, sidecar.next = sidecar.next, None


def hash_of(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()

"""Reference folders, and the folders of the server's machine that people choose from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

#: `missing`: it does not exist. `unmounted`: its disk is not there. `empty`: nothing is in it. Pictures are not marked.
FolderState = Literal["ok", "missing", "unmounted", "empty", "unreadable"]
#: `live`: changes are seen at once. `polling`: it is scanned again every so often. `off`: by hand only.
Watching = Literal["live", "polling", "off"]
FolderPath = Annotated[str, Meta(min_length=1, max_length=4096)]
FolderName = Annotated[str, Meta(max_length=200)]


class ReferenceFolder(Struct, frozen=True):
    """A folder that is indexed in place. `pictures` are those not in the scrapheap; `missing` files have disappeared.

    `problem` says what is wrong and what to do, `note` why it is not watched live. `job`: the scan that was last asked
    for, until the next start.
    """

    id: int
    name: str
    path: str
    state: FolderState
    problem: str
    pictures: int
    missing: int
    watch: bool
    watching: Watching
    note: str
    scanned: datetime | None
    job: int | None = None


class AddFolder(Struct, frozen=True):
    """Index a folder of the server's machine in place. `name`: by default, the folder's own."""

    path: FolderPath
    name: FolderName = ""
    watch: bool = True


class EditFolder(Struct, frozen=True, kw_only=True):
    """What is to change of a reference folder; None leaves it as it is. `watch`: follow changes on disk."""

    name: FolderName | None = None
    watch: bool | None = None


class RelocateFolder(Struct, frozen=True):
    """Where the files of a reference folder are now. `force`: even if fewer than half of them are there."""

    path: FolderPath
    force: bool = False


class FolderRemoval(Struct, frozen=True):
    """What removing a reference folder does. `only_here`: pictures with no file elsewhere; `locked`: in locked sets."""

    pictures: int
    only_here: int
    locked: int
    sentence: str


class FolderBranch(Struct, frozen=True):
    """A folder in a reference folder: `path` is relative to it; `pictures` includes those in folders below."""

    name: str
    path: str
    pictures: int
    has_folders: bool


class FolderTree(Struct, frozen=True):
    """The folders directly in a folder of a reference folder. `here`: pictures directly in it."""

    path: str
    here: int
    branches: list[FolderBranch]


class ServerFolder(Struct, frozen=True):
    """A folder of the server's machine. `program`: the generator that writes its pictures there, if it looks so."""

    name: str
    path: str
    program: str = ""


class ServerFolders(Struct, frozen=True):
    """The folders in a folder of the server's machine; without a path, those where browsing starts.

    `more`: how many were left out. `suggested`: output folders of generators that exist on this machine.
    """

    path: str
    parent: str | None
    folders: list[ServerFolder]
    more: int = 0
    suggested: list[ServerFolder] = []


class FolderSize(Struct, frozen=True):
    """The number of files in a folder and their size in bytes; not `complete`: counting stopped after ten seconds."""

    path: str
    files: int
    bytes: int
    complete: bool

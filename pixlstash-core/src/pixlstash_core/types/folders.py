"""Reference folders, import folders, and the folders of the server's machine that people choose from."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .imports import CaptionRule, Captions, Refusal
from .sidecars import SidecarPolicy, SidecarState

#: `missing`: it does not exist. `unmounted`: its disk is not there. `empty`: nothing is in it. Pictures are not marked.
FolderState = Literal["ok", "missing", "unmounted", "empty", "unreadable"]
#: `live`: changes are seen at once. `polling`: it is scanned again every so often. `off`: by hand only.
Watching = Literal["live", "polling", "off"]
FolderPath = Annotated[str, Meta(min_length=1, max_length=4096)]
FolderName = Annotated[str, Meta(max_length=200)]
TagName = Annotated[str, Meta(min_length=1, max_length=200)]


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
    captions: list[CaptionRule]
    job: int | None = None
    sidecars: SidecarPolicy = SidecarPolicy()
    sidecar_state: SidecarState = SidecarState()


class AddFolder(Struct, frozen=True):
    """Index a folder of the server's machine in place. `name`: by default, the folder's own.

    `captions`: what the text files beside new pictures are; others named `x.txt` become tags or a description.
    `sidecars`: which files beside pictures are kept in agreement with the library, in both directions.
    """

    path: FolderPath
    name: FolderName = ""
    watch: bool = True
    captions: Captions = []
    sidecars: SidecarPolicy = SidecarPolicy()


class EditFolder(Struct, frozen=True, kw_only=True):
    """What is to change of a reference folder; None leaves it as it is. `watch`: follow changes on disk."""

    name: FolderName | None = None
    watch: bool | None = None
    captions: Captions | None = None


class RelocateFolder(Struct, frozen=True):
    """Where the files of a reference folder are now. `force`: even if fewer than half of them are there."""

    path: FolderPath
    force: bool = False


class FolderRemoval(Struct, frozen=True):
    """What removing a reference folder or a store does.

    `only_here`: pictures with no file elsewhere; `locked`: in locked sets.
    """

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


class ImportRule(Struct, frozen=True, kw_only=True):
    """What the pictures of an import folder get. `below`: only those in this folder in it, or below; empty for all.

    `set` and `project` are ids; those that do not exist any more, and locked sets, are left out.
    """

    below: Annotated[str, Meta(max_length=4096)] = ""
    tags: Annotated[list[TagName], Meta(max_length=100)] = []
    set: int | None = None
    project: int | None = None


#: What the names of the folders in an import folder become. `tags`: each is a tag. `sets`: the first one is a set.
SubfoldersAs = Literal["nothing", "tags", "sets"]
Rules = Annotated[list[ImportRule], Meta(max_length=100)]
Patterns = Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(max_length=100)]


class ImportFolder(Struct, frozen=True):
    """A folder whose files are copied into the library once they have settled.

    `imported`: files so far; `refused`: those that are no pictures or cannot be read; `left`: those that were imported
    and could not be deleted. `problems`: some of both, with the reasons. `delete`: delete files after they were
    imported and the copy was verified. `ignore`: patterns such as `*.tmp` or `drafts/*`.
    """

    id: int
    name: str
    path: str
    state: FolderState
    problem: str
    imported: int
    refused: int
    left: int
    problems: list[Refusal]
    watch: bool
    watching: Watching
    note: str
    scanned: datetime | None
    delete: bool
    subfolders: SubfoldersAs
    rules: list[ImportRule]
    ignore: list[str]
    captions: list[CaptionRule]
    job: int | None = None


class AddImportFolder(Struct, frozen=True):
    """Copy the files of a folder of the server's machine into the library, now and when more come."""

    path: FolderPath
    name: FolderName = ""
    watch: bool = True
    delete: bool = False
    subfolders: SubfoldersAs = "nothing"
    rules: Rules = []
    ignore: Patterns = []
    captions: Captions = []


class EditImportFolder(Struct, frozen=True, kw_only=True):
    """What is to change of an import folder; None leaves it as it is."""

    name: FolderName | None = None
    watch: bool | None = None
    delete: bool | None = None
    subfolders: SubfoldersAs | None = None
    rules: Rules | None = None
    ignore: Patterns | None = None
    captions: Captions | None = None

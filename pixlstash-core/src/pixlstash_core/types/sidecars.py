"""Sidecars: files beside pictures with their annotations, and conflicts between them and the library."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Selection

#: `read`: changes in sidecars are taken over. `write`: also written, beside the picture. `mirror`: in another folder.
SidecarMode = Literal["none", "read", "write", "mirror"]
SidecarFormat = Literal["txt", "xmp", "json"]
#: What a text file has. `both`: tags in the first line, the caption below it.
SidecarText = Literal["tags", "caption", "both"]
#: Names of new sidecars. `full`: a.jpg.xmp. `stem`: a.xmp. `usual`: a.txt, a.jpg.xmp, a.jpg.json.
SidecarNames = Literal["usual", "full", "stem"]
SidecarField = Literal["tags", "caption", "rating", "faces"]
SidecarPlace = Literal["beside", "mirror"]
#: `both`: tags of both sides, or both captions below each other.
Keep = Literal["mine", "theirs", "both"]


class SidecarPolicy(Struct, frozen=True):
    """What sidecars of a reference folder are read and written.

    `mirror`: the folder on the server's machine to which the mode `mirror` writes. `engines`: also write tags and
    captions that only engines assigned.
    """

    mode: SidecarMode = "none"
    formats: Annotated[list[SidecarFormat], Meta(max_length=3)] = []
    text: SidecarText = "tags"
    names: SidecarNames = "usual"
    engines: bool = False
    mirror: Annotated[str, Meta(max_length=4096)] = ""


class SidecarState(Struct, frozen=True):
    """`due`: pictures whose sidecars wait to be compared or written. `conflicts`: pictures changed on both sides.

    `problems`: sidecars that are left alone, or cannot be written; `problem` says why, of one of them or of all.
    """

    due: int = 0
    conflicts: int = 0
    problems: int = 0
    problem: str = ""


class SidecarProblem(Struct, frozen=True):
    """A sidecar that is left alone or cannot be written, and why. `file` is relative to the folder or its mirror."""

    file: str
    place: SidecarPlace
    problem: str


class SidecarConflict(Struct, frozen=True):
    """A field that was changed in PixlStash (`mine`) and in a sidecar (`theirs`). Tags: those on which they differ."""

    picture: int
    name: str
    folder: str
    file: str
    place: SidecarPlace
    field: SidecarField
    mine: str
    theirs: str


class ResolveConflicts(Selection, frozen=True, kw_only=True):
    """Settle conflicts of pictures. `field`: of this one only; `file`: of this sidecar only."""

    keep: Keep
    field: SidecarField | None = None
    file: str | None = None

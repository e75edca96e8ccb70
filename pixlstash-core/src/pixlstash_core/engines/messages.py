"""What the library and an engine's process say to each other: one length-prefixed msgpack message at a time."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ..types import Facts


class Start(Struct, frozen=True, tag="start"):
    """Which engine: of which plugin, from which hook. `extra` are modules that are registered as plugins.

    `isolated`: it may reach no host at all, and leaves the machine's network where that is possible.
    `distribution`: whose plugin, where several have one of this name.
    """

    plugin: str
    hook: str
    engine: str
    extra: tuple[str, ...] = ()
    lane: str = "cpu"
    isolated: bool = False
    distribution: str = ""


class Load(Struct, frozen=True, tag="load"):
    """`device` "": the best for the lane. `params` with secrets; `about` is what its results have in common; `hosts`
    are those it may reach."""

    device: str
    folder: str | None
    params: dict[str, Any]
    about: dict[str, Any]
    hosts: tuple[str, ...] = ()


class Still(Struct, frozen=True):
    """`path`: raw RGB of `width` × `height`; empty where nothing was decoded. `frame` in seconds."""

    path: str = ""
    width: int = 0
    height: int = 0
    frame: float | None = None


class Item(Struct, frozen=True):
    """One picture; `source` is the file with the original bytes, empty where the library has to be asked for it."""

    picture: int
    kind: str
    size: tuple[int, int]
    stills: list[Still]
    facts: Facts
    given: dict[str, Any]
    source: str = ""


class Batch(Struct, frozen=True, tag="batch"):
    """Pictures to run on, at most `most` stills at once, with these settings."""

    number: int
    items: list[Item]
    most: int
    params: dict[str, Any]


class Texts(Struct, frozen=True, tag="texts"):
    """Words to make vectors of."""

    number: int
    words: list[str]
    params: dict[str, Any]


class Inspect(Struct, frozen=True, tag="inspect"):
    """Check a plugin, in the process of `checking.child`: `what` is the step, `hook` and `id` name the object.

    `skip` are plugins that are not loaded where all others are.
    """

    number: int
    what: str
    hook: str = ""
    id: str = ""
    skip: tuple[str, ...] = ()


class Stop(Struct, frozen=True, tag="stop"):
    """Give up every batch up to this number, between two results."""

    number: int


class Here(Struct, frozen=True, tag="here"):
    """Where the original bytes are that were wanted; or why they are not."""

    path: str
    why: str = ""


Order = Start | Load | Batch | Texts | Stop | Here | Inspect


class Loaded(Struct, frozen=True, tag="loaded"):
    """`exposed`: why its native code is not kept from the network; empty: it is."""

    device: str
    seconds: float
    exposed: str = ""


class Beat(Struct, frozen=True, tag="beat"):
    """It has come to another result."""


class Want(Struct, frozen=True, tag="want"):
    """The engine opens the original bytes of this picture."""

    picture: int


class Ran(Struct, frozen=True, tag="ran"):
    """The plain results of a batch, one for each item; or of texts."""

    number: int
    values: list[Any]


class Broke(Struct, frozen=True, tag="broke"):
    """`cause`: `load`, `failed`, `memory`, `device` (nothing more can be run in this process) or `stopped`."""

    number: int
    cause: str
    reason: str


Report = Loaded | Beat | Want | Ran | Broke

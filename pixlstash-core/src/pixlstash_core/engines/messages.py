"""Messages between the library and an engine's process: length-prefixed msgpack, one at a time."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ..database.features import OutputKind
from ..types import Facts


class Results(Struct, frozen=True):
    """How results are converted to plain values: the functions of their `OutputKind` as `module:name`, and whether the
    frames of a video are passed to the engine as one image.
    """

    check: str
    combine: str
    grouped: bool = False

    @classmethod
    def of(cls, kind: OutputKind) -> Results:
        check, combine = (f"{function.__module__}:{function.__qualname__}" for function in (kind.check, kind.combine))
        return cls(check, combine, kind.grouped)


class Start(Struct, frozen=True, tag="start"):
    """The engine to start, its plugin, and how to convert its results. `extra` are modules to register as plugins.

    `isolated`: it must not reach any host, and leaves the machine's network if possible.
    `distribution`: selects a plugin if several have the same name.
    """

    plugin: str
    engine: str
    results: Results | None = None
    extra: tuple[str, ...] = ()
    lane: str = "cpu"
    isolated: bool = False
    distribution: str = ""


class Load(Struct, frozen=True, tag="load"):
    """Load a model. `device`: empty for the best one of the lane; `params` includes secrets; `about`: properties of all
    its results; `hosts`: the hosts that it may reach; `state`: the result of its training.
    """

    device: str
    folder: str | None
    params: dict[str, Any]
    about: dict[str, Any]
    hosts: tuple[str, ...] = ()
    state: bytes | None = None


class Still(Struct, frozen=True):
    """One image of a picture. `path`: raw RGB of `width` × `height`, or empty. `frame`: its time in seconds."""

    path: str = ""
    width: int = 0
    height: int = 0
    frame: float | None = None


class Item(Struct, frozen=True):
    """One picture; `source` is the path of the original bytes, empty if the library must be asked for them.

    `inputs`: results of other engines that the engine needs.
    """

    picture: int
    kind: str
    size: tuple[int, int]
    stills: list[Still]
    facts: Facts
    inputs: dict[str, Any]
    source: str = ""


class Batch(Struct, frozen=True, tag="batch"):
    """Process these pictures, at most `most` stills at once, with these settings."""

    number: int
    items: list[Item]
    most: int
    params: dict[str, Any]


class Texts(Struct, frozen=True, tag="texts"):
    """Compute vectors of texts."""

    number: int
    words: list[str]
    params: dict[str, Any]


class Train(Struct, frozen=True, tag="train"):
    """Learn from examples within a number of seconds: `ids` as i64, `vectors` as rows of f16, the others as f32.

    `tags`: id, name, indexes of examples as i64, and whether it was accepted on each as u8.
    """

    number: int
    ids: bytes
    vectors: bytes
    values: bytes
    measures: dict[str, bytes]
    seconds: float
    params: dict[str, Any]
    tags: list[tuple[int, str, bytes, bytes]] = []


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
    """Cancel all batches up to this number, between two results."""

    number: int


class Here(Struct, frozen=True, tag="here"):
    """The path of the requested original bytes, or the reason why they are unavailable."""

    path: str
    why: str = ""


Order = Start | Load | Batch | Texts | Train | Stop | Here | Inspect


class Loaded(Struct, frozen=True, tag="loaded"):
    """The model is loaded. `exposed`: why its native code is not isolated from the network; empty if it is."""

    device: str
    seconds: float
    exposed: str = ""


class Beat(Struct, frozen=True, tag="beat"):
    """Another result is finished, or a `part` (0 to 1) of a training."""

    part: float = 0.0


class Want(Struct, frozen=True, tag="want"):
    """The engine requests the original bytes of this picture."""

    picture: int


class Ran(Struct, frozen=True, tag="ran"):
    """The results of a batch as plain values, one per item, or the vectors of texts."""

    number: int
    values: list[Any]


class Learned(Struct, frozen=True, tag="learned"):
    """The result of a training."""

    number: int
    state: bytes
    report: dict[str, Any]


class Broke(Struct, frozen=True, tag="broke"):
    """An error. `cause`: `load`, `failed`, `memory`, `device` (this process can run nothing more) or `stopped`."""

    number: int
    cause: str
    reason: str


Report = Loaded | Beat | Want | Ran | Learned | Broke

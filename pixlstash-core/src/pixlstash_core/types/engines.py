"""Engines: installed ones, their settings, and requests to run them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .pictures import Selection

#: On which pictures an engine is run by itself: all, those that come in from now on, or none unless it is asked to.
Policy = Literal["all", "new", "asked"]


class WeightsInfo(Struct, frozen=True):
    """The files that an engine needs: their size in bytes, license, folder, and those that are missing.

    `hosts`: the machines they come from; `agree`: a person has to agree to the licence first.
    """

    size: int
    license: str
    folder: str
    missing: list[str]
    hosts: list[str]
    agree: bool


class SendsInfo(Struct, frozen=True):
    """Where an engine sends data, and which. `allowed`: hosts that the owner allowed; `on`: whether they are
    sufficient.
    """

    hosts: list[str]
    what: str
    allowed: list[str]
    on: bool


class AllowHost(Struct, frozen=True):
    """Allow or forbid an engine to send pictures to a host, named as in the engine's settings."""

    engine: Annotated[str, Meta(min_length=1)]
    host: Annotated[str, Meta(min_length=1, max_length=253)]
    allowed: bool = True


class EngineError(Struct, frozen=True):
    """A picture on which an engine failed."""

    picture: int
    name: str
    error: str


class UninstalledEngine(Struct, frozen=True):
    """An engine that is not installed: the command that installs it, the approximate size of its weights in bytes (0:
    none, or depends on a setting), and their license.
    """

    id: str
    kind: str
    label: str
    license: str
    lane: str
    size: int
    package: str
    pip: str


class RehearseEngine(Selection, frozen=True, kw_only=True):
    """Run an engine, or the default one of a `kind`, on some of a selection or of all pictures, without storing
    results.
    """

    engine: str = ""
    kind: str = ""
    params: dict[str, Any] | None = None
    count: Annotated[int, Meta(ge=1, le=200)] = 20


class Agreement(Struct, frozen=True):
    """How far an engine's results agree with the user's decisions on these pictures.

    `of` `tags`: of those accepted how many it `found`, and of those rejected how many it found `again`. `faces`: of
    those that people drew or named, how many it found where they are. `words`: of people's own captions, how many are
    in its captions too.
    """

    accepted: int
    found: int
    rejected: int = 0
    again: int = 0
    of: Literal["tags", "faces", "words"] = "tags"


class Rehearsed(Struct, frozen=True):
    """A picture, and an engine's result for it."""

    picture: int
    name: str
    text: str


class Rehearsal(Struct, frozen=True):
    """The results of running an engine on some pictures, which are not stored. `seconds` excludes loading the model.

    `total` pictures of the selection are left to do: that would take about `whole` seconds on this machine, and `size`
    bytes. `agreement`: None for kinds of output that people say nothing about.
    """

    engine: str
    tried: int
    total: int
    seconds: float
    whole: float
    size: int
    agreement: Agreement | None
    pictures: list[Rehearsed]
    errors: list[EngineError]


class FetchWeights(Struct, frozen=True):
    """Download an engine's weights. `agree`: accept their license, if it requires that."""

    engine: Annotated[str, Meta(min_length=1)]
    agree: bool = False


class EngineInfo(Struct, frozen=True):
    """An engine in this library. `default`: it is used for its kind if no engine is named.

    `done`, `errors`: pictures it looked at with its present revision and settings, and failed on; `outdated`: those
    with results of an older revision, other settings, or of the default before it. `active`: its results count;
    `loaded`: its model is in memory. `state`: what is to be done first before it can be run: `set` what it cannot do
    without (`unset` says what), `allow` the host it sends pictures to, `fetch` its weights (`size` bytes, 0 where that
    is not known), or nothing. `learns`: what it learns from before it can run: `scores`, `tags`, or nothing.
    """

    id: str
    kind: str
    label: str
    revision: str
    license: str
    lane: str
    plugin: str
    package: str
    version: str
    default: bool
    policy: Policy
    active: bool
    loaded: bool
    done: int
    errors: int
    outdated: int
    state: Literal["ready", "set", "allow", "fetch"] = "ready"
    size: int = 0
    unset: str = ""
    learns: str = ""


class EngineDetail(Struct, frozen=True):
    """An engine with its settings, their JSON Schema, the names of secrets that are set, and up to 100 errors.

    In the form `x-touches` of a field says what it concerns: `output`, `load` or `run`. `threshold` (0 to 1): how sure
    a tagger must be for its tags to count, None for others and while none of its tags do. `sends`: of one that asks
    another machine, which, and what it sends there. `secrets_elsewhere`: those that are set for another address only,
    so that they are not sent to the one in the settings.
    """

    engine: EngineInfo
    params: dict[str, Any]
    form: dict[str, Any]
    secrets: list[str]
    weights: WeightsInfo | None
    errors: list[EngineError]
    threshold: float | None
    sends: SendsInfo | None = None
    secrets_elsewhere: list[str] = []


class RunEngine(Selection, frozen=True, kw_only=True):
    """Run an engine, or the default one of a `kind`, on pictures that it has not processed: a selection, or all.

    `params`: settings for this once, whose results count before others; without, its own. `retry`: also where it
    failed before. In place of a selection, `outdated`: where its results are of an older revision or other settings;
    `failed`: everywhere it failed before.
    """

    engine: str = ""
    kind: str = ""
    params: dict[str, Any] | None = None
    retry: bool = False
    outdated: bool = False
    failed: bool = False


class SetEngine(Struct, frozen=True, kw_only=True):
    """Change an engine's settings; only the given fields change.

    `secrets`: by name, for the scheme, host and port that these settings send to; an empty one is forgotten.

    `policy` `all` begins to run it on every picture at once. `threshold`: how sure a tagger must be for its tags to
    count; nothing is looked at again for that.
    """

    engine: Annotated[str, Meta(min_length=1)]
    params: dict[str, Any] | None = None
    secrets: dict[str, str] | None = None
    default: bool | None = None
    policy: Policy | None = None
    threshold: Annotated[float, Meta(ge=0, le=1)] | None = None


class TriedTag(Struct, frozen=True):
    """A tag that an engine found in a file, with its confidence from 0 to 1."""

    name: str
    confidence: float


class Tried(Struct, frozen=True):
    """What an engine found in a file that is not in the library: `tags` that would count, the surest first, for a
    tagger; `text` is the caption, or the result of another kind as text.
    """

    engine: str
    kind: str
    tags: list[TriedTag]
    text: str

"""The structs that cross boundaries: library, web, client, plugins and processes all speak these.

Field order is column order where a struct is built from a row (`Picture(*row)`). New fields get defaults.
Times are milliseconds since 1970 UTC inside the library and `datetime` at its edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Right = Literal["read", "write", "owner"]
Id = Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)]


# --- who reads -------------------------------------------------------------------------------------------------------


class Scope(Struct, frozen=True):
    """The starting set of every read: all pictures, or just these ids. Never widened by anything asked within it."""

    ids: frozenset[int] | None = None

    @property
    def all(self) -> bool:
        return self.ids is None


class Reader(Struct, frozen=True):
    """Who reads: the first argument of every read. `principal` names the credential (`owner`, `token:…`, `local`)."""

    principal: str
    right: Right = "read"
    scope: Scope = Scope()

    def may(self, right: Right) -> bool:
        return _RANK[self.right] >= _RANK[right]


_RANK: Mapping[str, int] = {"read": 0, "write": 1, "owner": 2}
OWNER = Reader("owner", "owner")


# --- what the decoder process says about one file ---------------------------------------------------------------------


class Format(Struct, frozen=True):
    """A file format: its name (`png`), MIME type, usual extension, and whether a browser may show it inline."""

    name: str
    mime: str
    extension: str
    inline: bool = False


class Fact(Struct, frozen=True):
    """One thing a file says about itself. `number` is set where it can be compared; `group` is a heading for people."""

    group: str
    name: str
    label: str
    value: str
    number: float | None = None


class Facts(Struct, frozen=True):
    """What a fact reader found. `payloads` are the raw embedded texts, kept verbatim; all text here is hostile."""

    facts: tuple[Fact, ...] = ()
    prompt: str | None = None
    negative: str | None = None
    created: int | None = None
    payloads: dict[str, str] = {}


class Embedded(Struct, frozen=True):
    """What a kind lifted out of a file for fact readers, undecoded.

    `text`: PNG text chunks and the like by keyword; `exif`: the TIFF block without the `Exif\\0\\0` prefix;
    `xmp`: the packet; `comment`: a JPEG comment; `iptc`: Photoshop's IPTC block. A text that was hidden in the pixels
    is `text["stealth"]`.
    """

    format: str
    text: dict[str, str] = {}
    exif: bytes = b""
    xmp: bytes = b""
    comment: bytes = b""
    iptc: bytes = b""


class Reading(Struct, frozen=True):
    """Everything one pass over a file's bytes yields.

    `width`, `height` in pixels, upright. `created` in ms UTC or None. `still` is WebP (short side <= 384, long side
    <= 1024, upright) or None when the picture cannot be drawn, then `why` says so. `aspect` is
    round(128 + 48 * log2(width / height)) in 0..255. `colour` is RGB565. `phash`: 64-bit difference hash, unsigned.
    """

    sha256: bytes
    size: int
    kind: str
    format: str
    mime: str
    extension: str
    width: int
    height: int
    orientation: int = 1
    moving: bool = False
    seconds: float | None = None
    created: int | None = None
    aspect: int = 128
    colour: int = 0
    phash: int = 0
    still: bytes | None = None
    why: str | None = None
    facts: tuple[Fact, ...] = ()
    prompt: str | None = None
    negative: str | None = None
    payloads: dict[str, str] = {}


# --- pictures ---------------------------------------------------------------------------------------------------------

Presence = Literal["present", "missing", "unreachable"]


class Location(Struct, frozen=True):
    id: int
    store: str
    key: str
    size: int | None
    state: Presence


class Picture(Struct, frozen=True):
    """One picture as lists show it."""

    id: int
    public_id: str
    name: str
    kind: str
    format: str
    width: int
    height: int
    size: int
    created: datetime
    imported: datetime
    score: int
    deleted: datetime | None = None


class ShownFact(Struct, frozen=True):
    """A fact as the picture's page shows it; `query` is the query text that finds its like."""

    group: str
    name: str
    label: str
    value: str
    query: str | None


class PictureDetail(Struct, frozen=True):
    """One picture with everything known about it. `why` says why there is no still."""

    id: int
    public_id: str
    name: str
    kind: str
    format: str
    mime: str
    width: int
    height: int
    size: int
    created: datetime
    imported: datetime
    score: int
    deleted: datetime | None
    sha256: str
    predecessor: int | None
    why: str | None
    facts: list[ShownFact]
    prompt: str | None
    negative: str | None
    payloads: list[str]
    locations: list[Location]


class Row(Struct, frozen=True):
    """One row of a view's details."""

    id: int
    name: str
    width: int
    height: int
    kind: str
    format: str
    size: int
    created: datetime
    score: int
    badge: str | None = None
    why: str | None = None


class Rows(Struct, frozen=True):
    rows: list[Row]


class Section(Struct, frozen=True):
    label: str
    start: int


class ViewHeader(Struct, frozen=True):
    """The JSON head of a view's first answer (`docs/http.md`)."""

    view: str
    revision: int
    count: int
    at_index: int | None
    at_block: int
    thumbnails: str
    query: str
    sort: str
    sections: list[Section]


class ViewAnswer(Struct, frozen=True):
    """The first answer of a view: header, one aspect byte per picture, and the block around the anchor."""

    header: ViewHeader
    aspects: bytes
    block: bytes


# --- writes -----------------------------------------------------------------------------------------------------------


class Selection(Struct, frozen=True, kw_only=True):
    """Which pictures: half-open index ranges of a view, or ids. Exactly one of the two."""

    view: str | None = None
    ranges: list[tuple[int, int]] | None = None
    ids: list[Id] | None = None


class ScorePictures(Selection, frozen=True, kw_only=True):
    score: Annotated[int, Meta(ge=0, le=5)]


class DeletePictures(Selection, frozen=True, kw_only=True):
    """To the scrapheap."""


class RestorePictures(Selection, frozen=True, kw_only=True):
    """Out of the scrapheap."""


class Done(Struct, frozen=True):
    """An acknowledged, durable write."""

    revision: int
    changed: int
    sentence: str
    undoable: bool


class HistoryEntry(Struct, frozen=True):
    revision: int
    at: datetime
    sentence: str
    state: Literal["done", "undone"]
    undoable: bool


# --- imports, jobs, stores --------------------------------------------------------------------------------------------


class Refusal(Struct, frozen=True):
    path: str
    reason: str


class ImportReport(Struct, frozen=True):
    imported: int
    duplicates: int
    refused: list[Refusal]
    seconds: float


class Uploaded(Struct, frozen=True):
    status: Literal["imported", "duplicate", "scrapheaped", "refused"]
    id: int | None = None
    reason: str | None = None


class ImportPaths(Struct, frozen=True):
    """Take in files and folders of the machine the library is on. `in_place`: index, copy nothing."""

    paths: list[str]
    in_place: bool = False


JobState = Literal["waiting", "running", "paused", "done", "failed", "cancelled"]


class Job(Struct, frozen=True):
    id: int
    kind: str
    label: str
    lane: str
    state: JobState
    done: int
    total: int | None
    rate: float | None
    error: str | None
    started: datetime | None
    finished: datetime | None
    every: float | None = None
    report: ImportReport | None = None


class StoreInfo(Struct, frozen=True):
    name: str
    scheme: str
    state: Presence
    read_only: bool
    pictures: int


class LibraryInfo(Struct, frozen=True):
    name: str
    public_id: str
    version: str
    pictures: int
    scrapheap: int
    revision: int
    stores: list[StoreInfo]
    running: list[Job]
    demo: bool
    read_only: bool


class PluginInfo(Struct, frozen=True):
    """One plugin: what it registers, or the problem that keeps it (or part of it) out."""

    name: str
    distribution: str
    version: str
    hooks: list[str]
    objects: list[str]
    enabled: bool
    problems: list[str]


class CheckReport(Struct, frozen=True):
    """What `pixlstash check` found. `problems` is empty when all is well."""

    pictures: int
    locations: int
    verified: int
    problems: list[str]


class TokenInfo(Struct, frozen=True):
    id: int
    label: str
    right: Right
    created: datetime
    last_used: datetime | None


class CreateToken(Struct, frozen=True):
    rights: Right = "read"
    label: str = ""


class NewToken(Struct, frozen=True):
    """The only time the token is shown."""

    token: str
    id: int
    rights: Right


# --- events: past tense, after commit, in order -----------------------------------------------------------------------


class _Event(Struct, frozen=True, tag=True):
    pass


class PicturesAdded(_Event, frozen=True, tag="pictures_added"):
    """Pictures came in. `ids` names 1,000 at most, `count` is how many; so it is with all of these."""

    revision: int
    count: int
    ids: list[int]


class PicturesChanged(_Event, frozen=True, tag="pictures_changed"):
    """Something about pictures is different now: `fields` says what, e.g. `score`, `deleted`, `location`."""

    revision: int
    count: int
    ids: list[int]
    fields: list[str]


class PicturesRemoved(_Event, frozen=True, tag="pictures_removed"):
    """Pictures are gone for good."""

    revision: int
    count: int
    ids: list[int]


class RowsChanged(_Event, frozen=True, tag="rows_changed"):
    """Rows of a plugin's own table changed."""

    revision: int
    table: str
    count: int


class JobChanged(_Event, frozen=True, tag="job_changed"):
    """A job began, went on or ended. Told to subscribers only: it is not kept."""

    job: Job


Event = PicturesAdded | PicturesChanged | PicturesRemoved | RowsChanged | JobChanged


def encode_json(value: object) -> bytes:
    return msgspec.json.encode(value)

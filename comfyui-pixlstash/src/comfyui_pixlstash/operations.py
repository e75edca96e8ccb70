"""The operations of a PixlStash server that the nodes call, and their structs.

Generated from the server's table of operations; do not edit. To update it:
python -m pixlstash_web.nodes comfyui-pixlstash/src/comfyui_pixlstash/operations.py
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .channel import Channel


class LibraryInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
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


class StoreInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    scheme: str
    state: Literal["missing", "present", "unreachable"]
    read_only: bool
    pictures: int


class Job(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Background work. `engine`: the id of the engine that is run, or whose weights are downloaded. `failed`: on how
    many pictures a run that is over failed, and `reason`: why it did on one of them. `dropped`: how many of its tags
    could not be stored (empty, too long, unprintable), and `dropped_reason`: why one could not. `note`: what a
    running job waits for now, or which jobs a waiting one is behind; else empty.
    """

    id: int
    kind: str
    label: str
    lane: str
    state: Literal["cancelled", "done", "failed", "paused", "running", "waiting"]
    done: int
    total: int | None
    rate: float | None
    error: str | None
    started: str | None
    finished: str | None
    every: float | None = None
    report: ImportReport | None = None
    engine: str | None = None
    failed: int = 0
    reason: str | None = None
    dropped: int = 0
    dropped_reason: str | None = None
    note: str = ""


class ImportReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    imported: int
    duplicates: int
    refused: list[Refusal]
    seconds: float


class Refusal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    path: str
    reason: str


class Done(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of a change that is committed and durable."""

    revision: int
    changed: int
    sentence: str
    undoable: bool


class Picture(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One picture as lists show it."""

    id: int
    public_id: str
    name: str
    kind: str
    format: str
    width: int
    height: int
    size: int
    created: str
    imported: str
    score: int
    deleted: str | None = None


class Alike(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture that a ranking query finds, with the engine's cosine similarity, and its value on the scale shared by
    all engines. None where a word found it and nothing was compared. `face`: the one that is most alike, of `face:`.
    `words`: of a query with words, how much of them is in what describes the picture (0: none, 1: every word, in its
    name or tags).
    """

    picture: int
    score: float | None
    likeness: float | None
    face: int | None = None
    words: float | None = None


class EngineTag(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An active engine's confidence (0 to 1) in a tag, and whether it reaches the threshold."""

    engine: str
    confidence: float
    above: bool


class PictureDetail(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One picture with all its metadata. `why` is the reason if it has no thumbnail. `turn`: quarters clockwise that a
    person turned it by, on top of what its file says; `width` and `height` are of the turned picture.
    `created_in_file`: what the file says, where a person says something else.
    """

    id: int
    public_id: str
    name: str
    kind: str
    format: str
    mime: str
    width: int
    height: int
    size: int
    created: str
    imported: str
    score: int
    deleted: str | None
    sha256: str
    predecessor: int | None
    why: str | None
    facts: list[ShownFact]
    prompt: str | None
    negative: str | None
    payloads: list[str]
    locations: list[Location]
    turn: int = 0
    created_in_file: str | None = None
    stack: InStack | None = None
    groups: InGroups | None = None


class ShownFact(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact of a picture. `query` finds the pictures with the same fact."""

    group: str
    name: str
    label: str
    value: str
    query: str | None


class Location(Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: int
    store: str
    key: str
    size: int | None
    state: Literal["missing", "present", "unreachable"]


class InStack(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The stack of a picture: its id, its number of pictures, and whether this one is its cover."""

    id: int
    pictures: int
    cover: bool


class InGroups(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ids of the groups that a picture is in. A project contains the pictures of its sets and characters."""

    sets: list[int] = []
    characters: list[int] = []
    projects: list[int] = []


class CharacterInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person or other recurring subject."""

    id: int
    public_id: str
    name: str
    colour: str | None
    icon: str | None
    cover: int | None
    note: str
    created: str
    pictures: int


class SetInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A set. Its `newest` pictures are shown if it has no icon."""

    id: int
    public_id: str
    name: str
    colour: str | None
    icon: str | None
    cover: int | None
    note: str
    created: str
    pictures: int
    locked: bool
    newest: list[int] = []


class ProjectInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A project: its own pictures and those of the sets and characters (ids) in it."""

    id: int
    public_id: str
    name: str
    colour: str | None
    icon: str | None
    cover: int | None
    note: str
    created: str
    pictures: int
    sets: list[int] = []
    characters: list[int] = []
    links: list[Link] = []


class Link(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A project's link to a web address."""

    id: int
    label: str
    url: str


class Selection(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A selection of pictures: either half-open index ranges of a view, or ids. `stacks`: and all that lie in a stack
    with one of them.
    """

    view: str | None = None
    ranges: list[tuple[int, int]] | None = None
    ids: list[int] | None = None
    stacks: bool = False


class PictureTag(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tag of one picture. `confidence` (0 to 1) is that of the engine that counts, None if none found the tag."""

    id: int
    name: str
    category: str
    state: Literal["accepted", "implied", "rejected", "suggested", "unsure", "yours"]
    effective: bool
    confidence: float | None
    engines: list[EngineTag]


class AddTags(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Add tags to pictures."""

    view: str | None = None
    ranges: list[tuple[int, int]] | None = None
    ids: list[int] | None = None
    stacks: bool = False
    tags: list[str]


class CaptionDetail(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The caption of a picture that is shown, the user's own, and those of captioners."""

    text: str | None
    own: str | None
    engines: list[EngineCaption]


class EngineCaption(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A caption that an engine wrote. `active`: its captions are shown if nobody wrote one."""

    engine: str
    text: str
    active: bool


class SetCaption(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Set the caption of pictures. An empty text removes it, so that an engine's caption is shown again."""

    view: str | None = None
    ranges: list[tuple[int, int]] | None = None
    ids: list[int] | None = None
    stacks: bool = False
    text: str


class Uploaded(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of importing a file. A readable zip file has the results of its files in `archive`."""

    status: Literal["archive", "duplicate", "imported", "refused", "scrapheaped"]
    id: int | None = None
    reason: str | None = None
    archive: Archive | None = None


class Archive(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The results for the files in a zip file so far. `results` are the first 1,000, once it is finished."""

    upload: str
    finished: bool
    files: int | None
    imported: int
    duplicates: int
    refused: int
    results: list[UploadedFile] = []


class UploadedFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of importing one of several files. `name` includes its folders in a zip file."""

    name: str
    status: Literal["duplicate", "imported", "refused", "scrapheaped"]
    id: int | None = None
    reason: str | None = None


class Held(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture to search with that is not imported: `like:upload:TOKEN`, `face:upload:TOKEN`."""

    token: str
    until: str


class Tried(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an engine found in a file that is not in the library: `tags` that would count, the surest first, for a
    tagger; `text` is the caption, or the result of another kind as text.
    """

    engine: str
    kind: str
    tags: list[TriedTag]
    text: str


class TriedTag(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tag that an engine found in a file, with its confidence from 0 to 1."""

    name: str
    confidence: float


class Operations(Channel):
    """A served library."""

    def info(self) -> LibraryInfo:
        """The contents of the library, its stores, and running jobs."""
        return self.request(LibraryInfo, "GET", "/library")

    def pictures(
        self, q: str | None = None, sort: str | None = None, offset: int | None = None, limit: int | None = None
    ) -> list[Picture]:
        """The pictures that a query finds, in order."""
        return self.request(
            list[Picture], "GET", "/pictures", query={"q": q, "sort": sort, "offset": offset, "limit": limit}
        )

    def picture(self, id: int, veil: bool | None = None) -> PictureDetail:
        """All metadata of one picture. `veil`: do not count hidden pictures in its stack."""
        return self.request(PictureDetail, "GET", f"/pictures/{id}", query={"veil": veil})

    def alike(self, q: str, limit: int | None = None) -> list[Alike]:
        """The similarity of each picture that a query with `like:` or `face:` finds, in order."""
        return self.request(list[Alike], "GET", "/pictures/alike", query={"q": q, "limit": limit})

    def thumbnail(self, id: int, v: str | None = None, turned: str | None = None) -> bytes:
        """A picture's thumbnail as WebP; drawn now if it is not stored."""
        return self.receive("GET", f"/pictures/{id}/thumbnail", query={"v": v, "turned": turned})

    def original(self, id: int, download: str | None = None) -> bytes:
        """A picture's original file, from the first location that has it."""
        return self.receive("GET", f"/pictures/{id}/original", query={"download": download})

    def upload(self, name: str, content: bytes, modified: int | None = None) -> Uploaded:
        """Import one file: the raw request body, of any content type. A refusal is returned, not raised."""
        return self.request(Uploaded, "POST", "/uploads", query={"name": name, "modified": modified}, content=content)

    def hold(self, name: str, content: bytes) -> Held:
        """Hold a picture from the raw request body for an hour, to search with it without importing it."""
        return self.request(Held, "POST", "/held", query={"name": name}, content=content)

    def try_engine(self, name: str, content: bytes, kind: str | None = None, engine: str | None = None) -> Tried:
        """What an engine finds in a picture from the raw request body, which is not imported; nothing is stored."""
        return self.request(
            Tried, "POST", "/engines/try", query={"name": name, "kind": kind, "engine": engine}, content=content
        )

    def projects(self) -> list[ProjectInfo]:
        """Projects by name."""
        return self.request(list[ProjectInfo], "GET", "/projects")

    def sets(self) -> list[SetInfo]:
        """Sets by name."""
        return self.request(list[SetInfo], "GET", "/sets")

    def characters(self) -> list[CharacterInfo]:
        """Return all characters that the caller may see, by name."""
        return self.request(list[CharacterInfo], "GET", "/characters")

    def find_project(self, id: int) -> ProjectInfo:
        """One project."""
        return self.request(ProjectInfo, "GET", f"/projects/{id}")

    def find_set(self, id: int) -> SetInfo:
        """One set."""
        return self.request(SetInfo, "GET", f"/sets/{id}")

    def find_character(self, id: int) -> CharacterInfo:
        """Return one character."""
        return self.request(CharacterInfo, "GET", f"/characters/{id}")

    def add_to_project(self, id: int, body: Selection) -> Done:
        """Add pictures to a project directly."""
        return self.request(Done, "POST", f"/projects/{id}/add", body=body)

    def add_to_set(self, id: int, body: Selection) -> Done:
        """Add pictures at the end of a set."""
        return self.request(Done, "POST", f"/sets/{id}/add", body=body)

    def add_to_character(self, id: int, body: Selection) -> Done:
        """Add pictures to a character."""
        return self.request(Done, "POST", f"/characters/{id}/add", body=body)

    def add_tags(self, body: AddTags) -> Done:
        """Add tags to pictures."""
        return self.request(Done, "POST", "/pictures/tags/add", body=body)

    def set_caption(self, body: SetCaption) -> Done:
        """Set the caption of pictures, or remove it."""
        return self.request(Done, "POST", "/pictures/caption", body=body)

    def caption(self, id: int) -> CaptionDetail:
        """A picture's caption, and those of engines."""
        return self.request(CaptionDetail, "GET", f"/pictures/{id}/caption")

    def picture_tags(self, id: int) -> list[PictureTag]:
        """The tags of a picture: yours, accepted, suggested, unsure and rejected, with each engine's confidence."""
        return self.request(list[PictureTag], "GET", f"/pictures/{id}/tags")

"""Shares: what other people get to see, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .access import Grant
from .pictures import Selection

Title = Annotated[str, Meta(max_length=200)]
#: Whether recipients may download originals: not, without their metadata, or exactly as they are.
Originals = Literal["none", "stripped", "untouched"]


class StepUse(Struct, frozen=True, forbid_unknown_fields=True):
    """A step that changes the pixels of renditions (`resize`, `watermark` or a plugin's), with its settings."""

    id: Annotated[str, Meta(max_length=100)]
    params: dict[str, Any] = {}


Steps = Annotated[list[StepUse], Meta(max_length=20)]


class PreviewSteps(Struct, frozen=True, forbid_unknown_fields=True):
    """A picture, and the steps with which recipients would get it."""

    picture: int
    steps: Steps


class Publish(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Publish pictures as they are now with a sharer, such as `gallery` with `{"path"}`.

    Without `steps`, pictures are reduced to 2,048 pixels. Hidden and blurred pictures are left out unless `hidden`.
    """

    sharer: Annotated[str, Meta(max_length=100)] = "gallery"
    params: dict[str, Any] = {}
    scope: Grant
    title: Title = ""
    steps: Steps | None = None
    hidden: bool = False


class Publication(Struct, frozen=True):
    """What was published: where, how many pictures, and how many hidden or blurred ones were left out."""

    id: int
    sharer: str
    title: str
    where: str
    pictures: int
    left_out: int
    created: datetime


class CreateLink(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Share pictures by a link: those of a `scope`, or of a `selection` as it is now.

    `live`: whatever the sets, characters, projects and the query contain at each visit, instead of the pictures of
    now; by default, if there are only sets, characters and projects. Recipients may save the pictures if `download`,
    give them stars if `scores`, and download the `originals` if those are not `none`: `stripped` of metadata, or
    `untouched`. Originals cannot be offered with a watermark, or any other step that changes more than the size.
    """

    scope: Grant | None = None
    selection: Selection | None = None
    title: Title = ""
    live: bool | None = None
    steps: Steps | None = None
    hidden: bool = False
    download: bool = True
    originals: Originals = "none"
    scores: bool = False
    expires: datetime | None = None
    password: Annotated[str, Meta(max_length=1024)] | None = None


class OriginalsFound(Struct, frozen=True, kw_only=True):
    """What a stranger found in originals that a link offers: `fetched` of them, and how many tell what.

    `absent`: pictures without one, such as a video, which cannot be stripped. If they are offered `untouched`, what
    they tell is no problem, because the owner chose so.
    """

    untouched: bool
    fetched: int = 0
    absent: int = 0
    places: int = 0
    prompts: int = 0
    names: int = 0
    others: int = 0


class Certificate(Struct, frozen=True, kw_only=True):
    """What a visitor with only a link's secret found, over HTTP.

    `pictures` were listed, `fetched` of them were loaded in each way that is offered, `unreadable` show nothing.
    `places`, `prompts`, `names` and `others` count pictures with such metadata. `marked`: how many have the watermark
    (null: none was asked for). `compared`: pictures drawn by `seed` that were decoded and compared with the original.
    `tried`: attempts to reach something else: pictures that are not shared (`outside` of them exist), files, and the
    owner's requests; `reached`: how many did. `problems` is empty if all is as it must be; `changes` says what is
    different from the visit before. `originals`: what those tell (null: they are not offered).
    """

    at: datetime
    seconds: float
    requests: int
    pictures: int
    fetched: int
    unreadable: int = 0
    places: int = 0
    prompts: int = 0
    names: int = 0
    others: int = 0
    marked: int | None = None
    compared: int = 0
    seed: int = 0
    outside: int = 0
    tried: int = 0
    reached: int = 0
    problems: list[str] = []
    changes: list[str] = []
    originals: OriginalsFound | None = None


class LinkInfo(Struct, frozen=True):
    """A link. `path` is to be appended to the server's address; what follows `#` in it is secret.

    `path` is null for a link that recipients cannot open: it `expired`, or it was made with another key file, as in a
    library restored from a backup, and must be replaced. `left_out`: hidden and blurred pictures. `last_visit` is
    accurate to the minute. `certificate` is that of the last visit by this server itself, which is repeated every day.
    `gained`: pictures that a live link did not have when it was made. `scored`: pictures with scores of recipients.
    """

    id: int
    path: str | None
    title: str
    live: bool
    scope: Grant
    pictures: int
    left_out: int
    download: bool
    password: bool
    created: datetime
    expires: datetime | None
    expired: bool
    visits: int
    last_visit: datetime | None
    certificate: Certificate | None = None
    gained: int = 0
    originals: Originals = "none"
    scores: bool = False
    scored: int = 0


class GuestScore(Struct, frozen=True):
    """What recipients of a link think of one picture: how many `visitors` gave stars, and their `mean`.

    `score` is the mean in whole stars, which accepting makes the owner's; `own` is what the owner gave (0: nothing).
    """

    link: int
    title: str
    picture: int
    visitors: int
    mean: float
    score: int
    own: int


class AcceptScores(Struct, frozen=True, forbid_unknown_fields=True):
    """Take over what recipients think of these pictures; null: of all that they scored."""

    pictures: Annotated[list[int], Meta(max_length=50_000)] | None = None

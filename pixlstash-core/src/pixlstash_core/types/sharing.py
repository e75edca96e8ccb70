"""Shares: what other people get to see, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from .access import Grant
from .pictures import Selection

Title = Annotated[str, Meta(max_length=200)]


class StepUse(Struct, frozen=True, forbid_unknown_fields=True):
    """A step that changes the pixels of renditions (`resize`, `watermark` or a plugin's), with its settings."""

    id: Annotated[str, Meta(max_length=100)]
    params: dict[str, Any] = {}


Steps = Annotated[list[StepUse], Meta(max_length=20)]


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
    now; by default, if there are only sets, characters and projects. Recipients may save the pictures if `download`.
    """

    scope: Grant | None = None
    selection: Selection | None = None
    title: Title = ""
    live: bool | None = None
    steps: Steps | None = None
    hidden: bool = False
    download: bool = True
    expires: datetime | None = None
    password: Annotated[str, Meta(max_length=1024)] | None = None


class LinkInfo(Struct, frozen=True):
    """A link. `path` is to be appended to the server's address; what follows `#` in it is secret.

    `path` is null for a link that recipients cannot open: it `expired`, or it was made with another key file, as in a
    library restored from a backup, and must be replaced. `left_out`: hidden and blurred pictures. `last_visit` is
    accurate to the minute.
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

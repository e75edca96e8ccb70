"""Shares: what other people get to see, and how."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from .access import Grant

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

"""Stacks, rotation and dates, duplicates, and emptying the scrapheap: requests and results."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Id, Selection

StackRule = Literal["raw", "live", "burst", "prompt", "seed", "edit"]
KeepRule = Literal["larger", "score", "older", "set"]
#: Bits of 64 in which two pictures' hashes may differ. `bench/duplicates.py` measures the precision of each distance:
#: at least 99 % of near pairs and 90 % of loose ones are the same picture. `MOST` is as far as the search goes.
NEAR, LOOSE, MOST = 5, 8, 11
Distance = Annotated[int, Meta(ge=0, le=MOST)]


class StackPictures(Selection, frozen=True, kw_only=True):
    """Put these pictures, and the stacks they are in, on one stack. `leader`: the one on top."""

    leader: Id | None = None


class ArrangeStack(Struct, frozen=True):
    """The pictures of a stack in their new order; the first one leads."""

    ids: list[Id]


class StackByRule(Selection, frozen=True, kw_only=True):
    """Stack pictures that belong together by a rule: among these, or in the whole library.

    `raw`: camera raw and its JPEG; `live`: a photo and its clip; `burst`: one camera within a second; `prompt`: one
    prompt and model; `seed`: one seed as well; `edit`: a picture and what it was before. Pictures that are in a stack
    stay in it. `veil`: not what is hidden.
    """

    rule: StackRule
    veil: bool = False


class Stack(Struct, frozen=True):
    """The pictures of a stack, the leader first."""

    id: int
    rule: str
    ids: list[int]


class StackPreview(Struct, frozen=True):
    """What a rule would stack. `examples` are the first stacks, at most 100, each with its leader first."""

    stacks: int
    pictures: int
    examples: list[list[int]]


class TurnPictures(Selection, frozen=True, kw_only=True):
    """Rotate pictures by quarters: 1 is clockwise, -1 counterclockwise, 2 upside down."""

    quarters: Literal[-1, 1, 2]


class DatePictures(Selection, frozen=True, kw_only=True):
    """Correct the dates of pictures in one of four ways.

    `set`: the moment; `shift`: so many seconds later; `zone`: their clocks showed the time of this zone (`+02:00` or
    `Europe/Berlin`); `reset`: what their files say.
    """

    set: datetime | None = None
    shift: int | None = None
    zone: str | None = None
    reset: bool = False


class Duplicates(Struct, frozen=True):
    """Groups of pictures that look the same. The first of each group is the one to keep.

    `sets`: the sets of each picture of them that is in one.
    """

    total: int
    pictures: int
    groups: list[list[int]]
    sets: dict[int, list[int]] = {}


class ResolveDuplicates(Struct, frozen=True, kw_only=True):
    """Keep the first of each group with the annotations of the others, which move to the scrapheap.

    `groups`: what `duplicates` answered, or some of it; without it all that it finds by `rule`, `distance` and `veil`.
    """

    rule: KeepRule = "larger"
    distance: Distance = NEAR
    veil: bool = False
    groups: list[list[Id]] | None = None


class DuplicatePreview(Struct, frozen=True):
    """The result of keeping the first of each group."""

    kept: int
    thrown: int
    bytes: int
    sentence: str


class NotDuplicates(Struct, frozen=True):
    """Mark these pictures as different, so that no two of them are shown as duplicates again."""

    ids: list[Id]


class PreviewEmpty(Selection, frozen=True):
    """Preview deleting pictures of the scrapheap permanently: all of them, or those selected."""


class EmptyPreview(Struct, frozen=True):
    """What would be permanently deleted. `token` confirms exactly this and becomes invalid if anything changes.

    `files` are deleted, of `bytes`; `forgotten` pictures lie only in folders that are never written to. Pictures in a
    locked set are left where they are.
    """

    pictures: int
    files: int
    bytes: int
    forgotten: int
    locked: int
    sentence: str
    token: str


class EmptyScrapheap(PreviewEmpty, frozen=True):
    """Permanently delete what a preview with the same selection listed."""

    token: str

"""Stacks, dates and turns, duplicates, and emptying the scrapheap: what is asked and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Id, Selection

StackRule = Literal["raw", "live", "burst", "prompt", "seed", "edit"]
KeepRule = Literal["larger", "score", "older", "set"]
#: Bits of 64 in which two pictures' hashes may differ.
Distance = Annotated[int, Meta(ge=0, le=8)]


class StackPictures(Selection, frozen=True, kw_only=True):
    """Lay these pictures, and the stacks they are in, on one stack. `leader`: the one on top."""

    leader: Id | None = None


class ArrangeStack(Struct, frozen=True):
    """The pictures of a stack in their new order; the first one leads."""

    ids: list[Id]


class StackByRule(Selection, frozen=True, kw_only=True):
    """Stack what belongs together: in these pictures, or in the whole library where none are named.

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
    """Turn pictures by quarters: 1 is to the right, -1 to the left, 2 upside down."""

    quarters: Literal[-1, 1, 2]


class DatePictures(Selection, frozen=True, kw_only=True):
    """Say when pictures were made: one of the four.

    `set`: the moment; `shift`: so many seconds later; `zone`: their clocks showed the time of this zone (`+02:00` or
    `Europe/Berlin`); `reset`: what their files say.
    """

    set: datetime | None = None
    shift: int | None = None
    zone: str | None = None
    reset: bool = False


class Duplicates(Struct, frozen=True):
    """Pictures that look the same. The first of each group is the one to keep."""

    total: int
    pictures: int
    groups: list[list[int]]


class ResolveDuplicates(Struct, frozen=True, kw_only=True):
    """Keep the first of each group; the others go to the scrapheap, and what people said of them to the first.

    `groups`: what `duplicates` answered, or some of it; without it all that it finds by `rule`, `distance` and `veil`.
    """

    rule: KeepRule = "larger"
    distance: Distance = 4
    veil: bool = False
    groups: list[list[Id]] | None = None


class DuplicatePreview(Struct, frozen=True):
    """What keeping the first of each group would do."""

    kept: int
    thrown: int
    bytes: int
    sentence: str


class NotDuplicates(Struct, frozen=True):
    """These pictures are not the same: no two of them are shown as duplicates again."""

    ids: list[Id]


class EmptyPreview(Struct, frozen=True):
    """What emptying the scrapheap does. `token` stands for exactly this and is not good once anything changed.

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


class EmptyScrapheap(Struct, frozen=True):
    """Remove for good what a preview named."""

    token: str

"""Captions, and what is asked to be done with them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Selection

Caption = Annotated[str, Meta(max_length=10_000)]
Few = Annotated[list[str], Meta(max_length=1000)]


class EngineCaption(Struct, frozen=True):
    """What a captioner wrote. `active`: its captions are shown where nobody wrote one."""

    engine: str
    text: str
    active: bool


class CaptionDetail(Struct, frozen=True):
    """A picture's caption as it is shown, a person's own, and what captioners wrote."""

    text: str | None
    own: str | None
    engines: list[EngineCaption]


class SetCaption(Selection, frozen=True, kw_only=True):
    """Write pictures' own caption; an empty one is taken back, and an engine's shows again."""

    text: Caption


class EditCaptions(Selection, frozen=True, kw_only=True):
    """Change captions, in this order: replace a text by another (plain, `words`: whole words only, `case`: as it is
    written), drop tags, move tags to the front, and begin with a text. Tags are what stands between commas."""

    find: Caption = ""
    replace: Caption = ""
    words: bool = False
    case: bool = False
    drop: Few = []
    first: Few = []
    prefix: Caption = ""


class CaptionSample(Struct, frozen=True):
    id: int
    name: str
    before: str
    after: str


class CaptionPreview(Struct, frozen=True):
    """How many captions would change, and the first 20."""

    changed: int
    samples: list[CaptionSample]


class LintCaptions(Selection, frozen=True, kw_only=True):
    """What is looked for: `trigger` is missing, more than `tokens` of CLIP, tags that say otherwise."""

    trigger: Caption = ""
    tokens: Annotated[int, Meta(ge=1, le=10_000)] = 75


class CaptionProblem(Struct, frozen=True):
    id: int
    name: str
    kind: Literal["missing", "trigger", "contradiction", "tokens"]
    detail: str


class CaptionReport(Struct, frozen=True):
    """How many captions have which problem, and the first 200 problems."""

    pictures: int
    missing: int
    trigger: int
    contradiction: int
    tokens: int
    problems: list[CaptionProblem]

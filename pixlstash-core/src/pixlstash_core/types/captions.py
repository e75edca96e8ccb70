"""Captions, text in pictures, and requests that change or check them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .people import Box
from .pictures import Selection

Caption = Annotated[str, Meta(max_length=10_000)]
Few = Annotated[list[str], Meta(max_length=1000)]


class EngineCaption(Struct, frozen=True):
    """A caption that an engine wrote. `active`: its captions are shown if nobody wrote one."""

    engine: str
    text: str
    active: bool


class CaptionDetail(Struct, frozen=True):
    """The caption of a picture that is shown, the user's own, and those of captioners."""

    text: str | None
    own: str | None
    engines: list[EngineCaption]


class SetCaption(Selection, frozen=True, kw_only=True):
    """Set the caption of pictures. An empty text removes it, so that an engine's caption is shown again."""

    text: Caption


class EditCaptions(Selection, frozen=True, kw_only=True):
    """Edit captions, in this order: replace a text by another (`words`: whole words only, `case`: match case), remove
    tags, move tags to the front, and add a text in front. Tags are the parts between commas.
    """

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
    """What to check: whether `trigger` is missing, more than `tokens` tokens, contradicting tags.

    Tokens are those of CLIP, or of the `tokenizer`: the path of a model's tokenizer.json on the server, for its owner.
    """

    trigger: Caption = ""
    tokens: Annotated[int, Meta(ge=1, le=10_000)] = 75
    tokenizer: Annotated[str, Meta(max_length=4096)] | None = None


class CaptionProblem(Struct, frozen=True):
    id: int
    name: str
    kind: Literal["missing", "trigger", "contradiction", "tokens"]
    detail: str


class CaptionReport(Struct, frozen=True):
    """The number of captions with each problem, and the first 200 problems."""

    pictures: int
    missing: int
    trigger: int
    contradiction: int
    tokens: int
    problems: list[CaptionProblem]


class TextLineInfo(Struct, frozen=True):
    """A line of text in a picture. `corners`: of a line that is not level, its four corners as fractions of the upright
    picture, clockwise from the upper left corner of the text. `time`: of a moving picture, in seconds.
    """

    text: str
    box: Box
    confidence: float
    corners: list[tuple[float, float]] = []
    time: float | None = None


class PictureText(Struct, frozen=True):
    """The text that an engine read in a picture. `engine`: empty if no engine has read any.

    `turn`: by how many quarters clockwise a person rotated the picture, which the boxes are not.
    """

    lines: list[TextLineInfo]
    engine: str = ""
    turn: int = 0

"""Operations on captions: setting them, editing many at once with a preview, and checking them."""

from __future__ import annotations

from ..context import Context
from ..plugins.operation import demand
from ..types import (
    CaptionDetail,
    CaptionPreview,
    CaptionReport,
    Done,
    EditCaptions,
    LintCaptions,
    Reader,
    SetCaption,
)
from . import feature as captions


def caption(context: Context, reader: Reader, id: int) -> CaptionDetail:
    """A picture's caption, and those of engines."""
    return captions.detail(context.db, reader, id)


def set_caption(context: Context, reader: Reader, ask: SetCaption) -> Done:
    """Set the caption of pictures, or remove it."""
    ids = context.selected(reader, ask)
    text = captions.fit(ask.text)
    what, of_one = ("captioned", "") if text else ("without a caption of their own", "without a caption of its own")
    return context.change_pictures(reader, ids, lambda write: captions.put(write, ids, text), what, of_one)


def preview_captions(context: Context, reader: Reader, ask: EditCaptions) -> CaptionPreview:
    """Preview an edit of captions: how many would change, and the first 20 before and after."""
    return captions.preview(captions.edited(context.db, context.views.select(reader, ask), ask))


def edit_captions(context: Context, reader: Reader, ask: EditCaptions) -> Done:
    """Edit captions: replace text, remove and reorder tags, and add a trigger word in front."""
    ids = context.selected(reader, ask)
    changed = [(sample.id, captions.fit(sample.after)) for sample in captions.edited(context.db, ids, ask)]
    ids = [id for id, _ in changed]
    return context.change_pictures(reader, ids, lambda write: captions.put_each(write, changed), "captioned anew")


def lint_captions(context: Context, reader: Reader, ask: LintCaptions) -> CaptionReport:
    """Check captions: missing, without the trigger word, contradicting the tags, or too long."""
    if ask.tokenizer is not None:
        demand(reader, "owner")
    return captions.lint(context.db, context.views.select(reader, ask), ask)

"""Captions: one's own, and many changed at once, with a look beforehand."""

from __future__ import annotations

from ..context import Context
from ..types import (
    CaptionDetail,
    CaptionPreview,
    CaptionReport,
    Done,
    EditCaptions,
    LintCaptions,
    Reader,
    Selection,
    SetCaption,
)
from . import feature as captions


def caption(context: Context, reader: Reader, id: int) -> CaptionDetail:
    """A picture's caption, and what engines wrote."""
    return captions.detail(context.db, reader, id)


def set_caption(context: Context, reader: Reader, ask: SetCaption) -> Done:
    """Write pictures' own caption, or take it back."""
    ids = context.selected(reader, ask)
    text = captions.fit(ask.text)
    what = "captioned" if text else "without a caption of their own"
    return context.change_pictures(reader, lambda write: captions.put(write, ids, text), what, words_of=ids)


def preview_captions(context: Context, reader: Reader, ask: EditCaptions) -> CaptionPreview:
    """What a change of captions would do: how many, and the first 20 before and after."""
    return captions.preview(captions.edited(context.db, _seen(context, reader, ask), ask))


def edit_captions(context: Context, reader: Reader, ask: EditCaptions) -> Done:
    """Replace texts in captions, drop and move tags in them, and begin them with a trigger word."""
    ids = context.selected(reader, ask)
    changed = [(one.id, captions.fit(one.after)) for one in captions.edited(context.db, ids, ask)]
    ids = [id for id, _ in changed]
    return context.change_pictures(
        reader, lambda write: captions.put_each(write, changed), "captioned anew", words_of=ids
    )


def lint_captions(context: Context, reader: Reader, ask: LintCaptions) -> CaptionReport:
    """What is wrong with captions: missing, without the trigger word, against the tags, too long."""
    return captions.lint(context.db, _seen(context, reader, ask), ask)


def _seen(context: Context, reader: Reader, ask: Selection) -> list[int]:
    """The pictures of a selection that is only looked at."""
    return context.views.select(reader, ask)

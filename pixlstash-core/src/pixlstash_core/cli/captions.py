"""The verbs of `pixlstash caption` and `text`."""

from __future__ import annotations

from typing import Any

import click

from ..api import Api
from ..types import CaptionPreview, CaptionReport, PictureText
from . import show
from .options import CHOSEN, TOKENIZER, option
from .verbs import Shown, Verb, arguments, group

LINES = show.Table(
    ">confidence:.0% | box | at | text",
    box=lambda line: " ".join(f"{edge:.3f}" for edge in line.box),
    at=lambda line: "" if line.time is None else f"{line.time:g} s",
)


def _edit(session: Any, preview: bool, **change: Any) -> Any:
    ask = arguments(Api.edit_captions, change)
    return Shown(session.preview_captions(**ask), _previewed) if preview else session.edit_captions(**ask)


def _previewed(report: CaptionPreview) -> None:
    click.echo("1 caption would change." if report.changed == 1 else f"{report.changed:,} captions would change.")
    show.lines(f"{sample.name}\n  - {sample.before}\n  + {sample.after}" for sample in report.samples)


def _linted(report: CaptionReport) -> None:
    click.echo(
        f"{show.counted(report.pictures, 'picture')}: {report.missing:,} without a caption,"
        f" {report.trigger:,} without the trigger word, {report.contradiction:,} against their tags,"
        f" {report.tokens:,} too long."
    )
    show.lines(f"  {problem.name}: {problem.detail}" for problem in report.problems)


caption = group(
    "caption",
    "Show, set and edit captions.",
    Verb(
        "show ID:int",
        Api.caption,
        "Show a picture's caption.",
        show=lambda report: click.echo(report.text or "No caption."),
    ),
    Verb(
        "set TEXT",
        Api.set_caption,
        "Set your caption of pictures; an empty one removes it.",
        *CHOSEN,
        show=show.sentence,
    ),
    Verb(
        "edit",
        _edit,
        "Change captions: replace, drop, first, prefix, in this order.",
        option("--find", default="", help="The text to replace, taken literally."),
        option("--replace", default="", help="The replacement."),
        option("--words", is_flag=True, help="Replace whole words only."),
        option("--case", is_flag=True, help="Match case."),
        option("--drop", multiple=True, help="A tag to drop; may be given more than once."),
        option("--first", multiple=True, help="A tag to move to the front; may be given more than once."),
        option("--prefix", default="", help="A text to put first."),
        option("--preview", is_flag=True, help="Only show what would change."),
        *CHOSEN,
        show=show.sentence,
    ),
    Verb(
        "lint",
        Api.lint_captions,
        "Find captions that are missing, lack the trigger word, contradict tags, or are too long.",
        option("--trigger", default="", help="A word that every caption must contain."),
        option("--tokens", default=75, show_default=True, help="The maximum number of tokens."),
        TOKENIZER,
        *CHOSEN,
        show=_linted,
    ),
)


def _shown(text: PictureText) -> None:
    if text.lines:
        LINES(text.lines)
    else:
        click.echo("No text." if text.engine else "No engine has read text in this picture.")


text = group(
    "text",
    "Show the text in pictures.",
    Verb("show ID:int", Api.picture_text, "Show the lines of text in a picture.", show=_shown),
)
COMMANDS = (caption, text)

"""`pixlstash text`."""

from __future__ import annotations

import click

from ..api import Api
from ..types import PictureText
from . import show
from .verbs import Verb, group

LINES = show.Table(
    ">confidence:.0% | box | at | text",
    box=lambda line: " ".join(f"{edge:.3f}" for edge in line.box),
    at=lambda line: "" if line.time is None else f"{line.time:g} s",
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
COMMANDS = (text,)

"""`pixlstash share`: pictures for other people, without metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..api import Api
from ..types import Grant, Job, Publish, StepUse
from . import show, watch
from .options import absolute, argument, option
from .tokens import SCOPE, grant_of
from .verbs import Verb, group

#: How renditions look, and what is in them.
RENDITION = (
    option("--title", default="", help="A title that recipients see."),
    option("--side", type=click.IntRange(64, 8192), default=2048, help="The longest side in pixels (2048)."),
    option("--watermark", help="A text that is drawn over each picture."),
    option("--hidden", is_flag=True, help="Include pictures that are hidden or blurred."),
)


def grant(values: dict[str, Any]) -> Grant:
    """Take what is shared out of the values."""
    chosen = grant_of(values)
    if chosen is None:
        raise click.UsageError("Say what to share: --scope-picture, --scope-set, --scope-query …")
    return chosen


def steps(side: int, watermark: str | None) -> list[StepUse]:
    marked = [StepUse("watermark", {"text": watermark})] if watermark else []
    return [StepUse("resize", {"side": side}), *marked]


def _gallery(session: Any, finish: watch.Finish, path: str, side: int, watermark: str | None, **values: Any) -> Job:
    scope = grant(values)
    ask = Publish(sharer="gallery", params={"path": path}, scope=scope, steps=steps(side, watermark), **values)
    return finish(session.publish(ask))


def _published(job: Job) -> None:
    click.echo(f"{job.label}: {job.state}.")


def _unpublish(session: Any, id: int) -> str:
    session.unpublish(id)
    return f"Took back publication {id}."


COMMANDS = (
    group(
        "share",
        "Publish pictures for other people, without metadata.",
        Verb(
            "gallery",
            _gallery,
            "Make a page that opens without a server, at PATH: a new folder, or a new .zip file.\n\n"
            "Pictures get new names and no metadata. Hidden and blurred ones are left out.",
            argument("path", type=click.Path(path_type=Path), callback=absolute),
            *SCOPE,
            *RENDITION,
            show=_published,
            watched=True,
            work=True,
        ),
        Verb(
            "published",
            Api.publications,
            "List what was published.",
            show=show.Table(
                ">id | created:%Y-%m-%d %H:%M | >pictures | >left out=left_out | sharer | where | title",
                "Nothing was published.",
            ),
        ),
        Verb(
            "unpublish ID:int",
            _unpublish,
            "Take back a publication. A gallery's files are deleted if they are unchanged.",
            json=False,
            show=click.echo,
        ),
    ),
)

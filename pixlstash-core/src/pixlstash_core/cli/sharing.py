"""`pixlstash share`: pictures for other people, without metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from ..api import Api
from ..types import CreateLink, Grant, Job, LinkInfo, Publish, StepUse
from . import show, watch
from .options import absolute, argument, option
from .tokens import EXPIRES, SCOPE, grant_of
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


def _link(session: Any, side: int, watermark: str | None, no_download: bool, **values: Any) -> dict[str, Any]:
    scope = grant(values)
    ask = CreateLink(scope=scope, steps=steps(side, watermark), download=not no_download, **values)
    return addressed(session, session.create_link(ask))


def addressed(session: Any, link: LinkInfo) -> dict[str, Any]:
    """A link as JSON, with its whole address if a server has the library."""
    url = getattr(session, "url", None)
    return {**msgspec.to_builtins(link), "url": f"{url}{link.path}" if url and link.path else None}


def _links(session: Any) -> list[dict[str, Any]]:
    return [addressed(session, link) for link in session.links()]


def _replace(session: Any, id: int) -> dict[str, Any]:
    return addressed(session, session.replace_link(id))


def _revoke(session: Any, id: int) -> str:
    session.revoke_link(id)
    return f"Revoked link {id}."


def _show_link(link: dict[str, Any]) -> None:
    click.echo(link["url"] or link["path"] or "This link must be replaced.")
    left_out = f", {link['left_out']:,} hidden or blurred left out" if link["left_out"] else ""
    click.echo(f"{show.counted(link['pictures'], 'picture')}{left_out}.", err=True)
    if link["path"] and not link["url"]:
        click.echo("It works while `pixlstash serve` runs: put the server's address before it.", err=True)


def _show_links(links: list[dict[str, Any]]) -> None:
    if not links:
        click.echo("There are no links.")
    for link in links:
        state = "expired" if link["expired"] else link["url"] or link["path"] or "must be replaced"
        click.echo(f"{link['id']}  {show.counted(link['pictures'], 'picture')}  {link['title']}".rstrip())
        click.echo(f"   {state}")
        until = f", until {link['expires'][:16].replace('T', ' ')} UTC" if link["expires"] else ""
        click.echo(f"   opened {link['visits']:,} times{until}{', password' if link['password'] else ''}")


COMMANDS = (
    group(
        "share",
        "Publish pictures for other people, without metadata.",
        Verb(
            "link",
            _link,
            "Create a link that recipients open in a browser, without a login.\n\n"
            "Sets, characters and projects are shared as they will be, other pictures as they are now.",
            *SCOPE,
            *RENDITION,
            option("--live/--frozen", "live", default=None, help="Share what it contains at each visit, or now."),
            option("--no-download", is_flag=True, help="Do not offer recipients to save the pictures."),
            option("--password", help="A password that recipients must enter (6 characters or more)."),
            EXPIRES,
            show=_show_link,
        ),
        Verb("links", _links, "List the links.", show=_show_links),
        Verb("replace ID:int", _replace, "Give a link a new secret. The previous one ends at once.", show=_show_link),
        Verb("revoke ID:int", _revoke, "Revoke a link. It ends at once.", json=False, show=click.echo),
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

"""`pixlstash share`: pictures for other people, without metadata."""

from __future__ import annotations

import base64
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from urllib.parse import urlsplit

import click
import msgspec

from ..api import Api
from ..types import AcceptScores, CreateLink, Grant, ImportPaths, Job, LinkInfo, Originals, Publish, StepUse
from . import show, watch
from .options import absolute, argument, choices, option
from .tokens import EXPIRES, SCOPE, grant_of
from .verbs import Verb, group

Position = Literal["center", "top-left", "top-right", "bottom-left", "bottom-right", "tile"]
#: Bytes of a watermark's file, which the library refuses beyond that.
LARGEST_FILE = 700_000
#: How renditions look, and what is in them.
RENDITION = (
    option("--title", default="", help="A title that recipients see."),
    option("--side", type=click.IntRange(64, 8192), default=2048, help="The longest side in pixels (2048)."),
    option("--watermark", help="A text that is drawn over each picture."),
    option("--watermark-image", type=click.File("rb"), help="A PNG file that is laid over each picture."),
    option("--watermark-position", "position", type=choices(Position), help="Where the watermark is."),
    option("--watermark-opacity", "opacity", type=click.FloatRange(0.05, 1), help="How much of it shows (0.5)."),
    option("--watermark-size", "size", type=click.FloatRange(0.01, 1), help="Its size, as a part of the shorter side."),
    option("--hidden", is_flag=True, help="Include pictures that are hidden or blurred."),
)


def grant(values: dict[str, Any]) -> Grant:
    """Take what is shared out of the values."""
    chosen = grant_of(values)
    if chosen is None:
        raise click.UsageError("Say what to share: --scope-picture, --scope-set, --scope-query …")
    return chosen


def steps(values: dict[str, Any]) -> list[StepUse]:
    """Take the steps of renditions out of the values."""
    more = {name: value for name in ("position", "opacity", "size") if (value := values.pop(name)) is not None}
    resize, text, file = StepUse("resize", {"side": values.pop("side")}), values.pop("watermark"), None
    if (image := values.pop("watermark_image")) is not None:
        file = base64.b64encode(image.read(LARGEST_FILE + 1)).decode()
    if text and file:
        raise click.UsageError("Use either --watermark or --watermark-image.")
    if text:
        return [resize, StepUse("watermark", {"text": text, **more})]
    if file is not None:
        return [resize, StepUse("image-watermark", {"png": file, **more})]
    if more:
        raise click.UsageError("Say which watermark: --watermark or --watermark-image.")
    return [resize]


def _gallery(session: Any, finish: watch.Finish, path: str, **values: Any) -> Job:
    scope, used = grant(values), steps(values)
    ask = Publish(sharer="gallery", params={"path": path}, scope=scope, steps=used, **values)
    return finish(session.publish(ask))


def _published(job: Job) -> None:
    click.echo(f"{job.label}: {job.state}.")


def _unpublish(session: Any, id: int) -> str:
    session.unpublish(id)
    return f"Took back publication {id}."


def _link(session: Any, no_download: bool, **values: Any) -> dict[str, Any]:
    scope, used = grant(values), steps(values)
    ask = CreateLink(scope=scope, steps=used, download=not no_download, **values)
    return addressed(session, session.create_link(ask))


def addressed(session: Any, link: LinkInfo) -> dict[str, Any]:
    """A link as JSON, with its whole address if a server has the library."""
    url = getattr(session, "url", None)
    return {**msgspec.to_builtins(link), "url": f"{url}{link.path}" if url and link.path else None}


def _accept(session: Any, id: int) -> str:
    return f"{session.accept_scores(id, AcceptScores()).sentence}."


def _links(session: Any) -> list[dict[str, Any]]:
    return [addressed(session, link) for link in session.links()]


def _replace(session: Any, id: int) -> dict[str, Any]:
    return addressed(session, session.replace_link(id))


def _visit(session: Any, id: int) -> dict[str, Any]:
    return addressed(session, session.visit_link(id))


def _gained(session: Any, id: int) -> list[dict[str, Any]]:
    return [{"id": picture, "name": session.picture(picture).name} for picture in session.link_gained(id)]


def _show_gained(pictures: list[dict[str, Any]]) -> None:
    show.lines([f"{picture['id']}  {picture['name']}" for picture in pictures] or ["It has gained no pictures."])


def _revoke(session: Any, id: int) -> str:
    session.revoke_link(id)
    return f"Revoked link {id}."


def _show_link(link: dict[str, Any]) -> None:
    click.echo(link["url"] or link["path"] or "This link must be replaced.")
    left_out = f", {link['left_out']:,} hidden or blurred left out" if link["left_out"] else ""
    click.echo(f"{show.counted(link['pictures'], 'picture')}{left_out}.", err=True)
    if link["path"] and not link["url"]:
        click.echo("It works while `pixlstash serve` runs: put the server's address before it.", err=True)
    elif link["url"] and is_loopback(link["url"]):
        click.echo("Only this computer can open this address; from elsewhere, use the server's public one.", err=True)
    if link["certificate"]:
        click.echo(checked(link["certificate"]), err=True)


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def checked(certificate: dict[str, Any]) -> str:
    """A certificate in a sentence or two."""
    if certificate["problems"]:
        return "  ! " + " ".join(certificate["problems"])
    fetched, pictures = certificate["fetched"], show.counted(certificate["pictures"], "picture")
    marked = "" if certificate["marked"] is None else f", watermark on {certificate['marked']:,} of {fetched:,}"
    return (
        f"Visited as a stranger: {fetched:,} of {pictures} reachable, 0 with a place, 0 with a prompt, 0 with a"
        f" name{marked}; nothing else ({show.counted(certificate['tried'], 'attempt')})."
    )


def _show_visit(link: dict[str, Any]) -> None:
    certificate = link["certificate"]
    click.echo(checked(certificate))
    for change in certificate["changes"]:
        click.echo(f"Changed: {change}")


def _show_links(links: list[dict[str, Any]]) -> None:
    if not links:
        click.echo("There are no links.")
    for link in links:
        state = "expired" if link["expired"] else link["url"] or link["path"] or "must be replaced"
        gained = f", {link['gained']:,} gained since" if link["gained"] else ""
        pictures = show.counted(link["pictures"], "picture")
        click.echo(f"{link['id']}  {pictures}{', live' if link['live'] else ''}{gained}  {link['title']}".rstrip())
        click.echo(f"   {state}")
        until = f", until {link['expires'][:16].replace('T', ' ')} UTC" if link["expires"] else ""
        click.echo(f"   opened {link['visits']:,} times{until}{', password' if link['password'] else ''}")
        if link["certificate"] and (link["certificate"]["problems"] or link["certificate"]["changes"]):
            click.echo(f"   check of {link['certificate']['at'][:16].replace('T', ' ')} UTC:")
            for sentence in dict.fromkeys((*link["certificate"]["changes"], *link["certificate"]["problems"])):
                show.problem(sentence)


#: Pictures that are on the disk before they are imported.
BATCH = 200


def _take(session: Any, finish: watch.Finish, url: str, password: str | None) -> dict[str, Any]:
    from ..sharing.taking import Share

    taken: dict[str, Any] = {"title": "", "pictures": 0, "imported": 0, "duplicates": 0, "refused": []}
    with closing(Share.of(url)) as share:
        offered = share.enter(password)
        taken["title"] = offered.title
        for begin in range(0, len(offered.pictures), BATCH):
            with TemporaryDirectory(prefix="pixlstash-share-") as folder:
                names = offered.pictures[begin : begin + BATCH]
                saved = list(share.save(names, Path(folder)))
                job = finish(session.import_paths(ImportPaths([folder]))) if saved else None
            if job is None:
                continue
            show.demand_done(job, "The import")
            taken["pictures"] += len(saved)
            if job.report is not None:
                taken["imported"] += job.report.imported
                taken["duplicates"] += job.report.duplicates
                taken["refused"] += [refusal.reason for refusal in job.report.refused]
    return taken


def _show_taken(taken: dict[str, Any]) -> None:
    there = f", {taken['duplicates']:,} already in the library" if taken["duplicates"] else ""
    click.echo(f"Took {show.counted(taken['imported'], 'picture')}{there}.")
    for reason in taken["refused"]:
        show.problem(reason)


COMMANDS = (
    group(
        "share",
        "Publish pictures for other people, without metadata.",
        Verb(
            "link",
            _link,
            "Create a link that recipients open in a browser, without a login.\n\n"
            "Sets, characters and projects are shared as they will be, other pictures as they are now. Before,"
            " the server visits the link as a stranger; if that finds anything but the pictures, there is no link.",
            *SCOPE,
            *RENDITION,
            option("--live/--frozen", "live", default=None, help="Share what it contains at each visit, or now."),
            option("--no-download", is_flag=True, help="Do not offer recipients to save the pictures."),
            option(
                "--originals",
                type=choices(Originals),
                default="none",
                help="Offer originals: stripped of metadata, or untouched with all that is in them.",
            ),
            option("--scores", is_flag=True, help="Let recipients give stars."),
            option("--password", help="A password that recipients must enter (6 characters or more)."),
            EXPIRES,
            show=_show_link,
        ),
        Verb("links", _links, "List the links.", show=_show_links),
        Verb("replace ID:int", _replace, "Give a link a new secret. The previous one ends at once.", show=_show_link),
        Verb(
            "check ID:int",
            _visit,
            "Visit a link as a stranger, and show what it finds. The server repeats this every day.",
            show=_show_visit,
            fails=lambda link: link["certificate"]["problems"],
        ),
        Verb(
            "gained ID:int",
            _gained,
            "List the pictures that a live link has gained since it was made.",
            show=_show_gained,
        ),
        Verb(
            "scores ID:int",
            Api.link_scores,
            "List what the recipients of a link think of its pictures.",
            show=show.Table(">picture | >mean | >visitors | >score | >own", "Nobody has given a score."),
        ),
        Verb(
            "accept ID:int",
            _accept,
            "Score pictures as the recipients of a link did, on average. This can be undone.",
            json=False,
            show=click.echo,
        ),
        Verb("revoke ID:int", _revoke, "Revoke a link. It ends at once.", json=False, show=click.echo),
        Verb(
            "take URL",
            _take,
            "Copy the pictures of somebody else's link into this library, as their owner offers them.\n\n"
            "They have no names, tags or captions. Pictures that the library already has are not added again.",
            option("--password", help="The password of the link."),
            show=_show_taken,
            work=True,
            fails=lambda taken: taken["refused"],
        ),
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

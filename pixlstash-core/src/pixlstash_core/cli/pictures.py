"""`pixlstash list`, `find`, `stats`, `show`, `score`, `date`, `turn`, `similar` and `why`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ..api import Api
from ..types import Combine, FindSimilar, Found, Liked, Picture, PictureDetail, SimilarFound, Statistics, Why
from . import show
from .options import LIMIT, PICTURES, QUERY, Query, argument, choices, option
from .verbs import Shown, Verb

TURNS = {"right": 1, "over": 2, "left": -1}
SIMILAR = show.Table(">id=picture.id | >likeness=score:.3f | >like | name=picture.name")


class Moment(click.ParamType[datetime]):
    """A date and time as ISO 8601 writes it; universal time unless it names an offset."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date: write it like 2026-05-17T14:30 or 2026-05-17T14:30+02:00.", param, ctx)


def _find(session: Any, q: str, sort: str | None, limit: int) -> Shown:
    return Shown(
        session.find(q=q, sort=sort), lambda result: _show_found(result, session.pictures(q=q, sort=sort, limit=limit))
    )


def _show_found(result: Found, pictures: list[Picture]) -> None:
    show.notes(result.notes)
    show.PICTURES(pictures)
    if len(pictures) < result.total:
        click.echo(f"… {len(pictures):,} of {show.counted(result.total, 'picture')}.")


def _statistics(statistics: Statistics) -> None:
    average = f", {statistics.tags / statistics.total:.1f} tags each on average" if statistics.tags else ""
    click.echo(f"{show.counted(statistics.total, 'picture')}, {statistics.tagged:,} of them with tags{average}")
    for panel in statistics.panels:
        click.echo(f"\n{panel.label}" + (f" (waiting for {panel.fills})" if panel.fills and not panel.bars else ""))
        longest = max((bar.count for bar in panel.bars), default=0)
        for bar in panel.bars:
            good = f"  {bar.good / bar.count:.0%} with 4 stars or more" if bar.good else ""
            click.echo(f"  {bar.label[:40]:40} {bar.count:>9}  {'█' * -(-20 * bar.count // longest)}{good}")


def _picture(p: PictureDetail) -> None:
    lines: list[tuple[str, str]] = [
        ("id", str(p.id)),
        ("name", p.name),
        ("pixels", f"{p.width} x {p.height}"),
        ("size", f"{show.size(p.size)} {p.format}"),
        ("created", p.created.strftime("%Y-%m-%d %H:%M:%S UTC")),
        ("score", str(p.score)),
        ("sha256", p.sha256),
    ]
    if p.deleted:
        lines.append(("scrapheap", f"since {p.deleted:%Y-%m-%d %H:%M}"))
    if p.why:
        lines.append(("no thumbnail", p.why))
    lines += [(fact.label.lower(), fact.value) for fact in p.facts]
    lines += [(label, text) for label, text in (("prompt", p.prompt), ("negative", p.negative)) if text]
    lines += [("location", f"{place.store}: {place.key} ({place.state})") for place in p.locations]
    width = max(len(label) for label, _ in lines)
    for label, text in lines:
        click.echo(f"{click.style(label.ljust(width), dim=True)}  {text}")


def _similar(session: Any, ids: list[int], files: list[Path], words: list[str], **how: Any) -> Any:
    if files or words:
        return _mixed(session, ids, files, words, **how)
    return session.similar(FindSimilar(ids=ids, **how))


def _demand_examples(values: dict[str, Any]) -> None:
    if not (values["ids"] or values["files"] or values["words"]):
        raise click.UsageError("Say what pictures are to be like: IDS, --file or --words.")


def _mixed(
    session: Any, ids: list[int], files: list[Path], words: list[str], q: str, combine: str, limit: int
) -> Shown:
    """Pictures like all of these, found by a query."""
    from ..query.language import quoted

    sources = [*(f"picture:{id}" for id in ids), *(f"upload:{session.hold(file.name, file).token}" for file in files)]
    sources += [f"words:{text}" for text in words]
    likes = " ".join(f"like:{quoted(source)}" for source in sources)
    query = f"{q} {likes} combine:{combine} top:{limit}"
    notes = session.find(query, sort="likeness").notes
    pictures = session.pictures(q=query, sort="likeness", limit=limit)
    show.notes(notes)
    return Shown(pictures, show.PICTURES)


def _alike(result: SimilarFound) -> None:
    if result.without:
        click.echo(f"{result.engine} has not looked at {result.without} of them.", err=True)
    SIMILAR(result.found)


def _liked(liked: Liked) -> None:
    click.echo("No smart score." if liked.smart is None else f"Smart score {liked.smart:.1f}")
    SIMILAR([*liked.good, *liked.bad])


def _why(why: Why) -> None:
    if not why.found:
        click.echo("The query does not find this picture. Of it holds:")
    show.lines(f"{reason.sentence}." for reason in why.reasons)
    show.notes(why.notes)


COMMANDS = (
    Verb(
        "list",
        Api.pictures,
        "List pictures, newest first, or those a QUERY finds.",
        Query(),
        option(
            "--sort",
            help="created, imported, score, name, size, pixels or rarity, with - for descending; random.",
        ),
        option("--limit", default=100, show_default=True),
        option("--offset", default=0),
        show=show.PICTURES,
    ),
    Verb(
        "find",
        _find,
        "Count and list the pictures a QUERY finds.",
        Query(),
        option("--sort", help="The order; see `list`."),
        option("--limit", default=20, show_default=True, help="How many to list; --json lists all ids."),
    ),
    Verb(
        "stats",
        Api.statistics,
        "Count the pictures a QUERY finds by score, size, date, model, tag and more.",
        Query(),
        show=_statistics,
    ),
    Verb("show ID:int", Api.picture, "Show everything known about one picture.", show=_picture),
    Verb(
        "score",
        Api.score,
        "Rate pictures with 1 to 5 STARS, or 0 for none: those a QUERY finds, or ids.",
        argument("score", type=click.IntRange(0, 5), metavar="STARS"),
        *PICTURES,
    ),
    Verb(
        "date",
        Api.date,
        "Set when pictures were created: those a QUERY finds, or ids. Files are not changed.",
        *PICTURES,
        option("--set", type=Moment(), help="The date and time; UTC unless it has an offset."),
        option("--shift", type=int, help="Shift by this many seconds; negative is earlier."),
        option("--zone", help="Interpret their times in this zone: +02:00 or Europe/Berlin."),
        option("--reset", is_flag=True, help="Use the date in the files."),
    ),
    Verb(
        "turn",
        Api.turn,
        "Rotate pictures right, left or by 180°: those a QUERY finds, or ids. Files are not changed.",
        argument("quarters", type=click.Choice(list(TURNS)), callback=lambda ctx, param, value: TURNS[value]),
        *PICTURES,
    ),
    Verb("liked ID:int", Api.liked, "Show the smart score of a picture, and similar ones you scored.", show=_liked),
    Verb(
        "similar",
        _similar,
        "Find pictures similar to those with these IDS, to files, or to words; most similar first.",
        argument("ids", nargs=-1, type=click.IntRange(min=0)),
        option("--file", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)),
        option("--words", multiple=True, help="A description of the pictures to find."),
        QUERY,
        option("--combine", type=choices(Combine), default="mean", show_default=True),
        LIMIT,
        prepare=_demand_examples,
        show=_alike,
    ),
    Verb("why ID:int", Api.why, "Explain why a QUERY finds a picture.", Query(), show=_why),
)

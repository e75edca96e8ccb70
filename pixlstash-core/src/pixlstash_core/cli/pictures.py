"""`pixlstash score`, `date`, `turn`, `undo`, `redo` and `history`: what is said of pictures, and taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import click

from . import show
from .options import JSON, Asking, chosen, selection

if TYPE_CHECKING:
    from .main import Shell

TURNS: dict[str, Literal[-1, 1, 2]] = {"right": 1, "over": 2, "left": -1}


class Moment(click.ParamType[datetime]):
    """A date and time as ISO 8601 writes it; universal time unless it names an offset."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date: write it like 2026-05-17T14:30 or 2026-05-17T14:30+02:00.", param, ctx)


@click.command(cls=Asking)
@click.argument("stars", type=click.IntRange(0, 5))
@chosen
@JSON
@click.pass_obj
def score(shell: Shell, stars: int, query: tuple[str, ...], ids: tuple[int, ...], as_json: bool) -> None:
    """Give pictures 1 to 5 STARS, or none with 0: those a QUERY finds, or ids."""
    from ..types import ScorePictures

    with shell.connect() as session:
        done = session.score(ScorePictures(score=stars, **selection(session, query, ids)))
    show.done(done, as_json)


@click.command(cls=Asking)
@chosen
@click.option("--set", "moment", type=Moment(), help="When they were made; universal time unless it names an offset.")
@click.option("--shift", type=int, help="So many seconds later; earlier with a minus.")
@click.option("--zone", help="Their clocks showed the time of this zone: +02:00 or Europe/Berlin.")
@click.option("--reset", is_flag=True, help="When their files say.")
@JSON
@click.pass_obj
def date(
    shell: Shell,
    /,
    query: tuple[str, ...],
    ids: tuple[int, ...],
    moment: datetime | None,
    as_json: bool,
    **change: Any,
) -> None:
    """Say when pictures were made: those a QUERY finds, or ids. The files stay as they are."""
    from ..types import DatePictures

    with shell.connect() as session:
        done = session.date(DatePictures(set=moment, **change, **selection(session, query, ids)))
    show.done(done, as_json)


@click.command(cls=Asking)
@click.argument("to", type=click.Choice(list(TURNS)))
@chosen
@JSON
@click.pass_obj
def turn(shell: Shell, to: str, query: tuple[str, ...], ids: tuple[int, ...], as_json: bool) -> None:
    """Turn pictures to the right or left, or over: those a QUERY finds, or ids. The files stay as they are."""
    from ..types import TurnPictures

    with shell.connect() as session:
        done = session.turn(TurnPictures(quarters=TURNS[to], **selection(session, query, ids)))
    show.done(done, as_json)


@click.command()
@JSON
@click.pass_obj
def undo(shell: Shell, as_json: bool) -> None:
    """Undo the newest change."""
    with shell.connect() as session:
        done = session.undo()
    show.done(done, as_json)


@click.command()
@JSON
@click.pass_obj
def redo(shell: Shell, as_json: bool) -> None:
    """Do again what was undone last."""
    with shell.connect() as session:
        done = session.redo()
    show.done(done, as_json)


@click.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@JSON
@click.pass_obj
def history(shell: Shell, limit: int, as_json: bool) -> None:
    """List what was done, the newest first."""
    with shell.connect() as session:
        found = session.history(limit)
    show.history(found, as_json)


COMMANDS = (score, date, turn, undo, redo, history)

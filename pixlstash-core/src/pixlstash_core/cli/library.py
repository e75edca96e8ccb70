"""`pixlstash init`, `check`, `undo`, `redo`, `history` and `owner`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..api import Api
from ..types import CheckReport, HistoryEntry
from . import show
from .options import option
from .verbs import Verb, group

if TYPE_CHECKING:
    from .shell import Shell


@click.command(
    params=[
        option("--media", type=click.Path(path_type=Path), help="Keep originals here, for instance on a larger disk."),
        option("--name", help="The name of the library; by default its folder's name."),
    ]
)
@click.pass_obj
def init(shell: Shell, media: Path | None, name: str | None) -> None:
    """Create a new, empty library."""
    from ..library import Library

    Library.create(shell.path, name=name, media=media)
    click.echo(f"Made an empty library at {shell.path}.")


def _checked(report: CheckReport) -> None:
    read = f", {report.verified} read and compared" if report.verified else ""
    click.echo(f"{show.counted(report.pictures, 'picture')} at {show.counted(report.locations, 'location')}{read}.")
    for problem in report.problems:
        show.problem(problem)
    if not report.problems:
        click.echo("All is well.")


def _state(entry: HistoryEntry) -> str:
    return entry.state if entry.undoable else "for good"


def _reset_owner(session: Any) -> tuple[str, str | None]:
    return session.reset_owner(), getattr(session, "url", None)


def _claim(claim: tuple[str, str | None]) -> None:
    secret, url = claim
    click.echo("The password and all sessions are gone.")
    if url:
        click.echo(f"Log in once with this link: {url}/#claim={secret}")
    else:
        click.echo("Start `pixlstash serve`: it prints a one-time link to log in.")


COMMANDS = (
    init,
    Verb(
        "check",
        Api.check,
        "Check databases and originals. Exit code 1 if something is wrong.",
        option("--verify", is_flag=True, help="Also read every original and verify its hash."),
        show=_checked,
        fails=lambda report: report.problems,
    ),
    Verb("undo", Api.undo, "Undo the newest change."),
    Verb("redo", Api.redo, "Redo the last undone change."),
    Verb(
        "history",
        Api.history,
        "List changes, newest first.",
        option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000)),
        show=show.Table(
            "at:%Y-%m-%d %H:%M | =state | what",
            "Nothing was done yet.",
            state=_state,
            what=lambda entry: entry.sentence.removesuffix("."),
        ),
    ),
    group(
        "owner",
        "The owner's access.",
        Verb(
            "reset",
            _reset_owner,
            "Reset a lost password and end all sessions. Tokens are kept.",
            show=_claim,
            json=False,
        ),
    ),
)

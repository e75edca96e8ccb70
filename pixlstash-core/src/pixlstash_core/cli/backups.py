"""The verbs `pixlstash backup` and `restore-backup`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..api import Api
from ..types import BackupReport
from . import show
from .options import absolute, argument, option
from .verbs import Verb

if TYPE_CHECKING:
    from .shell import Shell


def _made(report: BackupReport) -> None:
    click.echo(
        f"{report.path}: {show.counted(report.pictures, 'picture')}, {show.counted(report.originals, 'original')},"
        f" {report.copied:,} of them copied now ({show.size(report.bytes)})."
    )
    for name in report.missing:
        show.problem(f"{name}: its original could not be read.")
    if report.lost > len(report.missing):
        click.echo(f"  and {report.lost - len(report.missing):,} more")


@click.command("restore-backup")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--with-access", is_flag=True, help="Include logins, tokens and history if the backup has them.")
@click.pass_obj
def restore_backup(shell: Shell, path: Path, with_access: bool) -> None:
    """Create a library from a backup, in a new or empty folder. Every original is verified by its hash."""
    from ..backups.restore import restore

    shown = sys.stderr.isatty()

    def progress(done: int, total: int) -> None:
        if shown:
            click.echo(f"\r\x1b[K{done:,} of {total:,}", nl=False, err=True)

    count, problems = restore(path.expanduser().absolute(), shell.path, with_access, progress)
    if shown:
        click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(f"{shell.path} is a library of {show.counted(count - len(problems), 'original')}.")
    for problem in problems:
        show.problem(problem)
    if problems:
        raise SystemExit(1)


COMMANDS = (
    Verb(
        "backup",
        Api.backup,
        "Back up metadata and originals to PATH: a folder that is itself a library, or one .zip file.\n\n"
        "Repeated backups to a folder copy only new files. Exit code 1 if an original could not be read.",
        argument("path", type=click.Path(path_type=Path), callback=absolute),
        option("--query", default="", help="Back up only the pictures a query finds."),
        option(
            "--with-access",
            "access",
            is_flag=True,
            help="Include logins, tokens and history: keep such a backup secret.",
        ),
        watched=True,
        show=_made,
        fails=lambda report: report.lost,
    ),
    restore_backup,
)

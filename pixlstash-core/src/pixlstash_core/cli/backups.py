"""`pixlstash backup` and `restore-backup`: metadata and originals in another place, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import show, watch
from .options import JSON

if TYPE_CHECKING:
    from .main import Shell


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--query", default="", help="Only the pictures this finds: a library of just these.")
@click.option(
    "--with-access", is_flag=True, help="Logins, tokens and history too: keep such a backup as safe as these."
)
@JSON
@click.pass_obj
def backup(shell: Shell, path: Path, query: str, with_access: bool, as_json: bool) -> None:
    """Back up metadata and originals to PATH: a folder that is a library itself, or one file that ends in .zip.

    Made again in the same folder, only what is new is copied. Exit code 1 when an original could not be read.
    """
    from ..types import MakeBackup

    with shell.connect() as session, watch.shown(session, quiet=as_json):
        found = session.backup(MakeBackup(str(path.expanduser().absolute()), query, with_access))
    if as_json:
        show.dump(found)
    else:
        click.echo(
            f"{found.path}: {show.counted(found.pictures, 'picture')}, {show.counted(found.originals, 'original')},"
            f" {found.copied:,} of them copied now ({show.size(found.bytes)})."
        )
        for name in found.missing:
            click.echo(click.style(f"  ! {name}: its original could not be read.", fg="red"))
        if found.lost > len(found.missing):
            click.echo(f"  and {found.lost - len(found.missing):,} more")
    if found.lost:
        raise SystemExit(1)


@click.command("restore-backup")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--with-access", is_flag=True, help="Logins, tokens and history too, if the backup has them.")
@click.pass_obj
def restore_backup(shell: Shell, path: Path, with_access: bool) -> None:
    """Make the library anew from a backup, in a new or empty folder. Every original is compared with its hash."""
    from ..backups.restoring import restore

    shown = sys.stderr.isatty()

    def progress(done: int, total: int) -> None:
        if shown:
            click.echo(f"\r\x1b[K{done:,} of {total:,}", nl=False, err=True)

    count, problems = restore(path.expanduser().absolute(), shell.path, with_access, progress)
    if shown:
        click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(f"{shell.path} is a library of {show.counted(count - len(problems), 'original')}.")
    for problem in problems:
        click.echo(click.style(f"  ! {problem}", fg="red"))
    if problems:
        raise SystemExit(1)


COMMANDS = (backup, restore_backup)

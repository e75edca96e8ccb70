"""`pixlstash snapshot`: restore points of the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import show
from .options import JSON

if TYPE_CHECKING:
    from ..types import Snapshot
    from .main import Shell

ID = click.argument("id", type=click.IntRange(min=1))


@click.group()
def snapshot() -> None:
    """Snapshots: restore points of everything but the files themselves."""


@snapshot.command("take")
@click.option("--label", help="What to know it by.")
@JSON
@click.pass_obj
def take(shell: Shell, label: str | None, as_json: bool) -> None:
    """Take a snapshot now. It is kept until it is deleted."""
    from ..types import TakeSnapshot

    with shell.connect() as session:
        taken = session.take_snapshot(TakeSnapshot(label))
    if as_json:
        return show.dump(taken)
    return click.echo(f"Snapshot {taken.id}: {taken.picture_count:,} pictures, verified.")


@snapshot.command("list")
@JSON
@click.pass_obj
def list_(shell: Shell, as_json: bool) -> None:
    """List snapshots, the newest first."""
    with shell.connect() as session:
        found, status = session.snapshots(), session.snapshot_status()
    if as_json:
        return show.dump(found)
    if not found:
        return click.echo("No snapshots.")
    rows = [
        (
            one.id,
            f"{one.created_at:%Y-%m-%d %H:%M}",
            one.kind.lower(),
            f"{one.picture_count:,}",
            show.size(one.frees),
            one.label or "",
        )
        for one in found
    ]
    show.table(("id", "taken (UTC)", "kind", "pictures", "frees", "label"), rows, frozenset({0, 3, 4}))
    return click.echo(f"{show.size(status.size)} in all.")


@snapshot.command("show")
@ID
@JSON
@click.pass_obj
def show_(shell: Shell, id: int, as_json: bool) -> None:
    """Show what a snapshot holds."""
    with shell.connect() as session:
        found = session.snapshot(id)
    if as_json:
        return show.dump(found)
    return click.echo("\n".join(_lines(found)))


def _lines(one: Snapshot) -> list[str]:
    lines = [
        f"snapshot    {one.id}" + (f" “{one.label}”" if one.label else ""),
        f"taken       {one.created_at:%Y-%m-%d %H:%M:%S} UTC ({one.kind.lower()})",
        f"pictures    {one.picture_count:,}",
        f"sets        {one.picture_set_count:,}",
        f"characters  {one.character_count:,}",
        f"projects    {one.project_count:,}",
        f"size        {show.size(one.byte_size)} by itself; deleting it frees {show.size(one.frees)}",
    ]
    return lines if one.is_compatible else [*lines, "It is of another library, or of a newer PixlStash."]


@snapshot.command("export")
@ID
@click.argument("path", type=click.Path(path_type=Path))
@JSON
@click.pass_obj
def export(shell: Shell, id: int, path: Path, as_json: bool) -> None:
    """Write a snapshot's database to a new SQLite file."""
    with shell.connect() as session:
        found = session.export_snapshot(id, path.expanduser().absolute())
    if as_json:
        return show.dump(found)
    return click.echo(f"Snapshot {id} written to {path}.")


@snapshot.command("verify")
@click.argument("id", type=click.IntRange(min=1), required=False)
@click.option("--all", "every", is_flag=True, help="All of them.")
@JSON
@click.pass_obj
def verify(shell: Shell, id: int | None, every: bool, as_json: bool) -> None:
    """Read a snapshot back, every bit of it. Exit code 1 when something is wrong."""
    if (id is None) != every:
        raise click.UsageError("Say which snapshot: its id, or --all.")
    with shell.connect() as session:
        found = session.verify_snapshots() if id is None else [session.verify_snapshot(id)]
    if as_json:
        show.dump(found)
    else:
        for one in found:
            click.echo(click.style(f"  ! {one.problem}", fg="red") if one.problem else f"Snapshot {one.id} is sound.")
    if any(one.problem for one in found):
        raise SystemExit(1)


@snapshot.command("delete")
@ID
@click.pass_obj
def delete(shell: Shell, id: int) -> None:
    """Delete a snapshot for good."""
    with shell.connect() as session:
        session.delete_snapshot(id)
    click.echo(f"Snapshot {id} is deleted.")


@snapshot.command("automatic")
@click.argument("state", type=click.Choice(["on", "off"]))
@click.pass_obj
def automatic(shell: Shell, state: str) -> None:
    """Have snapshots taken by themselves, or not."""
    from ..types import SetSnapshots

    with shell.connect() as session:
        session.set_snapshots(SetSnapshots(state == "on"))
    click.echo(f"Snapshots are {'taken by themselves' if state == 'on' else 'taken by hand only'} from now on.")


COMMANDS = (snapshot,)

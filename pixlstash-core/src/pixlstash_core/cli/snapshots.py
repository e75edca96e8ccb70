"""`pixlstash snapshot`: restore points of the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import show, watch
from .options import JSON

if TYPE_CHECKING:
    from ..types import Difference, RestoreReport, RestoreSummary, Snapshot
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

    with shell.connect() as session, watch.shown(session, quiet=as_json):
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


@snapshot.command("diff")
@ID
@click.argument("other", type=click.IntRange(min=1), required=False)
@JSON
@click.pass_obj
def diff(shell: Shell, id: int, other: int | None, as_json: bool) -> None:
    """Say what came, went and changed from a snapshot to the OTHER, or until now."""
    with shell.connect() as session:
        found = session.diff_snapshot(id, other)
    if as_json:
        return show.dump(found)
    until = f"snapshot {other}" if other else "now"
    if not found.topics:
        return click.echo(f"Nothing differs between snapshot {id} and {until}.")
    rows = [(one.topic.replace("_", " "), one.added, one.removed, one.changed) for one in found.topics]
    show.table(("", "added", "removed", "changed"), rows, frozenset({1, 2, 3}))
    for topic in found.topics:
        for one in topic.examples:
            click.echo(f"  {topic.topic.replace('_', ' ')}, {one.change}: {_difference(one)}")
    return None


def _difference(one: Difference) -> str:
    """One example, as a line."""
    number = f" ({one.picture or one.id})" if one.picture or one.id else ""
    said = " → ".join(text for text in (one.old, one.new) if text is not None and text != one.name)
    return ": ".join(filter(None, (f"{one.name}{number}", said)))


@snapshot.command("history")
@click.argument("picture", type=click.IntRange(min=1))
@JSON
@click.pass_obj
def history(shell: Shell, picture: int, as_json: bool) -> None:
    """Say what changed about a PICTURE from snapshot to snapshot, and since."""
    with shell.connect() as session:
        found = session.picture_history(picture)
    if as_json:
        return show.dump(found)
    for one in found:
        when = f"by {one.at:%Y-%m-%d %H:%M} UTC, snapshot {one.snapshot_id}" if one.at else "by now"
        click.echo(when + (f" “{one.label}”" if one.label else ""))
        if one.problem:
            click.echo(click.style(f"  ! {one.problem}", fg="red"))
        for change in one.changes:
            said = [text if text is not None else "–" for text in (change.old, change.new)]
            click.echo(f"  {change.topic.replace('_', ' ')}: {' → '.join(said)}")
        if not one.exists and not one.problem:
            click.echo("  not in the library")
        elif not one.changes and not one.problem:
            click.echo("  as before")
    return None


DROP_ADDED = click.option("--drop-added", is_flag=True, help="Also let go of what was added since; files stay.")
KINDS = ("tags", "scores", "captions", "faces", "membership")


@snapshot.command("preview")
@ID
@click.option("--picture", "pictures", multiple=True, type=int, help="Only this picture; may be repeated.")
@DROP_ADDED
@JSON
@click.pass_obj
def preview(shell: Shell, id: int, pictures: tuple[int, ...], drop_added: bool, as_json: bool) -> None:
    """Say what restoring a snapshot would do. Nothing is changed."""
    from ..types import Resource, RestoreResources

    with shell.connect() as session:
        if pictures:
            seen = session.preview_resources(id, RestoreResources([Resource("picture", one) for one in pictures]))
        else:
            seen = session.preview_restore(id, keep_added=not drop_added)
    if as_json:
        return show.dump(seen)
    for line in (*_counts(seen.summary), *seen.warnings):
        click.echo(line)
    return None


def _counts(found: RestoreSummary) -> list[str]:
    lines = [f"{found.pictures_unchanged:,} pictures are as they were, {found.pictures_to_revert:,} change."]
    lines += [
        f"{number:,} {what}"
        for number, what in (
            (found.pictures_to_recreate, "pictures come back."),
            (found.pictures_to_delete, "pictures added since go; their files stay."),
            (found.pictures_kept, "pictures added since stay."),
            (found.sets_to_revert + found.characters_to_revert + found.projects_to_revert, "sets and the like change."),
            (
                found.sets_to_recreate + found.characters_to_recreate + found.projects_to_recreate,
                "sets and the like come back.",
            ),
            (found.sets_to_delete + found.characters_to_delete + found.projects_to_delete, "sets and the like go."),
            (found.tags_to_revert, "tags are renamed or changed back."),
            (found.settings_to_revert, "settings are restored."),
        )
        if number
    ]
    return lines


@snapshot.command("restore")
@ID
@click.option("--picture", "pictures", multiple=True, type=int, help="Only this picture; may be repeated.")
@click.option("--set", "sets", multiple=True, type=int, help="Only this set; may be repeated.")
@click.option("--character", "characters", multiple=True, type=int, help="Only this character; may be repeated.")
@click.option("--project", "projects", multiple=True, type=int, help="Only this project; may be repeated.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Of everything, only this.")
@DROP_ADDED
@click.option("--with-missing", is_flag=True, help="Sets and the like that they belong to come back with them.")
@click.option("--without-files", is_flag=True, help="Although most files are not where they should be.")
@click.option("--yes", is_flag=True, help="Do it; without this, say what would be done.")
@JSON
@click.pass_obj
def restore(shell: Shell, /, id: int, yes: bool, as_json: bool, **given: Any) -> None:
    """Restore everything to a snapshot, or what is named. Files are never touched."""
    from ..types import Resource, RestoreResources, RestoreSnapshot

    named = [("picture", "pictures"), ("picture_set", "sets"), ("character", "characters"), ("project", "projects")]
    chosen = [Resource(type, one) for type, option in named for one in given[option]]  # type: ignore[arg-type]
    if chosen and (given["kinds"] or given["drop_added"]):
        raise click.UsageError("--kind and --drop-added are for everything, not for what is named.")
    some = RestoreResources(chosen, given["with_missing"])
    whole = RestoreSnapshot(
        not given["drop_added"], list(given["kinds"]) or None, allow_missing_files=given["without_files"]
    )
    with shell.connect() as session:
        if yes:
            with watch.shown(session, quiet=as_json):
                report = session.restore_resources(id, some) if chosen else session.restore_snapshot(id, whole)
            return show.dump(report) if as_json else click.echo(_restored(report))
        if chosen:
            seen = session.preview_resources(id, some)
        else:
            seen = session.preview_restore(id, whole.keep_added, whole.kinds)
    if as_json:
        return show.dump(seen)
    return click.echo("\n".join([*_counts(seen.summary), *seen.warnings, "Add --yes to do it."]))


def _restored(report: RestoreReport) -> str:
    if report.safety_snapshot_id is None:
        return f"{report.upserted_count:,} restored from snapshot {report.snapshot_id}."
    return (
        f"Everything restored to snapshot {report.snapshot_id}."
        f" Snapshot {report.safety_snapshot_id} holds what there was before."
    )


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
    with shell.connect() as session, watch.shown(session, quiet=as_json):
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
    with shell.connect() as session, watch.shown(session):
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

"""`pixlstash snapshot`: restore points of the metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import show, watch
from .options import JSON

if TYPE_CHECKING:
    from ..types import (
        Difference,
        RestorePreview,
        RestoreReport,
        RestoreResources,
        RestoreSnapshot,
        RestoreSummary,
        Snapshot,
    )
    from .main import Shell

ID = click.argument("id", type=click.IntRange(min=1))
#: What the newest of before restores and after the first import are called; all else is called by its kind.
SAFETY = "safety"
#: Lines about what would change of things that are named.
SHOWN = 40


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
    return click.echo(f"Snapshot {taken.id}: {show.counted(taken.picture_count, 'picture')}, verified.")


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
            _kind(one),
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


def _kind(one: Snapshot) -> str:
    return SAFETY if one.kind == "OPPORTUNISTIC" else one.kind.lower()


def _lines(one: Snapshot) -> list[str]:
    lines = [
        f"snapshot    {one.id}" + (f" “{one.label}”" if one.label else ""),
        f"taken       {one.created_at:%Y-%m-%d %H:%M:%S} UTC ({_kind(one)})",
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


KINDS = ("tags", "scores", "captions", "faces", "membership")
#: Options that name things, and what these are in a request.
NAMED = (("pictures", "picture"), ("sets", "picture_set"), ("characters", "character"), ("projects", "project"))


def _choice(command: Any) -> Any:
    """What of a snapshot is meant: all of it, some kinds, or what is named."""
    for option in (
        click.option("--drop-added", is_flag=True, help="Also let go of what was added since; files stay."),
        click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Of everything, only this."),
        click.option("--with-missing", is_flag=True, help="Sets and the like that they belong to come back with them."),
        click.option("--project", "projects", multiple=True, type=int, help="Only this project; may be repeated."),
        click.option("--character", "characters", multiple=True, type=int, help="Only this character; …"),
        click.option("--set", "sets", multiple=True, type=int, help="Only this set; …"),
        click.option("--picture", "pictures", multiple=True, type=int, help="Only this picture; …"),
    ):
        command = option(command)
    return command


@snapshot.command("preview")
@ID
@_choice
@JSON
@click.pass_obj
def preview(shell: Shell, /, id: int, as_json: bool, **given: Any) -> None:
    """Say what restoring a snapshot, or what is named of it, would do. Nothing is changed."""
    some, whole = _asked(given)
    with shell.connect() as session:
        seen = _seen(session, id, some, whole)
    return show.dump(seen) if as_json else click.echo("\n".join(_told(seen, some)))


@snapshot.command("restore")
@ID
@_choice
@click.option("--without-files", is_flag=True, help="Although most files are not where they should be.")
@click.option("--yes", is_flag=True, help="Do it; without this, say what would be done.")
@JSON
@click.pass_obj
def restore(shell: Shell, /, id: int, yes: bool, as_json: bool, **given: Any) -> None:
    """Restore everything to a snapshot, or what is named. Files are never touched."""
    some, whole = _asked(given)
    with shell.connect() as session:
        if yes:
            with watch.shown(session, quiet=as_json):
                report = session.restore_resources(id, some) if some.resources else session.restore_snapshot(id, whole)
            return show.dump(report) if as_json else click.echo(_restored(report))
        seen = _seen(session, id, some, whole)
    if as_json:
        return show.dump(seen)
    return click.echo("\n".join([*_told(seen, some), "Add --yes to do it."]))


def _asked(given: dict[str, Any]) -> tuple[RestoreResources, RestoreSnapshot]:
    """What is named, and how everything is restored when nothing is."""
    from ..types import Resource, RestoreResources, RestoreSnapshot

    chosen = [Resource(type, one) for option, type in NAMED for one in given[option]]  # type: ignore[arg-type]
    if chosen and (given["kinds"] or given["drop_added"]):
        raise click.UsageError("--kind and --drop-added are for everything, not for what is named.")
    kinds = list(given["kinds"]) or None
    without = bool(given.get("without_files"))
    some = RestoreResources(chosen, given["with_missing"])
    return some, RestoreSnapshot(not given["drop_added"], kinds, allow_missing_files=without)


def _seen(session: Any, id: int, some: RestoreResources, whole: RestoreSnapshot) -> RestorePreview:
    found: RestorePreview
    if some.resources:
        found = session.preview_resources(id, some)
    else:
        found = session.preview_restore(id, whole.keep_added, whole.kinds)
    return found


def _told(seen: RestorePreview, some: RestoreResources) -> list[str]:
    """What would change, in numbers; and what of each thing, where some are named."""
    lines, named = _counts(seen.summary), {(one.type, one.id) for one in some.resources}
    for one in seen.resources if some.resources else ():
        what = f"{one.type.replace('picture_', '')} {one.id}"
        if not one.exists_in_snapshot:
            why = "not in the snapshot" if one.exists_in_live else "not in the snapshot, or removed for good since"
            lines.append(f"  {what}: {why}")
        elif not one.exists_in_live:
            asked = some.confirm_restore_dependencies or (one.type, one.id) in named
            lines.append(f"  {what}, {one.name}: comes back{'' if asked else ', with --with-missing'}")
        else:
            changes = [f"{one.topic.replace('_', ' ')}: {one.now or '–'} → {one.then or '–'}" for one in one.changes]
            lines += [f"  {what}, {one.name}: {change}" for change in changes]
    if len(lines) > SHOWN + 1:
        lines = [*lines[:SHOWN], f"  … {len(lines) - SHOWN:,} lines more; --json shows them."]
    return [*lines, *seen.warnings]


def _counts(found: RestoreSummary) -> list[str]:
    """What would change, in numbers; what is nothing is left out."""
    groups = ("set", "character", "project")
    number = {name: getattr(found, name) for name in found.__struct_fields__}
    lines = [
        *((number[f"{noun}s_to_revert"], noun, "changes", "change") for noun in groups),
        *((number[f"{noun}s_to_recreate"], noun, "comes back", "come back") for noun in ("picture", *groups)),
        (found.pictures_to_delete, "picture", "added since goes; its file stays", "added since go; their files stay"),
        *((number[f"{noun}s_to_delete"], noun, "added since goes", "added since go") for noun in groups),
        (found.pictures_kept, "picture", "added since stays", "added since stay"),
        (found.sayings_to_revert, "saying", "of people is restored", "of people are restored"),
        (found.tags_to_revert, "tag", "is renamed or changed back", "are renamed or changed back"),
        (found.settings_to_revert, "setting", "is restored", "are restored"),
    ]
    head = f"Pictures: {found.pictures_unchanged:,} unchanged, {found.pictures_to_revert:,} changed."
    return [
        head,
        *(f"{n:,} {noun}{'s' if n > 1 else ''} {one if n == 1 else many}." for n, noun, one, many in lines if n),
    ]


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

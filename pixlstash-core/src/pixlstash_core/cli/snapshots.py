"""The verbs of `pixlstash snapshot`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..api import Api
from ..types import Difference, PictureMoment, SetSnapshots, Snapshot, SnapshotCheck, SnapshotDiff
from . import backups, show
from .options import argument, option
from .verbs import Shown, Verb, group

ID = argument("id", type=click.IntRange(min=1))
#: Names of the kinds of snapshots that differ from the kind itself.
SAFETY = "safety"


def _kind(snapshot: Snapshot) -> str:
    return SAFETY if snapshot.kind == "OPPORTUNISTIC" else snapshot.kind.lower()


def _topic(name: str) -> str:
    return name.replace("_", " ")


def _taken(snapshot: Snapshot) -> None:
    click.echo(f"Snapshot {snapshot.id}: {show.counted(snapshot.picture_count, 'picture')}, verified.")


LIST = show.Table(
    ">id | taken (UTC)=created_at:%Y-%m-%d %H:%M | kind | >pictures=picture_count:, | >frees | label",
    kind=_kind,
    frees=lambda snapshot: show.size(snapshot.frees),
)
DIFF = show.Table("=topic | >added | >removed | >changed", topic=lambda diff: _topic(diff.topic))


def _list(session: Any) -> Shown:
    snapshots, status = session.snapshots(), session.snapshot_status()

    def text(snapshots: list[Snapshot]) -> None:
        if not snapshots:
            return click.echo("No snapshots.")
        LIST(snapshots)
        return click.echo(f"{show.size(status.size)} in all.")

    return Shown(snapshots, text)


def _described(snapshot: Snapshot) -> None:
    lines = [
        f"snapshot    {snapshot.id}" + (f" “{snapshot.label}”" if snapshot.label else ""),
        f"taken       {snapshot.created_at:%Y-%m-%d %H:%M:%S} UTC ({_kind(snapshot)})",
        f"pictures    {snapshot.picture_count:,}",
        f"sets        {snapshot.picture_set_count:,}",
        f"characters  {snapshot.character_count:,}",
        f"projects    {snapshot.project_count:,}",
        f"size        {show.size(snapshot.byte_size)} by itself; deleting it frees {show.size(snapshot.frees)}",
    ]
    show.lines(lines)
    if not snapshot.is_compatible:
        click.echo("It is of another library, or of a newer PixlStash.")


def _differing(diff: SnapshotDiff) -> None:
    until = f"snapshot {diff.against}" if diff.against else "now"
    if not diff.topics:
        return click.echo(f"Nothing differs between snapshot {diff.id} and {until}.")
    DIFF(diff.topics)
    for topic in diff.topics:
        show.lines(f"  {_topic(topic.topic)}, {example.change}: {_difference(example)}" for example in topic.examples)
    return None


def _difference(difference: Difference) -> str:
    """Return one example of a difference as a line."""
    number = f" ({difference.picture or difference.id})" if difference.picture or difference.id else ""
    change = " → ".join(
        text for text in (difference.old, difference.new) if text is not None and text != difference.name
    )
    return ": ".join(filter(None, (f"{difference.name}{number}", change)))


def _history(changes: list[PictureMoment]) -> None:
    for moment in changes:
        when = f"by {moment.at:%Y-%m-%d %H:%M} UTC, snapshot {moment.snapshot_id}" if moment.at else "by now"
        click.echo(when + (f" “{moment.label}”" if moment.label else ""))
        if moment.problem:
            show.problem(moment.problem)
        for change in moment.changes:
            values = [text if text is not None else "–" for text in (change.old, change.new)]
            click.echo(f"  {_topic(change.topic)}: {' → '.join(values)}")
        if not moment.exists and not moment.problem:
            click.echo("  not in the library")
        elif not moment.changes and not moment.problem:
            click.echo("  as before")


def _export(session: Any, id: int, path: Path) -> Shown:
    written = session.export_snapshot(id, path.expanduser().absolute())
    return Shown(written, lambda _: click.echo(f"Snapshot {id} written to {path}."))


def _demand_either(values: dict[str, Any]) -> None:
    if (values["id"] is None) != values["all"]:
        raise click.UsageError("Say which snapshot: its id, or --all.")


def _verify(session: Any, id: int | None, all: bool) -> Any:
    return session.verify_snapshots() if id is None else [session.verify_snapshot(id)]


def _verified(checks: list[SnapshotCheck]) -> None:
    for check in checks:
        show.problem(check.problem) if check.problem else click.echo(f"Snapshot {check.id} is sound.")


def _delete(session: Any, id: int) -> Shown:
    session.delete_snapshot(id)
    return Shown(id, lambda id: click.echo(f"Snapshot {id} is deleted."))


def _automatic(session: Any, state: str) -> Shown:
    session.set_snapshots(SetSnapshots(state == "on"))
    how = "taken by themselves" if state == "on" else "taken by hand only"
    return Shown(state, lambda _: click.echo(f"Snapshots are {how} from now on."))


snapshot = group(
    "snapshot",
    "Snapshots: restore points of everything but the files themselves.",
    Verb(
        "take",
        Api.take_snapshot,
        "Take a snapshot now. It is kept until it is deleted.",
        option("--label", help="A label."),
        watched=True,
        show=_taken,
    ),
    Verb("list", _list, "List snapshots, newest first."),
    Verb("show", Api.snapshot, "Show what a snapshot contains.", ID, show=_described),
    Verb(
        "diff",
        Api.diff_snapshot,
        "Show what was added, removed and changed from a snapshot to the OTHER, or until now.",
        ID,
        argument("against", metavar="[OTHER]", type=click.IntRange(min=1), required=False),
        show=_differing,
    ),
    Verb(
        "history",
        Api.picture_history,
        "Show what changed about a PICTURE from snapshot to snapshot, and since then.",
        argument("id", metavar="PICTURE", type=click.IntRange(min=1)),
        show=_history,
    ),
    Verb(
        "preview",
        backups.preview,
        "Show what restoring a snapshot, or parts of it, would change. Changes nothing.",
        ID,
        *backups.CHOICE,
        prepare=backups.read_choice,
    ),
    Verb(
        "restore",
        backups.restore,
        "Restore everything to a snapshot, or parts of it. Files are never touched.",
        ID,
        *backups.CHOICE,
        option("--without-files", is_flag=True, help="Proceed even if most files are missing."),
        option("--yes", is_flag=True, help="Apply it; without this, only show what would be done."),
        prepare=backups.read_choice,
        watched=True,
        show=backups.restored,
    ),
    Verb(
        "export",
        _export,
        "Write a snapshot's database to a new SQLite file.",
        ID,
        argument("path", type=click.Path(path_type=Path)),
    ),
    Verb(
        "verify",
        _verify,
        "Read a snapshot completely and verify it. Exit code 1 if something is wrong.",
        argument("id", type=click.IntRange(min=1), required=False),
        option("--all", is_flag=True, help="Verify all snapshots."),
        prepare=_demand_either,
        watched=True,
        show=_verified,
        fails=lambda checks: any(check.problem for check in checks),
    ),
    Verb("delete", _delete, "Delete a snapshot permanently.", ID, json=False, watched=True),
    Verb(
        "automatic",
        _automatic,
        "Turn automatic snapshots on or off.",
        argument("state", type=click.Choice(["on", "off"])),
        json=False,
    ),
)
COMMANDS = (snapshot,)

"""The verbs `pixlstash backup`, `restore-backup`, `snapshot preview` and `snapshot restore`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..api import Api
from ..types import (
    BackupReport,
    Resource,
    RestoreKind,
    RestorePreview,
    RestoreReport,
    RestoreResources,
    RestoreSnapshot,
    RestoreSummary,
)
from . import show
from .options import absolute, argument, choices, option
from .verbs import Shown, Verb

if TYPE_CHECKING:
    from .shell import Shell

#: Lines about what would change of things that are named.
SHOWN = 40
#: Options that name things, and what these are in a request.
NAMED = (("pictures", "picture"), ("sets", "picture_set"), ("characters", "character"), ("projects", "project"))
#: What of a snapshot is meant: all of it, some kinds, or what is named.
CHOICE = (
    option("--picture", "pictures", multiple=True, type=int, help="Only this picture; …"),
    option("--set", "sets", multiple=True, type=int, help="Only this set; …"),
    option("--character", "characters", multiple=True, type=int, help="Only this character; …"),
    option("--project", "projects", multiple=True, type=int, help="Only this project; may be repeated."),
    option("--with-missing", is_flag=True, help="Also restore the sets, characters and projects they belong to."),
    option("--kind", "kinds", multiple=True, type=choices(RestoreKind), help="Restore only this kind of metadata."),
    option("--drop-added", is_flag=True, help="Also remove what was added since then; files are kept."),
)


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


def read_choice(values: dict[str, Any]) -> None:
    """Put requests in place of the options: for what is named, and for everything where nothing is."""
    kinds, drop_added = values.pop("kinds"), values.pop("drop_added")
    resources = [Resource(type, id) for name, type in NAMED for id in values.pop(name)]  # type: ignore[arg-type]
    if resources and (kinds or drop_added):
        raise click.UsageError("--kind and --drop-added are for everything, not for what is named.")
    missing_files = values.pop("without_files", False)
    values["some"] = RestoreResources(resources, values.pop("with_missing"))
    values["whole"] = RestoreSnapshot(not drop_added, kinds or None, allow_missing_files=missing_files)


def preview(session: Any, id: int, some: RestoreResources, whole: RestoreSnapshot) -> Shown:
    if some.resources:
        seen = session.preview_resources(id, some)
    else:
        seen = session.preview_restore(id, whole.keep_added, whole.kinds)
    return Shown(seen, lambda seen: click.echo("\n".join(_previewed(seen, some))))


def restore(session: Any, id: int, some: RestoreResources, whole: RestoreSnapshot, yes: bool) -> Any:
    if yes:
        return session.restore_resources(id, some) if some.resources else session.restore_snapshot(id, whole)
    seen = preview(session, id, some, whole)

    def shown(answer: RestorePreview) -> None:
        seen.show(answer)
        click.echo("Add --yes to do it.")

    return Shown(seen.answer, shown)


def _previewed(seen: RestorePreview, some: RestoreResources) -> list[str]:
    """What would change, in numbers; and what of each thing, where some are named."""
    lines, named = _counts(seen.summary), {(resource.type, resource.id) for resource in some.resources}
    for resource in seen.resources if some.resources else ():
        what = f"{resource.type.replace('picture_', '')} {resource.id}"
        if not resource.exists_in_snapshot:
            why = (
                "not in the snapshot"
                if resource.exists_in_live
                else "not in the snapshot, or permanently deleted since"
            )
            lines.append(f"  {what}: {why}")
        elif not resource.exists_in_live:
            comes_along = some.confirm_restore_dependencies or (resource.type, resource.id) in named
            lines.append(f"  {what}, {resource.name}: comes back{'' if comes_along else ', with --with-missing'}")
        else:
            changes = [
                f"{change.topic.replace('_', ' ')}: {change.now or '–'} → {change.then or '–'}"
                for change in resource.changes
            ]
            lines += [f"  {what}, {resource.name}: {change}" for change in changes]
    if len(lines) > SHOWN + 1:
        lines = [*lines[:SHOWN], f"  … {len(lines) - SHOWN:,} lines more; --json shows them."]
    return [*lines, *seen.warnings]


def _counts(summary: RestoreSummary) -> list[str]:
    """What would change, in numbers; what is nothing is left out."""
    groups = ("set", "character", "project")
    number = {name: getattr(summary, name) for name in summary.__struct_fields__}
    lines = [
        *((number[f"{noun}s_to_revert"], noun, "changes", "change") for noun in groups),
        *((number[f"{noun}s_to_recreate"], noun, "comes back", "come back") for noun in ("picture", *groups)),
        (summary.pictures_to_delete, "picture", "added since goes; its file stays", "added since go; their files stay"),
        *((number[f"{noun}s_to_delete"], noun, "added since goes", "added since go") for noun in groups),
        (summary.pictures_kept, "picture", "added since stays", "added since stay"),
        (summary.sayings_to_revert, "saying", "of people is restored", "of people are restored"),
        (summary.tags_to_revert, "tag", "is renamed or changed back", "are renamed or changed back"),
        (summary.settings_to_revert, "setting", "is restored", "are restored"),
    ]
    head = f"Pictures: {summary.pictures_unchanged:,} unchanged, {summary.pictures_to_revert:,} changed."
    return [
        head,
        *(
            f"{n:,} {noun}{'s' if n > 1 else ''} {singular if n == 1 else many}."
            for n, noun, singular, many in lines
            if n
        ),
    ]


def restored(report: RestoreReport) -> None:
    if report.safety_snapshot_id is None:
        return click.echo(f"{report.upserted_count:,} restored from snapshot {report.snapshot_id}.")
    return click.echo(
        f"Everything restored to snapshot {report.snapshot_id}."
        f" Snapshot {report.safety_snapshot_id} holds what there was before."
    )

"""`pixlstash snapshot preview` and `restore`: what restoring a snapshot would do, and doing it."""

from __future__ import annotations

from typing import Any

import click

from ..types import (
    Resource,
    RestoreKind,
    RestorePreview,
    RestoreReport,
    RestoreResources,
    RestoreSnapshot,
    RestoreSummary,
)
from .options import choices, option
from .verbs import Shown

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

"""`pixlstash sidecar`: files beside pictures that are read and written, and conflicts with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..api import Api
from ..types import ReferenceFolder, SidecarPolicy
from ..types.sidecars import Keep, SidecarField, SidecarFormat, SidecarMode, SidecarNames, SidecarText
from . import show
from .folders import Folder
from .options import argument, choices, option, pictures
from .verbs import Verb, group


def _set(session: Any, id: int, formats: list[Any], mirror: Path | None, **values: Any) -> Any:
    chosen = formats or _state(session, id).sidecars.formats or ["txt"]
    path = str(mirror.absolute()) if mirror else ""
    return session.set_sidecars(id, SidecarPolicy(formats=chosen, mirror=path, **values))


def _shown(folder: ReferenceFolder) -> None:
    policy, state = folder.sidecars, folder.sidecar_state
    if policy.mode == "none":
        click.echo(f"{folder.name}: sidecars are neither read nor written.")
        return
    used = {"read": "read", "write": "read and written", "mirror": f"read, and written to {policy.mirror}"}
    click.echo(f"{folder.name}: {', '.join(policy.formats)} sidecars are {used[policy.mode]}.")
    click.echo(
        f"{show.counted(state.due, 'picture')} to compare, {show.counted(state.conflicts, 'picture')} with conflicts,"
        f" {show.counted(state.problems, 'file')} left alone. {state.problem}".rstrip()
    )


def _state(session: Any, id: int) -> ReferenceFolder:
    folder: ReferenceFolder = next(folder for folder in session.folders() if folder.id == id)
    return folder


sidecar = group(
    "sidecar",
    "Files beside pictures with their tags, captions and ratings: read and write them, and settle conflicts.",
    Verb(
        "set",
        _set,
        "Choose what sidecars of a reference folder are read and written.",
        Folder(),
        argument("mode", type=choices(SidecarMode)),
        option(
            "--format", "formats", multiple=True, type=choices(SidecarFormat), help="May be repeated; by default txt."
        ),
        option(
            "--text",
            type=choices(SidecarText),
            default="tags",
            show_default=True,
            help="What a text file has; with both, tags in the first line and the caption below.",
        ),
        option(
            "--names",
            type=choices(SidecarNames),
            default="usual",
            show_default=True,
            help="Names of new files: full is a.jpg.xmp, stem is a.xmp, usual is a.txt and a.jpg.xmp.",
        ),
        option("--engines/--people", default=False, show_default=True, help="Also write what only engines assigned."),
        option("--mirror", type=click.Path(path_type=Path), help="The folder to write to, for the mode mirror."),
        show=_shown,
    ),
    Verb("show", _state, "Show how sidecars of a folder are used, and their state.", Folder(), show=_shown),
    Verb(
        "problems",
        Api.sidecar_problems,
        "List sidecars that are left alone or cannot be written, with the reasons.",
        Folder(),
        show=show.Table("place | file | problem", "No problems."),
    ),
    Verb(
        "conflicts",
        Api.conflicts,
        "List what was changed both here and in sidecars.",
        option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True),
        option("--offset", type=click.IntRange(min=0), default=0),
        show=show.Table(">picture | folder | file | field | mine | theirs", "No conflicts."),
    ),
    Verb(
        "resolve",
        Api.resolve_conflicts,
        "Settle conflicts of the pictures that a QUERY finds: keep mine, theirs, or both.",
        option("--keep", type=choices(Keep), required=True),
        option("--field", type=choices(SidecarField), help="Only of this field."),
        option("--file", help="Only with this sidecar, as `conflicts` lists it."),
        *pictures("is:conflict"),
        show=show.sentence,
    ),
)
COMMANDS = (sidecar,)

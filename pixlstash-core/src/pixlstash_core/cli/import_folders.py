"""Verbs of `pixlstash folder` for folders whose files are copied into the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..api import Api
from ..types import AddImportFolder, EditImportFolder, ImportFolder, ImportRule, Job
from . import show
from .jobs import print_report
from .options import CAPTIONS, Lookup, NamedOption, absolute, argument, option
from .verbs import Shown, Verb
from .watch import Finish


class Folder(click.Argument, Lookup):
    """The name, number or path of an import folder. The operation takes its id."""

    def __init__(self) -> None:
        super().__init__(["id"], metavar="FOLDER")

    def look_up(self, session: Any, values: dict[str, Any]) -> None:
        text = values["id"]
        folders: list[ImportFolder] = session.import_folders()
        same = [folder for folder in folders if folder.name.casefold() == text.casefold()]
        same = same or [folder for folder in folders if text in (str(folder.id), folder.path)]
        same = same or [folder for folder in folders if folder.path == str(Path(text).expanduser().absolute())]
        if not same:
            raise click.ClickException(
                f"There is no import folder called {text!r}. `pixlstash folder imports` lists them."
            )
        values["id"] = same[0].id


#: What the pictures get, of the whole folder or with `--below` of a folder in it.
RULES = (
    option("--tag", "tags", multiple=True, help="A tag for each picture; may be repeated."),
    NamedOption("set", "--set", "set", field="set", metavar="SET", help="Add each picture to this set."),
    NamedOption(
        "project", "--project", "project", field="project", metavar="PROJECT", help="Add each picture to this project."
    ),
    option("--below", default="", help="Only for the pictures in this folder within it."),
    option(
        "--subfolders",
        type=click.Choice(["nothing", "tags", "sets"]),
        help="What the names of the folders in it become: a tag each, or the first one a set.",
    ),
    CAPTIONS,
    option("--ignore", multiple=True, help="Leave out files that a pattern fits, such as '*.tmp'; may be repeated."),
)


def _rules(rules: list[ImportRule], values: dict[str, Any]) -> list[ImportRule] | None:
    """Return the rules with the one that the options describe, or None if they describe none."""
    rule = ImportRule(
        below=values["below"].strip("/"), tags=values["tags"], set=values.get("set"), project=values.get("project")
    )
    if rule == ImportRule(below=rule.below):
        return None
    return [*(other for other in rules if other.below.strip("/") != rule.below), rule]


def _add(session: Any, finish: Finish, path: str, name: str, watch: bool, delete: bool, **values: Any) -> Any:
    ask = AddImportFolder(
        path,
        name,
        watch,
        delete,
        values["subfolders"] or "nothing",
        _rules([], values) or [],
        values["ignore"],
        values["captions"],
    )
    folder = session.add_import_folder(ask)
    job: Job | None = finish(session.job(folder.job)) if folder.job is not None else None

    def shown(folder: ImportFolder) -> None:
        click.echo(f"Added import folder {folder.name}: {folder.path}")
        if job is not None:
            _imported(job)
            show.demand_done(job, "The import")

    return Shown(folder, shown)


def _edit(session: Any, id: int, name: str | None, watch: bool | None, delete: bool | None, **values: Any) -> Any:
    folder = next(folder for folder in session.import_folders() if folder.id == id)
    ask = EditImportFolder(
        name=name,
        watch=watch,
        delete=delete,
        subfolders=values["subfolders"],
        rules=_rules(folder.rules, values),
        ignore=values["ignore"] or None,
        captions=values["captions"] or None,
    )
    return session.edit_import_folder(id, ask)


def _edited(folder: ImportFolder) -> None:
    click.echo(
        f"{folder.name}: {'files are deleted after import' if folder.delete else 'files stay'},"
        f" {'changes are followed' if folder.watch else 'scanned by hand only'}."
    )
    for rule in folder.rules:
        tags = f" tags {', '.join(rule.tags)}" if rule.tags else ""
        group = f" set {rule.set}" if rule.set is not None else ""
        project = f" project {rule.project}" if rule.project is not None else ""
        click.echo(f"  {rule.below or 'all'}:{tags}{group}{project}")


def _imported(job: Job) -> None:
    if job.report is not None:
        print_report(job.report)


def _scan(session: Any, finish: Finish, id: int) -> Job:
    job: Job = finish(session.scan_import_folder(id))
    return job


def _listed(folders: list[ImportFolder]) -> None:
    _TABLE(folders)
    for folder in folders:
        for problem in folder.problems:
            show.problem(f"{folder.name}/{problem.path}: {problem.reason}")


_TABLE = show.Table(
    ">id | >imported | state | watching=live | delete=delete | name | path | problem",
    "No import folders. `pixlstash folder import PATH` adds one.",
    live=lambda folder: folder.watching if folder.watch else "off",
    delete=lambda folder: "yes" if folder.delete else "no",
)

VERBS = (
    Verb("imports", Api.import_folders, "List import folders with their state and problems.", show=_listed),
    Verb(
        "import",
        _add,
        "Copy the files of a folder into the library, now and when more come.",
        argument("path", type=click.Path(path_type=Path), callback=absolute),
        option("--name", default="", help="By default, the folder's own name."),
        option("--watch/--no-watch", default=True, show_default=True, help="Follow changes on disk."),
        option(
            "--delete/--keep",
            default=False,
            show_default=True,
            help="Delete each file after it was imported and the copy in the library was verified.",
        ),
        *RULES,
        work=True,
    ),
    Verb(
        "import-edit",
        _edit,
        "Change how the files of an import folder are imported from now on.",
        Folder(),
        option("--name", help="The new name."),
        option("--watch/--no-watch", default=None, help="Follow changes on disk."),
        option("--delete/--keep", default=None, help="Delete each file after it was imported and verified."),
        *RULES,
        show=_edited,
    ),
    Verb(
        "import-scan",
        _scan,
        "Import what is new in an import folder now.",
        Folder(),
        work=True,
        show=_imported,
    ),
    Verb(
        "import-remove",
        Api.remove_import_folder,
        "Import no more from a folder. Its pictures stay in the library, and its files where they are.",
        Folder(),
    ),
)

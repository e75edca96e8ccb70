"""`pixlstash folder`: folders that are indexed in place, and those that are imported from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..api import Api
from ..types import AddFolder, CaptionRule, FolderRemoval, FolderSize, FolderTree, Job, ReferenceFolder, RelocateFolder
from . import show
from .import_folders import VERBS
from .jobs import print_report
from .options import CAPTIONS, Lookup, absolute, argument, option
from .verbs import Show, Shown, Verb, group
from .watch import Finish


class Folder(click.Argument, Lookup):
    """The name, number or path of a reference folder. The operation takes its id."""

    def __init__(self) -> None:
        super().__init__(["id"], metavar="FOLDER")

    def look_up(self, session: Any, values: dict[str, Any]) -> None:
        text = values["id"]
        folders: list[ReferenceFolder] = session.folders()
        same = [folder for folder in folders if folder.name.casefold() == text.casefold()]
        same = same or [folder for folder in folders if text in (str(folder.id), folder.path)]
        same = same or [folder for folder in folders if folder.path == str(Path(text).expanduser().absolute())]
        if not same:
            raise click.ClickException(f"There is no folder called {text!r}. `pixlstash folder list` shows them.")
        values["id"] = same[0].id


def _watching(folder: ReferenceFolder) -> str:
    return folder.watching if folder.watch else "off"


def _added(folder: ReferenceFolder) -> None:
    click.echo(f"Added folder {folder.name}: {folder.path}")


def _renamed(folder: ReferenceFolder) -> None:
    click.echo(f"The folder is called {folder.name} now.")


def _watched(folder: ReferenceFolder) -> None:
    click.echo(f"{folder.name}: {'changes are followed' if folder.watch else 'scanned by hand only'}.")


def _add(session: Any, finish: Finish, path: str, name: str, watch: bool, captions: list[CaptionRule]) -> Any:
    folder = session.add_folder(AddFolder(path, name, watch, captions))
    return _with_scan(session, finish, folder.id, folder, _added)


def _with_scan(session: Any, finish: Finish, id: int, answer: Any, shown: Show) -> Shown:
    """Wait for the scan of a folder, and print its report after the answer."""
    number = next(folder.job for folder in session.folders() if folder.id == id)
    job = finish(session.job(number)) if number is not None else None

    def print_both(answer: Any) -> None:
        shown(answer)
        if job is not None:
            scanned(job)
            show.demand_done(job, "The scan")

    return Shown(answer, print_both)


def _relocate(session: Any, finish: Finish, id: int, path: str, force: bool) -> Any:
    done = session.relocate_folder(id, RelocateFolder(path, force))
    return _with_scan(session, finish, id, done, show.done)


def _scan(session: Any, finish: Finish, id: int) -> Job:
    job: Job = finish(session.scan_folder(id))
    return job


def scanned(job: Job) -> None:
    if job.report is not None:
        print_report(job.report)


def _remove(session: Any, id: int, keep: bool, dry_run: bool) -> Any:
    if dry_run:
        return Shown(session.preview_remove_folder(id), _removal)
    return session.remove_folder(id, keep=keep)


def _removal(preview: FolderRemoval) -> None:
    click.echo(f"{show.counted(preview.pictures, 'picture')} in the folder. {preview.sentence}")


def _size(size: FolderSize) -> None:
    at_least = "" if size.complete else "at least "
    click.echo(f"{at_least}{show.counted(size.files, 'file')}, {show.size(size.bytes)}")


def _tree(tree: FolderTree) -> None:
    for branch in tree.branches:
        click.echo(f"{branch.pictures:>9,}  {branch.path}")
    if tree.here:
        click.echo(f"{tree.here:>9,}  (directly in {tree.path or 'the folder'})")


folder = group(
    "folder",
    "Folders that are indexed in place, or imported from: list, add, edit and scan them.",
    Verb(
        "list",
        Api.folders,
        "List reference folders with their state.",
        show=show.Table(
            ">id | >pictures | state | watching=live | name | path | problem",
            "No folders are indexed in place. `pixlstash folder add PATH` adds one.",
            live=_watching,
        ),
    ),
    Verb(
        "add",
        _add,
        "Index a folder in place; its pictures are never changed.",
        argument("path", type=click.Path(path_type=Path), callback=absolute),
        option("--name", default="", help="By default, the folder's own name."),
        option("--watch/--no-watch", default=True, show_default=True, help="Follow changes on disk."),
        CAPTIONS,
        work=True,
    ),
    Verb("rename", Api.edit_folder, "Rename a folder.", Folder(), argument("name"), show=_renamed),
    Verb(
        "watch",
        Api.edit_folder,
        "Follow changes of a folder on disk, or stop to do so.",
        Folder(),
        option("--on/--off", "watch", default=True),
        show=_watched,
    ),
    Verb(
        "relocate",
        _relocate,
        "Look for a folder's files at another PATH, after verifying that they are there.",
        Folder(),
        argument("path", type=click.Path(path_type=Path), callback=absolute),
        option("--force", is_flag=True, help="Even if fewer than half of the files are there."),
        work=True,
    ),
    Verb(
        "remove",
        _remove,
        "Remove a folder from the library. No file is deleted; pictures without another file move to the scrapheap.",
        Folder(),
        option("--keep", is_flag=True, help="Keep such pictures, without a file."),
        option("--dry-run", is_flag=True, help="Only say what would be removed."),
    ),
    Verb(
        "scan",
        _scan,
        "Scan a folder for new, changed, moved and deleted files.",
        Folder(),
        work=True,
        show=scanned,
    ),
    Verb(
        "tree",
        Api.folder_tree,
        "Count the pictures in the folders of a folder, or of a PATH in it.",
        Folder(),
        argument("path", required=False),
        show=_tree,
    ),
    Verb(
        "size",
        Api.measure_folder,
        "Count the files in a folder of the server's machine before you add it.",
        argument("path", type=click.Path(path_type=Path), callback=absolute),
        show=_size,
    ),
    Verb(
        "captions",
        Api.caption_files,
        "List the naming patterns of text files beside pictures in a folder, with a guess what they are.",
        argument("path", type=click.Path(path_type=Path), callback=absolute),
        show=show.Table(
            ">files | suffix | means | name | sample=first",
            "No text files beside pictures.",
            first=lambda pattern: pattern.sample.partition("\n")[0][:60],
        ),
    ),
    Verb(
        "browse",
        Api.server_folders,
        "List the folders of the server's machine that you may choose from, or those in a PATH.",
        argument("path", required=False),
        show=lambda shown: show.lines(folder.path for folder in (*shown.folders, *shown.suggested)),
    ),
    *VERBS,
)
COMMANDS = (folder,)

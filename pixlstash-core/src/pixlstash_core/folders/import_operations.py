"""Import folders: list, add, edit, scan and remove them."""

from __future__ import annotations

from msgspec.structs import replace

from ..collections import projects, sets
from ..context import Context
from ..jobs.lanes import Jobs
from ..types import AddImportFolder, Done, EditImportFolder, ImportFolder, ImportRule, Job, Reader
from . import rules
from .folders import fit
from .import_folders import ImportFolders
from .import_rows import Options


def list_import_folders(context: Context, reader: Reader) -> list[ImportFolder]:
    """The folders whose files are copied into the library, with their state."""
    return context.part(ImportFolders).listed()


def add_import_folder(context: Context, reader: Reader, ask: AddImportFolder) -> ImportFolder:
    """Copy the files of a folder of the server's machine into the library, now and when more come."""
    folders = context.part(ImportFolders)
    options = rules.checked(Options(ask.subfolders, ask.rules, ask.ignore, ask.captions))
    _demand_groups(context, reader, ask.rules)
    return folders.get(folders.add(ask.path, ask.name, ask.watch, ask.delete, options))


def edit_import_folder(context: Context, reader: Reader, id: int, ask: EditImportFolder) -> ImportFolder:
    """Rename an import folder, or change how its files are imported from now on."""
    folders = context.part(ImportFolders)
    row = folders.row(id)
    names = ("subfolders", "rules", "ignore", "captions")
    new = {name: getattr(ask, name) for name in names if getattr(ask, name) is not None}
    _demand_groups(context, reader, ask.rules or [])
    folders.edit(
        replace(
            row,
            name=fit(ask.name) if ask.name is not None else row.name,
            watch=row.watch if ask.watch is None else ask.watch,
            remove=row.remove if ask.delete is None else ask.delete,
            options=rules.checked(replace(row.options, **new)),
        )
    )
    return folders.get(id)


def remove_import_folder(context: Context, reader: Reader, id: int) -> Done:
    """Import no more from a folder. Its pictures stay in the library, and its files where they are."""
    row = context.part(ImportFolders).remove(id)
    return Done(context.revision, 1, f"Removed import folder {row.name}; its pictures stay", False)


def scan_import_folder(context: Context, reader: Reader, id: int) -> Job:
    """Import what is new in a folder now, and retry to delete files that could not be deleted; returns the job."""
    return context.part(Jobs).get(context.part(ImportFolders).scan(id).id)


def _demand_groups(context: Context, reader: Reader, chosen: list[ImportRule]) -> None:
    """Raise `NotFound` if a rule names a set or project that does not exist."""
    with context.db.reading() as connection:
        for rule in chosen:
            if rule.set is not None:
                sets.info(connection, reader, rule.set)
            if rule.project is not None:
                projects.info(connection, reader, rule.project)

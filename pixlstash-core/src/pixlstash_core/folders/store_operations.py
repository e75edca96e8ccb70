"""Stores of plugins: which kinds there are; list, add, scan and remove stores; and import from plugins' importers."""

from __future__ import annotations

from ..context import Context
from ..database.writer import Write
from ..errors import Invalid
from ..imports import jobs as intake
from ..imports import locations
from ..imports.locations import FOLDER, OWN, Stores
from ..jobs.lanes import Jobs
from ..plugins.references import source_form
from ..types import (
    AddStore,
    Done,
    FolderRemoval,
    ImportFrom,
    Job,
    Reader,
    SourceKind,
    SourceKinds,
    StoreState,
)
from ..types.history import Outcome
from . import rows
from .folders import Folders, fit


def source_kinds(context: Context, reader: Reader) -> SourceKinds:
    """The kinds of stores and the importers of installed plugins, with forms for their settings."""
    stores = [
        SourceKind(scheme, store.label or scheme, source_form(store.Params))
        for scheme, store in sorted(context.plugins.stores().items())
        if scheme not in (OWN, FOLDER) and not store.hidden
    ]
    importers = [
        SourceKind(id, importer.label or id, source_form(importer.Params), importer.reaches)
        for id, importer in sorted(context.plugins.importers().items())
    ]
    return SourceKinds(stores, importers)


def list_stores(context: Context, reader: Reader) -> list[StoreState]:
    """The stores of plugins, with their state."""
    counts, stores = rows.counts(context.db), context.part(Stores)
    return [_shown(context, stores, row, *counts.get(row.id, (0, 0))) for row in locations.of_plugins(context.db)]


def create_store(context: Context, reader: Reader, ask: AddStore) -> StoreState:
    """Add a store of a plugin. Its files are indexed in place by `scan_store`, and never changed."""
    if ask.scheme in (OWN, FOLDER):
        raise Invalid("Add a reference folder instead.")
    settings, name = context.part(Stores).checked(ask.scheme, ask.settings), fit(ask.name)
    return _get(context, locations.add_new(context.writer, ask.scheme, name, settings))


def preview_remove_store(context: Context, reader: Reader, id: int) -> FolderRemoval:
    """What removing a store would do."""
    locations.of_plugin(context.db, id)
    return rows.removal(context.db, id)


def remove_store(context: Context, reader: Reader, id: int, keep: bool = False) -> Done:
    """Forget a store of a plugin; no file in it is deleted, and it can be undone.

    Pictures without another file move to the scrapheap; with `keep` they stay, without a file.
    """
    locations.of_plugin(context.db, id)
    context.part(Folders).cancel_scans(id)

    def work(write: Write) -> Outcome:
        return rows.remove(write, id, keep, "store")

    return context.organize(reader, work)


def scan_store(context: Context, reader: Reader, id: int) -> Job:
    """Update the index of a store: new, changed, moved and missing files; returns the job."""
    store = locations.of_plugin(context.db, id)
    jobs = context.part(Jobs)
    return context.part(Folders).queued(id) or intake.scan(jobs, id, store.name)


def import_from(context: Context, reader: Reader, ask: ImportFrom) -> Job:
    """Copy everything that a plugin's importer finds into the library; returns the job."""
    return intake.put_importer(context.part(Jobs), context.plugins.importers(), ask.importer, ask.settings)


def _get(context: Context, id: int) -> StoreState:
    row = locations.of_plugin(context.db, id)
    return _shown(context, context.part(Stores), row, *rows.counts(context.db).get(id, (0, 0)))


def _shown(context: Context, stores: Stores, row: locations.StoreRow, pictures: int, missing: int) -> StoreState:
    problem, read_only = stores.problem(row.id)
    job = context.part(Folders).queued(row.id, "waiting", "running", "paused")
    return StoreState(
        row.id,
        row.name,
        row.scheme,
        row.settings,
        "unreachable" if problem else "present",
        problem,
        read_only,
        pictures,
        missing,
        job.id if job is not None else None,
    )

"""Bringing pictures in: uploads, folders, importers, stores, the demo."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ..collections import projects
from ..context import Context, demand
from ..database import settings
from ..database.writer import Label, Write
from ..errors import Invalid, NotFound, Refused
from ..storage.archive import looks_like_archive
from ..storage.names import fit
from ..types import BeginUpload, ImportPaths, Job, Reader, Upload, Uploaded, UploadedFile
from ..types.outcome import Outcome
from . import jobs as intake
from . import locations as stores
from .intake import uploaded
from .uploads import Piece

#: The most pictures a demo library can have.
DEMO = 1_000_000


def upload(context: Context, reader: Reader, name: str, path: Path) -> Uploaded:
    """Import a file that is in `incoming` already; it is moved or removed. A refusal is returned, not raised."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    if looks_like_archive(path):
        result = context.arriving.take(context.arriving.adopt(reader.principal, [(name, path)])).result
        assert result is not None, "a zip file that came whole has a result, whether or not it is over"
        return result
    try:
        return uploaded(context.intake.keep(*context.stores.own(), path, fit(name), move=True))
    except Refused as error:
        path.unlink(missing_ok=True)
        return Uploaded("refused", None, str(error))


def begin_upload(context: Context, reader: Reader, ask: BeginUpload) -> Upload:
    """Announce a file that comes in pieces. With a `key`, the unfinished upload of the same file is given back."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    return context.arriving.begin(reader, ask)


def upload_piece(context: Context, reader: Reader, id: str, offset: int) -> Piece:
    """Where to write the bytes of an upload from `offset` on; `Conflict` says how many are `received`."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    context.arriving.find(reader, id)
    return context.arriving.open(id, offset)


def uploads(context: Context, reader: Reader) -> list[Upload]:
    """This login's uploads, or everybody's for the owner: unfinished ones, then those of the last day."""
    demand(reader, "write", whole=True)
    return context.arriving.listed(reader)


def find_upload(context: Context, reader: Reader, id: str) -> Upload:
    """How far an upload is, and what became of it."""
    demand(reader, "write", whole=True)
    context.arriving.find(reader, id)
    return context.arriving.show(id)


def uploaded_files(context: Context, reader: Reader, id: str, offset: int = 0, limit: int = 1000) -> list[UploadedFile]:
    """What became of the files in an uploaded zip file."""
    demand(reader, "write", whole=True)
    if not (0 <= offset <= 1 << 32 and 0 <= limit <= 10_000):
        raise Invalid("offset must not be negative, and limit must be between 0 and 10000.")
    context.arriving.find(reader, id)
    return context.arriving.files(id, offset, limit)


def upload_files(
    context: Context, reader: Reader, files: Sequence[tuple[str, Path]], project: int | None = None
) -> str:
    """Import durable files (name, path) in `incoming`, which are moved away; what `upload_batch` knows them by.

    Their pictures are put into the `project`. `NotFound` when there is none of this id.
    """
    demand(reader, "write", whole=True)
    context.demand_writable()
    if project is not None:
        with context.db.reading() as connection:
            projects.info(connection, reader, project)
    batch = context.arriving.adopt(reader.principal, files, project)
    context.arriving.take(batch)
    return batch


def place_in_project(context: Context, principal: str, project: int, pictures: list[int]) -> None:
    """Put imported pictures into a project, unless it or they were deleted meanwhile."""

    def work(write: Write) -> Outcome:
        return projects.add_existing(write, project, pictures)

    with suppress(NotFound):
        context.writer.run(work, lambda told: Label(principal, told.sentence))


def upload_batch(context: Context, reader: Reader, batch: str) -> list[Upload]:
    """What became of files that were taken in together, in order."""
    demand(reader, "write", whole=True)
    return context.arriving.batch(reader, batch)


def cancel_upload(context: Context, reader: Reader, id: str) -> None:
    """Give an upload up. What of a zip file is in already stays."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    context.arriving.find(reader, id)
    context.arriving.cancel(id)


def import_paths(context: Context, reader: Reader, ask: ImportPaths) -> Job:
    """Import files and folders of this machine; the answer is the job that does it."""
    demand(reader, "owner")
    context.demand_writable()
    return intake.put(context.queue, ask, partial(_reference, context))


def import_from(context: Context, reader: Reader, importer: str, params: dict[str, Any]) -> Job:
    """Copy in everything a plugin's importer finds."""
    demand(reader, "owner")
    context.demand_writable()
    return intake.put_importer(context.queue, context.plugins.importers(), importer, params)


def fill_demo(context: Context, reader: Reader, pictures: int) -> Job:
    """Paint the demo library: the job that does it."""
    demand(reader, "owner")
    context.demand_writable()
    settings.set(context.writer, "demo", str(pictures))
    return intake.put_demo(context.queue, stores.add(context.writer, "demo", "Demo", {"pictures": DEMO}), pictures)


def add_store(context: Context, reader: Reader, scheme: str, name: str, params: dict[str, Any]) -> int:
    """Add a store that is indexed in place, and return its id. `scan` imports what it holds."""
    demand(reader, "owner")
    context.demand_writable()
    return stores.add(context.writer, scheme, name, context.stores.checked(scheme, params))


def scan(context: Context, reader: Reader, store: int) -> Job:
    """Bring the index of a store up to date: the job that does it."""
    demand(reader, "owner")
    context.demand_writable()
    return intake.scan(context.queue, store, context.stores.name(store))


def _reference(context: Context, path: Path) -> int:
    if context.path.is_relative_to(path) or path.is_relative_to(context.path):
        raise Invalid(f"{path} and the library at {context.path} lie within each other.")
    return stores.add(context.writer, "folder", path.name or str(path), {"path": str(path)})

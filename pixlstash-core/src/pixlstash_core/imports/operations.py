"""Operations that import pictures: uploads, folders, importers and stores."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ..collections import projects
from ..context import Context
from ..database.writer import Label, Write
from ..errors import Invalid, NotFound, Refused
from ..jobs.lanes import Jobs
from ..storage import protected
from ..storage.archive import looks_like_archive
from ..storage.files import clean_name
from ..types import BeginUpload, ImportPaths, Job, Reader, Upload, Uploaded, UploadedFile
from ..types.history import Outcome
from . import jobs as intake
from . import locations as stores
from .intake import Intake, uploaded
from .locations import Stores
from .uploads import Piece, Uploads


def upload(context: Context, reader: Reader, name: str, path: Path) -> Uploaded:
    """Import a file that is in the folder `incoming`; it is moved or deleted. A refusal is returned, not raised."""
    if looks_like_archive(path):
        result = context.part(Uploads).take(context.part(Uploads).adopt(reader.principal, [(name, path)])).result
        assert result is not None, "a complete zip file has a result, even before its import has ended"
        return result
    try:
        return uploaded(context.part(Intake).keep(*context.part(Stores).own(), path, clean_name(name), move=True))
    except Refused as error:
        path.unlink(missing_ok=True)
        return Uploaded("refused", None, str(error))


def begin_upload(context: Context, reader: Reader, ask: BeginUpload) -> Upload:
    """Begin the upload of a file in pieces. With a `key`, an unfinished upload of the same file is returned."""
    return context.part(Uploads).begin(reader, ask)


def upload_piece(context: Context, reader: Reader, id: str, offset: int) -> Piece:
    """Continue an upload at `offset`. `Conflict` tells the number of bytes that are `received`, if it is another."""
    context.part(Uploads).find(reader, id)
    return context.part(Uploads).open(id, offset)


def uploads(context: Context, reader: Reader) -> list[Upload]:
    """The caller's uploads, or all of them for the owner: unfinished ones, then those of the last day."""
    return context.part(Uploads).listed(reader)


def find_upload(context: Context, reader: Reader, id: str) -> Upload:
    """Return the progress and result of an upload."""
    context.part(Uploads).find(reader, id)
    return context.part(Uploads).show(id)


def uploaded_files(context: Context, reader: Reader, id: str, offset: int = 0, limit: int = 1000) -> list[UploadedFile]:
    """Return the results of the files in an uploaded zip file."""
    if not (0 <= offset <= 1 << 32 and 0 <= limit <= 10_000):
        raise Invalid("offset must not be negative, and limit must be between 0 and 10000.")
    context.part(Uploads).find(reader, id)
    return context.part(Uploads).files(id, offset, limit)


def upload_files(
    context: Context, reader: Reader, files: Sequence[tuple[str, Path]], project: int | None = None
) -> str:
    """Import durable files (name, path) from the folder `incoming`; they are moved. Return the id of the batch.

    Their pictures are put into the `project`; `NotFound` if there is no such project.
    """
    if project is not None:
        with context.db.reading() as connection:
            projects.info(connection, reader, project)
    batch = context.part(Uploads).adopt(reader.principal, files, project)
    context.part(Uploads).take(batch)
    return batch


def place_in_project(context: Context, principal: str, project: int, pictures: list[int]) -> None:
    """Put imported pictures into a project, unless it or they were deleted meanwhile."""

    def work(write: Write) -> Outcome:
        return projects.add_existing(write, project, pictures)

    with suppress(NotFound):
        context.writer.run(work, lambda outcome: Label(principal, outcome.sentence))


def upload_batch(context: Context, reader: Reader, batch: str) -> list[Upload]:
    """Return the uploads of a batch, in order."""
    return context.part(Uploads).batch(reader, batch)


def cancel_upload(context: Context, reader: Reader, id: str) -> None:
    """Cancel an upload. Pictures that were already imported from a zip file stay."""
    context.part(Uploads).find(reader, id)
    context.part(Uploads).cancel(id)


def import_paths(context: Context, reader: Reader, ask: ImportPaths) -> Job:
    """Import files and folders of the server's machine; returns the job."""
    if ask.in_place and ask.captions:
        raise Invalid("Add the folder with its captions instead of importing it in place.")
    return intake.put(context.part(Jobs), ask, partial(_reference, context))


def add_store(context: Context, reader: Reader, scheme: str, name: str, params: dict[str, Any]) -> int:
    """Add a store that is indexed in place, and return its id. `scan` imports what it holds."""
    return stores.add(context.writer, scheme, name, context.part(Stores).checked(scheme, params))


def scan(context: Context, reader: Reader, store: int) -> Job:
    """Update the index of a store; returns the job."""
    return intake.scan(context.part(Jobs), store, context.part(Stores).name(store))


def _reference(context: Context, path: Path) -> int:
    path = protected.usable(str(path), context.path)
    return stores.add(context.writer, stores.FOLDER, path.name or str(path), {"path": str(path)})

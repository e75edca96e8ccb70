"""Routes that clients know which were written for the REST interface of the public PixlStash: nodes, savers, chats.

A second table beside `routes`, through the same gate; names and shapes of that interface are known only here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from msgspec import Struct
from starlette.responses import Response

from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_core.types import Reader, Upload, UploadedFile

from . import compat_lists, compat_search, compat_snapshots, compat_stats
from .compat_groups import number
from .files import present_original, present_thumbnail
from .forms import Form, receive
from .offload import run_in_threadpool
from .specs import api
from .table import Call, Route

#: The level of that interface which clients compare with what they need.
LEVEL = "1.6.0"
#: Endings a format is also asked by.
ALIASES = {"jpg": "jpeg", "tif": "tiff", "heif": "heic"}
PAGE = 10_000
WEBP = "image/webp"


class LoggedIn(Struct, frozen=True):
    status: Literal["success"] = "success"


class ImportTask(Struct, frozen=True):
    task_id: str


class ImportedFile(Struct, frozen=True):
    status: Literal["success", "duplicate", "scrapheaped"]
    picture_id: int
    file: str


class FailedFile(Struct, frozen=True):
    file: str
    error: str


class ImportStatus(Struct, frozen=True):
    task_id: str
    status: Literal["in_progress", "completed", "failed"]
    results: list[ImportedFile]
    failed: list[FailedFile]
    error: str | None


class PictureMetadata(Struct, frozen=True):
    id: int
    format: str
    width: int
    height: int
    size_bytes: int
    created_at: datetime
    imported_at: datetime
    score: int
    deleted: bool
    original_file_name: str
    comfyui_positive_prompt: str | None


async def import_pictures(call: Call) -> ImportTask:
    """Take in files: a form with one or more fields `file`. What became of them is asked for by the task's id."""
    async with receive(call, "file") as form:
        return await run_in_threadpool(_import, call, form)


def _import(call: Call, form: Form) -> ImportTask:
    if not form.files:
        raise Invalid("There is no file in the form: send it in the field 'file'.")
    named = form.fields.get("project_id", "").strip()
    task = call.library.upload_files(call.reader, form.files, number(named) if named else None)
    status = import_status(call.library, call.reader, task)
    if status.status == "failed":
        raise Invalid(status.error or "None of the files could be taken in.")
    return ImportTask(task)


def import_status(library: Library, reader: Reader, task_id: str) -> ImportStatus:
    """How far an import is. It ends as `completed`, or as `failed` when nothing came of it; also after a restart."""
    results: list[ImportedFile] = []
    failed: list[FailedFile] = []
    batch = library.upload_batch(reader, task_id)
    for upload in batch:
        _add(upload, list(_files(library, reader, upload.id)), results, failed)
    if any(upload.state != "done" for upload in batch):
        return ImportStatus(task_id, "in_progress", results, failed, None)
    error = failed[0].error if failed and not results else None
    return ImportStatus(task_id, "failed" if error else "completed", results, failed, error)


def _files(library: Library, reader: Reader, upload: str) -> Iterator[UploadedFile]:
    offset = 0
    while page := library.uploaded_files(reader, upload, offset, PAGE):
        yield from page
        offset += len(page)


def _add(upload: Upload, files: list[UploadedFile], results: list[ImportedFile], failed: list[FailedFile]) -> None:
    for one in files:
        if one.status == "refused" or one.id is None:
            failed.append(FailedFile(one.name, one.reason or "It was refused."))
        else:
            results.append(ImportedFile("success" if one.status == "imported" else one.status, one.id, one.name))
    result = upload.result
    if result is not None and result.reason and (result.archive or not files):  # given up on the way
        failed.append(FailedFile(upload.name, result.reason))


def picture_file(call: Call, id: int, ending: str) -> Response:
    """A picture's bytes, asked for with the ending of its format."""
    form = call.library.picture(call.reader, id).format.lower()
    if ALIASES.get(ending.lower(), ending.lower()) != ALIASES.get(form, form):
        raise Invalid(f"This picture is of the format {form}, not {ending[:20]}.")
    return present_original(call, call.library.original(call.reader, id))


def picture_thumbnail(library: Library, reader: Reader, id: int) -> bytes:
    """The picture's still, WebP."""
    return library.thumbnail(reader, id)


def picture_metadata(library: Library, reader: Reader, id: int) -> PictureMetadata:
    """What that interface calls the metadata of a picture, as far as it is known here."""
    found = library.picture(reader, id)
    return PictureMetadata(
        found.id,
        found.format.upper(),
        found.width,
        found.height,
        found.size,
        found.created,
        found.imported,
        found.score,
        found.deleted is not None,
        found.name,
        found.prompt,
    )


def check_session(library: Library, reader: Reader) -> LoggedIn:
    """Whether a cookie or token is good; 401 where it is not."""
    return LoggedIn()


#: Below `/api/v1`.
ROUTES: tuple[Route, ...] = (
    *compat_search.ROUTES,
    api("GET", "/check-session", check_session, "read"),
    api("POST", "/pictures/import", import_pictures, "write"),
    api("GET", "/pictures/import/status", import_status, "write"),
    api("GET", "/pictures/{id}/metadata", picture_metadata, "read"),
    api("GET", "/pictures/{id}.{ending}", picture_file, "read", media="application/octet-stream"),
    api(
        "GET",
        "/pictures/thumbnails/{id}.webp",
        picture_thumbnail,
        "read",
        present=present_thumbnail,
        media="image/webp",
    ),
    *compat_lists.ROUTES,
    *compat_stats.ROUTES,
    *compat_snapshots.ROUTES,
)

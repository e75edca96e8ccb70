"""Imports by clients of the public PixlStash: a form with files, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from pixlstash_core import Invalid, Library, Reader, Upload, UploadedFile
from pixlstash_web import Call, Form, Route, api, receive, run_in_threadpool

from .groups import number

PAGE = 10_000


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


async def import_pictures(call: Call) -> ImportTask:
    """Import files from a form with one or more fields `file`. The task's id gives their results."""
    async with receive(call, "file") as form:
        return await run_in_threadpool(_import, call, form)


def _import(call: Call, form: Form) -> ImportTask:
    if not form.files:
        raise Invalid("There is no file in the form: send it in the field 'file'.")
    named = form.fields.get("project_id", "").strip()
    task = call.library.upload_files(call.reader, form.files, number(named) if named else None)
    status = import_status(call.library, call.reader, task)
    if status.status == "failed":
        raise Invalid(status.error or "None of the files could be imported.")
    return ImportTask(task)


def import_status(library: Library, reader: Reader, task_id: str) -> ImportStatus:
    """The progress of an import, which ends as `completed`, or as `failed` if nothing was imported."""
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
    for file in files:
        if file.status == "refused" or file.id is None:
            failed.append(FailedFile(file.name, file.reason or "It was refused."))
        else:
            results.append(ImportedFile("success" if file.status == "imported" else file.status, file.id, file.name))
    result = upload.result
    if result is not None and result.reason and (result.archive or not files):  # given up on the way
        failed.append(FailedFile(upload.name, result.reason))


ROUTES: tuple[Route, ...] = (
    api("POST", "/pictures/import", import_pictures, "write", at="api"),
    api("GET", "/pictures/import/status", import_status, "write", at="api"),
)

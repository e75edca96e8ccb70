"""Jobs that import pictures: files and folders that are copied, and stores that are indexed in place."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

from .. import outgoing
from ..database.connection import Database
from ..errors import Invalid, NotFound, PixlStashError, Refused, StoreUnreachable
from ..jobs.lanes import Handler, Jobs, Task
from ..media import thumbnails as stills
from ..media.thumbnails import Thumbnails
from ..plugins import references
from ..plugins.contracts import Found, Importer, Opened
from ..plugins.registry import Plugins
from ..storage.archive import looks_like_archive, members
from ..storage.files import Root, walk, writing_to
from ..storage.local import Managed, key_of, path_of
from ..types import CaptionRule, ImportPaths, Job
from . import archives, sidecars
from . import locations as stores
from .intake import File, Intake, Taken, Tally
from .listing import Entry, Listing
from .redraws import Redraws
from .scanning import Scans, Steps

Connect = Callable[[int], Opened]
Own = Callable[[], tuple[int, Managed]]


class CopyPayload(Struct):
    paths: list[str]
    captions: list[CaptionRule] = []


class ImporterPayload(Struct):
    importer: str
    params: dict[str, Any]


class ScanPayload(Struct):
    store: int


def put(jobs: Jobs, ask: ImportPaths, reference: Callable[[Path], int]) -> Job:
    """Queue the jobs of a request; `reference` returns the store of a folder to index in place."""
    paths = [_existing(text) for text in ask.paths]
    if not paths:
        raise Invalid("Say which files or folders to import.")
    if not ask.in_place:
        return jobs.put(
            "copy",
            f"Importing {_named(paths)}",
            CopyPayload([str(path) for path in paths], sidecars.checked(ask.captions)),
        )
    for path in paths:
        if not path.is_dir():
            raise Invalid(f"{path} is not a folder; only a folder can be indexed in place.")
    queued = [scan(jobs, reference(path), path.name or str(path)) for path in paths]
    return queued[-1]


def put_importer(jobs: Jobs, importers: dict[str, Importer], name: str, params: dict[str, Any]) -> Job:
    """Queue the import of everything a plugin's importer finds."""
    importer = importers.get(name)
    if importer is None:
        raise Invalid(f"No installed plugin offers the importer {name!r}.")
    settings = references.checked(importer.Params, params)
    return jobs.put("importer", f"Importing from {importer.label or name}", ImporterPayload(name, settings))


def handlers(
    intake: Intake, scans: Scans, places: stores.Stores, plugins: Plugins, scanned: Callable[[int], None]
) -> dict[str, Handler]:
    """What runs each kind of job of this file. `scanned(store)` is called when the index of a store is up to date."""
    own = places.own
    return {
        "copy": copy_job(intake, own),
        "scan": scan_job(scans, intake.db, places, scanned),
        "importer": import_job(intake, own, plugins),
    }


def scan(jobs: Jobs, store: int, name: str) -> Job:
    return jobs.put("scan", f"Indexing {name}", ScanPayload(store))


def copy_job(intake: Intake, own: Own) -> Handler:
    """Return the handler that copies files and folders into the library, newest files first."""

    def run(task: Task) -> None:
        store, opened = own()
        tally = Tally()
        payload = convert(task.payload, CopyPayload)
        paths, captions = payload.paths, payload.captions
        roots = _roots(paths)
        # Only zip files that are named themselves are unpacked, not those in a folder.
        zips = [path for path in paths if Path(path).is_file() and looks_like_archive(Path(path))]

        def step() -> None:
            task.progress(tally.done, total)
            task.report = tally.report()
            task.check()

        def take(file: File) -> Taken:
            path = Path(path_of(file.key))
            root = next(root for root in roots if path.is_relative_to(root.path))
            return intake.keep(store, opened, path, file.name, root=root, mtime=file.mtime, captions=captions)

        with Listing(intake.db) as listing:
            walked = _walk([path for path in paths if path not in zips], roots)
            listing.fill(entry for entry in walked if not sidecars.is_text(entry[0], captions))
            total = listing.choose() + sum(map(_members, zips))
            files = (File(key, Path(path_of(key)).name, size, mtime) for key, size, mtime in listing.fresh())
            intake.many(files, take, tally, step)
        for path in zips:
            try:
                archives.take(intake, (store, opened), Path(path), path, tally, step)
            except Refused as error:
                tally.refuse(key_of(path), str(error))
        task.progress(tally.done, total)
        task.report = tally.report()

    return run


def import_job(intake: Intake, own: Own, plugins: Plugins) -> Handler:
    """Return the handler that copies the finds of a plugin's importer."""

    def run(task: Task) -> None:
        payload = convert(task.payload, ImporterPayload)
        importer = plugins.importers().get(payload.importer)
        if importer is None:
            raise Invalid(f"No installed plugin offers the importer {payload.importer!r}.")
        values = references.resolved(importer.Params, payload.params)
        store, opened = own()
        tally = Tally()
        finds: dict[str, Found] = {}

        def reaching() -> AbstractContextManager[None]:
            return outgoing.IMPORTERS.opening() if importer.reaches else nullcontext()

        def files() -> Iterator[File]:
            scanned = iter(importer.scan(values))
            while True:
                with reaching():
                    find = next(scanned, None)
                if find is None:
                    return
                finds[find.key] = find
                yield File(find.key, find.name, find.size, find.mtime)

        def take(file: File) -> Taken:
            path = intake.temporary(file.name)
            try:
                with reaching(), writing_to(path.parent), path.open("wb") as out:
                    for block in _blocks(finds.pop(file.key)):
                        out.write(block)
                    out.flush()
                    os.fsync(out.fileno())
            except PixlStashError:
                path.unlink(missing_ok=True)
                raise
            return intake.keep(store, opened, path, file.name, move=True)

        def step() -> None:
            task.progress(tally.done)
            task.report = tally.report()
            task.check()

        with references.redacting(values):
            intake.many(files(), take, tally, step)
        task.progress(tally.done, tally.done)
        task.report = tally.report()

    return run


def scan_job(scans: Scans, db: Database, places: stores.Stores, scanned: Callable[[int], None]) -> Handler:
    """Return the handler that updates the index of one store."""

    def run(task: Task) -> None:
        store = convert(task.payload, ScanPayload).store
        public_id = stores.public_id(db, store)
        tally = Tally()
        steps = Steps(task, tally)
        with places.redacting(store):
            scans.scan(store, public_id, places.connect(store), tally, steps)
        scanned(store)
        steps.end()

    return run


def redraw_job(redraws: Redraws) -> Handler:
    """Return the handler that reads pictures again which could not be drawn or fully read before."""

    def run(task: Task) -> None:
        waiting = redraws.waiting()
        before = task.before(len(waiting))
        total = before + len(waiting)
        for done, picture in enumerate(waiting, before):
            task.progress(done, total)
            task.check()
            with suppress(NotFound):  # purged meanwhile
                redraws.redraw(picture)
        task.progress(total, total)

    return run


def stills_job(db: Database, thumbnails: Thumbnails, mark: int) -> Handler:
    """Return the handler that deletes thumbnails, numbered up to `mark`, that belong to no picture."""

    def run(task: Task) -> None:
        def step(done: int) -> None:
            task.progress(done)
            task.check()

        stills.sweep(db, thumbnails, mark, step)

    return run


def _blocks(find: Found) -> Iterator[bytes]:
    """Yield the bytes of a find; one that cannot be read is refused, and the import continues."""
    try:
        with find.open() as source:
            while block := source.read(1 << 20):
                yield block
    except OSError as error:
        raise Refused(f"It cannot be read: {error.strerror or error}.") from error


def _roots(paths: list[str]) -> list[Root]:
    """Return the named folders and the folders of the named files, outer ones first."""
    try:
        folders = {path if stat.S_ISDIR(os.lstat(path).st_mode) else os.path.dirname(path) for path in paths}
        return [Root.pinned(Path(folder), follow=False) for folder in sorted(folders, key=len)]
    except OSError as error:
        raise StoreUnreachable(f"{error.filename} cannot be read: {error.strerror}.") from error


def _walk(paths: list[str], roots: list[Root]) -> Iterator[Entry]:
    pinned = {str(root.path): root for root in roots}
    for path in paths:
        try:
            files = walk(pinned[path]) if path in pinned else ((path, os.lstat(path)),)
            for file, status in files:
                yield key_of(file), status.st_size, status.st_mtime_ns
        except OSError as error:
            raise StoreUnreachable(f"{path} cannot be read: {error.strerror}.") from error


def _members(path: str) -> int:
    try:
        return len(members(Path(path)))
    except Refused:
        return 1


def _existing(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise Invalid(f"{text!r} must be an absolute path.")
    if not path.exists():
        raise Invalid(f"{path} does not exist.")
    return path.resolve()


def _named(paths: list[Path]) -> str:
    return paths[0].name if len(paths) == 1 else f"{len(paths)} places"

"""The jobs that take pictures in: files and folders that are copied, stores that are indexed where they lie."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct, ValidationError, convert

from ..database.connection import Database
from ..errors import Invalid, NotFound, PixlStashError, Refused, StoreUnreachable
from ..jobs.lanes import Handler, Jobs, Task
from ..media import sweep as stills
from ..media.thumbnails import Thumbnails
from ..plugins.contracts import Found, Importer, Opened
from ..plugins.registry import Plugins
from ..storage.archive import looks_like_archive, members
from ..storage.files import Root, walk, writing_to
from ..storage.local import Managed, key_of, path_of
from ..types import ImportPaths, Job
from . import archives as unpacking
from . import locations as stores
from .intake import File, Intake, Taken, Tally
from .listing import Entry, Listing
from .redraws import Redraws

Connect = Callable[[int], Opened]
#: Demo pictures that are painted at once, and rows written together of the others.
PAINTED, SLICE = 200, 500
Own = Callable[[], tuple[int, Managed]]


class CopyPayload(Struct):
    paths: list[str]


class ImporterPayload(Struct):
    importer: str
    params: dict[str, Any]


class DemoPayload(Struct):
    store: int
    pictures: int


class ScanPayload(Struct):
    store: int


def put(jobs: Jobs, ask: ImportPaths, reference: Callable[[Path], int]) -> Job:
    """Queue what a request means; `reference` gives the store of a folder to index in place."""
    paths = [_existing(text) for text in ask.paths]
    if not paths:
        raise Invalid("Say which files or folders to import.")
    if not ask.in_place:
        return jobs.put("copy", f"Importing {_named(paths)}", CopyPayload([str(path) for path in paths]))
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
    try:
        convert(params, importer.Params)
    except ValidationError as error:
        raise Invalid(f"{error}.") from error
    return jobs.put("importer", f"Importing from {importer.label or name}", ImporterPayload(name, params))


def put_demo(jobs: Jobs, store: int, pictures: int) -> Job:
    return jobs.put("demo", "Painting the demo library", DemoPayload(store, pictures))


def handlers(
    intake: Intake, db: Database, connect: Connect, own: Own, plugins: Plugins, arrange: Callable[[], None]
) -> dict[str, Handler]:
    """What runs each kind of job of this file. `arrange` puts the first pictures of the demo in order."""
    return {
        "copy": copy_job(intake, own),
        "scan": scan_job(intake, db, connect),
        "demo": demo_job(intake, db, connect, arrange),
        "importer": import_job(intake, own, plugins),
    }


def scan(jobs: Jobs, store: int, name: str) -> Job:
    return jobs.put("scan", f"Indexing {name}", ScanPayload(store))


def copy_job(intake: Intake, own: Own) -> Handler:
    """Copies files and folders into the library, newest first within each folder."""

    def run(task: Task) -> None:
        store, opened = own()
        tally = Tally()
        paths = convert(task.payload, CopyPayload).paths
        roots = _roots(paths)
        # Those in a folder are left alone: a zip file is unpacked when it is named.
        zips = [path for path in paths if Path(path).is_file() and looks_like_archive(Path(path))]

        def step() -> None:
            task.progress(tally.done, total)
            task.report = tally.report()
            task.check()

        def take(file: File) -> Taken:
            path = Path(path_of(file.key))
            root = next(root for root in roots if path.is_relative_to(root.path))
            return intake.keep(store, opened, path, file.name, root=root, mtime=file.mtime)

        with Listing(intake.db) as listing:
            listing.fill(_walk([path for path in paths if path not in zips], roots))
            total = listing.choose() + sum(map(_members, zips))
            files = (File(key, Path(path_of(key)).name, size, mtime) for key, size, mtime in listing.fresh())
            intake.many(files, take, tally, step)
        for path in zips:
            try:
                unpacking.take(intake, (store, opened), Path(path), path, tally, step)
            except Refused as error:
                tally.refuse(key_of(path), str(error))
        task.progress(tally.done, total)
        task.report = tally.report()

    return run


def import_job(intake: Intake, own: Own, plugins: Plugins) -> Handler:
    """Copies what a plugin's importer finds."""

    def run(task: Task) -> None:
        payload = convert(task.payload, ImporterPayload)
        importer = plugins.importers().get(payload.importer)
        if importer is None:
            raise Invalid(f"No installed plugin offers the importer {payload.importer!r}.")
        store, opened = own()
        tally = Tally()
        founds: dict[str, Found] = {}

        def files() -> Iterator[File]:
            for found in importer.scan(convert(payload.params, importer.Params)):
                founds[found.key] = found
                yield File(found.key, found.name, found.size, found.mtime)

        def take(file: File) -> Taken:
            path = intake.temporary(file.name)
            try:
                with writing_to(path.parent), path.open("wb") as out:
                    for block in _blocks(founds.pop(file.key)):
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

        intake.many(files(), take, tally, step)
        task.progress(tally.done, tally.done)
        task.report = tally.report()

    return run


def demo_job(intake: Intake, db: Database, connect: Connect, arrange: Callable[[], None]) -> Handler:
    """Fills the demo library: the first pictures are painted and taken in like any file, the rest when looked at."""

    def run(task: Task) -> None:
        from ..demo.recipe import key, recipe

        payload = convert(task.payload, DemoPayload)
        opened = connect(payload.store)
        tally = Tally()
        known = stores.count(db, payload.store)

        def step() -> None:
            task.progress(known + tally.done, payload.pictures)
            task.report = tally.report()
            task.check()

        painted = [
            File(key(one), one.name, None, one.created * 1_000_000)
            for one in map(recipe, range(min(payload.pictures, PAINTED)))
        ]
        unknown = stores.unknown(db, payload.store, [file.key for file in painted])
        files = (file for file in painted if file.key in unknown)
        intake.many(files, lambda file: intake.index(payload.store, opened, file), tally, step)
        arrange()
        # The others were written in order, so their number says where to go on.
        sketched = known - (len(painted) - len(unknown))
        for start in range(PAINTED + sketched, payload.pictures, SLICE):
            tally.imported += intake.sketch(payload.store, range(start, min(start + SLICE, payload.pictures)))
            step()
        task.progress(payload.pictures, payload.pictures)
        task.report = tally.report()

    return run


def scan_job(intake: Intake, db: Database, connect: Connect) -> Handler:
    """Brings the index of one store up to date."""

    def run(task: Task) -> None:
        store = convert(task.payload, ScanPayload).store
        public_id = stores.public_id(db, store)
        tally = Tally()
        before: int | None = None

        def step(done: int, total: int) -> None:
            nonlocal before
            if before is None:
                before = task.before(total - done)
            task.progress(before + done, before + total)
            task.report = tally.report()
            task.check()

        intake.scan(store, public_id, connect(store), tally, step)
        all_of_them = (before if before is not None else task.before(0)) + tally.done
        task.progress(all_of_them, all_of_them)
        task.report = tally.report()

    return run


def redraw_job(redraws: Redraws) -> Handler:
    """Draws what a higher limit allows to be drawn."""

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
    """Drops stills up to a mark that are no picture's."""

    def run(task: Task) -> None:
        def step(done: int) -> None:
            task.progress(done)
            task.check()

        stills.sweep(db, thumbnails, mark, step)

    return run


def _blocks(found: Found) -> Iterator[bytes]:
    """The bytes of a find; one that its source cannot read is refused, and costs no other."""
    try:
        with found.open() as source:
            while block := source.read(1 << 20):
                yield block
    except OSError as error:
        raise Refused(f"It cannot be read: {error.strerror or error}.") from error


def _roots(paths: list[str]) -> list[Root]:
    """The folders that were named, and those of the files that were named, as they are now; outer ones first."""
    try:
        folders = {path if stat.S_ISDIR(os.lstat(path).st_mode) else os.path.dirname(path) for path in paths}
        return [Root.pinned(Path(folder), follow=False) for folder in sorted(folders, key=len)]
    except OSError as error:
        raise StoreUnreachable(f"{error.filename} cannot be read: {error.strerror}.") from error


def _walk(paths: list[str], roots: list[Root]) -> Iterator[Entry]:
    pinned = {str(root.path): root for root in roots}
    for path in paths:
        try:
            found = walk(pinned[path]) if path in pinned else ((path, os.lstat(path)),)
            for inside, about in found:
                yield key_of(inside), about.st_size, about.st_mtime_ns
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

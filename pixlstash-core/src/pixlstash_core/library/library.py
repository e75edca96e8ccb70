"""`Library`: an open library with its operations (`api`), its snapshots, and its methods for plugins.

There is no global state, so a process can open two libraries. Only one process at a time serves a library (`lock`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ..api import Api
from ..database import settings
from ..database.connection import Database, Rows
from ..database.features import Table
from ..database.hub import Hub, switched_off
from ..database.writer import Write, Writer, outcome
from ..engines import outputs
from ..errors import Conflict, Invalid, NotFound, ReadOnly
from ..imports import adding, purges
from ..imports import feature as imports
from ..imports import locations as stores
from ..jobs.lanes import Handler, Task
from ..plugins.contracts import Opened
from ..plugins.engines import Tag
from ..plugins.library import Library as ForPlugins
from ..plugins.operation import WithReader, demand, op
from ..plugins.registry import Plugins
from ..storage.files import fsync_folder, make_folder
from ..storage.lock import Holder, Lock
from ..types import Event, Job, Reader
from ..updates.feature import UpdateCheck
from . import background
from .as_of import LibraryAsOf
from .parts import Parts

#: Name of `library.db` until the library is complete.
UNFINISHED = "library.db.new"
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def create(path: Path, name: str | None, media: Path | None) -> None:
    """Create an empty library in a new or empty folder. `media`: another folder for its originals.

    `library.db` gets its name last. An interrupted creation can be repeated.
    """
    originals = media.expanduser().absolute() if media else path / "media"
    if not (path / "library.db").exists():
        _demand_free(path, {path / "lock", originals, originals / "incoming", *_unfinished(path)}, "library")
        _demand_free(originals, {originals / "incoming"}, "originals")
    make_folder(path, 0o700)
    lock = Lock(path / "lock")
    try:
        if (path / "library.db").exists():
            raise Conflict(f"{path} is a library already.")
        for left in _unfinished(path):
            left.unlink()
        with closing(Database(path / UNFINISHED, "library")) as db, closing(Hub(path / "hub.db")) as hub:
            make_folder(originals, 0o700)
            make_folder(originals / "incoming", 0o700)
            with closing(Writer(db, hub, (imports.FEATURE, settings.FEATURE))) as writer:
                settings.set(writer, "name", name or path.name)
                stores.add(writer, "file", "Library files", {"path": str(originals) if media else "media"})
        (path / UNFINISHED).rename(path / "library.db")
        fsync_folder(path)
    finally:
        lock.release()


def _unfinished(path: Path) -> list[Path]:
    """Return the database files of an interrupted creation."""
    if not (path / UNFINISHED).exists():
        return []
    # The file by which an interrupted creation is recognized is deleted last.
    names = [f"{name}{suffix}" for name in ("hub.db", UNFINISHED) for suffix in ("-journal", "-wal", "-shm", "")]
    return [path / name for name in names if (path / name).is_file()]


def _demand_free(folder: Path, ours: set[Path], purpose: str) -> None:
    """Raise `Invalid` if a folder has files other than those of an interrupted creation."""
    if folder.is_dir() and any(path not in ours for path in folder.rglob("*")):
        raise Invalid(f"{folder} is not empty. Name a new or empty folder for the {purpose}.")


class Library(WithReader, Parts, ForPlugins, Api):
    """An open library. Use `create` and `open`, and close it, or use it in a `with` statement."""

    def call(self, row: op[P, R], reader: Reader, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function of an operation. Raises `Forbidden` or `ReadOnly` if the reader may not."""
        row.demand(reader, read_only=self.read_only)
        return row.function(self, reader, *args, **kwargs)

    # -- life ----------------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, path: Path, *, name: str | None = None, media: Path | None = None) -> None:
        """Create an empty library in a new or empty folder. `media`: another folder for its originals.

        `library.db` gets its name last. An interrupted creation can be repeated.
        """
        create(path.expanduser().absolute(), name, media)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, plugins: Plugins | None = None, work: bool = True) -> Library:
        """Open a library in this process. `work`: run background jobs. `LibraryInUse`: another process has it."""
        path = path.expanduser().absolute()
        if not (path / "library.db").exists():
            raise NotFound(f"There is no library at {path}. `pixlstash -L {path} init` makes one.")
        lock = Lock(path / "lock") if not read_only or os.access(path, os.W_OK) else None
        try:
            if plugins is None:
                plugins = Plugins.load(disabled=switched_off(path), results=outputs.distributions_at(path))
            library = cls(path, read_only=read_only, plugins=plugins, lock=lock)
        except BaseException:
            if lock:
                lock.release()
            raise
        if not read_only:
            try:
                library._begin(work)
            except BaseException:
                library.close()
                raise
        return library

    def _begin(self, work: bool) -> None:
        """Finish operations that a crash interrupted, then start threads and jobs."""
        originals = self.incoming.parent
        if originals.is_relative_to(self.path) or (originals.is_dir() and any(originals.iterdir())):
            self.incoming.mkdir(parents=True, exist_ok=True)  # an empty folder elsewhere: the disk may not be mounted
        self.follow_ups.start()
        self.feed.follow(self.writer, self, self.plugins)
        self.feed.move()
        self.restores.finish()
        self.intake.recover(self.stores.connect)
        readers = [plugin for plugin in self.plugins.infos() if plugin.enabled]
        self.intake.renew(", ".join(" ".join((plugin.name, plugin.version, *plugin.objects)) for plugin in readers))
        purges.finish(self.hub, self.writer, self.thumbnails, self.stores.connect)
        background.register_handlers(self)
        self.restore_points.begin()
        self.upload_sessions.recover()
        self.plugins.call("startup", library=self)
        if work:
            background.start(self)

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def announce(self, url: str) -> None:
        """Publish the URL of the library's server to other processes on this machine."""
        self.part(UpdateCheck).serving = True
        if self._lock:
            self._lock.tell(Holder(os.getpid(), url, self.access.local_secret))

    # -- snapshots ----------------------------------------------------------------------------------------------------

    @contextmanager
    def as_of(self, reader: Reader, id: int) -> Iterator[LibraryAsOf]:
        """Open the library as of a snapshot, read-only, for the duration of a block. Only for the owner."""
        demand(reader, "owner")
        with self.open_snapshots.using(id, self.public_id) as library:
            yield library

    # -- for plugins ---------------------------------------------------------------------------------------------------

    def adopt(self, plugin: str, statements: Sequence[str], tables: Iterable[Table] | None = None) -> None:
        named = {_table_name(plugin, statement): statement for statement in statements}
        adopted = list(tables) if tables is not None else [Table(name, plugin) for name in named]
        for table in adopted:
            if table.name not in named:
                raise Invalid(f"{table.name} is not created by the statements.")
        self.writer.adopt(adopted, named)

    def write(self, reader: Reader, sentence: str, work: Callable[[Write], T]) -> T:
        return self.change(reader, work, lambda result: sentence).result

    def derive(self, work: Callable[[Write], T]) -> T:
        return outcome(self.writer.submit(work))

    def read(self, sql: str, bindings: Any = None) -> Rows:
        return self.db.read(sql, bindings)

    def handle(self, kind: str, handler: Handler) -> None:
        self.queue.handle(kind, handler)

    def queue_job(self, kind: str, label: str, payload: Any = None, *, lane: str = "cpu") -> Job:
        if self.read_only:
            raise ReadOnly("This library is open read-only.")
        if not self.queue.handles(kind):
            raise Invalid(f"Nothing handles jobs of kind {kind!r}: call `handle` or `repeat` in `startup`.")
        try:
            return self.queue.put(kind, label, payload, lane=lane)
        except TypeError as error:
            raise Invalid(f"The payload of a job must be what JSON can hold: {error}.") from error

    def repeat(self, kind: str, label: str, *, every: float, run: Handler, lane: str = "cpu") -> Job:
        self.queue.handle(kind, run)
        return self.queue.repeat(kind, label, every=every, lane=lane)

    def add_pictures(self, task: Task, store: int, keys: Iterable[str]) -> None:
        adding.add(self.intake, self.db, store, self.stores.connect(store), keys, task)

    def keep_tags(
        self, engine: str, revision: str, tags: Mapping[int, Sequence[Tag]], *, threshold: float = 0.35
    ) -> None:
        self.outputs.keep("tag", engine, revision, tags, threshold)

    def setting(self, plugin: str, name: str) -> str | None:
        return self.db.setting(settings.name_for(plugin, name))

    def keep_setting(self, plugin: str, name: str, value: str) -> None:
        settings.set(self.writer, settings.name_for(plugin, name), value)

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]:
        return self.feed.subscribe(subscriber)

    def events_since(self, revision: int, limit: int = 1000) -> list[Event] | None:
        return self.feed.since(revision, limit)

    def connect_store(self, store: int) -> Opened:
        """Return the opened store of an id."""
        return self.stores.connect(store)


def _table_name(plugin: str, statement: str) -> str:
    words = statement.replace("(", " ").split()
    name = words[2] if [w.lower() for w in words[:2]] == ["create", "table"] else ""
    prefix = plugin.replace("-", "_") + "_"
    if not name.startswith(prefix) or not name.replace("_", "").isalnum():
        raise Invalid(f"A plugin's own statement must be `create table {prefix}…(…)`.")
    return name


__all__ = ["Library"]

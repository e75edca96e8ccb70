"""What a plugin's `startup` and `event` are given: an open library, as far as it is promised to plugins.

The methods that people use (`docs/http.md`) are promised as well, each with a reader as its first argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from ..types import Event, Job, Reader
    from .engines import Tag

T = TypeVar("T")


class Library(Protocol):
    """A library for plugins. The one that is open implements it; `from pixlstash_core import Library` is its class."""

    def adopt(self, plugin: str, statements: Sequence[str], tables: Iterable[Any] | None = None) -> None:
        """Make a plugin's own tables, named `<plugin>_…`, and record them like the core's: undo, history and events.

        Call it in `startup`. `statements` are `create table` statements with `not null` primary keys; `tables` are
        `Table`s that say more about them.
        """

    def write(self, reader: Reader, sentence: str, work: Callable[[Any], T]) -> T:
        """A plugin's change, on a person's behalf: recorded, undoable, announced. `work(write)` makes it."""
        raise NotImplementedError

    def derive(self, work: Callable[[Any], T]) -> T:
        """Make a plugin's automatic change: after users' changes, batched, announced, and not in the history."""
        raise NotImplementedError

    def read(self, sql: str, bindings: Any = None) -> list[tuple[Any, ...]]:
        """A plugin's own statement, for its own tables; pictures are read through the methods that take a reader."""
        raise NotImplementedError

    def handle(self, kind: str, handler: Callable[[Any], None]) -> None:
        """Name what runs jobs of a kind: `handler(task)`. Call it in `startup`."""

    def queue_job(self, kind: str, label: str, payload: Any = None, *, lane: str = "cpu") -> Job:
        """Have the handler of a kind run once; durable on return. `payload` becomes JSON: `task.payload` then."""
        raise NotImplementedError

    def repeat(self, kind: str, label: str, *, every: float, run: Callable[[Any], None], lane: str = "cpu") -> Job:
        """Have `run(task)` done every so many seconds, across restarts."""
        raise NotImplementedError

    def add_pictures(self, task: Any, store: int, keys: Iterable[str]) -> None:
        """In a job: add the pictures with these keys of a store that the library lacks; `task` reports progress."""

    def keep_tags(
        self, engine: str, revision: str, tags: Mapping[int, Sequence[Tag]], *, threshold: float = 0.35
    ) -> None:
        """Store tags by picture id, as results of a tagger; they count from a confidence of `threshold`."""

    def setting(self, plugin: str, name: str) -> str | None:
        """The value that a plugin stored under a name in this library."""
        raise NotImplementedError

    def keep_setting(self, plugin: str, name: str, value: str) -> None:
        """Store a value under a name, without an entry in the history; snapshots and backups contain it."""

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]:
        """Have every event from now on, on a core thread: be quick, and do not write there. Call the result to stop."""
        raise NotImplementedError

    def events_since(self, revision: int, limit: int = 1000) -> list[Event] | None:
        """Events after a revision, oldest first; None when they are no longer all kept."""
        raise NotImplementedError

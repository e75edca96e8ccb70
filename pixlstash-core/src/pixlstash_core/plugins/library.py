"""`Library`: the interface of an open library for the hooks `startup` and `event` of plugins.

The operations in `docs/http.md` are part of it as well, each with a reader as its first argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from ..types import Event, Job, Reader
    from .engines import Tag

T = TypeVar("T")


class Library(Protocol):
    """An open library for plugins. The class `pixlstash_core.Library` implements it."""

    def adopt(self, plugin: str, statements: Sequence[str], tables: Iterable[Any] | None = None) -> None:
        """Create a plugin's own tables, named `<plugin>_…`, with undo, history and events like those of the core.

        Call it in `startup`. `statements` are `create table` statements with `not null` primary keys; `tables` are
        `Table`s that say more about them.
        """

    def write(self, reader: Reader, sentence: str, work: Callable[[Any], T]) -> T:
        """Make a change for a person with `work(write)`: in the history, undoable, and with events."""
        raise NotImplementedError

    def derive(self, work: Callable[[Any], T]) -> T:
        """Make a plugin's automatic change: after users' changes, batched, announced, and not in the history."""
        raise NotImplementedError

    def read(self, sql: str, bindings: Any = None) -> list[tuple[Any, ...]]:
        """Return all rows of a statement on a plugin's own tables. For pictures, use methods with a reader."""
        raise NotImplementedError

    def handle(self, kind: str, handler: Callable[[Any], None]) -> None:
        """Register `handler(task)` for a kind of jobs. Call it in `startup`."""

    def queue_job(self, kind: str, label: str, payload: Any = None, *, lane: str = "cpu") -> Job:
        """Queue a job; durable on return. `payload`, stored as JSON, becomes `task.payload`."""
        raise NotImplementedError

    def repeat(self, kind: str, label: str, *, every: float, run: Callable[[Any], None], lane: str = "cpu") -> Job:
        """Run `run(task)` every so many seconds, across restarts."""
        raise NotImplementedError

    def add_pictures(self, task: Any, store: int, keys: Iterable[str]) -> None:
        """Add the pictures of a store with these keys that the library lacks. `task`: the current job's."""

    def keep_tags(
        self, engine: str, revision: str, tags: Mapping[int, Sequence[Tag]], *, threshold: float = 0.35
    ) -> None:
        """Store tags by picture id, as results of a tagger; they count from a confidence of `threshold`."""

    def setting(self, plugin: str, name: str) -> str | None:
        """Return a value that a plugin stored under a name, or None."""
        raise NotImplementedError

    def keep_setting(self, plugin: str, name: str, value: str) -> None:
        """Store a value under a name, without an entry in the history; snapshots and backups contain it."""

    def subscribe(self, subscriber: Callable[[Event], None]) -> Callable[[], None]:
        """Call a function with every event from now on, on a core thread: be quick and do not write there.

        Returns a function that ends the subscription."""
        raise NotImplementedError

    def events_since(self, revision: int, limit: int = 1000) -> list[Event] | None:
        """Return the events after a revision, the oldest first; None if some are no longer stored."""
        raise NotImplementedError

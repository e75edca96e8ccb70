"""`Context`: the open library as operations see it, and the functions with which they make a person's change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from .database import settings
from .database.connection import Database, translated
from .database.features import Feature
from .database.hub import Hub
from .database.writer import Committed, Label, Write, Writer
from .errors import Forbidden
from .media.pool import DecoderPool
from .media.thumbnails import Thumbnails
from .plugins.registry import Plugins
from .query import grid, scope
from .query.views import Views
from .types import Done, HideAndBlur, Reader, Selection
from .types.history import Outcome

T = TypeVar("T")


class Context:
    """An open library, or one as of a snapshot. A feature's state is a part, found by class: `context.part(Stores)`."""

    path: Path
    name: str
    public_id: str
    epoch: str
    read_only: bool
    features: tuple[Feature, ...]
    db: Database
    hub: Hub
    writer: Writer
    plugins: Plugins
    pool: DecoderPool
    thumbnails: Thumbnails
    views: Views
    #: The present library, if this is one as of a snapshot.
    live: Context | None = None

    def __init__(self) -> None:
        self._parts: dict[type, Any] = {}

    def add_parts(self, *parts: object) -> None:
        """Register parts, which operations find by their classes."""
        self._parts.update((type(part), part) for part in parts)

    def part(self, kind: type[T]) -> T:
        """Return the part of a class. A library as of a snapshot has only the parts needed for reading."""
        part: T = self._parts[kind]
        return part

    @property
    def revision(self) -> int:
        return self.writer.revision

    def hide_and_blur(self, active: bool) -> HideAndBlur | None:
        return settings.hide_and_blur((self.live or self).db) if active else None

    def selected(self, reader: Reader, ask: Selection, *, scrapped: bool = False) -> list[int]:
        """Return the ids of the pictures to change.

        Pictures named by id must exist and, unless `scrapped`, not be in the scrapheap; of a view, those that still
        exist are returned.
        """
        ids = self.views.select(reader, ask)
        if ask.ids is not None:
            scope.demand(self.db, reader, ask.ids, scrapped=scrapped)
        if not ask.stacks:
            return ids
        return [picture for picture in grid.with_stacks(self.db, ids) if scope.sees(reader, picture)]

    def change_pictures(
        self, reader: Reader, guarded: list[int], work: Callable[[Write], int], what: str, of_one: str = ""
    ) -> Done:
        """Change pictures, `guarded` as in `change`.

        `what` completes the sentence "3 pictures …", `of_one` the sentence "1 picture …" if that is different.
        """

        def sentence(changed: int) -> str:
            return f"1 picture {of_one or what}" if changed == 1 else f"{changed:,} pictures {what}"

        committed = self.change(reader, work, sentence, guarded)
        return Done(committed.revision, committed.result, sentence(committed.result), committed.changed)

    def organize(self, reader: Reader, work: Callable[[Write], Outcome], guarded: Sequence[int] = ()) -> Done:
        """Make a change whose outcome includes the sentence for the history; `guarded` as in `change`."""
        committed = self.change(reader, work, lambda outcome: outcome.sentence, guarded)
        outcome = committed.result
        return Done(committed.revision, outcome.changed, outcome.sentence, committed.changed)

    def change(
        self,
        reader: Reader,
        work: Callable[[Write], T],
        sentence: Callable[[T], str],
        guarded: Sequence[int] = (),
    ) -> Committed[T]:
        """Make a change, with a sentence in the history.

        Raises if a feature protects any of the `guarded` pictures, such as those in a locked set. Work that finds its
        pictures in the transaction calls `write.guard` itself.
        """

        def guarding(write: Write) -> T:
            if guarded:
                write.guard(guarded)
            return work(write)

        with translated():
            if not reader.principal:  # not a person's change: not in the history
                return self.writer.run(guarding, Label("", "", undoable=False))
            return self.writer.run(guarding, lambda result: Label(reader.principal, sentence(result)))


def demand_person(reader: Reader) -> None:
    """Raise unless the logged-in owner or the local user asks. Tokens may not, because they can be stolen."""
    if not reader.is_person:
        raise Forbidden("Only the owner may do that, logged in and not through a token.")

"""What operations take: an open library, and how a person's change of it is made."""

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
from .types.outcome import Outcome

T = TypeVar("T")


class Context:
    """An open library, or one as of a snapshot. What a noun keeps in it is a part: `context.part(Stores)`."""

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
    #: The library of today, where this is one as of a snapshot.
    live: Context | None = None

    def __init__(self) -> None:
        self._parts: dict[type, Any] = {}

    def add_parts(self, *parts: object) -> None:
        """Have operations find these by their classes."""
        self._parts.update((type(part), part) for part in parts)

    def part(self, kind: type[T]) -> T:
        """The part of a class. A library as of a snapshot has only those that are needed to look at it."""
        part: T = self._parts[kind]
        return part

    @property
    def revision(self) -> int:
        return self.writer.revision

    def hide_and_blur(self, active: bool) -> HideAndBlur | None:
        return settings.hide_and_blur((self.live or self).db) if active else None

    def selected(self, reader: Reader, ask: Selection, *, scrapped: bool = False) -> list[int]:
        """The pictures a change is for. Those named by id must be there, and (unless `scrapped`) not in the scrapheap;
        of a view's, which people saw as it was, those that are still there are meant.
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
        """A change of pictures, `guarded` as in `change`. `what` became of them, and `of_one` where that is said
        differently of one picture.
        """

        def sentence(changed: int) -> str:
            return f"1 picture {of_one or what}" if changed == 1 else f"{changed:,} pictures {what}"

        committed = self.change(reader, work, sentence, guarded)
        return Done(committed.revision, committed.result, sentence(committed.result), committed.changed)

    def organise(self, reader: Reader, work: Callable[[Write], Outcome], guarded: Sequence[int] = ()) -> Done:
        """A change that says itself what it came to, by whoever sees the whole library; `guarded` as in `change`."""
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
        """A change under a sentence in the history. It is refused when a feature guards any of the `guarded` pictures,
        such as those in a locked set. What finds its pictures while it writes calls `write.guard` itself.
        """

        def guarding(write: Write) -> T:
            if guarded:
                write.guard(guarded)
            return work(write)

        with translated():
            if not reader.principal:  # what nobody did is in no history
                return self.writer.run(guarding, Label("", "", undoable=False))
            return self.writer.run(guarding, lambda result: Label(reader.principal, sentence(result)))


def demand_person(reader: Reader) -> None:
    """Raise unless the owner asks, logged in, or this machine's own user: a token may have been stolen."""
    if not reader.is_person:
        raise Forbidden("Only the owner may do that, logged in and not through a token.")

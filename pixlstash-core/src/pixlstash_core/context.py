"""What operations take: the parts of a library, who may, and how a person's change is made."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .access.feature import Access
from .collections import groups, stacks
from .database import settings
from .database.connection import Database, translated
from .database.hub import Hub
from .database.writer import Committed, Label, Write, Writer
from .errors import Forbidden, ReadOnly
from .history.events import Feed
from .imports import locations as stores
from .imports.intake import Intake
from .imports.uploads import Uploads
from .jobs.lanes import Jobs
from .media.pool import DecoderPool
from .media.thumbnails import Thumbnails
from .plugins.registry import Plugins
from .query import scope
from .query.views import Views
from .snapshots import feature as snapshots
from .snapshots import restore as restores
from .types import Done, Reader, Right, Selection, Veil
from .types.outcome import Outcome

if TYPE_CHECKING:
    from .engines.host import Host
    from .engines.outputs import Outputs
    from .people.feature import People
    from .search.search import Search
    from .search.vectors import Likeness as Vectors
    from .snapshots.as_of import Pasts

T = TypeVar("T")


class Context:
    """The parts of an open library, which `Library` sets, or of one as of a snapshot."""

    path: Path
    name: str
    public_id: str
    epoch: str
    read_only: bool
    db: Database
    hub: Hub
    thumbnails: Thumbnails
    feed: Feed
    writer: Writer
    #: Held while somebody goes a step back or forth in history.
    stepping: threading.Lock
    views: Views
    access: Access
    pool: DecoderPool
    queue: Jobs
    stores: stores.Stores
    restore_points: snapshots.Snapshots
    restores: restores.Restores
    pasts: Pasts
    writing: Callable[..., Writer]
    intake: Intake
    arriving: Uploads
    plugins: Plugins
    outputs: Outputs
    likeness: Vectors
    host: Host
    search: Search
    people: People
    #: Where files wait that are being imported.
    incoming: Path
    #: The statements by which a picture that is kept takes over what was said of its duplicate.
    handed_on: tuple[str, ...] = ()
    #: The library of today, where this is one as of a snapshot.
    live: Context | None = None

    @property
    def revision(self) -> int:
        return self.writer.revision

    def hiding(self, down: bool) -> Veil | None:
        return settings.veil((self.live or self).db) if down else None

    def selected(self, reader: Reader, ask: Selection, *, scrapped: bool = False) -> list[int]:
        """The pictures a change is for. Those named by id must be there, and (unless `scrapped`) not in the scrapheap;
        of a view's, which people saw as it was, those that are still there are meant.
        """
        demand(reader, "write")
        self.demand_writable()
        ids = self.views.select(reader, ask)
        if ask.ids is not None:
            scope.demand(self.db, reader, ask.ids, scrapped=scrapped)
        if not ask.stacks:
            return ids
        return [picture for picture in stacks.widened(self.db, ids) if scope.sees(reader, picture)]

    def change_pictures(
        self, reader: Reader, work: Callable[[Write], int], what: str, words_of: list[int] | None = None
    ) -> Done:
        """A change of pictures. `words_of`: those whose words it changes, none of which may be in a locked set."""

        def unlocked(write: Write) -> int:
            groups.refuse_locked(write, words_of or [])
            return work(write)

        def sentence(changed: int) -> str:
            return f"1 picture {what.replace('their', 'its')}" if changed == 1 else f"{changed:,} pictures {what}"

        committed = self.change(reader, unlocked, sentence)
        return Done(committed.revision, committed.result, sentence(committed.result), committed.changed)

    def organise(self, reader: Reader, work: Callable[[Write], Outcome]) -> Done:
        """A change that says itself what it came to, by somebody who sees the whole library."""
        demand(reader, "write", whole=True)
        self.demand_writable()
        committed = self.change(reader, work, lambda told: told.sentence)
        told = committed.result
        return Done(committed.revision, told.changed, told.sentence, committed.changed)

    def change(self, reader: Reader, work: Callable[[Write], T], sentence: Callable[[T], str]) -> Committed[T]:
        demand(reader, "write")
        with translated():
            if not reader.principal:  # what nobody did is in no history
                return self.writer.run(work, Label("", "", undoable=False))
            return self.writer.run(work, lambda result: Label(reader.principal, sentence(result)))

    def demand_writable(self) -> None:
        if self.read_only:
            raise ReadOnly("This library is open read-only.")


def demand(reader: Reader, right: Right, *, whole: bool = False) -> None:
    """Raise unless the reader has the right (and, with `whole`, sees the whole library)."""
    if not reader.may(right) or ((whole or right == "owner") and not reader.scope.all):
        raise Forbidden("This credential may not do that.")


def demand_person(reader: Reader) -> None:
    """Raise unless the owner asks, logged in, or this machine's own user: a token may have been stolen."""
    if not reader.is_person:
        raise Forbidden("Only the owner may do that, logged in and not through a token.")

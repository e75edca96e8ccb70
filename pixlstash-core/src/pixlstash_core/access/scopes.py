"""Which pictures and groups a grant stands for now."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress

import apsw
import msgspec

from ..collections.groups import CHARACTERS, PROJECTS, SETS, Group
from ..database.connection import Database, bind_ids, fetch
from ..errors import Invalid, NotFound, PixlStashError
from ..query import language
from ..query.views import Views
from ..types import OWNER, Grant, Scope

NOTHING = Scope(frozenset())
#: Grants whose pictures are cached until something changes, and for how many seconds at most (queries may be about
#: the present date).
CACHED, SECONDS = 64, 60.0
_INSIDE = (
    ("set", "select set_id from project_set where project_id = ?"),
    ("character", "select character_id from project_character where project_id = ?"),
)


def write_grant(grant: Grant) -> str:
    """Return a grant as it is stored."""
    return msgspec.json.encode(grant).decode()


def read_grant(text: str) -> Grant | None:
    """Return a stored grant; None if this version cannot read it."""
    try:
        return msgspec.json.decode(text, type=Grant)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class Scopes:
    """Turns grants into scopes. Thread-safe. `revisions()` returns the writer's revisions by topic."""

    def __init__(self, db: Database, views: Views, revisions: Callable[[], Mapping[str, int]]) -> None:
        self._db, self._views, self._revisions = db, views, revisions
        self._lock = threading.Lock()
        self._cached: OrderedDict[str, tuple[object, float, Scope]] = OrderedDict()

    def resolve(self, text: str) -> Scope:
        """Return the scope of a stored grant as of now. One that cannot be read is a scope without pictures."""
        at = tuple(sorted(self._revisions().items()))  # before reading: the scope may be newer, but not older
        with self._lock:
            cached = self._cached.get(text)
            if cached is not None and cached[0] == at and time.monotonic() - cached[1] < SECONDS:
                self._cached.move_to_end(text)
                return cached[2]
        grant = read_grant(text)
        scope = NOTHING if grant is None else self._scope(grant)
        with self._lock:
            self._cached[text] = at, time.monotonic(), scope
            self._cached.move_to_end(text)
            while len(self._cached) > CACHED:
                self._cached.popitem(last=False)
        return scope

    def check(self, grant: Grant) -> None:
        """Raise `Invalid` or `NotFound` unless the grant names something, and all it names exists."""
        if not (grant.pictures or grant.query is not None or any(ids for _, ids in _groups(grant))):
            raise Invalid("Name at least one picture, set, character, project or query.")
        with self._db.reading() as connection:
            if missing := set(grant.pictures) - set(_living(connection, grant.pictures)):
                raise NotFound(f"There is no picture {min(missing)} outside the scrapheap.")
            for group, ids in _groups(grant):
                if missing := set(ids) - _existing(connection, group, ids):
                    raise NotFound(f"There is no {group.noun} {min(missing)}.")
        if grant.query is not None:
            if not grant.query.strip():
                raise Invalid("This query is empty, so it would be the whole library. Leave out the scope for that.")
            self._matching(grant.query)

    def _scope(self, grant: Grant) -> Scope:
        ids: set[int] = set()
        named: set[tuple[str, int]] = set()
        with self._db.reading() as connection:
            ids.update(_living(connection, grant.pictures))
            for group, wanted in _groups(grant):
                for id in _existing(connection, group, wanted):
                    sql = f"select id from derived_grid where live and id in ({group.of_one})"
                    ids.update(picture for (picture,) in fetch(connection, sql, {"id": id}))
                    named.add((group.noun, id))
                    if group is PROJECTS:
                        named.update(
                            (noun, row[0]) for noun, inside in _INSIDE for row in fetch(connection, inside, (id,))
                        )
        if grant.query is not None:
            with suppress(PixlStashError):  # it names what is gone, or a plugin's term that is not there now
                ids.update(self._matching(grant.query))
        return Scope(frozenset(ids), frozenset(named))

    def _matching(self, text: str) -> list[int]:
        """Return the pictures of a query outside the scrapheap, as the owner finds them."""
        frame, mask = self._views.mask(OWNER, language.parse(text), in_stacks=True)
        ids: list[int] = (mask & frame.living).nonzero()[0].tolist()
        return ids


def _groups(grant: Grant) -> tuple[tuple[Group, list[int]], ...]:
    return (SETS, grant.sets), (CHARACTERS, grant.characters), (PROJECTS, grant.projects)


def _living(connection: apsw.Connection, ids: list[int]) -> list[int]:
    sql = "select id from derived_grid where live and id in carray(?)"
    return [id for (id,) in fetch(connection, sql, (bind_ids(ids),))]


def _existing(connection: apsw.Connection, group: Group, ids: list[int]) -> set[int]:
    return {id for (id,) in fetch(connection, f"select id from {group.table} where id in carray(?)", (bind_ids(ids),))}

"""Members of all sets, characters, projects and stores as arrays, for counting in all of them at once."""

from __future__ import annotations

import threading

import apsw
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..database.connection import fetch
from .columns import Frame

#: The ids of the pictures in each group, ascending, by the group's id.
Members = dict[int, NDArray[np.uint32]]

_SETS = "select set_id, group_concat(picture_id) from set_member group by set_id"
_CHARACTERS = """
    select character_id, group_concat(picture_id) from
      (select distinct character_id, picture_id from said_who where yes) group by character_id
    """
_DIRECT = "select project_id, group_concat(picture_id) from project_picture group by project_id"
_STORES = """
    select store_id, group_concat(picture_id) from
      (select distinct store_id, picture_id from location where state != 'missing') group by store_id
    """


class Groups(Struct, frozen=True):
    """The members of all groups, including the scrapheap. A project's are its own and those of its groups."""

    sets: Members
    characters: Members
    projects: Members
    stores: Members


class Memberships:
    """The memberships of one library, read again when they have changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cached: dict[str, tuple[tuple[int, ...], Members]] = {}

    def groups(self, connection: apsw.Connection, frame: Frame) -> Groups:
        """Return all groups as this connection sees them, without pictures that are newer than the frame."""
        revisions: dict[str, int] = dict(fetch(connection, "select noun, revision from derived_revision"))

        def read(name: str, topics: str, sql: str) -> Members:
            seen = tuple(revisions.get(topic, 0) for topic in topics.split())
            with self._lock:
                cached = self._cached.get(name)
            if cached is None or cached[0] != seen:
                rows = fetch(connection, sql)
                cached = seen, {id: np.sort(frame.named(text).astype(np.uint32)) for id, text in rows}
                with self._lock:
                    self._cached[name] = cached
            return cached[1]

        sets, characters = read("sets", "sets", _SETS), read("characters", "characters", _CHARACTERS)
        direct, stores = read("projects", "projects", _DIRECT), read("stores", "pictures", _STORES)
        return Groups(sets, characters, _projects(connection, frame, direct, sets, characters), stores)

    def drop(self) -> None:
        """Release the memory."""
        with self._lock:
            self._cached.clear()


def _projects(connection: apsw.Connection, frame: Frame, direct: Members, sets: Members, people: Members) -> Members:
    parts: dict[int, list[NDArray[np.uint32]]] = {id: [members] for id, members in direct.items()}
    for sql, held in (
        ("select project_id, set_id from project_set", sets),
        ("select project_id, character_id from project_character", people),
    ):
        for project, group in fetch(connection, sql):
            parts.setdefault(project, []).append(held.get(group, np.empty(0, np.uint32)))
    projects: Members = {}
    for id, some in parts.items():
        if len(some) == 1:
            projects[id] = some[0]
            continue
        inside = np.zeros(frame.size, np.bool_)
        for members in some:
            inside[members] = True
        projects[id] = inside.nonzero()[0].astype(np.uint32)
    return projects

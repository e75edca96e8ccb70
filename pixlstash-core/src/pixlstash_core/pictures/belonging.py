"""The stack and the groups that a picture is in."""

from __future__ import annotations

from collections.abc import Sequence

from ..collections import groups
from ..database.connection import Database
from ..query import grid, scope
from ..types import InGroups, InStack, Reader

_SETS = "select set_id from set_member where picture_id = :picture"
_CHARACTERS = "select character_id from said_who where picture_id = :picture and yes"
_PROJECTS = f"""
    select project_id from project_picture where picture_id = :picture
    union select project_id from project_set where set_id in ({_SETS})
    union select project_id from project_character where character_id in ({_CHARACTERS})
    """


def stack_of(db: Database, reader: Reader, picture: int, hidden: Sequence[int]) -> InStack | None:
    """Return the stack of a picture; None if it has no other visible picture. `hidden`: ascending ids not counted."""
    relation, bound = scope.visible(reader)
    members = db.read(
        f"""
        select m.stack_id, g.id from stack_member mine join stack_member m on m.stack_id = mine.stack_id
          join {relation} g on g.id = m.picture_id and g.live
        where mine.picture_id = :picture order by m.position, m.picture_id
        """,
        {"picture": picture, **bound},
    )
    shown = [id for _, id in members if not grid.contains(hidden, id)]
    return InStack(members[0][0], len(shown), shown[0] == picture) if len(shown) > 1 else None


def groups_of(db: Database, reader: Reader, picture: int) -> InGroups:
    """Return the groups of a picture that the reader may know of, ids ascending."""

    def ids(noun: str, sql: str) -> list[int]:
        rows = db.read(f"select distinct * from ({sql}) order by 1", {"picture": picture})
        return [id for (id,) in rows if groups.shows(reader, noun, id)]

    return InGroups(ids("set", _SETS), ids("character", _CHARACTERS), ids("project", _PROJECTS))

"""The sidebar under the veil: as if what is hidden were not in the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import apsw
from msgspec.structs import replace

from .. import groups
from ..db import bind_ids, fetch
from ..types import CharacterInfo, ProjectInfo, SetInfo, Sidebar

G = TypeVar("G", CharacterInfo, SetInfo, ProjectInfo)
#: Of a set, so many of its newest pictures stand for it.
NEWEST = 3


def sidebar(connection: apsw.Connection, bar: Sidebar, hidden: list[int], blurs: Callable[[int], bool]) -> Sidebar:
    """Without the hidden pictures in counts, covers and newest; it names those of the others that are blurred."""
    if hidden:
        bar = _without(connection, bar, hidden)
    shown = {one.cover for one in (*bar.characters, *bar.sets, *bar.projects) if one.cover is not None}
    shown.update(picture for one in bar.sets for picture in one.newest)
    return replace(bar, blurred=sorted(filter(blurs, shown)))


def _without(connection: apsw.Connection, bar: Sidebar, hidden: list[int]) -> Sidebar:
    fewer = groups.count(connection, hidden)
    gone = set(hidden)
    ((thrown,),) = fetch(
        connection, "select count(*) from scrapheap where picture_id in carray(?)", (bind_ids(hidden),)
    )

    def less(noun: str, found: list[G]) -> list[G]:
        return [
            replace(
                one,
                pictures=one.pictures - fewer.get((noun, one.id), 0),
                cover=None if one.cover in gone else one.cover,
            )
            for one in found
        ]

    sets = [
        replace(one, newest=_newest(connection, one, hidden)) if gone.intersection(one.newest) else one
        for one in less("set", bar.sets)
    ]
    folders = [replace(one, pictures=one.pictures - fewer.get(("store", one.id), 0)) for one in bar.folders]
    return replace(
        bar,
        pictures=bar.pictures - fewer.get(("library", 0), 0),
        scrapheap=bar.scrapheap - thrown,
        characters=less("character", bar.characters),
        sets=sets,
        projects=less("project", bar.projects),
        folders=folders,
    )


def _newest(connection: apsw.Connection, one: SetInfo, hidden: Sequence[int]) -> list[int]:
    rows = fetch(
        connection,
        """
        select m.picture_id from set_member m cross join derived_grid g on g.id = m.picture_id
        where m.set_id = ? and g.live and m.picture_id not in (select value from carray(?))
        order by m.picture_id desc limit ?
        """,
        (one.id, bind_ids(hidden), NEWEST),
    )
    return [picture for (picture,) in rows]

"""The sidebar under the veil: as if what is hidden were not in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import apsw
from msgspec.structs import replace

from ..query.orders import Veiled
from ..types import CharacterInfo, ProjectInfo, SetInfo, Sidebar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..query.memberships import Members

G = TypeVar("G", CharacterInfo, SetInfo, ProjectInfo)
#: Of a set, so many of its newest pictures stand for it.
NEWEST = 3


def sidebar(connection: apsw.Connection, bar: Sidebar, veiled: Veiled) -> Sidebar:
    """Without the hidden pictures in counts, covers and newest; it names those of the others that are blurred."""
    if veiled.hidden is not None:
        bar = _without(connection, bar, veiled, veiled.hidden)
    shown = {one.cover for one in (*bar.characters, *bar.sets, *bar.projects) if one.cover is not None}
    shown.update(picture for one in bar.sets for picture in one.newest)
    return replace(bar, blurred=sorted(filter(veiled.blurs, shown)))


def _without(connection: apsw.Connection, bar: Sidebar, veiled: Veiled, hidden: NDArray[np.bool_]) -> Sidebar:
    assert veiled.frame is not None, "what is hidden was found in one"
    living = veiled.frame.living
    gone, shown = hidden & living, living & ~hidden
    groups = veiled.memberships.groups(connection, veiled.frame)

    def less(members: Members, found: list[G]) -> list[G]:
        return [
            replace(
                one,
                pictures=one.pictures - int(gone[members[one.id]].sum()),
                cover=None if one.cover is not None and veiled.hides(one.cover) else one.cover,
            )
            if one.id in members
            else one
            for one in found
        ]

    def newest(one: SetInfo) -> SetInfo:
        if not any(map(veiled.hides, one.newest)):
            return one
        members = groups.sets[one.id]
        return replace(one, newest=members[shown[members]][: -NEWEST - 1 : -1].tolist())

    folders = [
        replace(one, pictures=one.pictures - int(gone[groups.stores[one.id]].sum())) if one.id in groups.stores else one
        for one in bar.folders
    ]
    return replace(
        bar,
        pictures=bar.pictures - int(gone.sum()),
        scrapheap=bar.scrapheap - int((hidden & ~living).sum()),
        characters=less(groups.characters, bar.characters),
        sets=[newest(one) for one in less(groups.sets, bar.sets)],
        projects=less(groups.projects, bar.projects),
        folders=folders,
    )

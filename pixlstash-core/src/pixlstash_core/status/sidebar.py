"""The sidebar while pictures are hidden and blurred."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import apsw
from msgspec.structs import replace

from ..query.orders import Visibility
from ..types import CharacterInfo, ProjectInfo, SetInfo, Sidebar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..query.memberships import Members

G = TypeVar("G", CharacterInfo, SetInfo, ProjectInfo)
#: The number of newest pictures that represent a set.
NEWEST = 3


def without_hidden(connection: apsw.Connection, bar: Sidebar, visibility: Visibility) -> Sidebar:
    """Remove hidden pictures from counts, covers and newest pictures, and list which of the others are blurred."""
    if visibility.hidden is not None:
        bar = _without(connection, bar, visibility, visibility.hidden)
    shown = {group.cover for group in (*bar.characters, *bar.sets, *bar.projects) if group.cover is not None}
    shown.update(picture for group in bar.sets for picture in group.newest)
    return replace(bar, blurred=sorted(filter(visibility.blurs, shown)))


def _without(connection: apsw.Connection, bar: Sidebar, visibility: Visibility, hidden: NDArray[np.bool_]) -> Sidebar:
    assert visibility.frame is not None, "hidden pictures are computed in a frame"
    living = visibility.frame.living
    gone, shown = hidden & living, living & ~hidden
    groups = visibility.memberships.groups(connection, visibility.frame)

    def reduced(members: Members, infos: list[G]) -> list[G]:
        """Return the groups without their hidden pictures."""
        return [
            replace(
                group,
                pictures=group.pictures - int(gone[members[group.id]].sum()),
                cover=None if group.cover is not None and visibility.hides(group.cover) else group.cover,
            )
            if group.id in members
            else group
            for group in infos
        ]

    def with_newest(group: SetInfo) -> SetInfo:
        if not any(map(visibility.hides, group.newest)):
            return group
        members = groups.sets[group.id]
        return replace(group, newest=members[shown[members]][: -NEWEST - 1 : -1].tolist())

    folders = [
        replace(folder, pictures=folder.pictures - int(gone[groups.stores[folder.id]].sum()))
        if folder.id in groups.stores
        else folder
        for folder in bar.folders
    ]
    return replace(
        bar,
        pictures=bar.pictures - int(gone.sum()),
        scrapheap=bar.scrapheap - int((hidden & ~living).sum()),
        characters=reduced(groups.characters, bar.characters),
        sets=[with_newest(group) for group in reduced(groups.sets, bar.sets)],
        projects=reduced(groups.projects, bar.projects),
        folders=folders,
    )

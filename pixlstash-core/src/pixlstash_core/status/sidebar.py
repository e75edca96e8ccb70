"""The sidebar while pictures are hidden and blurred."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import apsw
from msgspec.structs import replace

from ..errors import PixlStashError
from ..query.sorting import Visibility
from ..query.views import Views
from ..types import CharacterInfo, HideAndBlur, ProjectInfo, Reader, SavedQuery, SetInfo, Sidebar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..query.memberships import Members

G = TypeVar("G", CharacterInfo, SetInfo, ProjectInfo)
#: The number of newest pictures that represent a set.
NEWEST = 3
#: Seconds for counting saved queries whose counts are outdated; the others are counted with the next requests.
COUNTING = 0.1


def with_counts(
    views: Views, reader: Reader, queries: Sequence[SavedQuery], hide_and_blur: HideAndBlur | None
) -> list[SavedQuery]:
    """Add the numbers of pictures to saved queries. One that cannot be read any more has none."""
    until = time.monotonic() + COUNTING
    return [replace(saved, pictures=_count(views, reader, saved.text, hide_and_blur, until)) for saved in queries]


def _count(views: Views, reader: Reader, text: str, hide_and_blur: HideAndBlur | None, until: float) -> int | None:
    try:
        return views.kept_count(reader, text, hide_and_blur, fresh=time.monotonic() < until)
    except PixlStashError:
        return None


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

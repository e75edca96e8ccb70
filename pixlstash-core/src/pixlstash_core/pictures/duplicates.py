"""Duplicates: pictures that look the same, by a 64-bit hash of how they look.

The same bytes are one picture already. Two pictures are duplicates when their hashes differ in at most `distance` bits,
their shapes agree, and nobody has said that they are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import apsw

from ..database.connection import bind_ids, fetch
from ..database.features import Feature, Table
from ..database.hub import now
from ..database.writer import Write
from ..errors import Invalid
from ..types import DuplicatePreview, Duplicates
from ..types.outcome import Outcome, many

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

_WITHIN = (("low_id", "picture"), ("high_id", "picture"))
_SAYS = "'pictures ' || r.low_id || ' and ' || r.high_id"
FEATURE = Feature("duplicates", tables=(Table("not_duplicate", "duplicates", within=_WITHIN, says=_SAYS),))

#: Hashes with fewer bits set, or unset, say too little: they are those of empty and of striped pictures.
TELLING = 6
#: How much the shapes (48 steps are a factor of two) of duplicates may differ.
SHAPE = 2
#: Pairs looked at at once, so that memory stays small however many there are.
AT_ONCE = 1 << 22
#: What is kept first, as an order of columns of `_RANKED`.
KEEP: Mapping[str, str] = {
    "larger": "g.width * g.height desc, g.size desc, g.score desc, g.id",
    "score": "g.score desc, g.width * g.height desc, g.size desc, g.id",
    "older": "g.created, g.id",
    "set": "not exists (select 1 from set_member m where m.picture_id = g.id), g.width * g.height desc, g.id",
}


def find(connection: apsw.Connection, rule: str, distance: int, hidden: Sequence[int] = ()) -> Duplicates:
    """Groups of live pictures but the `hidden`, each around the one that the rule keeps, the largest group first."""
    import numpy as np

    rows = fetch(
        connection,
        "select g.id, p.phash, g.aspect from derived_grid g cross join picture p on p.id = g.id"
        f" where g.live and p.phash != 0 and p.why is null order by {KEEP[rule]}",
    )
    if not rows:
        return Duplicates(0, 0, [])
    ids, hashes, shapes = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    bits = np.bitwise_count(hashes.view(np.uint64))
    telling = (bits >= TELLING) & (bits <= 64 - TELLING) & ~np.isin(ids, np.array(hidden, np.int64))
    ids, hashes, shapes = ids[telling], hashes[telling], shapes[telling]
    low, high = pairs(hashes.view(np.uint64), shapes, distance)
    denied = {(a, b) for a, b in fetch(connection, "select low_id, high_id from not_duplicate")}
    beside: dict[int, set[int]] = {}
    for a, b in zip(low.tolist(), high.tolist(), strict=True):
        one, other = int(ids[a]), int(ids[b])
        if (min(one, other), max(one, other)) not in denied:
            beside.setdefault(a, set()).add(b)
            beside.setdefault(b, set()).add(a)
    groups: list[list[int]] = []
    taken: set[int] = set()
    for keeper in sorted(beside):  # in the rule's order: whoever comes first keeps its neighbours' place
        if keeper in taken:
            continue
        found = [one for one in sorted(beside[keeper]) if one not in taken]
        if found:
            taken.update((keeper, *found))
            groups.append([int(ids[one]) for one in (keeper, *found)])
    groups.sort(key=len, reverse=True)
    return Duplicates(len(groups), sum(map(len, groups)), groups)


def pairs(hashes: Any, shapes: Any, distance: int) -> tuple[Numbers, Numbers]:
    """Indexes (low, high) of every two that are near enough.

    Of four parts of 16 bits, two hashes that differ in at most `distance` bits have one that differs in a quarter of
    that: it is enough to compare those that share a part but for so many bits.
    """
    import numpy as np

    from ..database.arrays import distinct

    found: list[Any] = []
    unique, inverse = np.unique(hashes, return_inverse=True)
    masks = _masks(distance // 4)
    for shift in range(0, 64, 16):
        part = (unique >> np.uint64(shift)).astype(np.uint16)
        order = np.argsort(part, kind="stable")
        starts = np.searchsorted(part[order], np.arange((1 << 16) + 1))
        for mask in masks:
            wanted = (part ^ np.uint16(mask)).astype(np.int64)
            for one, at in _candidates(starts[wanted], starts[wanted + 1]):
                other = order[at]
                near = (one < other) & (np.bitwise_count(unique[one] ^ unique[other]) <= distance)
                found.append((one[near].astype(np.int64) << 32) | other[near])
    near_pairs = distinct(np.sort(np.concatenate(found))) if found else np.empty(0, np.int64)
    return _spread(near_pairs, inverse, shapes)


def _masks(bits: int) -> list[int]:
    """16 bits with at most so many set."""
    return [mask for mask in range(1 << 16) if mask.bit_count() <= bits]


def _candidates(first: Any, after: Any) -> Any:
    """(index, position) for every position between first and after of every index, in bounded portions."""
    import numpy as np

    counts = after - first
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + AT_ONCE, "right")))
        portion = counts[start:stop]
        one = np.repeat(np.arange(start, stop), portion)
        within = np.arange(len(one)) - np.repeat(np.cumsum(portion) - portion, portion)
        yield one, np.repeat(first[start:stop], portion) + within
        start = stop


def _spread(near: Any, inverse: Any, shapes: Any) -> tuple[Numbers, Numbers]:
    """Pairs of pictures from pairs of different hashes, and from pictures of the same hash."""
    import numpy as np

    order = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[order], np.arange(int(inverse.max(initial=-1)) + 2))
    lows: list[Any] = [np.empty(0, np.int64)]
    highs: list[Any] = [np.empty(0, np.int64)]

    def add(one: Any, other: Any) -> None:
        alike = np.abs(shapes[one] - shapes[other]) <= SHAPE
        lows.append(np.minimum(one, other)[alike])
        highs.append(np.maximum(one, other)[alike])

    counts = np.diff(starts)
    a, b = near >> 32, near & 0xFFFF_FFFF
    alone = (counts[a] == 1) & (counts[b] == 1)
    add(order[starts[a[alone]]], order[starts[b[alone]]])
    for one, other in zip(a[~alone].tolist(), b[~alone].tolist(), strict=True):
        these, those = order[starts[one] : starts[one + 1]], order[starts[other] : starts[other + 1]]
        add(np.repeat(these[:1], len(those)), those)  # whoever is kept is the first of these or of those
        add(np.repeat(those[:1], len(these)), these)
    for number in np.flatnonzero(counts > 1).tolist():
        members = order[starts[number] : starts[number + 1]]
        keeper = np.repeat(members[:1], len(members) - 1)  # in a crowd of equals, all are the first one's
        add(keeper, members[1:])
    return np.concatenate(lows), np.concatenate(highs)


# --- resolving --------------------------------------------------------------------------------------------------------


def checked(groups: Sequence[Sequence[int]]) -> list[list[int]]:
    """Groups somebody chose; `Invalid` when a picture is in two, or alone."""
    every = [picture for group in groups for picture in group]
    if len(set(every)) != len(every):
        raise Invalid("A picture can be in one group of duplicates only.")
    if any(len(group) < 2 for group in groups):
        raise Invalid("A group of duplicates has two pictures at least: the one to keep, then the others.")
    return [list(group) for group in groups]


def preview(connection: apsw.Connection, groups: Sequence[Sequence[int]]) -> DuplicatePreview:
    thrown = [picture for group in groups for picture in group[1:]]
    size = fetch(connection, "select coalesce(sum(size), 0) from picture where id in carray(?)", (bind_ids(thrown),))
    sentence = f"{many(len(groups))} kept, {many(len(thrown))} moved to the scrapheap"
    return DuplicatePreview(len(groups), len(thrown), size[0][0], sentence)


#: What the one that is kept takes over from another, where it does not say so itself.
_TAKE_OVER = (
    """
    insert into score select :new, score from score where picture_id = :old
    on conflict(picture_id) do update set score = excluded.score where excluded.score > score.score
    """,
)


def resolve(write: Write, groups: Sequence[Sequence[int]], inherits: Sequence[str]) -> Outcome:
    """Keep the first of each group: it inherits what was said of the others, which go to the scrapheap."""
    thrown = 0
    for keeper, *others in groups:
        for other in others:
            for statement in (*_TAKE_OVER, *inherits):
                write.execute(statement, {"old": other, "new": keeper})
        write.many("insert or ignore into scrapheap values (?, ?)", [(other, now()) for other in others])
        thrown += len(others)
    return Outcome(thrown, f"{many(thrown, 'duplicate')} of {many(len(groups))} moved to the scrapheap")


def deny(write: Write, ids: list[int]) -> Outcome:
    """Remember that no two of these are duplicates."""
    chosen = sorted(set(ids))
    if not 2 <= len(chosen) <= 500:
        raise Invalid("Name 2 to 500 pictures that are not duplicates of each other.")
    write.many(
        "insert or ignore into not_duplicate values (?, ?)",
        [(one, other) for at, one in enumerate(chosen) for other in chosen[at + 1 :]],
    )
    return Outcome(len(chosen), f"{many(len(chosen))} marked as no duplicates of each other")

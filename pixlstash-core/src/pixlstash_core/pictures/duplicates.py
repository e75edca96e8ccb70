"""Duplicates: pictures that look the same by a 64-bit perceptual hash.

Identical files are one picture anyway. Two pictures are duplicates if their hashes differ in at most `distance` bits,
their aspect ratios agree, and nobody has marked them as different. Near ones were also not generated from different
prompts or seeds: variants of one prompt can be closer to each other than two copies of one photograph.
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
from ..types.history import Outcome, many
from ..types.stacks import NEAR

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]

_WITHIN = (("low_id", "picture"), ("high_id", "picture"))
_SAYS = "'pictures ' || r.low_id || ' and ' || r.high_id"
FEATURE = Feature("duplicates", tables=(Table("not_duplicate", "duplicates", within=_WITHIN, says=_SAYS),))

#: Hashes with fewer bits set, or unset, are ignored: those of empty and of striped pictures.
TELLING = 6
#: The largest difference of the aspect ratios of duplicates, in steps of which 48 are a factor of two.
SHAPE = 2
#: Pairs that are compared at once, which bounds memory.
AT_ONCE = 1 << 22
#: The rules for which picture is kept, as `order by` clauses.
KEEP: Mapping[str, str] = {
    "larger": "g.width * g.height desc, g.size desc, g.score desc, g.id",
    "score": "g.score desc, g.width * g.height desc, g.size desc, g.id",
    "older": "g.created, g.id",
    "set": "not exists (select 1 from set_member m where m.picture_id = g.id), g.width * g.height desc, g.id",
}


def find(connection: apsw.Connection, rule: str, distance: int, hidden: Sequence[int] = ()) -> Duplicates:
    """Return groups of duplicates, the largest first, each beginning with the picture to keep.

    Pictures in the scrapheap and `hidden` ones are left out.
    """
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
    origins = _origins(connection, ids[np.union1d(low, high)].tolist()) if distance <= NEAR else {}
    beside: dict[int, set[int]] = {}
    for a, b in zip(low.tolist(), high.tolist(), strict=True):
        first, second = int(ids[a]), int(ids[b])
        if (min(first, second), max(first, second)) not in denied and not _differ(origins, first, second):
            beside.setdefault(a, set()).add(b)
            beside.setdefault(b, set()).add(a)
    groups: list[list[int]] = []
    taken: set[int] = set()
    for keeper in sorted(beside):  # in the rule's order, so that the first of each group is kept
        if keeper in taken:
            continue
        others = [index for index in sorted(beside[keeper]) if index not in taken]
        if others:
            taken.update((keeper, *others))
            groups.append([int(ids[index]) for index in (keeper, *others)])
    groups.sort(key=len, reverse=True)
    members = [picture for group in groups for picture in group]
    return Duplicates(len(groups), len(members), groups, _sets(connection, members))


def _origins(connection: apsw.Connection, pictures: list[int]) -> dict[int, tuple[str, frozenset[str]]]:
    """Return (prompt, seeds) of those of these pictures that have a prompt."""
    rows = fetch(
        connection,
        "select w.picture_id, w.prompt, f.value from words w"
        " left join fact f on f.picture_id = w.picture_id and f.name = 'seed'"
        " where w.picture_id in carray(?) and w.prompt is not null",
        (bind_ids(pictures),),
    )
    origins: dict[int, tuple[str, frozenset[str]]] = {}
    for picture, prompt, seed in rows:
        seeds = origins.get(picture, (prompt, frozenset()))[1]
        origins[picture] = prompt, seeds | ({seed} if seed is not None else set())
    return origins


def _differ(origins: Mapping[int, tuple[str, frozenset[str]]], first: int, second: int) -> bool:
    """Return whether two pictures were generated from different prompts or seeds, as far as both have them.

    One seed in common is enough: that of the picture that was enlarged with another one.
    """
    if first not in origins or second not in origins:
        return False
    (prompt, seeds), (other_prompt, other_seeds) = origins[first], origins[second]
    return prompt != other_prompt or (bool(seeds and other_seeds) and seeds.isdisjoint(other_seeds))


def _sets(connection: apsw.Connection, ids: list[int]) -> dict[int, list[int]]:
    """Return the sets of those of these pictures that are in one."""
    sets: dict[int, list[int]] = {}
    members = "select picture_id, set_id from set_member where picture_id in carray(?) order by picture_id, set_id"
    for picture, group in fetch(connection, members, (bind_ids(ids),)):
        sets.setdefault(picture, []).append(group)
    return sets


def pairs(hashes: Any, shapes: Any, distance: int) -> tuple[Numbers, Numbers]:
    """Return the indexes (low, high) of all pairs that are near enough.

    Of four parts of 16 bits, two hashes that differ in at most `distance` bits have one that differs in a quarter of
    that: it is enough to compare those that share a part but for so many bits.
    """
    import numpy as np

    from ..database.arrays import distinct

    keys: list[Any] = []
    unique, inverse = np.unique(hashes, return_inverse=True)
    masks = _masks(distance // 4)
    for shift in range(0, 64, 16):
        part = (unique >> np.uint64(shift)).astype(np.uint16)
        order = np.argsort(part, kind="stable")
        starts = np.searchsorted(part[order], np.arange((1 << 16) + 1))
        for mask in masks:
            wanted = (part ^ np.uint16(mask)).astype(np.int64)
            for first, at in _candidates(starts[wanted], starts[wanted + 1]):
                second = order[at]
                near = (first < second) & (np.bitwise_count(unique[first] ^ unique[second]) <= distance)
                keys.append((first[near].astype(np.int64) << 32) | second[near])
    near_pairs = distinct(np.sort(np.concatenate(keys))) if keys else np.empty(0, np.int64)
    return _spread(near_pairs, inverse, shapes)


def _masks(bits: int) -> list[int]:
    """Return all 16-bit numbers with at most so many bits set."""
    return [mask for mask in range(1 << 16) if mask.bit_count() <= bits]


def _candidates(first: Any, after: Any) -> Any:
    """Yield (index, position) for each position between first and after of each index, in portions."""
    import numpy as np

    counts = after - first
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + AT_ONCE, "right")))
        portion = counts[start:stop]
        indexes = np.repeat(np.arange(start, stop), portion)
        within = np.arange(len(indexes)) - np.repeat(np.cumsum(portion) - portion, portion)
        yield indexes, np.repeat(first[start:stop], portion) + within
        start = stop


def _spread(near: Any, inverse: Any, shapes: Any) -> tuple[Numbers, Numbers]:
    """Return pairs of pictures from pairs of different hashes, and from equal hashes."""
    import numpy as np

    order = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[order], np.arange(int(inverse.max(initial=-1)) + 2))
    lows: list[Any] = [np.empty(0, np.int64)]
    highs: list[Any] = [np.empty(0, np.int64)]

    def add(first: Any, second: Any) -> None:
        alike = np.abs(shapes[first] - shapes[second]) <= SHAPE
        lows.append(np.minimum(first, second)[alike])
        highs.append(np.maximum(first, second)[alike])

    counts = np.diff(starts)
    a, b = near >> 32, near & 0xFFFF_FFFF
    alone = (counts[a] == 1) & (counts[b] == 1)
    add(order[starts[a[alone]]], order[starts[b[alone]]])
    for first, second in zip(a[~alone].tolist(), b[~alone].tolist(), strict=True):
        these, those = order[starts[first] : starts[first + 1]], order[starts[second] : starts[second + 1]]
        add(np.repeat(these[:1], len(those)), those)  # the picture to keep is the first of these or of those
        add(np.repeat(those[:1], len(these)), these)
    for number in np.flatnonzero(counts > 1).tolist():
        members = order[starts[number] : starts[number + 1]]
        keeper = np.repeat(members[:1], len(members) - 1)  # with equal hashes, all are duplicates of the first
        add(keeper, members[1:])
    return np.concatenate(lows), np.concatenate(highs)


# --- resolving --------------------------------------------------------------------------------------------------------


def checked(groups: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return groups that a person chose; `Invalid` if a picture is in two groups, or alone."""
    every = [picture for group in groups for picture in group]
    if len(set(every)) != len(every):
        raise Invalid("A picture can be in one group of duplicates only.")
    if any(len(group) < 2 for group in groups):
        raise Invalid("A group of duplicates needs at least two pictures: the one to keep, then the others.")
    return [list(group) for group in groups]


def preview(connection: apsw.Connection, groups: Sequence[Sequence[int]]) -> DuplicatePreview:
    rejected = [picture for group in groups for picture in group[1:]]
    size = fetch(connection, "select coalesce(sum(size), 0) from picture where id in carray(?)", (bind_ids(rejected),))
    sentence = f"{many(len(groups))} kept, {many(len(rejected))} moved to the scrapheap"
    return DuplicatePreview(len(groups), len(rejected), size[0][0], sentence)


#: What the kept picture takes over from the others, besides what features inherit.
_TAKE_OVER = (
    """
    insert into score select :new, score from score where picture_id = :old
    on conflict(picture_id) do update set score = excluded.score where excluded.score > score.score
    """,
)


def resolve(write: Write, groups: Sequence[Sequence[int]], inherits: Sequence[str]) -> Outcome:
    """Keep the first of each group with the annotations of the others, which go to the scrapheap."""
    count = 0
    for keeper, *others in groups:
        for other in others:
            for statement in (*_TAKE_OVER, *inherits):
                write.execute(statement, {"old": other, "new": keeper})
        write.many("insert or ignore into scrapheap values (?, ?)", [(other, now()) for other in others])
        count += len(others)
    return Outcome(count, f"{many(count, 'duplicate')} of {many(len(groups))} moved to the scrapheap")


def deny(write: Write, ids: list[int]) -> Outcome:
    """Record that no two of these pictures are duplicates."""
    chosen = sorted(set(ids))
    if not 2 <= len(chosen) <= 500:
        raise Invalid("Name 2 to 500 pictures that are not duplicates of each other.")
    write.many(
        "insert or ignore into not_duplicate values (?, ?)",
        [(first, second) for at, first in enumerate(chosen) for second in chosen[at + 1 :]],
    )
    return Outcome(len(chosen), f"{many(len(chosen))} marked as not duplicates of each other")

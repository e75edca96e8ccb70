"""Sets: pictures in a custom order. A locked set cannot be changed, nor the annotations of its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw
from msgspec import UNSET

from ..database.connection import bind_ids, fetch
from ..database.features import MEMBERSHIP, PICTURE, Feature, Guard, Lookup, Table, Term
from ..database.hub import now
from ..database.writer import Write
from ..errors import Invalid, Locked
from ..types import Branch, EditSet, Reader, SetInfo
from ..types.history import Outcome, many
from . import groups
from .groups import SETS

#: The distance between neighboring positions, so that most moves change only the moved pictures.
STEP = 1024

_LOCKED = "select m.picture_id from picture_set s cross join set_member m on m.set_id = s.id where s.locked"

#: The first locked set that contains any of the bound pictures, and how many.
_HOLDING = (
    "select s.name, count(*) from picture_set s cross join set_member m on m.set_id = s.id"
    " where s.locked and m.picture_id in carray(?) group by s.id order by s.folded limit 1"
)
_ARRANGED = """
    select m.picture_id from picture_set t cross join set_member m on m.set_id = t.id where {}
    group by m.picture_id order by min(t.folded), min(m.position), m.picture_id
    """


def _refuse(connection: apsw.Connection, ids: Sequence[int]) -> None:
    """Raise `Locked` if any of these pictures is in a locked set."""
    for name, count in fetch(connection, _HOLDING, (bind_ids(ids),)):
        which = "This picture is" if len(ids) == 1 else f"{count:,} of these pictures {'is' if count == 1 else 'are'}"
        raise Locked(f"{which} in {name}, which is locked: unlock the set first. Nothing was changed.", set=name)


FEATURE = Feature(
    "sets",
    tables=(
        Table(
            "picture_set",
            "sets",
            merge="group",
            kinds=MEMBERSHIP,
            says=f"{groups.SAYS} || iif(r.locked, ', locked', '')",
        ),
        Table(
            "set_member",
            "sets",
            1,
            "sets",
            within=(("set_id", "picture_set"), *PICTURE),
            kinds=MEMBERSHIP,
            topic="set_members",
            says="(select name from {db}.picture_set where id = r.set_id)",
        ),
    ),
    counts=(groups.COUNT,),
    terms=(
        groups.term(SETS, "Set", ("sets",), _ARRANGED),
        Term("is:locked", "In a locked set", lambda value: Lookup(_LOCKED), ("sets",), private=True),
    ),
    inherits=(
        "insert or ignore into set_member select set_id, :new, position, added from set_member where picture_id = :old",
    ),
    guards=(Guard(_refuse),),
)


def demand_unlocked(write: Write, id: int) -> str:
    """Return the name of a set; `Locked` if it is locked."""
    name = groups.name_of(write, SETS, id)
    if write.value("select locked from picture_set where id = ?", (id,)):
        raise Locked(f"{name} is locked: unlock the set first. Nothing was changed.", set=name)
    return name


def edit(write: Write, id: int, ask: EditSet) -> Outcome:
    """Change the fields that are set; a locked set must be unlocked by the same or an earlier request."""
    if ask.locked is UNSET or ask.locked:
        others = [name for name in ask.__struct_fields__ if name != "locked" and getattr(ask, name) is not UNSET]
        if others:
            demand_unlocked(write, id)
    return groups.edit(write, SETS, id, ask)


def remove(write: Write, id: int) -> Outcome:
    demand_unlocked(write, id)
    return groups.remove(write, SETS, id)


def add(write: Write, id: int, ids: list[int]) -> Outcome:
    """Add these pictures at the end of a set, by id."""
    name = demand_unlocked(write, id)
    write.execute(
        """
        insert into set_member select :set, p.id,
          (select coalesce(max(position), 0) from set_member where set_id = :set)
          + :step * row_number() over (order by p.id), :now
        from picture p where p.id in carray(:ids)
        on conflict(set_id, picture_id) do nothing
        """,
        {"set": id, "ids": bind_ids(ids), "step": STEP, "now": now()},
    )
    added = write.changes()
    return Outcome(added, f"{many(added)} added to {name}")


def take(write: Write, id: int, ids: list[int]) -> Outcome:
    """Remove these pictures from a set."""
    name = demand_unlocked(write, id)
    write.execute("delete from set_member where set_id = ? and picture_id in carray(?)", (id, bind_ids(ids)))
    taken = write.changes()
    return Outcome(taken, f"{many(taken)} taken out of {name}")


def arrange(write: Write, id: int, ids: list[int], before: int | None) -> Outcome:
    """Move these pictures before another one, or to the end, in their present order."""
    name = demand_unlocked(write, id)
    rows = write.execute(
        "select picture_id, position from set_member where set_id = ? order by position, picture_id", (id,)
    )
    chosen = set(ids)
    moved = [picture for picture, _ in rows if picture in chosen]
    rest = [row for row in rows if row[0] not in chosen]
    places = {picture: at for at, (picture, _) in enumerate(rest)}
    if len(moved) < len(chosen) or (before is not None and before not in places):
        raise Invalid(f"Only pictures of {name} can be put in order, before another one of them.")
    at = places[before] if before is not None else len(rest)
    positions = _between(rest, at, len(moved))
    if positions is None:
        order = [picture for picture, _ in rest]
        order[at:at] = moved
        new = {picture: (number + 1) * STEP for number, picture in enumerate(order)}
    else:
        new = dict(zip(moved, positions, strict=True))
    old_positions: dict[int, int] = dict(rows)
    write.many(
        "update set_member set position = ? where set_id = ? and picture_id = ?",
        [(position, id, picture) for picture, position in new.items() if position != old_positions[picture]],
    )
    return Outcome(len(moved), f"{many(len(moved))} moved within {name}")


def _between(rest: list[tuple[int, int]], at: int, count: int) -> list[int] | None:
    """Return `count` positions before index `at` of `rest`; None if there is no room."""
    low = rest[at - 1][1] if at else None
    high = rest[at][1] if at < len(rest) else None
    if low is None and high is None:
        return [(number + 1) * STEP for number in range(count)]
    if high is None:
        assert low is not None
        return [low + (number + 1) * STEP for number in range(count)]
    if low is None:
        return [high - (count - number) * STEP for number in range(count)]
    gap = (high - low) / (count + 1)
    positions = [low + int(gap * (number + 1)) for number in range(count)]
    return positions if gap >= 1 and positions[0] > low and positions[-1] < high else None


#: The newest live pictures are searched among so many members, so that a set of scrapheaped ones is not slow.
LOOKED_AT = 60
_MORE = """, t.locked, case when t.icon is null then (select group_concat(id) from (
  select m.picture_id as id
  from (select picture_id from set_member where set_id = t.id order by picture_id desc limit LOOKED_AT) m
  where exists (select 1 from {visible} g where g.id = m.picture_id and g.live) limit 3)) end"""


def _more(reader: Reader) -> str:
    return _MORE.replace("LOOKED_AT", str(LOOKED_AT if reader.scope.all else -1))


def infos(connection: apsw.Connection, reader: Reader) -> list[SetInfo]:
    """Return the sets that the reader may know of, by name."""
    return [_info(row) for row in groups.listed(connection, reader, SETS, _more(reader))]


def info(connection: apsw.Connection, reader: Reader, id: int) -> SetInfo:
    return _info(groups.find(connection, reader, SETS, id, _more(reader)))


def _info(row: tuple[Any, ...]) -> SetInfo:
    newest = [int(id) for id in row[10].split(",")] if row[10] else []
    values: list[Any] = [*row[:9], bool(row[9]), newest]
    return SetInfo(*values)


def tree(sets: list[SetInfo]) -> list[Branch]:
    """Arrange sets as a tree, by the parts of their names between slashes."""
    top: list[Branch] = []
    branches: dict[str, Branch] = {}
    for set_info in sets:
        parts = [part.strip() for part in set_info.name.split("/")]
        if not all(parts):
            parts = [set_info.name]
        beside, path = top, ""
        for number, part in enumerate(parts):
            path = f"{path}/{part}" if number else part
            last = number == len(parts) - 1
            key = groups.folded(path)
            branch = branches.get(key)
            if branch is None or (last and branch.set is not None):
                branch = Branch(part, path, set_info.id if last else None)
                beside.append(branch)
                branches.setdefault(key, branch)
            elif last:
                branch = _with_set(beside, branch, set_info.id)
                branches[key] = branch
            beside = branch.branches
    return top


def _with_set(beside: list[Branch], branch: Branch, id: int) -> Branch:
    """Replace a branch by one with the set of its name, which may come after the sets below it."""
    named = Branch(branch.label, branch.path, id, branch.branches)
    beside[beside.index(branch)] = named
    return named

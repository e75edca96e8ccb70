"""Stacks: pictures that belong together, shown as one of them, the leader, which has the lowest position."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import apsw

from ..database.connection import bind_ids, fetch
from ..database.features import MEMBERSHIP, Feature, Lookup, Table, Term
from ..database.hub import now
from ..database.writer import Write
from ..errors import Conflict, Invalid, NotFound
from ..query import scope
from ..query.grid import BESIDE, STACKED
from ..types import Reader, Stack
from ..types.history import Outcome, many

_OF_STACKS = "select picture_id from stack_member where stack_id in carray(?)"


def _numbered(value: str) -> Lookup:
    if not value.isdecimal() or len(value) > 18:
        raise ValueError("the number of a stack")
    return Lookup("select picture_id from stack_member where stack_id = :stack", {"stack": int(value)})


def _stacked(value: str) -> Lookup:
    return Lookup(
        "select g.id from stack_member m join derived_grid g on g.id = m.picture_id"
        f" where g.covered or g.flags & {STACKED}"
    )


def _covered(value: str) -> Lookup:
    return Lookup("select g.id from stack_member m join derived_grid g on g.id = m.picture_id where g.covered")


FEATURE = Feature(
    "stacks",
    tables=(
        Table("stack", "stacks", merge="shell", kinds=MEMBERSHIP, topic=None),
        # A change of a stack changes which pictures are covered, which shows in every view.
        Table(
            *("stack_member", "pictures", 0, "stack", ((0, BESIDE), (1, _OF_STACKS))),
            kinds=MEMBERSHIP,
            topic="stacks",
            says="'stack ' || r.stack_id",
        ),
    ),
    terms=(
        Term("stack", "Stack", _numbered, spread=True),
        Term("is:stacked", "In a stack", _stacked, spread=True),
        Term("is:covered", "Beneath another in a stack", _covered, spread=True),
    ),
    inherits=(
        """
        insert or ignore into stack_member
        select :new, stack_id, position from stack_member where picture_id = :old
        """,
    ),
    of_bytes=True,
)


def make(write: Write, ids: list[int], leader: int | None) -> Outcome:
    """Make one stack of these pictures and their stacks; by default the best and largest picture leads."""
    beside = [picture for (picture,) in write.execute(BESIDE, (bind_ids(ids),))]
    pictures = sorted({*ids, *beside})
    if len(pictures) < 2:
        raise Invalid("A stack needs at least two pictures.")
    if leader is not None and leader not in pictures:
        raise Invalid("The leader of a stack must be one of its pictures.")
    order = [
        picture
        for (picture,) in write.execute(
            """
            select g.id from derived_grid g left join stack_member m on m.picture_id = g.id
            where g.id in carray(:ids)
            order by g.id = :leader desc, m.stack_id is null, g.score desc, g.width * g.height desc, g.id
            """,
            {"ids": bind_ids(pictures), "leader": leader if leader is not None else -1},
        )
    ]
    _leave(write, order)
    stack = _add(write, [order], "hand")
    return Outcome(len(order), f"{many(len(order))} stacked", stack)


def make_all(write: Write, lists: Sequence[Sequence[int]], rule: str, label: str) -> Outcome:
    """Make a stack of each list, leaders first; pictures that were stacked meanwhile are left out."""
    taken = {picture for (picture,) in write.execute(BESIDE, (bind_ids(p for pictures in lists for p in pictures),))}
    free = [[picture for picture in pictures if picture not in taken] for pictures in lists]
    stacks = [pictures for pictures in free if len(pictures) > 1]
    _add(write, stacks, rule)
    count = sum(map(len, stacks))
    return Outcome(count, f"{many(count)} laid on {many(len(stacks), 'stack')}: {label}")


def dissolve(write: Write, ids: list[int]) -> Outcome:
    """Dissolve the stacks of these pictures."""
    chosen = "select stack_id from stack_member where picture_id in carray(?)"
    stacks = [stack for (stack,) in write.execute(f"select distinct stack_id from ({chosen})", (bind_ids(ids),))]
    count = int(write.value("select count(*) from stack_member where stack_id in carray(?)", (bind_ids(stacks),)))
    write.execute("delete from stack where id in carray(?)", (bind_ids(stacks),))
    return Outcome(count, f"{many(len(stacks), 'stack')} of {many(count)} dissolved")


def take(write: Write, ids: list[int]) -> Outcome:
    """Remove these pictures from their stacks; a stack of one is dissolved."""
    taken = _leave(write, ids)
    return Outcome(taken, f"{many(taken)} taken out of {'its stack' if taken == 1 else 'their stacks'}")


def arrange(write: Write, id: int, ids: list[int]) -> Outcome:
    """Order the pictures of a stack; those in the scrapheap come last."""
    rows = write.execute(
        "select m.picture_id, m.position, h.at is not null from stack_member m"
        " left join scrapheap h on h.picture_id = m.picture_id where m.stack_id = ? order by m.position",
        (id,),
    )
    if not rows:
        raise NotFound("There is no such stack.")
    if sorted(ids) != sorted(picture for picture, _, dead in rows if not dead):
        raise Conflict("The stack has changed meanwhile: reload it and try again.")
    positions = {picture: position for picture, position, _ in rows}
    order = [*ids, *(picture for picture, _, dead in rows if dead)]
    changed = [(at, picture) for at, picture in enumerate(order) if positions[picture] != at]
    write.many("update stack_member set position = ? where picture_id = ?", changed)
    return Outcome(len(changed), f"Stack of {many(len(ids))} put in order")


def stack(connection: apsw.Connection, reader: Reader, picture: int) -> Stack:
    """Return the stack of a picture, with its live pictures that the reader sees."""
    scope.require(reader, picture)
    visible, bound = scope.visible(reader)
    rows = fetch(
        connection,
        f"""
        select s.id, s.rule, g.id from stack_member mine join stack s on s.id = mine.stack_id
          join stack_member m on m.stack_id = s.id join {visible} g on g.id = m.picture_id
        where mine.picture_id = :picture and g.live order by m.position, m.picture_id
        """,
        {"picture": picture, **bound},
    )
    if not rows:
        raise NotFound("This picture is not in a stack.")
    return Stack(rows[0][0], rows[0][1], [row[2] for row in rows])


def _add(write: Write, lists: Sequence[Sequence[int]], rule: str) -> int:
    """Add stacks; return the id of the last one."""
    stack = 0
    members: list[tuple[int, int, int]] = []
    for pictures in lists:
        sql = "insert into stack(public_id, rule, created) values (?, ?, ?) returning id"
        stack = write.value(sql, (secrets.token_hex(16), rule, now()))
        members += [(picture, stack, position) for position, picture in enumerate(pictures)]
    write.many("insert into stack_member values (?, ?, ?)", members)
    return stack


def _leave(write: Write, ids: list[int]) -> int:
    """Remove pictures from stacks, and dissolve stacks with less than two; return how many were in one."""
    chosen = "select distinct stack_id from stack_member where picture_id in carray(?)"
    left = [stack for (stack,) in write.execute(chosen, (bind_ids(ids),))]
    write.execute("delete from stack_member where picture_id in carray(?)", (bind_ids(ids),))
    count = write.changes()
    write.execute(
        "delete from stack where id in carray(?)"
        " and (select count(*) from stack_member m where m.stack_id = stack.id) < 2",
        (bind_ids(left),),
    )
    return count

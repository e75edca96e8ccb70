"""The common parts of sets, characters and projects: names, colors, icons, pictures, and their number.

The pictures of a project are its own, those of its sets and those of its characters.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import apsw
from msgspec import UNSET, Struct

from ..database.connection import Rows, bind_ids, fetch
from ..database.features import Count, Hidden, Lookup, Term
from ..database.hub import now
from ..database.writer import Write
from ..errors import Conflict, Invalid, NotFound
from ..query import scope
from ..query.language import split_operator
from ..query.terms import like
from ..types import Create, Edit, Members, Reader
from ..types.history import Outcome
from ..types.times import when

ICONS: tuple[str, ...] = tuple(
    """
    anchor apple archive bag balloon bed bell bicycle bird boat book bottle box bridge briefcase brush building
    butterfly cake camera car castle cat chair chat chess church city clock cloud coffee compass crown cup diamond
    dice dog door dragon dress eye feather film fire fish flag flower forest gem ghost gift globe guitar hat heart
    home horse key lamp leaf lightning map mask medal moon mountain mushroom music palette paw person people plane
    robot rocket shirt skull star sun sword tower tree umbrella wave
    """.split()
)
#: A row of a group as text, for comparisons.
SAYS = """
    r.name || iif(r.note = '', '', ' · ' || r.note) || coalesce(' · ' || r.colour, '') || coalesce(' · ' || r.icon, '')
    """
#: Characters of a name, a note and a link at most.
LONGEST_NAME, LONGEST_NOTE = 200, 20_000


class Group(Struct, frozen=True):
    """A kind of group. `members`: SQL for the pictures, scrapheaped or not, of groups that match the condition {}."""

    noun: str
    table: str
    members: str

    @property
    def of_one(self) -> str:
        """SQL for the pictures of the group :id."""
        return self.members.format("= :id")


SETS = Group("set", "picture_set", "select picture_id from set_member where set_id {}")
CHARACTERS = Group("character", "character", "select picture_id from said_who where character_id {} and yes")
PROJECTS = Group(
    "project",
    "project",
    """
    select picture_id from project_picture where project_id {0}
    union select m.picture_id from project_set s join set_member m on m.set_id = s.set_id where s.project_id {0}
    union select w.picture_id from project_character c join said_who w on w.character_id = c.character_id and w.yes
      where c.project_id {0}
    """,
)


# --- checks -----------------------------------------------------------------------------------------------------------


def checked_name(name: str, what: str) -> str:
    """Return a name as it is stored, in NFC and trimmed; `Invalid` if it is empty, too long or not printable."""
    name = unicodedata.normalize("NFC", name).strip()
    if not _visible(name):
        raise Invalid(f"A {what} needs a name.")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"A name has at most {LONGEST_NAME} characters; this one has {len(name):,}.")
    if (unprintable := _UNPRINTABLE.search(name)) or any(unicodedata.category(c) in ("Cs", "Cn") for c in name):
        which = f" (U+{ord(unprintable[0]):04X})" if unprintable else ""
        raise Invalid(f"A name must consist of printable characters; this one has another{which}.")
    return name


def folded(name: str) -> str:
    """Return a name as it is compared."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold()).strip()


#: Control characters, line ends, and marks that change the direction of text. Joiners of emoji are allowed.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")
_COLOUR = re.compile("#[0-9a-fA-F]{6}")


def _visible(name: str) -> bool:
    return any(unicodedata.category(c)[0] not in "ZC" for c in name) or bool(_UNPRINTABLE.search(name))


def _checked(group: Group, column: str, value: Any) -> Any:
    """Return a column's value as it is stored, or raise `Invalid`."""
    if column == "name":
        return checked_name(value, group.noun)
    if column == "colour" and value is not None and not _COLOUR.fullmatch(value):
        raise Invalid("A color is written as #rrggbb, for instance #3366cc.")
    if column == "icon" and value is not None and value not in ICONS:
        raise Invalid(f"There is no icon called {value[:50]!r}; GET /api/v1/icons lists them.")
    if column == "note" and len(value) > LONGEST_NOTE:
        raise Invalid(f"A note has at most {LONGEST_NOTE:,} characters; this one has {len(value):,}.")
    return value.lower() if column == "colour" and value else value


# --- writing ----------------------------------------------------------------------------------------------------------


def make(write: Write, group: Group, ask: Create) -> Outcome:
    """Create a group."""
    name = _checked(group, "name", ask.name)
    demand_free(write, group.table, group.noun, name)
    looks = [_checked(group, column, getattr(ask, column)) for column in ("colour", "icon", "note")]
    id = write.value(
        f"insert into {group.table}(public_id, name, folded, colour, icon, note, created) values (?, ?, ?, ?, ?, ?, ?)"
        " returning id",
        (secrets.token_hex(16), name, folded(name), *looks, now()),
    )
    return Outcome(1, f"{group.noun.capitalize()} {name} made", id)


def edit(write: Write, group: Group, id: int, ask: Edit) -> Outcome:
    """Change the fields that are set."""
    before = name_of(write, group, id)
    values = {field: getattr(ask, field) for field in ask.__struct_fields__}
    columns = {name: _checked(group, name, value) for name, value in values.items() if value is not UNSET}
    if "name" in columns:
        columns["folded"] = folded(columns["name"])
        demand_free(write, group.table, group.noun, columns["name"], but=id)
    if "cover" in columns:
        columns["cover_id"] = columns.pop("cover")
        demand_live(write, [columns["cover_id"]] if columns["cover_id"] is not None else [])
    if not columns:
        return Outcome(0, f"{group.noun.capitalize()} {before} left as it is")
    assigned = ", ".join(f"{column} = :{column}" for column in columns)
    differs = " or ".join(f"{column} is not :{column}" for column in columns)
    write.execute(f"update {group.table} set {assigned} where id = :id and ({differs})", {**columns, "id": id})
    return Outcome(write.changes(), _edited(group, before, values))


def _edited(group: Group, before: str, values: Mapping[str, Any]) -> str:
    """Return the sentence for the history: `Set Harbour renamed to Port`, for example."""
    what = f"{group.noun.capitalize()} {before}"
    changed = [name for name, value in values.items() if value is not UNSET]
    if changed == ["name"]:
        return f"{what} renamed to {checked_name(values['name'], group.noun)}"
    if changed == ["locked"]:
        return f"{what} {'locked' if values['locked'] else 'unlocked'}"
    return f"{what}: {', '.join(changed)} changed"


def remove(write: Write, group: Group, id: int) -> Outcome:
    """Delete a group; its pictures stay."""
    name = name_of(write, group, id)
    write.execute(f"delete from {group.table} where id = ?", (id,))
    return Outcome(1, f"{group.noun.capitalize()} {name} deleted")


def name_of(write: Write, group: Group, id: int) -> str:
    """Return the name of a group; `NotFound` if it does not exist."""
    name = write.value(f"select name from {group.table} where id = ?", (id,))
    if name is None:
        raise absent(group.noun)
    return str(name)


def absent(noun: str) -> NotFound:
    return NotFound(f"There is no such {noun}.")


def demand_free(write: Write, table: str, what: str, name: str, but: int = -1) -> None:
    """Raise `Conflict` if another row has this name."""
    taken = write.value(f"select name from {table} where folded = ? and id != ?", (folded(name), but))
    if taken is not None:
        raise Conflict(f"There is a {what} called {taken} already. Choose another name.")


def demand_live(write: Write, ids: list[int]) -> None:
    """Raise unless all of these pictures exist and are not in the scrapheap."""
    rows = write.execute("select id, live from derived_grid where id in carray(?)", (bind_ids(ids),))
    scope.refuse(set(ids), dict(rows), scrapped=False)


# --- reading ----------------------------------------------------------------------------------------------------------


def listed(connection: apsw.Connection, reader: Reader, group: Group, more: str = "", only: int | None = None) -> Rows:
    """Return id, public_id, name, colour, icon, cover, note, created, pictures, and `more` columns of each row `t`.

    Rows are sorted by name. Groups that the reader may not know of are left out; counts, covers and columns over the
    relation `{visible}` only include pictures that the reader sees. `only`: only the group with this id.
    """
    visible, bound = scope.visible(reader)
    ids = [only] if only is not None else None
    if not reader.scope.all:
        in_scope = {id for noun, id in reader.scope.groups if noun == group.noun}
        ids = sorted(in_scope & {only} if only is not None else in_scope)
    rows = fetch(
        connection,
        f"""
        select t.id, t.public_id, t.name, t.colour, t.icon,
          (select g.id from {visible} g where g.id = t.cover_id and g.live), t.note, t.created, coalesce(c.pictures, 0)
          {more.format(visible=visible)}
        from {group.table} t left join derived_count c on c.noun = '{group.noun}' and c.id = t.id
        {"where t.id in carray(:ids)" if ids is not None else ""} order by t.folded
        """,
        {**bound, **({"ids": bind_ids(ids)} if ids is not None else {})},
    )
    counts = None if reader.scope.ids is None else count(connection, sorted(reader.scope.ids))
    return [
        (*row[:7], when(row[7]), row[8] if counts is None else counts.get((group.noun, row[0]), 0), *row[9:])
        for row in rows
    ]


def find(connection: apsw.Connection, reader: Reader, group: Group, id: int, more: str = "") -> tuple[Any, ...]:
    """Return the row of one group, as in `listed`; `NotFound` if there is none."""
    rows = listed(connection, reader, group, more, id)
    if not rows:
        raise absent(group.noun)
    return rows[0]


def members(connection: apsw.Connection, reader: Reader, group: Group, id: int) -> Members:
    """Return the live pictures of a group that the reader sees; a set's in its order, others by id."""
    find(connection, reader, group, id)
    visible, bound = scope.visible(reader)
    ordered = "(select position from set_member m where m.set_id = :id and m.picture_id = g.id), "
    rows = fetch(
        connection,
        f"select g.id from {visible} g where g.live and g.id in ({group.of_one})"
        f" order by {ordered if group is SETS else ''}g.id",
        {"id": id, **bound},
    )
    return Members([picture for (picture,) in rows])


# --- queries ----------------------------------------------------------------------------------------------------------


def term(group: Group, label: str, topics: tuple[str, ...], arranged: str | None = None) -> Term:
    """Return the query term of a group.

    `set:Harbour` is by name, `set:3` by number, `set:Trips/` includes all below it, and `set:Rome` also finds
    `Trips/Rome`. `arranged`: SQL for the pictures of the rows `t` that match the condition {}, in their own order.
    """

    def compile(value: str) -> Lookup:
        which, bound = _which(group, value)
        return Lookup(group.members.format(f"in (select t.id from {group.table} t where {which})"), bound)

    def arrange(value: str) -> Lookup:
        assert arranged is not None
        which, bound = _which(group, value)
        return Lookup(arranged.format(which), bound)

    return Term(
        group.noun,
        label,
        compile,
        topics,
        group=True,
        values=partial(named, group),
        ids_named=partial(of_name, group=group),
        private=True,
        arranged=arrange if arranged else None,
    )


#: The path of a set `t` in the tree, without spaces around the slashes.
_PATH = "replace(replace(t.folded, ' /', '/'), '/ ', '/')"


def _which(group: Group, value: str) -> tuple[str, dict[str, Any]]:
    """Return the condition for the rows `t` of the group's table that a value names, and its bindings."""
    operator, rest = split_operator(value)
    if operator not in ("", "=") or not rest.strip():
        raise ValueError(f"the name of a {group.noun}, or its number")
    bound: dict[str, Any] = {"folded": folded(rest)}
    which = "t.folded = :folded"
    if rest.isdecimal() and len(rest) < 19:  # a name may also be a number
        bound["number"] = int(rest)
        which = f"t.id = :number or ({which} and not exists (select 1 from {group.table} where id = :number))"
    elif rest.endswith("/"):
        bound["top"] = folded(rest.rstrip("/ "))
        bound["below"] = like(bound["top"]) + "/%"
        which += f" or t.folded = :top or {_PATH} like :below escape '\\'"
    elif group is SETS and not operator and "/" not in rest:  # in a tree only the last part of the name is shown
        bound["last"] = f"%/{like(bound['folded'])}"
        alone = f"not exists (select 1 from {group.table} where folded = :folded)"
        which += f" or {alone} and {_PATH} like :last escape '\\'"
    return which, bound


def of_name(connection: apsw.Connection, value: str, group: Group) -> list[int]:
    """Return the ids of the groups that a value of the term names."""
    which, bound = _which(group, value)
    return [id for (id,) in fetch(connection, f"select t.id from {group.table} t where {which} order by t.id", bound)]


def named(
    group: Group, connection: apsw.Connection, typed: str, limit: int, hidden: Hidden
) -> list[tuple[str, int | None]]:
    """Return (name, number of pictures) of groups whose name contains the typed text, the largest first."""
    part = like(folded(typed))
    rows = fetch(
        connection,
        f"""
        select t.id, t.name, coalesce(c.pictures, 0) from {group.table} t
          left join derived_count c on c.noun = '{group.noun}' and c.id = t.id
        where t.folded like :part escape '\\'
        order by t.folded not like :first escape '\\', t.folded
        """,
        {"part": f"%{part}%", "first": f"{part}%"},
    )
    fewer = hidden.counted("groups", lambda: count(connection, hidden)) if hidden else {}
    names = [(name, pictures - fewer.get((group.noun, id), 0)) for id, name, pictures in rows]
    return sorted(names, key=lambda named: -named[1])[:limit]


# --- counts -----------------------------------------------------------------------------------------------------------


def count(connection: apsw.Connection, ids: Sequence[int]) -> dict[tuple[str, int], int]:
    """Count these pictures by group and by store; ("library", 0) is the total. The scrapheap does not count."""
    rows = fetch(
        connection,
        """
        with live(id) as materialized (
          select id from picture where id in carray(:ids) and id not in (select picture_id from scrapheap)),
        sets(id, picture) as materialized (
          select m.set_id, m.picture_id from live cross join set_member m on m.picture_id = live.id),
        characters(id, picture) as materialized (
          select distinct w.character_id, w.picture_id from live cross join said_who w on w.picture_id = live.id
          where w.yes),
        projects(id, picture) as (
          select p.project_id, p.picture_id from live cross join project_picture p on p.picture_id = live.id
          union select p.project_id, m.picture from sets m cross join project_set p on p.set_id = m.id
          union select p.project_id, m.picture
          from characters m cross join project_character p on p.character_id = m.id)
        select 'library', 0, count(*) from live
        union all select 'set', id, count(*) from sets group by id
        union all select 'character', id, count(*) from characters group by id
        union all select 'project', id, count(*) from projects group by id
        union all select 'store', l.store_id, count(distinct l.picture_id)
          from live cross join location l on l.picture_id = live.id where l.state != 'missing' group by l.store_id
        """,
        {"ids": bind_ids(ids)},
    )
    return {(noun, id): pictures for noun, id, pictures in rows}


def _add(connection: apsw.Connection, differences: dict[tuple[str, int], int]) -> None:
    connection.executemany(
        "insert into derived_count values (?, ?, ?) on conflict(noun, id) do update set pictures = pictures + ?3",
        [(*key, difference) for key, difference in differences.items()],
    ).fetchall()
    connection.execute("delete from derived_count where pictures = 0").fetchall()


COUNT = Count(
    frozenset("picture scrapheap location set_member said_who project_picture project_set project_character".split()),
    count,
    _add,
)


def shows(reader: Reader, noun: str, id: int) -> bool:
    """Return whether a reader may know of a group: with a scope, only of the groups that it names."""
    return reader.scope.all or (noun, id) in reader.scope.groups

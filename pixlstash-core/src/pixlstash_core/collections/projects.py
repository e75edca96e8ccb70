"""Projects, which contain pictures, sets and characters, and the pictures of those sets and characters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import apsw
from msgspec import Struct

from ..database.connection import bind_ids, fetch
from ..database.features import MEMBERSHIP, PICTURE, Feature, Lookup, Table, Term
from ..database.hub import now
from ..database.writer import Write
from ..errors import Invalid, NotFound
from ..types import AddLink, DropOnProject, Link, ProjectInfo, Reader, TakeFromProject
from ..types.history import Outcome, many
from . import groups
from .groups import CHARACTERS, PROJECTS, SETS

_OF_SETS = "select picture_id from set_member where set_id in carray(?)"
_OF_CHARACTERS = "select picture_id from said_who where character_id in carray(?)"

_ANYWHERE = (
    "select picture_id from set_member union all select picture_id from said_who where yes"
    " union all select picture_id from project_picture"
)
_WITHIN = ("project_id", "project")
_OF_SET = (_WITHIN, ("set_id", "picture_set"))
_OF_CHARACTER = (_WITHIN, ("character_id", "character"))
_NOUNS = ("sets", "characters", "projects")
_MEMBERS = "project_members"

FEATURE = Feature(
    "projects",
    tables=(
        Table("project", "projects", merge="group", kinds=MEMBERSHIP, says=groups.SAYS),
        Table(
            *("project_picture", "projects", 1, "projects"),
            within=(_WITHIN, *PICTURE),
            kinds=MEMBERSHIP,
            topic=_MEMBERS,
            says="(select name from {db}.project where id = r.project_id)",
        ),
        Table(
            "project_set",
            "projects",
            None,
            "projects",
            ((1, _OF_SETS),),
            within=_OF_SET,
            kinds=MEMBERSHIP,
            topic=_MEMBERS,
            says="(select name from {db}.picture_set where id = r.set_id)",
        ),
        Table(
            "project_character",
            "projects",
            None,
            "projects",
            ((1, _OF_CHARACTERS),),
            within=_OF_CHARACTER,
            kinds=MEMBERSHIP,
            topic=_MEMBERS,
            says="(select name from {db}.character where id = r.character_id)",
        ),
        Table(
            "project_link",
            "projects",
            within=(_WITHIN,),
            kinds=MEMBERSHIP,
            topic="project_links",
            says="r.label || ' ' || r.url",
        ),
    ),
    terms=(
        groups.term(PROJECTS, "Project", ("projects", "sets", "characters")),
        Term("in:any", "In a set, a character or a project", lambda value: Lookup(_ANYWHERE), _NOUNS, private=True),
        Term("in:none", "In none of them", lambda value: Lookup(_ANYWHERE, others=True), _NOUNS, private=True),
    ),
    inherits=(
        """
        insert or ignore into project_picture
        select project_id, :new, added from project_picture where picture_id = :old
        """,
    ),
)
#: The groups that a project may contain, with table and column.
_MEMBER_TABLES = ((SETS, "project_set", "set_id"), (CHARACTERS, "project_character", "character_id"))


class Drop(Struct, frozen=True):
    """The result of `drop`: how many pictures were added, left other projects, and stayed there as well, and why."""

    outcome: Outcome
    came: int
    left: int
    stayed: int
    why: str | None


def drop(write: Write, id: int, ask: DropOnProject) -> Drop:
    """Add sets, characters and pictures to a project and, unless `add`, remove them from other projects."""
    name = groups.name_of(write, PROJECTS, id)
    names = [groups.name_of(write, SETS, set_id) for set_id in ask.sets]
    names += [groups.name_of(write, CHARACTERS, character) for character in ask.characters]
    if not (names or ask.pictures):
        raise Invalid("Name the sets, characters or pictures to drop on the project.")
    moved = _moved(write, ask)
    others = [] if ask.add else _others(write, id, ask)
    before = {other: _members(write, other) & moved for other in others}
    had = _members(write, id)
    for group, table, column in _MEMBER_TABLES:
        chosen = ask.sets if group is SETS else ask.characters
        write.many(f"insert or ignore into {table} values (?, ?)", [(id, member) for member in chosen])
        if not ask.add:
            write.execute(
                f"delete from {table} where project_id != ? and {column} in carray(?)", (id, bind_ids(chosen))
            )
    _put(write, id, ask.pictures)
    if not ask.add:
        write.execute(
            "delete from project_picture where project_id != ? and picture_id in carray(?)",
            (id, bind_ids(ask.pictures)),
        )
    after = {other: _members(write, other) & moved for other in others}
    came = len(_members(write, id) - had)
    left = len(set[int]().union(*(before[other] - after[other] for other in others)))
    stayed = set[int]().union(*after.values())
    why = _why(write, {other: pictures for other, pictures in after.items() if pictures}) if stayed else None
    what = _list([*names, *([many(len(ask.pictures))] if ask.pictures else [])])
    sentence = f"{what} {'added' if ask.add else 'moved'} to {name}: {many(came)} came"
    sentence += f", {left:,} left elsewhere" if left else ""
    sentence += f", {len(stayed):,} stayed elsewhere as well ({why})" if why else ""
    return Drop(Outcome(came, sentence), came, left, len(stayed), why)


def take(write: Write, id: int, ask: TakeFromProject) -> Outcome:
    """Remove sets, characters and pictures from a project; the result counts the pictures that left it."""
    name = groups.name_of(write, PROJECTS, id)
    had = _members(write, id)
    for group, table, column in _MEMBER_TABLES:
        chosen = ask.sets if group is SETS else ask.characters
        write.execute(f"delete from {table} where project_id = ? and {column} in carray(?)", (id, bind_ids(chosen)))
    write.execute(
        "delete from project_picture where project_id = ? and picture_id in carray(?)", (id, bind_ids(ask.pictures))
    )
    left = len(had - _members(write, id))
    return Outcome(left, f"{many(left)} taken out of {name}")


def add(write: Write, id: int, ids: list[int]) -> Outcome:
    """Add pictures to a project directly."""
    name = groups.name_of(write, PROJECTS, id)
    added = _put(write, id, ids)
    return Outcome(added, f"{many(added)} added to {name}")


def add_existing(write: Write, id: int, ids: list[int]) -> Outcome:
    """Add those of the pictures that still exist."""
    rows = write.execute("select id from picture where id in carray(?)", (bind_ids(ids),))
    return add(write, id, [picture for (picture,) in rows])


def add_link(write: Write, id: int, ask: AddLink) -> Outcome:
    name = groups.name_of(write, PROJECTS, id)
    url = ask.url.strip()
    host = _host(url)
    label = groups.checked_name(ask.label.strip() or host, "link")
    link = write.value(
        "insert into project_link(project_id, label, url) values (?, ?, ?) returning id", (id, label, url)
    )
    return Outcome(1, f"Link {label} added to {name}", link)


def _host(url: str) -> str:
    """Return the host name in a link's address; raise `Invalid` if the address cannot be one."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as https://[
        parts = urlsplit("")
    if len(url) > 2000 or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid("A link begins with http:// or https:// and has at most 2,000 characters.")
    return parts.hostname


def remove_link(write: Write, id: int, link: int) -> Outcome:
    name = groups.name_of(write, PROJECTS, id)
    label = write.value("select label from project_link where id = ? and project_id = ?", (link, id))
    if label is None:
        raise NotFound("There is no such link.")
    write.execute("delete from project_link where id = ?", (link,))
    return Outcome(1, f"Link {label} removed from {name}")


def infos(connection: apsw.Connection, reader: Reader, only: int | None = None) -> list[ProjectInfo]:
    """Return the projects that the reader may know of, by name. Notes and links are not shown to scoped readers."""
    rows = groups.listed(connection, reader, PROJECTS, only=only)
    sets = _members_by_project(connection, "select project_id, set_id from project_set order by 1, 2")
    characters = _members_by_project(connection, "select project_id, character_id from project_character order by 1, 2")
    links: dict[int, list[Link]] = {}
    if reader.scope.all:
        for project, *link in fetch(connection, "select project_id, id, label, url from project_link order by id"):
            links.setdefault(project, []).append(Link(*link))
    projects = []
    for row in rows:
        id, note = row[0], row[6] if reader.scope.all else ""
        own_sets = [set_id for set_id in sets.get(id, []) if groups.shows(reader, "set", set_id)]
        people = [person for person in characters.get(id, []) if groups.shows(reader, "character", person)]
        values: list[Any] = [*row[:6], note, *row[7:], own_sets, people, links.get(id, [])]
        projects.append(ProjectInfo(*values))
    return projects


def info(connection: apsw.Connection, reader: Reader, id: int) -> ProjectInfo:
    projects = infos(connection, reader, id)
    if not projects:
        raise groups.absent("project")
    return projects[0]


def _members_by_project(connection: apsw.Connection, sql: str) -> dict[int, list[int]]:
    members: dict[int, list[int]] = {}
    for project, member in fetch(connection, sql):
        members.setdefault(project, []).append(member)
    return members


def _put(write: Write, id: int, ids: Iterable[int]) -> int:
    write.execute(
        "insert or ignore into project_picture select :id, p.id, :now from picture p where p.id in carray(:ids)",
        {"id": id, "ids": bind_ids(ids), "now": now()},
    )
    return write.changes()


def _members(write: Write, id: int) -> set[int]:
    """Return the live pictures of a project."""
    live = f"select picture_id from ({PROJECTS.of_one}) except select picture_id from scrapheap"
    return {picture for (picture,) in write.execute(live, {"id": id})}


def _moved(write: Write, ask: DropOnProject) -> set[int]:
    """Return the pictures that a drop affects."""
    rows = write.execute(_OF_SETS, (bind_ids(ask.sets),))
    rows += write.execute(f"{_OF_CHARACTERS} and yes", (bind_ids(ask.characters),))
    return {picture for (picture,) in rows} | set(ask.pictures)


def _others(write: Write, id: int, ask: DropOnProject) -> list[int]:
    """Return the other projects that contain what is dropped."""
    rows = write.execute(
        """
        select project_id from project_set where set_id in carray(:sets) and project_id != :id
        union select project_id from project_character where character_id in carray(:characters) and project_id != :id
        union select project_id from project_picture where picture_id in carray(:pictures) and project_id != :id
        """,
        {
            "id": id,
            "sets": bind_ids(ask.sets),
            "characters": bind_ids(ask.characters),
            "pictures": bind_ids(ask.pictures),
        },
    )
    return sorted(project for (project,) in rows)


def _why(write: Write, stayed: dict[int, set[int]]) -> str:
    """Explain why pictures are still in other projects: `in Trips by Beach and themselves`."""
    reasons = []
    for project, pictures in stayed.items():
        bound = {"id": project, "ids": bind_ids(pictures)}
        by = write.execute(
            """
            select distinct t.name from project_set p join picture_set t on t.id = p.set_id
              join set_member m on m.set_id = t.id where p.project_id = :id and m.picture_id in carray(:ids)
            union select distinct t.name from project_character p join character t on t.id = p.character_id
              join said_who w on w.character_id = t.id and w.yes
              where p.project_id = :id and w.picture_id in carray(:ids)
            """,
            bound,
        )
        direct = write.execute(
            "select 1 from project_picture where project_id = :id and picture_id in carray(:ids) limit 1", bound
        )
        reasons.append(
            f"in {groups.name_of(write, PROJECTS, project)} by"
            f" {_list([*(name for (name,) in by), *(['themselves'] if direct else [])])}"
        )
    return "; ".join(reasons)


def _list(names: list[str]) -> str:
    """Join names as a phrase: `A, B and 3 more`."""
    if len(names) > 4:
        names = [*names[:3], f"{len(names) - 3} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

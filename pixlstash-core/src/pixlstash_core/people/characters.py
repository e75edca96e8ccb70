"""Characters: recurring people or subjects that the user assigns to pictures."""

from __future__ import annotations

import apsw

from ..collections import groups
from ..collections.groups import CHARACTERS
from ..database.connection import bind_ids, fetch
from ..database.features import MEMBERSHIP, PICTURE, Feature, Table
from ..database.writer import Write
from ..types import CharacterInfo, Reader, RestoreKind
from ..types.history import Outcome, many

_KINDS: frozenset[RestoreKind] = frozenset({"membership", "faces"})
FEATURE = Feature(
    "characters",
    tables=(
        Table("character", "characters", merge="group", kinds=MEMBERSHIP, says=groups.SAYS),
        Table(
            "said_who",
            "characters",
            1,
            "characters",
            within=(("character_id", "character"), *PICTURE),
            kinds=_KINDS,
            topic="people",
            says="(select name from {db}.character where id = r.character_id) || iif(r.yes, '', ' (not)')",
        ),
    ),
    terms=(groups.term(CHARACTERS, "Character", ("characters",)),),
    inherits=(
        """
        insert or ignore into said_who(picture_id, character_id, yes, box, time)
        select :new, character_id, yes, box, time from said_who where picture_id = :old
        """,
    ),
)


def add(write: Write, id: int, ids: list[int]) -> Outcome:
    """Add pictures to a character."""
    name = groups.name_of(write, CHARACTERS, id)
    write.execute(
        """
        insert into said_who(picture_id, character_id, yes)
        select p.id, :id, 1 from picture p where p.id in carray(:ids)
          and not exists (select 1 from said_who w where w.picture_id = p.id and w.character_id = :id and w.yes)
        on conflict(picture_id, character_id) where box is null do update set yes = 1
        """,
        {"id": id, "ids": bind_ids(ids)},
    )
    count = write.changes()
    return Outcome(count, f"{many(count)} {'shows' if count == 1 else 'show'} {name}")


def take(write: Write, id: int, ids: list[int]) -> Outcome:
    """Remove pictures from a character."""
    name = groups.name_of(write, CHARACTERS, id)
    bound = {"id": id, "ids": bind_ids(ids)}
    where = "character_id = :id and picture_id in carray(:ids) and yes"
    taken = int(write.value(f"select count(distinct picture_id) from said_who where {where}", bound))
    write.execute(f"delete from said_who where {where}", bound)
    return Outcome(taken, f"{many(taken)} no longer {'shows' if taken == 1 else 'show'} {name}")


def remove(write: Write, id: int) -> Outcome:
    """Delete a character and its assignments; refused while a locked set has one of its pictures."""
    sets_of = "select picture_id from said_who where character_id = ?"
    groups.name_of(write, CHARACTERS, id)
    write.guard([picture for (picture,) in write.execute(sets_of, (id,))])
    return groups.remove(write, CHARACTERS, id)


def decided(connection: apsw.Connection, id: int) -> tuple[set[int], set[int]]:
    """Return the ids of the pictures assigned to a character, and of those rejected as a whole."""
    rows = fetch(connection, "select picture_id, yes, box is null from said_who where character_id = ?", (id,))
    accepted = {picture for picture, yes, _ in rows if yes}
    return accepted, {picture for picture, yes, whole in rows if whole and not yes} - accepted


def ids(connection: apsw.Connection) -> list[int]:
    """Return the ids of all characters."""
    return [id for (id,) in fetch(connection, "select id from character order by id")]


def names(connection: apsw.Connection) -> dict[int, str]:
    """Return the names of characters by id."""
    return dict(fetch(connection, "select id, name from character"))


def infos(connection: apsw.Connection, reader: Reader) -> list[CharacterInfo]:
    """Return the characters that the reader may see, by name."""
    return [CharacterInfo(*row) for row in groups.listed(connection, reader, CHARACTERS)]


def info(connection: apsw.Connection, reader: Reader, id: int) -> CharacterInfo:
    return CharacterInfo(*groups.find(connection, reader, CHARACTERS, id))

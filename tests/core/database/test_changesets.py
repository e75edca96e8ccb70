"""Changesets taken apart: what is read as arrays is what SQLite's own reader says, whatever the rows are like."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import apsw
import pytest
from conftest import Effort
from libraries import check_derived, fill, truth

from pixlstash_core import OWNER
from pixlstash_core.database import changesets
from pixlstash_core.database.writer import Label
from pixlstash_core.errors import Conflict
from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, Create, Selection

Row = tuple[str, str, Any, Any]
TABLES = ("pair", "odd name", "plain")


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every changeset counts as large."""
    monkeypatch.setattr(changesets, "LARGE", 0)


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    connection = apsw.Connection(":memory:")
    connection.execute(
        """
        create table pair(one integer not null, two integer not null, at integer, primary key(two, one)) without rowid;
        create table "odd name"(id integer primary key, text text, body blob, number real);
        create table plain(id integer primary key, number integer);
        """
    ).fetchall()
    yield connection
    connection.close()


def rows(changeset: bytes) -> Counter[Row]:
    return Counter((one.name, one.op, one.old, one.new) for one in apsw.Changeset.iter(changeset))


def rows_of(parts: changesets.Parts) -> Counter[Row]:
    found = rows(parts.rest)
    for name, whole in parts.whole.items():
        for inserted, values in zip(whole.inserted.tolist(), whole.values.tolist(), strict=True):
            row = tuple(values)
            found[(name, "INSERT", None, row) if inserted else (name, "DELETE", row, None)] += 1
    return found


def change(connection: apsw.Connection, rng: random.Random) -> None:
    """Something to some table, as bulk changes are or as they are not."""
    table, many = rng.choice(TABLES), rng.choice([1, 3, 50, 400])
    key = rng.randrange(1 << rng.choice([4, 20, 40, 62]))
    number = rng.choice([None, 0, -1, 7, -(1 << 62)])
    if rng.random() < 0.25:
        connection.execute(f'delete from "{table}" where rowid % 3' if table != "pair" else "delete from pair where at")
    elif rng.random() < 0.3:
        connection.execute("update plain set number = ? where id % 2", (number,))
    elif table == "pair":
        new = [(key + n, rng.randrange(9), number if rng.random() < 0.1 else 5) for n in range(many)]
        connection.executemany("insert or replace into pair values (?, ?, ?)", new)
    elif table == "plain":
        connection.executemany("insert or replace into plain values (?, ?)", [(key + n, number) for n in range(many)])
    else:
        new_ = [(key + n, "T" * rng.randrange(300), rng.randbytes(rng.randrange(200)), 0.5) for n in range(many % 60)]
        connection.executemany('insert or replace into "odd name" values (?, ?, ?, ?)', new_)


def test_any_changeset(connection: apsw.Connection, effort: Effort, rng: random.Random) -> None:
    apart = 0
    for _ in range(effort.of(150, 20_000)):
        session = apsw.Session(connection, "main")
        for table in TABLES:
            session.attach(table)
        for _ in range(rng.randrange(1, 5)):
            change(connection, rng)
        changeset = session.changeset()
        session.close()
        parts = changesets.part(changeset)
        assert rows_of(parts) == rows(changeset)
        assert changesets.tables(changeset) == {row[0] for row in rows(changeset)}
        apart += bool(parts.whole)
    assert apart > 30


def test_keys_come_in_their_own_order(connection: apsw.Connection) -> None:
    session = apsw.Session(connection, "main")
    session.attach("pair")
    connection.executemany("insert into pair values (?, ?, 1)", [(1, 2), (2, 1), (0, 3)])
    whole = changesets.part(session.changeset()).whole["pair"]
    session.close()
    assert whole.keys == (1, 0)
    assert whole.rows(True) == [[2, 1, 1], [1, 2, 1], [0, 3, 1]]
    assert whole.rows(False) == []


def test_what_changed_since_is_named(library: Library) -> None:
    """What is in the way of rows that are applied as arrays is named as ever, and nothing is changed."""
    ids = fill(library, 5)
    library.add_tags(OWNER, AddTags(ids=ids, tags=["red"]))
    library.writer.run(
        lambda write: write.execute("update said_tag set yes = 0 where picture_id = ?", (ids[2],)),
        Label("", "", undoable=False),
    )
    before = truth(library)
    with pytest.raises(Conflict, match=f"said_tag {ids[2]}, [0-9]+ was changed"):
        library.undo(OWNER)
    assert truth(library) == before
    check_derived(library)


def test_what_is_there_already_is_named(library: Library) -> None:
    ids = fill(library, 5)
    library.add_tags(OWNER, AddTags(ids=ids[:1], tags=["red"]))
    library.add_tags(OWNER, AddTags(ids=ids[1:], tags=["red"]))
    library.undo(OWNER)
    tag = library.db.value("select id from tag where name = 'red'")
    library.writer.run(
        lambda write: write.execute("insert into said_tag values (?, ?, 0, 1)", (ids[3], tag)),
        Label("", "", undoable=False),
    )
    before = truth(library)
    with pytest.raises(Conflict, match=f"said_tag {ids[3]}, {tag} is there already"):
        library.redo(OWNER)
    assert truth(library) == before


def test_a_set_goes_with_its_pictures(library: Library) -> None:
    """A set's own row and those that refer to it are applied apart, in an order that holds."""
    ids = fill(library, 3)
    made = library.create_set(OWNER, Create(name="Best"))
    library.add_to_set(OWNER, made.id, Selection(ids=ids))
    before = truth(library)
    library.delete_set(OWNER, made.id)
    after = truth(library)
    library.undo(OWNER)
    assert truth(library) == before
    library.redo(OWNER)
    assert truth(library) == after
    library.undo(OWNER)
    check_derived(library)
    assert library.set_members(OWNER, made.id).ids == ids

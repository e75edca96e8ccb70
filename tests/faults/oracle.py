"""What must hold of a library after anything that happened to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import zstandard

from pixlstash_core.database.connection import Database, fetch
from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.library.features import FEATURES
from pixlstash_core.types import OWNER

Rows = list[tuple[Any, ...]]


class Content(NamedTuple):
    """All that a library knows of one picture, but for ids, and the moment it was imported."""

    name: str
    row: tuple[Any, ...]
    facts: frozenset[tuple[Any, ...]]
    words: tuple[Any, ...] | None
    payloads: frozenset[tuple[str, bytes]]
    locations: frozenset[tuple[Any, ...]]
    score: int
    thrown: bool
    drawn: bool


def contents(library: Library) -> dict[str, Content]:
    """Every picture by the SHA-256 of its bytes."""
    with library.db.reading() as connection:
        return {content[0]: content[1] for content in _contents(connection, library)}


def _contents(connection: apsw.Connection, library: Library) -> Iterator[tuple[str, Content]]:
    unpack = zstandard.ZstdDecompressor()
    for picture, sha256, *row in fetch(
        connection,
        "select id, sha256, name, kind, format, mime, width, height, size, created, aspect, colour, phash, moving,"
        " seconds, why from picture order by id",
    ):

        def of(sql: str, picture: int = picture) -> Rows:
            return fetch(connection, sql, (picture,))

        words = of("select prompt, negative from words where picture_id = ?")
        payloads = of("select name, body from payload where picture_id = ?")
        score = of("select score from score where picture_id = ?")
        yield (
            sha256.hex(),
            Content(
                row[0],
                tuple(row[1:]),
                frozenset(of("select name, value, number, grouping, label from fact where picture_id = ?")),
                words[0] if words else None,
                frozenset((name, unpack.decompress(body)) for name, body in payloads),
                frozenset(
                    of(
                        "select s.scheme, l.key, l.size, l.state from location l join store s on s.id = l.store_id"
                        " where l.picture_id = ?"
                    )
                ),
                score[0][0] if score else 0,
                bool(of("select 1 from scrapheap where picture_id = ?")),
                library.thumbnails.get(sha256) is not None,
            ),
        )


def problems(library: Library) -> list[str]:
    """What is wrong with an open library nobody is writing to; empty when it is sound."""
    return [
        *damage(library),
        *_unsettled(library),
        *_half(library),
        *_bytes(library),
        *_orphans(library),
        *_derived(library),
    ]


def damage(library: Library) -> Iterator[str]:
    for database in (library.db, library.hub.db, library.thumbnails._db):
        if (found := database.read("pragma integrity_check")) != [("ok",)]:
            yield f"{database.path.name}: {found[:3]}"
        if found := database.read("pragma foreign_key_check"):
            yield f"{database.path.name}: {found[:3]} lead nowhere"


def _unsettled(library: Library) -> Iterator[str]:
    if found := library.hub.read("select kind, body from intent"):
        yield f"intents left: {found[:3]}"
    purged = {row[0] for row in library.hub.read("select sha256 from purged")}
    for name, sha256 in library.db.read("select name, sha256 from picture"):
        if sha256 in purged:
            yield f"{name} is there, and in the ledger of what was permanently deleted"
    revision = library.db.value("select revision from derived_revision where noun = ''", default=0)
    if revision > library.revision:
        yield f"the file is at revision {revision}, the library thinks it is at {library.revision}"


def _half(library: Library) -> Iterator[str]:
    for sha256, content in contents(library).items():
        if not content.locations:
            yield f"{content.name} ({sha256[:8]}) has no location"
        if not content.drawn and content.row[-1] is None:
            yield f"{content.name} has no still, and nothing says why"
        if not content.facts:
            yield f"{content.name} has no facts"


def _bytes(library: Library) -> Iterator[str]:
    for sha256, store, key, size in library.db.read(
        "select p.sha256, l.store_id, l.key, p.size from location l join picture p on p.id = l.picture_id"
        " where l.state = 'present'"
    ):
        try:
            with library.connect_store(store).read(key) as file:
                found = file.read()
        except PixlStashError as error:
            yield f"the bytes of {key} cannot be read: {error}"
            continue
        if hashlib.sha256(found).digest() != sha256 or len(found) != size:
            yield f"the bytes of {key} are not the picture's"


def _orphans(library: Library) -> Iterator[str]:
    store, media = library.stores.own()
    known = {row[0] for row in library.db.read("select key from location where store_id = ?", (store,))}
    known |= {f"incoming/partial/{id}" for (id,) in library.hub.read("select id from upload where state != 'done'")}
    for path in media.root.rglob("*"):
        key = path.relative_to(media.root).as_posix()
        if path.is_file() and key not in known:
            yield f"nobody knows media/{key}"


def _derived(library: Library) -> Iterator[str]:
    """Derived tables against what their own rules make of the truth from nothing; rolled back."""
    connection = library.db.connect()
    try:
        connection.execute("create virtual table temp.term using fts5vocab(main, derived_words, instance)").fetchall()
        connection.execute("begin immediate").fetchall()
        kept = _derived_rows(connection)
        fetch(connection, "delete from derived_grid")
        fetch(connection, "delete from derived_text")
        fetch(connection, "insert into derived_words(derived_words) values ('delete-all')")
        ids = [row[0] for row in fetch(connection, "select id from picture order by id")]
        for feature in FEATURES:
            for rule in feature.rules:
                rule.run(connection, ids)
        fresh = _derived_rows(connection)
        connection.execute("rollback").fetchall()
        yield from (f"{name} differs from a fresh one" for name in kept if kept[name] != fresh[name])
        fetch(connection, "insert into derived_words(derived_words) values ('integrity-check')")
    except apsw.CorruptError as error:
        yield f"derived_words: {error}"
    finally:
        connection.close()


def _derived_rows(connection: apsw.Connection) -> dict[str, Rows]:
    return {
        "derived_grid": fetch(connection, "select * from derived_grid order by id"),
        "derived_text": fetch(connection, "select * from derived_text order by picture_id"),
        "derived_words": fetch(connection, "select doc, term, col, offset from temp.term order by 1, 2, 3, 4"),
    }


def pictures(library: Library) -> dict[int, str]:
    """Hex SHA-256 of every picture, by id."""
    return {id: sha256.hex() for id, sha256 in library.db.read("select id, sha256 from picture")}


def ids(library: Library) -> dict[str, int]:
    """The highest id or revision each table shows."""
    highest = {
        table: library.db.value(f"select max(id) from {table}", default=0) or 0
        for table in ("picture", "location", "store")
    }
    return {**highest, "revision": library.revision}


def history(library: Library) -> list[tuple[str, str, bool]]:
    return [(entry.sentence, entry.state, entry.undoable) for entry in library.history(OWNER, 1000)]


def databases(folder: Path) -> dict[str, str]:
    """SHA-256 of each database file of a library, write-ahead logs included."""
    found = [path for path in folder.iterdir() if path.name.endswith((".db", ".db-wal"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(found)}


__all__ = ["Content", "Database", "contents", "databases", "history", "ids", "pictures", "problems"]

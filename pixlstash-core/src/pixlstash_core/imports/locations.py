"""The rows of stores, and the connections to them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import apsw
import msgspec
from msgspec import Struct

from ..database.connection import Database, Rows, fetch
from ..database.writer import Label, Write, Writer
from ..errors import Conflict, Invalid, NotFound, PixlStashError, StoreUnreachable, describe
from ..plugins.contracts import Opened
from ..plugins.references import checked, redacting, resolved
from ..plugins.registry import Plugins
from ..storage.local import FolderParams, Managed
from ..types import FolderInfo, StoreInfo
from .presence import Presences

#: The schemes of the library's own originals, and of reference folders.
OWN, FOLDER = "file", "folder"


class Stores:
    """The stores of one library; `root` is its folder."""

    def __init__(self, db: Database, plugins: Plugins, root: Path) -> None:
        self._db, self._root = db, root
        self._kinds, self._absent = plugins.stores(), plugins.absent
        self._opened: dict[int, Opened] = {}
        #: The params that each was opened with: a relocation, its undo, and a restore change them.
        self._texts: dict[int, str] = {}
        self._presences = Presences()
        self._own: int | None = db.value("select id from store where scheme = 'file' order by id limit 1")

    def connect(self, store: int) -> Opened:
        """Return the opened store with this id, connecting to it first if its params have changed."""
        rows = self._db.read("select scheme, params from store where id = ?", (store,))
        if not rows:
            raise NotFound("There is no such store.")
        scheme, text = rows[0]
        opened = self._opened.get(store)
        if opened is None or self._texts.get(store, text) != text:
            opened = self._opened[store] = self._connect(scheme, text)
            self._texts[store] = text
        return opened

    def forget(self) -> None:
        """Connect to all stores again when they are needed."""
        self._opened.clear()

    def _connect(self, scheme: str, text: str) -> Opened:
        kind = self._kinds.get(scheme)
        if kind is None:
            raise StoreUnreachable(f"No installed plugin offers stores of scheme {scheme!r}.{self._absent(scheme)}")
        params = msgspec.json.decode(text)
        if issubclass(kind.Params, FolderParams):  # relative to the library, so that its folder may be moved
            params["path"] = str(self._root / params["path"])
        values = resolved(kind.Params, params)
        with redacting(values):
            return kind.connect(values)

    @contextmanager
    def redacting(self, store: int) -> Iterator[None]:
        """Replace secrets of a store's settings in the texts of exceptions from the block."""
        values = None
        with suppress(PixlStashError):
            row = of_plugin(self._db, store)
            kind = self._kinds.get(row.scheme)
            values = resolved(kind.Params, row.settings) if kind is not None else None
        with redacting(values) if values is not None else nullcontext():
            yield

    def own(self) -> tuple[int, Managed]:
        """Return the id and connection of the store that holds the library's own originals."""
        if self._own is None:
            raise Invalid("This library keeps no originals of its own.")
        opened = self.connect(self._own)
        assert isinstance(opened, Managed)
        return self._own, opened

    def roots(self) -> list[Path]:
        """Return the folders in which stores keep pictures, including the library's own."""
        params = [msgspec.json.decode(text) for (text,) in self._db.read("select params from store")]
        return [self._root / values["path"] for values in params if isinstance(values.get("path"), str)]

    def checked(self, scheme: str, params: dict[str, Any]) -> object:
        """Return `params` as they are stored; `Invalid` if the store's class does not accept them."""
        kind = self._kinds.get(scheme)
        if kind is None:
            raise Invalid(f"No installed plugin offers a store of scheme {scheme!r}.{self._absent(scheme)}")
        return checked(kind.Params, params)

    def name(self, store: int) -> str:
        return str(self._db.value("select name from store where id = ?", (store,), "?"))

    def infos(self) -> list[StoreInfo]:
        rows = self._db.read(
            "select s.id, s.name, s.scheme, (select count(*) from location l where l.store_id = s.id) from store s"
        )
        infos = []
        for store, name, scheme, count in rows:
            problem, read_only = self.problem(store)
            infos.append(StoreInfo(name, scheme, "unreachable" if problem else "present", read_only, count))
        return infos

    def problem(self, store: int) -> tuple[str, bool]:
        """Return (why a store does not answer, or an empty text; whether it is read-only)."""
        writable = False
        try:
            opened = self.connect(store)
            writable = opened.writable
            with self.redacting(store):
                if problem := self._presences.problem(store, opened):
                    raise StoreUnreachable(problem)
        except Exception as error:  # of a plugin's `connect` too
            return describe(error), not writable
        return "", not writable


class StoreRow(Struct, frozen=True):
    """A store of a plugin as it is stored; secrets in `settings` are references."""

    id: int
    name: str
    scheme: str
    settings: dict[str, Any]


def of_plugins(db: Database) -> list[StoreRow]:
    """Return the stores of plugins in the order in which they were added."""
    sql = "select id, name, scheme, params from store where scheme not in (?, ?) order by id"
    return [
        StoreRow(id, name, scheme, msgspec.json.decode(params))
        for id, name, scheme, params in db.read(sql, (OWN, FOLDER))
    ]


def of_plugin(db: Database, id: int) -> StoreRow:
    """Return a store of a plugin; `NotFound` for another store."""
    row = next((row for row in of_plugins(db) if row.id == id), None)
    if row is None:
        raise NotFound("There is no such store any more.")
    return row


def add(writer: Writer, scheme: str, name: str, params: object) -> int:
    """Return the id of the store with this scheme and these params; add it if there is none."""
    text = _text(params)

    def work(write: Write) -> int:
        store = write.value("select id from store where scheme = ? and params = ?", (scheme, text))
        return int(store) if store is not None else _insert(write, scheme, name, text)

    return writer.run(work, Label("", "", undoable=False)).result


def add_new(writer: Writer, scheme: str, name: str, params: object) -> int:
    """Add a store and return its id. `Conflict` if there is one with these params, or with this name."""
    text = _text(params)

    def work(write: Write) -> int:
        same = list(write.execute("select name from store where scheme = ? and params = ?", (scheme, text)))
        if same:
            raise Conflict(f"The store {same[0][0]} has these settings already.")
        if write.value("select 1 from store where name = ? collate nocase", (name,)):
            raise Conflict(f"There is a store or folder called {name} already. Choose another name.")
        return _insert(write, scheme, name, text)

    return writer.run(work, Label("", "", undoable=False)).result


def _text(params: object) -> str:
    return msgspec.json.encode(params, order="sorted").decode()


def _insert(write: Write, scheme: str, name: str, text: str) -> int:
    row = write.execute(
        "insert into store(public_id, scheme, name, params) values (?, ?, ?, ?) returning id",
        (secrets.token_hex(16), scheme, name, text),
    )
    return int(row[0][0])


def folders(connection: apsw.Connection, part: str = "%") -> list[FolderInfo]:
    """Return the stores whose names match a LIKE pattern, with the number of pictures in each."""
    rows = fetch(
        connection,
        "select s.id, s.name, s.scheme, coalesce(c.pictures, 0) from store s"
        " left join derived_count c on c.noun = 'store' and c.id = s.id where s.name like ? escape '\\' order by s.id",
        (part,),
    )
    return [FolderInfo(*row) for row in rows]


def unknown(db: Database, store: int, keys: list[str]) -> set[str]:
    """Return the keys that have no location yet."""
    rows = db.read(
        "select value from json_each(?) where not exists (select 1 from location where store_id = ? and key = value)",
        (msgspec.json.encode(keys).decode(), store),
    )
    return {row[0] for row in rows}


def places(db: Database, picture: int) -> Rows:
    """Return (store, key, size, mtime) of a picture's locations, as last seen."""
    return db.read("select store_id, key, size, mtime from location where picture_id = ?", (picture,))


def public_id(db: Database, store: int) -> str:
    return str(db.value("select public_id from store where id = ?", (store,)))

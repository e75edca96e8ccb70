"""Stores as the library knows them: rows, and the connections to them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..contracts import Opened, Store
from ..db import Database
from ..errors import Invalid, NotFound, NotThere, PixlStashError, StoreUnreachable
from ..nouns import Noun, Table
from ..stores.files import FolderParams, Managed
from ..types import Presence, StoreInfo
from ..write import Door, Label, Write

NOUN = Noun("stores", (Table("store", "stores"),))


class Stores:
    """The stores of one library. `kinds` are the plugins' store objects by scheme; `root` is the library's folder."""

    def __init__(self, db: Database, kinds: Mapping[str, Store], root: Path) -> None:
        self._db, self._kinds, self._root = db, kinds, root
        self._opened: dict[int, Opened] = {}
        self._own: int | None = db.value("select id from store where scheme = 'file' order by id limit 1")

    def connect(self, store: int) -> Opened:
        """The opened store of an id."""
        if store not in self._opened:
            rows = self._db.read("select scheme, params from store where id = ?", (store,))
            if not rows:
                raise NotFound("There is no such store.")
            scheme, text = rows[0]
            kind = self._kinds.get(scheme)
            if kind is None:
                raise StoreUnreachable(f"No installed plugin offers stores of scheme {scheme!r}.")
            given = msgspec.json.decode(text)
            if issubclass(kind.Params, FolderParams):  # relative to the library, so that its folder may be moved
                given["path"] = str(self._root / given["path"])
            self._opened[store] = kind.connect(_converted(given, kind))
        return self._opened[store]

    def own(self) -> tuple[int, Managed]:
        """The store of the library's own originals."""
        if self._own is None:
            raise Invalid("This library keeps no originals of its own.")
        opened = self.connect(self._own)
        assert isinstance(opened, Managed)
        return self._own, opened

    def checked(self, scheme: str, params: dict[str, Any]) -> object:
        """Params fit to store, or `Invalid`."""
        kind = self._kinds.get(scheme)
        if kind is None:
            raise Invalid(f"No installed plugin offers a store of scheme {scheme!r}.")
        return msgspec.to_builtins(_converted(params, kind))

    def name(self, store: int) -> str:
        return str(self._db.value("select name from store where id = ?", (store,), "?"))

    def infos(self) -> list[StoreInfo]:
        rows = self._db.read(
            "select s.id, s.name, s.scheme, (select count(*) from location l where l.store_id = s.id) from store s"
        )
        return [StoreInfo(name, scheme, *self._state(store), count) for store, name, scheme, count in rows]

    def _state(self, store: int) -> tuple[Presence, bool]:
        """(present or unreachable, read-only)."""
        writable = False
        try:
            opened = self.connect(store)
            writable = opened.writable
            opened.stat("?")
        except NotThere:
            pass
        except PixlStashError:
            return "unreachable", not writable
        return "present", not writable


def add(door: Door, scheme: str, name: str, params: object) -> int:
    """The id of the store of this scheme and these params; made when there is none."""
    text = msgspec.json.encode(params, order="sorted").decode()

    def work(write: Write) -> int:
        found = write.value("select id from store where scheme = ? and params = ?", (scheme, text))
        if found is not None:
            return int(found)
        row = write.execute(
            "insert into store(public_id, scheme, name, params) values (?, ?, ?, ?) returning id",
            (secrets.token_hex(16), scheme, name, text),
        )
        return int(row[0][0])

    return door.do(work, Label("", "", undoable=False)).result


def count(db: Database, store: int) -> int:
    """Locations in a store."""
    return int(db.value("select count(*) from location where store_id = ?", (store,)))


def unknown(db: Database, store: int, keys: list[str]) -> set[str]:
    """Those of these keys that have no location yet."""
    known = {row[0] for row in db.read("select key from location where store_id = ?", (store,))} if keys else set()
    return set(keys) - known


def public_id(db: Database, store: int) -> str:
    return str(db.value("select public_id from store where id = ?", (store,)))


def _converted(given: dict[str, Any], kind: Store) -> Any:
    try:
        return msgspec.convert(given, kind.Params)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.") from error

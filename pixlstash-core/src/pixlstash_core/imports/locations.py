"""Stores as the library knows them: rows, and the connections to them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import apsw
import msgspec

from ..collections import groups
from ..database.connection import Database, Rows, fetch
from ..database.features import Feature, Hidden, Lookup, Table, Term
from ..database.writer import Label, Write, Writer
from ..errors import Invalid, NotFound, NotThere, PixlStashError, StoreUnreachable
from ..plugins.contracts import Opened, Store
from ..query.language import split_operator
from ..query.terms import like
from ..storage.local import FolderParams, Managed
from ..types import FolderInfo, Presence, StoreInfo


def _in_folder(value: str) -> Lookup:
    """`folder:Photos`, `folder:Photos/2024` or `folder:/home/ann/Photos/2024`, with all below it."""
    return Lookup(_BELOW.format(root=_ROOT), {"path": _folder(value)})


def _in_named_folder(value: str) -> Lookup:
    """The same without absolute paths, which would tell by what they find where files lie."""
    return Lookup(_BELOW.format(root="''"), {"path": _folder(value)})


def _folder(value: str) -> str:
    operator, rest = split_operator(value)
    path = rest.replace("\\", "/").rstrip("/")
    if operator not in ("", "=") or not path:
        raise ValueError("the name of a folder, perhaps with a path below it")
    return path


def _names(connection: apsw.Connection, typed: str, limit: int, hidden: Hidden) -> Sequence[tuple[str, int | None]]:
    found = folders(connection, f"%{like(typed)}%")
    fewer = groups.count(connection, hidden) if hidden else {}
    return [(one.name, one.pictures - fewer.get(("store", one.id), 0)) for one in found[:limit]]


_ROOT = "rtrim(replace(coalesce(json_extract(params, '$.path'), ''), char(92), '/'), '/')"
#: `at`: a store, and what keys of it that lie below the path begin with.
_BELOW = """
with place(id, name, root) as (
  select id, name, {root} from store),
at(id, start) as (
  select id, '' from place where name = :path collate nocase or root = :path
  union select id, '' from place where substr(root, 1, length(:path) + 1) = :path || '/'
  union select id, substr(:path, length(name) + 2) || '/' from place
    where substr(:path, 1, length(name) + 1) = name || '/' collate nocase
  union select id, substr(:path, length(root) + 2) || '/' from place
    where root != '' and substr(:path, 1, length(root) + 1) = root || '/')
select l.picture_id from at join location l on l.store_id = at.id
where l.state != 'missing'
  and (at.start = '' or (l.key >= at.start and l.key < substr(at.start, 1, length(at.start) - 1) || '0'))
"""

FEATURE = Feature(
    "stores",
    (Table("store", "stores", merge="kept", says="r.name"),),
    terms=(
        Term(
            "folder",
            "Folder",
            _in_folder,
            ("pictures", "stores"),
            group=True,
            values=_names,
            private=True,
            compile_for_others=_in_named_folder,
        ),
    ),
)


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

    def roots(self) -> list[Path]:
        """The folders in which stores keep pictures, the library's own among them."""
        params = [msgspec.json.decode(text) for (text,) in self._db.read("select params from store")]
        return [self._root / given["path"] for given in params if isinstance(given.get("path"), str)]

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


def add(writer: Writer, scheme: str, name: str, params: object) -> int:
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

    return writer.run(work, Label("", "", undoable=False)).result


def count(db: Database, store: int) -> int:
    """Locations in a store."""
    return int(db.value("select count(*) from location where store_id = ?", (store,)))


def folders(connection: apsw.Connection, part: str = "%") -> list[FolderInfo]:
    """The stores whose names are like this, with how many live pictures each has."""
    rows = fetch(
        connection,
        "select s.id, s.name, s.scheme, coalesce(c.pictures, 0) from store s"
        " left join derived_count c on c.noun = 'store' and c.id = s.id where s.name like ? escape '\\' order by s.id",
        (part,),
    )
    return [FolderInfo(*row) for row in rows]


def unknown(db: Database, store: int, keys: list[str]) -> set[str]:
    """Those of these keys that have no location yet."""
    known = {row[0] for row in db.read("select key from location where store_id = ?", (store,))} if keys else set()
    return set(keys) - known


def places(db: Database, picture: int) -> Rows:
    """(store, key, size, mtime) of a picture's locations, as they were last seen."""
    return db.read("select store_id, key, size, mtime from location where picture_id = ?", (picture,))


def public_id(db: Database, store: int) -> str:
    return str(db.value("select public_id from store where id = ?", (store,)))


def _converted(given: dict[str, Any], kind: Store) -> Any:
    try:
        return msgspec.convert(given, kind.Params)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.") from error

"""The rows of stores, and the connections to them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
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
from ..plugins.registry import Plugins
from ..query.language import split_operator
from ..query.terms import like
from ..storage.local import FolderParams, Managed
from ..types import FolderInfo, Presence, StoreInfo


def _in_folder(value: str) -> Lookup:
    """Look up `folder:Photos`, `folder:Photos/2024` or `folder:/home/ann/Photos`, including subfolders."""
    return Lookup(_BELOW.format(root=_ROOT), {"path": _folder(value)})


def _in_named_folder(value: str) -> Lookup:
    """Look up a folder without absolute paths, whose results would reveal where files are."""
    return Lookup(_BELOW.format(root="''"), {"path": _folder(value)})


def _folder(value: str) -> str:
    operator, rest = split_operator(value)
    path = rest.replace("\\", "/").rstrip("/")
    if operator not in ("", "=") or not path:
        raise ValueError("the name of a folder, optionally with a path below it")
    return path


def _names(connection: apsw.Connection, typed: str, limit: int, hidden: Hidden) -> Sequence[tuple[str, int | None]]:
    stores = folders(connection, f"%{like(typed)}%")
    fewer = groups.count(connection, hidden) if hidden else {}
    return [(store.name, store.pictures - fewer.get(("store", store.id), 0)) for store in stores[:limit]]


#: The scheme of reference folders.
FOLDER = "folder"
_ROOT = "rtrim(replace(coalesce(json_extract(params, '$.path'), ''), char(92), '/'), '/')"
#: `at`: a store, and the prefix of its keys below the path.
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
    """The stores of one library; `root` is its folder."""

    def __init__(self, db: Database, plugins: Plugins, root: Path) -> None:
        self._db, self._root = db, root
        self._kinds, self._absent = plugins.stores(), plugins.absent
        self._opened: dict[int, Opened] = {}
        #: The params that each was opened with: a relocation, its undo, and a restore change them.
        self._texts: dict[int, str] = {}
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

    def _connect(self, scheme: str, text: str) -> Opened:
        kind = self._kinds.get(scheme)
        if kind is None:
            raise StoreUnreachable(f"No installed plugin offers stores of scheme {scheme!r}.{self._absent(scheme)}")
        params = msgspec.json.decode(text)
        if issubclass(kind.Params, FolderParams):  # relative to the library, so that its folder may be moved
            params["path"] = str(self._root / params["path"])
        return kind.connect(_converted(params, kind))

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
        return msgspec.to_builtins(_converted(params, kind))

    def name(self, store: int) -> str:
        return str(self._db.value("select name from store where id = ?", (store,), "?"))

    def infos(self) -> list[StoreInfo]:
        rows = self._db.read(
            "select s.id, s.name, s.scheme, (select count(*) from location l where l.store_id = s.id) from store s"
        )
        return [StoreInfo(name, scheme, *self._state(store), count) for store, name, scheme, count in rows]

    def _state(self, store: int) -> tuple[Presence, bool]:
        """Return (presence, whether it is read-only)."""
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
    """Return the id of the store with this scheme and these params; add it if there is none."""
    text = msgspec.json.encode(params, order="sorted").decode()

    def work(write: Write) -> int:
        store = write.value("select id from store where scheme = ? and params = ?", (scheme, text))
        if store is not None:
            return int(store)
        row = write.execute(
            "insert into store(public_id, scheme, name, params) values (?, ?, ?, ?) returning id",
            (secrets.token_hex(16), scheme, name, text),
        )
        return int(row[0][0])

    return writer.run(work, Label("", "", undoable=False)).result


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


def _converted(params: dict[str, Any], kind: Store) -> Any:
    try:
        return msgspec.convert(params, kind.Params)
    except msgspec.ValidationError as error:
        raise Invalid(f"{error}.") from error

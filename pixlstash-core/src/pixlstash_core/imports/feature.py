"""What imports contribute to a library: the table of stores, and the query term `folder:`."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from ..collections import groups
from ..database.features import Feature, Hidden, Lookup, Table, Term
from ..query.language import split_operator
from ..query.terms import like
from .locations import folders


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

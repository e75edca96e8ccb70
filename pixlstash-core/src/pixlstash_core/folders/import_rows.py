"""The rows of import folders, in the hub: how their files are imported, and which were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from ..database.hub import Hub, now
from ..errors import Conflict, NotFound
from ..types import CaptionRule, ImportRule, Refusal, SubfoldersAs

GONE = "There is no such folder any more."
#: Rows that are read together.
SLICE = 1000
#: Problems of a folder that are listed.
SHOWN = 20

State = Literal["imported", "refused", "remove"]


class Options(Struct, frozen=True):
    """How the pictures of a folder are imported."""

    subfolders: SubfoldersAs = "nothing"
    rules: list[ImportRule] = []
    ignore: list[str] = []
    captions: list[CaptionRule] = []


class ImportRow(Struct, frozen=True):
    """An import folder as it is stored. `scanned` in ms, `device` as `protected.device_of`."""

    id: int
    name: str
    path: str
    watch: bool
    remove: bool
    options: Options
    device: str | None
    scanned: int | None
    imported: int


class FileRow(Struct, frozen=True):
    """A file that was read. `size` in bytes and `mtime` in ns are as listed then."""

    key: str
    size: int | None
    mtime: int | None
    state: State
    reason: str = ""
    picture: int | None = None


def listed(hub: Hub) -> list[ImportRow]:
    """Return all import folders in the order in which they were added."""
    rows = hub.read(
        "select id, name, path, watch, remove, options, device, scanned, imported from import_folder order by id"
    )
    return [
        ImportRow(id, name, path, bool(watch), bool(remove), msgspec.json.decode(options, type=Options), *rest)
        for id, name, path, watch, remove, options, *rest in rows
    ]


def get(hub: Hub, id: int) -> ImportRow:
    row = next((row for row in listed(hub) if row.id == id), None)
    if row is None:
        raise NotFound(GONE)
    return row


def overlapping(hub: Hub, path: Path) -> str | None:
    """Return the path of an import folder that lies within a folder, or around it."""
    for row in listed(hub):
        other = Path(row.path)
        if path.is_relative_to(other) or other.is_relative_to(path):
            return row.path
    return None


def add(hub: Hub, name: str, path: str, watch: bool, remove: bool, options: Options) -> int:
    rows = hub.write(
        "insert into import_folder(name, path, watch, remove, options) values (?, ?, ?, ?, ?) returning id",
        (name, path, int(watch), int(remove), _text(options)),
    )
    return int(rows[0][0])


def update(hub: Hub, row: ImportRow) -> None:
    """Store the name, the options, and what is done with the folder."""
    if hub.value("select 1 from import_folder where id != ? and name = ? collate nocase", (row.id, row.name)):
        raise Conflict(f"There is a folder called {row.name} already. Choose another name.")
    hub.write(
        "update import_folder set name = ?, watch = ?, remove = ?, options = ? where id = ?",
        (row.name, int(row.watch), int(row.remove), _text(row.options), row.id),
    )


def set_scanned(hub: Hub, id: int, device: str) -> None:
    hub.write("update import_folder set device = ?, scanned = ? where id = ?", (device, now(), id))


def remove(hub: Hub, id: int) -> None:
    hub.write("delete from import_folder where id = ?", (id,))


def counts(hub: Hub, id: int) -> tuple[int, int]:
    """Return how many files were refused, and how many could not be deleted."""
    rows: dict[str, int] = dict(
        hub.read(
            "select state, count(*) from import_file where folder = ? and reason != '' group by state",
            (id,),
        )
    )
    return rows.get("refused", 0), rows.get("remove", 0)


def problems(hub: Hub, id: int) -> list[Refusal]:
    rows = hub.read(
        "select key, reason from import_file where folder = ? and reason != '' order by mtime desc, key limit ?",
        (id, SHOWN),
    )
    return [Refusal(key, reason) for key, reason in rows]


def files(hub: Hub, id: int, *, removals: bool = False) -> Iterator[FileRow]:
    """Yield the files that were read; with `removals`, only those to be deleted. No read transaction stays open."""
    after, which = "", "state = 'remove'" if removals else "true"
    while True:
        rows = hub.read(
            "select key, size, mtime, state, reason, picture from import_file"
            f" where folder = ? and key > ? and {which} order by key limit ?",
            (id, after, SLICE),
        )
        yield from (FileRow(*row) for row in rows)
        if len(rows) < SLICE:
            return
        after = rows[-1][0]


def record(hub: Hub, id: int, files: Iterable[FileRow], imported: int) -> None:
    """Record files that were read, and count those that were imported; nothing if the folder was removed."""
    with hub.writing() as connection:
        connection.executemany(
            "insert into import_file(folder, key, size, mtime, state, reason, picture)"
            " select id, ?, ?, ?, ?, ?, ? from import_folder where id = ?"
            " on conflict(folder, key) do update set size = excluded.size, mtime = excluded.mtime,"
            " state = excluded.state, reason = excluded.reason, picture = excluded.picture",
            [(file.key, file.size, file.mtime, file.state, file.reason, file.picture, id) for file in files],
        ).fetchall()
        connection.execute("update import_folder set imported = imported + ? where id = ?", (imported, id)).fetchall()


def forget(hub: Hub, id: int, keys: Iterable[str]) -> None:
    """Forget files that are not there any more; not those that were set aside."""
    with hub.writing() as connection:
        connection.executemany(
            "delete from import_file where folder = ? and key = ? and aside is null", [(id, key) for key in keys]
        ).fetchall()


# -- removals ----------------------------------------------------------------------------------------------------------


def set_aside(hub: Hub, id: int, key: str, aside: str | None) -> None:
    """Record the name that a file has right before it is deleted, or that it has its own name again."""
    hub.write("update import_file set aside = ? where folder = ? and key = ?", (aside, id, key))


def may_remove(hub: Hub, id: int) -> bool:
    """Whether imported files of a folder are to be deleted, as people want it now."""
    return bool(hub.value("select remove from import_folder where id = ?", (id,)))


def removed(hub: Hub, id: int, key: str) -> None:
    hub.write("delete from import_file where folder = ? and key = ?", (id, key))


def left(hub: Hub, id: int, key: str, reason: str) -> None:
    """Record why a file could not be deleted."""
    hub.write("update import_file set reason = ? where folder = ? and key = ?", (reason, id, key))


def asides(hub: Hub, id: int) -> list[tuple[str, str, int | None]]:
    """Return (key, name, picture) of files that were set aside when the library stopped."""
    return hub.read("select key, aside, picture from import_file where folder = ? and aside is not null", (id,))


def _text(options: Options) -> str:
    return msgspec.json.encode(options).decode()

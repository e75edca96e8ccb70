"""Rows in `hub.db` of files that come over the network, and what became of them. See `uploads`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from ..database.hub import Hub, now
from ..errors import NotFound
from ..types import UploadedFile

COLUMNS = "id, batch, principal, key, name, size, received, state, members, job, touched, modified"
INSERT = f"insert into upload({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, null, null, ?, ?)"
INSERT_FILE = (
    "insert or ignore into upload_file select ?, ?, ?, ?, ?, ? where exists (select 1 from upload where id = ?)"
)


#: What the key of an upload begins with whose pictures are for a project.
PROJECT = "for project "
GONE = "There is no such upload: it was given up, or has expired."
#: The most that are listed.
LISTED = 200


class UploadRow(Struct, array_like=True):
    """One file; `batch` is what several that came in one request are asked for by. `members`: of a zip file.

    `touched` and `modified` are in ms.
    """

    id: str
    batch: str
    principal: str
    key: str
    name: str
    size: int
    received: int
    state: str
    members: int | None
    job: int | None
    touched: int
    modified: int | None


def begin(hub: Hub, id: str, principal: str, key: str, name: str, size: int, modified: int | None) -> None:
    hub.write(INSERT, (id, id, principal, key, name, size, 0, "receiving", now(), modified))


def add(hub: Hub, batch: str, principal: str, files: Iterable[tuple[str, str, int]], project: int | None) -> None:
    """Files (id, name, bytes) that are here whole, and the project that their pictures are for."""
    key = f"{PROJECT}{project}" if project is not None else ""
    with hub.writing() as connection:
        for id, name, size in files:
            connection.execute(INSERT, (id, batch, principal, key, name, size, size, "taking", now(), None)).fetchall()


def get(hub: Hub, id: str) -> UploadRow:
    rows = hub.read(f"select {COLUMNS} from upload where id = ?", (id,))
    if not rows:
        raise NotFound(GONE)
    return UploadRow(*rows[0])


def unfinished(hub: Hub, principal: str, key: str, name: str, size: int) -> UploadRow | None:
    """The one that the same sender began before."""
    rows = hub.read(
        f"select {COLUMNS} from upload where principal = ? and key = ? and name = ? and size = ? and state != 'done'",
        (principal, key, name, size),
    )
    return UploadRow(*rows[0]) if rows else None


def listed(hub: Hub, principal: str | None = None) -> list[UploadRow]:
    """All, or those of one principal; unfinished ones first, then the newest."""
    found = hub.read(
        f"select {COLUMNS} from upload where :principal is null or principal = :principal"
        " order by state = 'done', touched desc limit :limit",
        {"principal": principal, "limit": LISTED},
    )
    return [UploadRow(*row) for row in found]


def unended(hub: Hub) -> list[UploadRow]:
    return [UploadRow(*row) for row in hub.read(f"select {COLUMNS} from upload where state != 'done'")]


def ended(hub: Hub, before: int) -> list[str]:
    """Ids of those that were over before a moment, in ms."""
    return [row[0] for row in hub.read("select id from upload where state = 'done' and touched < ?", (before,))]


def batch(hub: Hub, batch: str) -> list[UploadRow]:
    """What came in one request, in order."""
    found = hub.read(f"select {COLUMNS} from upload where batch = ? order by length(id), id", (batch,))
    return [UploadRow(*row) for row in found]


def pending(hub: Hub, principal: str | None = None) -> tuple[int, int]:
    """(how many are unfinished, bytes that they are still to bring), of all or of one login."""
    row = hub.read(
        "select count(*), coalesce(sum(size - received), 0) from upload"
        " where state = 'receiving' and (?1 is null or principal = ?1)",
        (principal,),
    )[0]
    return int(row[0]), int(row[1])


def receive(hub: Hub, id: str, received: int) -> None:
    """So many bytes are here for good; with the last of them it is to be taken in."""
    hub.write(
        "update upload set received = :received, touched = :now,"
        " state = iif(:received = size, 'taking', state) where id = :id and state = 'receiving'",
        {"received": received, "now": now(), "id": id},
    )


def assign(hub: Hub, batch: str, job: int) -> None:
    hub.write("update upload set job = ? where batch = ?", (job, batch))


def count_members(hub: Hub, id: str, members: int) -> None:
    hub.write("update upload set members = ? where id = ?", (members, id))


def record(hub: Hub, id: str, results: Mapping[int, UploadedFile], *, done: bool = False) -> None:
    """Keep what became of files; those of an upload that was given up are nobody's."""
    with hub.writing() as connection:
        for n, one in results.items():
            connection.execute(INSERT_FILE, (id, n, one.name, one.status, one.id, one.reason, id)).fetchall()
        if done:
            connection.execute("update upload set state = 'done', touched = ? where id = ?", (now(), id)).fetchall()


def results(hub: Hub, id: str, offset: int = 0, limit: int = 1000) -> list[UploadedFile]:
    rows = hub.read(
        "select name, status, picture, reason from upload_file where upload = ? order by n limit ? offset ?",
        (id, limit, offset),
    )
    return [UploadedFile(*row) for row in rows]


def recorded(hub: Hub, id: str) -> dict[int, str]:
    """The statuses of files that were dealt with."""
    return dict(hub.read("select n, status from upload_file where upload = ?", (id,)))


def counts(hub: Hub, id: str) -> dict[str, int]:
    return dict(hub.read("select status, count(*) from upload_file where upload = ? group by status", (id,)))


def remove(hub: Hub, id: str) -> None:
    hub.write("delete from upload where id = ?", (id,))

"""The rows of uploads and of their results in `hub.db`. See `uploads`."""

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


#: Prefix of the key of an upload whose pictures go into a project.
PROJECT = "for project "
GONE = "There is no such upload: it was given up, or has expired."
#: The number of uploads in a list.
LISTED = 200


class UploadRow(Struct, array_like=True):
    """An uploaded file. Files of one request share a `batch`; `members` is the number of files in a zip file.

    `touched`, when the row last changed, and `modified`, the time of the file, are in ms.
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
    """Add complete files as (id, name, size in bytes), and the project that their pictures go into."""
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
    """Return the unfinished upload that the same login began with these arguments."""
    rows = hub.read(
        f"select {COLUMNS} from upload where principal = ? and key = ? and name = ? and size = ? and state != 'done'",
        (principal, key, name, size),
    )
    return UploadRow(*rows[0]) if rows else None


def listed(hub: Hub, principal: str | None = None) -> list[UploadRow]:
    """Return all uploads, or those of one principal: unfinished ones first, then the newest."""
    rows = hub.read(
        f"select {COLUMNS} from upload where :principal is null or principal = :principal"
        " order by state = 'done', touched desc limit :limit",
        {"principal": principal, "limit": LISTED},
    )
    return [UploadRow(*row) for row in rows]


def unended(hub: Hub) -> list[UploadRow]:
    return [UploadRow(*row) for row in hub.read(f"select {COLUMNS} from upload where state != 'done'")]


def ended(hub: Hub, before: int) -> list[str]:
    """Return the ids of uploads that ended before a time in ms."""
    return [row[0] for row in hub.read("select id from upload where state = 'done' and touched < ?", (before,))]


def batch(hub: Hub, batch: str) -> list[UploadRow]:
    """Return the uploads of one request, in order."""
    rows = hub.read(f"select {COLUMNS} from upload where batch = ? order by length(id), id", (batch,))
    return [UploadRow(*row) for row in rows]


def pending(hub: Hub, principal: str | None = None) -> tuple[int, int]:
    """Return (number of unfinished uploads, bytes that they still need), of all logins or of one."""
    row = hub.read(
        "select count(*), coalesce(sum(size - received), 0) from upload"
        " where state = 'receiving' and (?1 is null or principal = ?1)",
        (principal,),
    )[0]
    return int(row[0]), int(row[1])


def receive(hub: Hub, id: str, received: int) -> None:
    """Record how many bytes are durable; with the last of them the upload is ready to be imported."""
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
    """Record the results of files, unless the upload was cancelled."""
    with hub.writing() as connection:
        for n, file in results.items():
            connection.execute(INSERT_FILE, (id, n, file.name, file.status, file.id, file.reason, id)).fetchall()
        if done:
            connection.execute("update upload set state = 'done', touched = ? where id = ?", (now(), id)).fetchall()


def results(hub: Hub, id: str, offset: int = 0, limit: int = 1000) -> list[UploadedFile]:
    rows = hub.read(
        "select name, status, picture, reason from upload_file where upload = ? order by n limit ? offset ?",
        (id, limit, offset),
    )
    return [UploadedFile(*row) for row in rows]


def recorded(hub: Hub, id: str) -> dict[int, str]:
    """Return the status of each file that has a result, by its number."""
    return dict(hub.read("select n, status from upload_file where upload = ?", (id,)))


def counts(hub: Hub, id: str) -> dict[str, int]:
    return dict(hub.read("select status, count(*) from upload_file where upload = ? group by status", (id,)))


def remove(hub: Hub, id: str) -> None:
    hub.write("delete from upload where id = ?", (id,))

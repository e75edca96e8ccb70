"""SQL for the table of jobs in `hub.db`. `lanes.py` runs the jobs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from ..database.connection import bind_ids, fetch
from ..database.hub import Hub, now
from ..errors import NotFound
from ..types import ImportReport

#: Whether a job may run at `:now`. No job is postponed by more than its interval. If it seems to be, the clock was set
#: back since, and the job must not wait until the later date.
DUE = "(due <= :now or due > :now + 1000 * coalesce(every, 0))"
_FAILED = (
    "iif(kind = 'engine', coalesce(payload ->> '$.failed', 0), 0), iif(kind = 'engine', payload ->> '$.reason', null),"
    " iif(kind = 'engine', coalesce(payload ->> '$.dropped', 0), 0),"
    " iif(kind = 'engine', payload ->> '$.dropped_reason', null)"
)
COLUMNS = (
    "id, kind, label, lane, state, done, total, error, started, finished, every, report, payload ->> '$.engine', "
    + _FAILED
)


class JobRow(Struct, array_like=True):
    """A row of the table; times in ms."""

    id: int
    kind: str
    label: str
    lane: str
    state: str
    done: int
    total: int | None
    error: str | None
    started: int | None
    finished: int | None
    every: float | None
    report: str | None
    engine: str | None
    failed: int
    reason: str | None
    dropped: int
    dropped_reason: str | None

    def reported(self) -> ImportReport | None:
        return msgspec.json.decode(self.report, type=ImportReport) if self.report else None


class Claim(Struct, frozen=True):
    """A job that its lane runs now. `done` and `total`: its progress before it was interrupted.

    `due` in ms: a later one in its row was set while it ran.
    """

    id: int
    kind: str
    payload: Any
    every: float | None
    priority: int = 0
    done: int = 0
    total: int | None = None
    due: int = 0


def begin(hub: Hub, kind: str, label: str, payload: Any, lane: str, priority: int) -> Claim:
    """Insert a job that is already running, in the thread of its caller."""
    text = msgspec.json.encode(payload).decode()
    rows = hub.write(
        "insert into job(kind, label, lane, priority, payload, state, due, started, heartbeat)"
        " values (?1, ?2, ?3, ?4, ?5, 'running', ?6, ?6, ?6) returning id",
        (kind, label, lane, priority, text, now()),
    )
    return Claim(rows[0][0], kind, msgspec.json.decode(text), None, priority)


def insert(hub: Hub, kind: str, label: str, payload: Any, lane: str, priority: int, every: float | None = None) -> int:
    """Insert a waiting job and return its id. `every`: the interval of a repeating job in seconds."""
    text = msgspec.json.encode(payload).decode()
    row = hub.write(
        "insert into job(kind, label, lane, priority, payload, state, every, due)"
        " values (?, ?, ?, ?, ?, 'waiting', ?, ?) returning id",
        (kind, label, lane, priority, text, every, now()),
    )
    return int(row[0][0])


def repeating(hub: Hub, kind: str, label: str, lane: str, every: float) -> int:
    """Insert or update the repeating job of a kind, and return its id."""
    with hub.writing() as connection:  # or two threads could insert one each
        rows = fetch(connection, "select id from job where kind = ? and every is not null", (kind,))
        if not rows:
            return insert(hub, kind, label, {}, lane, -1, every)
        hub.write("update job set every = ?, label = ?, lane = ? where id = ?", (every, label, lane, *rows[0]))
    return int(rows[0][0])


def end_repeating(hub: Hub, kind: str) -> None:
    """Delete the repeating job of a kind, unless it runs at present."""
    hub.write("delete from job where kind = ? and every is not null and state != 'running'", (kind,))


def hasten(hub: Hub, kind: str, seconds: float) -> None:
    """Make the repeating job of a kind due in at most a number of seconds; if it runs at present, after that again."""
    _set_due(hub, kind, seconds, "state = 'running' or (state = 'waiting' and due > :due)")


def postpone(hub: Hub, kind: str, seconds: float) -> None:
    """Make the repeating job of a kind due in a number of seconds; if it runs at present, after that again."""
    _set_due(hub, kind, seconds, "state in ('running', 'waiting')")


def _set_due(hub: Hub, kind: str, seconds: float, where: str) -> None:
    sql = (
        "update job set due = iif(state = 'running', max(:due, due + 1), :due) where kind = :kind and every is not null"
    )
    hub.write(f"{sql} and ({where})", {"due": now() + int(seconds * 1000), "kind": kind})


def get(hub: Hub, job: int) -> JobRow:
    rows = hub.read(f"select {COLUMNS} from job where id = ?", (job,))
    if not rows:
        raise NotFound("There is no such job.")
    return JobRow(*rows[0])


def kind_and_payload(hub: Hub, job: int) -> tuple[str, Any]:
    rows = hub.read("select kind, payload from job where id = ?", (job,))
    if not rows:
        raise NotFound("There is no such job.")
    return rows[0][0], msgspec.json.decode(rows[0][1])


def keep_payload(hub: Hub, job: int, payload: Any) -> None:
    """Replace the payload of a job."""
    hub.write("update job set payload = ? where id = ?", (msgspec.json.encode(payload).decode(), job))


def newest(hub: Hub, limit: int) -> list[JobRow]:
    """Return jobs, the running ones first, then the newest."""
    rows = hub.read(f"select {COLUMNS} from job order by state != 'running', id desc limit ?", (limit,))
    return [JobRow(*row) for row in rows]


def unfinished(hub: Hub) -> list[JobRow]:
    """Return running and paused jobs, and waiting ones that do not repeat."""
    where = "state in ('running', 'paused') or (state = 'waiting' and every is null)"
    return [JobRow(*row) for row in hub.read(f"select {COLUMNS} from job where {where}")]


def claim(hub: Hub, lane: str) -> Claim | None:
    """Mark the next job of a lane as running and return it: highest priority, then longest due."""
    ready, bound = f"lane = :lane and state = 'waiting' and {DUE}", {"lane": lane, "now": now()}
    if not hub.read(f"select 1 from job where {ready} limit 1", bound):
        return None
    rows = hub.write(
        f"""
        update job set state = 'running', heartbeat = :now, started = coalesce(started, :now), finished = null,
          due = iif(every is null, due, :now)
        where id = (select id from job where {ready} order by priority desc, due, id limit 1)
        returning id, kind, payload, every, priority, done, total, due
        """,
        bound,
    )
    if not rows:
        return None
    job, kind, payload, every, priority, done, total, due = rows[0]
    if every is not None:  # a repeating job starts from 0 each time
        done, total = 0, None
    return Claim(job, kind, msgspec.json.decode(payload), every, priority, done, total, due)


def is_wanted(hub: Hub, lane: str, priority: int) -> bool:
    """Return whether a job of a higher priority waits in a lane."""
    where = f"lane = :lane and state = 'waiting' and priority > :priority and {DUE}"
    bound = {"lane": lane, "priority": priority, "now": now()}
    return bool(hub.read(f"select 1 from job where {where} limit 1", bound))


def due(hub: Hub, lane: str) -> float:
    """Return the seconds until the next job of a lane is due; negative if it is overdue, infinite if none waits."""
    sql = f"select min(iif({DUE}, 0, due - :now)) from job where lane = :lane and state = 'waiting'"
    ((left,),) = hub.read(sql, {"lane": lane, "now": now()})
    return math.inf if left is None else left / 1000


def release_all(hub: Hub) -> None:
    """Queue all running jobs again, at start."""
    hub.write("update job set state = 'waiting' where state = 'running'")


def release(hub: Hub, lane: str, running: list[int], by_hand: Iterable[str]) -> None:
    """Queue the running jobs of a lane again, except those in `running`; pause the kinds in `by_hand` instead."""
    paused = msgspec.json.encode(sorted(by_hand)).decode()
    hub.write(
        "update job set state = iif(kind in (select value from json_each(?)), 'paused', 'waiting')"
        " where state = 'running' and lane = ? and id not in carray(?)",
        (paused, lane, bind_ids(running)),
    )


def ahead(hub: Hub, job: int) -> list[tuple[int, str]]:
    """Return (id, label) of the jobs that run before a waiting job of the same lane, in order."""
    return hub.read(
        """
        select other.id, other.label from job mine join job other on other.lane = mine.lane and other.id != mine.id
        where mine.id = ? and (other.state = 'running' or (
          other.state = 'waiting' and other.every is null
          and (-other.priority, other.due, other.id) < (-mine.priority, mine.due, mine.id)))
        order by other.state != 'running', other.priority desc, other.due, other.id
        """,
        (job,),
    )


def pause_all(hub: Hub, kind: str) -> None:
    """Pause the unfinished jobs of a kind, at start."""
    hub.write("update job set state = 'paused' where kind = ? and state in ('running', 'waiting')", (kind,))


def wait(hub: Hub, job: int, *, anew: bool) -> None:
    """Queue a job again. `anew`: from the beginning."""
    counts = ", done = 0, total = null" if anew else ""
    hub.write(f"update job set state = 'waiting', error = null, due = ?{counts} where id = ?", (now(), job))


def stop(hub: Hub, job: int, state: str) -> None:
    hub.write("update job set state = ?, finished = ? where id = ?", (state, now(), job))


def beat(hub: Hub, job: int, done: int, total: int | None) -> None:
    hub.write("update job set heartbeat = ?, done = ?, total = ? where id = ?", (now(), done, total, job))


def finish(
    hub: Hub,
    claim: Claim,
    state: str,
    error: str | None,
    done: int,
    total: int | None,
    report: ImportReport | None,
) -> None:
    """Record the end of a job. A repeating one is due after its interval, or as it was set meanwhile."""
    text = msgspec.json.encode(report).decode() if report else None
    hub.write(
        "update job set state = ?, error = ?, done = ?, total = ?, report = ?, finished = ?,"
        " due = iif(due > ?, min(due, ?8), ?8) where id = ?",
        (state, error, done, total, text, now(), claim.due, now() + int((claim.every or 0) * 1000), claim.id),
    )

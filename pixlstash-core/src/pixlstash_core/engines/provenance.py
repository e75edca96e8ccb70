"""Active producers, their replacement, and the removal of a run's results.

Another revision, other settings or another engine make another producer. The old one stays active until the new one
has processed the same pictures, so that users never see a library without results.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from ..database.connection import Database, bind_ids
from ..database.writer import Write

#: The kind with one preferred producer and others that are active too: embedders, some of which can embed words.
COMPARED = "vector"
#: Pictures outside the scrapheap that old producers processed and the new one did not.
_LEFT = """
    from done d where d.producer_id in carray(:olds)
      and not exists (select 1 from done n where n.picture_id = d.picture_id and n.producer_id = :new)
      and not exists (select 1 from scrapheap s where s.picture_id = d.picture_id)
    """


class Count(Struct, frozen=True):
    """The number of pictures that a producer has processed, and that of failures among them."""

    done: int
    errors: int


def find(db: Database, kind: str, engine: str) -> list[int]:
    """Return the ids of all producers of an engine, the oldest first."""
    rows = db.read("select id from producer where kind = ? and engine = ? order by id", (kind, engine))
    return [row[0] for row in rows]


def succeeded(db: Database, producer: int) -> list[int]:
    """Return the ids of the producers that a producer will replace."""
    return [row[0] for row in db.read("select producer_id from succession where by_id = ?", (producer,))]


def active(db: Database, producers: Sequence[int]) -> list[int]:
    """Return the active producers among some, the preferred one first."""
    sql = "select producer_id from active where producer_id in carray(?) order by rank"
    return [row[0] for row in db.read(sql, (bind_ids(producers),))]


def first(db: Database, kind: str) -> int | None:
    """Return the preferred producer of a kind; None if none is active."""
    producer: int | None = db.value("select producer_id from active where kind = ? order by rank limit 1", (kind,))
    return producer


def threshold(db: Database, producer: int) -> float | None:
    """Return the confidence from which a producer's results apply; None if it is not active."""
    confidence: float | None = db.value("select threshold from active where producer_id = ?", (producer,))
    return confidence


def count(db: Database, producer: int) -> Count:
    done = db.value("select count(*) from done where producer_id = ?", (producer,))
    return Count(done, db.value("select count(*) from done where producer_id = ? and error is not null", (producer,)))


def newest_picture(db: Database) -> int:
    """Return the highest picture id, or 0."""
    return int(db.value("select max(id) from picture") or 0)


def errors(db: Database, producer: int, limit: int, run: int | None = None) -> list[tuple[int, str, str]]:
    """Return (picture, its name, error) of one run or all runs, the newest pictures first."""
    sql = """
        select d.picture_id, p.name, d.error from done d join picture p on p.id = d.picture_id
        where d.producer_id = ?1 and d.error is not null and (?3 is null or d.run_id = ?3)
        order by d.picture_id desc limit ?2
        """
    return [(picture, name, error) for picture, name, error in db.read(sql, (producer, limit, run))]


def failed_in(db: Database, producer: int, run: int) -> tuple[int, str | None]:
    """Return the number of pictures on which a run failed, and the error of the newest one."""
    where = "from done where producer_id = ? and error is not null and run_id = ?"
    ((count, reason),) = db.read(
        f"select count(*), (select error {where} order by picture_id desc limit 1) {where}", (producer, run) * 2
    )
    return count, reason


def failed(db: Database, producer: int) -> list[int]:
    """Return the pictures on which a producer failed."""
    sql = "select picture_id from done where producer_id = ? and error is not null order by 1"
    return [row[0] for row in db.read(sql, (producer,))]


def outdated(db: Database, olds: Sequence[int], new: int | None) -> list[int]:
    """Return pictures that earlier producers processed and the present one did not."""
    bound = {"olds": bind_ids(olds), "new": new}
    return [row[0] for row in db.read(f"select distinct d.picture_id {_LEFT} order by 1", bound)]


def count_outdated(db: Database, olds: Sequence[int], new: int | None) -> int:
    bound = {"olds": bind_ids(olds), "new": new}
    return int(db.value(f"select count(distinct d.picture_id) {_LEFT}", bound)) if olds else 0


def names(db: Database, ids: Sequence[int]) -> dict[int, str]:
    """Return the names of pictures by id."""
    return dict(db.read("select id, name from picture where id in carray(?)", (bind_ids(ids),)))


def of_kinds(db: Database, ids: Sequence[int] | None, kinds: Sequence[str]) -> list[int]:
    """Return those of some pictures, or of all outside the scrapheap, that have one of some media kinds."""
    among = "p.id in carray(:ids)" if ids is not None else ":ids is null"
    live = "not exists (select 1 from scrapheap where picture_id = p.id)"
    sql = f"select p.id from picture p where p.kind in (select value from json_each(:kinds)) and {among} and {live}"
    bound = {"ids": bind_ids(ids) if ids is not None else None, "kinds": msgspec.json.encode(kinds).decode()}
    return [row[0] for row in db.read(f"{sql} order by p.id", bound)]


# --- in a transaction -------------------------------------------------------------------------------------------------


def succeed(write: Write, olds: Sequence[int], new: int) -> None:
    """Let a producer replace others once it has processed all their pictures."""
    write.execute("delete from succession where producer_id = ?", (new,))
    write.many(
        "insert into succession values (?, ?) on conflict(producer_id) do update set by_id = excluded.by_id",
        [(old, new) for old in olds if old != new],
    )


def count_from(write: Write, producer: int, threshold: float, olds: Sequence[int], *, first: bool) -> None:
    """Activate a producer unless it is active, before or after the others of its kind.

    It gets the threshold of the producers that it replaces, or else `threshold`.
    """
    write.execute(
        """
        insert or ignore into active select p.kind, p.id,
          coalesce((select threshold from active where producer_id in carray(:olds) order by rank), :threshold),
          coalesce((
          select case when :first then min(rank) - 1 else max(rank) + 1 end from active where kind = p.kind), 0)
        from producer p where p.id = :producer
        """,
        {"producer": producer, "threshold": threshold, "olds": bind_ids(olds), "first": first},
    )


def move_threshold(write: Write, producers: Sequence[int], threshold: float) -> None:
    write.execute(
        "update active set threshold = ? where producer_id in carray(?) and threshold != ?",
        (threshold, bind_ids(producers), threshold),
    )


def settle(write: Write) -> int:
    """Replace producers by those that have caught up with them; return the number of replaced producers.

    The embedder of another engine stays active behind the new one.
    """
    rows = write.execute(
        "select s.producer_id, s.by_id, a.threshold, a.rank, n.kind = ? and n.engine != o.engine from succession s"
        " join producer o on o.id = s.producer_id join producer n on n.id = s.by_id"
        " left join active a on a.producer_id = s.producer_id",
        (COMPARED,),
    )
    settled = 0
    for old, new, threshold, rank, stays in rows:
        if threshold is not None and write.execute(f"select 1 {_LEFT} limit 1", {"olds": bind_ids([old]), "new": new}):
            continue
        write.execute("delete from succession where producer_id = ?", (old,))
        if threshold is None:  # it was deactivated meanwhile, so that there is nothing to replace
            continue
        if stays:
            rank = write.value("select min(rank) - 1 from active where kind = ?", (COMPARED,))
        else:
            write.execute("delete from active where producer_id = ?", (old,))
        write.execute(
            "insert into active select kind, id, ?, ? from producer where id = ?"
            " on conflict(kind, producer_id) do update set rank = min(rank, excluded.rank)",
            (threshold, rank, new),
        )
        settled += 1
    return settled


def revert(write: Write, run: int, tables: Sequence[str]) -> int:
    """Remove the results of a run; return the number of its pictures."""
    rows = write.execute("select d.picture_id, d.producer_id from done d where d.run_id = ?", (run,))
    if not rows:
        return 0
    bound = {"ids": bind_ids(row[0] for row in rows), "producer": rows[0][1]}
    for table in tables:
        write.execute(f"delete from {table} where producer_id = :producer and picture_id in carray(:ids)", bound)
    write.execute("delete from done where run_id = ?", (run,))
    return len(rows)

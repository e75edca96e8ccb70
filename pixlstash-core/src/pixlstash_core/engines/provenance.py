"""Which producers count, what takes the place of what, and taking back what a run wrote.

Another revision, other settings or another engine are another producer. The old one counts until the new one has looked
at all that it looked at, so that nobody ever sees an emptied library.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from ..database.connection import Database, bind_ids
from ..database.writer import Write

#: The kind of which one producer is preferred, while others count as well: embedders, some of which know words.
COMPARED = "vector"
#: Pictures of a producer that are not thrown away and that another has not looked at.
_LEFT = """
    from done d where d.producer_id in carray(:olds)
      and not exists (select 1 from done n where n.picture_id = d.picture_id and n.producer_id = :new)
      and not exists (select 1 from scrapheap s where s.picture_id = d.picture_id)
    """


class Count(Struct, frozen=True):
    """Pictures a producer has looked at, and those of them where it failed."""

    done: int
    errors: int


def find(db: Database, kind: str, engine: str) -> list[int]:
    """Every producer that an engine ever was, oldest first."""
    rows = db.read("select id from producer where kind = ? and engine = ? order by id", (kind, engine))
    return [row[0] for row in rows]


def succeeded(db: Database, producer: int) -> list[int]:
    """Those that a producer is to take the place of."""
    return [row[0] for row in db.read("select producer_id from succession where by_id = ?", (producer,))]


def active(db: Database, producers: Sequence[int]) -> list[int]:
    """Those of them that count, the preferred one first."""
    sql = "select producer_id from active where producer_id in carray(?) order by rank"
    return [row[0] for row in db.read(sql, (bind_ids(producers),))]


def first(db: Database, kind: str) -> int | None:
    """The producer of a kind that is preferred; None: none counts."""
    found: int | None = db.value("select producer_id from active where kind = ? order by rank limit 1", (kind,))
    return found


def threshold(db: Database, producer: int) -> float | None:
    """From which confidence on a producer counts; None where it does not."""
    found: float | None = db.value("select threshold from active where producer_id = ?", (producer,))
    return found


def count(db: Database, producer: int) -> Count:
    done = db.value("select count(*) from done where producer_id = ?", (producer,))
    return Count(done, db.value("select count(*) from done where producer_id = ? and error is not null", (producer,)))


def newest_picture(db: Database) -> int:
    """The highest id there is."""
    return int(db.value("select max(id) from picture") or 0)


def errors(db: Database, producer: int, limit: int, run: int | None = None) -> list[tuple[int, str, str]]:
    """(picture, its name, what went wrong), the newest pictures first; of one run, or of all."""
    sql = """
        select d.picture_id, p.name, d.error from done d join picture p on p.id = d.picture_id
        where d.producer_id = ?1 and d.error is not null and (?3 is null or d.run_id = ?3)
        order by d.picture_id desc limit ?2
        """
    return [(picture, name, error) for picture, name, error in db.read(sql, (producer, limit, run))]


def failed_in(db: Database, producer: int, run: int) -> tuple[int, str | None]:
    """On how many pictures a run failed, and why on the newest of them."""
    where = "from done where producer_id = ? and error is not null and run_id = ?"
    ((count, reason),) = db.read(
        f"select count(*), (select error {where} order by picture_id desc limit 1) {where}", (producer, run) * 2
    )
    return count, reason


def failed(db: Database, producer: int) -> list[int]:
    """Pictures on which a producer failed."""
    sql = "select picture_id from done where producer_id = ? and error is not null order by 1"
    return [row[0] for row in db.read(sql, (producer,))]


def outdated(db: Database, olds: Sequence[int], new: int | None) -> list[int]:
    """Pictures that older producers have looked at, and the present one has not."""
    bound = {"olds": bind_ids(olds), "new": new}
    return [row[0] for row in db.read(f"select distinct d.picture_id {_LEFT} order by 1", bound)]


def count_outdated(db: Database, olds: Sequence[int], new: int | None) -> int:
    bound = {"olds": bind_ids(olds), "new": new}
    return int(db.value(f"select count(distinct d.picture_id) {_LEFT}", bound)) if olds else 0


def names(db: Database, ids: Sequence[int]) -> dict[int, str]:
    """What pictures are called."""
    return dict(db.read("select id, name from picture where id in carray(?)", (bind_ids(ids),)))


def of_kinds(db: Database, ids: Sequence[int] | None, kinds: Sequence[str]) -> list[int]:
    """Of these pictures, or of all that are not in the scrapheap, those of some kinds."""
    among = "p.id in carray(:ids)" if ids is not None else ":ids is null"
    live = "not exists (select 1 from scrapheap where picture_id = p.id)"
    sql = f"select p.id from picture p where p.kind in (select value from json_each(:kinds)) and {among} and {live}"
    bound = {"ids": bind_ids(ids) if ids is not None else None, "kinds": msgspec.json.encode(kinds).decode()}
    return [row[0] for row in db.read(f"{sql} order by p.id", bound)]


# --- in a transaction -------------------------------------------------------------------------------------------------


def succeed(write: Write, olds: Sequence[int], new: int) -> None:
    """Let a producer take the place of others once it has looked at all that they did."""
    write.execute("delete from succession where producer_id = ?", (new,))
    write.many(
        "insert into succession values (?, ?) on conflict(producer_id) do update set by_id = excluded.by_id",
        [(old, new) for old in olds if old != new],
    )


def count_from(write: Write, producer: int, threshold: float, olds: Sequence[int], *, first: bool) -> None:
    """Let a producer count if it does not: before the others of its kind, or after them.

    From the confidence that people chose for those before it, or else from `threshold`.
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
    """Put producers in the place of those they have caught up with; how many.

    An embedder of another engine stays active behind the new one.
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
        if threshold is None:  # people have let it count no more meanwhile: nothing takes its place
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
    """Take back what a run wrote, as if it had not been; from how many pictures."""
    rows = write.execute("select d.picture_id, d.producer_id from done d where d.run_id = ?", (run,))
    if not rows:
        return 0
    bound = {"ids": bind_ids(row[0] for row in rows), "producer": rows[0][1]}
    for table in tables:
        write.execute(f"delete from {table} where producer_id = :producer and picture_id in carray(:ids)", bound)
    write.execute("delete from done where run_id = ?", (run,))
    return len(rows)

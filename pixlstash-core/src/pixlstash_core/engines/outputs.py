"""The results of engines: producers, their results, and which of them are active.

A producer is an engine at one revision with one set of output parameters. Results are stored in small slices, which do
not delay users' writes. Each picture's result and its row in `done` are committed together. Unprocessed pictures are
therefore found by one query, and a killed process leaves nothing to repair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypedDict, Unpack

import msgspec
from msgspec import Struct

from ..database.connection import Database, bind_ids
from ..database.features import OutputKind
from ..database.hub import now
from ..database.writer import Committed, Label, Write, Writer, outcome
from ..errors import Invalid, NotFound, PixlStashError

#: Pictures whose results are stored in one commit.
SLICE = 128


class Output(Struct, frozen=True):
    """A producer's result for one picture: the plain value of its kind, or an error.

    The value of tags is a list of (name, confidence from 0 to 1), optionally with a category; that of captions is a
    text.
    """

    picture: int
    value: Any = None
    error: str | None = None


class Dropped(Struct, frozen=True):
    """The number of partial results (tags) that could not be stored, and the reason for one of them."""

    count: int = 0
    reason: str | None = None


class Producer(Struct, frozen=True):
    id: int
    kind: str
    engine: str
    revision: str
    params: dict[str, Any]
    about: dict[str, Any]


def distributions(db: Database) -> dict[str, str]:
    """Return, by engine, the distribution that produced a library's results; the latest if there are several."""
    sql = (
        "select engine, package from producer p where exists (select 1 from done where producer_id = p.id) order by id"
    )
    return dict(db.read(sql))


def distributions_at(library: Path) -> dict[str, str]:
    """Return the distributions of a library that is not open; nothing if it must be upgraded first."""
    try:
        db = Database(library / "library.db", "library", read_only=True)
    except PixlStashError:  # to be upgraded by the opening that follows
        return {}
    try:
        return distributions(db)
    finally:
        db.close()


class Outputs:
    """The results of engines in one library. `kinds` are the available kinds of output."""

    def __init__(self, db: Database, writer: Writer, kinds: Iterable[OutputKind]) -> None:
        self._db, self._writer = db, writer
        self.kinds = {kind.name: kind for kind in kinds}
        self._dropped: dict[int, Dropped] = {}
        self._keepers = {kind.name: kind.keeper(db, writer) for kind in self.kinds.values()}

    # -- producers -----------------------------------------------------------------------------------------------------

    def register(
        self,
        kind: str,
        engine: str,
        revision: str,
        params: Mapping[str, Any],
        package: str = "",
        version: str = "",
        about: Mapping[str, Any] | None = None,
    ) -> int:
        """Return the id of a producer of a kind of output, creating it if it is new."""
        existing = self.find_producer(kind, engine, revision, params)
        if existing is not None:
            return existing
        text, fingerprint = _fingerprint(kind, engine, revision, params)
        about_text = msgspec.json.encode(about or {}).decode()
        row = (kind, engine, revision, text, fingerprint, package, version, about_text)

        def work(write: Write) -> int:
            write.execute(
                "insert or ignore into producer"
                "(kind, engine, revision, params, fingerprint, package, package_version, about)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            return int(write.value("select id from producer where fingerprint = ?", (fingerprint,)))

        return outcome(self._writer.submit(work))

    def find_producer(self, kind: str, engine: str, revision: str, params: Mapping[str, Any]) -> int | None:
        """Return the id of a producer; None if it does not exist."""
        if kind not in self.kinds:
            raise Invalid(f"A producer makes one of {', '.join(self.kinds)}, not {kind!r}.")
        _, fingerprint = _fingerprint(kind, engine, revision, params)
        id: int | None = self._db.value("select id from producer where fingerprint = ?", (fingerprint,))
        return id

    def producer(self, id: int) -> Producer:
        rows = self._db.read("select id, kind, engine, revision, params, about from producer where id = ?", (id,))
        if not rows:
            raise NotFound("There is no such producer.")
        number, kind, engine, revision, params, about = rows[0]
        return Producer(number, kind, engine, revision, msgspec.json.decode(params), msgspec.json.decode(about))

    def activate(self, producer: int, threshold: float = 0.0, rank: int | None = None, *, principal: str = "") -> None:
        """Activate a producer: results from this confidence (0 to 1) on apply. The lowest `rank` is preferred; by
        default, the producer becomes the last.
        """
        if not 0 <= threshold <= 1:
            raise Invalid("A threshold lies between 0 and 1.")
        described = self.producer(producer)

        def work(write: Write) -> None:
            write.execute(
                """
                insert into active select :kind, :producer, :threshold,
                  coalesce(:rank, (select max(rank) + 1 from active where kind = :kind), 0) where true
                on conflict(kind, producer_id) do update set threshold = :threshold, rank = coalesce(:rank, rank)
                where threshold != :threshold or rank != coalesce(:rank, rank)
                """,
                {"kind": described.kind, "producer": producer, "threshold": threshold, "rank": rank},
            )

        self._writer.run(work, Label(principal, f"{described.engine} counts from {threshold:.0%}" if principal else ""))

    def deactivate(self, producer: int, *, principal: str = "") -> None:
        """Deactivate a producer; its results stay stored."""
        engine = self.producer(producer).engine
        self._writer.run(
            lambda write: write.execute("delete from active where producer_id = ?", (producer,)),
            Label(principal, f"{engine} no longer counts" if principal else ""),
        )

    # -- results -------------------------------------------------------------------------------------------------------

    def missing(
        self, producer: int, limit: int = 1000, *, before: int | None = None, **which: Unpack[Which]
    ) -> list[int]:
        """Return pictures that a producer has not processed, with ids below `before`, the newest first.

        Pictures in the scrapheap are left out.
        """
        where, bound = _missing(producer, which)
        sql = f"select id from picture p where p.id < :before and {where} order by id desc limit :limit"
        rows = self._db.read(sql, {**bound, "before": before if before is not None else 1 << 62, "limit": limit})
        return [row[0] for row in rows]

    def count_missing(self, producer: int, **which: Unpack[Which]) -> int:
        """Return the number of pictures that a producer has not processed."""
        where, bound = _missing(producer, which)
        return int(self._db.value(f"select count(*) from picture p where {where}", bound))

    def inputs(self, needs: Sequence[str], ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Return the other engines' results that an engine needs, by picture and kind."""
        inputs: dict[int, dict[str, Any]] = {}
        with self._db.reading() as connection:
            for need in needs:
                inputs_of = self.kinds[need].inputs
                for picture, value in (inputs_of(connection, list(ids)) if inputs_of else {}).items():
                    inputs.setdefault(picture, {})[need] = value
        return inputs

    def forget_errors(self, producer: int, among: Sequence[int] | None = None, run: int | None = None) -> int:
        """Mark failed pictures as unprocessed again, among some or in one run; return their number."""
        chosen = "and picture_id in carray(:among)" if among is not None else ""
        chosen += " and run_id = :run" if run is not None else ""
        bound = {"producer": producer, "run": run, **({"among": bind_ids(among)} if among is not None else {})}

        def work(write: Write) -> int:
            write.execute(f"delete from done where producer_id = :producer and error is not null {chosen}", bound)
            return write.changes()

        return outcome(self._writer.submit(work))

    def begin(self, producer: int) -> int:
        """Begin a run of a producer, whose results can be removed as a whole."""
        sql = "insert into run(producer_id, at) values (?, ?) returning id"
        return outcome(self._writer.submit(lambda write: int(write.value(sql, (producer, now())))))

    def store(self, producer: int, outputs: Iterable[Output], run: int | None = None) -> list[Future[Committed[int]]]:
        """Store results. Each future resolves to the number of pictures in its slice when it is durable.

        Results of deleted pictures are left out. A result replaces an earlier one for the same picture. Parts of a
        result that cannot be stored are dropped and counted for `take_dropped`.
        """
        kind = self.kinds[self.producer(producer).kind]
        keeper = self._keepers[kind.name]
        listed = list(outputs)
        good = [output for output in listed if output.error is None and output.value is not None]
        values = [self._sifted(kind, output.value, run) for output in good]
        packed = {output.picture: body for output, body in zip(good, keeper.pack(values))}
        slices = (listed[at : at + SLICE] for at in range(0, len(listed), SLICE))
        return [self._writer.submit(_writing(keeper, producer, part, packed, run)) for part in slices]

    def keep(self, kind: str, engine: str, revision: str, results: Mapping[int, Any], threshold: float) -> None:
        """Store results by picture that come from no run, active from this confidence on; return when they are stored.

        Raises `Invalid` if one is not a valid result of its kind.
        """
        producer = self.register(kind, engine, revision, {})
        try:
            outputs = [Output(id, self.kinds[kind].check(None, result, {})) for id, result in results.items()]
        except ValueError as error:
            raise Invalid(f"These are no results of {engine}: {error}.") from error
        for stored in self.store(producer, outputs):
            outcome(stored)
        self.activate(producer, threshold)

    def take_dropped(self, run: int) -> Dropped:
        """Return what could not be stored of a run's results since the last call."""
        return self._dropped.pop(run, Dropped())

    def _sifted(self, kind: OutputKind, value: Any, run: int | None) -> Any:
        """Return the part of a result that can be stored; the rest is counted."""
        if kind.sift is None:
            return value
        value, reasons = kind.sift(value)
        if reasons and run is not None:
            before = self._dropped.get(run, Dropped())
            self._dropped[run] = Dropped(before.count + len(reasons), reasons[-1])
        return value


def _fingerprint(kind: str, engine: str, revision: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """Return the settings as text, and the fingerprint that distinguishes producers."""
    text = msgspec.json.encode(params, order="sorted").decode()
    return text, hashlib.sha256("\0".join([kind, engine, revision, text]).encode()).hexdigest()


class Which(TypedDict, total=False):
    """A choice of pictures: ids above `after`, `among` some ids, of some media `kinds`, already processed by every
    active producer of the kinds of output in `needs`, and with a vector of the producer `vectors_of`.
    """

    after: int
    among: Sequence[int] | None
    kinds: Sequence[str] | None
    needs: Sequence[str]
    vectors_of: int


def _missing(producer: int, which: Which) -> tuple[str, dict[str, Any]]:
    """Return a condition on `picture p`, and its bindings."""
    where = [
        "not exists (select 1 from scrapheap where picture_id = p.id)",
        "not exists (select 1 from done where picture_id = p.id and producer_id = :producer)",
        "p.id > :after",
    ]
    bound: dict[str, Any] = {"producer": producer, "after": which.get("after", 0)}
    if (among := which.get("among")) is not None:
        where.append("p.id in carray(:among)")
        bound["among"] = bind_ids(among)
    if (kinds := which.get("kinds")) is not None:
        where.append("p.kind in (select value from json_each(:kinds))")
        bound["kinds"] = msgspec.json.encode(kinds).decode()
    if (vectors_of := which.get("vectors_of")) is not None:
        where.append("exists (select 1 from vector_output where picture_id = p.id and producer_id = :vectors_of)")
        bound["vectors_of"] = vectors_of
    for n, need in enumerate(which.get("needs", ())):
        bound[f"need{n}"] = need
        where.append(f"exists (select 1 from active where kind = :need{n})")
        where.append(
            f"not exists (select 1 from active a where a.kind = :need{n} and not exists"
            " (select 1 from done d where d.picture_id = p.id and d.producer_id = a.producer_id))"
        )
    return " and ".join(where), bound


def _writing(keeper: Any, producer: int, outputs: Sequence[Output], packed: Mapping[int, Any], run: int | None) -> Any:
    at = now()
    done = {output.picture: (output.picture, producer, at, output.error, run) for output in outputs}

    def work(write: Write) -> int:
        there = {row[0] for row in write.execute("select id from picture where id in carray(?)", (bind_ids(done),))}
        write.many(
            "insert into done(picture_id, producer_id, at, error, run_id) values (?, ?, ?, ?, ?)"
            " on conflict do update set at = excluded.at, error = excluded.error, run_id = excluded.run_id",
            [row for picture, row in sorted(done.items()) if picture in there],
        )
        present = {picture: packed[picture] for picture in sorted(done) if picture in packed and picture in there}
        keeper.put(write, producer, present)
        return len(there)

    return work

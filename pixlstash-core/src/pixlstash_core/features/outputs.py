"""What engines found: producers, their results, and which of them count.

A producer is an engine at one revision with one set of output parameters. Results are stored in slices that a person
never waits for; each picture's result and the note that it is done are committed together, so that what is missing is
always one statement and a killed process has nothing to repair.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec
from msgspec import Struct

from ..db import Database, bind_ids
from ..errors import Invalid, NotFound
from ..hub import now
from ..nouns import COMPUTED, TAGS, Noun, Table
from ..tagging import words
from ..tagging.entries import WHOLE, pack
from ..write import Committed, Door, Label, Write, outcome

NOUN = Noun(
    "producers",
    tables=(
        Table("producer", "producers", merge="kept"),
        Table("active", "tags", merge="whole", kinds=TAGS),
        Table("done", "producers", 0, "done", within=COMPUTED, kinds=frozenset({"tags", "captions"})),
    ),
)
#: Pictures whose results are committed together.
SLICE = 128


class Output(Struct, frozen=True):
    """What a producer has to say about one picture: tags with confidences from 0 to 1, a caption, or an error."""

    picture: int
    tags: Sequence[tuple[str, float]] = ()
    caption: str | None = None
    error: str | None = None


class Outputs:
    """The results of engines in one library."""

    def __init__(self, db: Database, door: Door) -> None:
        self._db, self._door = db, door
        self._ids: dict[str, int | None] = {}  # a tag is never deleted, nor does it change its id

    def register(
        self, kind: str, engine: str, revision: str, params: Mapping[str, Any], package: str = "", version: str = ""
    ) -> int:
        """The id of a producer (`kind`: `tag` or `caption`), which is made when it is new."""
        if kind not in ("tag", "caption"):
            raise Invalid(f"A producer makes tags or captions, not {kind!r}.")
        text = msgspec.json.encode(params, order="sorted").decode()
        fingerprint = hashlib.sha256("\0".join([kind, engine, revision, text]).encode()).hexdigest()
        row = (kind, engine, revision, text, fingerprint, package, version)

        def work(write: Write) -> int:
            write.execute(
                "insert or ignore into producer(kind, engine, revision, params, fingerprint, package, package_version)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            return int(write.value("select id from producer where fingerprint = ?", (fingerprint,)))

        return outcome(self._door.feed(work))

    def activate(self, producer: int, threshold: float = 0.0, rank: int | None = None, *, principal: str = "") -> None:
        """Let a producer count, from this confidence (0 to 1) on. `rank`: the lowest is preferred; by default last."""
        if not 0 <= threshold <= 1:
            raise Invalid("A threshold lies between 0 and 1.")
        kind, engine = self._producer(producer)

        def work(write: Write) -> None:
            write.execute(
                """
                insert into active select :kind, :producer, :threshold,
                  coalesce(:rank, (select max(rank) + 1 from active where kind = :kind), 0) where true
                on conflict(kind, producer_id) do update set threshold = :threshold, rank = coalesce(:rank, rank)
                where threshold != :threshold or rank != coalesce(:rank, rank)
                """,
                {"kind": kind, "producer": producer, "threshold": threshold, "rank": rank},
            )

        self._door.do(work, Label(principal, f"{engine} counts from {threshold:.0%}" if principal else ""))

    def deactivate(self, producer: int, *, principal: str = "") -> None:
        """Let a producer no longer count; what it found is kept."""
        _, engine = self._producer(producer)
        self._door.do(
            lambda write: write.execute("delete from active where producer_id = ?", (producer,)),
            Label(principal, f"{engine} no longer counts" if principal else ""),
        )

    def missing(self, producer: int, limit: int = 1000) -> list[int]:
        """Pictures it has not looked at, the newest first, without those in the scrapheap."""
        rows = self._db.read(
            """
            select id from picture p where not exists (select 1 from scrapheap where picture_id = p.id)
              and not exists (select 1 from done where picture_id = p.id and producer_id = ?)
            order by id desc limit ?
            """,
            (producer, limit),
        )
        return [row[0] for row in rows]

    def store(self, producer: int, outputs: Iterable[Output]) -> list[Future[Committed[int]]]:
        """Keep results; each future is done when its slice is durable, with how many pictures it holds.

        Pictures that are gone meanwhile are left out. A later result for the same picture replaces the earlier.
        """
        kind, _ = self._producer(producer)
        given = list(outputs)
        if kind == "tag":
            self._learn({name for output in given for name, _ in output.tags})
        slices = (given[at : at + SLICE] for at in range(0, len(given), SLICE))
        return [self._door.feed(self._writing(producer, kind, part)) for part in slices]

    def _writing(self, producer: int, kind: str, outputs: Sequence[Output]) -> Any:
        at = now()
        done = {output.picture: (output.picture, producer, at, output.error) for output in outputs}
        good = [output for output in outputs if output.error is None]
        if kind == "tag":
            table, column = "tag_output", "body"
            found: dict[int, Any] = {one.picture: pack(self._entries(one.tags)) for one in good}
        else:
            table, column = "caption_output", "text"
            found = {one.picture: one.caption for one in good if one.caption is not None}

        def work(write: Write) -> int:
            bound = (bind_ids(done),)
            there = {row[0] for row in write.execute("select id from picture where id in carray(?)", bound)}
            write.many(
                "insert into done values (?, ?, ?, ?) on conflict do update set at = excluded.at,"
                " error = excluded.error",
                [row for picture, row in sorted(done.items()) if picture in there],
            )
            write.many(
                f"insert into {table} values (?, ?, ?) on conflict do update set {column} = excluded.{column}",
                [(picture, producer, body) for picture, body in sorted(found.items()) if picture in there],
            )
            return len(there)

        return work

    def _entries(self, tags: Sequence[tuple[str, float]]) -> list[tuple[int, int]]:
        entries = []
        for name, confidence in tags:
            if not (math.isfinite(confidence) and 0 <= confidence <= 1):
                raise Invalid(f"The confidence of {name!r} is {confidence}, and not between 0 and 1.")
            if (tag := self._ids[name]) is not None:
                entries.append((tag, round(confidence * WHOLE)))
        return entries

    def _learn(self, names: set[str]) -> None:
        """Have the ids of these names at hand; what is no name of a tag has none."""
        folds: dict[str, str] = {}
        for name in names - self._ids.keys():
            try:
                folds[name] = words.folded(words.written(name))
            except Invalid:
                self._ids[name] = None
        if not folds:
            return
        pairs = sorted({fold: words.written(name) for name, fold in sorted(folds.items(), reverse=True)}.items())
        outcome(
            self._door.feed(lambda write: write.many("insert or ignore into tag(folded, name) values (?, ?)", pairs))
        )
        sql = "select folded, id from tag where folded in (select value from json_each(?))"
        found: dict[str, int] = dict(self._db.read(sql, (msgspec.json.encode([fold for fold, _ in pairs]).decode(),)))
        self._ids.update({name: found[fold] for name, fold in folds.items()})

    def _producer(self, producer: int) -> tuple[str, str]:
        """(kind, engine)."""
        rows = self._db.read("select kind, engine from producer where id = ?", (producer,))
        if not rows:
            raise NotFound("There is no such producer.")
        return rows[0][0], rows[0][1]

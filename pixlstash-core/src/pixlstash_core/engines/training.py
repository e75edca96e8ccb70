"""Stored trainings: what engines learned, and from which decisions.

A training makes a producer, whose revision names its examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ..database.connection import Database, bind_ids
from ..database.features import Feature, Table
from ..database.writer import Write
from . import decisions
from .examples import Gathered, unpack

FEATURE = Feature("trainings", tables=(Table("training", "producers", merge="kept", topic=None),))
#: An engine learns again when one decision in so many has changed.
SHARE = 50
#: Results that are deleted in one transaction.
SLICE = 5_000


class Training(Struct, frozen=True):
    """A training that is stored. `values`: what people decided, by key (see `decisions`); `at`: in ms UTC."""

    producer: int
    vectors_of: int
    at: int
    values: dict[int, float]
    report: dict[str, Any]


def revision(db: Database, engine: str, revision: str, params: Mapping[str, Any]) -> str:
    """Return the revision of an engine's latest training with these settings; its own revision if there is none."""
    sql = """
        select p.revision from training t join producer p on p.id = t.producer_id
        where t.engine = ?1 and substr(p.revision, 1, length(?2)) = ?2 and p.params = ?3
        order by t.at desc, t.producer_id desc limit 1
        """
    params_text = msgspec.json.encode(params, order="sorted").decode()
    return str(db.value(sql, (engine, f"{revision}+", params_text), revision))


def load(db: Database, producer: int) -> Training | None:
    """Return a producer's training."""
    rows = db.read(
        "select producer_id, vectors_of, at, examples, report from training where producer_id = ?", (producer,)
    )
    if not rows:
        return None
    id, vectors_of, at, packed, report = rows[0]
    return Training(id, vectors_of, at, unpack(packed), msgspec.json.decode(report))


def state(db: Database, producer: int) -> bytes | None:
    """Return the state of a producer's training."""
    body: bytes | None = db.value("select state from training where producer_id = ?", (producer,))
    return body


def is_due(training: Training | None, vectors_of: int, values: Mapping[int, float]) -> bool:
    """Return whether an engine should learn again from these decisions.

    It should at once if a picture was deleted, a decision removed, or the embedder changed.
    """
    if training is None or training.vectors_of != vectors_of or training.values.keys() - values.keys():
        return True
    changed = sum(training.values.get(picture) != value for picture, value in values.items())
    return changed >= max(1, len(training.values) // SHARE)


def put(write: Write, producer: int, engine: str, gathered: Gathered, at: int, result: tuple[bytes, Any]) -> bool:
    """Store a training, unless its examples are no longer valid; return whether it was stored."""
    if not _is_valid(write, gathered):
        return False
    state, report = result
    write.execute(
        "insert into training values (?, ?, ?, ?, ?, ?, ?, ?)"
        " on conflict(producer_id) do update set at = excluded.at, state = excluded.state, report = excluded.report",
        (
            *(producer, engine, gathered.subject, gathered.vectors_of, at, gathered.packed),
            *(msgspec.json.encode(report).decode(), state),
        ),
    )
    return True


def _is_valid(write: Write, gathered: Gathered) -> bool:
    """Return whether the pictures and tags of examples still exist, and their embedder is still preferred."""
    pictures = {decisions.picture_of(key, gathered.subject) for key in gathered.values}
    tags = [tag[0] for tag in gathered.tags]
    there = write.value(
        "select count(*) from picture p where id in carray(?)"
        " and not exists (select 1 from scrapheap where picture_id = p.id)",
        (bind_ids(pictures),),
    )
    sql = "select count(*) from tag where id in carray(?) and alias_id is null and not never"
    present: int = write.value(sql, (bind_ids(tags),))
    preferred = write.value("select producer_id from active where kind = 'vector' order by rank limit 1")
    return bool(there == len(pictures) and present == len(tags) and preferred == gathered.vectors_of)


def prune(write: Write, engine: str, present: int, tables: Sequence[str]) -> bool:
    """Delete results of replaced trainings of an engine, a slice at a time; return whether there may be more."""
    sql = """
        select producer_id from training t where engine = ? and producer_id != ?
          and not exists (select 1 from active where producer_id = t.producer_id) limit 1
        """
    old = write.value(sql, (engine, present))
    if old is None:
        return False
    for table in (*tables, "done"):
        write.execute(
            f"delete from {table} where producer_id = :old and picture_id in"
            f" (select picture_id from {table} where producer_id = :old limit :slice)",
            {"old": old, "slice": SLICE},
        )
    if not any(
        write.value(f"select 1 from {table} where producer_id = ? limit 1", (old,)) for table in (*tables, "done")
    ):
        write.execute("delete from training where producer_id = ?", (old,))
    return True

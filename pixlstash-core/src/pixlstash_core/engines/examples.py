"""The examples of engines that learn, and the inputs of trained engines: vectors, measures, and people's decisions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from ..database.connection import Database, bind_ids, fetch
from ..plugins.engines import Engine
from . import decisions

if TYPE_CHECKING:
    import apsw

_MEASURES = """
    select json_extract(p.about, '$.measure'), o.picture_id, o.value from active a
    join producer p on p.id = a.producer_id join measure_output o on o.producer_id = p.id
    where a.kind = 'measure' and not exists (select 1 from training t where t.engine = p.engine)
      and o.picture_id in carray(?) order by a.rank desc
    """


class Gathered(Struct, frozen=True):
    """Examples as bytes, as the engine's process gets them: i64, rows of f16, f32, f32 by measure, and tags."""

    subject: str
    vectors_of: int
    values: dict[int, float]
    ids: bytes
    vectors: bytes
    scores: bytes = b""
    measures: dict[str, bytes] = {}
    tags: list[tuple[int, str, bytes, bytes]] = []

    @property
    def packed(self) -> bytes:
        return _pack(self.values)

    @property
    def version(self) -> str:
        """A short text that differs for other examples."""
        digest = hashlib.sha256(self.packed)
        digest.update(hashlib.sha256(self.vectors).digest())
        digest.update(msgspec.msgpack.encode(sorted(self.measures.items())))
        return digest.hexdigest()[:12]


def gather(db: Database, engine: Engine[Any, Any], vectors_of: int) -> Gathered:
    """Return the examples of an engine, without those whose stored vectors are damaged."""
    import numpy as np

    values = decisions.decided(db, engine, vectors_of)
    subject = engine.learns
    with db.reading() as connection:
        vectors = _vectors(connection, vectors_of, {decisions.picture_of(key, subject) for key in values})
        values = {key: value for key, value in values.items() if decisions.picture_of(key, subject) in vectors}
        if subject == "tags":
            return _of_tags(connection, vectors_of, decisions.enough(values, engine), vectors)
        measured = measures(connection, list(values))
    names = sorted({name for of_picture in measured.values() for name in of_picture})
    columns = {
        name: np.array([measured.get(picture, {}).get(name, np.nan) for picture in values], np.float32).tobytes()
        for name in names
    }
    return Gathered(
        subject,
        vectors_of,
        values,
        np.array(list(values), np.int64).tobytes(),
        b"".join(vectors[picture] for picture in values),
        np.array(list(values.values()), np.float32).tobytes(),
        columns,
    )


def _of_tags(
    connection: apsw.Connection, vectors_of: int, values: dict[int, float], vectors: Mapping[int, bytes]
) -> Gathered:
    """Return the examples of an engine that learns from tags, those with the most decisions first."""
    import numpy as np

    keys = np.array(list(values), np.int64)
    yes = np.array(list(values.values()), np.uint8)
    pictures, rows = np.unique(keys >> decisions.BITS, return_inverse=True)
    tags = keys & ((1 << decisions.BITS) - 1)
    ids, counts = np.unique(tags, return_counts=True)
    names = decisions.names_of(connection, ids.tolist())
    return Gathered(
        "tags",
        vectors_of,
        values,
        pictures.tobytes(),
        b"".join(vectors[picture] for picture in pictures.tolist()),
        tags=[
            (tag, names[tag], rows[tags == tag].astype(np.int64).tobytes(), yes[tags == tag].tobytes())
            for tag in ids[np.lexsort((ids, -counts))].tolist()
        ],
    )


def _vectors(connection: apsw.Connection, vectors_of: int, ids: Iterable[int]) -> dict[int, bytes]:
    """Return the stored vectors (f16) of pictures. One that is not finite, or of another length, is left out."""
    import numpy as np

    sql = "select picture_id, body from vector_output where producer_id = ? and picture_id in carray(?)"
    rows: dict[int, bytes] = dict(fetch(connection, sql, (vectors_of, bind_ids(ids))))
    lengths = fetch(connection, "select json_extract(about, '$.length') from producer where id = ?", (vectors_of,))
    length = 2 * lengths[0][0] if lengths and lengths[0][0] else len(next(iter(rows.values()), b""))
    return {
        picture: body
        for picture, body in rows.items()
        if len(body) == length and np.isfinite(np.frombuffer(body, "<f2")).all()
    }


def measures(connection: apsw.Connection, ids: Sequence[int]) -> dict[int, dict[str, float]]:
    """Return the active measures of pictures by name, without those of engines that learn themselves."""
    measured: dict[int, dict[str, float]] = {}
    for name, picture, value in fetch(connection, _MEASURES, (bind_ids(ids),)):
        measured.setdefault(picture, {})[name] = value
    return measured


def inputs(db: Database, vectors_of: int, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the inputs of a trained engine by picture: its vector and its measures."""
    with db.reading() as connection:
        measured = measures(connection, ids)
        vectors = _vectors(connection, vectors_of, ids)
    return {id: {"vector": body, "measures": measured.get(id, {})} for id, body in vectors.items()}


def _pack(values: Mapping[int, float]) -> bytes:
    import numpy as np

    return np.array(list(values), "<i8").tobytes() + np.array(list(values.values()), "<f4").tobytes()


def unpack(examples: bytes) -> dict[int, float]:
    """Return the decisions, by key, that `Gathered.packed` gave."""
    import numpy as np

    count = len(examples) // 12
    ids = np.frombuffer(examples, "<i8", count)
    return dict(zip(ids.tolist(), np.frombuffer(examples, "<f4", count, 8 * count).tolist()))

"""`Likeness`: the vectors of pictures and faces in memory, for exact search."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .. import threads
from ..database.connection import Database, bind_ids
from .matrix import Matrix

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

_PICTURES = "select picture_id, body from vector_output where producer_id = ? order by picture_id"
_FACES = """
    select id, vector, picture_id from region where producer_id = ? and vector is not null order by picture_id, id
    """

_SMART = """
    select o.value from active a join producer p on p.id = a.producer_id
    join measure_output o on o.producer_id = p.id
    where a.kind = 'measure' and json_extract(p.about, '$.measure') = 'smart' and o.picture_id = ?
    order by a.rank limit 1
    """
#: Finds a picture that an older producer has processed and a newer one has not.
_LEFT = """
    select 1 from done d where d.producer_id = :old
      and not exists (select 1 from done n where n.picture_id = d.picture_id and n.producer_id = :new)
      and not exists (select 1 from scrapheap s where s.picture_id = d.picture_id)
    limit 1
    """


class Faces(Matrix):
    """Vectors of faces by the ids of their regions, with their pictures. Rows are sorted by picture, then by id."""

    owners: NDArray[int64]


class Likeness:
    """The vectors of one library, cached in memory while they are in use and unchanged.

    `revision(topic)`: the revision of `vectors` or `regions`.
    """

    def __init__(self, db: Database, revision: Callable[[str], int]) -> None:
        self._db, self._revision = db, revision
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, int, Any]] = {}
        self._used = False
        self._caught_up: dict[tuple[int, int], tuple[int, bool]] = {}

    def matrix(self, producer: int) -> Matrix:
        """Return all vectors of pictures of a producer."""

        def read() -> Matrix:
            rows: Any = self._db.read(_PICTURES, (producer,))
            return Matrix.of(rows)

        matrix: Matrix = self._get("vectors", producer, read)
        return matrix

    def faces(self, producer: int) -> Faces:
        """Return all vectors of faces of a producer."""

        def read() -> Faces:
            import numpy as np

            rows = self._db.read(_FACES, (producer,))
            plain = Matrix.of([(id, body) for id, body, _ in rows])
            faces = Faces(plain.ids, plain.rows)
            faces.owners = np.fromiter((picture for _, _, picture in rows), np.int64, len(rows))
            return faces

        faces: Faces = self._get("regions", producer, read)
        return faces

    def _get(self, topic: str, producer: int, read: Callable[[], Any]) -> Any:
        with self._lock, threads.shielded():
            self._used = True
            revision = self._revision(topic)
            held = self._held.get(topic)
            if held is None or held[:2] != (producer, revision):
                held = (producer, revision, read())
                self._held[topic] = held  # only one of each, which may be a gigabyte
            return held[2]

    def active(self, kind: str = "vector") -> int | None:
        """Return the preferred producer of vectors of pictures (or faces); None if there is none."""
        return next(iter(self.counting(kind)), None)

    def counting(self, kind: str = "vector") -> list[int]:
        """Return all active producers of a kind, the preferred one first."""
        return [
            producer
            for (producer,) in self._db.read("select producer_id from active where kind = ? order by rank", (kind,))
        ]

    def has_caught_up(self, new: int, old: int) -> bool:
        """Return whether a producer has processed all pictures of another, except those in the scrapheap."""
        key, revision = (new, old), self._revision("producers")
        cached = self._caught_up.get(key)
        if cached is None or cached[0] != revision:
            cached = self._caught_up[key] = (revision, not self._db.read(_LEFT, {"old": old, "new": new}))
        return cached[1]

    def ids(self, sql: str, bindings: dict[str, Any]) -> list[int]:
        """Return the ids that a compiled query yields, ascending."""
        return sorted({id for (id,) in self._db.read(sql, bindings)})

    def faces_of(self, producer: int, pictures: Sequence[int]) -> list[int]:
        """Return the ids of a producer's faces in pictures."""
        sql = """
            select id from region where producer_id = ? and vector is not null and picture_id in carray(?)
            order by picture_id, id
            """
        return [id for (id,) in self._db.read(sql, (producer, bind_ids(pictures)))]

    def owner(self, face: int) -> int | None:
        """Return the picture that a face is in, or None."""
        picture: int | None = self._db.value("select picture_id from region where id = ?", (face,))
        return picture

    def smart_score(self, picture: int) -> float | None:
        """Return the active smart score of a picture; None if it has none."""
        score: float | None = self._db.value(_SMART, (picture,))
        return score

    def scored(self, low: int, high: int) -> list[int]:
        """Return the pictures that people gave between `low` and `high` stars."""
        return self.ids("select picture_id from score where score between :low and :high", {"low": low, "high": high})

    def drop_idle(self) -> None:
        """Release the memory if no vectors were used since the last call."""
        with self._lock:
            if not self._used:
                self._held = {}
            self._used = False

"""What pictures and faces look like: the vectors of a producer in memory, for exact search among any of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .. import cancellation
from ..db import Database, bind_ids
from ..vectors import Matrix

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

_PICTURES = "select picture_id, body from vector_output where producer_id = ? order by picture_id"
_FACES = """
    select id, vector, picture_id from region where producer_id = ? and vector is not null order by picture_id, id
    """


class Faces(Matrix):
    """Vectors of faces by the id of their region, with the picture each is in. Rows go by picture, then by id."""

    owners: NDArray[int64]


class Likeness:
    """The vectors of one library, held in memory as long as they are used and did not change.

    `revision(noun)` is that of `vectors`, and of `regions`.
    """

    def __init__(self, db: Database, revision: Callable[[str], int]) -> None:
        self._db, self._revision = db, revision
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, int, Any]] = {}
        self._used = False

    def matrix(self, producer: int) -> Matrix:
        """All vectors of pictures of a producer."""

        def read() -> Matrix:
            rows: Any = self._db.read(_PICTURES, (producer,))
            return Matrix.of(rows)

        found: Matrix = self._get("vectors", producer, read)
        return found

    def faces(self, producer: int) -> Faces:
        """All faces of a producer."""

        def read() -> Faces:
            import numpy as np

            rows = self._db.read(_FACES, (producer,))
            plain = Matrix.of([(id, body) for id, body, _ in rows])
            faces = Faces(plain.ids, plain.rows)
            faces.owners = np.fromiter((picture for _, _, picture in rows), np.int64, len(rows))
            return faces

        found: Faces = self._get("regions", producer, read)
        return found

    def _get(self, noun: str, producer: int, read: Callable[[], Any]) -> Any:
        with self._lock, cancellation.shielded():
            self._used = True
            revision = self._revision(noun)
            held = self._held.get(noun)
            if held is None or held[:2] != (producer, revision):
                held = (producer, revision, read())
                self._held[noun] = held  # one of each at a time: it may be a gigabyte
            return held[2]

    def active(self, kind: str = "vector") -> int | None:
        """The producer whose vectors (or faces) count."""
        sql = "select producer_id from active where kind = ? order by rank limit 1"
        found: int | None = self._db.value(sql, (kind,))
        return found

    def ids(self, sql: str, bindings: dict[str, Any]) -> list[int]:
        """What a statement of the query language finds."""
        return sorted({id for (id,) in self._db.read(sql, bindings)})

    def faces_of(self, producer: int, pictures: Sequence[int]) -> list[int]:
        """The faces of pictures."""
        sql = """
            select id from region where producer_id = ? and vector is not null and picture_id in carray(?)
            order by picture_id, id
            """
        return [id for (id,) in self._db.read(sql, (producer, bind_ids(pictures)))]

    def owner(self, face: int) -> int | None:
        """The picture that a face is in."""
        found: int | None = self._db.value("select picture_id from region where id = ?", (face,))
        return found

    def drop_idle(self) -> None:
        """Give the memory back when nobody has asked since this was last called."""
        with self._lock:
            if not self._used:
                self._held = {}
            self._used = False

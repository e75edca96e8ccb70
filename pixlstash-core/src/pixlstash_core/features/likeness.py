"""What pictures look like: the nearest of a producer's vectors, exactly, among any pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from ..db import Database
from ..errors import Invalid
from ..vectors import Matrix, top

#: How scores to several pictures become one.
WAYS = ("mean", "min", "max")


class Near(Struct, frozen=True):
    """A picture, how alike it is (cosine), and the picture it is most like."""

    picture: int
    score: float
    like: int


class Likeness:
    """The vectors of one library, held in memory as long as they are used and did not change.

    `revision()` is that of the vectors.
    """

    def __init__(self, db: Database, revision: Callable[[], int]) -> None:
        self._db, self._revision = db, revision
        self._lock = threading.Lock()
        self._held: dict[int, tuple[int, Matrix]] = {}
        self._used = False

    def matrix(self, producer: int) -> Matrix:
        """All vectors of a producer."""
        with self._lock:
            self._used = True
            revision = self._revision()
            held = self._held.get(producer)
            if held is None or held[0] != revision:
                sql = "select picture_id, body from vector_output where producer_id = ? order by picture_id"
                rows: Any = self._db.read(sql, (producer,))
                held = (revision, Matrix.of(rows))
                self._held = {producer: held}  # one at a time: it may be a gigabyte
            return held[1]

    def active(self) -> int | None:
        """The producer whose vectors count."""
        found: int | None = self._db.value("select producer_id from active where kind = 'vector' order by rank limit 1")
        return found

    def near(self, producer: int, to: Sequence[int], among: Sequence[int], combine: str, limit: int) -> list[Near]:
        """The pictures among these that are most like some (which are left out), the likest first."""
        import numpy as np

        if combine not in WAYS:
            raise Invalid("Likeness to several pictures is combined by mean, min or max.")
        matrix = self.matrix(producer)
        queries = matrix.places(np.unique(np.asarray(to, np.int64)))
        chosen = np.setdiff1d(np.asarray(among, np.int64), np.asarray(to, np.int64))
        places = matrix.places(chosen)
        if not len(queries) or not len(places):
            return []
        whole = 2 * len(places) > len(matrix.ids)  # gathering most rows takes longer than reading them all
        best = np.full(len(places), -2.0, np.float32)
        nearest = np.zeros(len(places), np.int64)
        mean = np.zeros(len(places), np.float32)
        least = np.full(len(places), 2.0, np.float32)
        for query in queries.tolist():
            scores = matrix.scores(matrix.rows[query], None if whole else places)
            scores = scores[places] if whole else scores
            nearer = scores > best
            best, nearest = np.where(nearer, scores, best), np.where(nearer, query, nearest)
            least = np.minimum(least, scores)
            mean += scores / len(queries)
        total = {"max": best, "min": least, "mean": mean}[combine]
        return [
            Near(int(matrix.ids[places[n]]), float(total[n]), int(matrix.ids[nearest[n]]))
            for n in top(total, limit).tolist()
        ]

    def known(self, producer: int, pictures: Sequence[int]) -> list[int]:
        """Those of these pictures that have a vector."""
        import numpy as np

        matrix = self.matrix(producer)
        found: list[int] = matrix.ids[matrix.places(np.asarray(pictures, np.int64))].tolist()
        return found

    def drop_idle(self) -> None:
        """Give the memory back when nobody has asked since this was last called."""
        with self._lock:
            if not self._used:
                self._held = {}
            self._used = False

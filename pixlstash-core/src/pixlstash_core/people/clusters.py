"""Faces that are nobody's, in groups of who they seem to be."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any, NamedTuple

from ..types import FaceCluster, FaceClusters, Reader
from . import faces
from .comparing import LEAST, Comparing

#: Seconds that are waited for clusters; they go on being made after that.
PATIENCE = 3.0


class _Grouped(NamedTuple):
    """Faces (ids) in groups (numbers, side by side), made for a producer at a revision of regions."""

    key: tuple[int, int]
    faces: Any
    groups: Any


class Grouping:
    """All faces are put together beside, on a thread of its own."""

    def __init__(self, known: Comparing) -> None:
        self._known = known
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._clusters: _Grouped | None = None
        self._making: Future[_Grouped] | None = None

    def clusters(self, reader: Reader, q: str, limit: int, each: int) -> FaceClusters:
        """Faces that are nobody's, by who they seem to be.

        All faces are put together once after some were found; until that is done again, those of before are shown.
        """
        import numpy as np

        producer = self._known.likeness.active("face")
        if producer is None:
            return FaceClusters(True, 0, [])
        matrix = self._known.likeness.faces(producer)
        ready, grouped = self._grouped(producer)
        wanted = np.zeros(len(matrix.ids), np.bool_)
        wanted[self._known.places(reader, q, matrix.owners, set())] = True
        with self._known.db.reading() as connection:
            owned = [id for id, one in faces.assigned(connection).items() if one.yes is not None]
        wanted &= ~np.isin(matrix.ids, owned)
        if grouped is None:
            return FaceClusters(False, 0, [])
        inside = np.isin(grouped.faces, matrix.ids[wanted])
        cuts = np.flatnonzero(np.diff(grouped.groups[inside])) + 1
        groups = [one for one in np.split(grouped.faces[inside], cuts) if len(one) > 1]
        groups.sort(key=len, reverse=True)
        shown = [group[:each].tolist() for group in groups[:limit]]
        with self._known.db.reading() as connection:
            known = faces.infos(connection, [id for ids in shown for id in ids])
        found = [FaceCluster(len(group), [known[id] for id in ids if id in known]) for group, ids in zip(groups, shown)]
        return FaceClusters(ready, int(wanted.sum()), found)

    def _grouped(self, producer: int) -> tuple[bool, _Grouped | None]:
        """The faces of a producer in groups, and whether these are of now; waits a little where there are none yet."""
        with self._lock:
            key = (producer, self._known.revisions().get("regions", 0))
            known = self._clusters
            if known is not None and known.key == key:
                return True, known
            if self._making is None or self._making.done():
                self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="people")
                self._making = self._thread.submit(self._cluster, key)
            making = self._making
        if known is not None and known.key[0] == producer and not making.done():
            return False, known
        try:
            made = making.result(PATIENCE)
        except NotYet:
            return False, None
        return made.key == key, made if made.key[0] == producer else None

    def _cluster(self, key: tuple[int, int]) -> _Grouped:
        import numpy as np

        from .clustering import clusters

        matrix = self._known.likeness.faces(key[0])
        some = matrix.ids[:: max(1, len(matrix.ids) // 16)].tolist()
        groups = clusters(matrix.rows, self._known.usual(matrix, some).cosine(LEAST)) if some else []
        numbers = np.repeat(np.arange(len(groups)), [len(one) for one in groups])
        found = _Grouped(key, matrix.ids[np.concatenate(groups)] if groups else matrix.ids[:0], numbers)
        with self._lock:
            self._clusters = found
        return found

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

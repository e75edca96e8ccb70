"""Groups of unassigned faces that seem to show one person."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any, NamedTuple

from ..types import FaceCluster, FaceClusters, Reader
from . import faces
from .comparison import LEAST, Comparing

#: Seconds to wait for clusters that are being computed; the computation continues after that.
PATIENCE = 3.0


class _Grouped(NamedTuple):
    """Faces (ids) and their group numbers, side by side, for a producer at a revision of the regions."""

    key: tuple[int, int]
    faces: Any
    groups: Any


class Grouping:
    """Groups all unassigned faces by person, on its own thread."""

    def __init__(self, comparing: Comparing) -> None:
        self._comparing = comparing
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._clusters: _Grouped | None = None
        self._making: Future[_Grouped] | None = None

    def clusters(self, reader: Reader, q: str, limit: int, each: int) -> FaceClusters:
        """Return groups of unassigned faces that seem to show one person.

        All faces are grouped again after new ones were detected; until then, the previous groups are returned.
        """
        import numpy as np

        producer = self._comparing.likeness.active("face")
        if producer is None:
            return FaceClusters(True, 0, [])
        matrix = self._comparing.likeness.faces(producer)
        ready, grouped = self._grouped(producer)
        wanted = np.zeros(len(matrix.ids), np.bool_)
        wanted[self._comparing.places(reader, q, matrix.owners, set())] = True
        with self._comparing.db.reading() as connection:
            owned = [id for id, face in faces.assigned(connection).items() if face.yes is not None]
        wanted &= ~np.isin(matrix.ids, owned)
        if grouped is None:
            return FaceClusters(False, 0, [])
        inside = np.isin(grouped.faces, matrix.ids[wanted])
        cuts = np.flatnonzero(np.diff(grouped.groups[inside])) + 1
        groups = [group for group in np.split(grouped.faces[inside], cuts) if len(group) > 1]
        groups.sort(key=len, reverse=True)
        shown = [group[:each].tolist() for group in groups[:limit]]
        with self._comparing.db.reading() as connection:
            infos = faces.infos(connection, [id for ids in shown for id in ids])
        clusters = [
            FaceCluster(len(group), [infos[id] for id in ids if id in infos]) for group, ids in zip(groups, shown)
        ]
        return FaceClusters(ready, int(wanted.sum()), clusters)

    def _grouped(self, producer: int) -> tuple[bool, _Grouped | None]:
        """Return the groups of a producer's faces, and whether they are current; wait briefly if there are none."""
        with self._lock:
            key = (producer, self._comparing.revisions().get("regions", 0))
            grouped = self._clusters
            if grouped is not None and grouped.key == key:
                return True, grouped
            if self._making is None or self._making.done():
                self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="people")
                self._making = self._thread.submit(self._cluster, key)
            making = self._making
        if grouped is not None and grouped.key[0] == producer and not making.done():
            return False, grouped
        try:
            made = making.result(PATIENCE)
        except NotYet:
            return False, None
        return made.key == key, made if made.key[0] == producer else None

    def _cluster(self, key: tuple[int, int]) -> _Grouped:
        import numpy as np

        from .clustering import clusters

        matrix = self._comparing.likeness.faces(key[0])
        some = matrix.ids[:: max(1, len(matrix.ids) // 16)].tolist()
        groups = clusters(matrix.rows, self._comparing.usual(matrix, some).cosine(LEAST)) if some else []
        numbers = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        grouped = _Grouped(key, matrix.ids[np.concatenate(groups)] if groups else matrix.ids[:0], numbers)
        with self._lock:
            self._clusters = grouped
        return grouped

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

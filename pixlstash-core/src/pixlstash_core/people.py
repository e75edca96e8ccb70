"""Who may be in a picture: faces and pictures compared with what was said of others, and faces that are nobody's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import TYPE_CHECKING, Any

from .db import Database
from .features import characters, faces
from .features.likeness import Likeness
from .query import parse
from .types import FaceCluster, FaceClusters, MaybeCharacter, Reader
from .views import Views

if TYPE_CHECKING:
    from .combining import Usual

#: (picture, likeness, picture it is most like, face, rival, doubt)
Maybe = tuple[int, float, int, int | None, int | None, float]
#: Likeness from which on it may be the same; and from which on it is worth a look where people decide.
LEAST, DOUBTFUL = 0.6, 0.3
#: A character's pictures that others are compared with, where it has no faces.
PICTURES = 64
#: Seconds that are waited for clusters; they go on being made after that.
PATIENCE = 3.0


class People:
    """Those of one library. `revisions()` gives the door's, by noun."""

    def __init__(self, db: Database, views: Views, likeness: Likeness, revisions: Callable[[], Any]) -> None:
        self._db, self._views, self._likeness, self._revisions = db, views, likeness, revisions
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._clusters: tuple[Any, Future[list[Any]]] | None = None

    def suggest(self, reader: Reader, character: int, q: str, limit: int) -> list[MaybeCharacter]:
        """Pictures that may show a character and are not said to, or not to; the likest first."""
        with self._db.reading() as connection:
            known, denied = characters.told(connection, character)
            references = faces.references(connection, character)
        producer = self._likeness.active("face")
        if producer is not None and references:
            found = self._by_face(reader, producer, references, q, known | denied, character, limit)
        else:
            found = self._by_picture(reader, sorted(known), q, known | denied, limit)
        return self._shown(reader, [(character, *one) for one in found])

    def _by_face(
        self,
        reader: Reader,
        producer: int,
        references: Sequence[int],
        q: str,
        but: set[int],
        character: int,
        limit: int,
    ) -> list[Maybe]:
        import numpy as np

        all_faces = self._likeness.faces(producer)
        own = np.flatnonzero(np.isin(all_faces.ids, references))
        places = self._places(reader, q, all_faces.owners, but)
        if not len(own) or not len(places):
            return []
        with self._db.reading() as connection:
            said = faces.assigned(connection)
        taken = [
            id
            for id, one in said.items()
            if one.yes is not None or any(no.character == character for no in one.sayings if not no.yes)
        ]
        places = places[~np.isin(all_faces.ids[places], taken)]
        return self._likest(all_faces, own, places, limit, all_faces.owners)

    def _by_picture(self, reader: Reader, members: Sequence[int], q: str, but: set[int], limit: int) -> list[Maybe]:
        import numpy as np

        producer = self._likeness.active()
        if producer is None or not members:
            return []
        matrix = self._likeness.matrix(producer)
        own = matrix.places(np.asarray(members, np.int64))
        own = own[:: max(1, len(own) // PICTURES)]
        return self._likest(matrix, own, self._places(reader, q, matrix.ids, but), limit, matrix.ids, faces=False)

    def _likest(
        self, matrix: Any, own: Any, places: Any, limit: int, owners: Any, *, faces: bool = True
    ) -> list[Maybe]:
        """The likest of some rows."""
        import numpy as np

        from .combining import sample, usual
        from .vectors import top

        if not len(own) or not len(places):
            return []
        about = sample(np.arange(len(owners)))
        best = np.full(len(places), -2, np.float32)
        common = np.full(len(about), -2, np.float32)
        nearest = np.zeros(len(places), np.int64)
        for row in own:
            scores = matrix.scores(matrix.rows[row], places)
            nearest = np.where(scores > best, row, nearest)
            best = np.maximum(best, scores)
            common = np.maximum(common, matrix.scores(matrix.rows[row], about))
        likeness = usual(common).likeness(best)
        found: list[Maybe] = []
        for n in top(best, limit).tolist():
            if likeness[n] < LEAST:
                break
            face = int(matrix.ids[places[n]]) if faces else None
            doubt = _doubt(float(likeness[n]), 0.0)
            found.append((int(owners[places[n]]), float(likeness[n]), int(owners[nearest[n]]), face, None, doubt))
        return found

    # -- the queue -----------------------------------------------------------------------------------------------------

    def doubtful(self, reader: Reader, q: str, character: int | None, limit: int) -> list[MaybeCharacter]:
        """Faces that are nobody's, with who they are most like; those it is least clear of first."""
        import numpy as np

        producer = self._likeness.active("face")
        if producer is None:
            return []
        matrix = self._likeness.faces(producer)
        with self._db.reading() as connection:
            said = faces.assigned(connection)
            known = {one: faces.references(connection, one) for one in characters.ids(connection)}
        known = {one: own for one, own in known.items() if own}
        owned = [id for id, one in said.items() if one.yes is not None]
        places = self._places(reader, q, matrix.owners, set())
        places = places[~np.isin(matrix.ids[places], owned)]
        if not known or not len(places):
            return []
        best = np.full((len(known), len(places)), -2, np.float32)
        nearest = np.zeros((len(known), len(places)), np.int64)
        scale = self._usual(matrix, [id for own in known.values() for id in own])
        for n, own in enumerate(known.values()):
            for row in np.flatnonzero(np.isin(matrix.ids, own)):
                scores = matrix.scores(matrix.rows[row], places)
                nearest[n] = np.where(scores > best[n], row, nearest[n])
                best[n] = np.maximum(best[n], scores)
        numbers = list(known)
        for id, one in said.items():
            at = np.flatnonzero(matrix.ids[places] == id)
            for no in (no.character for no in one.sayings if not no.yes and no.character in known):
                best[numbers.index(no), at] = -2
        likeness = scale.likeness(best)
        order = np.argsort(-likeness, axis=0, kind="stable")
        found = []
        for column in np.flatnonzero(likeness.max(axis=0) >= DOUBTFUL).tolist():
            first, second = order[0, column], order[1, column] if len(numbers) > 1 else None
            if character is not None and numbers[first] != character:
                continue
            likest = float(likeness[first, column])
            rival = float(likeness[second, column]) if second is not None else 0.0
            picture, like = int(matrix.owners[places[column]]), int(matrix.owners[nearest[first, column]])
            named = numbers[second] if second is not None and rival >= DOUBTFUL else None
            doubt = _doubt(likest, rival)
            found.append((numbers[first], picture, likest, like, int(matrix.ids[places[column]]), named, doubt))
        found.sort(key=lambda one: (-one[6], -one[2], one[4]))
        return self._shown(reader, found[:limit])

    # -- faces that are nobody's ---------------------------------------------------------------------------------------

    def clusters(self, reader: Reader, q: str, limit: int, each: int) -> FaceClusters:
        """Faces that are nobody's, by who they seem to be. They are put together once for all that was not changed."""
        import numpy as np

        producer = self._likeness.active("face")
        if producer is None:
            return FaceClusters(True, 0, [])
        matrix = self._likeness.faces(producer)
        future = self._made(producer)
        try:
            groups = future.result(PATIENCE)
        except NotYet:
            return FaceClusters(False, 0, [])
        wanted = np.zeros(len(matrix.ids), np.bool_)
        wanted[self._places(reader, q, matrix.owners, set())] = True
        inside = [one for group in groups if len(one := group[wanted[group]]) > 1]
        inside.sort(key=lambda group: -len(group))
        shown = [matrix.ids[group[:each]].tolist() for group in inside[:limit]]
        with self._db.reading() as connection:
            known = faces.infos(connection, [id for ids in shown for id in ids])
            owned = [id for id, one in faces.assigned(connection).items() if one.yes is not None]
        wanted &= ~np.isin(matrix.ids, owned)
        return FaceClusters(
            True,
            int(wanted.sum()),
            [FaceCluster(len(group), [known[id] for id in ids if id in known]) for group, ids in zip(inside, shown)],
        )

    def _made(self, producer: int) -> Future[list[Any]]:
        revisions = self._revisions()
        key = (producer, *(revisions.get(noun, 0) for noun in ("regions", "characters", "tags")))
        with self._lock:
            if self._clusters is None or self._clusters[0] != key:
                self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="people")
                if self._clusters is not None:
                    self._clusters[1].cancel()
                self._clusters = (key, self._thread.submit(self._cluster, producer))
            return self._clusters[1]

    def _cluster(self, producer: int) -> list[Any]:
        import numpy as np

        from .clusters import clusters

        matrix = self._likeness.faces(producer)
        with self._db.reading() as connection:
            owned = [id for id, one in faces.assigned(connection).items() if one.yes is not None]
        free = np.flatnonzero(~np.isin(matrix.ids, owned))
        if not len(free):
            return []
        least = self._usual(matrix, matrix.ids[free[:: max(1, len(free) // 16)]].tolist()).cosine(LEAST)
        return [free[group] for group in clusters(matrix.rows[free], least)]

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    # -- in common -----------------------------------------------------------------------------------------------------

    def _usual(self, matrix: Any, ids: Sequence[int]) -> Usual:
        """What is usual between some rows and any others."""
        import numpy as np

        from .combining import sample, usual

        about = sample(np.arange(len(matrix.ids)))
        rows = np.flatnonzero(np.isin(matrix.ids, ids))[:16]
        scores = [matrix.scores(matrix.rows[row], about[about != row]) for row in rows]
        return usual(np.concatenate(scores)) if scores else usual(np.empty(0, np.float32))

    def _places(self, reader: Reader, q: str, owners: Any, but: set[int]) -> Any:
        """The rows whose pictures a query finds, without some."""
        import numpy as np

        frame, mask = self._views.mask(reader, parse(q))
        mask = mask & ~frame.mask(but) if but else mask
        there = owners < frame.size
        return np.flatnonzero(there & mask[np.where(there, owners, 0)])

    def _shown(self, reader: Reader, found: Sequence[Any]) -> list[MaybeCharacter]:
        pictures = {one.id: one for one in self._views.listed(reader, [row[1] for row in found])}
        with self._db.reading() as connection:
            infos = faces.infos(connection, [row[4] for row in found if row[4] is not None])
            names = characters.names(connection)
        return [
            MaybeCharacter(
                character,
                names.get(character, ""),
                pictures[picture],
                round(likeness, 4),
                like,
                infos.get(face) if face is not None else None,
                names.get(rival) if rival is not None else None,
                round(doubt, 4),
            )
            for character, picture, likeness, like, face, rival, doubt in found
            if picture in pictures
        ]


def _doubt(likeness: float, rival: float) -> float:
    """How near it is to the least that is needed, or to somebody else; whichever is more."""
    near = 1 - abs(likeness - LEAST) / (1 - LEAST)
    between = 1 - (likeness - rival) / DOUBTFUL if rival >= DOUBTFUL else 0.0
    return min(1.0, max(0.0, near, between))

"""Who may be in a picture: faces and pictures compared with what was said of others, and faces that are nobody's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import TYPE_CHECKING, Any, NamedTuple

from .db import Database
from .features import characters, faces
from .features.likeness import Likeness
from .query import parse
from .types import CharacterToReview, FaceCluster, FaceClusters, MaybeCharacter, Reader, Veil
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
#: From this doubt on, 0 to 1, a suggestion is called doubtful.
UNSURE = 0.6


class _Grouped(NamedTuple):
    """Faces (ids) in groups (numbers, side by side), made for a producer at a revision of regions."""

    key: tuple[int, int]
    faces: Any
    groups: Any


class _Suggested(NamedTuple):
    """Faces that may be somebody's, as arrays: ids, pictures; who they are most and next most like (ids), the
    picture of the reference; both likenesses, and the doubt."""

    faces: Any
    pictures: Any
    first: Any
    rival: Any
    like: Any
    likeness: Any
    between: Any
    doubt: Any


class People:
    """Those of one library. `revisions()` gives the door's, by noun."""

    def __init__(self, db: Database, views: Views, likeness: Likeness, revisions: Callable[[], Any]) -> None:
        self._db, self._views, self._likeness, self._revisions = db, views, likeness, revisions
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._clusters: _Grouped | None = None
        self._making: Future[_Grouped] | None = None
        self._suggested: tuple[Any, _Suggested | None] | None = None

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
            doubt = float(_doubts(likeness[n], np.float32(0)))
            found.append((int(owners[places[n]]), float(likeness[n]), int(owners[nearest[n]]), face, None, doubt))
        return found

    # -- the queue -----------------------------------------------------------------------------------------------------

    def doubtful(
        self, reader: Reader, q: str, character: int | None, limit: int, veil: Veil | None = None
    ) -> list[MaybeCharacter]:
        """Faces that are nobody's, with who they are most like; those it is least clear of first."""
        import numpy as np

        found, inside = self._waiting(reader, q, veil)
        if found is None:
            return []
        if character is not None:
            inside = inside & (found.first == character)
        chosen = np.flatnonzero(inside)
        keys = (found.faces[chosen], -found.likeness[chosen], -found.doubt[chosen])
        rows: list[Any] = []
        for n in chosen[np.lexsort(keys)][:limit].tolist():
            rival = int(found.rival[n]) if found.between[n] >= DOUBTFUL else None
            picture, like, face = (int(one[n]) for one in (found.pictures, found.like, found.faces))
            rows.append((int(found.first[n]), picture, float(found.likeness[n]), like, face, rival, found.doubt[n]))
        return self._shown(reader, rows)

    def waiting(self, reader: Reader, q: str, limit: int, veil: Veil | None = None) -> list[CharacterToReview]:
        """Characters that faces are suggested for; those with the most doubtful ones first."""
        import numpy as np

        found, inside = self._waiting(reader, q, veil)
        if found is None:
            return []
        with self._db.reading() as connection:
            names = characters.names(connection)
        who, counts = np.unique(found.first[inside], return_counts=True)
        unsure = dict(zip(*np.unique(found.first[inside & (found.doubt >= UNSURE)], return_counts=True)))
        rows = [
            CharacterToReview(one, names[one], count, int(unsure.get(one, 0)))
            for one, count in zip(who.tolist(), counts.tolist())
            if one in names
        ]
        return sorted(rows, key=lambda one: (-one.doubtful, -one.waiting, one.name))[:limit]

    def _waiting(self, reader: Reader, q: str, veil: Veil | None) -> tuple[_Suggested | None, Any]:
        """What is suggested of all faces, and which of these are in what a query finds."""
        import numpy as np

        producer = self._likeness.active("face")
        if producer is None:
            return None, None
        key = self._key(producer)  # before the vectors are asked for: those may be newer
        known = self._suggested
        if known is None or known[0] != key:
            self._suggested = known = (key, self._suggest(self._likeness.faces(producer)))
        found = known[1]
        if found is None:
            return None, None
        inside = np.zeros(len(found.faces), np.bool_)
        inside[self._places(reader, q, found.pictures, set(), veil)] = True
        return found, inside

    def _suggest(self, matrix: Any) -> _Suggested | None:
        """Of each face that is nobody's who it may be, where it may be anybody; None: nobody is known."""
        import numpy as np

        from .whose import whose

        with self._db.reading() as connection:
            said = faces.assigned(connection)
            told = {one: faces.references(connection, one) for one in characters.ids(connection)}
        known = {one: np.flatnonzero(np.isin(matrix.ids, own)) for one, own in told.items() if own}
        known = {one: rows for one, rows in known.items() if len(rows)}
        if not known:
            return None
        numbers = np.asarray(list(known))
        free = np.flatnonzero(~np.isin(matrix.ids, [id for id, one in said.items() if one.yes is not None]))
        row_of = {int(matrix.ids[row]): int(row) for row in np.flatnonzero(np.isin(matrix.ids, list(said)))}
        denied = {
            row_of[id]: [n for n, who in enumerate(known) if who in {no.character for no in one.sayings if not no.yes}]
            for id, one in said.items()
            if id in row_of
        }
        found = whose(matrix.rows, free, list(known.values()), denied)
        scale = self._usual(matrix, [id for own in told.values() for id in own])
        likeness, between = scale.likeness(found.best), scale.likeness(found.next)
        keep = np.flatnonzero(likeness >= DOUBTFUL)
        likeness, between, places = likeness[keep], between[keep], free[keep]
        return _Suggested(
            matrix.ids[places],
            matrix.owners[places],
            numbers[found.first[keep]],
            numbers[found.second[keep]],
            matrix.owners[found.like[keep]],
            likeness,
            between,
            _doubts(likeness, between),
        )

    # -- faces that are nobody's ---------------------------------------------------------------------------------------

    def clusters(self, reader: Reader, q: str, limit: int, each: int) -> FaceClusters:
        """Faces that are nobody's, by who they seem to be.

        All faces are put together once after some were found; until that is done again, those of before are shown.
        """
        import numpy as np

        producer = self._likeness.active("face")
        if producer is None:
            return FaceClusters(True, 0, [])
        matrix = self._likeness.faces(producer)
        ready, grouped = self._grouped(producer)
        wanted = np.zeros(len(matrix.ids), np.bool_)
        wanted[self._places(reader, q, matrix.owners, set())] = True
        with self._db.reading() as connection:
            owned = [id for id, one in faces.assigned(connection).items() if one.yes is not None]
        wanted &= ~np.isin(matrix.ids, owned)
        if grouped is None:
            return FaceClusters(False, 0, [])
        inside = np.isin(grouped.faces, matrix.ids[wanted])
        cuts = np.flatnonzero(np.diff(grouped.groups[inside])) + 1
        groups = [one for one in np.split(grouped.faces[inside], cuts) if len(one) > 1]
        groups.sort(key=len, reverse=True)
        shown = [group[:each].tolist() for group in groups[:limit]]
        with self._db.reading() as connection:
            known = faces.infos(connection, [id for ids in shown for id in ids])
        found = [FaceCluster(len(group), [known[id] for id in ids if id in known]) for group, ids in zip(groups, shown)]
        return FaceClusters(ready, int(wanted.sum()), found)

    def _grouped(self, producer: int) -> tuple[bool, _Grouped | None]:
        """The faces of a producer in groups, and whether these are of now; waits a little where there are none yet."""
        with self._lock:
            key = (producer, self._revisions().get("regions", 0))
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

        from .clusters import clusters

        matrix = self._likeness.faces(key[0])
        some = matrix.ids[:: max(1, len(matrix.ids) // 16)].tolist()
        groups = clusters(matrix.rows, self._usual(matrix, some).cosine(LEAST)) if some else []
        numbers = np.repeat(np.arange(len(groups)), [len(one) for one in groups])
        found = _Grouped(key, matrix.ids[np.concatenate(groups)] if groups else matrix.ids[:0], numbers)
        with self._lock:
            self._clusters = found
        return found

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    # -- in common -----------------------------------------------------------------------------------------------------

    def _key(self, producer: int) -> Any:
        """Says when what was worked out of faces and sayings is of the past."""
        revisions = self._revisions()
        return (producer, *(revisions.get(noun, 0) for noun in ("regions", "characters", "tags")))

    def _usual(self, matrix: Any, ids: Sequence[int]) -> Usual:
        """What is usual between some rows and any others."""
        import numpy as np

        from .combining import sample, usual

        about = sample(np.arange(len(matrix.ids)))
        rows = np.flatnonzero(np.isin(matrix.ids, ids))[:16]
        scores = [matrix.scores(matrix.rows[row], about[about != row]) for row in rows]
        return usual(np.concatenate(scores)) if scores else usual(np.empty(0, np.float32))

    def _places(self, reader: Reader, q: str, owners: Any, but: set[int], veil: Veil | None = None) -> Any:
        """The rows whose pictures a query finds, without some and what a veil hides."""
        import numpy as np

        frame, mask = self._views.mask(reader, parse(q), veil)
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
                round(float(doubt), 4),
            )
            for character, picture, likeness, like, face, rival, doubt in found
            if picture in pictures
        ]


def _doubts(likeness: Any, rival: Any) -> Any:
    """How near each is to the least that is needed, or to somebody else; whichever is more."""
    import numpy as np

    near = 1 - np.abs(likeness - LEAST) / (1 - LEAST)
    between = np.where(rival >= DOUBTFUL, 1 - (likeness - rival) / DOUBTFUL, 0)
    return np.clip(np.maximum(near, between), 0, 1)

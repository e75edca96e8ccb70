"""Suggests pictures that may show a character, and the faces to review, the most uncertain first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..types import CharacterToReview, HideAndBlur, MaybeCharacter, Reader
from . import characters, faces
from .comparison import DOUBTFUL, LEAST, Comparing, doubts

#: (picture, similarity, most similar picture of the character, face, rival character, uncertainty)
Maybe = tuple[int, float, int, int | None, int | None, float]
#: Pictures of a character that others are compared with if it has no reference faces.
PICTURES = 64
#: Uncertainty (0 to 1) from which a suggestion is called doubtful.
UNSURE = 0.6


class Suggesting:
    def __init__(self, comparing: Comparing) -> None:
        self._comparing = comparing

    def suggest(self, reader: Reader, character: int, q: str, limit: int) -> list[MaybeCharacter]:
        """Return undecided pictures that may show a character, the most similar first."""
        with self._comparing.db.reading() as connection:
            accepted, denied = characters.decided(connection, character)
            references = faces.references(connection, character)
        producer = self._comparing.likeness.active("face")
        if producer is not None and references:
            rows = self._by_face(reader, producer, references, q, accepted | denied, character, limit)
        else:
            rows = self._by_picture(reader, sorted(accepted), q, accepted | denied, limit)
        return self._comparing.shown(reader, [(character, *row) for row in rows])

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

        all_faces = self._comparing.likeness.faces(producer)
        own = np.flatnonzero(np.isin(all_faces.ids, references))
        places = self._comparing.places(reader, q, all_faces.owners, but)
        if not len(own) or not len(places):
            return []
        with self._comparing.db.reading() as connection:
            assigned = faces.assigned(connection)
        taken = [
            id
            for id, face in assigned.items()
            if face.yes is not None or any(no.character == character for no in face.assignments if not no.yes)
        ]
        places = places[~np.isin(all_faces.ids[places], taken)]
        return self._likest(all_faces, own, places, limit, all_faces.owners)

    def _by_picture(self, reader: Reader, members: Sequence[int], q: str, but: set[int], limit: int) -> list[Maybe]:
        import numpy as np

        producer = self._comparing.likeness.active()
        if producer is None or not members:
            return []
        matrix = self._comparing.likeness.matrix(producer)
        own = matrix.places(np.asarray(members, np.int64))
        own = own[:: max(1, len(own) // PICTURES)]
        return self._likest(
            matrix, own, self._comparing.places(reader, q, matrix.ids, but), limit, matrix.ids, faces=False
        )

    def _likest(
        self, matrix: Any, own: Any, places: Any, limit: int, owners: Any, *, faces: bool = True
    ) -> list[Maybe]:
        """Return the rows in `places` that are most similar to any row in `own`, the most similar first."""
        import numpy as np

        from ..search.combining import sample, usual
        from ..search.matrix import top

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
        rows: list[Maybe] = []
        for n in top(best, limit).tolist():
            if likeness[n] < LEAST:
                break
            face = int(matrix.ids[places[n]]) if faces else None
            doubt = float(doubts(likeness[n], np.float32(0)))
            rows.append((int(owners[places[n]]), float(likeness[n]), int(owners[nearest[n]]), face, None, doubt))
        return rows


class _Suggested(NamedTuple):
    """Suggestions for unassigned faces, as parallel arrays: ids, pictures, the first and second most similar characters
    (ids), the picture of the reference, both similarities, and the uncertainty.
    """

    faces: Any
    pictures: Any
    first: Any
    rival: Any
    like: Any
    likeness: Any
    between: Any
    doubt: Any


class Reviewing:
    """Suggestions for all unassigned faces, computed again when faces or assignments change."""

    def __init__(self, comparing: Comparing) -> None:
        self._comparing = comparing
        self._suggested: tuple[Any, _Suggested | None] | None = None

    def doubtful(
        self, reader: Reader, q: str, character: int | None, limit: int, hide_and_blur: HideAndBlur | None = None
    ) -> list[MaybeCharacter]:
        """Return unassigned faces with the most similar character, the most uncertain first."""
        import numpy as np

        suggested, inside = self._waiting(reader, q, hide_and_blur)
        if suggested is None:
            return []
        if character is not None:
            inside = inside & (suggested.first == character)
        chosen = np.flatnonzero(inside)
        keys = (suggested.faces[chosen], -suggested.likeness[chosen], -suggested.doubt[chosen])
        rows: list[Any] = []
        for n in chosen[np.lexsort(keys)][:limit].tolist():
            rival = int(suggested.rival[n]) if suggested.between[n] >= DOUBTFUL else None
            picture, like, face = (int(values[n]) for values in (suggested.pictures, suggested.like, suggested.faces))
            rows.append(
                (int(suggested.first[n]), picture, float(suggested.likeness[n]), like, face, rival, suggested.doubt[n])
            )
        return self._comparing.shown(reader, rows)

    def waiting(
        self, reader: Reader, q: str, limit: int, hide_and_blur: HideAndBlur | None = None
    ) -> list[CharacterToReview]:
        """Return the characters suggested for faces, those with the most uncertain faces first."""
        import numpy as np

        suggested, inside = self._waiting(reader, q, hide_and_blur)
        if suggested is None:
            return []
        with self._comparing.db.reading() as connection:
            names = characters.names(connection)
        who, counts = np.unique(suggested.first[inside], return_counts=True)
        unsure = dict(zip(*np.unique(suggested.first[inside & (suggested.doubt >= UNSURE)], return_counts=True)))
        rows = [
            CharacterToReview(character, names[character], count, int(unsure.get(character, 0)))
            for character, count in zip(who.tolist(), counts.tolist())
            if character in names
        ]
        return sorted(rows, key=lambda review: (-review.doubtful, -review.waiting, review.name))[:limit]

    def _waiting(self, reader: Reader, q: str, hide_and_blur: HideAndBlur | None) -> tuple[_Suggested | None, Any]:
        """Return the suggestions for all faces, and a mask of those in pictures that match a query."""
        import numpy as np

        producer = self._comparing.likeness.active("face")
        if producer is None:
            return None, None
        key = self._comparing.key(producer)  # before the vectors are read, because those may be newer
        cached = self._suggested
        if cached is None or cached[0] != key:
            self._suggested = cached = (key, self._suggest(self._comparing.likeness.faces(producer)))
        suggested = cached[1]
        if suggested is None:
            return None, None
        inside = np.zeros(len(suggested.faces), np.bool_)
        inside[self._comparing.places(reader, q, suggested.pictures, set(), hide_and_blur)] = True
        return suggested, inside

    def _suggest(self, matrix: Any) -> _Suggested | None:
        """Return the suggested character of each unassigned face; None if no character has references."""
        import numpy as np

        from .clustering import nearest_owner

        with self._comparing.db.reading() as connection:
            assigned = faces.assigned(connection)
            references = {id: faces.references(connection, id) for id in characters.ids(connection)}
        rows_of = {id: np.flatnonzero(np.isin(matrix.ids, own)) for id, own in references.items() if own}
        rows_of = {id: rows for id, rows in rows_of.items() if len(rows)}
        if not rows_of:
            return None
        numbers = np.asarray(list(rows_of))
        free = np.flatnonzero(~np.isin(matrix.ids, [id for id, face in assigned.items() if face.yes is not None]))
        row_of = {int(matrix.ids[row]): int(row) for row in np.flatnonzero(np.isin(matrix.ids, list(assigned)))}
        denied = {
            row_of[id]: [
                n for n, who in enumerate(rows_of) if who in {no.character for no in face.assignments if not no.yes}
            ]
            for id, face in assigned.items()
            if id in row_of
        }
        nearest = nearest_owner(matrix.rows, free, list(rows_of.values()), denied)
        scale = self._comparing.usual(matrix, [id for own in references.values() for id in own])
        likeness, between = scale.likeness(nearest.best), scale.likeness(nearest.next)
        keep = np.flatnonzero(likeness >= DOUBTFUL)
        likeness, between, places = likeness[keep], between[keep], free[keep]
        return _Suggested(
            matrix.ids[places],
            matrix.owners[places],
            numbers[nearest.first[keep]],
            numbers[nearest.second[keep]],
            matrix.owners[nearest.like[keep]],
            likeness,
            between,
            doubts(likeness, between),
        )

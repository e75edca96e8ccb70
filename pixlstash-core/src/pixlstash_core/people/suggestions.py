"""Suggests pictures that may show a character: by faces, or by content if it has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..types import MaybeCharacter, Reader
from . import characters, faces
from .comparison import LEAST, Comparing, doubts

#: (picture, similarity, most similar picture of the character, face, rival character, uncertainty)
Maybe = tuple[int, float, int, int | None, int | None, float]
#: Pictures of a character that others are compared with if it has no reference faces.
PICTURES = 64


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

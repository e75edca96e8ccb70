"""Pictures that may show a character: by its faces, or by their looks where it has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..types import MaybeCharacter, Reader
from . import characters, faces
from .comparing import LEAST, Comparing, doubts

#: (picture, likeness, picture it is most like, face, rival, doubt)
Maybe = tuple[int, float, int, int | None, int | None, float]
#: A character's pictures that others are compared with, where it has no faces.
PICTURES = 64


class Suggesting:
    def __init__(self, known: Comparing) -> None:
        self._known = known

    def suggest(self, reader: Reader, character: int, q: str, limit: int) -> list[MaybeCharacter]:
        """Pictures that may show a character and are not said to, or not to; the likest first."""
        with self._known.db.reading() as connection:
            known, denied = characters.told(connection, character)
            references = faces.references(connection, character)
        producer = self._known.likeness.active("face")
        if producer is not None and references:
            found = self._by_face(reader, producer, references, q, known | denied, character, limit)
        else:
            found = self._by_picture(reader, sorted(known), q, known | denied, limit)
        return self._known.shown(reader, [(character, *one) for one in found])

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

        all_faces = self._known.likeness.faces(producer)
        own = np.flatnonzero(np.isin(all_faces.ids, references))
        places = self._known.places(reader, q, all_faces.owners, but)
        if not len(own) or not len(places):
            return []
        with self._known.db.reading() as connection:
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

        producer = self._known.likeness.active()
        if producer is None or not members:
            return []
        matrix = self._known.likeness.matrix(producer)
        own = matrix.places(np.asarray(members, np.int64))
        own = own[:: max(1, len(own) // PICTURES)]
        return self._likest(matrix, own, self._known.places(reader, q, matrix.ids, but), limit, matrix.ids, faces=False)

    def _likest(
        self, matrix: Any, own: Any, places: Any, limit: int, owners: Any, *, faces: bool = True
    ) -> list[Maybe]:
        """The likest of some rows."""
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
        found: list[Maybe] = []
        for n in top(best, limit).tolist():
            if likeness[n] < LEAST:
                break
            face = int(matrix.ids[places[n]]) if faces else None
            doubt = float(doubts(likeness[n], np.float32(0)))
            found.append((int(owners[places[n]]), float(likeness[n]), int(owners[nearest[n]]), face, None, doubt))
        return found

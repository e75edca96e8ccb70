"""The queue of faces that people are asked about: who each may be, and how doubtful that is."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..types import CharacterToReview, MaybeCharacter, Reader, Veil
from . import characters, faces
from .comparing import DOUBTFUL, Comparing, doubts

#: From this doubt on, 0 to 1, a suggestion is called doubtful.
UNSURE = 0.6


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


class Reviewing:
    """What was worked out of all faces is kept until faces, or what is said of them, change."""

    def __init__(self, known: Comparing) -> None:
        self._known = known
        self._suggested: tuple[Any, _Suggested | None] | None = None

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
        return self._known.shown(reader, rows)

    def waiting(self, reader: Reader, q: str, limit: int, veil: Veil | None = None) -> list[CharacterToReview]:
        """Characters that faces are suggested for; those with the most doubtful ones first."""
        import numpy as np

        found, inside = self._waiting(reader, q, veil)
        if found is None:
            return []
        with self._known.db.reading() as connection:
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

        producer = self._known.likeness.active("face")
        if producer is None:
            return None, None
        key = self._known.key(producer)  # before the vectors are asked for: those may be newer
        known = self._suggested
        if known is None or known[0] != key:
            self._suggested = known = (key, self._suggest(self._known.likeness.faces(producer)))
        found = known[1]
        if found is None:
            return None, None
        inside = np.zeros(len(found.faces), np.bool_)
        inside[self._known.places(reader, q, found.pictures, set(), veil)] = True
        return found, inside

    def _suggest(self, matrix: Any) -> _Suggested | None:
        """Of each face that is nobody's who it may be, where it may be anybody; None: nobody is known."""
        import numpy as np

        from .nearest import whose

        with self._known.db.reading() as connection:
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
        scale = self._known.usual(matrix, [id for own in told.values() for id in own])
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
            doubts(likeness, between),
        )

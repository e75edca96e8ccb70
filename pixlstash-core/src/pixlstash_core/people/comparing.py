"""What all that knows people stands on: vectors of faces, who may read what, and how likeness reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..database.connection import Database
from ..query.language import parse
from ..query.views import Views
from ..search.vectors import Likeness
from ..types import MaybeCharacter, Reader, Veil
from . import characters, faces

if TYPE_CHECKING:
    from ..search.combining import Usual

#: Likeness from which on it may be the same; and from which on it is worth a look where people decide.
LEAST, DOUBTFUL = 0.6, 0.3


class Comparing:
    """Of one library. `revisions()` gives the writer's, by noun."""

    def __init__(self, db: Database, views: Views, likeness: Likeness, revisions: Callable[[], Any]) -> None:
        self.db, self.views, self.likeness, self.revisions = db, views, likeness, revisions

    def key(self, producer: int) -> Any:
        """Says when what was worked out of faces and sayings is of the past."""
        revisions = self.revisions()
        return (producer, *(revisions.get(noun, 0) for noun in ("regions", "characters", "tags")))

    def usual(self, matrix: Any, ids: Sequence[int]) -> Usual:
        """What is usual between some rows and any others."""
        import numpy as np

        from ..search.combining import sample, usual

        about = sample(np.arange(len(matrix.ids)))
        rows = np.flatnonzero(np.isin(matrix.ids, ids))[:16]
        scores = [matrix.scores(matrix.rows[row], about[about != row]) for row in rows]
        return usual(np.concatenate(scores)) if scores else usual(np.empty(0, np.float32))

    def places(self, reader: Reader, q: str, owners: Any, but: set[int], veil: Veil | None = None) -> Any:
        """The rows whose pictures a query finds, without some and what a veil hides."""
        import numpy as np

        frame, mask = self.views.mask(reader, parse(q), veil)
        mask = mask & ~frame.mask(but) if but else mask
        there = owners < frame.size
        return np.flatnonzero(there & mask[np.where(there, owners, 0)])

    def shown(self, reader: Reader, found: Sequence[Any]) -> list[MaybeCharacter]:
        pictures = {one.id: one for one in self.views.listed(reader, [row[1] for row in found])}
        with self.db.reading() as connection:
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


def doubts(likeness: Any, rival: Any) -> Any:
    """How near each is to the least that is needed, or to somebody else; whichever is more."""
    import numpy as np

    near = 1 - np.abs(likeness - LEAST) / (1 - LEAST)
    between = np.where(rival >= DOUBTFUL, 1 - (likeness - rival) / DOUBTFUL, 0)
    return np.clip(np.maximum(near, between), 0, 1)

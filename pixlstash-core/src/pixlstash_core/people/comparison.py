"""Shared parts of everything that recognizes people: face vectors, read access, and the scale of similarity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..database.connection import Database
from ..query.language import parse
from ..query.views import Views
from ..search.vectors import Likeness
from ..types import HideAndBlur, MaybeCharacter, Reader
from . import characters, faces

if TYPE_CHECKING:
    from ..search.combining import Usual

#: Similarity from which two faces may show the same person, and from which a suggestion is worth a decision.
LEAST, DOUBTFUL = 0.6, 0.3


class Comparing:
    """Compares the faces of one library. `revisions()` returns the writer's revisions by topic."""

    def __init__(self, db: Database, views: Views, likeness: Likeness, revisions: Callable[[], Any]) -> None:
        self.db, self.views, self.likeness, self.revisions = db, views, likeness, revisions

    def key(self, producer: int) -> Any:
        """Return a key that changes when results computed from faces and assignments become outdated."""
        revisions = self.revisions()
        return (producer, *(revisions.get(topic, 0) for topic in ("regions", "characters", "tags")))

    def usual(self, matrix: Any, ids: Sequence[int]) -> Usual:
        """Return the distribution of the cosines between up to 16 of some rows (by id) and a sample of all rows."""
        import numpy as np

        from ..search.combining import sample, usual

        about = sample(np.arange(len(matrix.ids)))
        rows = np.flatnonzero(np.isin(matrix.ids, ids))[:16]
        scores = [matrix.scores(matrix.rows[row], about[about != row]) for row in rows]
        return usual(np.concatenate(scores)) if scores else usual(np.empty(0, np.float32))

    def places(
        self, reader: Reader, q: str, owners: Any, but: set[int], hide_and_blur: HideAndBlur | None = None
    ) -> Any:
        """Return the indexes of the rows whose pictures match a query, except excluded (`but`) and hidden pictures."""
        import numpy as np

        frame, mask = self.views.mask(reader, parse(q), hide_and_blur)
        mask = mask & ~frame.mask(but) if but else mask
        there = owners < frame.size
        return np.flatnonzero(there & mask[np.where(there, owners, 0)])

    def shown(self, reader: Reader, rows: Sequence[Any]) -> list[MaybeCharacter]:
        pictures = {picture.id: picture for picture in self.views.listed(reader, [row[1] for row in rows])}
        with self.db.reading() as connection:
            infos = faces.infos(connection, [row[4] for row in rows if row[4] is not None])
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
            for character, picture, likeness, like, face, rival, doubt in rows
            if picture in pictures
        ]


def doubts(likeness: Any, rival: Any) -> Any:
    """Return how uncertain suggestions are (0 to 1): near the threshold, or nearly as similar to another character."""
    import numpy as np

    near = 1 - np.abs(likeness - LEAST) / (1 - LEAST)
    between = np.where(rival >= DOUBTFUL, 1 - (likeness - rival) / DOUBTFUL, 0)
    return np.clip(np.maximum(near, between), 0, 1)

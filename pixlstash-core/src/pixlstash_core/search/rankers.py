"""Rank pictures by similarity of their content and words (`PictureRank`), or of their faces (`FaceRank`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..query.evaluator import Evaluation
from ..query.ranking import Part, Ranked
from ..query.relevance import hits, ranked, scores, shares
from ..types import Alike
from .combining import Usual, combined, fused, sample, usual
from .matrix import Matrix, top

if TYPE_CHECKING:
    from ..database.features import Term
    from .vectors import Faces

#: Tolerance for rounding in sums of float32.
CLOSE = 1e-6
Mask = NDArray[np.bool_]
Ids = NDArray[np.uint32]


class Compared(Struct, eq=False):
    """A reference as a vector (f32, of length 1; None: it has none), and the pictures or faces it is made of."""

    part: Part
    vector: Any
    of: Sequence[int] = ()


class Fit(Struct, frozen=True):
    """The similarity of a picture to a reference: cosine, similarity from 0 to 1, and the most similar picture."""

    part: Part
    score: float
    likeness: float
    like: int | None
    face: int | None = None


class PictureRank:
    """Ranks pictures by the vectors of one producer (None: there is none), and by words if the query has some."""

    def __init__(
        self,
        wanted: Ranked,
        matrix: Matrix | None,
        compared: Sequence[Compared],
        places: Sequence[Term],
        key: str,
        notes: list[str],
    ) -> None:
        self._wanted, self._matrix, self._places = wanted, matrix, places
        self._compared = [reference for reference in compared if reference.vector is not None]
        self.key, self.notes = key, notes

    def order(self, look: Evaluation, mask: Mask, inside: Mask | None) -> Ids:
        words = [part for part in self._wanted.parts if part.source == "words"]
        by_vector = self._by_vector(look, mask, inside, fusing=bool(words))
        if not words:
            return by_vector
        seen = _seen(look, inside)
        total = sum(part.weight for part in self._wanted.parts)
        by_words = [
            (ranked(scores(look, hits(part.value, self._places), mask, seen)), part.weight / total) for part in words
        ]
        if self._wanted.least:  # words do not add pictures that are not similar enough
            enough = by_vector if self._compared else self._by_words(look, mask, seen) >= self._wanted.least - CLOSE
            keep = np.flatnonzero(enough) if enough.dtype == np.bool_ else enough
            by_words = [(ids[np.isin(ids, keep)], weight) for ids, weight in by_words]
        ids = fused([(by_vector, 1.0), *by_words], look.frame.size)
        return ids if self._wanted.top is None else ids[: self._wanted.top]

    def _by_words(self, look: Evaluation, mask: Mask, seen: Mask) -> NDArray[np.float32]:
        """Return the share of the query's words that describe each picture, by id: 0 to 1."""
        parts = [part for part in self._wanted.parts if part.source == "words"]
        scores_of_parts = [shares(look, hits(part.value, self._places), mask, seen) for part in parts]
        return (
            combined(scores_of_parts, [part.weight for part in parts], "mean")
            if parts
            else np.zeros(mask.size, np.float32)
        )

    def _by_vector(self, look: Evaluation, mask: Mask, inside: Mask | None, *, fusing: bool) -> Ids:
        if self._matrix is None or not self._compared:
            return np.empty(0, np.uint32)
        places = _places(self._matrix.ids, mask)
        whole = len(places) == len(self._matrix.ids)
        cosines, scale = self._cosines(None if whole else places, look, inside)
        count = len(cosines) if self._wanted.top is None else self._wanted.top * (2 if fusing else 1)
        chosen = top(cosines, count)
        if self._wanted.least:
            chosen = chosen[cosines[chosen] >= scale.cosine(self._wanted.least)]
        ids: Ids = self._matrix.ids[chosen if whole else places[chosen]].astype(np.uint32)
        return ids

    def _cosines(self, places: Any, look: Evaluation, inside: Mask | None) -> tuple[NDArray[np.float32], Usual]:
        """Return the combined cosines of the rows at `places` (None: all), and the usual ones."""
        assert self._matrix is not None
        about = sample(_places(self._matrix.ids, _seen(look, inside)))
        spoken = [reference for reference in self._compared if reference.part.source == "words"]
        mixed = 0 < len(spoken) < len(self._compared)
        weights = [reference.part.weight for reference in self._compared]
        if self._wanted.combine == "mean" and not mixed:  # a mean of cosines is a cosine with the mean
            vector = np.average([reference.vector for reference in self._compared], axis=0, weights=weights)
            return self._matrix.scores(vector, places), usual(self._matrix.scores(vector, about))
        scores_of_parts, sampled = [], []
        for reference in self._compared:
            scores_of_parts.append(self._matrix.scores(reference.vector, places))
            sampled.append(self._matrix.scores(reference.vector, about))
        if mixed:  # cosines with texts and with images differ in scale: adjust those with texts
            shown = usual(
                np.concatenate([a for a, reference in zip(sampled, self._compared) if reference not in spoken])
            )
            for n, reference in enumerate(self._compared):
                if reference in spoken:
                    own = usual(sampled[n])
                    scores_of_parts[n] = (scores_of_parts[n] - own.middle) / own.spread * shown.spread + shown.middle
                    sampled[n] = (sampled[n] - own.middle) / own.spread * shown.spread + shown.middle
        how = self._wanted.combine
        return combined(scores_of_parts, weights, how), usual(combined(sampled, weights, how))

    def measure(self, look: Evaluation, inside: Mask | None, ids: Ids) -> list[Alike]:
        """Return the similarity of pictures, and their share of words, in the order of ids."""
        asks_words = any(part.source == "words" for part in self._wanted.parts)
        mask = look.frame.mask(ids.astype(np.int64))
        shares = self._by_words(look, mask, _seen(look, inside))[ids].tolist() if asks_words else [None] * len(ids)
        if self._matrix is None or not self._compared:
            return [Alike(picture, None, None, words=share) for picture, share in zip(ids.tolist(), shares)]
        places = self._matrix.places(np.sort(ids).astype(np.int64))
        cosines, scale = self._cosines(places, look, inside)
        measured = dict(zip(self._matrix.ids[places].tolist(), zip(cosines.tolist(), scale.likeness(cosines).tolist())))
        return [
            Alike(picture, score, likeness, words=share)
            for picture, share in zip(ids.tolist(), shares)
            for score, likeness in [measured.get(picture, (None, None))]
        ]

    def fits(self, look: Evaluation, inside: Mask | None, picture: int) -> list[Fit]:
        """Return the similarity of one picture to each reference."""
        if self._matrix is None or not len(place := self._matrix.places(np.asarray([picture]))):
            return []
        about = sample(_places(self._matrix.ids, _seen(look, inside)))
        own = self._matrix.rows[place[0]].astype(np.float32)
        fits = []
        for reference in self._compared:
            cosine = float(own @ reference.vector)
            scale = usual(self._matrix.scores(reference.vector, about))
            of = self._matrix.places(np.asarray(reference.of, np.int64))
            like = self._matrix.ids[of[np.argmax(self._matrix.scores(own, of))]] if len(of) else None
            likeness = float(scale.likeness(np.asarray([cosine], np.float32))[0])
            fits.append(Fit(reference.part, cosine, likeness, None if like is None else int(like)))
        return fits


class FaceRank:
    """Ranks pictures by their most similar face."""

    def __init__(self, wanted: Ranked, faces: Faces, compared: Sequence[Compared], key: str, notes: list[str]) -> None:
        self._wanted, self._faces, self._compared = wanted, faces, compared
        self.key, self.notes = key, notes

    def order(self, look: Evaluation, mask: Mask, inside: Mask | None) -> Ids:
        if not self._compared:
            return np.empty(0, np.uint32)
        places = _places(self._faces.owners, mask)
        cosines = self._cosines(places)
        owners = self._faces.owners[places]  # ascending
        starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1])[: len(owners)])
        owners = owners[starts]
        best = np.maximum.reduceat(cosines, starts) if len(starts) else cosines
        chosen = top(best, len(best) if self._wanted.top is None else self._wanted.top)
        if self._wanted.least:
            chosen = chosen[best[chosen] >= self._usual(look, inside).cosine(self._wanted.least)]
        ids: Ids = owners[chosen].astype(np.uint32)
        return ids

    def _usual(self, look: Evaluation, inside: Mask | None) -> Usual:
        return usual(self._cosines(sample(_places(self._faces.owners, _seen(look, inside)))))

    def _cosines(self, places: Any) -> NDArray[np.float32]:
        scores_of_parts = [self._faces.scores(reference.vector, places) for reference in self._compared]
        return combined(scores_of_parts, [reference.part.weight for reference in self._compared], self._wanted.combine)

    def measure(self, look: Evaluation, inside: Mask | None, ids: Ids) -> list[Alike]:
        """Return the similarity of each picture's most similar face, in the order of ids."""
        places = _places(self._faces.owners, look.frame.mask(ids.astype(np.int64)))
        if not len(places):
            return []
        cosines = self._cosines(places)
        owners = self._faces.owners[places]
        best: dict[int, int] = {}
        for n in np.argsort(cosines, kind="stable").tolist():
            best[int(owners[n])] = n
        likeness = self._usual(look, inside).likeness(cosines)
        return [
            Alike(picture, float(cosines[n]), float(likeness[n]), int(self._faces.ids[places[n]]))
            for picture in ids.tolist()
            for n in [best[picture]]
        ]

    def fits(self, look: Evaluation, inside: Mask | None, picture: int) -> list[Fit]:
        """Return the similarity of one picture's most similar face, as a list of one or none."""
        places = np.flatnonzero(self._faces.owners == picture)
        if not len(places) or not self._compared:
            return []
        cosines = self._cosines(places)
        at = int(np.argmax(cosines))
        own = self._faces.rows[places[at]].astype(np.float32)
        nearest = max(self._compared, key=lambda reference: float(own @ reference.vector))
        likeness = float(self._usual(look, inside).likeness(cosines[at : at + 1])[0])
        like = nearest.of[0] if nearest.of else None
        return [Fit(nearest.part, float(cosines[at]), likeness, like, int(self._faces.ids[places[at]]))]


def outliers(matrix: Matrix, mask: Mask, first: Callable[[Ids, Mask], Ids]) -> Ids:
    """Return the ids of a mask, the most distant from the mean vector first; those without a vector last."""
    places = _places(matrix.ids, mask)
    if not len(places):
        return first(np.empty(0, np.uint32), mask)
    middle = mean_vector(matrix, places)
    cosines = matrix.scores(middle, places)
    ids = matrix.ids[places[np.argsort(cosines, kind="stable")]].astype(np.uint32)
    return first(ids, mask)


def mean_vector(matrix: Matrix, places: Any) -> Any:
    """Return the mean of rows, normalized to length 1 (f32)."""
    total = np.zeros(matrix.rows.shape[1], np.float64)
    for at in range(0, len(places), 65_536):
        total += matrix.rows[places[at : at + 65_536]].sum(axis=0, dtype=np.float32)
    length = float(np.linalg.norm(total))
    return (total / length if length > 1e-9 else matrix.rows[places[0]]).astype(np.float32)


def _seen(look: Evaluation, inside: Mask | None) -> Mask:
    """Return a mask of what the reader may see outside the scrapheap; usual scores are determined among these."""
    return look.frame.living if inside is None else look.frame.living & inside


def _places(ids: Any, mask: Mask) -> NDArray[np.int64]:
    """Return the rows whose ids (ascending) are in a mask."""
    return np.flatnonzero(mask[ids[: np.searchsorted(ids, len(mask))]])

"""Finding pictures that look like others."""

from __future__ import annotations

from .. import scope
from ..errors import Invalid
from ..features.likeness import Likeness as Vectors
from ..features.outputs import Outputs
from ..search import NOTHING
from ..types import FindSimilar, Reader, Similar, SimilarFound
from .wired import Wired


class Likeness(Wired):
    likeness: Vectors
    outputs: Outputs

    def similar(self, reader: Reader, ask: FindSimilar) -> SimilarFound:
        """Pictures that look like others."""
        from ..search.near import near

        to = self.views.select(reader, ask)
        if not to:
            raise Invalid("Say which pictures others are to look like.")
        producer = self.likeness.active()
        if producer is None:
            raise Invalid(NOTHING)
        among = self.views.ids(reader, ask.q)
        matrix = self.likeness.matrix(producer)
        found = near(matrix, to, among, ask.combine, ask.limit)
        by_id = {one.id: one for one in self.views.listed(reader, [one.picture for one in found])}
        return SimilarFound(
            self.outputs.producer(producer).engine,
            len(to) - len(matrix.places(sorted(set(to)))),
            [
                Similar(by_id[one.picture], round(one.score, 4), one.like)
                for one in found
                if one.picture in by_id and scope.sees(reader, one.like)
            ],
        )

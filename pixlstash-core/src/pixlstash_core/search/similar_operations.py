"""Finding pictures that look like others."""

from __future__ import annotations

from ..engines.outputs import Outputs
from ..errors import Invalid
from ..query import scope
from ..session import Wired
from ..types import FindSimilar, Reader, Similar, SimilarFound
from .search import NOTHING
from .vectors import Likeness as Vectors


class Likeness(Wired):
    likeness: Vectors
    outputs: Outputs

    def similar(self, reader: Reader, ask: FindSimilar) -> SimilarFound:
        """Pictures that look like others."""
        from .similar import near

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

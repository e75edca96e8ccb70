"""Finding pictures that look like others."""

from __future__ import annotations

from .. import scope
from ..errors import Invalid
from ..features.likeness import Likeness as Vectors
from ..features.outputs import Outputs
from ..types import FindSimilar, Reader, Similar, SimilarFound
from .wired import Wired


class Likeness(Wired):
    likeness: Vectors
    outputs: Outputs

    def similar(self, reader: Reader, ask: FindSimilar) -> SimilarFound:
        """Pictures that look like others."""
        to = self.views.select(reader, ask)
        if not to:
            raise Invalid("Say which pictures others are to look like.")
        producer = self.likeness.active()
        if producer is None:
            raise Invalid(
                "Nothing knows yet what pictures look like: run an embedder, such as"
                " `pixlstash engine run visual-descriptor`."
            )
        among = self.views.ids(reader, ask.q)
        found = self.likeness.near(producer, to, among, ask.combine, ask.limit)
        by_id = {one.id: one for one in self.views.listed(reader, [near.picture for near in found])}
        known = len(self.likeness.known(producer, to))
        return SimilarFound(
            self.outputs.producer(producer).engine,
            len(to) - known,
            [
                Similar(by_id[near.picture], round(near.score, 4), near.like)
                for near in found
                if near.picture in by_id and scope.sees(reader, near.like)
            ],
        )

"""The kinds of output there are. Loop, forms and conformance kit know none by name."""

from __future__ import annotations

from ..features import caption_outputs, measured, regions, tag_outputs, vectors
from ..nouns import OutputKind

KINDS: tuple[OutputKind, ...] = (
    tag_outputs.KIND,
    caption_outputs.KIND,
    vectors.KIND,
    regions.FACES,
    regions.REGIONS,
    measured.KIND,
)

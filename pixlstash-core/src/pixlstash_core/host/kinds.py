"""The kinds of output there are. Loop, forms and conformance kit know none by name."""

from __future__ import annotations

from msgspec.structs import replace

from ..features import caption_outputs, faces, measured, regions, tag_outputs, vectors
from ..nouns import OutputKind

KINDS: tuple[OutputKind, ...] = (
    tag_outputs.KIND,
    caption_outputs.KIND,
    vectors.KIND,
    replace(regions.FACES, agree=faces.agree),  # what is said of faces is another noun
    regions.REGIONS,
    measured.KIND,
)

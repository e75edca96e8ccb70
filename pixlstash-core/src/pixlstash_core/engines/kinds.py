"""The kinds of output there are. Loop, forms and conformance kit know none by name."""

from __future__ import annotations

from msgspec.structs import replace

from ..captions import outputs as caption_outputs
from ..database.features import OutputKind
from ..people import faces, regions
from ..search import outputs as vectors
from ..tags import outputs as tag_outputs
from . import measures as measured

KINDS: tuple[OutputKind, ...] = (
    tag_outputs.KIND,
    caption_outputs.KIND,
    vectors.KIND,
    replace(regions.FACES, agree=faces.agree),  # what is said of faces is another noun
    regions.REGIONS,
    measured.KIND,
)

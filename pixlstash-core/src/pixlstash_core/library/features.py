"""The features of a library: what each noun contributes. Where one mentions another's tables, it comes after it."""

from __future__ import annotations

from ..captions import feature as captions
from ..collections import projects, queries, sets, stacks
from ..database import settings
from ..database.features import Feature
from ..engines import measures
from ..engines import outputs as producers
from ..imports import locations
from ..people import characters, faces, regions
from ..pictures import corrections, duplicates, scores, scrapheap
from ..pictures import feature as pictures
from ..search import outputs as vectors
from ..tags import feature as tags
from ..texts import feature as texts

FEATURES: tuple[Feature, ...] = (
    pictures.FEATURE,
    scores.FEATURE,
    scrapheap.FEATURE,
    producers.FEATURE,
    tags.FEATURE,
    captions.FEATURE,
    characters.FEATURE,
    sets.FEATURE,
    projects.FEATURE,
    queries.FEATURE,
    stacks.FEATURE,
    corrections.FEATURE,
    duplicates.FEATURE,
    vectors.FEATURE,
    regions.FEATURE,
    faces.FEATURE,
    texts.FEATURE,
    measures.FEATURE,
    locations.FEATURE,
    settings.FEATURE,
)
#: The kinds of engine results there are.
KINDS = tuple(kind for feature in FEATURES for kind in feature.outputs)

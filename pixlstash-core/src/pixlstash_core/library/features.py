"""The list of all features. A feature comes after those whose tables it refers to."""

from __future__ import annotations

from ..captions import feature as captions
from ..collections import projects, saved_queries, sets, stacks
from ..database import settings
from ..database.features import Feature
from ..engines import measures
from ..engines import outputs as producers
from ..imports import locations
from ..people import characters, regions
from ..people import feature as people
from ..pictures import corrections, duplicates, scores, scrapheap
from ..pictures import feature as pictures
from ..search import engine_results as vectors
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
    saved_queries.FEATURE,
    stacks.FEATURE,
    corrections.FEATURE,
    duplicates.FEATURE,
    vectors.FEATURE,
    regions.FEATURE,
    people.FEATURE,
    texts.FEATURE,
    measures.FEATURE,
    locations.FEATURE,
    settings.FEATURE,
)
#: All kinds of engine results.
KINDS = tuple(kind for feature in FEATURES for kind in feature.outputs)

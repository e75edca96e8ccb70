"""The list of all features. A feature comes after those whose tables it refers to."""

from __future__ import annotations

from ..captions import feature as captions
from ..collections import feature as collections
from ..database import settings
from ..database.features import Feature
from ..engines import feature as engines
from ..engines import training
from ..imports import feature as imports
from ..people import characters, regions
from ..people import feature as people
from ..pictures import corrections, duplicates
from ..pictures import feature as pictures
from ..search import feature as search
from ..sidecars import feature as sidecars
from ..tags import feature as tags
from ..texts import feature as texts

FEATURES: tuple[Feature, ...] = (
    pictures.FEATURE,
    pictures.SCORES,
    pictures.SCRAPHEAP,
    engines.PRODUCERS,
    tags.FEATURE,
    captions.FEATURE,
    characters.FEATURE,
    *collections.FEATURES,
    corrections.FEATURE,
    duplicates.FEATURE,
    search.FEATURE,
    regions.FEATURE,
    people.FEATURE,
    texts.FEATURE,
    engines.MEASURES,
    training.FEATURE,
    imports.FEATURE,
    sidecars.FEATURE,
    settings.FEATURE,
)
#: All kinds of engine results.
KINDS = tuple(kind for feature in FEATURES for kind in feature.outputs)

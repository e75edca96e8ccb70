"""The camera settings of a recipe: which camera the run was taken with, and the exposure of each picture."""

from __future__ import annotations

from msgspec import Struct

from . import words
from .recipe import Recipe


class Shot(Struct, frozen=True):
    """`shutter` is the denominator of the exposure time: 125 is 1/125 s; `focal` in mm."""

    make: str
    model: str
    software: str
    lens: str
    shutter: int
    aperture: float
    iso: int
    focal: float


_SOFTWARE = {"X-T5": "Digital Camera X-T5 Ver4.10", "ILCE-7M4": "ILCE-7M4 v4.00"}
#: Which exposures a light allows: (first and last aperture, shutter, ISO), as positions in the tables.
_RANGES = {
    "night": ((0, 2), (0, 1), (4, 6)),
    "dusk": ((0, 3), (0, 3), (3, 5)),
    "dawn": ((2, 4), (1, 3), (2, 4)),
    "overcast": ((1, 4), (1, 4), (1, 3)),
    "golden": ((2, 5), (2, 5), (0, 2)),
    "day": ((3, 6), (2, 6), (0, 1)),
}


def shot(recipe: Recipe) -> Shot:
    make, model, lenses = words.CAMERAS[recipe.style & 1]
    lens, focals = lenses[recipe.style >> 1 & 1]
    bits = recipe.shot
    apertures, shutters, isos = _RANGES[recipe.light]
    return Shot(
        make,
        model,
        _SOFTWARE[model],
        lens,
        words.SHUTTERS[shutters[0] + (bits >> 4) % (shutters[1] - shutters[0] + 1)],
        max(words.APERTURES[apertures[0] + bits % (apertures[1] - apertures[0] + 1)], 2.8 if len(focals) > 1 else 1.4),
        words.ISOS[isos[0] + (bits >> 8) % (isos[1] - isos[0] + 1)],
        focals[(bits >> 12) % len(focals)],
    )

"""The camera settings of a recipe: which camera the run was taken with, and the exposure of each picture."""

from __future__ import annotations

from typing import NamedTuple

from .recipe import Recipe

_CAMERAS = (
    ("FUJIFILM", "X-T5", "Digital Camera X-T5 Ver4.10", "XF33mmF1.4 R LM WR", (33.0,)),
    ("SONY", "ILCE-7M4", "ILCE-7M4 v4.00", "FE 35mm F1.4 GM", (35.0,)),
    ("FUJIFILM", "X-T5", "Digital Camera X-T5 Ver4.10", "XF16-55mmF2.8 R LM WR", (16.0, 23.0, 35.0, 55.0)),
    ("SONY", "ILCE-7M4", "ILCE-7M4 v4.00", "FE 24-70mm F2.8 GM II", (24.0, 35.0, 50.0, 70.0)),
)
#: Apertures, shutter speeds and sensitivities that a light allows.
_EXPOSURES = {
    "night": ((1.4, 2.0, 2.8), (30, 60), (800, 1600, 3200)),
    "dusk": ((1.4, 2.0, 2.8, 4.0), (30, 60, 125, 250), (400, 800, 1600)),
    "dawn": ((2.8, 4.0, 5.6), (60, 125, 250), (200, 400, 800)),
    "overcast": ((2.0, 2.8, 4.0, 5.6), (60, 125, 250, 500), (160, 200, 400)),
    "golden": ((2.8, 4.0, 5.6, 8.0), (125, 250, 500, 1000), (125, 160, 200)),
    "day": ((4.0, 5.6, 8.0, 11.0), (125, 250, 500, 1000, 2000), (125, 160)),
}


class Shot(NamedTuple):
    """`shutter` is the denominator of the exposure time: 125 is 1/125 s; `focal` in mm."""

    make: str
    model: str
    software: str
    lens: str
    shutter: int
    aperture: float
    iso: int
    focal: float


def shot(recipe: Recipe) -> Shot:
    make, model, software, lens, focals = _CAMERAS[recipe.style & 3]
    bits, (apertures, shutters, isos) = recipe.shot, _EXPOSURES[recipe.light]
    aperture = max(apertures[bits % len(apertures)], 2.8 if len(focals) > 1 else 1.4)
    shutter, iso = shutters[(bits >> 4) % len(shutters)], isos[(bits >> 8) % len(isos)]
    return Shot(make, model, software, lens, shutter, aperture, iso, focals[(bits >> 12) % len(focals)])

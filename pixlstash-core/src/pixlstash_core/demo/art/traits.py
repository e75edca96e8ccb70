"""What not every face has: beards, glasses, freckles, earrings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .canvas import Mask, Points, curve, ellipse, mix, ribbon, scale
from .light import flesh

if TYPE_CHECKING:
    from .people import Figure


def draw_earrings(f: Figure) -> None:
    rings: list[Points] = []
    for s in (-1, 1):
        if s * f.yaw <= 0.45:
            ring = ellipse(*f.at(s * 0.74 - 0.05 * f.yaw, 0.5), 0.1 * f.r, 0.15 * f.r)
            rings.append(ribbon([*ring, ring[0], ring[1]], [0.035 * f.r, 0.035 * f.r]))
    f.canvas.fill(rings, (240, 196, 96))


def draw_freckles(f: Figure, face: Mask) -> None:
    spots: list[Points] = []
    for _ in range(26):
        x, y = f.rng.gauss(0, 0.3), 0.28 + f.rng.uniform(-0.1, 0.13)
        spots.append(ellipse(*f.at(f.turn(x, 0.2), y), f.rng.uniform(0.009, 0.017) * f.r, 0.011 * f.r, n=8))
    f.canvas.fill(spots, flesh((186, 112, 78), f.light, 0.6), 0.45, inside=face)


def draw_glasses(f: Figure) -> None:
    c, r = f.canvas, f.r
    rings: list[Points] = []
    for s in (-1, 1):
        x = f.turn(s * 0.3, 0.19)
        ring = ellipse(*f.at(x, 0.11), 0.225 * r * (1 - 0.2 * max(0.0, s * f.yaw)), 0.2 * r)
        rings.append(ribbon([*ring, ring[0]], [0.024 * r, 0.024 * r]))
        rings.append(ribbon(f.pts([(x + s * 0.22, 0.08), (s * 0.72, 0.02)]), [0.022 * r, 0.018 * r]))
    rings.append(
        ribbon(
            curve(f.pts([(f.turn(-0.085, 0.2), 0.08), (f.turn(0, 0.22), 0.05), (f.turn(0.085, 0.2), 0.08)]), False),
            [0.024 * r, 0.024 * r],
        )
    )
    c.fill(rings, (50, 40, 34), 0.9)


def draw_beard(f: Figure, face: Mask) -> None:
    c, r, yaw = f.canvas, f.r, f.yaw
    m = f.turn(0, 0.2)
    full = f.look.beard
    if full < 0.6:
        stubble = f.shape(
            [
                (-0.72, 0.2),
                (-0.46 + 0.1 * yaw, 0.52),
                (m - 0.28, 0.56),
                (m, 0.52),
                (m + 0.28, 0.56),
                (0.46 + 0.1 * yaw, 0.52),
                (0.72, 0.2),
                (0.6, 1.1),
                (-0.6, 1.1),
            ]
        )
        c.fill(stubble, flesh(mix(f.look.hair[0], f.look.skin, 0.4), f.light, 0.3), full, 0.07 * r, face)
        return
    base = f.shape(
        [
            (-0.74, 0.0),
            (-0.56 + 0.08 * yaw, 0.4),
            (m - 0.27, 0.54),
            (m, 0.5),
            (m + 0.27, 0.54),
            (0.56 + 0.08 * yaw, 0.4),
            (0.74, 0.0),
            (0.70, 0.55),
            (0.52 + 0.12 * yaw, 1.0),
            (0.2 + 0.16 * yaw, 1.24),
            (-0.2 + 0.16 * yaw, 1.24),
            (-0.52 + 0.12 * yaw, 1.0),
            (-0.70, 0.55),
        ]
    )
    dark, middle, bright = f.look.hair
    mask = f.solid(
        base,
        [
            flesh(mix(middle, bright, 0.3), f.light, 0.6),
            flesh(middle, f.light, 0.6),
            flesh(mix(dark, middle, 0.5), f.light, 0.4),
        ],
    )
    for colour, alpha in ((flesh(dark, f.light, 0.3), 0.5), (flesh(bright, f.light, 1.0), 0.6)):
        hairs = []
        for _ in range(26):
            x, y = f.rng.uniform(-0.6, 0.6), f.rng.uniform(0.45, 1.1)
            hairs.append(
                ribbon(
                    curve(
                        f.pts(
                            [(x + 0.1 * yaw, y), (x * 0.94 + 0.12 * yaw, y + 0.1), (x * 0.84 + 0.14 * yaw, y + 0.22)]
                        ),
                        False,
                        3,
                    ),
                    [0.006 * r, 0.02 * r, 0.003 * r],
                )
            )
        c.fill(hairs, colour, alpha, 0.006 * r, mask)
    c.fill(ellipse(*f.at(m, 0.665), 0.24 * r, 0.06 * r), flesh(scale(dark, 0.8), f.light, 0.2), 0.5, 0.03 * r, mask)

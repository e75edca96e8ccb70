"""What people wear, drawn over the plain torso."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .canvas import Colour, Mask, curve, ellipse, mix, ribbon, scale
from .light import tint

if TYPE_CHECKING:
    from .people import Figure


def _coat(f: Figure, cloth: Mask, main: Colour, second: Colour, yaw: float) -> None:
    inner = f.shape([(-0.34, 1.5), (0, 2.0), (0.34, 1.5), (0.3, 2.6), (yaw, 3.6), (-0.3, 2.6)], False)
    f.canvas.fill(inner, [tint(second, f.light, 0.35), tint(second, f.light, 0.75)], inside=cloth)
    for s in (-1, 1):
        lapel = f.pts(
            [
                (s * 0.36, 1.36),
                (s * 0.78, 1.6),
                (s * 0.98, 2.2),
                (s * 0.7, 2.32),
                (s * 0.72, 2.5),
                (yaw, 3.9),
                (s * 0.16, 2.9),
                (s * 0.32, 2.0),
            ],
            False,
        )
        lit = 0.85 if s == f.side else 0.45
        f.canvas.fill([(x, y + 0.06 * f.r) for x, y in lapel], scale(f.light.near, 0.6), 0.5, 0.05 * f.r, cloth)
        f.solid(lapel, [tint(mix(main, (255, 255, 255), 0.12), f.light, lit), tint(main, f.light, lit * 0.8)])


def _turtleneck(f: Figure, cloth: Mask, main: Colour, second: Colour, yaw: float) -> None:
    band = f.shape(
        [(-0.44, 1.04), (0, 1.2), (0.44, 1.04), (0.47, 1.4), (0.62, 1.72), (0, 1.92), (-0.62, 1.72), (-0.47, 1.4)],
        False,
    )
    mask = f.solid(band, f.across(mix(main, (255, 255, 255), 0.08)), angle=0.0)
    if mask is not None:
        lines = [
            ribbon(curve(f.pts([(x, 0.9), (x * 1.04, 1.4), (x * 1.3, 2.0)], False), False), [0.03 * f.r, 0.03 * f.r])
            for x in (-0.36, -0.24, -0.12, 0, 0.12, 0.24, 0.36)
        ]
        f.canvas.fill(lines, tint(scale(main, 0.6), f.light, 0.2), 0.4, 0.015 * f.r, mask)
        f.canvas.fill(
            ellipse(*f.at(0.08 * f.yaw, 1.0, False), 0.6 * f.r, 0.2 * f.r),
            scale(f.light.near, 0.6),
            0.5,
            0.08 * f.r,
            mask,
        )


def _jacket(f: Figure, cloth: Mask, main: Colour, second: Colour, yaw: float) -> None:
    shirt = f.pts([(-0.42, 1.44), (0, 2.2), (0.42, 1.44), (0.5, 2.2), (yaw, 4.0), (-0.5, 2.2)], False)
    f.canvas.fill(shirt, [tint(second, f.light, 0.3), tint(second, f.light, 0.8)], inside=cloth)
    for s in (-1, 1):
        collar = f.pts([(s * 0.34, 1.28), (s * 0.5, 1.46), (s * 0.44, 1.98), (s * 0.06, 1.98)], False)
        f.solid(collar, [tint(second, f.light, 0.9 if s == f.side else 0.5), tint(scale(second, 0.88), f.light, 0.5)])
        lapel = f.pts(
            [
                (s * 0.46, 1.44),
                (s * 0.82, 1.66),
                (s * 1.02, 2.3),
                (s * 0.76, 2.38),
                (s * 0.78, 2.56),
                (yaw, 4.3),
                (s * 0.44, 2.6),
            ],
            False,
        )
        lit = 0.8 if s == f.side else 0.4
        f.solid(lapel, [tint(mix(main, (255, 255, 255), 0.14), f.light, lit), tint(main, f.light, lit * 0.8)])


def _dress(f: Figure, cloth: Mask, main: Colour, second: Colour, yaw: float) -> None:
    hem = curve(
        f.pts(
            [
                (-1.5 + yaw, 2.0),
                (-1.15 + yaw, 2.37),
                (-0.55 + yaw, 2.74),
                (yaw, 2.88),
                (0.55 + yaw, 2.74),
                (1.15 + yaw, 2.37),
                (1.5 + yaw, 2.0),
            ],
            False,
        ),
        False,
    )
    f.canvas.fill(ribbon(hem, [0.09 * f.r, 0.09 * f.r]), tint(second, f.light, 0.8), 0.9, inside=cloth)
    chain = curve(f.pts([(-0.5, 1.62), (-0.3, 2.05), (yaw, 2.28), (0.3, 2.05), (0.5, 1.62)], False), False)
    f.canvas.fill(ribbon(chain, [0.028 * f.r, 0.028 * f.r]), (236, 190, 96), 0.9)
    f.canvas.fill(ellipse(*f.at(yaw, 2.34, False), 0.07 * f.r, 0.09 * f.r), [(255, 232, 160), (196, 138, 50)])


def _collar(f: Figure, cloth: Mask, main: Colour, second: Colour, yaw: float) -> None:
    panel = f.shape([(-0.5, 1.5), (0, 1.9), (0.5, 1.5), (0.62, 2.6), (0.5, 6.5), (-0.5, 6.5), (-0.62, 2.6)], False)
    f.canvas.fill(panel, [tint(second, f.light, 0.4), tint(second, f.light, 0.7)], inside=cloth)
    for s in (-1, 1):
        wing = f.shape(
            [(s * 0.4, 0.98), (s * 0.6, 1.1), (s * 0.78, 1.66), (s * 0.66, 2.1), (s * 0.1, 2.06), (s * 0.3, 1.5)], False
        )
        f.solid(
            wing,
            [tint(mix(main, (255, 255, 255), 0.4), f.light, 1.0 if s == f.side else 0.6), tint(main, f.light, 0.4)],
        )
        f.canvas.fill(
            ribbon(f.pts([(s * 0.66, 2.1), (s * 0.6, 6.5)], False), [0.05 * f.r, 0.05 * f.r]),
            (214, 178, 110),
            0.9,
            inside=cloth,
        )
    f.canvas.fill(ellipse(*f.at(yaw, 2.08, False), 0.11 * f.r, 0.14 * f.r), [(190, 220, 255), (70, 96, 190)])


def _sweater(f: Figure, cloth: Mask, main: Colour, second: Colour, yaw: float) -> None:
    r = f.r
    lines = []
    for k in range(9):
        x = (k - 4) * 0.42 + yaw
        for j in range(8):
            y = 2.0 + j * 0.26
            lines.append(
                ribbon(f.pts([(x - 0.14, y), (x, y + 0.16), (x + 0.14, y)], False), [0.045 * r, 0.06 * r, 0.045 * r])
            )
    f.canvas.fill(lines, tint(scale(main, 0.6), f.light, 0.25), 0.5, 0.015 * r, cloth)
    shirt = f.pts([(-0.5, 1.3), (-0.16, 1.98), (0, 1.8), (0.16, 1.98), (0.5, 1.3), (0.3, 1.2), (-0.3, 1.2)], False)
    f.solid(shirt, [tint(second, f.light, 0.4), tint(second, f.light, 0.8)])
    band = curve(f.pts([(-0.62, 1.44), (-0.45, 1.8), (0, 2.06), (0.45, 1.8), (0.62, 1.44)], False), False)
    f.solid(ribbon(band, [0.16 * r, 0.2 * r, 0.16 * r]), f.across(mix(main, (255, 255, 255), 0.1)), angle=0.0)


GARMENTS = {
    "coat": _coat,
    "turtleneck": _turtleneck,
    "jacket": _jacket,
    "dress": _dress,
    "collar": _collar,
    "sweater": _sweater,
}

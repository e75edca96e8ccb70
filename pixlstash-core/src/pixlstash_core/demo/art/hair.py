"""Hair: what hangs behind the shoulders and what frames the face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .canvas import Mask, Points, curve, ellipse, mix, ribbon, scale
from .light import tint

if TYPE_CHECKING:
    from .people import Figure


def _tones(f: Figure) -> list[tuple[int, int, int]]:
    dark, middle, bright = f.look.hair
    stops = [tint(dark, f.light, 0.2), tint(middle, f.light, 0.55), tint(mix(middle, bright, 0.35), f.light, 0.95)]
    return stops if f.side > 0 else stops[::-1]


def _strands(f: Figure, mask: Mask | None, lines: list[list[tuple[float, float]]], width: float = 0.03) -> None:
    """Strokes along the fall of the hair: one pass of dark, one of light."""
    if mask is None:
        return
    dark, _, bright = f.look.hair
    for part, colour, alpha in ((0, tint(scale(dark, 0.7), f.light, 0.2), 0.5), (1, tint(bright, f.light, 1.0), 0.42)):
        shapes: list[Points] = []
        for n, line in enumerate(lines):
            if n % 2 == part:
                w = width * f.rng.uniform(0.5, 1.5) * f.r
                shapes.append(ribbon(curve(f.pts(line), False, 5), [w * 0.2, w, w * 0.7, w * 0.1]))
        f.canvas.fill(shapes, colour, alpha, 0.008 * f.r, mask)


def draw_back(f: Figure) -> None:
    cut, yaw, rng = f.look.cut, f.yaw, f.rng
    dark, middle, _ = f.look.hair
    tones = [tint(dark, f.light, 0.35), tint(mix(dark, middle, 0.6), f.light, 0.5), tint(dark, f.light, 0.3)]
    sway = rng.uniform(-0.18, 0.18)
    if cut == "long":
        shape = f.shape(
            [
                (0, -1.1),
                (-0.7, -0.9),
                (-0.95, -0.2),
                (-1.02, 0.6),
                (-1.2 + sway, 1.3),
                (-1.05 + sway, 2.0),
                (-1.25 + sway, 2.7),
                (-0.7 + sway, 3.2),
                (0.6 + sway, 3.2),
                (1.2 + sway, 2.7),
                (1.0 + sway, 2.0),
                (1.18 + sway, 1.3),
                (1.0, 0.6),
                (0.95, -0.2),
                (0.7, -0.9),
            ]
        )
        mask = f.solid(shape, tones)
        lines = []
        for _ in range(22):
            x = rng.uniform(-0.95, 0.95)
            lines.append([(x * 0.8, -0.4), (x * 1.0, 0.6), (x * 1.12 + sway, 1.5), (x * 1.05 + sway * 1.4, 2.9)])
        _strands(f, mask, lines, 0.06)
    elif cut == "bob":
        f.solid(
            f.shape(
                [
                    (0, -1.14),
                    (-0.76, -0.86),
                    (-0.94, -0.2),
                    (-0.97, 0.5),
                    (-0.84, 1.08),
                    (-0.3, 1.0),
                    (0.3, 1.0),
                    (0.84, 1.08),
                    (0.97, 0.5),
                    (0.94, -0.2),
                    (0.76, -0.86),
                ]
            ),
            tones,
        )
    elif cut == "curls":
        _cloud(f, tones)
    elif cut == "ponytail":
        away = -1 if yaw > 0 else 1
        x = away * 0.55
        shape = f.shape(
            [
                (x * 0.4, -1.0),
                (x + away * 0.35, -1.32),
                (x + away * 0.9, -1.0),
                (x + away * 1.05, 0.0),
                (x + away * 0.75, 1.2),
                (x + away * 0.95 + sway, 2.4),
                (x + away * 0.5 + sway, 2.9),
                (x + away * 0.25, 1.6),
                (x + away * 0.42, 0.2),
                (x + away * 0.2, -0.6),
            ]
        )
        mask = f.solid(shape, tones)
        lines = []
        for _ in range(14):
            k = rng.uniform(0.1, 0.95)
            lines.append(
                [
                    (x + away * 0.2 * k, -1.05),
                    (x + away * (0.3 + 0.65 * k), -0.8),
                    (x + away * (0.35 + 0.6 * k), 0.3),
                    (x + away * (0.3 + 0.5 * k) + sway, 2.4),
                ]
            )
        _strands(f, mask, lines, 0.06)
        f.solid(
            f.shape([(0, -1.1), (-0.7, -0.86), (-0.8, -0.1), (-0.5, 0.6), (0.5, 0.6), (0.8, -0.1), (0.7, -0.86)]), tones
        )
    else:
        f.solid(
            f.shape(
                [(0, -1.12), (-0.7, -0.88), (-0.82, -0.2), (-0.66, 0.55), (0.66, 0.55), (0.82, -0.2), (0.7, -0.88)]
            ),
            tones,
        )


def _cloud(f: Figure, tones: list[tuple[int, int, int]]) -> None:
    rng = f.rng
    blobs: list[Points] = [ellipse(*f.at(0, -0.28), 1.18 * f.r, 1.12 * f.r)]
    for n in range(26):
        t = n / 26
        p = curve(
            [
                (-1.1, 1.0),
                (-1.34, 0.2),
                (-1.1, -0.8),
                (-0.5, -1.35),
                (0.5, -1.35),
                (1.1, -0.8),
                (1.34, 0.2),
                (1.1, 1.0),
            ],
            False,
            10,
        )[round(t * 69)]
        blobs.append(
            ellipse(
                *f.at(p[0] * rng.uniform(0.9, 1.02), p[1] * rng.uniform(0.9, 1.02)),
                rng.uniform(0.17, 0.28) * f.r,
                rng.uniform(0.16, 0.25) * f.r,
                n=16,
            )
        )
    blobs.append(
        f.shape(
            [(-1.2, -0.2), (-1.25, 0.6), (-0.9, 1.25), (-0.4, 0.9), (0.4, 0.9), (0.9, 1.25), (1.25, 0.6), (1.2, -0.2)]
        )
    )
    mask = f.solid(blobs, tones)
    draw_curls(f, mask, 1.25, 60)


def draw_curls(f: Figure, mask: Mask | None, reach: float, count: int) -> None:
    if mask is None:
        return
    rng, r = f.rng, f.r
    dark, middle, bright = f.look.hair
    for colour, alpha, n in (
        (tint(scale(dark, 0.6), f.light, 0.2), 0.6, count),
        (tint(mix(middle, bright, 0.5), f.light, 0.9), 0.5, count * 2 // 3),
    ):
        shapes: list[Points] = []
        for _ in range(n):
            x, y = rng.uniform(-reach, reach), rng.uniform(-1.4, 1.1)
            k, a = rng.uniform(0.07, 0.13), rng.choice((-1, 1))
            shapes.append(
                ribbon(
                    curve(
                        f.pts(
                            [(x - k, y), (x - k * 0.3 * a, y - k), (x + k, y), (x + k * 0.4, y + k), (x, y + k * 0.5)]
                        ),
                        False,
                        4,
                    ),
                    [0.01 * r, 0.035 * r, 0.035 * r, 0.01 * r],
                )
            )
        f.canvas.fill(shapes, colour, alpha, 0.012 * r, mask)


def draw_front(f: Figure) -> None:
    cut, yaw = f.look.cut, f.yaw
    cap = [
        (-0.80, 0.05),
        (-0.86, -0.45),
        (-0.66, -0.93),
        (-0.3, -1.15),
        (0.05, -1.2),
        (0.36, -1.14),
        (0.68, -0.92),
        (0.86, -0.45),
        (0.80, 0.05),
    ]
    part = -0.22 * (1 if yaw <= 0 else -1) + 0.1 * yaw
    if cut == "long":
        inner = [
            (0.86, 0.9),
            (0.7, 1.5),
            (0.66, 0.8),
            (0.64, 0.2),
            (0.58, -0.2),
            (0.34, -0.52),
            (part + 0.05, -0.8),
            (part - 0.05, -0.8),
            (-0.36, -0.5),
            (-0.58, -0.16),
            (-0.64, 0.25),
            (-0.66, 0.8),
            (-0.72, 1.5),
            (-0.88, 0.9),
        ]
    elif cut == "bob":
        inner = [
            (0.9, 0.5),
            (0.84, 1.0),
            (0.6, 0.96),
            (0.62, 0.3),
            (0.58, -0.1),
            (0.3, -0.2),
            (0.0 + 0.1 * yaw, -0.23),
            (-0.3, -0.2),
            (-0.58, -0.1),
            (-0.62, 0.3),
            (-0.6, 0.96),
            (-0.84, 1.0),
            (-0.9, 0.5),
        ]
    elif cut == "curls":
        _hairline(f)
        return
    elif cut == "ponytail":
        inner = [
            (0.74, 0.5),
            (0.66, 0.85),
            (0.63, 0.1),
            (0.5, -0.35),
            (0.22, -0.3),
            (part + 0.14, -0.2),
            (part, -0.66),
            (-0.2, -0.34),
            (-0.5, -0.36),
            (-0.62, 0.1),
            (-0.66, 0.7),
            (-0.74, 0.4),
        ]
    elif cut == "grey":
        inner = [
            (0.70, 0.15),
            (0.64, -0.25),
            (0.56, -0.6),
            (0.2, -0.74),
            (part, -0.82),
            (-0.3, -0.76),
            (-0.56, -0.6),
            (-0.64, -0.25),
            (-0.70, 0.15),
        ]
    else:
        inner = [
            (0.72, 0.22),
            (0.65, -0.2),
            (0.58, -0.46),
            (0.3, -0.5),
            (part + 0.25, -0.62),
            (-0.15, -0.48),
            (-0.45, -0.58),
            (-0.6, -0.4),
            (-0.65, -0.2),
            (-0.72, 0.22),
        ]
    mask = f.solid(f.shape(cap + inner), _tones(f), angle=20.0 if f.side > 0 else 160.0)
    if mask is None:
        return
    lines = []
    for n in range(30):
        t = (n + f.rng.random()) / 30 * 2 - 1
        end = 1.4 if cut == "long" else 0.95 if cut == "bob" else 0.3
        if cut == "bob" and abs(t) < 0.62:
            lines.append([(t * 0.4, -1.14), (t * 0.7, -0.85), (t * 0.85, -0.5), (t * 0.9, -0.14)])
        else:
            lines.append(
                [
                    (part + (t - part) * 0.25, -1.08),
                    (t * 0.62, -0.96),
                    (t * 0.78 + (0.1 if t > 0 else -0.1), -0.5),
                    (t * 0.72 + (0.14 if t > 0 else -0.14), end),
                ]
            )
    _strands(f, mask, lines)
    shine = curve(f.pts([(-0.74, -0.55), (-0.4, -0.86), (0.05, -0.95), (0.45, -0.84), (0.74, -0.5)]), False)
    f.canvas.fill(
        ribbon(
            shine,
            [0.02 * f.r, 0.16 * f.r, 0.18 * f.r, 0.03 * f.r]
            if f.side < 0
            else [0.03 * f.r, 0.18 * f.r, 0.16 * f.r, 0.02 * f.r],
        ),
        tint(f.look.hair[2], f.light, 1.0),
        0.38,
        0.05 * f.r,
        mask,
    )


def _hairline(f: Figure) -> None:
    rng = f.rng
    blobs: list[Points] = [
        f.shape(
            [
                (-0.8, 0.0),
                (-0.95, -0.5),
                (-0.6, -1.1),
                (0, -1.3),
                (0.6, -1.1),
                (0.95, -0.5),
                (0.8, 0.0),
                (0.62, -0.3),
                (0.3, -0.6),
                (0, -0.66),
                (-0.3, -0.6),
                (-0.62, -0.3),
            ]
        )
    ]
    for n in range(13):
        t = n / 12 * 2 - 1
        blobs.append(
            ellipse(
                *f.at(t * 0.74, -0.66 + 0.5 * t * t + rng.uniform(-0.05, 0.05)),
                rng.uniform(0.11, 0.17) * f.r,
                rng.uniform(0.1, 0.15) * f.r,
                n=14,
            )
        )
    mask = f.solid(blobs, _tones(f), angle=0.0)
    draw_curls(f, mask, 0.9, 36)

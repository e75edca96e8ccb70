"""Faces: seen from the front to three quarters, plain and calm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .canvas import Mask, curve, ellipse, mix, ribbon, scale
from .light import flesh, flush
from .traits import draw_beard, draw_earrings, draw_freckles, draw_glasses

if TYPE_CHECKING:
    from .people import Figure


def draw_face(f: Figure, gaze: float) -> None:
    """Outline, shading, then eyes, brows, nose and mouth. `gaze` -1..1 is where the eyes look."""
    look, yaw = f.look, f.yaw
    j = look.jaw
    ears(f)
    outline = [
        (-0.10 + 0.02 * yaw, -0.98),
        (-0.52, -0.82),
        (-0.70, -0.40),
        (-0.69 + 0.03 * yaw, 0.05),
        (-0.62 * (j * 0.3 + 0.7) + 0.09 * yaw, 0.42),
        (-0.42 * j + 0.13 * yaw, 0.76),
        (-0.15 * j + 0.17 * yaw, 0.975),
        (0.15 * j + 0.17 * yaw, 0.975),
        (0.42 * j + 0.13 * yaw, 0.76),
        (0.62 * (j * 0.3 + 0.7) + 0.09 * yaw, 0.42),
        (0.69 + 0.03 * yaw, 0.05),
        (0.70, -0.40),
        (0.52, -0.82),
        (0.10 + 0.02 * yaw, -0.98),
    ]
    face = f.solid(f.shape(outline), f.across_skin(0.85), angle=0.0)
    if face is None:
        return
    _shading(f, face)
    if look.beard:
        draw_beard(f, face)
    _nose(f, face)
    _mouth(f, face)
    for s in (-1, 1):
        _eye(f, face, s, gaze)
        _brow(f, s)
    if look.freckles:
        draw_freckles(f, face)
    if look.glasses:
        draw_glasses(f)
    if look.earrings:
        draw_earrings(f)


def ears(f: Figure) -> None:
    for s in (-1, 1):
        if s * f.yaw > 0.45 or f.look.cut in ("bob", "long", "curls"):
            continue
        x = s * (0.71 - 0.04 * s * f.yaw) - 0.05 * f.yaw
        ear = f.shape(
            [(x, -0.08), (x + s * 0.12, -0.12), (x + s * 0.15, 0.05), (x + s * 0.07, 0.28), (x - s * 0.02, 0.32)]
        )
        f.solid(ear, [flesh(f.look.skin, f.light, 0.6), flesh(scale(f.look.skin, 0.86), f.light, 0.3)])
        inner = f.shape([(x + s * 0.02, 0.0), (x + s * 0.09, -0.02), (x + s * 0.06, 0.16)])
        f.canvas.fill(inner, flesh(flush(f.look.skin, 0.7), f.light, 0.2), 0.5, 0.02 * f.r)


def _shading(f: Figure, face: Mask) -> None:
    c, r, yaw, s = f.canvas, f.r, f.yaw, f.side
    shadow = flesh(flush(f.look.skin, 0.66), f.light, 0.15)
    away = -s
    side = f.shape(
        [
            (away * 0.42 + 0.1 * yaw, -0.9),
            (away * 0.44 + 0.12 * yaw, 0.0),
            (away * 0.34 + 0.14 * yaw, 0.5),
            (away * 0.1 + 0.15 * yaw, 1.05),
            (away * 1.2, 1.1),
            (away * 1.2, -0.9),
        ]
    )
    c.fill(side, shadow, 0.36, 0.16 * r, face)
    under = f.shape([(-0.8, -1.1), (-0.75, -0.42), (-0.3, -0.58), (0.3, -0.58), (0.75, -0.42), (0.8, -1.1)])
    c.fill(under, shadow, 0.42, 0.1 * r, face)
    sockets = [ellipse(*f.at(f.turn(e * 0.3, 0.17), 0.0), 0.2 * r, 0.12 * r) for e in (-1, 1)]
    c.fill(sockets, shadow, 0.3, 0.07 * r, face)
    cheeks = [ellipse(*f.at(f.turn(e * 0.42, 0.2), 0.38), 0.2 * r, 0.13 * r) for e in (-1, 1)]
    c.fill(cheeks, flesh(flush(f.look.skin, 0.84), f.light, 0.6), 0.5, 0.1 * r, face)
    lit = [
        ellipse(*f.at(f.turn(s * 0.4, 0.2), 0.24), 0.13 * r, 0.09 * r),
        ellipse(*f.at(f.turn(s * 0.18, 0.12), -0.4), 0.26 * r, 0.14 * r),
    ]
    c.fill(lit, flesh(mix(f.look.skin, (255, 250, 240), 0.5), f.light, 1.0), 0.4, 0.08 * r, face)


def _eye(f: Figure, face: Mask, s: int, gaze: float) -> None:
    c, r, look = f.canvas, f.r, f.look
    far = max(0.0, s * f.yaw)
    w = 0.165 * (1 - 0.28 * far)
    h = 0.078 if look.garment in ("jacket", "sweater") else 0.098
    x, y = f.turn(s * 0.295, 0.17), 0.10
    inn, out = x - s * w, x + s * w
    white = f.shape(
        [
            (inn, y + 0.03),
            (x - s * w * 0.4, y - h * 0.8),
            (x + s * w * 0.25, y - h),
            (out, y - 0.015),
            (x + s * w * 0.45, y + h * 0.62),
            (x - s * w * 0.3, y + h * 0.72),
        ]
    )
    ball = c.fill(white, [flesh((206, 200, 206), f.light, 0.35), flesh((248, 244, 242), f.light, 0.8)])
    if ball is None:
        return
    ix, iy, ir = x + gaze * w * 0.36, y - h * 0.12, h * 1.0
    ring = mix(look.eyes, (10, 8, 14), 0.6)
    c.fill(ellipse(*f.at(ix, iy), ir * r, ir * r * 1.08), flesh(ring, f.light, 0.8), inside=ball)
    c.fill(
        ellipse(*f.at(ix, iy + ir * 0.08), ir * r * 0.84, ir * r * 0.88),
        [flesh(scale(look.eyes, 0.5), f.light, 0.8), mix(look.eyes, (255, 255, 255), 0.28)],
        inside=ball,
    )
    c.fill(ellipse(*f.at(ix, iy), ir * r * 0.44, ir * r * 0.46), (12, 9, 14), inside=ball)
    lid = f.shape(
        [
            (inn - s * 0.01, y + 0.035),
            (x - s * w * 0.42, y - h * 0.86),
            (x + s * w * 0.25, y - h * 1.08),
            (out + s * 0.045, y - 0.04),
            (out, y + 0.0),
            (x + s * w * 0.3, y - h * 0.62),
            (x - s * w * 0.4, y - h * 0.5),
        ]
    )
    c.fill(lid, scale(mix(look.hair[0], (20, 12, 12), 0.6), 0.8), 0.92, 0.006 * r)
    glint = f.side * 0.035
    c.fill(
        [
            ellipse(*f.at(ix + glint, iy - ir * 0.34), ir * r * 0.26, ir * r * 0.26),
            ellipse(*f.at(ix - glint, iy + ir * 0.4), ir * r * 0.12, ir * r * 0.12),
        ],
        (255, 253, 248),
        0.95,
    )
    crease = curve(f.pts([(inn, y - h * 0.75), (x, y - h * 1.55), (out + s * 0.02, y - h * 0.85)]), False)
    c.fill(
        ribbon(crease, [0.005 * r, 0.028 * r, 0.008 * r]), flesh(flush(look.skin, 0.55), f.light, 0.3), 0.65, 0.01 * r
    )
    low = curve(f.pts([(inn, y + 0.045), (x, y + h * 0.86), (out, y + 0.01)]), False)
    c.fill(ribbon(low, [0.004 * r, 0.018 * r, 0.012 * r]), flesh(flush(look.skin, 0.5), f.light, 0.3), 0.5, 0.008 * r)


def _brow(f: Figure, s: int) -> None:
    far = max(0.0, s * f.yaw)
    k = 1 - 0.22 * far
    x = f.turn(s * 0.295, 0.16)
    line = curve(f.pts([(x - s * 0.17 * k, -0.135), (x + s * 0.02 * k, -0.2), (x + s * 0.22 * k, -0.14)]), False)
    thick = 0.05 * f.look.brow * f.r
    f.canvas.fill(
        ribbon(line, [thick * 0.8, thick, thick * 0.2]),
        flesh(mix(f.look.hair[0], f.look.hair[1], 0.3), f.light, 0.5),
        0.85,
        0.012 * f.r,
    )


def _nose(f: Figure, face: Mask) -> None:
    c, r = f.canvas, f.r
    n = f.turn(0, 0.24)
    bridge = f.turn(0, 0.13)
    away = -f.side
    dark = flesh(flush(f.look.skin, 0.6), f.light, 0.2)
    side = f.shape(
        [
            (bridge + away * 0.05, -0.05),
            (bridge + away * 0.11, 0.1),
            (n + away * 0.14, 0.42),
            (n + away * 0.04, 0.46),
            (n + away * 0.02, 0.2),
        ]
    )
    c.fill(side, dark, 0.4, 0.04 * r, face)
    under = f.shape([(n - 0.12, 0.45), (n, 0.475), (n + 0.12, 0.45), (n + 0.05, 0.5), (n - 0.05, 0.5)])
    c.fill(under, dark, 0.7, 0.02 * r, face)
    c.fill(
        [ellipse(*f.at(n + e * 0.065, 0.47), 0.028 * r, 0.014 * r) for e in (-1, 1)],
        scale(dark, 0.62),
        0.6,
        0.008 * r,
        face,
    )
    c.fill(
        ellipse(*f.at(n + f.side * 0.025, 0.36), 0.045 * r, 0.05 * r),
        flesh(mix(f.look.skin, (255, 255, 250), 0.6), f.light, 1.0),
        0.55,
        0.025 * r,
        face,
    )


def _mouth(f: Figure, face: Mask) -> None:
    c, r = f.canvas, f.r
    m, w = f.turn(0, 0.2), 0.2 * (1 - 0.12 * abs(f.yaw))
    smile = f.rng.uniform(0.0, 0.045)
    lips = flesh(f.look.lips, f.light, 0.6)
    full = 0.72 if f.look.beard else 1.0
    upper = f.shape(
        [
            (m - w, 0.665 - smile),
            (m - w * 0.3, 0.635 - 0.022 * full),
            (m, 0.645 - 0.01 * full),
            (m + w * 0.3, 0.635 - 0.022 * full),
            (m + w, 0.665 - smile),
            (m, 0.69),
        ]
    )
    c.fill(upper, scale(lips, 0.86), 0.8, 0.01 * r, face)
    lower = f.shape(
        [
            (m - w * 0.86, 0.672 - smile * 0.8),
            (m, 0.685),
            (m + w * 0.86, 0.672 - smile * 0.8),
            (m + w * 0.4, 0.74),
            (m, 0.755),
            (m - w * 0.4, 0.74),
        ]
    )
    c.fill(lower, [lips, mix(lips, (255, 240, 236), 0.2)], 0.8 * full, 0.012 * r, face)
    line = curve(
        f.pts(
            [
                (m - w * 1.06, 0.662 - smile * 1.2),
                (m - w * 0.4, 0.682),
                (m, 0.676),
                (m + w * 0.4, 0.682),
                (m + w * 1.06, 0.662 - smile * 1.2),
            ]
        ),
        False,
    )
    c.fill(ribbon(line, [0.012 * r, 0.02 * r, 0.022 * r, 0.02 * r, 0.012 * r]), scale(lips, 0.42), 0.8, 0.006 * r, face)
    c.fill(ellipse(*f.at(m + f.side * 0.04, 0.715), 0.06 * r, 0.014 * r), (255, 244, 240), 0.4, 0.012 * r, face)
    c.fill(
        ellipse(*f.at(m, 0.8), 0.12 * r, 0.022 * r),
        flesh(flush(f.look.skin, 0.66), f.light, 0.3),
        0.45,
        0.025 * r,
        face,
    )

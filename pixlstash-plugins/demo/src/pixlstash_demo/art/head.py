"""Heads: hair, and faces seen from the front to three quarters, plain and calm."""

from __future__ import annotations

import math

from .canvas import Color, Mask, Points, curve, mix, ribbon, scale
from .figure import Figure
from .frame import Frame
from .light import flesh, tint

_SOFT = "-.1,-.98,.02 -.52,-.82 -.7,-.4 -.69,.05,.03 -.62,.42,.09 -.42,.76,.13 -.15,.975,.17|"
_STRONG = "-.1,-.98,.02 -.52,-.82 -.7,-.4 -.69,.05,.03 -.65,.42,.09 -.5,.76,.13 -.18,.985,.17|"
_BEARD = "0,.5,.2 -.27,.54,.2 -.56,.4,.08 -.74,0 -.7,.55 -.52,1,.12 -.2,1.24,.16|"
#: Behind the head; what hangs sways.
_BACK = {
    "long": "0,-1.1 -.7,-.9 -.95,-.2 -1.02,.6 -1.2,1.3,1 -1.05,2,1 -1.25,2.7,1 -.7,3.2,1|",
    "bob": "0,-1.14 -.76,-.86 -.94,-.2 -.97,.5 -.84,1.08 -.3,1|",
    "short": "0,-1.12 -.7,-.88 -.82,-.2 -.66,.55|",
    "tail": ".22,-1 .9,-1.32 1.45,-1 1.6,0 1.3,1.2 1.5,2.4,1 1.05,2.9,1 .8,1.6 .97,.2 .75,-.6",
}
_CAP = "-.8,.05 -.86,-.45 -.66,-.93 -.3,-1.15 .05,-1.2 .36,-1.14 .68,-.92 .86,-.45 .8,.05 "
#: The edge of the hair around the face, from right to left; the parting moves.
_FRINGE = {
    "long": ".86,.9 .7,1.5 .64,.2 .58,-.2 .34,-.52 .05,-.8,1 -.05,-.8,1 -.36,-.5 -.58,-.16 -.64,.25 -.72,1.5 -.88,.9",
    "bob": ".9,.5 .84,1 .6,.96 .62,.3 .58,-.1 .3,-.2 0,-.23 -.3,-.2 -.58,-.1 -.62,.3 -.6,.96 -.84,1 -.9,.5",
    "ponytail": ".74,.5 .66,.85 .63,.1 .5,-.35 .22,-.3 .14,-.2,1 0,-.66,1 -.2,-.34 -.5,-.36 -.62,.1 -.66,.7 -.74,.4",
    "grey": ".7,.15 .64,-.25 .56,-.6 .2,-.74 0,-.82,1 -.3,-.76 -.56,-.6 -.64,-.25 -.7,.15",
    "short": ".72,.22 .65,-.2 .58,-.46 .3,-.5 .25,-.62,1 -.15,-.48 -.45,-.58 -.6,-.4 -.65,-.2 -.72,.22",
}
_CURLY = "0,-1.3 -.6,-1.1 -.95,-.5 -.8,0 -.62,-.3 -.3,-.6|"
WHITE = (255, 255, 255)


def draw_hair_behind(f: Figure) -> None:
    """What is seen of the hair behind neck and shoulders."""
    cut, (dark, middle, _) = f.look.cut, f.look.hair
    tones = [tint(dark, f.light, 0.35), tint(mix(dark, middle, 0.6), f.light, 0.5), tint(dark, f.light, 0.3)]
    sway = f.rng.uniform(-0.18, 0.18)
    if cut == "curls":
        blobs = [f.spot(0, -0.28, 1.18, 1.12), f.shape("-1.2,-.2 -1.25,.6 -.9,1.25 -.4,.9|")]
        for n in range(26):
            a = math.pi * (n / 25 * 1.5 - 0.25)
            x, y = -math.cos(a) * 1.25, -math.sin(a) * 1.1 - 0.25
            blobs.append(f.spot(x * f.rng.uniform(0.9, 1.02), y, f.rng.uniform(0.17, 0.28), f.rng.uniform(0.16, 0.25)))
        _curl(f, f.solid(blobs, tones), 1.25, 60)
        return
    if cut == "ponytail":
        away = -1 if f.yaw > 0 else 1
        tail = f.solid(f.shape(_BACK["tail"], sway, away), tones)
        falls = [(away * (0.9 + 0.3 * k), away * (1.1 + 0.25 * k) + sway) for k in _spread(f, 14)]
        strands = [[(high * 0.8, -1.05), (high * 1.2, -0.6), (low, 2.4)] for high, low in falls]
        _comb(f, tail, strands, 0.06)
    mask = f.solid(f.shape(_BACK.get(cut, _BACK["short"]), sway), tones)
    if cut == "long":
        strands = [[(x * 0.8, -0.4), (x, 0.6), (x * 1.12 + sway, 1.5), (x + sway, 2.9)] for x in _spread(f, 22)]
        _comb(f, mask, strands, 0.06)


def draw_hair(f: Figure) -> None:
    """What frames the face."""
    cut = f.look.cut
    if cut == "curls":
        blobs = [f.shape(_CURLY)]
        for n in range(13):
            t = n / 6 - 1
            blobs.append(f.spot(t * 0.74, -0.66 + 0.5 * t * t, f.rng.uniform(0.11, 0.17), f.rng.uniform(0.1, 0.15)))
        _curl(f, f.solid(blobs, _tones(f)), 0.9, 36)
        return
    part = (0.22 if f.yaw > 0 else -0.22) + 0.1 * f.yaw
    mask = f.solid(f.shape(_CAP + _FRINGE[cut], part), _tones(f), 90 - 70 * f.side)
    end = {"long": 1.4, "bob": 0.95}.get(cut, 0.3)
    strands = []
    for t in _spread(f, 30):
        out = math.copysign(0.12, t)
        if cut == "bob" and abs(t) < 0.62:
            strands.append([(t * 0.4, -1.14), (t * 0.7, -0.85), (t * 0.85, -0.5), (t * 0.9, -0.14)])
        else:
            top = part + (t - part) * 0.25
            strands.append([(top, -1.08), (t * 0.62, -0.96), (t * 0.78 + out, -0.5), (t * 0.72 + out, end)])
    _comb(f, mask, strands, 0.03)
    shine = f.stroke("-.74,-.55 -.4,-.86 .05,-.95 .45,-.84 .74,-.5", [0.02, 0.17, 0.17, 0.02])
    f.canvas.fill(shine, tint(f.look.hair[2], f.light, 1.0), 0.38, 0.05 * f.k, mask)


def _tones(f: Figure) -> list[Color]:
    dark, middle, bright = f.look.hair
    tones = ((dark, 0.2), (middle, 0.55), (mix(middle, bright, 0.35), 0.95))
    return [tint(tone, f.light, lit) for tone, lit in tones][:: f.side]


def _spread(f: Figure, count: int) -> list[float]:
    """Numbers from -1 to 1, about evenly spread."""
    return [(n + f.rng.random()) / count * 2 - 1 for n in range(count)]


def _comb(f: Figure, mask: Mask | None, strands: list[list[tuple[float, float]]], width: float) -> None:
    """Strokes along the fall of the hair, every other one dark or bright."""
    dark, _, bright = f.look.hair
    for part, color, alpha in ((0, tint(scale(dark, 0.7), f.light, 0.2), 0.5), (1, tint(bright, f.light, 1.0), 0.42)):
        shapes = []
        for strand in strands[part::2]:
            w = width * f.rng.uniform(0.5, 1.5) * f.k
            shapes.append(ribbon(curve([f.at(*point) for point in strand], False, 5), [w * 0.2, w, w * 0.7, w * 0.1]))
        if mask is not None:
            f.canvas.fill(shapes, color, alpha, 0.008 * f.k, mask)


def _curl(f: Figure, mask: Mask | None, reach: float, count: int) -> None:
    """Curls in dark and bright over a mass of hair."""
    dark, middle, bright = f.look.hair
    for color in (tint(scale(dark, 0.6), f.light, 0.2), tint(mix(middle, bright, 0.5), f.light, 0.9)):
        curls = []
        for _ in range(count):
            x, y = f.rng.uniform(-reach, reach), f.rng.uniform(-1.4, 1.1)
            curl = Frame(f.canvas, *f.at(x, y), f.rng.uniform(0.07, 0.13) * f.k, f.rng.choice((-1, 1)))
            curls.append(curl.stroke("-1,0 -.3,-1 1,0 .4,1 0,.5", [0.1, 0.35, 0.35, 0.1]))
        if mask is not None:
            f.canvas.fill(curls, color, 0.55, 0.012 * f.k, mask)


def draw_face(f: Figure, gaze: float) -> None:
    """Outline, shading, then eyes, nose and mouth. `gaze` -1..1 is where the eyes look."""
    c, look, k, away = f.canvas, f.look, f.k, -f.side
    for s in (-1, 1) if look.cut in ("short", "grey", "ponytail") else ():
        if s * f.yaw < 0.45:
            ear = Frame(c, *f.at(s * 0.71 - 0.08 * f.yaw, 0), k, s, f.tilt * s)
            f.solid(ear.shape("0,-.08 .12,-.12 .15,.05 .07,.28 -.02,.32"), [f.skin(0.6), f.shadow(0.85)])
            c.fill(ear.shape(".02,0 .09,-.02 .06,.16"), f.shadow(0.7), 0.5, 0.02 * k)
    face = f.solid(f.shape(_STRONG if look.beard else _SOFT, f.yaw), f.skins(), 0)
    if face is None:
        return
    dim = f.shadow(0.66)
    side = f.shape(".42,-.9,.1 .44,0,.12 .34,.5,.14 .1,1.05,.15 1.2,1.1 1.2,-.9", f.yaw * away, away)
    c.fill(side, dim, 0.36, 0.16 * k, face)
    c.fill(f.shape("0,-1.1 -.8,-1.1 -.75,-.42 -.3,-.58|"), dim, 0.42, 0.1 * k, face)
    c.fill([f.feature(s * 0.3, 0, 0.17).spot(0, 0, 0.2, 0.12) for s in (-1, 1)], dim, 0.3, 0.07 * k, face)
    cheeks = [f.feature(s * 0.42, 0.38, 0.2).spot(0, 0, 0.2, 0.13) for s in (-1, 1)]
    c.fill(cheeks, f.shadow(0.86), 0.4, 0.1 * k, face)
    cheek, brow = f.feature(f.side * 0.4, 0.24, 0.2), f.feature(f.side * 0.18, -0.4, 0.12)
    c.fill([cheek.spot(0, 0, 0.13, 0.09), brow.spot(0, 0, 0.26, 0.14)], f.skin(1.0, 0.45), 0.4, 0.08 * k, face)
    if look.beard:
        _beard(f)
    _nose_and_mouth(f, face)
    for s in (-1, 1):
        _eye(f, s, gaze)
    if "freckles" in look.extra:
        spots = [f.feature(f.rng.gauss(0, 0.3), f.rng.uniform(0.18, 0.4), 0.2).spot(0, 0, 0.013) for _ in range(26)]
        c.fill(spots, flesh((186, 112, 78), f.light, 0.6), 0.45, inside=face)
    if "glasses" in look.extra:
        frames: list[Points] = [f.feature(0, 0.08, 0.21).stroke("-.085,0 0,-.03 .085,0", [0.024, 0.024])]
        for lens in (f.feature(s * 0.3, 0.11, 0.19, 1, s) for s in (-1, 1)):
            rim = lens.spot(0, 0, 0.225, 0.2)
            frames += [ribbon([*rim, rim[0]], [0.024 * k] * 2), lens.stroke(".22,-.03 .45,-.09", [0.02, 0.02])]
        c.fill(frames, (50, 40, 34), 0.9)
    if "earrings" in look.extra:
        hoops = [f.spot(s * 0.74 - 0.05 * f.yaw, 0.5, 0.1, 0.15) for s in (-1, 1) if s * f.yaw <= 0.45]
        c.fill([ribbon([*hoop, hoop[0]], [0.035 * k] * 2) for hoop in hoops], (240, 196, 96))


def _eye(f: Figure, s: int, gaze: float) -> None:
    """An eye, one unit to either corner, and its brow."""
    c, look = f.canvas, f.look
    e = f.feature(s * 0.295, 0.1, 0.17, 0.165, s)
    white = [flesh((206, 200, 206), f.light, 0.35), flesh((248, 244, 242), f.light, 0.8)]
    ball = c.fill(e.shape("-1,.18 -.4,-.48 .25,-.6 1,-.09 .45,.37 -.3,.43"), white)
    iris, pupil = Frame(c, *e.at(gaze * s * 0.36, -0.07), e.k * 0.59), (12, 9, 14)
    c.fill(iris.spot(0, 0, 1, 1.08), flesh(mix(look.eyes, pupil, 0.6), f.light, 0.8), inside=ball)
    c.fill(iris.spot(0, 0.08, 0.84, 0.88), [scale(look.eyes, 0.5), mix(look.eyes, WHITE, 0.28)], inside=ball)
    c.fill(iris.spot(0, 0, 0.44), pupil, inside=ball)
    lash = scale(mix(look.hair[0], (20, 12, 12), 0.6), 0.8)
    c.fill(e.shape("-1.06,.21 -.42,-.51 .25,-.64 1.27,-.24 1,0 .3,-.37 -.4,-.3"), lash, 0.92, 0.006 * f.k)
    c.fill([iris.spot(f.side * 0.35, -0.34, 0.26), iris.spot(f.side * -0.35, 0.4, 0.12)], (255, 253, 248), 0.95)
    c.fill(e.stroke("-1,-.45 0,-.92 1.12,-.5", [0.03, 0.17, 0.05]), f.shadow(0.55), 0.6, 0.01 * f.k)
    c.fill(e.stroke("-1,.27 0,.51 1,.06", [0.02, 0.11, 0.07]), f.shadow(0.5), 0.5, 0.008 * f.k)
    thick = 0.5 if look.beard else 0.3
    brow = e.stroke("-1.03,-1.42 .12,-1.82 1.33,-1.45", [thick * 0.8, thick, thick * 0.2])
    c.fill(brow, flesh(mix(look.hair[0], look.hair[1], 0.3), f.light, 0.5), 0.85, 0.012 * f.k)


def _nose_and_mouth(f: Figure, face: Mask) -> None:
    c, k, dark, lips = f.canvas, f.k, f.shadow(0.6), flesh(f.look.lips, f.light, 0.6)
    n, m, smile = f.feature(0, 0.45, 0.24), f.feature(0, 0.66, 0.2), f.rng.uniform(0.0, 1.0)
    side = n.shape("-.02,-.5,-.1 .06,-.35,-.1 .14,-.03 .04,.01 .02,-.25", f.yaw * -f.side, -f.side)
    c.fill(side, dark, 0.4, 0.04 * k, face)
    c.fill(n.shape("0,.025 -.12,0 -.05,.05|"), dark, 0.7, 0.02 * k, face)
    c.fill([n.spot(s * 0.065, 0.02, 0.028, 0.014) for s in (-1, 1)], scale(dark, 0.62), 0.6, 0.008 * k, face)
    c.fill(n.spot(f.side * 0.025, -0.09, 0.045, 0.05), f.skin(1.0, 0.6), 0.55, 0.025 * k, face)
    lift = -0.035 * smile
    c.fill(m.shape(f"-.2,{lift} -.06,-.047 0,-.025 .06,-.047 .2,{lift} 0,.03"), scale(lips, 0.86), 0.8, 0.01 * k, face)
    lower = m.shape(f"-.17,{0.012 + lift * 0.8} 0,.025 .17,{0.012 + lift * 0.8} .08,.08 0,.095 -.08,.08")
    c.fill(lower, [lips, mix(lips, (255, 240, 236), 0.2)], 0.6 if f.look.beard else 0.8, 0.012 * k, face)
    line = m.stroke(f"-.21,{lift * 1.2} -.08,.022 0,.016 .08,.022 .21,{lift * 1.2}", [0.012, 0.02, 0.022, 0.02, 0.012])
    c.fill(line, scale(lips, 0.42), 0.8, 0.006 * k, face)
    c.fill(m.spot(f.side * 0.04, 0.055, 0.06, 0.014), (255, 244, 240), 0.4, 0.012 * k, face)
    c.fill(m.spot(0, 0.14, 0.12, 0.022), f.shadow(0.66), 0.45, 0.025 * k, face)


def _beard(f: Figure) -> None:
    dark, middle, bright = f.look.hair
    tones = [mix(middle, bright, 0.3), middle, mix(dark, middle, 0.5)]
    mask = f.solid(f.shape(_BEARD, f.yaw), [flesh(tone, f.light, 0.6) for tone in tones])
    strands = []
    for x in _spread(f, 52):
        x, y = x * 0.6 + 0.1 * f.yaw, f.rng.uniform(0.45, 1.0)
        strands.append([(x, y), (x * 0.95, y + 0.1), (x * 0.86, y + 0.25)])
    _comb(f, mask, strands, 0.02)
    lip = f.feature(0, 0.665, 0.2).spot(0, 0, 0.24, 0.06)
    f.canvas.fill(lip, flesh(scale(dark, 0.8), f.light, 0.2), 0.5, 0.03 * f.k, mask)

"""The light of a picture: one coherent palette per time of day, with a little variety between runs."""

from __future__ import annotations

from msgspec import Struct

from .canvas import Color, mix, rgb


class Light(Struct, frozen=True):
    """`sky` from the zenith to the horizon; `haze` is what distance fades to; `near` what the nearest silhouettes tend
    to; `key` and `shade` tint what the light hits and misses; `rim` edges figures. `low`: how low the sun is, 0..1."""

    sky: tuple[Color, ...]
    sun: Color
    haze: Color
    near: Color
    key: Color
    shade: Color
    rim: Color
    cloud: Color
    low: float


def _light(sky: str, others: str, low: float) -> Light:
    sun, haze, near, key, shade, rim, cloud = rgb(others)
    return Light(rgb(sky), sun, haze, near, key, shade, rim, cloud, low)


LIGHTS = {
    "golden": (
        _light("3a6296 7a96b2 deba96 ffd084 ffe2a8", "ffecba f6c48a 3a2c28 fff0d6 96768c ffce82 ffd6b0", 0.8),
        _light("404a7a 887094 e29276 ffb868 ffd68c", "ffe2a0 f0a46e 34222a ffe8c8 8c688c ffba68 ffbe96", 0.9),
    ),
    "dusk": (
        _light("181c42 3a3468 7e5284 da7680 fcac86", "ffcea0 c4768a 1a142a ffd6ce 68588e ff927c ec8a96", 1.0),
        _light("122246 284670 5c7092 c49894 f6c496", "ffdeb2 968a98 101828 ffe0ce 5c6890 ffb282 d6a6a2", 1.0),
    ),
    "dawn": (
        _light("6c8eb0 a0b4c4 d6cecc f6dccc ffecd8", "fff6e2 ded6d4 34404a fff8ee 9296ac ffe8cc fff0e8", 0.8),
        _light("5c769e 969ebc d2bcc8 facebe ffe4ca", "fff0d6 dac4c8 38364a fff2e8 928aac ffd8be ffe2de", 0.85),
    ),
    "day": (
        _light("2c68ae 5492ce 8abce4 bedcf0 e0eef6", "fffcee c4daea 263a34 fffcf4 8a98b6 fffae8 ffffff", 0.35),
        _light("3a78a8 68a0c4 a0c8d8 cee4e6 ecf2ec", "fffae6 cedede 2c3c2e fffaee 8e98aa fff6dc fffef8", 0.35),
    ),
    "overcast": (
        _light("7e8c9a 98a4ae b4bcc2 ccd0d2 dcdedc", "f0f2f4 bec6cc 323a3e f6f8fa 8e96a2 e2eaf0 e8ecee", 0.2),
    ),
    "night": (
        _light("060a1a 0c142e 162246 28345e 464a76", "e2e8fa 303a64 080a16 ced6f4 4a5080 78b0ff 586492", 0.5),
        _light("0a0818 18102c 2e1a42 542c58 844668", "ffe2dc 56325c 0c0814 e8d0e8 58447a ff78b4 805084", 0.5),
    ),
}


def light_of(name: str, style: int) -> Light:
    return LIGHTS[name][style % len(LIGHTS[name])]


def tint(color: Color, light: Light, lit: float) -> Color:
    """A surface's color where `lit` of the light reaches it (0..1)."""
    return _multiply(color, mix(light.shade, light.key, lit))


def flesh(color: Color, light: Light, lit: float) -> Color:
    """As `tint`, for faces: eyes correct for the light on them, so half of its color is taken back."""
    shade, key = mix(light.shade, (176, 138, 132), 0.55), mix(light.key, (255, 250, 244), 0.5)
    return _multiply(color, mix(shade, key, lit))


def _multiply(color: Color, by: Color) -> Color:
    return (color[0] * by[0] // 255, color[1] * by[1] // 255, color[2] * by[2] // 255)

"""The light of a picture: one coherent palette per time of day, with a little variety between runs."""

from __future__ import annotations

from msgspec import Struct

from .canvas import Colour, mix


class Light(Struct, frozen=True):
    """`sky` from the zenith to the horizon; `haze` is what distance fades to; `near` what the nearest silhouettes tend
    to; `key` and `shade` tint what the light hits and misses; `rim` edges figures. `low`: how low the sun is, 0..1."""

    sky: tuple[Colour, ...]
    sun: Colour
    haze: Colour
    near: Colour
    key: Colour
    shade: Colour
    rim: Colour
    cloud: Colour
    low: float


LIGHTS: dict[str, tuple[Light, ...]] = {
    "golden": (
        Light(
            ((58, 98, 150), (122, 150, 178), (222, 186, 150), (255, 208, 132), (255, 226, 168)),
            (255, 236, 186), (246, 196, 138), (58, 44, 40), (255, 240, 214), (150, 118, 140), (255, 206, 130),
            (255, 214, 176), 0.8,
        ),
        Light(
            ((64, 74, 122), (136, 112, 148), (226, 146, 118), (255, 184, 104), (255, 214, 140)),
            (255, 226, 160), (240, 164, 110), (52, 34, 42), (255, 232, 200), (140, 104, 140), (255, 186, 104),
            (255, 190, 150), 0.9,
        ),
    ),
    "dusk": (
        Light(
            ((24, 28, 66), (58, 52, 104), (126, 82, 132), (218, 118, 128), (252, 172, 134)),
            (255, 206, 160), (196, 118, 138), (26, 20, 42), (255, 214, 206), (104, 88, 142), (255, 146, 124),
            (236, 138, 150), 1.0,
        ),
        Light(
            ((18, 34, 70), (40, 70, 112), (92, 112, 146), (196, 152, 148), (246, 196, 150)),
            (255, 222, 178), (150, 138, 152), (16, 24, 40), (255, 224, 206), (92, 104, 144), (255, 178, 130),
            (214, 166, 162), 1.0,
        ),
    ),
    "dawn": (
        Light(
            ((108, 142, 176), (160, 180, 196), (214, 206, 204), (246, 220, 204), (255, 236, 216)),
            (255, 246, 226), (222, 214, 212), (52, 64, 74), (255, 248, 238), (146, 150, 172), (255, 232, 204),
            (255, 240, 232), 0.8,
        ),
        Light(
            ((92, 118, 158), (150, 158, 188), (210, 188, 200), (250, 206, 190), (255, 228, 202)),
            (255, 240, 214), (218, 196, 200), (56, 54, 74), (255, 242, 232), (146, 138, 172), (255, 216, 190),
            (255, 226, 222), 0.85,
        ),
    ),
    "day": (
        Light(
            ((44, 104, 174), (84, 146, 206), (138, 188, 228), (190, 220, 240), (224, 238, 246)),
            (255, 252, 238), (196, 218, 234), (38, 58, 52), (255, 252, 244), (138, 152, 182), (255, 250, 232),
            (255, 255, 255), 0.35,
        ),
        Light(
            ((58, 120, 168), (104, 160, 196), (160, 200, 216), (206, 228, 230), (236, 242, 236)),
            (255, 250, 230), (206, 222, 222), (44, 60, 46), (255, 250, 238), (142, 152, 170), (255, 246, 220),
            (255, 254, 248), 0.35,
        ),
    ),
    "overcast": (
        Light(
            ((126, 140, 154), (152, 164, 174), (180, 188, 194), (204, 208, 210), (220, 222, 220)),
            (240, 242, 244), (190, 198, 204), (50, 58, 62), (246, 248, 250), (142, 150, 162), (226, 234, 240),
            (232, 236, 238), 0.2,
        ),
    ),
    "night": (
        Light(
            ((6, 10, 26), (12, 20, 46), (22, 34, 70), (40, 52, 94), (70, 74, 118)),
            (226, 232, 250), (48, 58, 100), (8, 10, 22), (206, 214, 244), (74, 80, 128), (120, 176, 255), (88,
            100, 146), 0.5,
        ),
        Light(
            ((10, 8, 24), (24, 16, 44), (46, 26, 66), (84, 44, 88), (132, 70, 104)),
            (255, 226, 220), (86, 50, 92), (12, 8, 20), (232, 208, 232), (88, 68, 122), (255, 120, 180), (128,
            80, 132), 0.5,
        ),
    ),
}  # fmt: skip


def light_of(name: str, style: int) -> Light:
    choices = LIGHTS[name]
    return choices[style % len(choices)]


def tint(colour: Colour, light: Light, lit: float) -> Colour:
    """A surface's colour where `lit` of the light reaches it (0..1)."""
    by = mix(light.shade, light.key, lit)
    return (colour[0] * by[0] // 255, colour[1] * by[1] // 255, colour[2] * by[2] // 255)


def flesh(colour: Colour, light: Light, lit: float) -> Colour:
    """As `tint`, for faces: eyes correct for the light on them, so half of its colour is taken back."""
    by = mix(mix(light.shade, (176, 138, 132), 0.55), mix(light.key, (255, 250, 244), 0.5), lit)
    return (colour[0] * by[0] // 255, colour[1] * by[1] // 255, colour[2] * by[2] // 255)


def flush(skin: Colour, by: float) -> Colour:
    """The skin's own shadow: darker and redder, never grey."""
    return (min(255, round(skin[0] * (by * 0.6 + 0.4))), round(skin[1] * by * 0.92), round(skin[2] * by * 0.9))

"""How each recurring person looks: colours that never change from picture to picture."""

from __future__ import annotations

from msgspec import Struct

from .canvas import Colour


class Look(Struct, frozen=True):
    """`hair`: dark, middle, light. `cloth`: main, second (lining, scarf, shirt)."""

    skin: Colour
    hair: tuple[Colour, Colour, Colour]
    cut: str
    eyes: Colour
    lips: Colour
    cloth: tuple[Colour, Colour]
    garment: str
    jaw: float = 1.0
    brow: float = 1.0
    freckles: bool = False
    glasses: bool = False
    beard: float = 0.0
    earrings: bool = False
    build: float = 1.0


LOOKS: dict[str, Look] = {
    "mira": Look(
        (244, 206, 184), ((98, 36, 22), (176, 78, 38), (236, 146, 82)), "long", (74, 132, 96), (204, 104, 96),
        ((34, 98, 104), (222, 190, 140)), "coat", freckles=True,
    ),
    "juno": Look(
        (236, 194, 160), ((18, 16, 24), (44, 40, 54), (104, 100, 124)), "bob", (96, 60, 36), (190, 84, 84),
        ((204, 150, 48), (240, 214, 150)), "turtleneck", brow=1.1,
    ),
    "tomas": Look(
        (226, 178, 144), ((34, 24, 20), (70, 48, 38), (130, 96, 74)), "short", (92, 74, 48), (178, 104, 88),
        ((38, 52, 86), (224, 222, 214)), "jacket", jaw=1.2, brow=1.7, beard=0.75, build=1.16,
    ),
    "ayla": Look(
        (158, 104, 74), ((22, 14, 14), (52, 34, 30), (112, 76, 60)), "curls", (70, 42, 26), (150, 66, 60),
        ((190, 86, 54), (242, 196, 120)), "dress", earrings=True, brow=1.15,
    ),
    "iri": Look(
        (248, 222, 212), ((122, 122, 156), (196, 198, 222), (250, 250, 255)), "ponytail", (96, 146, 206), (210,
        120, 128),
        ((228, 228, 236), (96, 88, 146)), "collar", brow=0.8,
    ),
    "henrik": Look(
        (232, 184, 158), ((104, 104, 108), (158, 158, 160), (224, 224, 222)), "grey", (86, 116, 136), (186, 112, 100),
        ((62, 92, 68), (206, 198, 176)), "sweater", jaw=1.14, brow=1.5, glasses=True, beard=1.0, build=1.14,
    ),
}  # fmt: skip

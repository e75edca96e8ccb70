"""The vocabulary recipes are dealt from: scenes, people, models, sizes and the words of prompts."""

from __future__ import annotations

from msgspec import Struct

FLUX = "lumen-flux-dev"
MODELS = ("aurora-xl-v4", FLUX)
WINTER, GARDEN = "winter-film", "glass-garden"
LORA_CHOICES: tuple[tuple[str, ...], ...] = ((), (), (), (), (WINTER,), (GARDEN,), (), (WINTER, GARDEN))
LORA_WEIGHTS = {WINTER: 0.8, GARDEN: 0.65}
SAMPLERS = (("euler", "normal"), ("dpmpp_2m", "karras"), ("dpmpp_2m_sde", "karras"), ("euler_ancestral", "normal"))
#: The same samplers as A1111 spells them.
SPELT = {"euler": "Euler", "dpmpp_2m": "DPM++ 2M", "dpmpp_2m_sde": "DPM++ 2M SDE", "euler_ancestral": "Euler a"}
NEGATIVE = "lowres, blurry, watermark, text, jpeg artifacts, extra fingers"

SIZES = {
    "comfyui": ((512, 768), (576, 704), (640, 640), (832, 1216), (832, 480), (512, 704), (768, 512), (576, 768)),
    "a1111": ((512, 768), (512, 640), (576, 576), (512, 704), (512, 768), (768, 512)),
}
FRAMES = ((1200, 800), (1536, 1024), (1440, 810), (1152, 864))

CAMERAS = (
    ("FUJIFILM", "X-T5", (("XF33mmF1.4 R LM WR", (33.0,)), ("XF16-55mmF2.8 R LM WR", (16.0, 23.0, 35.0, 55.0)))),
    ("SONY", "ILCE-7M4", (("FE 35mm F1.4 GM", (35.0,)), ("FE 24-70mm F2.8 GM II", (24.0, 35.0, 50.0, 70.0)))),
)
APERTURES = (1.4, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0)
SHUTTERS = (30, 60, 125, 250, 500, 1000, 2000)
ISOS = (125, 160, 200, 400, 800, 1600, 3200)


class Person(Struct, frozen=True):
    name: str
    words: str


CHARACTERS = (
    Person("mira", "mira, young woman, long wavy copper hair, freckles, green eyes, teal coat"),
    Person("juno", "juno, woman, black bob with fringe, brown eyes, mustard turtleneck"),
    Person("tomas", "tomas, man, short dark hair, short beard, navy jacket"),
    Person("ayla", "ayla, woman, big curly hair, gold earrings, terracotta dress"),
    Person("iri", "iri, silver hair in a high ponytail, pale blue eyes, white collar"),
    Person("henrik", "henrik, old man, grey beard, round glasses, green wool sweater"),
)


class Subject(Struct, frozen=True):
    """One card of the deck. `shaped`: the picture wants to be upright or lying as `upright` says."""

    scene: str
    words: tuple[str, ...]
    lights: tuple[str, ...]
    people: int = 0
    upright: bool = False
    shaped: bool = True
    camera: bool = False
    loras: tuple[str, ...] = ()


_PORTRAIT = Subject(
    "portrait",
    (
        "portrait, looking at the viewer, soft bokeh",
        "close portrait, wind in the hair",
        "head and shoulders, calm face",
    ),
    ("golden", "dusk", "night", "day", "overcast"),
    people=1,
    upright=True,
)
_WALK = Subject(
    "walk",
    ("standing on a hill, seen from behind, wide view", "by a river, full body", "walking through tall grass"),
    ("golden", "dusk", "day", "dawn"),
    people=1,
    upright=True,
)

DECK = (
    _PORTRAIT,
    Subject(
        "dusk",
        ("layered hills, a lake, mist between the ridges", "still lake, far hills, low sun"),
        ("golden", "dusk", "dawn"),
        camera=True,
    ),
    Subject(
        "bottle",
        ("glass bottle with a night sky inside, cork, on a wooden table", "tiny landscape in a bottle, bokeh"),
        ("dusk", "golden", "night"),
        upright=True,
        loras=(GARDEN,),
    ),
    _WALK,
    Subject(
        "mountains",
        ("snowy peaks above a green valley", "jagged mountain ridge, meadow with flowers"),
        ("day", "golden", "overcast"),
        camera=True,
    ),
    _PORTRAIT,
    Subject(
        "city",
        ("city street at night, rain, neon, reflections", "narrow street, lit windows, wet asphalt"),
        ("night", "dusk"),
        upright=True,
        shaped=False,
        camera=True,
    ),
    Subject(
        "snow",
        ("winter field, frosted trees, low sun", "snow at dusk, birches, long shadows"),
        ("dusk", "golden", "day"),
        camera=True,
        loras=(WINTER,),
    ),
    Subject(
        "pair",
        ("two friends, shoulder to shoulder, evening light", "two people talking, bokeh"),
        ("golden", "dusk", "night", "day"),
        people=2,
    ),
    Subject(
        "sea",
        ("open sea, small sailing boat, sun on the water", "lighthouse on a headland, calm sea"),
        ("golden", "day", "dusk"),
        camera=True,
    ),
    Subject(
        "flowers",
        ("flowers in a vase, window light, still life", "a jar of wild flowers on a table"),
        ("day", "golden", "overcast"),
        upright=True,
        camera=True,
        loras=(GARDEN,),
    ),
    _PORTRAIT,
    Subject(
        "forest",
        ("tall forest, shafts of light, ferns", "path through a misty forest"),
        ("day", "golden", "dawn"),
        upright=True,
        shaped=False,
        camera=True,
    ),
    Subject(
        "glass",
        ("abstract coloured glass, refraction, studio light", "overlapping panes of glass"),
        ("day", "dusk", "night"),
        shaped=False,
    ),
    _WALK,
    Subject(
        "desert",
        ("desert dunes, sharp crest, long shadows", "dunes under a huge pale moon"),
        ("golden", "dusk", "day"),
        camera=True,
    ),
    Subject(
        "window",
        ("quiet room, window light on the floor, plants", "interior, tall window, dust in the light"),
        ("golden", "day", "dusk"),
        upright=True,
        camera=True,
    ),
)
DECK_SIZE = len(DECK)

#: The mean colour of each scene in each light.
MEANS: dict[tuple[str, str], tuple[int, int, int]] = {
    ("portrait", "golden"): (154, 125, 100),
    ("portrait", "dusk"): (114, 94, 96),
    ("portrait", "night"): (65, 61, 67),
    ("portrait", "day"): (146, 142, 111),
    ("portrait", "overcast"): (131, 134, 142),
    ("dusk", "golden"): (178, 134, 106),
    ("dusk", "dusk"): (128, 84, 101),
    ("dusk", "dawn"): (170, 166, 171),
    ("bottle", "dusk"): (102, 78, 92),
    ("bottle", "golden"): (116, 105, 104),
    ("bottle", "night"): (63, 48, 67),
    ("walk", "golden"): (158, 133, 108),
    ("walk", "dusk"): (112, 107, 109),
    ("walk", "day"): (152, 176, 180),
    ("walk", "dawn"): (162, 164, 160),
    ("mountains", "day"): (134, 160, 162),
    ("mountains", "golden"): (156, 151, 130),
    ("mountains", "overcast"): (150, 161, 158),
    ("city", "night"): (52, 50, 56),
    ("city", "dusk"): (78, 82, 90),
    ("snow", "dusk"): (172, 142, 158),
    ("snow", "golden"): (196, 189, 176),
    ("snow", "day"): (183, 200, 212),
    ("pair", "golden"): (150, 126, 106),
    ("pair", "dusk"): (128, 104, 88),
    ("pair", "night"): (93, 67, 74),
    ("pair", "day"): (140, 130, 109),
    ("sea", "golden"): (149, 147, 132),
    ("sea", "day"): (128, 158, 176),
    ("sea", "dusk"): (113, 94, 104),
    ("flowers", "day"): (119, 119, 116),
    ("flowers", "golden"): (144, 130, 110),
    ("flowers", "overcast"): (130, 128, 120),
    ("forest", "day"): (144, 156, 138),
    ("forest", "golden"): (164, 154, 108),
    ("forest", "dawn"): (149, 148, 128),
    ("glass", "day"): (88, 132, 120),
    ("glass", "dusk"): (144, 109, 128),
    ("glass", "night"): (91, 138, 126),
    ("desert", "golden"): (192, 149, 118),
    ("desert", "dusk"): (167, 116, 116),
    ("desert", "day"): (172, 182, 186),
    ("window", "golden"): (122, 110, 104),
    ("window", "day"): (118, 117, 116),
    ("window", "dusk"): (113, 106, 99),
}

LIGHT_WORDS = {
    "golden": "golden hour",
    "dusk": "dusk, violet sky",
    "dawn": "dawn mist",
    "day": "clear daylight",
    "night": "night",
    "overcast": "overcast, soft light",
}
_STYLES = ("35mm film", "painterly", "soft focus", "highly detailed", "muted colours", "volumetric light")
_WHO = {person.name: person.words for person in CHARACTERS}


def prompt(subject: Subject, light: str, character: str | None, second: str | None, bits: int, model: str) -> str:
    """The run's prompt: who, what, in which light, in which manner."""
    what = subject.words[(bits >> 48) % len(subject.words)]
    manner = _STYLES[(bits >> 52) % len(_STYLES)]
    text = f"{what}, {LIGHT_WORDS[light]}, {manner}"
    if second is not None:
        text = f"{_WHO[character or '']}; {_WHO[second]}; {text}"
    elif character is not None:
        text = f"{_WHO[character]}, {text}"
    return text if model == FLUX else f"masterpiece, {text}"

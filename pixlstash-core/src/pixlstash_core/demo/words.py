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
FRAMES = ((1152, 768), (1200, 800), (1280, 720), (1024, 768))

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
    ("portrait", "golden"): (159, 128, 104),
    ("portrait", "dusk"): (118, 98, 99),
    ("portrait", "night"): (66, 63, 68),
    ("portrait", "day"): (152, 148, 116),
    ("portrait", "overcast"): (135, 138, 148),
    ("dusk", "golden"): (182, 138, 110),
    ("dusk", "dusk"): (131, 87, 104),
    ("dusk", "dawn"): (174, 169, 175),
    ("bottle", "dusk"): (105, 80, 95),
    ("bottle", "golden"): (120, 109, 108),
    ("bottle", "night"): (64, 48, 68),
    ("walk", "golden"): (163, 138, 113),
    ("walk", "dusk"): (116, 110, 112),
    ("walk", "day"): (157, 182, 186),
    ("walk", "dawn"): (168, 170, 166),
    ("mountains", "day"): (138, 166, 168),
    ("mountains", "golden"): (164, 158, 134),
    ("mountains", "overcast"): (154, 167, 162),
    ("city", "night"): (52, 52, 58),
    ("city", "dusk"): (80, 84, 93),
    ("snow", "dusk"): (176, 146, 164),
    ("snow", "golden"): (202, 196, 182),
    ("snow", "day"): (189, 208, 220),
    ("pair", "golden"): (156, 130, 110),
    ("pair", "dusk"): (133, 108, 90),
    ("pair", "night"): (95, 69, 76),
    ("pair", "day"): (146, 136, 114),
    ("sea", "golden"): (152, 151, 138),
    ("sea", "day"): (131, 162, 182),
    ("sea", "dusk"): (114, 96, 107),
    ("flowers", "day"): (123, 124, 119),
    ("flowers", "golden"): (149, 134, 114),
    ("flowers", "overcast"): (134, 133, 125),
    ("forest", "day"): (150, 161, 142),
    ("forest", "golden"): (158, 148, 104),
    ("forest", "dawn"): (154, 154, 132),
    ("glass", "day"): (92, 138, 125),
    ("glass", "dusk"): (149, 114, 133),
    ("glass", "night"): (94, 144, 130),
    ("desert", "golden"): (198, 154, 123),
    ("desert", "dusk"): (171, 120, 120),
    ("desert", "day"): (177, 188, 192),
    ("window", "golden"): (124, 113, 106),
    ("window", "day"): (122, 120, 118),
    ("window", "dusk"): (116, 108, 102),
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

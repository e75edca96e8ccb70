"""The values that recipes are chosen from: scenes, people, models, sizes and the words of prompts."""

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


#: What prompts say of the people who recur.
CHARACTERS = {
    "mira": "mira, young woman, long wavy copper hair, freckles, green eyes, teal coat",
    "juno": "juno, woman, black bob with fringe, brown eyes, mustard turtleneck",
    "tomas": "tomas, man, short dark hair, short beard, navy jacket",
    "ayla": "ayla, woman, big curly hair, gold earrings, terracotta dress",
    "iri": "iri, silver hair in a high ponytail, pale blue eyes, white collar",
    "henrik": "henrik, old man, grey beard, round glasses, green wool sweater",
}


class Subject(Struct, frozen=True):
    """One card of the deck. `shaped`: the picture wants to be upright or lying as `upright` says."""

    scene: str
    words: tuple[str, ...]
    lights: str
    people: int = 0
    upright: bool = False
    shaped: bool = True
    camera: bool = False
    loras: tuple[str, ...] = ()


_FACES = ("portrait, looking at the viewer, soft bokeh", "close portrait, calm face", "head and shoulders, bokeh")
_VIEWS = ("standing on a hill, seen from behind, wide view", "by a lake, full body", "walking through tall grass")
_LAKE = ("layered hills, a lake, mist between the ridges", "still lake, far hills, low sun")
_BOTTLE = ("glass bottle with a night sky inside, cork, on a wooden table", "tiny landscape in a bottle, bokeh")
_PEAKS = ("snowy peaks above a green valley", "jagged mountain ridge, meadow with flowers")
_STREET = ("city street at night, rain, neon, reflections", "narrow street, lit windows, wet asphalt")
_SNOW = ("winter field, frosted trees, low sun", "snow at dusk, birches, long shadows")
_FRIENDS = ("two friends, shoulder to shoulder, evening light", "two people talking, bokeh")
_VASE = ("flowers in a vase, window light, still life", "a jar of wild flowers on a table")
_FOREST = ("tall forest, misty, rows of firs", "path through a misty forest")
_VALLEY = ("evening above the hills, dark firs", "low sun over misty hills, firs in front")
_TULIPS = ("bouquet on a wooden table, still life", "fresh flowers, soft light from a window")
_SEA = ("open sea, small sailing boat, sun on the water", "calm sea, sails")
_PORTRAIT = Subject("portrait", _FACES, "golden dusk night day overcast", people=1, upright=True)
_WALK = Subject("walk", _VIEWS, "golden dusk day dawn", people=1, upright=True)
#: Keys and sizes of pictures follow from the flags, which must stay as they are where a card gets another scene.
DECK = (
    _PORTRAIT,
    Subject("dusk", _LAKE, "golden dusk dawn", camera=True),
    Subject("bottle", _BOTTLE, "dusk golden night", upright=True, loras=(GARDEN,)),
    _WALK,
    Subject("mountains", _PEAKS, "day golden overcast", camera=True),
    _PORTRAIT,
    Subject("city", _STREET, "night dusk", upright=True, shaped=False, camera=True),
    Subject("snow", _SNOW, "dusk golden day", camera=True, loras=(WINTER,)),
    Subject("pair", _FRIENDS, "golden dusk night day", people=2),
    Subject("sea", _SEA, "golden day dusk", camera=True),
    Subject("flowers", _VASE, "day golden overcast", upright=True, camera=True, loras=(GARDEN,)),
    _PORTRAIT,
    Subject("forest", _FOREST, "day golden dawn", upright=True, shaped=False, camera=True),
    Subject("bottle", _BOTTLE, "day dusk night", shaped=False),
    _WALK,
    Subject("dusk", _VALLEY, "golden dusk day", camera=True),
    Subject("flowers", _TULIPS, "golden day dusk", upright=True, camera=True),
)
DECK_SIZE = len(DECK)
#: How prompts call a light, and about the mean color of pictures in it.
LIGHTS = {
    "golden": ("golden hour", (160, 138, 114)),
    "dusk": ("dusk, violet sky", (124, 102, 108)),
    "dawn": ("dawn mist", (166, 166, 164)),
    "day": ("clear daylight", (146, 156, 152)),
    "overcast": ("overcast, soft light", (140, 144, 148)),
    "night": ("night", (68, 64, 72)),
}
_STYLES = ("35mm film", "painterly", "soft focus", "highly detailed", "muted colors", "volumetric light")


def prompt(subject: Subject, light: str, character: str | None, second: str | None, bits: int, model: str) -> str:
    """The run's prompt: who, what, in which light, in which manner."""
    what = subject.words[(bits >> 48) % len(subject.words)]
    manner = _STYLES[(bits >> 52) % len(_STYLES)]
    text = f"{what}, {LIGHTS[light][0]}, {manner}"
    if second is not None:
        text = f"{CHARACTERS[character or '']}; {CHARACTERS[second]}; {text}"
    elif character is not None:
        text = f"{CHARACTERS[character]}, {text}"
    return text if model == FLUX else f"masterpiece, {text}"

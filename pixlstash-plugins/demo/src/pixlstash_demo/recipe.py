"""What each demo picture shows: a pure function of its index, cheap enough to call a million times.

Sixteen neighbours are five *runs*: one prompt, consecutive pictures with different seeds. A run has an ordinal, so
scenes are dealt from a deck (all kinds turn up early) and ages by the golden ratio: any number of pictures, however
few, covers all three years, and index 0 is the newest.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any, Literal

from msgspec import Struct

from . import words

EPOCH = 1_795_210_800_000  # 2026-11-20T21:40Z, the newest picture. Fixed: the demo is the same on every day.
#: The most pictures there can be.
MOST = 1_000_000
_DAY = 86_400_000
_MASK = 0xFFFF_FFFF_FFFF_FFFF

Tool = Literal["comfyui", "a1111", "camera"]


class Recipe(Struct, frozen=True, kw_only=True):
    """One picture: `width`, `height` upright in pixels, `created` in ms UTC. Camera pictures have no prompt, no model
    and no seed of their own to show, yet `seed` still says how they are painted. `shot` picks exposure settings."""

    index: int
    seed: int
    scene: str
    light: str
    character: str | None = None
    second: str | None = None
    model: str = ""
    loras: tuple[str, ...] = ()
    sampler: str = ""
    scheduler: str = ""
    steps: int = 0
    cfg: float = 0.0
    prompt: str = ""
    negative: str = ""
    width: int = 0
    height: int = 0
    created: int = 0
    tool: Tool = "comfyui"
    name: str = ""
    format: str = "png"
    orientation: int = 1
    shot: int = 0
    style: int = 0


def _mix(value: int) -> int:
    """SplitMix64's finaliser: every input bit reaches every output bit."""
    value = (value + 0x9E37_79B9_7F4A_7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
    return value ^ (value >> 31)


# Each row splits 16 neighbours into exactly five runs, so that a run's ordinal is known without counting.
_SPLITS = [tuple(map(int, row)) for row in "34153 43135 18313 61144 33334 15163 71314 53413".split()]
_RUNS = tuple(tuple((run, at) for run, length in enumerate(split) for at in range(length)) for split in _SPLITS)

# How busy each month was, newest first; ages are dealt in proportion.
_MONTHS = tuple(map(float, "9 14 5 3 8 2 1 6 12 16 7 4 3 1 .5 5 9 4 2 11 15 6 3 1 2 7 10 3 1 .5 2 5 8 4 2 3".split()))
_ENDS = tuple(accumulate(_MONTHS))


def _age(fraction: float) -> float:
    """Days before the epoch of a fraction of all runs."""
    month = bisect_right(_ENDS, fraction * _ENDS[-1])
    return (month + 1 - (_ENDS[month] - fraction * _ENDS[-1]) / _MONTHS[month]) * 30.4


def _created(ordinal: int, at: int, bits: int, camera: bool) -> int:
    """Evenings for generated pictures, daytime for the camera; the first picture of a run is its newest."""
    gap = 700 + bits % 4000 if camera else 9_000 + bits % 40_000
    if ordinal == 0:
        return EPOCH - at * gap
    day = int(_age(ordinal * 0.618_033_988_749_895 % 1.0))
    hours = 5 + (bits >> 16) % 11 if camera else (bits >> 16) % 5 * (1 + (bits >> 20) % 2)
    return EPOCH - day * _DAY - hours * 3_600_000 - (60 + (bits >> 24) % 3500) * 1000 - at * gap


def recipe(index: int) -> Recipe:
    """The picture at `index` (0 the newest). Pure and the same everywhere; about 10 µs."""
    block, offset = divmod(index, 16)
    run, at = _RUNS[_mix(block ^ 0x5EED) & 7][offset]
    ordinal = block * 5 + run
    bits = _mix(ordinal ^ 0xD0_0D1E_0000)
    more = _mix(bits)
    own = _mix(index ^ 0x0A11_CE00_0000)

    deck, card = divmod(ordinal, words.DECK_SIZE)
    shuffle = _mix(deck ^ 0xDECC)
    step, start = 1 + shuffle % (words.DECK_SIZE - 1), (shuffle >> 8) % words.DECK_SIZE
    subject = words.DECK[(step * card + start) % words.DECK_SIZE]
    camera = subject.camera and more % 5 < 2
    lights = subject.lights.split()
    light = lights[(more >> 8) % len(lights)]
    names = list(words.CHARACTERS)
    who = (bits >> 32) % len(names)
    character = names[who] if subject.people else None
    second = names[(who + 1 + (bits >> 40) % (len(names) - 1)) % len(names)] if subject.people == 2 else None
    common: dict[str, Any] = {"index": index, "scene": subject.scene, "light": light, "style": more >> 16 & 0xFFFF}
    common |= {"created": _created(ordinal, at, bits, camera), "shot": own & 0xFFFF}
    if camera:
        width, height = words.FRAMES[(bits >> 8) % len(words.FRAMES)]
        if subject.upright:  # it was held so, and its pictures lie on their side
            width, height, common["orientation"] = height, width, (6, 8)[own & 1]
        common |= {"seed": own >> 32, "name": f"DSCF{index % 9999 + 1:04d}.JPG", "format": "jpeg", "tool": "camera"}
        return Recipe(**common, width=width, height=height)

    tool: Tool = "comfyui" if (more >> 32) % 3 else "a1111"
    width, height = words.SIZES[tool][(bits >> 8) % len(words.SIZES[tool])]
    if (width < height) != subject.upright and subject.shaped:
        width, height = height, width
    if tool == "comfyui" and at == 2 and (more >> 60) % 3 == 0 and width * height < 700_000:
        # The one before once more, larger, as by an upscaler: there are duplicates to be found.
        width, height = width * 3 // 2, height * 3 // 2
        own = _mix((index - 1) ^ 0x0A11_CE00_0000)
        common["shot"] = own & 0xFFFF
    model = words.MODELS[(more >> 36) & 1]
    flux = model == words.FLUX
    sampler, scheduler = words.SAMPLERS[(more >> 44) % len(words.SAMPLERS)]
    seed = own >> 14 if tool == "comfyui" else own >> 32
    if tool == "comfyui":
        format = "webp" if (more >> 56) % 9 == 0 else "png"
    else:
        format = "jpeg" if (more >> 56) % 3 == 0 else "png"
    extension = EXTENSIONS[format]
    return Recipe(
        **common,
        seed=seed,
        character=character,
        second=second,
        model=model,
        loras=subject.loras if (more >> 38) & 1 else words.LORA_CHOICES[(more >> 40) & 7],
        sampler=sampler,
        scheduler=scheduler,
        steps=(20, 24, 28)[(more >> 48) % 3] if flux else (24, 28, 30, 36)[(more >> 48) & 3],
        cfg=1.0 if flux else (5.5, 6.0, 7.0)[(more >> 52) % 3],
        prompt=words.prompt(subject, light, character, second, bits, model),
        negative="" if flux else words.NEGATIVE,
        width=width,
        height=height,
        tool=tool,
        name=f"ComfyUI_{index:05d}_.{extension}" if tool == "comfyui" else f"{index:05d}-{seed}.{extension}",
        format=format,
    )


EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp"}


def key(made: Recipe) -> str:
    """The picture's key in the demo store: `000123.png`."""
    return f"{made.index:06d}.{EXTENSIONS[made.format]}"

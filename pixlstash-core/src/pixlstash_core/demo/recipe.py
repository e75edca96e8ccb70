"""What each demo picture shows: a pure function of its index, cheap enough to call a million times.

Sixteen neighbours are five *runs*: one prompt, consecutive pictures with different seeds. A run has an ordinal, so
scenes are dealt from a deck (all kinds turn up early) and ages by the golden ratio: any number of pictures, however
few, covers all three years, and index 0 is the newest.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from . import words

EPOCH = 1_795_210_800_000  # 2026-11-20T21:40Z, the newest picture. Fixed: the demo is the same on every day.
_DAY = 86_400_000
_MASK = 0xFFFF_FFFF_FFFF_FFFF

Tool = Literal["comfyui", "a1111", "camera"]


class Recipe(Struct, frozen=True):
    """One picture: `width`, `height` upright in pixels, `created` in ms UTC. Camera pictures have no prompt, no model
    and no seed of their own to show, yet `seed` still says how they are painted. `shot` picks exposure settings."""

    index: int
    seed: int
    scene: str
    light: str
    character: str | None
    second: str | None
    model: str
    loras: tuple[str, ...]
    sampler: str
    scheduler: str
    steps: int
    cfg: float
    prompt: str
    negative: str
    width: int
    height: int
    created: int
    tool: Tool
    name: str
    format: str
    orientation: int
    shot: int
    style: int


def _mix(value: int) -> int:
    """SplitMix64's finaliser: every input bit reaches every output bit."""
    value = (value + 0x9E37_79B9_7F4A_7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
    return value ^ (value >> 31)


# Each row splits 16 neighbours into exactly five runs, so that a run's ordinal is known without counting.
_SPLITS = (
    (3, 4, 1, 5, 3),
    (4, 3, 1, 3, 5),
    (1, 8, 3, 1, 3),
    (6, 1, 1, 4, 4),
    (3, 3, 3, 3, 4),
    (1, 5, 1, 6, 3),
    (7, 1, 3, 1, 4),
    (5, 3, 4, 1, 3),
)
_RUNS = tuple(tuple((run, at) for run, length in enumerate(split) for at in range(length)) for split in _SPLITS)

# How busy each month was, newest first; ages are dealt in proportion.
_MONTHS = (
    9,
    14,
    5,
    3,
    8,
    2,
    1,
    6,
    12,
    16,
    7,
    4,
    3,
    1,
    0.5,
    5,
    9,
    4,
    2,
    11,
    15,
    6,
    3,
    1,
    2,
    7,
    10,
    3,
    1,
    0.5,
    2,
    5,
    8,
    4,
    2,
    3,
)
_TOTAL = sum(_MONTHS)
_STARTS = tuple(sum(_MONTHS[:n]) for n in range(len(_MONTHS) + 1))


def _age(fraction: float) -> float:
    """Days before the epoch of a fraction of all runs."""
    want = fraction * _TOTAL
    low, high = 0, len(_MONTHS)
    while high - low > 1:
        middle = (low + high) // 2
        if _STARTS[middle] <= want:
            low = middle
        else:
            high = middle
    return (low + (want - _STARTS[low]) / _MONTHS[low]) * 30.4


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
    light = subject.lights[(more >> 8) % len(subject.lights)]
    character = second = None
    if subject.people:
        who = (bits >> 32) % len(words.CHARACTERS)
        character = words.CHARACTERS[who].name
        if subject.people == 2:
            second = words.CHARACTERS[
                (who + 1 + (bits >> 40) % (len(words.CHARACTERS) - 1)) % len(words.CHARACTERS)
            ].name
    style = more >> 16 & 0xFFFF
    created = _created(ordinal, at, bits, camera)
    if camera:
        width, height = words.FRAMES[(bits >> 8) % len(words.FRAMES)]
        if subject.upright:
            width, height = height, width
        return Recipe(
            index,
            own >> 32,
            subject.scene,
            light,
            None,
            None,
            "",
            (),
            "",
            "",
            0,
            0.0,
            "",
            "",
            width,
            height,
            created,
            "camera",
            f"DSCF{index % 9999 + 1:04d}.JPG",
            "jpeg",
            1 if width > height else (6, 8)[own & 1],
            own & 0xFFFF,
            style,
        )

    tool: Tool = "comfyui" if (more >> 32) % 3 else "a1111"
    shapes = words.SIZES[tool]
    shape = (bits >> 8) % len(shapes)
    width, height = shapes[shape]
    if (width < height) != subject.upright and subject.shaped:
        width, height = height, width
    if tool == "comfyui" and at == 2 and (more >> 60) % 3 == 0 and width * height < 700_000:
        # The one before once more, larger, as by an upscaler: there are duplicates to be found.
        width, height = width * 3 // 2, height * 3 // 2
        own = _mix((index - 1) ^ 0x0A11_CE00_0000)
    model = words.MODELS[(more >> 36) & 1]
    loras = subject.loras if (more >> 38) & 1 else words.LORA_CHOICES[(more >> 40) & 7]
    sampler, scheduler = words.SAMPLERS[(more >> 44) % len(words.SAMPLERS)]
    if model == words.FLUX:
        steps, cfg, negative = (20, 24, 28)[(more >> 48) % 3], 1.0, ""
    else:
        steps, cfg, negative = (24, 28, 30, 36)[(more >> 48) & 3], (5.5, 6.0, 7.0)[(more >> 52) % 3], words.NEGATIVE
    seed = own >> 14 if tool == "comfyui" else own >> 32
    prompt = words.prompt(subject, light, character, second, bits, model)
    if tool == "comfyui":
        format = "webp" if (more >> 56) % 9 == 0 else "png"
        name = f"ComfyUI_{index:05d}_.{format}"
    else:
        format = "jpeg" if (more >> 56) % 3 == 0 else "png"
        name = f"{index:05d}-{seed}.{'jpg' if format == 'jpeg' else 'png'}"
    return Recipe(
        index,
        seed,
        subject.scene,
        light,
        character,
        second,
        model,
        loras,
        sampler,
        scheduler,
        steps,
        cfg,
        prompt,
        negative,
        width,
        height,
        created,
        tool,
        name,
        format,
        1,
        own & 0xFFFF,
        style,
    )


EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp"}


def key(made: Recipe) -> str:
    """The picture's key in the demo store: `000123.png`."""
    return f"{made.index:06d}.{EXTENSIONS[made.format]}"

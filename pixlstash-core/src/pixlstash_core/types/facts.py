"""The names of facts that every library knows, for fact readers, queries and documentation.

A file may say others, and a plugin's reader any: those are known by name as soon as a picture has one.
"""

from __future__ import annotations

from msgspec import Struct


class Known(Struct, frozen=True):
    """A known fact. `label` is shown to users; `number`: its values are compared as numbers."""

    name: str
    label: str
    number: bool = False


#: By what they are about, in the order they are shown in.
MAKING = (
    Known("model", "Model"),
    Known("lora", "LoRA"),
    Known("seed", "Seed", number=True),
    Known("steps", "Steps", number=True),
    Known("cfg", "CFG", number=True),
    Known("guidance", "Guidance", number=True),
    Known("sampler", "Sampler"),
    Known("scheduler", "Scheduler"),
    Known("resolution", "Generated size"),
    Known("model_hash", "Model hash"),
    Known("lora_hash", "LoRA hash"),
    Known("tool", "Tool"),
)
TAKING = (
    Known("camera", "Camera"),
    Known("lens", "Lens"),
    Known("exposure", "Exposure", number=True),
    Known("aperture", "Aperture", number=True),
    Known("iso", "ISO", number=True),
    Known("focal", "Focal length", number=True),
    Known("bias", "Exposure bias", number=True),
    Known("flash", "Flash"),
    Known("place", "Place"),
    Known("altitude", "Altitude", number=True),
)
DESCRIPTION = (
    Known("title", "Title"),
    Known("description", "Description"),
    Known("keyword", "Keyword"),
    Known("rating", "Rating", number=True),
    Known("creator", "Creator"),
    Known("copyright", "Copyright"),
    Known("origin", "Origin"),
    Known("c2pa", "Content Credentials"),
)
MOVING = (
    Known("duration", "Duration", number=True),
    Known("fps", "Frames per second", number=True),
    Known("codec", "Codec"),
    Known("sound", "Sound"),
)
GENERATION = "Generation"
#: By the heading they are shown under, unless what says them has another one.
HEADINGS = {GENERATION: MAKING, "Camera": TAKING, "Description": DESCRIPTION, "Video": MOVING}
KNOWN = tuple(fact for row in HEADINGS.values() for fact in row)

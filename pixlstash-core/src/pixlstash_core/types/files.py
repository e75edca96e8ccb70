"""The result of reading a file in the decoder process, and the names of its facts.

A file may say others, and a plugin's reader any: those are known by name as soon as a picture has one.
"""

from __future__ import annotations

from msgspec import Struct


class Format(Struct, frozen=True):
    """A file format: its name (`png`), MIME type, usual extension, and whether a browser may show it inline."""

    name: str
    mime: str
    extension: str
    inline: bool = False


class Fact(Struct, frozen=True):
    """One fact read from a file. `number` is set if it can be compared; `group` is a heading in the interface."""

    group: str
    name: str
    label: str
    value: str
    number: float | None = None


class Facts(Struct, frozen=True):
    """The result of a fact reader. `payloads` are the embedded texts, unchanged; no text here can be trusted."""

    facts: tuple[Fact, ...] = ()
    prompt: str | None = None
    negative: str | None = None
    created: int | None = None
    payloads: dict[str, str] = {}


class Embedded(Struct, frozen=True):
    """The undecoded metadata that a media kind extracted from a file for fact readers.

    `text`: PNG text chunks and the like by keyword; `exif`: the TIFF block without the `Exif\\0\\0` prefix;
    `xmp`: the packet; `comment`: a JPEG comment; `iptc`: Photoshop's IPTC block. A text that was hidden in the pixels
    is `text["stealth"]`.
    """

    format: str
    text: dict[str, str] = {}
    exif: bytes = b""
    xmp: bytes = b""
    comment: bytes = b""
    iptc: bytes = b""


class KnownPicture(Struct, frozen=True, kw_only=True):
    """The metadata of a picture that a store provides, so that its file need not be read.

    `sha256` tells pictures apart: 32 bytes, of the file or, in a store that is not verbatim, of what the file is made
    from. `width` and `height` in pixels, upright; `size` in bytes, an estimate if need be; `color` is about the mean,
    RGB from 0 to 255.
    """

    sha256: bytes
    format: Format
    width: int
    height: int
    size: int
    kind: str = "image"
    orientation: int = 1
    color: tuple[int, int, int] = (128, 128, 128)
    facts: Facts = Facts()


class Reading(Struct, frozen=True):
    """The result of reading a file once.

    `width`, `height` in pixels, upright. `created` in ms UTC or None. `still` is WebP (short side <= 384, long side
    <= 1024, upright) or None when the picture cannot be drawn: then `why` says so, and `cause` does in a word
    (`pixels`: more than the limit; `unsupported`). `aspect` is round(128 + 48 * log2(width / height)) in 0..255.
    `colour` is RGB565. `phash`: 64-bit difference hash, unsigned.
    """

    sha256: bytes
    size: int
    kind: str
    format: str
    mime: str
    extension: str
    width: int
    height: int
    orientation: int = 1
    moving: bool = False
    seconds: float | None = None
    created: int | None = None
    aspect: int = 128
    colour: int = 0
    phash: int = 0
    still: bytes | None = None
    why: str | None = None
    cause: str | None = None
    facts: tuple[Fact, ...] = ()
    prompt: str | None = None
    negative: str | None = None
    payloads: dict[str, str] = {}


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

"""Pictures whose files tell much, and a search for what they tell."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

from PIL import Image, ImageDraw, PngImagePlugin

from pixlstash_core import OWNER
from pixlstash_core.library import Library

#: What must be in nothing that a recipient gets.
CANARIES = (b"canary", b"52.5163", b"exif", b"ComfyUI", b"<x:xmpmeta", b"c2pa", b"jumb", b"ICC_PROFILE", b"stealth")
MAGIC = "stealth_pngcomp"


def hidden(image: Image.Image, text: str, channel: int) -> Image.Image:
    """Hide a text in the lowest bits of a channel, as generators do (`stealth_pngcomp` in alpha)."""
    packed = gzip.compress(text.encode())
    bits = "".join(f"{byte:08b}" for byte in MAGIC.encode() + (len(packed) * 8).to_bytes(4, "big") + packed)
    pixels = image.load()
    assert pixels is not None
    for at, bit in enumerate(bits):
        x, y = divmod(at, image.height)
        values = list(pixels[x, y])  # type: ignore[arg-type]
        values[channel] = values[channel] & 254 | int(bit)
        pixels[x, y] = tuple(values)
    return image


def lifted(image: Image.Image, channel: int) -> bytes:
    """The first bytes that are hidden in a channel."""
    band = image.convert("RGBA").getchannel(channel).transpose(Image.Transpose.TRANSPOSE)
    bits = "".join(str(value & 1) for value in band.tobytes()[: len(MAGIC) * 8])
    return int(bits, 2).to_bytes(len(MAGIC), "big")


def painted(number: int, size: tuple[int, int] = (300, 200)) -> Image.Image:
    image = Image.new("RGBA", size, (40 + number * 20, 120, 200, 255))
    ImageDraw.Draw(image).ellipse((20, 20, size[0] - 60, size[1] - 20), fill=(250, 200, number * 30, 255))
    return image


def telling_jpeg(path: Path, number: int) -> Path:
    """A JPEG with GPS, a serial number, a description, XMP and a C2PA-like segment."""
    image = painted(number).convert("RGB")
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = "canary description", "canary artist"
    exif.get_ifd(0x8769)[0xA431] = "canary-serial"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (52.0, 30.0, 59.0), "E", (13.0, 22.0, 39.0)
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf>canary xmp 52.5163</rdf></x:xmpmeta>"
    image.save(path, "JPEG", quality=92, exif=exif, xmp=xmp, comment=b"canary comment c2pa jumb")
    return path


def telling_png(path: Path, number: int, channel: int = 3) -> Path:
    """A PNG with a prompt, a workflow, and a text hidden in its pixels."""
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "canary prompt\nSteps: 20, Sampler: Euler, Seed: 1")
    info.add_text("workflow", '{"nodes": ["canary ComfyUI"]}')
    hidden(painted(number), "canary hidden prompt", channel).save(path, "PNG", pnginfo=info)
    return path


def add(library: Library, path: Path) -> int:
    """Import a file; return the picture's id."""
    target = library.incoming / path.name
    path.rename(target)
    answer = library.upload(OWNER, path.name, target)
    assert answer.id is not None, answer
    return answer.id


def demand_silent(body: bytes) -> None:
    """Fail if a picture's bytes tell anything but pixels."""
    found = [canary for canary in CANARIES if canary.lower() in body.lower()]
    assert found == []
    with Image.open(io.BytesIO(body)) as image:
        assert image.format == "JPEG" and image.mode == "RGB"
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}, image.info
        assert not image.getexif()
        for channel in range(3):
            assert lifted(image, channel) != MAGIC.encode()

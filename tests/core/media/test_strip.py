"""Metadata is removed without touching pixels."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest
from conftest import Corpus, Effort
from PIL import Image, ImageOps, PngImagePlugin

from pixlstash_core.errors import Refused
from pixlstash_core.media.strip import is_stripped, stripped

pytestmark = pytest.mark.slow


def shown(data: bytes) -> bytes:
    """The pixels as they are shown."""
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).convert("RGBA").tobytes()


def gradient() -> Image.Image:
    return Image.linear_gradient("L").resize((40, 24)).convert("RGB")


def jpeg(orientation: int, **more: object) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a secret place"
    gradient().save(out, "JPEG", exif=exif, comment=b"a secret comment", xmp=b"<x:xmpmeta>secret</x:xmpmeta>", **more)
    return out.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_keeps_pixels_and_orientation(orientation: int, progressive: bool) -> None:
    before = jpeg(orientation, progressive=progressive)
    after = stripped(before + b"secret video behind the picture")
    assert shown(after) == shown(before)
    assert b"secret" in before and b"secret" not in after
    assert stripped(after) == after


def test_whether_a_jpeg_has_nothing_but_pixels() -> None:
    out, profiled, oriented = io.BytesIO(), io.BytesIO(), io.BytesIO()
    gradient().save(out, "JPEG", optimize=True)
    gradient().save(profiled, "JPEG", icc_profile=b"profile of colors")
    exif = Image.Exif()
    exif[0x0112] = 6
    gradient().save(oriented, "JPEG", exif=exif)
    plain = out.getvalue()
    assert is_stripped(plain)
    others = (
        jpeg(1),
        profiled.getvalue(),
        oriented.getvalue(),
        plain + b"\0",
        plain[:-9],
        b"",
        b"GIF89a",
        b"\xff\xd8\xff",
    )
    assert not any(is_stripped(data) for data in others)


def test_a_png_keeps_pixels_profile_and_orientation() -> None:
    out, info, exif = io.BytesIO(), PngImagePlugin.PngInfo(), Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "secret"
    info.add_text("parameters", "secret prompt")
    info.add_itxt("workflow", "secret")
    image = gradient().convert("RGBA")
    image.putalpha(100)
    image.save(out, "PNG", pnginfo=info, exif=exif, icc_profile=b"profile of colors", dpi=(72, 72))
    after = stripped(out.getvalue() + b"secret")
    assert shown(after) == shown(out.getvalue())
    assert b"secret" not in after
    with Image.open(io.BytesIO(after)) as image:
        assert image.info["icc_profile"] == b"profile of colors"
        assert image.getexif()[0x0112] == 6


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"GIF89a", b"\x89PNG\r\n\x1a\n", jpeg(1)[:300]])
def test_what_is_damaged_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        stripped(data)


@pytest.mark.attack
def test_hostile_files_end_in_a_picture_or_a_refusal(rng: random.Random, effort: Effort) -> None:
    for base in (jpeg(3), jpeg(1, progressive=True)):
        for _ in range(effort.of(200, 20_000)):
            data = bytearray(base)
            for _ in range(rng.randint(1, 8)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            try:
                assert len(stripped(bytes(data[: rng.randint(1, len(data))]))) <= len(data) + 40
            except Refused:
                pass


@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO")
def test_real_pictures_keep_their_pixels(corpus: Corpus, tmp_path: Path) -> None:
    count = 0
    for specimen in corpus.kind("gen", "photo", "exif"):
        data = specimen.path.read_bytes()
        if not data.startswith((b"\xff\xd8\xff", b"\x89PNG")) or not specimen.decodes:
            continue
        after = stripped(data)
        assert shown(after) == shown(data), specimen.path
        assert b"http://ns.adobe.com/xap" not in after
        with Image.open(io.BytesIO(after)) as image:
            assert not {"parameters", "prompt", "workflow", "comment", "xmp"} & set(image.info), specimen.path
        count += 1
    assert count > 20

"""Stills: upright, small, on white, in the colours people see elsewhere; and the measures taken of them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Effort
from PIL import Image, ImageChops, ImageCms, ImageStat, PngImagePlugin

from pixlstash_core.errors import Refused
from pixlstash_core.media.messages import Limits
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Reading

RED, GREEN, BLUE, YELLOW = (220, 20, 20), (20, 200, 20), (20, 20, 220), (220, 220, 20)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1, plugins=False) as one:
        yield one


@pytest.fixture
def read(pool: DecoderPool, tmp_path: Path) -> Any:
    def taken(image: Image.Image | bytes, format: str = "PNG", **options: Any) -> Reading:
        path = tmp_path / "picture"
        path.write_bytes(image) if isinstance(image, bytes) else image.save(path, format, **options)
        reading = pool.read(path, path.name)
        assert isinstance(reading, Reading)
        return reading

    return taken


def still(reading: Reading) -> Image.Image:
    assert reading.still is not None
    image = Image.open(io.BytesIO(reading.still), formats=["WEBP"])
    assert image.mode == "RGB"
    return image


def corners(width: int, height: int) -> Image.Image:
    """Red, green / blue, yellow."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(YELLOW, (width // 2, height // 2, width, height))
    return image


def near(pixel: Any, colour: tuple[int, int, int], by: int = 24) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel, colour, strict=True))


def noisy(width: int, height: int) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise((width, height), 60) for _ in range(3)])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((3000, 2000), (576, 384)),
        ((2000, 3000), (384, 576)),
        ((4000, 400), (1024, 102)),
        ((300, 200), (300, 200)),
        ((5000, 3), (1024, 1)),
        ((1, 1), (1, 1)),
        ((769, 769), (384, 384)),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_stills_fit_and_are_never_enlarged(
    read: Any, format: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    reading = read(Image.new("RGB", size, "grey"), format)
    assert still(reading).size == expected
    assert (reading.width, reading.height) == size


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_upright(read: Any, format: str, orientation: int) -> None:
    upright = corners(1200, 800)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that the orientation's own one undoes
    raw = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    reading = read(raw, format, exif=exif)
    assert (reading.width, reading.height, reading.orientation) == (1200, 800, orientation)
    image = still(reading)
    places = [(100, 100), (500, 100), (100, 300), (500, 300)]
    shown = [image.getpixel(place) for place in places]
    assert all(map(near, shown, (RED, GREEN, BLUE, YELLOW)))
    assert near(image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)), (120, 110, 70))


def test_transparency_lies_on_white(read: Any) -> None:
    image = Image.new("RGBA", (800, 800), (0, 0, 0, 0))
    image.paste((*RED, 255), (0, 0, 400, 800))
    shown = still(read(image))
    assert near(shown.getpixel((50, 200)), RED)
    assert near(shown.getpixel((330, 200)), (255, 255, 255), 6)
    for mode in ("LA", "PA", "P"):
        source = image.quantize(8) if mode == "P" else image.convert("LA" if mode == "PA" else mode)
        assert near(still(read(source)).getpixel((330, 200)), (255, 255, 255), 6)
    keyed = corners(800, 800)
    assert near(still(read(keyed, transparency=GREEN)).getpixel((330, 50)), (255, 255, 255), 6)


def test_a_hidden_colour_does_not_bleed(read: Any) -> None:
    """What is under full transparency must not tint the edge beside it."""
    image = Image.new("RGBA", (801, 801), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 399, 801))
    shown = still(read(image))
    row = [shown.getpixel((x, 190)) for x in range(384)]
    assert all(green <= red + 40 for red, green, _ in row)  # type: ignore[misc]


def test_sixteen_bits_of_grey_are_not_clipped(read: Any) -> None:
    deep = Image.frombytes(
        "I;16", (600, 400), b"".join(struct.pack("<H", (x * 65_535) // 599) for x in range(600)) * 400
    )
    shown = still(read(deep)).convert("L")
    assert shown.getpixel((20, 100)) < 30
    assert 110 < shown.getpixel((288, 100)) < 145
    assert shown.getpixel((560, 100)) > 225


def test_one_bit(read: Any) -> None:
    image = Image.new("1", (800, 400), 0)
    image.paste(1, (400, 0, 800, 400))
    shown = still(read(image)).convert("L")
    assert shown.getpixel((50, 50)) < 10
    assert shown.getpixel((700, 50)) > 245


def test_other_colour_spaces_become_srgb(read: Any, tmp_path: Path) -> None:
    """A profile that swaps nothing but brightness is enough to see whether it is used."""
    image = Image.new("RGB", (500, 500), (128, 128, 128))
    linear = linear_profile()
    plain, profiled = still(read(image)), still(read(image, icc_profile=linear))
    assert near(plain.getpixel((9, 9)), (128, 128, 128), 4)
    assert near(profiled.getpixel((9, 9)), (188, 188, 188), 5)  # linear light 128/255, shown in sRGB
    assert near(still(read(image, "JPEG", icc_profile=linear)).getpixel((9, 9)), (188, 188, 188), 5)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert near(still(read(image, icc_profile=srgb)).getpixel((9, 9)), (128, 128, 128), 4)
    assert near(still(read(image, icc_profile=b"not a profile" * 20)).getpixel((9, 9)), (128, 128, 128), 4)
    # CMYK data with an RGB profile: the profile is passed over
    assert still(read(Image.new("CMYK", (500, 500)), "JPEG", icc_profile=linear)).getpixel((9, 9)) == (255, 255, 255)


def linear_profile() -> bytes:
    """sRGB's own profile with its curves made straight: `curv` with no entries is the identity."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * struct.unpack_from(">I", data, 128)[0], 12):
        tag, offset, _ = struct.unpack_from(">4sII", data, at)
        if tag in (b"rTRC", b"gTRC", b"bTRC"):
            data[offset : offset + 12] = b"curv" + bytes(8)
        if tag == b"desc":
            text = data.find("sRGB".encode("utf-16-be"), offset)
            data[text : text + 8] = "Flat".encode("utf-16-be")
    return bytes(data)


def test_large_and_small_pictures_are_drawn_alike(read: Any) -> None:
    """JPEG's short cut (decoding at half, a quarter, an eighth) shows the same picture."""
    image = corners(3100, 2300).resize((3100, 2300))
    shown = still(read(image, "JPEG", quality=95))
    exact = image.resize(shown.size, Image.Resampling.LANCZOS)
    assert ImageStat.Stat(ImageChops.difference(shown, exact)).mean < [3, 3, 3]


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_animations_show_their_first_frame(read: Any, format: str) -> None:
    frames = [Image.new("RGB", (400, 300), colour) for colour in (RED, GREEN, BLUE)]
    reading = read(frames[0], format, save_all=True, append_images=frames[1:], duration=100)
    assert reading.moving
    assert near(still(reading).getpixel((9, 9)), RED)
    assert not read(frames[0], format).moving


def test_measures(read: Any) -> None:
    assert read(Image.new("RGB", (800, 400), RED)).aspect == 128 + 48
    assert read(Image.new("RGB", (400, 800), RED)).aspect == 128 - 48
    assert read(Image.new("RGB", (1, 3000), RED)).aspect == 0
    colour = read(Image.new("RGB", (300, 300), (255, 128, 0))).colour
    assert (colour >> 11, colour >> 5 & 63, colour & 31) == (31, 32, 0)
    falling = Image.linear_gradient("L").rotate(90)  # bright on the left
    assert read(falling).phash in (0, 2**64 - 1)
    assert read(falling).phash ^ read(falling.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).phash == 2**64 - 1


def test_the_hash_survives_scaling_and_recompression(read: Any) -> None:
    scene = Image.frombytes("L", (12, 9), random.Random(5).randbytes(108)).resize((1500, 1100)).convert("RGB")
    other = Image.frombytes("L", (12, 9), random.Random(6).randbytes(108)).resize((1500, 1100)).convert("RGB")
    first = read(scene).phash
    assert (first ^ read(scene.resize((700, 513)), "JPEG", quality=50).phash).bit_count() <= 6
    assert (first ^ read(other).phash).bit_count() > 16


# -- damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_every_truncation_is_refused(pool: DecoderPool, tmp_path: Path, format: str) -> None:
    buffer = io.BytesIO()
    noisy(300, 200).save(buffer, format)
    data = buffer.getvalue()
    path = tmp_path / "cut"
    for cut in [1, 3, 11, 40, *range(len(data) // 50, len(data) * 98 // 100, len(data) // 12)]:
        path.write_bytes(data[:cut])
        with pytest.raises(Refused) as caught:
            pool.read(path, "cut.png")
        assert caught.value.more["cause"] in ("damaged", "unsupported")
        assert "object at 0x" not in str(caught.value)


def tiny_claim(width: int, height: int) -> bytes:
    """A PNG of under 284 bytes that claims any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(83_886_338, 1), (2**31 - 1, 2**31 - 1), (50_000, 50_000)])
def test_a_tiny_file_that_claims_to_be_huge_is_refused_at_once(
    pool: DecoderPool, tmp_path: Path, width: int, height: int
) -> None:
    path = tmp_path / "huge.png"
    path.write_bytes(tiny_claim(width, height))
    assert path.stat().st_size <= 284
    with pytest.raises(Refused) as caught:
        pool.read(path, path.name)
    assert caught.value.more["cause"] == "pixels"


def test_a_text_bomb_is_refused(read: Any) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", "x" * (8 << 20), zip=True)
    with pytest.raises(Refused):
        read(Image.new("RGB", (20, 20)), pnginfo=info)


def test_texts_below_the_limit_that_blow_up_are_refused_too(read: Any) -> None:
    info = PngImagePlugin.PngInfo()
    for name in ("one", "two", "three"):
        info.add_text(name, "x" * (2 << 20), zip=True)
    with pytest.raises(Refused, match="decompression bomb"):
        read(Image.new("RGB", (20, 20)), pnginfo=info)
    plain = PngImagePlugin.PngInfo()
    plain.add_text("prompt", '{"class_type": "KSampler", "seed": 12345}, ' * 50_000, zip=True)
    assert read(noisy(300, 200), pnginfo=plain).still


@pytest.mark.attack
def test_the_largest_picture_fits_the_memory(tmp_path: Path, effort: Effort) -> None:
    """100 megapixels with transparency and a profile stay within the limit that is there by default."""
    width = height = effort.of(5_000, 10_000)
    memory = effort.of(600, 1_536) << 20
    path = tmp_path / "large.png"
    Image.new("RGBA", (width, height), (200, 30, 30, 128)).save(path, compress_level=1, icc_profile=linear_profile())
    with DecoderPool(1, Limits(memory, wall=120), plugins=False) as pool:
        reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    assert still(reading).size == (384, 384)

"""Formats beyond the everyday ones: upright, in their colours, moving where they move, and refused with a remedy."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms

from pixlstash_core.errors import Invalid
from pixlstash_core.media.formats import recognise
from pixlstash_core.media.images import ImageKind
from pixlstash_core.media.messages import Limits
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.media.source import Trouble
from pixlstash_core.types import Reading

pytestmark = pytest.mark.slow

CORNERS = ((220, 20, 20), (20, 200, 20), (20, 20, 220), (220, 220, 20))


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1, plugins=False) as one:
        yield one


@pytest.fixture
def read(pool: DecoderPool, tmp_path: Path) -> Any:
    def taken(image: Image.Image, format: str, **options: Any) -> Reading:
        if format == "HEIF":
            pytest.importorskip("pillow_heif").register_heif_opener()
        path = tmp_path / "picture"
        image.save(path, format, **options)
        reading = pool.read(path, path.name)
        assert isinstance(reading, Reading)
        return reading

    return taken


def corners(width: int, height: int) -> Image.Image:
    """Red, green / blue, yellow."""
    image = Image.new("RGB", (width, height))
    for at, colour in enumerate(CORNERS):
        x, y = at % 2 * width // 2, at // 2 * height // 2
        image.paste(colour, (x, y, x + width // 2, y + height // 2))
    return image


def still(reading: Reading) -> Image.Image:
    assert reading.still is not None, reading.why
    return Image.open(io.BytesIO(reading.still), formats=["WEBP"])


def shown(reading: Reading) -> list[Any]:
    image = still(reading)
    width, height = image.size
    return [image.getpixel((width * x // 4, height * y // 4)) for y in (1, 3) for x in (1, 3)]


def near(pixel: Any, colour: tuple[int, ...], by: int = 24) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize(
    ("format", "name", "mime"),
    [
        ("JPEG", "jpeg", "image/jpeg"),
        ("MPO", "jpeg", "image/jpeg"),
        ("PNG", "png", "image/png"),
        ("WEBP", "webp", "image/webp"),
        ("GIF", "gif", "image/gif"),
        ("AVIF", "avif", "image/avif"),
        ("TIFF", "tiff", "image/tiff"),
        ("BMP", "bmp", "image/bmp"),
        ("JPEG2000", "jp2", "image/jp2"),
        ("HEIF", "heic", "image/heic"),
    ],
)
def test_every_format(read: Any, format: str, name: str, mime: str) -> None:
    reading = read(corners(640, 480), format)
    assert (reading.kind, reading.format, reading.mime) == ("image", name, mime)
    assert (reading.width, reading.height, reading.moving) == (640, 480, False)
    assert all(near(a, b) for a, b in zip(shown(reading), CORNERS, strict=True))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_every_orientation_is_turned_once(read: Any, format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = corners(640, 400)
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
    upright = stored.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else stored
    reading = read(stored, format, exif=exif)
    assert (reading.width, reading.height) == upright.size
    width, height = upright.size
    expected = [upright.getpixel((width * x // 4, height * y // 4)) for y in (1, 3) for x in (1, 3)]
    assert all(near(a, b) for a, b in zip(shown(reading), expected, strict=True))


def test_a_note_in_the_exif_of_heif_turns_nothing(read: Any) -> None:
    """The container itself says how a picture is turned, and its decoder has done it: a note must not turn it again."""
    exif = Image.Exif()
    exif[0x0112] = 6
    reading = read(corners(640, 400), "HEIF", exif=exif)
    assert (reading.width, reading.height) == (640, 400)
    assert all(near(a, b) for a, b in zip(shown(reading), CORNERS, strict=True))


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_animations_move_and_show_their_first_frame(read: Any, format: str) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in ((200, 30, 30), (30, 200, 30), (30, 30, 200))]
    reading = read(frames[0], format, save_all=True, append_images=frames[1:], duration=80)
    assert reading.moving
    assert near(still(reading).getpixel((30, 20)), (200, 30, 30))


def test_pages_are_no_animation(read: Any) -> None:
    page = Image.new("RGB", (64, 48), "white")
    assert not read(page, "TIFF", save_all=True, append_images=[page, page]).moving


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"])
def test_every_mode_of_tiff(read: Any, mode: str) -> None:
    """Dark on the left, light on the right, whatever the numbers mean."""
    ramp = Image.linear_gradient("L").rotate(90).resize((400, 300))
    if mode in ("I;16", "I"):
        image = ramp.convert("I").point(lambda value: value * 256).convert(mode)
    elif mode == "F":
        image = ramp.convert("F").point(lambda value: value * 1.0 / 255 + 0)
    elif mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(ramp.convert("RGB"), *profiles, outputMode="LAB")
        assert converted is not None
        image = converted
    else:
        image = ramp.convert("RGB").convert(mode) if mode in ("CMYK", "YCbCr") else ramp.convert(mode)
    grey = still(read(image, "TIFF")).convert("L")
    left, middle, right = (grey.resize((3, 1), Image.Resampling.BOX).getpixel((x, 0)) for x in range(3))
    assert left < 60 and 110 < middle < 146 and right > 195


def test_measurements_are_stretched_to_what_can_be_seen(read: Any) -> None:
    depth = Image.linear_gradient("L").resize((400, 300)).convert("F").point(lambda value: value * 40.0 + -3000.0)
    grey = still(read(depth, "TIFF")).convert("L")
    assert grey.getextrema()[0] < 10 and grey.getextrema()[1] > 245
    assert still(read(Image.new("F", (40, 30), 7.0), "TIFF")).size == (40, 30)


def test_grey_with_alpha_and_a_profile(read: Any) -> None:
    image = Image.merge("LA", (Image.new("L", (100, 100), 128), Image.new("L", (100, 100), 255)))
    plain = read(image, "PNG")
    assert near(still(plain).getpixel((50, 50)), (128, 128, 128), 3)
    hole = Image.merge("LA", (Image.new("L", (100, 100), 0), Image.new("L", (100, 100), 0)))
    assert near(still(read(hole, "PNG")).getpixel((50, 50)), (255, 255, 255), 3)


def test_deep_colours_look_like_shallow_ones(read: Any) -> None:
    """A GIF, a TIFF and an AVIF of the same picture look alike."""
    scene = corners(600, 400)
    stills = [still(read(scene, format)) for format in ("PNG", "TIFF", "AVIF", "BMP", "JPEG2000")]
    for other in stills[1:]:
        assert max(high for _, high in ImageChops.difference(stills[0], other).getextrema()) < 120
        grey = ImageChops.difference(stills[0], other).convert("L").resize((1, 1), Image.Resampling.BOX)
        assert grey.getpixel((0, 0)) < 4


def test_exif_of_tiff_is_read(read: Any) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Model 5"
    exif[0x0132] = "2020:02:03 04:05:06"
    reading = read(corners(64, 48), "TIFF", exif=exif)
    assert [fact.value for fact in reading.facts if fact.name == "camera"] == ["Maker Model 5"]
    assert reading.created == 1_580_702_706_000


# -- too large to be drawn ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "HEIF"])
def test_a_picture_above_the_limit_is_kept_with_its_facts(tmp_path: Path, format: str) -> None:
    if format == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = "Wide One", 6
    path = tmp_path / "wide"
    Image.effect_noise((1_500, 1_000), 50).convert("RGB").save(path, format, exif=exif)
    with DecoderPool(1, Limits(pixels=1_000_000), plugins=False) as pool:
        reading = pool.read(path, path.name)
        assert isinstance(reading, Reading)
    assert reading.still is None
    assert reading.why is not None and "1 megapixels" in reading.why and "PIXLSTASH_MEGAPIXELS" in reading.why
    turned = format not in ("GIF", "HEIF")
    assert (reading.width, reading.height) == ((1_000, 1_500) if turned else (1_500, 1_000))
    assert format == "GIF" or [fact.value for fact in reading.facts if fact.name == "camera"] == ["Wide One"]


def test_a_thin_picture_is_drawn(read: Any) -> None:
    assert still(read(Image.effect_noise((50_000, 3), 50), "PNG")).size == (1_024, 1)


def test_the_limit_is_a_setting() -> None:
    assert Limits.chosen({}) == Limits.chosen({"PIXLSTASH_MEGAPIXELS": "100"}) == Limits()
    more = Limits.chosen({"PIXLSTASH_MEGAPIXELS": "400"})
    assert (more.pixels, more.memory, more.wall) == (400_000_000, 4 * Limits().memory, 100.0)
    assert Limits.chosen({"PIXLSTASH_MEGAPIXELS": "20"}) == Limits(pixels=20_000_000)
    with pytest.raises(Invalid, match="PIXLSTASH_MEGAPIXELS=lots"):
        Limits.chosen({"PIXLSTASH_MEGAPIXELS": "lots"})


# -- remedies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "HEIC needs the extra: pip install 'pixlstash-core[heif]'"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", "HEIF needs the extra: pip install 'pixlstash-core[heif]'"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "pip install 'pixlstash-core[video]'"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "pip install 'pixlstash-core[video]'"),
        (b"\x1aE\xdf\xa3" + bytes(40), "pip install 'pixlstash-core[video]'"),
        (b"RIFF\0\0\0\0AVI LIST", "pip install 'pixlstash-core[video]'"),
        (b"FUJIFILMCCD-RAW 0201", "pip install 'pixlstash-core[raw]'"),
        (b"\0\0\0\x18ftypcrx \0\0\0\0crx isom", "pip install 'pixlstash-core[raw]'"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "pip install pillow-jxl-plugin"),
    ],
)
def test_a_refusal_names_its_remedy(head: bytes, words: str) -> None:
    with pytest.raises(Trouble) as caught:
        recognise([ImageKind()], io.BytesIO(head + bytes(50)), "it")
    assert caught.value.cause == "unsupported"
    assert words in str(caught.value)


def test_a_raw_file_that_begins_like_a_tiff_is_no_tiff() -> None:
    with pytest.raises(Trouble, match="pixlstash-core\\[raw\\]"):
        recognise([ImageKind()], io.BytesIO(b"II*\0\x08\0\0\0" + bytes(50)), "DSC_0001.NEF")
    assert recognise([ImageKind()], io.BytesIO(b"II*\0\x08\0\0\0" + bytes(50)), "scan.tif")[1].name == "tiff"


def test_a_container_is_known_by_all_its_brands() -> None:
    kind, form = recognise([ImageKind()], io.BytesIO(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf" + bytes(50)), "it")
    assert form.name == "avif"


def test_words_are_no_bitmap() -> None:
    with pytest.raises(Trouble, match="a text file"):
        recognise([ImageKind()], io.BytesIO(b"BM stands for a bitmap, or for other things, or for nothing."), "it")

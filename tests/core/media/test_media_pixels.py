"""Pixels for engines: upright RGB of the wanted size, exactly as Pillow would make it, written raw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pixlstash_core.errors import NotThere, Refused
from pixlstash_core.media.pool import DecoderPool


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(workers=1, plugins=False) as one:
        yield one


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    image = Image.radial_gradient("L").resize((640, 360)).convert("RGB")
    image.paste((200, 10, 10), (20, 20, 120, 90))
    image.save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def decoded(pool: DecoderPool, path: Path, target: Path, side: int | None, **more: object) -> list[Image.Image]:
    digest = hashlib.sha256(path.read_bytes()).digest()
    found = pool.pixels(path, path.name, target, sha256=digest, side=side, **more)  # type: ignore[arg-type]
    return [Image.frombytes("RGB", (width, height), file.read_bytes()) for file, width, height in found]


def test_made_smaller_as_engines_do_it_themselves(pool: DecoderPool, photo: Path, tmp_path: Path) -> None:
    (image,) = decoded(pool, photo, tmp_path / "out", 224)
    expected = Image.open(photo).resize((224, 126), Image.Resampling.BICUBIC)
    assert image.size == (224, 126) and image.tobytes() == expected.tobytes()


@pytest.mark.parametrize("side", [None, 640, 5000])
def test_never_larger_than_it_is(pool: DecoderPool, photo: Path, tmp_path: Path, side: int | None) -> None:
    (image,) = decoded(pool, photo, tmp_path / "out", side)
    assert image.tobytes() == Image.open(photo).tobytes()


def test_upright(pool: DecoderPool, photo: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(photo).save(tmp_path / "turned.jpg", quality=95, exif=exif)
    (image,) = decoded(pool, tmp_path / "turned.jpg", tmp_path / "out", 320)
    assert image.size == (180, 320)
    red, green, blue = image.getpixel((150, 40))  # type: ignore[misc]
    assert red > 150 and green < 60 and blue < 60


@pytest.mark.parametrize(("background", "shown"), [("white", 255), ("black", 0), ("#808080", 128)])
def test_alpha_is_laid_on_what_was_asked_for(pool: DecoderPool, tmp_path: Path, background: str, shown: int) -> None:
    Image.new("RGBA", (20, 10), (9, 9, 9, 0)).save(tmp_path / "clear.png")
    (image,) = decoded(pool, tmp_path / "clear.png", tmp_path / "out", 8, background=background)
    assert image.size == (8, 4) and set(image.tobytes()) == {shown}


def test_one_pixel(pool: DecoderPool, tmp_path: Path) -> None:
    Image.new("L", (1, 1), 77).save(tmp_path / "dot.png")
    (image,) = decoded(pool, tmp_path / "dot.png", tmp_path / "out", 448)
    assert image.size == (1, 1) and image.getpixel((0, 0)) == (77, 77, 77)


def test_frames(pool: DecoderPool, tmp_path: Path) -> None:
    shown = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue")]
    shown[0].save(tmp_path / "moves.gif", save_all=True, append_images=shown[1:], duration=1000)
    images = decoded(pool, tmp_path / "moves.gif", tmp_path / "out", 20, times=[0.5, 1.5, 2.5])
    assert [image.getpixel((0, 0)) for image in images] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert len(decoded(pool, tmp_path / "moves.gif", tmp_path / "out", 20)) == 1
    Image.new("RGB", (9, 9)).save(tmp_path / "rests.png")
    assert len(decoded(pool, tmp_path / "rests.png", tmp_path / "out", 20, times=[0.5, 1.5])) == 1


def test_other_bytes_than_those_that_were_taken_in(pool: DecoderPool, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        pool.pixels(photo, "photo.png", tmp_path / "out", sha256=b"x" * 32, side=64)
    assert refused.value.more["cause"] == "changed" and list(tmp_path.glob("out*")) == []
    assert pool.pixels(photo, "photo.png", tmp_path / "out", sha256=b"", side=64)
    with pytest.raises(NotThere):
        pool.pixels(tmp_path / "none.png", "none.png", tmp_path / "out", sha256=b"", side=64)

"""Camera raw files, made here as the smallest DNG there can be; runs where the extra `raw` is installed."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from pixlstash_core.errors import Refused
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Reading

pytest.importorskip("rawpy")


def dng(width: int, height: int, orientation: int = 1, pixels: bytes | None = None, compression: int = 1) -> bytes:
    """16-bit RGGB, uncompressed: light at the top, dark below, or the given bytes instead."""
    rows = [struct.pack("<H", 50_000 if y < height // 2 else 3_000) * width for y in range(height)]
    pixels = b"".join(rows) if pixels is None else pixels
    tags: list[tuple[int, int, bytes]] = [
        (254, 4, struct.pack("<I", 0)),
        (256, 4, struct.pack("<I", width)),
        (257, 4, struct.pack("<I", height)),
        (258, 3, struct.pack("<H", 16)),
        (259, 3, struct.pack("<H", compression)),
        (262, 3, struct.pack("<H", 32_803)),
        (271, 2, b"Maker\0"),
        (272, 2, b"Raw One\0"),
        (273, 4, b""),  # where the pixels are
        (274, 3, struct.pack("<H", orientation)),
        (277, 3, struct.pack("<H", 1)),
        (278, 4, struct.pack("<I", height)),
        (279, 4, struct.pack("<I", len(pixels))),
        (306, 2, b"2020:02:03 04:05:06\0"),
        (33_421, 3, struct.pack("<HH", 2, 2)),
        (33_422, 1, bytes((0, 1, 1, 2))),
        (50_706, 1, bytes((1, 4, 0, 0))),
        (50_708, 2, b"Maker Raw One\0"),
    ]
    sizes = {1: 1, 2: 1, 3: 2, 4: 4}
    at = 8 + 2 + 12 * len(tags) + 4
    later = sum(len(value) + len(value) % 2 for _, _, value in tags if len(value) > 4)
    body = struct.pack("<H", len(tags))
    extra = b""
    for tag, kind, value in tags:
        value = value or struct.pack("<I", at + later)
        count = len(value) // sizes[kind]
        if len(value) > 4:
            body += struct.pack("<HHII", tag, kind, count, at + len(extra))
            extra += value + bytes(len(value) % 2)
        else:
            body += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", 8) + body + bytes(4) + extra + pixels


@pytest.mark.parametrize(("orientation", "size"), [(1, (600, 400)), (6, (400, 600))])
def test_a_raw_file(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    path = tmp_path / "IMG_1.DNG"
    path.write_bytes(dng(600, 400, orientation))
    with DecoderPool(1, plugins=False) as pool:
        reading = pool.read(path, path.name)
        assert isinstance(reading, Reading)
    assert (reading.kind, reading.format, reading.extension) == ("image", "raw", "dng")
    assert (reading.width, reading.height) == size
    assert [fact.value for fact in reading.facts if fact.name == "camera"] == ["Maker Raw One"]
    assert reading.created == 1_580_702_706_000
    assert reading.still is not None
    image = Image.open(io.BytesIO(reading.still)).convert("L")
    assert (image.width < image.height) == (orientation == 6)
    light, dark = ((0.5, 0.25), (0.5, 0.75)) if orientation == 1 else ((0.75, 0.5), (0.25, 0.5))
    bright = image.getpixel((int(light[0] * image.width), int(light[1] * image.height)))
    dim = image.getpixel((int(dark[0] * image.width), int(dark[1] * image.height)))
    assert isinstance(bright, int) and isinstance(dim, int) and bright > dim + 60


def test_a_damaged_raw_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "IMG_2.NEF"
    path.write_bytes(b"II*\0\x08\0\0\0" + bytes(500))
    with DecoderPool(1, plugins=False) as pool, pytest.raises(Refused) as caught:
        pool.read(path, path.name)
    assert caught.value.more["cause"] in ("damaged", "unsupported")


LJPEG = 7
ROW = struct.pack("<H", 3_000) * 600
DARK = b"".join(struct.pack("<H", (x * 7 + y) % 3 == 0) for y in range(400) for x in range(600))
#: A lossless JPEG of the right size that ends with its header.
HEADER_ONLY = bytes.fromhex("ffd8 ffc3 000e 10 0190 012c 02 00 11 00 01 11 00 ffd9")


@pytest.mark.parametrize(
    ("pixels", "compression"),
    [(bytes(len(ROW) * 400), 1), (ROW * 300 + bytes(len(ROW) * 100), 1), (HEADER_ONLY, LJPEG), (b"", LJPEG), (b"", 1)],
    ids=["zeros", "three quarters", "a header", "nothing, compressed", "nothing"],
)
def test_a_raw_file_without_its_picture_data_is_refused(tmp_path: Path, pixels: bytes, compression: int) -> None:
    """As one that was cut off and filled up, or stripped of its picture: it would be black."""
    path = tmp_path / "IMG_3.DNG"
    path.write_bytes(dng(600, 400, 1, pixels, compression) + bytes(64_000))
    with DecoderPool(1, plugins=False) as pool:
        for read in (
            lambda: pool.read(path, path.name),
            lambda: pool.thumbnail(path, path.name),
            lambda: pool.pixels(path, path.name, tmp_path / "raw", sha256=b"", side=64),
        ):
            with pytest.raises(Refused, match="holds no picture data|damaged or cut short|data is missing") as caught:
                read()
            assert caught.value.more["cause"] in ("damaged", "unsupported")


def test_a_dark_raw_file_is_no_empty_one(tmp_path: Path) -> None:
    """Taken with the cap on: noise around zero."""
    path = tmp_path / "IMG_4.DNG"
    path.write_bytes(dng(600, 400, pixels=DARK))
    with DecoderPool(1, plugins=False) as pool:
        reading = pool.read(path, path.name)
    assert isinstance(reading, Reading) and reading.still is not None

"""A PNG as watermark: where it is, how much of it shows, and which files are refused before they are decoded."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from core.sharing.telling import add, demand_silent, telling_jpeg
from PIL import Image, ImageChops, PngImagePlugin

from pixlstash_core import OWNER
from pixlstash_core.errors import Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.sharing.marks import opened
from pixlstash_core.sharing.renditions import DEFAULT, Renditions
from pixlstash_core.sharing.steps import LARGEST_FILE, open_mark
from pixlstash_core.types import CreateLink, Grant, PreviewSteps, StepUse

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(size: tuple[int, int] = (60, 30), color: tuple[int, int, int, int] = (255, 0, 0, 255), **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, color).save(out, "PNG", **more)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def built(width: int, height: int, *chunks: bytes, depth: int = 1) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    return SIGNATURE + head + b"".join(chunks) + chunk(b"IEND", b"")


def use(file: bytes, **more: Any) -> StepUse:
    return StepUse("image-watermark", {"png": base64.b64encode(file).decode(), **more})


@pytest.fixture
def picture(library: Library, tmp_path: Path) -> int:
    return add(library, telling_jpeg(tmp_path / "a.jpg", 1))


@pytest.mark.parametrize("position", ["center", "top-left", "top-right", "bottom-left", "bottom-right", "tile"])
def test_an_image_is_where_it_was_asked_for(position: str, library: Library, picture: int) -> None:
    renditions = library.part(Renditions)
    plain = renditions.make(picture, DEFAULT)
    marked = renditions.make(picture, [*DEFAULT, use(png(), position=position, opacity=1.0, size=0.2)])
    assert marked.marked
    for before, after in ((plain.image, marked.image), (plain.preview, marked.preview)):
        demand_silent(after)
        image = opened(after)
        difference = ImageChops.difference(opened(before), image).convert("L").point(lambda value: 255 * (value > 40))
        box = difference.getbbox()
        assert box is not None
        if position == "tile":
            assert box[2] - box[0] > 0.7 * image.width and box[3] - box[1] > 0.6 * image.height
            continue
        assert 30 < box[2] - box[0] < 60, "a fifth of the shorter side"
        x, y = (box[0] + box[2]) / 2 / image.width, (box[1] + box[3]) / 2 / image.height
        assert ("left" in position, "right" in position) == (x < 0.4, x > 0.6)
        assert ("top" in position, "bottom" in position) == (y < 0.4, y > 0.6)


def test_opacity_and_transparency_add_up(library: Library, picture: int) -> None:
    renditions = library.part(Renditions)
    plain = opened(renditions.make(picture, DEFAULT).image)

    def strength(opacity: float, alpha: int) -> int:
        step = use(png(color=(255, 0, 0, alpha)), position="center", opacity=opacity, size=0.3)
        image = opened(renditions.make(picture, [*DEFAULT, step]).image)
        return max(extreme[1] for extreme in ImageChops.difference(plain, image).getextrema())  # type: ignore[index]

    assert strength(0.2, 255) < strength(0.5, 255) < strength(1.0, 255)
    assert abs(strength(0.5, 255) - strength(1.0, 128)) < 12


def test_only_pixels_of_the_file_are_used(library: Library, picture: int) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "canary prompt", zip=True)
    rendered = library.part(Renditions).make(picture, [*DEFAULT, use(png(pnginfo=info, icc_profile=b"canary profile"))])
    demand_silent(rendered.image)
    bomb = zlib.compress(bytes(64 << 20), 9)
    for kind, data in ((b"zTXt", b"x\0\0" + bomb), (b"iCCP", b"x\0\0" + bomb), (b"iTXt", b"x\0\1\0\0\0" + bomb)):
        body = png()
        assert open_mark(body[:33] + chunk(kind, data) + body[33:]).size == (60, 30)


PIXELS = zlib.compress(bytes(10_001 * 1251), 9)
BAD = {
    "100 megapixels": built(10_000, 10_000, chunk(b"IDAT", PIXELS)),
    "a long side": built(100_000, 1, chunk(b"IDAT", zlib.compress(bytes(12_501)))),
    "too large a number": built(0xFFFFFFFF, 0xFFFFFFFF, chunk(b"IDAT", b"")),
    "no pixels": built(0, 10, chunk(b"IDAT", zlib.compress(b""))),
    "no IDAT": built(10, 10),
    "garbage in IDAT": built(10, 10, chunk(b"IDAT", b"garbage")),
    "an unknown depth": built(10, 10, chunk(b"IDAT", zlib.compress(bytes(99))), depth=3),
    "no header": SIGNATURE + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
    "a header of no length": SIGNATURE + chunk(b"IHDR", b"") + chunk(b"IEND", b""),
    "only a signature": SIGNATURE,
    "a chunk that is too long": SIGNATURE + struct.pack(">I", 0xFFFFFFFF) + b"IHDR" + bytes(30),
    "a truncated file": png()[:50],
    "a JPEG": b"\xff\xd8\xff\xe0" + bytes(100),
    "an SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "transparent": png(color=(255, 0, 0, 0)),
    "a byte": b"x",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_before_there_is_a_link(name: str, library: Library, picture: int) -> None:
    with pytest.raises(Invalid) as caught:
        library.create_link(OWNER, CreateLink(scope=Grant(pictures=[picture]), steps=[use(BAD[name])]))
    assert "Traceback" not in str(caught.value) and str(caught.value).endswith(".")
    with pytest.raises(Invalid):
        library.preview_steps(OWNER, PreviewSteps(picture, [use(BAD[name])]))
    assert library.links(OWNER) == [] and library.hub.value("select count(*) from link") == 0


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"png": ""},
        {"png": "not base64!"},
        {"png": 1},
        {"png": base64.b64encode(bytes(LARGEST_FILE + 1)).decode()},
        {"png": base64.b64encode(png()).decode(), "opacity": 0},
        {"png": base64.b64encode(png()).decode(), "size": 2},
        {"png": base64.b64encode(png()).decode(), "position": "nowhere"},
        {"png": base64.b64encode(png()).decode(), "path": "/etc/passwd"},
    ],
    ids=lambda params: str(params)[:40],
)
def test_settings_that_make_no_sense_are_refused(params: dict[str, Any], library: Library) -> None:
    with pytest.raises(Invalid):
        library.part(Renditions).check([StepUse("image-watermark", params)])


def test_a_preview_is_what_recipients_get_and_is_not_cached(library: Library, picture: int) -> None:
    steps = [*DEFAULT, use(png(), opacity=1.0)]
    preview = library.preview_steps(OWNER, PreviewSteps(picture, steps))
    assert library.thumbnails._db.value("select count(*) from rendition") == 0
    assert preview == library.part(Renditions).make(picture, steps).preview
    with pytest.raises(NotFound):
        library.preview_steps(OWNER, PreviewSteps(picture + 9, steps))

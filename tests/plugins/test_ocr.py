"""Text in pictures by the real weights, which the wheel of rapidocr has: what is read, where, and what is skipped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import engined
import numpy as np
import pytest
from engined import Engined
from libraries import finish
from PIL import Image as pil
from PIL import ImageDraw, ImageFont
from sources import ROOT

import pixlstash_ocr as ocr
from pixlstash_core import OWNER, Image, Pictured, TextLine
from pixlstash_core.library import Library
from pixlstash_core.testing import check
from pixlstash_core.types import ImportPaths, RunEngine

ENGINE = ocr.PpOcr()
MOMENTS = ["Morning", "Midday", "Evening", "Night"]
SIZE = (700, 420)


def written(
    *texts: str, pixels: int = 32, size: tuple[int, int] = SIZE, ink: str = "black", paper: str = "white"
) -> pil.Image:
    """A picture with these lines, 60 pixels from its edges and 60 below each other."""
    picture = pil.new("RGB", size, paper)
    draw = ImageDraw.Draw(picture)
    for n, text in enumerate(texts):
        draw.text((60, 60 + 60 * n), text, fill=ink, font=ImageFont.load_default(pixels))
    return picture


def shown(picture: pil.Image) -> Image:
    return Image(Pictured(1, "image", picture.size), *picture.size, picture.tobytes())


@pytest.fixture(scope="module")
def model() -> Any:
    return ENGINE.load("cpu", None, ocr.Settings())


def read(model: Any, picture: pil.Image, **settings: Any) -> list[TextLine]:
    (lines,) = ENGINE.run(model, [shown(picture)], ocr.Settings(**settings))
    return lines


def texts(lines: list[TextLine]) -> list[str]:
    return [line.text for line in lines]


def test_it_is_what_the_library_expects() -> None:
    check(ENGINE)


@pytest.mark.parametrize("pixels", [16, 24, 48])
def test_lines_are_read_with_their_places(model: Any, pixels: int) -> None:
    lines = read(model, written("STOP SIGN", "Harbour 1984", pixels=pixels))
    assert texts(lines) == ["STOP SIGN", "Harbour 1984"]
    for n, line in enumerate(lines):
        left, top, right, bottom = line.box
        assert abs(left * SIZE[0] - 60) < 10 and abs((top + bottom) / 2 * SIZE[1] - 60 - 60 * n - pixels * 0.6) < 10
        assert 60 < right * SIZE[0] < 400 and line.confidence > 0.8 and not line.corners


def test_white_on_black_and_color_on_color(model: Any) -> None:
    assert texts(read(model, written("Platform 9", ink="white", paper="black"))) == ["Platform 9"]
    assert texts(read(model, written("Platform 9", ink="yellow", paper="navy"))) == ["Platform 9"]


def test_slanted_text_has_corners(model: Any) -> None:
    picture = written("SLANTED TEXT", pixels=40).rotate(20, fillcolor="white", expand=False)
    (line,) = read(model, picture)
    assert line.text == "SLANTED TEXT" and len(line.corners) == 4
    (x0, y0), (x1, y1) = line.corners[:2]
    angle = np.degrees(np.arctan2((y1 - y0) * picture.height, (x1 - x0) * picture.width))
    assert angle == pytest.approx(-20, abs=4)  # counterclockwise, as Pillow rotates


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_text_in_a_picture_that_lies_on_its_side(model: Any, degrees: int) -> None:
    lines = read(model, written("Quarter turned", pixels=40).rotate(degrees, expand=True))
    assert texts(lines) == ["Quarter turned"]


def test_a_picture_larger_than_the_side_has_its_places(model: Any) -> None:
    (line,) = read(model, written("Large", pixels=120, size=(1900, 800)))
    assert line.text == "Large" and abs(line.box[0] * 1900 - 60) < 30 and line.box[3] * 800 < 250


@pytest.mark.parametrize("size", [(1, 1), (1900, 1), (1, 1900), (640, 3), (33, 1900)])
def test_narrow_pictures_have_no_text(model: Any, size: tuple[int, int]) -> None:
    assert read(model, pil.new("RGB", size, "red"), everything=True) == []


def test_lines_below_the_minimum_confidence_are_dropped(model: Any) -> None:
    (line,) = read(model, written("Clear words"))
    assert read(model, written("Clear words"), least=1.0) == [] or line.confidence == 1.0


def test_a_page_full_of_text(model: Any) -> None:
    page = pil.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(page)
    expected = [f"Line {n} of a page with many words about a harbour" for n in range(40)]
    for n, text in enumerate(expected):
        draw.text((80, 60 + 40 * n), text, fill="black", font=ImageFont.load_default(24))
    found = texts(read(model, page))
    assert sum(text in found for text in expected) >= 38 and len(found) <= 42


def test_ornaments_are_not_words(model: Any) -> None:
    def arcs(draw: ImageDraw.ImageDraw, x: int, y: int, n: int) -> None:
        draw.arc((x, y, x + 22, y + 22), 30 * (n % 12), 30 * (n % 12) + 200, fill="black", width=3)

    def bars(draw: ImageDraw.ImageDraw, x: int, y: int, n: int) -> None:
        draw.rectangle((x, y, x + 8, y + 24), fill="black")

    def rings(draw: ImageDraw.ImageDraw, x: int, y: int, n: int) -> None:
        draw.ellipse((x, y, x + 20, y + 20), outline="black", width=3)

    for ornament in (arcs, bars, rings):
        picture = pil.new("RGB", (600, 400), "#dddddd")
        draw = ImageDraw.Draw(picture)
        for row in range(11):
            for column in range(19):
                ornament(draw, 15 + 30 * column, 15 + 34 * row, row + column)
        words = [word for line in read(model, picture, everything=True) for word in line.text.split()]
        # Rings may be read as a row of the letter o.
        assert not [word for word in words if word.isalpha() and len(set(word)) > 2], ornament.__name__


# --- which pictures are read ------------------------------------------------------------------------------------------


def textless(seed: int) -> pil.Image:
    """Soft shapes, as skies and hills have them."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), np.uint8)
    return pil.fromarray(noise).resize((900, 600), pil.Resampling.BICUBIC)


def looks_written(picture: pil.Image) -> bool:
    return ocr.looks_written(np.asarray(picture))


@pytest.mark.parametrize("seed", range(4))
def test_pictures_without_strokes_are_not_read(seed: int) -> None:
    picture = textless(seed)
    assert not looks_written(picture)
    for pixels, ink in ((16, "white"), (24, "black"), (64, "white")):
        with_text = picture.copy()
        ImageDraw.Draw(with_text).text((300, 250), "Welcome", fill=ink, font=ImageFont.load_default(pixels))
        back = np.asarray(picture.convert("L"))[250:310, 300:500].mean()
        if abs(back - (255 if ink == "white" else 0)) > 100:  # readable
            assert looks_written(with_text), (pixels, ink)


@pytest.mark.parametrize("pixels", [16, 20, 24, 32, 48, 64])
@pytest.mark.parametrize("contrast", [110, 180, 255])
def test_text_of_some_contrast_is_noticed_in_every_font_of_the_system(pixels: int, contrast: int) -> None:
    """At least 99 in 100, whether it is level or upright, lighter or darker than what is around it."""
    noticed = []
    for path in [None, *sorted(Path("/usr/share/fonts").rglob("DejaVu*.ttf"))]:
        font = ImageFont.truetype(str(path), pixels) if path else ImageFont.load_default(pixels)
        for paper, ink in ((0, contrast), (255, 255 - contrast)):
            picture = pil.new("RGB", (500, 140), (paper,) * 3)
            ImageDraw.Draw(picture).text((40, 30), "Harbour", fill=(ink,) * 3, font=font)
            noticed += [looks_written(picture), looks_written(picture.rotate(90, expand=True))]
    if noticed:
        assert sum(noticed) >= 0.99 * len(noticed)


def test_all_pictures_are_read_on_request(model: Any) -> None:
    faint = written("faint words", pixels=40, ink="#e4e4e4")
    assert not looks_written(faint) and read(model, faint) == []
    assert texts(read(model, faint, everything=True)) == ["faint words"]
    assert read(model, textless(1), everything=True) == [] == read(model, textless(1))


# --- the weights ------------------------------------------------------------------------------------------------------


def test_the_weights_are_those_whose_license_is_stated() -> None:
    files = metadata.files("rapidocr") or []
    (notice,) = [file.read_text() for file in files if file.name == "MODEL_LICENSES.md"]
    assert "The model artifacts in Section 6 are made available under the Apache License,\nVersion 2.0" in notice
    for name, digest in (ocr.DETECTOR, ocr.CLASSIFIER, ocr.RECOGNIZER):
        assert f"| `{name}` |" in notice and f"`{digest}`" in notice
    assert ENGINE.license == "Apache-2.0"
    readme = (ROOT / "pixlstash-plugins/ocr/README.md").read_text(encoding="utf-8")
    assert "Apache-2.0" in readme and "MODEL_LICENSES.md" in readme


def test_other_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for content in (None, b"other bytes"):
        if content:
            path.write_bytes(content)
        with pytest.raises(ValueError, match="missing or altered"):
            ocr._verified(path, ocr.DETECTOR[1])


OFFLINE = """
import sys
from pixlstash_core.engines import isolation
why = isolation.isolate("cpu")
if why:
    print("SKIP", why); sys.exit()
import socket
try:
    socket.create_connection(("192.0.2.1", 80), 2); sys.exit("the network is there")
except OSError:
    pass
import numpy as np
from pixlstash_core import Image, Pictured
from PIL import Image as pil, ImageDraw, ImageFont
from pixlstash_ocr import PpOcr, Settings
picture = pil.new("RGB", (400, 120), "white")
ImageDraw.Draw(picture).text((40, 40), "no network", fill="black", font=ImageFont.load_default(32))
engine = PpOcr()
model = engine.load("cpu", None, Settings())
image = Image(Pictured(1, "image", picture.size), *picture.size, picture.tobytes())
print([line.text for line in next(engine.run(model, [image], Settings()))])
"""


def test_it_reads_without_a_network() -> None:
    done = subprocess.run([sys.executable, "-c", OFFLINE], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    if done.stdout.startswith("SKIP"):
        pytest.skip(f"no network namespace: {done.stdout[5:].strip()}")
    assert done.stdout.strip() == "['no network']"


# --- in a library -----------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch, ())


def film(path: Path) -> None:
    """Four seconds, with a word in each."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 160, "yuv420p"
        for word in MOMENTS:
            frame = written(word, size=(320, 160))
            for _ in range(10):
                out.mux(stream.encode(av.VideoFrame.from_image(frame)))
        out.mux(stream.encode())


def test_a_library_finds_what_was_read(desk: Engined) -> None:
    library = desk.library
    desk.folder.mkdir()
    written("STOP SIGN", "Ocean Drive").save(desk.folder / "sign.png")
    textless(1).save(desk.folder / "hills.png")
    film(desk.folder / "film.mp4")
    finish(library, library.import_paths(OWNER, ImportPaths([str(desk.folder)], True)))
    names = {name: id for id, name in library.db.read("select id, name from picture")}
    job = finish(library, library.run_engine(OWNER, RunEngine(engine=ENGINE.id)))
    assert job.state == "done" and desk.errors() == {}, job.error
    assert library.find(OWNER, 'text:"stqp sign"').ids == [names["sign.png"]]
    assert library.find(OWNER, "ocean").ids == [names["sign.png"]]
    assert library.find(OWNER, "-is:text").ids == [names["hills.png"]]
    text = library.picture_text(OWNER, names["sign.png"])
    assert (text.engine, [line.text for line in text.lines]) == (ENGINE.id, ["STOP SIGN", "Ocean Drive"])
    moments = [(line.text, line.time) for line in library.picture_text(OWNER, names["film.mp4"]).lines]
    assert [word for word, _ in moments] == MOMENTS
    assert [time for _, time in moments] == sorted(time for _, time in moments if time is not None)
    library.revert_job(OWNER, job.id)
    assert library.find(OWNER, "is:text").ids == []
    library.undo(OWNER)
    assert len(library.find(OWNER, "is:text").ids) == 2


def test_a_scan_of_a_hundred_megapixels(desk: Engined) -> None:
    desk.folder.mkdir()
    scan = pil.new("1", (10_000, 10_000), 1)
    ImageDraw.Draw(scan).text((900, 4_000), "LARGE SCAN", fill=0, font=ImageFont.load_default(1_200))
    scan.save(desk.folder / "scan.png")
    finish(desk.library, desk.library.import_paths(OWNER, ImportPaths([str(desk.folder)], True)))
    job = finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine=ENGINE.id)))
    assert job.state == "done" and desk.errors() == {}, job.error
    assert len(desk.library.find(OWNER, 'text:"large scan"').ids) == 1

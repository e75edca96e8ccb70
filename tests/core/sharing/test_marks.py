"""A watermark that is there is seen after encoding, and one that is not is not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from conftest import Corpus
from core.sharing.telling import add, painted, telling_jpeg
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.errors import PixlStashError, Refused
from pixlstash_core.library import Library
from pixlstash_core.sharing import marks
from pixlstash_core.sharing.renditions import DEFAULT, Renditions
from pixlstash_core.sharing.steps import Watermark, WatermarkParams
from pixlstash_core.types import StepUse


def encoded(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return marks.opened(out.getvalue())


def marked(image: Image.Image, opacity: float) -> Image.Image:
    return Watermark().apply(image.copy(), WatermarkParams(text="Sample", opacity=opacity, size=0.1))


PLAIN = {
    "white": Image.new("RGB", (640, 400), "white"),
    "black": Image.new("RGB", (640, 400), "black"),
    "gray": Image.new("RGB", (640, 400), "gray"),
    "painted": painted(3, (640, 400)).convert("RGB"),
    "noise": Image.effect_noise((640, 400), 90).convert("RGB"),
}


@pytest.mark.parametrize("opacity", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("name", PLAIN)
def test_marks_are_told_from_noise(name: str, opacity: float) -> None:
    plain = PLAIN[name]
    image = marked(plain, opacity)
    assert marks.shows(image, plain, encoded(image, 88))
    assert not marks.shows(image, plain, encoded(plain, 88))
    assert not marks.shows(image, plain, plain)
    assert not marks.shows(plain, plain, encoded(image, 88))
    assert not marks.shows(image, plain, encoded(image.resize((320, 200)), 88))


def test_a_mark_on_real_pictures_is_verified(library: Library, corpus: Corpus) -> None:
    tried = 0
    for specimen in [specimen for specimen in corpus if specimen.decodes and specimen.kind != "video"][:40:2]:
        copy = library.incoming / f"{tried}-{specimen.path.name}"
        copy.write_bytes(specimen.path.read_bytes())
        try:
            answer = library.upload(OWNER, copy.name, copy)
            if answer.id is None:
                continue
            plain = library.part(Renditions).make(answer.id, DEFAULT)
        except PixlStashError:
            continue
        if min(plain.width, plain.height) < 64:
            continue
        use = StepUse("watermark", {"text": "Sample", "position": "tile"})
        assert library.part(Renditions).make(answer.id, [*DEFAULT, use]).marked, specimen
        tried += 1
    assert tried >= 5


def test_a_mark_too_small_to_be_seen_is_refused(library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    with pytest.raises(Refused, match="cannot be seen"):
        library.part(Renditions).make(id, [StepUse("watermark", {"text": " "})])
    assert not library.part(Renditions).make(id, DEFAULT).marked

"""Renditions tell nothing but pixels, are marked as asked, and are made once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from conftest import Corpus
from core.sharing.telling import MAGIC, add, demand_silent, hidden, lifted, painted, telling_jpeg, telling_png
from PIL import Image, ImageChops, ImageStat

from pixlstash_core import OWNER, Params, RenditionStep
from pixlstash_core.errors import Invalid, NotFound, PixlStashError, Refused
from pixlstash_core.library import Library
from pixlstash_core.media import thumbnails
from pixlstash_core.sharing.renditions import DEFAULT, Renditions
from pixlstash_core.types import DeletePictures, EmptyScrapheap, PreviewEmpty, StepUse, TurnPictures

pytestmark = pytest.mark.slow


def made(library: Library, id: int, *steps: StepUse) -> Any:
    return library.part(Renditions).make(id, steps or DEFAULT)


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


def test_the_test_files_do_tell(tmp_path: Path) -> None:
    """A test that finds nothing must be able to find something."""
    for path in (telling_jpeg(tmp_path / "a.jpg", 1), telling_png(tmp_path / "b.png", 2)):
        with pytest.raises(AssertionError):
            demand_silent(path.read_bytes())
    with Image.open(tmp_path / "b.png") as image:
        assert lifted(image, 3) == MAGIC.encode()
    assert lifted(hidden(painted(1), "x", 0), 0) == MAGIC.encode()


def test_nothing_but_pixels_is_in_a_rendition(library: Library, tmp_path: Path) -> None:
    files = [telling_jpeg(tmp_path / "canary-name.jpg", 1)]
    files += [telling_png(tmp_path / f"canary-{channel}.png", channel, channel) for channel in range(4)]
    for path in files:
        rendered = made(library, add(library, path))
        assert (rendered.width, rendered.height) == (300, 200)
        for body in (rendered.image, rendered.preview):
            demand_silent(body)


def test_real_files_tell_nothing_either(library: Library, corpus: Corpus, tmp_path: Path) -> None:
    """Photographs, generated pictures and odd formats of the corpus: a few of each kind."""
    tried = 0
    for kind in sorted({specimen.kind for specimen in corpus if specimen.decodes}):
        for specimen in [one for one in corpus if one.kind == kind and one.decodes][:4]:
            copy = library.incoming / f"{tried}-{specimen.path.name}"
            copy.write_bytes(specimen.path.read_bytes())
            try:
                answer = library.upload(OWNER, copy.name, copy)
                if answer.id is None:
                    continue
                rendered = made(library, answer.id)
            except PixlStashError:
                continue
            demand_silent(rendered.image)
            demand_silent(rendered.preview)
            tried += 1
    assert tried >= 10


def test_pictures_are_made_smaller_and_never_larger(library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    small = made(library, id, StepUse("resize", {"side": 120}))
    assert (small.width, small.height) == (120, 80) == opened(small.image).size
    assert made(library, id, StepUse("resize", {"side": 8000})).width == 300


@pytest.mark.parametrize("position", ["center", "top-left", "top-right", "bottom-left", "bottom-right", "tile"])
def test_a_watermark_is_where_it_was_asked_for(position: str, library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    params = {"text": "Sample", "position": position, "opacity": 1.0, "size": 0.1}
    plain, marked = made(library, id), made(library, id, *DEFAULT, StepUse("watermark", params))
    for before, after in ((plain.image, marked.image), (plain.preview, marked.preview)):
        changed = (
            ImageChops.difference(opened(before), opened(after)).convert("L").point(lambda value: 255 * (value > 90))
        )
        box = changed.getbbox()
        assert box is not None
        width, height = opened(after).size
        if position == "tile":
            assert box[2] - box[0] > 0.8 * width and box[3] - box[1] > 0.7 * height
        else:
            x, y = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
            assert ("left" in position, "right" in position) == (x < 0.45, x > 0.55)
            assert ("top" in position, "bottom" in position) == (y < 0.4, y > 0.6)


def test_opacity_is_how_much_of_the_mark_shows(library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    plain = opened(made(library, id).image)

    def difference(opacity: float) -> float:
        use = StepUse("watermark", {"text": "Sample", "position": "tile", "opacity": opacity, "size": 0.1})
        return sum(ImageStat.Stat(ImageChops.difference(plain, opened(made(library, id, *DEFAULT, use).image))).mean)

    assert difference(0.1) < difference(0.5) < difference(1.0)


def test_a_rotation_by_a_person_is_kept(library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    before = made(library, id)
    library.turn(OWNER, TurnPictures(ids=[id], quarters=1))
    after = made(library, id)
    assert (after.width, after.height) == (before.height, before.width)
    upright = opened(after.image).transpose(Image.Transpose.ROTATE_90)
    assert max(ImageStat.Stat(ImageChops.difference(opened(before.image), upright)).mean) < 3


def test_a_rendition_is_made_once_and_the_oldest_are_dropped(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [add(library, telling_jpeg(tmp_path / f"{n}.jpg", n)) for n in range(4)]
    first = made(library, ids[0])
    monkeypatch.setattr(library.part(Renditions), "_decoded", None)
    assert made(library, ids[0]) == first
    monkeypatch.undo()
    monkeypatch.setattr(thumbnails, "RENDITIONS", 2 * (len(first.image) + len(first.preview)) + 2000)
    for id in ids:
        made(library, id, StepUse("resize", {"side": 299}))
    count = library.thumbnails._db.value("select count(*) from rendition")
    assert 1 <= count <= 2


def test_a_permanently_deleted_picture_leaves_no_rendition(library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    made(library, id)
    assert library.thumbnails._db.value("select count(*) from rendition") == 1
    library.delete(OWNER, DeletePictures(ids=[id]))
    library.empty_scrapheap(OWNER, EmptyScrapheap(library.preview_empty(OWNER, PreviewEmpty()).token))
    assert library.thumbnails._db.value("select count(*) from rendition") == 0
    with pytest.raises(NotFound):
        made(library, id)


@pytest.mark.parametrize(
    "use",
    [
        StepUse("nonsense"),
        StepUse("resize", {"side": 1}),
        StepUse("resize", {"side": 1 << 40}),
        StepUse("resize", {"size": 100}),
        StepUse("watermark", {"text": ""}),
        StepUse("watermark", {"text": "x" * 101}),
        StepUse("watermark", {"opacity": float("nan")}),
        StepUse("watermark", {"position": "nowhere"}),
        StepUse("watermark", {"size": 9}),
    ],
    ids=str,
)
def test_steps_that_make_no_sense_are_refused(use: StepUse, library: Library) -> None:
    with pytest.raises(Invalid):
        library.part(Renditions).check([use])


@pytest.mark.parametrize("text", ["x", "W" * 100, "é ü 漢字 🙂", "a\nb", "\x00\u202e"])
def test_any_text_can_be_a_watermark(text: str, library: Library, tmp_path: Path) -> None:
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    rendered = made(library, id, *DEFAULT, StepUse("watermark", {"text": text, "position": "tile", "size": 0.5}))
    assert opened(rendered.image).size == (300, 200)


class Bad(RenditionStep):
    id = "bad"
    Params = Params
    result: Any = None

    def apply(self, image: Image.Image, params: Any) -> Any:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.mark.parametrize(
    "result",
    [None, ValueError("no"), Image.new("RGBA", (8, 8)), Image.new("RGB", (9000, 2))],
    ids=lambda result: type(result).__name__ + str(getattr(result, "mode", "")),
)
def test_a_step_that_fails_refuses_the_picture(
    result: Any, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Bad()
    step.result = result
    monkeypatch.setattr(library.plugins, "rendition_steps", lambda: {"bad": step})
    id = add(library, telling_jpeg(tmp_path / "a.jpg", 1))
    with pytest.raises(Refused, match="The step bad failed"):
        made(library, id, StepUse("bad"))


def test_metadata_that_a_step_attaches_is_dropped(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Chatty(RenditionStep):
        id = "chatty"

        def apply(self, image: Image.Image, params: Any) -> Image.Image:
            image.info.update(comment=b"canary", exif=b"Exif\0\0canary", icc_profile=b"canary", xmp=b"canary")
            return image

    monkeypatch.setattr(library.plugins, "rendition_steps", lambda: {"chatty": Chatty()})
    rendered = made(library, add(library, telling_jpeg(tmp_path / "a.jpg", 1)), StepUse("chatty"))
    demand_silent(rendered.image)

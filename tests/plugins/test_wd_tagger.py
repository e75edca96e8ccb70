"""The WD taggers: what the model is fed, to the number, and what is made of its answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from PIL import Image as pil

import pixlstash_wd_tagger as wd
from pixlstash_core import Image, Pictured, Tag
from pixlstash_core.testing import check

ENGINE = list(wd.taggers())[0]


def shown(image: pil.Image, picture: int = 1) -> Image:
    """As the host would give it: no side longer than the engine wants."""
    given = image.convert("RGB")
    scale = min(1.0, wd.SIDE / max(given.size))
    size = max(1, round(given.width * scale)), max(1, round(given.height * scale))
    given = given if size == given.size else given.resize(size, pil.Resampling.BICUBIC)
    return Image(Pictured(picture, "image", image.size), *given.size, given.tobytes())


def noise(width: int, height: int, seed: int = 1) -> pil.Image:
    """Soft colours, as photos have them."""
    random = np.random.default_rng(seed)
    small = pil.fromarray(random.integers(0, 256, (12, 16, 3), np.uint8))
    return small.resize((width, height), pil.Resampling.BICUBIC)


@pytest.fixture
def folder(made: Callable[[str], Path]) -> Path:
    return made("wd")


@pytest.fixture
def model(folder: Path) -> wd.Model:
    return ENGINE.load("cpu", folder, wd.Settings())  # type: ignore[no-any-return]


def run(model: wd.Model, *images: Image, **settings: Any) -> list[list[Tag]]:
    return list(ENGINE.run(model, images, wd.Settings(**settings)))


@pytest.mark.parametrize("engine", [*wd.taggers()], ids=lambda one: one.id)
def test_they_are_as_engines_are_to_be(engine: Any, folder: Path) -> None:
    check(engine, folder=folder)


def test_the_weights_are_pinned() -> None:
    for engine in wd.taggers():
        weights = engine.weights(wd.Settings())
        assert weights is not None and weights.license == "Apache-2.0" and not weights.acknowledge
        assert [file.path for file in weights.files] == ["model.onnx", "selected_tags.csv"]
        assert all(file.size and file.sha256 and "/resolve/main/" not in file.url for file in weights.files)


def test_channels_are_blue_green_red_from_0_to_255() -> None:
    fed = wd.prepare(shown(pil.new("RGB", (wd.SIDE, wd.SIDE), (10, 20, 250))), wd.SIDE)
    assert fed.shape == (wd.SIDE, wd.SIDE, 3) and fed.dtype == np.float32 and fed.flags.c_contiguous
    assert (fed == np.array([250, 20, 10], np.float32)).all()


@pytest.mark.parametrize(
    ("size", "rows", "columns"), [((448, 100), (174, 274), (0, 448)), ((101, 448), (0, 448), (173, 274))]
)
def test_it_is_centred_on_a_white_square(
    size: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    fed = wd.prepare(shown(pil.new("RGB", size, (1, 2, 3))), wd.SIDE)
    inside = np.zeros((wd.SIDE, wd.SIDE), bool)
    inside[slice(*rows), slice(*columns)] = True
    assert (fed[inside] == np.array([3, 2, 1])).all() and (fed[~inside] == 255).all()


def test_a_small_picture_is_enlarged_bicubically() -> None:
    image = noise(40, 30)
    square = pil.new("RGB", (40, 40), "white")
    square.paste(image, (0, 5))
    wanted = np.asarray(square.resize((wd.SIDE, wd.SIDE), pil.Resampling.BICUBIC), np.float32)[:, :, ::-1]
    assert (wd.prepare(shown(image), wd.SIDE) == wanted).all()


@pytest.mark.parametrize("size", [(1600, 1200), (900, 1400), (2400, 600)])
def test_reduced_by_the_host_it_is_as_its_author_reduces_it(size: tuple[int, int]) -> None:
    """The host reduces first and the square is made then; the author's program does it the other way round."""
    image = noise(*size)
    square = pil.new("RGB", (max(size), max(size)), "white")
    square.paste(image, ((max(size) - size[0]) // 2, (max(size) - size[1]) // 2))
    wanted = np.asarray(square.resize((wd.SIDE, wd.SIDE), pil.Resampling.BICUBIC), np.float32)[:, :, ::-1]
    apart = np.abs(wd.prepare(shown(image), wd.SIDE) - wanted)
    assert apart.mean() < 0.5 and np.quantile(apart, 0.98) <= 2


def test_colours_are_told_apart(model: wd.Model) -> None:
    found = run(model, *(shown(pil.new("RGB", (64, 64), name)) for name in ("red", "blue")))
    named = [{tag.name: tag for tag in tags if tag.category == "general"} for tags in found]
    assert [set(tags) for tags in named] == [{"red background", "^_^"}, {"blue background", "^_^"}]
    assert named[0]["red background"].confidence == pytest.approx(1 / (1 + np.exp(4 - 255 / 20)), abs=1e-5)


def test_the_sigmoid_is_the_model_s_and_not_taken_twice(model: wd.Model) -> None:
    (tags,) = run(model, shown(pil.new("RGB", (64, 64), "black")), least=0.0)
    least = min(tag.confidence for tag in tags)
    assert least == pytest.approx(1 / (1 + np.exp(4.0)), abs=1e-5)  # 0.018; taken twice nothing is below 0.5


def test_categories_and_the_surest_rating(model: wd.Model) -> None:
    (tags,) = run(model, shown(pil.new("RGB", (64, 64), "red")))
    assert [tag.name for tag in tags if tag.category == "rating"] == ["rating:sensitive"]
    assert [tag.name for tag in tags if tag.category == "character"] == ["ann (story)"]
    (tags,) = run(model, shown(pil.new("RGB", (64, 64), "red")), character=0.7, rating=False)
    assert {tag.name for tag in tags if tag.category == "character"} == {"ann (story)", "ben (story)"}
    assert not [tag for tag in tags if tag.category == "rating"]


def test_names_are_written_as_people_write_them() -> None:
    assert [wd.written(name) for name in ("blue_hair", "^_^", ">_o", "o_o", "ann_(story)")] == [
        *("blue hair", "^_^", ">_o", "o_o", "ann (story)")
    ]


@pytest.mark.parametrize("extra", [1, -1])
def test_a_list_of_another_length_is_refused(tmp_path: Path, extra: int) -> None:
    place = tiny.wd(tmp_path, extra=max(extra, 0))
    if extra < 0:
        with (place / "selected_tags.csv").open("a") as file:
            file.write("99,one_too_many,0,1\n")
    with pytest.raises(ValueError, match="do not belong together"):
        ENGINE.load("cpu", place, wd.Settings())


def test_a_list_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "selected_tags.csv").write_text("<html>Log in</html>\n")
    with pytest.raises(ValueError, match="no list of tags"):
        wd.read_tags(tmp_path / "selected_tags.csv")

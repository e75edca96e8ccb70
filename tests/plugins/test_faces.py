"""The face packs: boxes, points, alignment and vectors, to the number, on a detector that finds red patches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from PIL import Image as pil

import pixlstash_faces as faces
from pixlstash_core import Face, Image, Pictured
from pixlstash_core.testing import check
from pixlstash_faces import arithmetic

ENGINE = list(faces.face_extractors())[0]
HALF = tiny.PATCH // 2


def patch(person: int) -> Any:
    """A face for the tiny detector; green and blue say whose it is."""
    random = np.random.default_rng(person)
    tiles = random.integers(0, 256, (8, 8, 2), np.uint8)
    face = np.full((tiny.PATCH, tiny.PATCH, 3), 255, np.uint8)
    face[..., 1:] = np.repeat(np.repeat(tiles, 12, 0), 12, 1)
    return face


def scene(size: tuple[int, int], *faces: tuple[int, int, int]) -> Any:
    """(h, w, 3) with faces of (person, x, y of their middle)."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    for person, x, y in faces:
        pixels[y - HALF : y + HALF, x - HALF : x + HALF] = patch(person)
    return pixels


def shown(pixels: Any) -> Image:
    return Image(
        Pictured(1, "image", (pixels.shape[1], pixels.shape[0])), pixels.shape[1], pixels.shape[0], pixels.tobytes()
    )


@pytest.fixture
def model(made: Callable[[str], Path]) -> faces.Model:
    return ENGINE.load("cpu", made("faces"), faces.Settings())  # type: ignore[no-any-return]


def run(model: faces.Model, *pixels: Any, **settings: Any) -> list[list[Face]]:
    return list(ENGINE.run(model, [shown(one) for one in pixels], faces.Settings(**settings)))


def alike(one: Any, other: Any) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


@pytest.mark.parametrize("engine", [*faces.face_extractors()], ids=lambda one: one.id)
def test_they_are_as_engines_are_to_be(engine: Any, tmp_path: Path) -> None:
    weights = engine.weights(faces.Settings())
    assert all(file.size and len(file.sha256) == 64 for file in weights.files)
    check(engine, folder=tiny.faces(tmp_path, *(file.path for file in weights.files)))


def test_what_is_for_research_only_is_agreed_to_first() -> None:
    asked = {engine.id: engine.weights(faces.Settings()).acknowledge for engine in faces.face_extractors()}
    assert asked == {"faces/auraface": False, "faces/buffalo-l": True, "faces/antelopev2": True}


def test_boxes_and_points_are_where_they_are(model: faces.Model) -> None:
    (found,) = run(model, scene((640, 640), (1, 160, 192), (2, 480, 320)))
    found.sort(key=lambda face: face.box[0])
    for face, (x, y) in zip(found, ((160, 192), (480, 320)), strict=True):
        box = [(x - HALF) / 640, (y - HALF) / 640, (x + HALF) / 640, (y + HALF) / 640]
        assert np.allclose(face.box, box, atol=1e-5)
        points = [((x - HALF + px * 96) / 640, (y - HALF + py * 96) / 640) for px, py in tiny.POINTS]
        assert np.allclose(face.landmarks, points, atol=1e-5)
        assert 0.5 < face.confidence < 1 and len(face.vector) == 512


@pytest.mark.parametrize("size", [(640, 320), (320, 640), (512, 640)])
def test_a_picture_that_is_no_square(model: faces.Model, size: tuple[int, int]) -> None:
    (found,) = run(model, scene(size, (1, 160, 128)))
    (face,) = found
    wanted = [(160 - HALF) / size[0], (128 - HALF) / size[1], (160 + HALF) / size[0], (128 + HALF) / size[1]]
    assert np.allclose(face.box, wanted, atol=1e-5)


def test_the_same_person_elsewhere_and_larger(model: faces.Model) -> None:
    first = scene((640, 640), (1, 160, 192))
    (one,), (same,), (other,) = run(model, first, scene((640, 640), (1, 448, 416)), scene((640, 640), (2, 160, 192)))
    double = np.asarray(pil.fromarray(first).resize((1280, 1280), pil.Resampling.NEAREST))
    ((large,),) = run(model, double)
    assert alike(one.vector, same.vector) == pytest.approx(1, abs=1e-6)
    assert alike(one.vector, large.vector) > 0.98 and np.allclose(one.box, large.box, atol=1e-3)
    assert alike(one.vector, other.vector) < 0.3


def test_none_where_there_is_none(model: faces.Model) -> None:
    assert run(model, scene((640, 480)), scene((1, 1))) == [[], []]


def test_how_sure_is_sure_enough(model: faces.Model) -> None:
    pixels = scene((640, 640), (1, 160, 192))
    ((face,),) = run(model, pixels)
    assert run(model, pixels, least=face.confidence + 0.01) == [[]]


def test_the_detector_gets_rgb_around_nought_in_the_upper_left() -> None:
    batch, scale = arithmetic.letterbox(np.full((40, 80, 3), (255, 0, 127), np.uint8), 160)
    assert (batch.shape, batch.dtype, scale) == ((1, 3, 160, 160), np.float32, 2.0)
    assert np.allclose(batch[0, :, 79, 159], [127.5 / 128, -127.5 / 128, -0.5 / 128])
    assert np.allclose(batch[0, :, 80:], -127.5 / 128)  # black below, and not grey


def test_the_recogniser_gets_rgb_from_minus_one_to_one() -> None:
    pixels = np.full((200, 200, 3), (255, 0, 51), np.uint8)
    points = np.array([arithmetic.TARGET], np.float32) + 40
    batch = arithmetic.portraits(pixels, points)
    assert batch.shape == (1, 3, 112, 112) and batch.dtype == np.float32
    assert np.allclose(batch[0, :, 56, 56], [1.0, -1.0, (51 - 127.5) / 127.5])


@pytest.mark.parametrize(("turn", "scale", "shift"), [(0.0, 1.0, (0, 0)), (0.5, 2.5, (100, -20)), (-2.0, 0.3, (5, 5))])
def test_alignment_undoes_turn_scale_and_shift(turn: float, scale: float, shift: tuple[float, float]) -> None:
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = np.array(arithmetic.TARGET) @ matrix.T + shift
    found = arithmetic.similarity(points)
    assert np.allclose(found[:, :2], np.linalg.inv(matrix), atol=1e-9)
    assert np.allclose(points @ found[:, :2].T + found[:, 2], arithmetic.TARGET, atol=1e-9)


def test_a_crop_is_sampled_between_pixels() -> None:
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[:, :, 0] = np.arange(200)  # a ramp: what lies at x is x
    moved = arithmetic.crop(pixels, np.array([[1.0, 0, -10.25], [0, 1.0, -7.5]]))
    assert np.allclose(moved[0, :5, 0], np.arange(5) + 10.25)
    assert arithmetic.crop(pixels, np.array([[1.0, 0, 300], [0, 1.0, 0]])).max() == 0  # nothing but what is outside


def test_of_faces_that_overlap_the_surest_is_kept() -> None:
    side, outputs = 160, []
    for kind, width in ((0, 1), (1, 4), (2, 10)):
        for stride in arithmetic.STRIDES:
            some = np.zeros((2 * (side // stride) ** 2, width), np.float32)
            if stride == 16:
                some[20:24] = [[0.6], [0.9], [0.7], [0.0]] if kind == 0 else 2.0
                some[60] = 0.8 if kind == 0 else 1.0
            outputs.append(some)
    boxes, points, confidences = arithmetic.decode(outputs, side, 0.5)
    assert np.allclose(confidences, [0.9, 0.8]) and points.shape == (2, 5, 2)
    assert np.allclose(boxes[0], [0 * 16 - 32, 1 * 16 - 32, 0 * 16 + 32, 1 * 16 + 32])


def test_another_model_is_refused(tmp_path: Path) -> None:
    tiny.wd(tmp_path)
    for file in ENGINE.weights(faces.Settings()).files:  # type: ignore[union-attr]
        (tmp_path / file.path).write_bytes((tmp_path / "model.onnx").read_bytes())
    with pytest.raises(ValueError, match="no SCRFD detector"):
        ENGINE.load("cpu", tmp_path, faces.Settings())

"""Text in pictures, by RapidOCR with the PP-OCRv6 models that its wheel contains. Nothing is downloaded.

By default, only pictures that look as if they had text are read: those with strokes in contrast to what is around them,
close to each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from pixlstash_core import Image, Meta, Params, TextExtractor, TextLine, hookimpl

#: The models in rapidocr's wheel, with their SHA-256: others would give other results.
DETECTOR, CLASSIFIER, RECOGNIZER = (
    ("PP-OCRv6_det_small.onnx", "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f"),
    ("ch_ppocr_mobile_v2.0_cls_mobile.onnx", "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c"),
    ("PP-OCRv6_rec_small.onnx", "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"),
)
#: Strokes are thinner than `STROKE` pixels. A picture is read if their mean contrast to what is around them, 0 to 255
#: and counted up to `LIMIT`, reaches `CONTRAST` in one window of so many pixels.
STROKE, LIMIT, CONTRAST = 9, 120, 40
WINDOWS = ((30, 10), (10, 30))
#: Copies that are looked at, so that the strokes of large letters are thin in one of them.
SCALES = (1.0, 0.5, 0.25)
#: The longer side of a picture is at most so many times the shorter one; more is added in gray.
STRETCH = 16
#: The least number of pixels of a side.
LEAST = 64


class Settings(Params, frozen=True):
    """The settings."""

    everything: Annotated[
        bool,
        Meta(
            title="Read all pictures",
            description="By default, pictures without strokes in contrast to what is around them are skipped",
        ),
    ] = False
    side: Annotated[
        int,
        Meta(
            ge=640,
            le=1920,
            title="Side",
            description="Pixels of the longer side: more finds smaller text, and takes longer",
        ),
    ] = 1280
    least: Annotated[float, Meta(ge=0, le=1, title="Minimum confidence", description="Lines below are dropped")] = 0.5


class PpOcr(TextExtractor[Any]):
    """PP-OCRv6 small: Latin, Chinese and Japanese."""

    id, label = "ocr/ppocr-v6", "PP-OCRv6 small"
    revision = f"{DETECTOR[1][:12]}+{RECOGNIZER[1][:12]}"
    license = "Apache-2.0"
    batch_size, image_side, frames = 4, 1920, 4
    Params = Settings

    def load(self, device: str, folder: Path | None, params: Settings) -> Any:
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError('onnxruntime is missing: `pip install "pixlstash-ocr[cpu]"`, or [gpu]') from error
        import rapidocr

        onnxruntime.set_default_logger_severity(3)
        models = Path(rapidocr.__file__).parent / "models"
        paths = [_verified(models / name, digest) for name, digest in (DETECTOR, CLASSIFIER, RECOGNIZER)]
        kind, _, number = device.partition(":")
        cuda = kind == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers()
        runtime = "EngineConfig.onnxruntime"
        return rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.max_side_len": 4096,  # it is not to resize again what `_prepared` made
                "Global.text_score": 0.0,
                "Det.limit_type": "max",
                "Det.limit_side_len": 4096,
                **{f"{part}.model_path": str(path) for part, path in zip(("Det", "Cls", "Rec"), paths)},
                **({f"{runtime}.use_cuda": True, f"{runtime}.cuda_ep_cfg.device_id": int(number or 0)} if cuda else {}),
            }
        )

    def run(self, model: Any, images: Sequence[Image], params: Settings) -> Iterator[list[TextLine]]:
        for image in images:
            if params.everything or looks_written(image.array):
                yield list(_lines(model, image.array[:, :, ::-1], params))  # the models want blue, green, red
            else:
                yield []


def looks_written(pixels: Any) -> bool:
    """Return whether (height, width, 3) pixels have strokes close to each other, lighter or darker than around them."""
    import cv2
    import numpy as np

    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    kernel = np.ones((STROKE, STROKE), np.uint8)
    for scale in SCALES:
        size = max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale))
        small = gray if scale == 1 else cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
        for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
            strokes = np.minimum(cv2.morphologyEx(small, kind, kernel), LIMIT).astype(np.float32)
            if any(cv2.boxFilter(strokes, -1, window).max() >= CONTRAST for window in WINDOWS):
                return True
    return False


def _lines(model: Any, pixels: Any, params: Settings) -> Iterator[TextLine]:
    import numpy as np

    prepared, scale = _prepared(pixels, params.side)
    result = model(prepared)
    if result.boxes is None or result.txts is None:
        return
    size = np.array([pixels.shape[1], pixels.shape[0]], np.float64) * scale
    for corners, text, confidence in zip(result.boxes, result.txts, result.scores, strict=True):
        points = np.clip(np.asarray(corners, np.float64) / size, 0, 1)
        (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
        if confidence >= params.least and right > left and bottom > top:
            places = [(float(x), float(y)) for x, y in points] if _is_slanted(corners) else []
            yield TextLine(text, (left, top, right, bottom), float(min(confidence, 1.0)), places)


def _prepared(pixels: Any, side: int) -> tuple[Any, float]:
    """Return pixels with at most `side` on their longer side, and the scale.

    Very narrow pictures get gray added at the right or bottom, so that the models have enough to look at.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    if scale < 1:
        pixels = cv2.resize(pixels, (new_width, new_height), interpolation=cv2.INTER_AREA)
    least = max(LEAST, max(new_width, new_height) // STRETCH)
    below, beside = max(0, least - new_height), max(0, least - new_width)
    if below or beside:
        pixels = np.pad(pixels, ((0, below), (0, beside), (0, 0)), constant_values=128)
    return np.ascontiguousarray(pixels), scale


def _is_slanted(corners: Any) -> bool:
    """Return whether the upper edge of a line, from its upper left corner, is not level to about five degrees."""
    across, down = (corners[1] - corners[0]).tolist()
    return bool(abs(down) > 0.08 * abs(across) or across < 0)


def _verified(path: Path, digest: str) -> Path:
    """Return a model's path; raise `ValueError` if it is not the one that results were promised of."""
    from hashlib import sha256

    if not path.is_file() or sha256(path.read_bytes()).hexdigest() != digest:
        raise ValueError(
            f"{path.name} is missing or altered: reinstall it with `pip install --force-reinstall rapidocr`"
        )
    return path


@hookimpl
def text_extractors() -> Iterator[TextExtractor[Any]]:
    yield PpOcr()

"""Faces and who they are, by packs in InsightFace's format: an SCRFD detector and an ArcFace recogniser, both ONNX.

The packs are run by onnxruntime alone, not by the package `insightface`, which would bring OpenCV, SciPy and
scikit-image (376 MB) for arithmetic that is short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pixlstash_core import Face, FaceExtractor, Image, Meta, Params, WeightFile, Weights, hookimpl

#: Faces whose vectors are computed at once.
AT_ONCE = 16
RESEARCH = "InsightFace: non-commercial research only"


class Settings(Params, frozen=True):
    """Of all packs."""

    least: Annotated[float, Meta(ge=0, le=1, title="Least confidence", description="What counts as a face")] = 0.5
    side: Annotated[
        int,
        Meta(
            ge=160,
            le=1280,
            multiple_of=32,
            title="Side",
            description="Pixels of the square in which faces are looked for: more finds smaller ones, and takes longer",
        ),
    ] = 640


class Model(NamedTuple):
    detector: Any
    recogniser: Any


class Pack(FaceExtractor[Model]):
    """A pack. `files` are its detector and its recogniser: name, bytes and SHA-256."""

    batch_size, image_side, background = 8, 1280, "white"
    Params = Settings

    def __init__(
        self, name: str, label: str, license: str, where: str, commit: str, files: tuple[tuple[str, int, str], ...]
    ) -> None:
        self.id, self.label, self.license = f"faces/{name}", label, license
        self.revision = f"{name}@{commit[:12]}"
        self._weights = Weights(
            tuple(WeightFile(f"https://huggingface.co/{where}{file}", file, size, sha) for file, size, sha in files),
            license,
            acknowledge=license == RESEARCH,
        )

    def weights(self, params: Settings) -> Weights:
        return self._weights

    def load(self, device: str, folder: Path | None, params: Settings) -> Model:
        assert folder is not None
        detector, recogniser = (_open(folder / file.path, device) for file in self._weights.files)
        if len(detector.get_outputs()) != 9:
            raise ValueError(f"{self._weights.files[0].path} is no SCRFD detector with landmarks: it needs 9 outputs")
        return Model(detector, recogniser)

    def run(self, model: Model, images: Sequence[Image], params: Settings) -> Iterator[list[Face]]:
        for image in images:
            yield list(_faces(model, image.array, params))


def _faces(model: Model, pixels: Any, params: Settings) -> Iterator[Face]:
    import numpy as np

    from . import arithmetic

    batch, scale = arithmetic.letterbox(pixels, params.side)
    outputs = model.detector.run(None, {model.detector.get_inputs()[0].name: batch})
    boxes, points, confidences = arithmetic.decode(outputs, params.side, params.least)
    size = np.array([pixels.shape[1], pixels.shape[0]], np.float32)
    name = model.recogniser.get_inputs()[0].name
    for at in range(0, len(boxes), AT_ONCE):
        some = slice(at, at + AT_ONCE)
        crops = arithmetic.portraits(pixels, points[some] / scale)
        (vectors,) = model.recogniser.run(None, {name: crops})
        for box, point, sure, vector in zip(boxes[some], points[some], confidences[some], vectors, strict=True):
            left, top, right, bottom = np.clip(box.reshape(2, 2) / scale / size, 0, 1).ravel().tolist()
            if right > left and bottom > top:
                marks = [(float(x), float(y)) for x, y in np.clip(point / scale / size, 0, 1)]
                yield Face((left, top, right, bottom), float(min(sure, 1.0)), vector.astype(np.float32), marks)


def _open(path: Path, device: str) -> Any:
    """An ONNX file, ready to run. Raises ImportError with what to install."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError('onnxruntime is missing: `pip install "pixlstash-faces[cpu]"`, or [gpu]') from error
    onnxruntime.set_default_logger_severity(3)
    kind, _, number = device.partition(":")
    wanted: list[Any] = [("CUDAExecutionProvider", {"device_id": int(number or 0)})] if kind == "cuda" else []
    available = onnxruntime.get_available_providers()
    providers = [provider for provider in wanted if provider[0] in available]
    return onnxruntime.InferenceSession(str(path), providers=[*providers, "CPUExecutionProvider"])


_SCRFD = (16_923_827, "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91")
_AURAFACE, _INSIGHTFACE = "af6d057c9b0ec4071d4c49c80e3539258798b609", "33c1063c49c785b7652d3fd529f86fa4f149392b"


@hookimpl
def face_extractors() -> Iterator[FaceExtractor[Any]]:
    yield Pack(
        *("auraface", "AuraFace", "Apache-2.0 (its detector comes from InsightFace)"),
        *(f"fal/AuraFace-v1/resolve/{_AURAFACE}/", _AURAFACE),
        (
            ("scrfd_10g_bnkps.onnx", *_SCRFD),
            ("glintr100.onnx", 260_694_151, "a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60"),
        ),
    )
    yield Pack(
        *("buffalo-l", "InsightFace buffalo_l", RESEARCH),
        *(f"public-data/insightface/resolve/{_INSIGHTFACE}/models/buffalo_l/", _INSIGHTFACE),
        (
            ("det_10g.onnx", *_SCRFD),
            ("w600k_r50.onnx", 174_383_860, "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43"),
        ),
    )
    yield Pack(
        *("antelopev2", "InsightFace antelopev2", RESEARCH),
        *("DIAMONIK7777/antelopev2/resolve/main/", "4ab1d6435d63"),  # files are what their SHA-256 says
        (
            ("scrfd_10g_bnkps.onnx", *_SCRFD),
            ("glintr100.onnx", 260_665_334, "4ab1d6435d639628a6f3e5008dd4f929edf4c4124b1a7169e1048f9fef534cdf"),
        ),
    )

"""Preprocessing and postprocessing for the two models of a pack, as in InsightFace."""

from __future__ import annotations

from typing import Any

#: The positions of eyes, nose and corners of the mouth in the input of the recognizer, which has 112 × 112 pixels.
TARGET = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
CROP = 112
OVERLAP = 0.4
STRIDES = (8, 16, 32)


def letterbox(pixels: Any, side: int) -> tuple[Any, float]:
    """Scale an image (h, w, 3) into the upper left of a black square.

    Returns a batch (1, 3, side, side) of (x − 127.5) / 128 in RGB, and the scale.
    """
    import numpy as np
    from PIL import Image as pil

    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, int(width * scale)), max(1, int(height * scale))
    square = np.zeros((side, side, 3), np.float32)
    image = pil.fromarray(pixels)
    square[: size[1], : size[0]] = np.asarray(image.resize(size, pil.Resampling.BILINEAR))
    return ((square - 127.5) / 128).transpose(2, 0, 1)[None], size[1] / height


def decode(outputs: list[Any], side: int, least: float) -> tuple[Any, Any, Any]:
    """Decode the nine outputs of a detector to boxes (n, 4), points (n, 5, 2) and confidences of at least `least`.

    For each stride there are confidences, distances to the edges of a box, and offsets of five points, the latter two
    in strides, at two anchors in each cell. The highest confidence comes first; faces that overlap it are left out.
    """
    import numpy as np

    boxes, points, confidences = [], [], []
    for n, stride in enumerate(STRIDES):
        scores, edges, offsets = (np.asarray(outputs[n + 3 * kind], np.float32) for kind in range(3))
        scores, edges, offsets = scores.reshape(-1), edges.reshape(-1, 4) * stride, offsets.reshape(-1, 5, 2) * stride
        cells = side // stride
        anchors = len(scores) // (cells * cells)
        x, y = np.meshgrid(np.arange(cells), np.arange(cells))
        centers = np.repeat(np.stack([x, y], -1).reshape(-1, 2) * stride, anchors, axis=0).astype(np.float32)
        if len(centers) != len(scores):
            raise ValueError(f"the detector gave {len(scores)} anchors at stride {stride} for a side of {side}")
        keep = scores >= least
        center, edge = centers[keep], edges[keep]
        boxes.append(np.concatenate([center - edge[:, :2], center + edge[:, 2:]], 1))
        points.append(center[:, None] + offsets[keep])
        confidences.append(scores[keep])
    box, point, confidence = np.concatenate(boxes), np.concatenate(points), np.concatenate(confidences)
    distinct = _distinct(box, np.argsort(-confidence, kind="stable"))
    return box[distinct], point[distinct], confidence[distinct]


def _distinct(boxes: Any, order: Any) -> list[int]:
    """Return the indexes of boxes that do not overlap an earlier one, in this order (non-maximum suppression)."""
    import numpy as np

    sizes = (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)
    distinct: list[int] = []
    while len(order):
        first, rest = order[0], order[1:]
        distinct.append(int(first))
        low = np.maximum(boxes[first, :2], boxes[rest, :2])
        high = np.minimum(boxes[first, 2:], boxes[rest, 2:])
        shared = np.clip(high - low + 1, 0, None).prod(1)
        order = rest[shared / (sizes[first] + sizes[rest] - shared) <= OVERLAP]
    return distinct


def similarity(points: Any) -> Any:
    """The turn, scale and shift (2, 3) that brings five points nearest to `TARGET` (Umeyama 1991)."""
    import numpy as np

    source, target = np.asarray(points, np.float64), np.asarray(TARGET)
    middle, goal = source.mean(0), target.mean(0)
    spread = ((source - middle) ** 2).sum() / len(source)
    u, strengths, v = np.linalg.svd((target - goal).T @ (source - middle) / len(source))
    signs = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(v)) or 1.0])
    turn = u @ np.diag(signs) @ v
    scale = float(strengths @ signs) / spread if spread > 1e-12 else 1.0
    return np.concatenate([scale * turn, (goal - scale * turn @ middle)[:, None]], 1)


def crop(pixels: Any, matrix: Any) -> Any:
    """What lies where `matrix` (2, 3) takes it in a square of 112: (112, 112, 3) float32, bilinear, black outside."""
    import numpy as np

    back = np.linalg.inv(np.concatenate([matrix, [[0, 0, 1]]]))[:2]
    x, y = np.meshgrid(np.arange(CROP), np.arange(CROP))
    at = np.stack([x, y, np.ones_like(x)], -1).reshape(-1, 3) @ back.T
    low = np.floor(at).astype(np.int64)
    part = (at - low).astype(np.float32)
    height, width = pixels.shape[:2]
    cropped = np.zeros((CROP * CROP, 3), np.float32)
    for dx in (0, 1):
        for dy in (0, 1):
            column, row = low[:, 0] + dx, low[:, 1] + dy
            inside = (0 <= column) & (column < width) & (0 <= row) & (row < height)
            weight = (part[:, 0] if dx else 1 - part[:, 0]) * (part[:, 1] if dy else 1 - part[:, 1])
            cropped[inside] += weight[inside, None] * pixels[row[inside], column[inside]]
    return cropped.reshape(CROP, CROP, 3)


def portraits(pixels: Any, points: Any) -> Any:
    """A batch (n, 3, 112, 112) for the recogniser: (x − 127.5) / 127.5 in RGB."""
    import numpy as np

    crops = np.stack([crop(pixels, similarity(face)) for face in points])
    return ((np.rint(crops) - 127.5) / 127.5).astype(np.float32).transpose(0, 3, 1, 2)

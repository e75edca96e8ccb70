"""Measures the sharpness of a picture from 0 to 1, independent of contrast and size.

A blurred picture changes little when it is blurred again. Differences of neighboring pixels are therefore compared with
those after a strong blur, in both directions. The lower value counts, because motion blurs only one direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...plugins.engines import Measurer
from ...plugins.image import Image

#: Pixels that the second blur averages.
WIDTH = 9


class Sharpness(Measurer[None]):
    """The measure `sharpness`."""

    id, revision, label, lane = "sharpness", "1", "Sharpness", "cpu"
    measure, image_side, batch_size = "sharpness", 768, 16

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[float]:
        for image in images:
            yield sharpness(image)


def sharpness(image: Image) -> float:
    import numpy as np

    grey = image.array.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return round(min(_along(grey), _along(grey.T)), 4)


def _along(grey: Any) -> float:
    """Return the share of the differences along rows that a blur along rows removes; 0 if there are none."""
    import numpy as np

    if grey.shape[1] <= WIDTH:
        return 0.0
    sums = np.cumsum(np.pad(grey, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    blurred = (sums[:, WIDTH:] - sums[:, :-WIDTH]) / WIDTH
    middle = grey[:, WIDTH // 2 : WIDTH // 2 + blurred.shape[1]]
    before, after = np.abs(np.diff(middle, axis=1)), np.abs(np.diff(blurred, axis=1))
    total = float(before.sum(dtype=np.float64))
    return float(np.maximum(0, before - after).sum(dtype=np.float64)) / total if total > 0 else 0.0

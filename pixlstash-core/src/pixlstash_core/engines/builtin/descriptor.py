"""Describes a picture by color and structure, not by meaning: it finds copies and similar looking pictures.

The vector has three parts of equal weight, each without its mean and of length 1: the histogram of colors, the
direction of edges by color, and the direction of edges in each cell of a coarse grid. All vary smoothly, so that a
resized, compressed or cropped copy stays close.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...plugins.engines import Embedder
from ...plugins.image import Image

SIDE = 64
#: Steps of lightness and of each opponent color; directions; cells per side of the grid; steps of the colors of edges.
STEPS, WAYS, CELLS, HUES = (6, 5, 5), 8, 5, (3, 3, 3)
#: Fractions of the side that are cropped at each edge.
INSETS = (0.0, 0.05, 0.1)


class Descriptor(Embedder[None]):
    """The embedder `visual-descriptor`."""

    id, revision, label, lane = "visual-descriptor", "3", "Looks", "cpu"
    image_side, batch_size = 2 * SIDE, 32

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[Any]:
        for image in images:
            yield describe(image.pil)


def describe(image: Any) -> Any:
    """Return an f32 vector describing an upright Pillow image in RGB."""
    import numpy as np

    small = image.resize((SIDE, SIDE), 4)  # PIL.Image.Resampling.BOX: every pixel counts
    rgb = np.asarray(small, np.float32) / 255
    light = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    across = rgb[..., 0] - rgb[..., 1]  # red against green
    down = (rgb[..., 0] + rgb[..., 1]) / 2 - rgb[..., 2]  # yellow against blue
    planes = (light, 0.5 + 0.8 * across, 0.5 + 0.8 * down)
    ways = _ways(light)
    parts = (_colors(planes, STEPS).mean(axis=0), ways.reshape(-1, WAYS).T @ _colors(planes, HUES), _grid(ways))
    # The square root gives rare values more weight.
    return np.concatenate([_unit(np.sqrt(part).ravel()) for part in parts]).astype(np.float32)


def _unit(part: Any) -> Any:
    """Return a vector without its mean, scaled to length 1."""
    import numpy as np

    part = part - part.mean()
    length = float(np.linalg.norm(part))
    return part / length if length > 1e-6 else part + 1 / np.sqrt(len(part))


def _soft(values: Any, steps: int) -> Any:
    """Divide each value (0 to 1) between the two neighboring steps of a scale."""
    import numpy as np

    place = np.clip(values, 0, 1)[..., None] * (steps - 1)
    return np.maximum(0, 1 - np.abs(place - np.arange(steps)))


def _colors(planes: Sequence[Any], steps: Sequence[int]) -> Any:
    """Return, for each pixel as a row, its share of each color, in steps: light, red–green, yellow–blue."""
    light, across, down = (_soft(plane, count).reshape(SIDE * SIDE, -1) for plane, count in zip(planes, steps))
    return (light[:, :, None, None] * across[:, None, :, None] * down[:, None, None, :]).reshape(SIDE * SIDE, -1)


def _ways(light: Any) -> Any:
    """Return the strength of each edge direction at each pixel, ignoring its sign."""
    import numpy as np

    steep_y, steep_x = np.gradient(light)
    strength = np.sqrt(np.hypot(steep_x, steep_y))
    way = (np.arctan2(steep_y, steep_x) / np.pi) % 1.0 * WAYS
    low = np.floor(way).astype(np.int64)
    part = way - low
    ways = np.zeros((*light.shape, WAYS), np.float32)
    rows, columns = np.indices(light.shape)
    ways[rows, columns, low % WAYS] += strength * (1 - part)
    ways[rows, columns, (low + 1) % WAYS] += strength * part
    return ways


def _grid(ways: Any) -> Any:
    """Return the values in each cell of a coarse grid with soft borders, for the whole picture and for its center, so
    that the grid of a cropped copy shares much of the original's.
    """
    import numpy as np

    at = np.linspace(0, 1, SIDE)
    total = np.zeros((CELLS, WAYS, CELLS), np.float32)
    for inset in INSETS:
        inside = 1 - 2 * inset
        cells = np.where((at >= inset)[:, None] & (at <= 1 - inset)[:, None], _soft((at - inset) / inside, CELLS), 0)
        total += np.tensordot(np.tensordot(cells, ways, (0, 0)), cells, (1, 0)) / inside**2
    return total

"""A description of how a picture looks, by colour and structure: finds copies and what resembles them, and no meaning.

Three parts of equal weight, each of length 1 without what all pictures have in common: the colours there are wherever
they are, which way edges run in which colours, and which way they run in each cell of a coarse grid. All are smooth, so
that a copy that was resized, compressed or cut stays close.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...plugins.engines import Embedder
from ...plugins.image import Image

SIDE = 64
#: Steps of light and of each opponent colour; directions; cells of the grid; steps of the colours edges are told by.
STEPS, WAYS, CELLS, HUES = (6, 5, 5), 8, 5, (3, 3, 3)
#: What is left away at each edge, in parts of the side.
INSETS = (0.0, 0.05, 0.1)


class Descriptor(Embedder[None]):
    """The embedder `visual-descriptor`."""

    id, revision, label, lane = "visual-descriptor", "3", "Looks", "cpu"
    image_side, batch_size = 2 * SIDE, 32

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[Any]:
        for image in images:
            yield describe(image.pil)


def describe(image: Any) -> Any:
    """A vector of f32 of an upright Pillow image in RGB."""
    import numpy as np

    small = image.resize((SIDE, SIDE), 4)  # PIL.Image.Resampling.BOX: every pixel counts
    rgb = np.asarray(small, np.float32) / 255
    light = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    across = rgb[..., 0] - rgb[..., 1]  # red against green
    down = (rgb[..., 0] + rgb[..., 1]) / 2 - rgb[..., 2]  # yellow against blue
    planes = (light, 0.5 + 0.8 * across, 0.5 + 0.8 * down)
    ways = _ways(light)
    parts = (_colours(planes, STEPS).mean(axis=0), ways.reshape(-1, WAYS).T @ _colours(planes, HUES), _grid(ways))
    # Roots are taken so that what is rare counts, too.
    return np.concatenate([_unit(np.sqrt(part).ravel()) for part in parts]).astype(np.float32)


def _unit(part: Any) -> Any:
    """Of length 1, without its mean."""
    import numpy as np

    part = part - part.mean()
    length = float(np.linalg.norm(part))
    return part / length if length > 1e-6 else part + 1 / np.sqrt(len(part))


def _soft(values: Any, steps: int) -> Any:
    """How much each value (0 to 1) belongs to each of some steps: to its two neighbours, in parts."""
    import numpy as np

    place = np.clip(values, 0, 1)[..., None] * (steps - 1)
    return np.maximum(0, 1 - np.abs(place - np.arange(steps)))


def _colours(planes: Sequence[Any], steps: Sequence[int]) -> Any:
    """How much each pixel has of each colour, as rows: light, red against green, yellow against blue, in steps."""
    light, across, down = (_soft(plane, count).reshape(SIDE * SIDE, -1) for plane, count in zip(planes, steps))
    return (light[:, :, None, None] * across[:, None, :, None] * down[:, None, None, :]).reshape(SIDE * SIDE, -1)


def _ways(light: Any) -> Any:
    """How strongly an edge runs each way at each pixel, up or down it being the same."""
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
    """The same in each cell of a coarse grid, each cell softly bounded; of the whole picture and of its middle, so that
    the grid of a copy that was cut has much of this one."""
    import numpy as np

    at = np.linspace(0, 1, SIDE)
    total = np.zeros((CELLS, WAYS, CELLS), np.float32)
    for inset in INSETS:
        inside = 1 - 2 * inset
        cells = np.where((at >= inset)[:, None] & (at <= 1 - inset)[:, None], _soft((at - inset) / inside, CELLS), 0)
        total += np.tensordot(np.tensordot(cells, ways, (0, 0)), cells, (1, 0)) / inside**2
    return total

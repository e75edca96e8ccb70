"""A description of how a picture looks, by colour and structure: finds copies and what resembles them, and no meaning.

Three parts, each of length 1 and weighed: the colours there are wherever they are, which way edges run in a coarse
grid, and where it is light, dark and coloured. All are smooth, so that a copy that was resized, compressed or cut a
little stays close.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..engine import Embedder, Image

SIDE = 64
#: Steps of each opponent colour; cells of the grid of edges, and directions; cells of the layout.
STEPS, CELLS, WAYS, LAYOUT = 8, 3, 8, 3
WEIGHTS = (1.5, 1.0, 0.4)


class Descriptor(Embedder[None]):
    """The embedder `visual-descriptor`."""

    id, revision, label, lane = "visual-descriptor", "1", "Looks", "cpu"
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
    found = (_colours(light, across, down), _edges(light), _layout(light, across, down))
    return np.concatenate([weight * _unit(part) for weight, part in zip(WEIGHTS, found)]).astype(np.float32)


def _unit(part: Any) -> Any:
    import numpy as np

    length = float(np.linalg.norm(part))
    return part / length if length > 1e-9 else part + 1 / np.sqrt(len(part))


def _soft(values: Any, steps: int) -> Any:
    """How much each value (0 to 1) belongs to each of some steps: to its two neighbours, in parts."""
    import numpy as np

    place = np.clip(values, 0, 1)[..., None] * (steps - 1)
    return np.maximum(0, 1 - np.abs(place - np.arange(steps)))


def _colours(light: Any, across: Any, down: Any) -> Any:
    """How much of each colour there is, as a joint histogram, roots taken: rare colours count, too."""
    import numpy as np

    parts = [_soft(values, STEPS).reshape(-1, STEPS) for values in (light, 0.5 + 0.8 * across, 0.5 + 0.8 * down)]
    joint = np.einsum("pa,pb,pc->abc", *parts, optimize=True).ravel() / light.size
    return np.sqrt(joint)


def _edges(light: Any) -> Any:
    """Which way edges run in each cell of a coarse grid, each cell softly bounded."""
    import numpy as np

    steep_y, steep_x = np.gradient(light)
    strength = np.sqrt(np.hypot(steep_x, steep_y))
    way = (np.arctan2(steep_y, steep_x) / np.pi) % 1.0 * WAYS  # up or down an edge is the same way
    low = np.floor(way).astype(np.int64)
    part = way - low
    ways = np.zeros((*light.shape, WAYS), np.float32)
    rows, columns = np.indices(light.shape)
    ways[rows, columns, low % WAYS] += strength * (1 - part)
    ways[rows, columns, (low + 1) % WAYS] += strength * part
    cells = _soft(np.linspace(0, 1, SIDE), CELLS)
    grid = np.einsum("yi,xj,yxw->ijw", cells, cells, ways, optimize=True)
    return np.sqrt(grid).ravel()


def _layout(light: Any, across: Any, down: Any) -> Any:
    """Where it is lighter, redder and yellower than the picture on the whole."""
    import numpy as np

    cells = _soft(np.linspace(0, 1, SIDE), LAYOUT)
    cells = cells / cells.sum(axis=0)
    planes = np.stack([light, 1.5 * across, 1.5 * down])
    grid = np.einsum("yi,xj,pyx->pij", cells, cells, planes, optimize=True)
    return (grid - grid.mean(axis=(1, 2), keepdims=True)).ravel()

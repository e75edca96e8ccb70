"""Paint a recipe into a file, with the metadata its tool would have embedded."""

from __future__ import annotations

from .recipe import Recipe


def paint(recipe: Recipe) -> bytes:
    """The encoded file: same recipe, same bytes. Typically some 60 ms on one core."""
    from .art.scene import draw
    from .encode import encode

    return encode(recipe, draw(recipe))

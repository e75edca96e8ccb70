"""Resolution buckets: the sizes that trainers crop pictures to, so that a batch has pictures of one size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

#: Sides of buckets are multiples of this; the longest is at most twice the resolution, the shortest half of it.
STEP = 64


@cache
def sizes(resolution: int, step: int = STEP) -> Sequence[tuple[int, int]]:
    """Return the buckets (width, height) with at most `resolution`² pixels, by ascending width."""
    area, shortest, longest = resolution * resolution, max(step, resolution // 2 // step * step), resolution * 2
    buckets = {(side := max(step, resolution // step * step), side)}
    for width in range(shortest, longest + 1, step):
        height = min(longest, area // width) // step * step
        if height >= shortest:
            buckets |= {(width, height), (height, width)}
    return sorted(buckets)


def choose(width: int, height: int, resolution: int) -> tuple[int, int]:
    """Return the bucket with the nearest aspect ratio; of equally near ones, the largest."""
    aspect = width / height

    def rank(bucket: tuple[int, int]) -> tuple[float, int]:
        other = bucket[0] / bucket[1]
        return max(aspect / other, other / aspect), -bucket[0] * bucket[1]

    return min(sizes(resolution), key=rank)


def fit(width: int, height: int, side: int | None) -> tuple[int, int]:
    """Return the size with the longest side at most `side` pixels. Nothing is enlarged."""
    longest = max(width, height)
    if side is None or longest <= side:
        return width, height
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))

"""Resolution buckets."""

from __future__ import annotations

import random

import pytest

from pixlstash_core.exports import layouts


@pytest.mark.parametrize("resolution", [256, 512, 768, 1024, 1536])
def test_buckets_are_of_the_same_area(resolution: int) -> None:
    sizes = layouts.sizes(resolution)
    assert (resolution, resolution) in sizes
    assert {(height, width) for width, height in sizes} == set(sizes)
    for width, height in sizes:
        assert width % 64 == height % 64 == 0
        assert resolution**2 * 0.6 <= width * height <= resolution**2


@pytest.mark.parametrize(
    ("size", "bucket"),
    [((1000, 1000), (1024, 1024)), ((1920, 1080), (1344, 768)), ((1080, 1920), (768, 1344)), ((9000, 10), (2048, 512))],
)
def test_the_nearest_aspect_ratio_is_chosen(size: tuple[int, int], bucket: tuple[int, int]) -> None:
    assert layouts.choose(*size, 1024) == bucket


def test_no_other_bucket_is_nearer(rng: random.Random) -> None:
    for _ in range(300):
        width, height = rng.randint(1, 5000), rng.randint(1, 5000)
        chosen = layouts.choose(width, height, 1024)
        aspect = width / height
        stretch = [max(aspect * h / w, w / h / aspect) for w, h in layouts.sizes(1024)]
        assert max(aspect * chosen[1] / chosen[0], chosen[0] / chosen[1] / aspect) == min(stretch)


def test_nothing_is_enlarged() -> None:
    assert layouts.fit(4000, 1000, 512) == (512, 128)
    assert layouts.fit(100, 50, 512) == (100, 50)
    assert layouts.fit(5000, 1, 100) == (100, 1)
    assert layouts.fit(5000, 1, None) == (5000, 1)

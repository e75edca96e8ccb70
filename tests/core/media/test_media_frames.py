"""Single frames of what moves: videos and animated pictures, at the times asked for."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pixlstash_core.errors import Invalid, Refused
from pixlstash_core.media.messages import Limits
from pixlstash_core.media.pool import DecoderPool

STEP = 24  # of brightness, from one frame to the next


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1, plugins=False) as one:
        yield one


def numbered(count: int = 10) -> list[Image.Image]:
    """Frames whose brightness is their number; the top is red, so that turning shows."""
    frames = []
    for number in range(count):
        frame = Image.new("RGB", (96, 64), (STEP * number,) * 3)
        frame.paste((255, 0, 0), (0, 0, 96, 12))
        frames.append(frame)
    return frames


def video(path: Path, codec: str, *, turn: int = 0, keys: int = 250) -> Path:
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=5)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 96, 64, "yuv420p", keys
        if turn:
            stream.set_display_rotation(turn)
        for frame in numbered():
            out.mux(stream.encode(av.VideoFrame.from_image(frame)))
        out.mux(stream.encode())
    return path


def animation(path: Path, durations: list[int]) -> Path:
    first, *rest = numbered()
    first.save(path, save_all=True, append_images=rest, duration=durations, loop=0, lossless=True)
    return path


def shown(webps: list[bytes]) -> list[int]:
    """The numbers of the frames, by their brightness."""
    images = [Image.open(io.BytesIO(webp), formats=["WEBP"]).convert("RGB") for webp in webps]
    middles = [image.getpixel((image.width // 2, image.height // 2)) for image in images]
    return [round(sum(pixel) / 3 / STEP) for pixel in middles if isinstance(pixel, tuple)]


@pytest.mark.parametrize("keys", [1, 4, 250])
@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.webm", "libvpx-vp9"), ("a.avi", "mpeg4")])
def test_frames_of_a_video(pool: DecoderPool, tmp_path: Path, name: str, codec: str, keys: int) -> None:
    path = video(tmp_path / name, codec, keys=keys)
    assert shown(pool.frames(path, name, [0, 0.3, 0.4, 1.0, 1.79])) == [0, 1, 2, 5, 8]
    assert shown(pool.frames(path, name, [1.8, 99])) == [9, 9]  # beyond the end: the last
    assert shown(pool.frames(path, name, [0.6, 0.6])) == [3, 3]


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "avif"])
def test_frames_of_an_animation(pool: DecoderPool, tmp_path: Path, suffix: str) -> None:
    path = animation(tmp_path / f"a.{suffix}", [200] * 10)
    assert shown(pool.frames(path, path.name, [0, 0.3, 0.4, 1.0, 1.79])) == [0, 1, 2, 5, 8]
    assert shown(pool.frames(path, path.name, [1.8, 99])) == [9, 9]
    uneven = animation(tmp_path / f"b.{suffix}", [1000, *[100] * 9])
    assert shown(pool.frames(uneven, uneven.name, [0.9, 1.0, 1.1, 1.15])) == [0, 1, 2, 2]


def test_frames_stand_upright(pool: DecoderPool, tmp_path: Path) -> None:
    path = video(tmp_path / "turned.mp4", "libx264", turn=180)
    for webp in pool.frames(path, path.name, [0, 1]):
        image = Image.open(io.BytesIO(webp)).convert("RGB")
        red, green, _ = image.getpixel((48, 60))  # type: ignore[misc]
        assert red > 180 and green < 80


def test_what_has_no_frames_says_so(pool: DecoderPool, tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    Image.new("RGB", (9, 9)).save(still)
    with pytest.raises(Refused, match="only one frame") as caught:
        pool.frames(still, still.name, [0])
    assert caught.value.more["cause"] == "unsupported"
    path = video(tmp_path / "a.mp4", "libx264")
    for times in ([], [0.0] * 65, [1, 0], [-1], [float("nan")]):
        with pytest.raises(Invalid):
            pool.frames(path, path.name, times)
    large = animation(tmp_path / "large.gif", [100] * 10)
    with DecoderPool(1, Limits(pixels=1_000), plugins=False) as small, pytest.raises(Refused, match="too large"):
        small.frames(large, large.name, [0])


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.webp"])
def test_damage_costs_frames_and_nothing_else(pool: DecoderPool, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    whole = video(path, "libx264", keys=2) if name == "a.mp4" else animation(path, [200] * 10)
    data = bytearray(whole.read_bytes())
    damage = random.Random(3)
    for _ in range(20):
        bent = bytearray(data)
        for _ in range(8):
            bent[damage.randrange(len(bent) // 4, len(bent))] = damage.randrange(256)
        path.write_bytes(bent)
        try:
            assert 0 < len(pool.frames(path, name, [0, 0.5, 1.5])) <= 3
        except Refused as refused:
            assert "object at" not in str(refused)
    path.write_bytes(data)
    assert shown(pool.frames(path, name, [0, 1])) == [0, 5]

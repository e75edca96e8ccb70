"""Videos, made here by PyAV: what is said of them, and the frame that stands for them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixlstash_core.errors import Refused
from pixlstash_core.media.messages import Limits
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Reading

av = pytest.importorskip("av")

RED, GREEN, BLUE, YELLOW = (200, 30, 30), (30, 180, 30), (40, 40, 220), (220, 220, 30)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1) as one:
        yield one


def clip(path: Path, frames: list[Image.Image], codec: str = "mpeg4", turn: int = 0, **tags: str) -> Path:
    """A video of 10 frames a second."""
    options = {"movflags": "use_metadata_tags"} if path.suffix in (".mp4", ".mov") and "prompt" in tags else {}
    with av.open(str(path), "w", options=options) as out:
        out.metadata.update(tags)
        stream = out.add_stream(codec, rate=10)
        stream.width, stream.height = frames[0].size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        if turn:
            stream.set_display_rotation(turn)
        for image in frames:
            out.mux(stream.encode(av.VideoFrame.from_image(image)))
        out.mux(stream.encode())
    return path


def corners(width: int = 320, height: int = 192) -> Image.Image:
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(YELLOW, (width // 2, height // 2, width, height))
    return image


def taken(pool: DecoderPool, path: Path) -> Reading:
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    return reading


def still(reading: Reading) -> Image.Image:
    assert reading.still is not None, reading.why
    return Image.open(io.BytesIO(reading.still), formats=["WEBP"])


def looks(image: Image.Image, *expected: tuple[int, int, int]) -> bool:
    """Whether the quarters (top left, top right, bottom left, bottom right) have these colours."""
    width, height = image.size
    seen: list[Any] = [image.getpixel((width * x // 4, height * y // 4)) for y in (1, 3) for x in (1, 3)]
    return all(abs(a - b) < 40 for one, colour in zip(seen, expected, strict=True) for a, b in zip(one, colour))


@pytest.mark.parametrize(
    ("suffix", "codec", "mime"),
    [
        ("mp4", "mpeg4", "video/mp4"),
        ("mov", "libx264", "video/quicktime"),
        ("webm", "libvpx", "video/webm"),
        ("mkv", "libx264", "video/x-matroska"),
        ("avi", "mpeg4", "video/x-msvideo"),
    ],
)
def test_every_container(pool: DecoderPool, tmp_path: Path, suffix: str, codec: str, mime: str) -> None:
    reading = taken(pool, clip(tmp_path / f"clip.{suffix}", [corners()] * 20, codec))
    assert (reading.kind, reading.format, reading.mime, reading.moving) == ("video", suffix, mime, True)
    assert (reading.width, reading.height) == (320, 192)
    assert reading.seconds == pytest.approx(2.0, abs=0.15)
    assert looks(still(reading), RED, GREEN, BLUE, YELLOW)
    facts = {fact.name: fact for fact in reading.facts}
    assert facts["fps"].number == 10
    assert facts["codec"].value


def test_the_poster_is_an_early_frame_on_which_there_is_something(pool: DecoderPool, tmp_path: Path) -> None:
    black, later = Image.new("RGB", (320, 192)), Image.new("RGB", (320, 192), BLUE)
    path = clip(tmp_path / "fades.mp4", [black] * 25 + [corners()] * 30 + [later] * 60)
    assert looks(still(taken(pool, path)), RED, GREEN, BLUE, YELLOW)


def test_a_black_video_has_a_black_poster(pool: DecoderPool, tmp_path: Path) -> None:
    reading = taken(pool, clip(tmp_path / "black.mp4", [Image.new("RGB", (64, 48))] * 15))
    assert looks(still(reading), *[(0, 0, 0)] * 4)


@pytest.mark.parametrize(
    ("turn", "size", "seen"),
    [
        (90, (192, 320), (GREEN, YELLOW, RED, BLUE)),
        (180, (320, 192), (YELLOW, BLUE, GREEN, RED)),
        (-90, (192, 320), (BLUE, RED, YELLOW, GREEN)),
    ],
)
def test_it_stands_upright(pool: DecoderPool, tmp_path: Path, turn: int, size: tuple[int, int], seen: Any) -> None:
    """`turn` is counter-clockwise, as players do it."""
    reading = taken(pool, clip(tmp_path / "turned.mp4", [corners()] * 3, turn=turn))
    assert (reading.width, reading.height) == size == still(reading).size
    assert looks(still(reading), *seen)


def test_when_and_where(pool: DecoderPool, tmp_path: Path) -> None:
    tags = {"creation_time": "2021-05-16T19:27:55Z", "location": "+59.3293+018.0686/"}
    reading = taken(pool, clip(tmp_path / "here.mov", [corners()] * 3, **tags))
    assert reading.created == 1_621_193_275_000
    assert [fact.value for fact in reading.facts if fact.name == "place"] == ["59.32930, 18.06860"]
    clockless = taken(pool, clip(tmp_path / "never.mov", [corners()] * 3, creation_time="1970-01-01T00:00:00Z"))
    assert clockless.created is None


@pytest.mark.parametrize("suffix", ["mp4", "webm", "mkv"])
def test_embedded_texts_reach_the_readers(pool: DecoderPool, tmp_path: Path, suffix: str) -> None:
    text = "a lighthouse\nNegative prompt: fog\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 42, Size: 64x64"
    path = clip(tmp_path / f"made.{suffix}", [corners()] * 3, "libvpx" if suffix == "webm" else "mpeg4", comment=text)
    reading = taken(pool, path)
    assert (reading.prompt, reading.negative) == ("a lighthouse", "fog")
    assert [fact.number for fact in reading.facts if fact.name == "seed"] == [42]


def test_a_workflow_in_a_comment(pool: DecoderPool, tmp_path: Path) -> None:
    """As ComfyUI's video nodes write it."""
    sampler = {"seed": 7, "steps": 4, "cfg": 1.0, "positive": ["2", 0], "negative": ["2", 0]}
    graph = {
        "1": {"class_type": "KSampler", "inputs": sampler},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "waves"}},
    }
    comment = json.dumps({"prompt": json.dumps(graph), "workflow": "{}"})
    reading = taken(pool, clip(tmp_path / "wan.mp4", [corners()] * 3, comment=comment))
    assert reading.prompt == "waves"


# -- refused -----------------------------------------------------------------------------------------------------------


def test_sound_alone_is_refused(pool: DecoderPool, tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=44_100, layout="mono")
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.sample_rate = 44_100
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with pytest.raises(Refused, match="only sound") as caught:
        pool.read(path, path.name)
    assert caught.value.more["cause"] == "unsupported"


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_a_cut_video_is_refused_or_read_never_lost(pool: DecoderPool, tmp_path: Path, suffix: str) -> None:
    data = clip(tmp_path / f"whole.{suffix}", [corners()] * 5).read_bytes()
    path = tmp_path / "cut"
    for cut in range(40, len(data), len(data) // 12):
        path.write_bytes(data[:cut])
        try:
            reading = taken(pool, path)
            assert reading.still
        except Refused as refused:
            assert refused.more["cause"] == "damaged"
            assert "object at" not in str(refused)


def test_a_video_above_the_limit_is_kept(tmp_path: Path) -> None:
    path = clip(tmp_path / "wide.mp4", [corners(1_600, 900)] * 3)
    with DecoderPool(1, Limits(pixels=1_000_000), plugins=False) as pool:
        reading = taken(pool, path)
    assert reading.still is None and reading.why
    assert (reading.width, reading.height, reading.moving) == (1_600, 900, True)
    assert reading.seconds == pytest.approx(0.3, abs=0.05)


def test_a_playlist_opens_nothing(pool: DecoderPool, tmp_path: Path) -> None:
    """FFmpeg knows formats that name other files and addresses; none of them is tried."""
    clip(tmp_path / "secret.mp4", [corners()] * 3)
    for text in ("ffconcat version 1.0\nfile secret.mp4\n", "#EXTM3U\n#EXTINF:1,\nsecret.mp4\n"):
        path = tmp_path / "list.mp4"
        path.write_text(text)
        with pytest.raises(Refused) as caught:
            pool.read(path, path.name)
        assert caught.value.more["cause"] == "unsupported"

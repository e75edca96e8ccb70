"""Files as tools really write them, read through the public hooks: AVIF, MP4, WebM and the rest.

ComfyUI's own nodes set a container's metadata with one JSON text for each of `prompt` and `workflow` (MP4 with FFmpeg's
`use_metadata_tags`); VideoHelperSuite wrote all of it as JSON into `comment`, later with the prompt as text in it, now
as `prompt` encoded twice. WebUIs write EXIF's user comment into AVIF as into JPEG and WebP, and a comment into GIF.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from embedding import packet, user_comment
from PIL import Image
from written import GRAPH, PARAMETERS, WORKFLOW, carriers, clip, escaped, facts, ms, noise, taken

from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.media.text_cleaning import PAYLOAD_BYTES
from pixlstash_core.types import Reading


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2) as one:
        yield one


@pytest.mark.parametrize("suffix", ["avif", "jpg", "webp", "png", "tif"])
def test_parameters_in_exif(pool: DecoderPool, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"made.{suffix}"
    if suffix == "tif":
        exif = Image.Exif()
        exif.load(user_comment(PARAMETERS))
        noise().save(path, exif=exif)
    else:
        noise().save(path, exif=user_comment(PARAMETERS))
    expect_parameters(taken(pool, path), "UserComment")


@pytest.mark.parametrize("suffix", ["avif", "jpg", "webp"])
@pytest.mark.parametrize("name", ["exif:UserComment", "dc:description"])
def test_parameters_in_xmp_alone(pool: DecoderPool, tmp_path: Path, suffix: str, name: str) -> None:
    path = tmp_path / f"made.{suffix}"
    body = f"<{name}><rdf:Alt><rdf:li xml:lang='x-default'>{escaped(PARAMETERS)}</rdf:li></rdf:Alt></{name}>"
    noise().save(path, xmp=packet(body))
    reading = taken(pool, path)
    expect_parameters(reading, "UserComment" if name == "exif:UserComment" else "description")
    assert "description" not in facts(reading)  # it is the prompt already


def test_parameters_in_a_gif(pool: DecoderPool, tmp_path: Path) -> None:
    path = tmp_path / "made.gif"
    noise().save(path, comment=PARAMETERS.encode())
    expect_parameters(taken(pool, path), "comment")


def expect_parameters(reading: Reading, place: str) -> None:
    assert (reading.prompt, reading.negative) == ("a lighthouse, <lora:storm:0.7> 🌊", "fog")
    assert facts(reading) == {
        "model": "deep",
        "lora": "storm",
        "seed": "42",
        "steps": "20",
        "cfg": "6.5",
        "sampler": "Euler a",
        "tool": "Stable Diffusion WebUI",
        "resolution": "64x48",
    }
    assert reading.payloads == {place: PARAMETERS}


@pytest.mark.parametrize("suffix", ["avif", "webp", "jpg"])
def test_a_graph_in_exif(pool: DecoderPool, tmp_path: Path, suffix: str) -> None:
    """Save nodes for other formats than PNG put both graphs into the user comment, or one each into the camera tags."""
    path = tmp_path / f"made.{suffix}"
    noise().save(path, exif=user_comment(json.dumps({"prompt": GRAPH, "workflow": WORKFLOW})))
    expect_graph(taken(pool, path), {"UserComment"})
    exif = Image.Exif()
    exif[0x0110], exif[0x010F] = f"prompt:{json.dumps(GRAPH)}", f"workflow:{json.dumps(WORKFLOW)}"
    noise().save(path, exif=exif)
    expect_graph(taken(pool, path), {"prompt", "workflow"})


def expect_graph(reading: Reading, places: set[str]) -> None:
    assert (reading.prompt, reading.negative) == ("waves; a = b # \\ 海\nsecond line", "still")
    found = facts(reading)
    assert {name: found.get(name) for name in ("model", "seed", "steps", "cfg", "sampler", "scheduler", "tool")} == {
        "model": "wan2.2",
        "seed": "7",
        "steps": "4",
        "cfg": "1",
        "sampler": "euler",
        "scheduler": "simple",
        "tool": "ComfyUI",
    }
    assert set(reading.payloads) == places
    assert "camera" not in found


@pytest.mark.parametrize(
    ("name", "codec", "movflags"),
    [
        ("node.mp4", "libx264", "use_metadata_tags+faststart"),
        ("node.mov", "libx264", "use_metadata_tags"),
        ("node.webm", "libvpx-vp9", ""),
        ("node.mkv", "libx264", ""),
    ],
)
def test_videos_of_comfyui(pool: DecoderPool, tmp_path: Path, name: str, codec: str, movflags: str) -> None:
    tags = {"prompt": json.dumps(GRAPH), "workflow": json.dumps(WORKFLOW)}
    reading = taken(pool, clip(tmp_path / name, codec, tags, movflags))
    expect_graph(reading, {"prompt", "workflow"})
    assert reading.payloads == tags
    numbers = {fact.name: fact.number for fact in reading.facts if fact.group == "Video" and fact.number is not None}
    assert numbers == {"fps": 16, "duration": pytest.approx(0.5, abs=0.01)} and facts(reading)["duration"] == "0.5 s"


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize(("name", "codec"), [("combine.mp4", "libx264"), ("combine.webm", "libvpx-vp9")])
def test_videos_of_video_helper_suite(pool: DecoderPool, tmp_path: Path, name: str, codec: str, nested: bool) -> None:
    tags = {"comment": json.dumps({"prompt": json.dumps(GRAPH) if nested else GRAPH, "workflow": WORKFLOW})}
    reading = taken(pool, clip(tmp_path / name, codec, tags))
    expect_graph(reading, {"comment"})
    assert reading.payloads == tags


@pytest.mark.parametrize(("name", "codec"), [("combine.mp4", "libx264"), ("combine.mkv", "libx264")])
def test_videos_that_encode_their_prompt_twice(pool: DecoderPool, tmp_path: Path, name: str, codec: str) -> None:
    when = "2026-05-03T10:11:12.500000Z"
    tags = {"prompt": json.dumps(json.dumps(GRAPH)), "workflow": json.dumps(WORKFLOW), "creation_time": when}
    reading = taken(pool, clip(tmp_path / name, codec, tags, "use_metadata_tags"))
    expect_graph(reading, {"prompt", "workflow"})
    assert reading.created is not None and reading.created // 1000 == ms("2026-05-03T10:11:12+00:00") // 1000


def test_payloads_are_kept_as_they_are(pool: DecoderPool, tmp_path: Path) -> None:
    text = " \ta fox\u00a0🦊\u202e \n\n" + PARAMETERS + "  "
    for name, path, keyword in carriers(tmp_path, text):
        assert taken(pool, path).payloads == {keyword: text}, name


def test_payloads_are_bounded(pool: DecoderPool, tmp_path: Path) -> None:
    """A text beyond the limit is not kept, and costs neither the picture nor its other facts."""
    text = PARAMETERS.replace("a lighthouse", "a lighthouse " + "x" * PAYLOAD_BYTES)
    for name, path, _ in carriers(tmp_path, text):
        try:
            reading = taken(pool, path)
        except Exception as error:  # Pillow itself stops at texts of this length in PNG
            assert name == "a.png" and "too large" in str(error).lower(), name
            continue
        assert reading.still and reading.payloads == {}, name

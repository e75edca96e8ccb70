"""Files as tools really write them, read through the public hooks: AVIF, MP4, WebM and the rest.

ComfyUI's own nodes set a container's metadata with one JSON text for each of `prompt` and `workflow` (MP4 with FFmpeg's
`use_metadata_tags`); VideoHelperSuite wrote all of it as JSON into `comment`, later with the prompt as text in it, now
as `prompt` encoded twice. WebUIs write EXIF's user comment into AVIF as into JPEG and WebP, and a comment into GIF.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from embedding import manifest_store, packet, user_comment, with_credentials
from PIL import Image, PngImagePlugin

from pixlstash_core.media.exif import ExifReader
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.media.words import PAYLOAD_BYTES
from pixlstash_core.media.xmp import XmpReader
from pixlstash_core.types import Embedded, Reading

PARAMETERS = (
    "a lighthouse, <lora:storm:0.7> 🌊\nNegative prompt: fog\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 6.5, Seed: 42, Size: 64x48, Model: deep, Version: v1.10.1"
)
GRAPH = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 7,
            "steps": 4,
            "cfg": 1.0,
            "sampler_name": "euler",
            "scheduler": "simple",
            "positive": ["6", 0],
            "negative": ["7", 0],
            "model": ["4", 0],
        },
    },
    "4": {"class_type": "UNETLoader", "inputs": {"unet_name": "wan2.2.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "waves; a = b # \\ 海\nsecond line"}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "still"}},
    "9": {"class_type": "SaveVideo", "inputs": {"samples": ["3", 0]}},
}
WORKFLOW = {"nodes": [{"id": 3, "type": "KSampler", "mode": 0}], "extra": {"value": float("nan")}}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2, plugins=False) as one:
        yield one


def taken(pool: DecoderPool, path: Path) -> Reading:
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    return reading


def facts(reading: Reading) -> dict[str, str]:
    return {fact.name: fact.value for fact in reading.facts}


def noise(width: int = 64, height: int = 48) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(3 * width * height))


# --- pictures ---------------------------------------------------------------------------------------------------------


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


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


# --- videos -----------------------------------------------------------------------------------------------------------


def clip(path: Path, codec: str, tags: dict[str, str], movflags: str = "") -> Path:
    av = pytest.importorskip("av")
    with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as out:
        out.metadata.update(tags)
        stream = out.add_stream(codec, rate=16)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(8):
            out.mux(stream.encode(av.VideoFrame.from_image(noise())))
        out.mux(stream.encode())
    return path


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


def test_what_people_say_of_a_video(pool: DecoderPool, tmp_path: Path) -> None:
    tags = {
        "title": "A day out",
        "artist": "Ann",
        "copyright": "© Ann",
        "description": "By the sea",
        "keywords": "a, b",
    }
    reading = taken(pool, clip(tmp_path / "holiday.mp4", "libx264", tags, "use_metadata_tags"))
    found = [(fact.name, fact.value) for fact in reading.facts if fact.group == "Description"]
    assert found == [
        ("title", "A day out"),
        ("description", "By the sea"),
        ("copyright", "© Ann"),
        ("keyword", "a"),
        ("keyword", "b"),
        ("creator", "Ann"),
    ]


def test_when_a_phone_filmed(pool: DecoderPool, tmp_path: Path) -> None:
    """A phone's own tag knows the time zone; the container's knows only UTC, if the phone's clock knew it."""
    tags = {"com.apple.quicktime.creationdate": "2024-05-06T12:34:56+0200", "creation_time": "2020-01-01T00:00:00Z"}
    reading = taken(pool, clip(tmp_path / "phone.mov", "libx264", tags, "use_metadata_tags"))
    assert reading.created == ms("2024-05-06T12:34:56+02:00")


# --- verbatim, and bounded --------------------------------------------------------------------------------------------


def carriers(tmp_path: Path, text: str) -> Iterator[tuple[str, Path, str]]:
    """(format, a file that carries this text, the keyword it has there)."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("parameters", text)
    exif = user_comment(text)
    image = noise(160, 120)
    for name, options, keyword in (
        ("a.png", {"pnginfo": info}, "parameters"),
        ("a.jpg", {"exif": exif} if len(exif) < 65_000 else {"comment": text.encode()[:65_000]}, "UserComment"),
        ("a.webp", {"exif": exif}, "UserComment"),
        ("a.avif", {"exif": exif}, "UserComment"),
    ):
        path = tmp_path / name
        image.save(path, **options)
        yield name, path, keyword
    yield "a.mp4", clip(tmp_path / "a.mp4", "libx264", {"parameters": text}, "use_metadata_tags"), "parameters"


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


# --- Content Credentials ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "origin"),
    [
        ("trainedAlgorithmicMedia", "made by AI, says its credential"),
        ("compositeWithTrainedAlgorithmicMedia", "made with AI in part, says its credential"),
        ("digitalCapture", None),
    ],
)
def test_credentials_are_noted(pool: DecoderPool, tmp_path: Path, made: str, origin: str | None) -> None:
    for name, path, _ in carriers(tmp_path, PARAMETERS):
        whole = tmp_path / f"signed-{name}"
        whole.write_bytes(with_credentials(path.read_bytes(), manifest_store(made)))
        found, plain = facts(taken(pool, whole)), facts(taken(pool, path))
        assert found.pop("c2pa") == "present, not verified", name
        assert found.pop("origin", None) == origin, name
        assert found == plain, name  # it hides nothing else


# --- places and times -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latitude", "longitude", "place"),
    [
        ("33,51.4S", "151,12.5E", "-33.85667, 151.20833"),  # as the standard has it
        ("33,51,24S", "151,12,30E", "-33.85667, 151.20833"),
        ("48,0,0N", "11,30W", "48.00000, -11.50000"),
        ("-33.85667", "151.20833", "-33.85667, 151.20833"),  # as some programs have it
        ("0,0N", "0,0E", None),
        ("91,0N", "11,0E", None),
        ("33,51.4", "151,12.5E", None),
        ("north", "151,12.5E", None),
        ("9" * 40 + "N", "1,1E", None),
    ],
)
def test_places_in_xmp_alone(
    pool: DecoderPool, tmp_path: Path, latitude: str, longitude: str, place: str | None
) -> None:
    path = tmp_path / "there.avif"
    body = "<exif:GPSAltitude>12345/100</exif:GPSAltitude><exif:GPSAltitudeRef>1</exif:GPSAltitudeRef>"
    noise().save(path, xmp=packet(body, f'exif:GPSLatitude="{latitude}" exif:GPSLongitude="{longitude}"'))
    found = facts(taken(pool, path))
    assert (found.get("place"), found["altitude"]) == (place, "-123 m")


def test_exposures_in_xmp_alone() -> None:
    attributes = (
        'tiff:Make="Canon" tiff:Model="EOS R5" exif:ExposureTime="1/250" exif:FNumber="28/10" exif:FocalLength="85/1"'
        ' exif:ExposureBiasValue="-1/3" exifEX:LensModel="RF85mm"'
    )
    body = "<exif:ISOSpeedRatings><rdf:Seq><rdf:li>400</rdf:li></rdf:Seq></exif:ISOSpeedRatings>"
    found = XmpReader().read(Embedded("jpeg", xmp=packet(body, attributes)))
    assert found is not None
    assert {one.name: (one.value, one.number) for one in found.facts} == {
        "camera": ("Canon EOS R5", None),
        "lens": ("RF85mm", None),
        "exposure": ("1/250 s", 0.004),
        "aperture": ("f/2.8", 2.8),
        "iso": ("400", 400),
        "focal": ("85 mm", 85),
        "bias": ("-0.33 EV", pytest.approx(-1 / 3)),
    }
    odd = XmpReader().read(Embedded("jpeg", xmp=packet("", 'exif:FNumber="1/0" exif:FocalLength="1e9" tiff:Make="X"')))
    assert odd is not None and [one.name for one in odd.facts] == ["camera"]


@pytest.mark.parametrize(
    ("date", "zone", "fraction", "expected"),
    [
        ("2024:05:06 12:34:56", "+02:00", "25", "2024-05-06T12:34:56.250+02:00"),
        ("2024:05:06 12:34:56", "-09:30", "7", "2024-05-06T12:34:56.700-09:30"),
        ("2024:05:06 12:34:56", "+0545", "123456", "2024-05-06T12:34:56.123+05:45"),
        ("2024:05:06 12:34:56", "Z", "00", "2024-05-06T12:34:56+00:00"),
        ("2024:05:06 12:34:56", "   :  ", "   ", "2024-05-06T12:34:56+00:00"),
        ("2024:05:06 12:34:56", "+99:00", "x", "2024-05-06T12:34:56+00:00"),
        ("2024-05-06T12:34:56.5+02:00", None, None, "2024-05-06T12:34:56.500+02:00"),
        ("2024:05:06 12:34:56+02:00", "+05:00", "25", "2024-05-06T12:34:56.250+02:00"),
        ("1969:07:20 20:17:40", "+00:00", "5", "1969-07-20T20:17:40.500+00:00"),
        ("2024:13:06 12:34:56", "+02:00", "25", None),
        ("0000:00:00 00:00:00", None, None, None),
    ],
)
def test_times_of_cameras(date: str, zone: str | None, fraction: str | None, expected: str | None) -> None:
    exif = Image.Exif()
    given: dict[int, Any] = {0x9003: date, 0x9011: zone, 0x9291: fraction}
    exif.get_ifd(0x8769).update({tag: value for tag, value in given.items() if value is not None})
    found = ExifReader().read(Embedded("jpeg", exif=exif.tobytes().removeprefix(b"Exif\0\0")))
    assert (found.created if found else None) == (ms(expected) if expected else None)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2024-05-06T12:34:56.25+02:00", "2024-05-06T12:34:56.250+02:00"),
        ("2024-05-06T12:34:56-0930", "2024-05-06T12:34:56-09:30"),
        ("2024-05-06T12:34:56.123456Z", "2024-05-06T12:34:56.123+00:00"),
        ("2024-05-06T12:34", "2024-05-06T12:34:00+00:00"),
        ("2024-05-06", "2024-05-06T12:00:00+00:00"),
        ("2024-05-06T12:34:56+25:00", None),
    ],
)
def test_times_in_xmp(date: str, expected: str | None) -> None:
    found = XmpReader().read(Embedded("jpeg", xmp=packet("", f'exif:DateTimeOriginal="{date}"')))
    assert (found.created if found else None) == (ms(expected) if expected else None)


def ms(text: str) -> int:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def test_a_still_is_drawn_from_each_of_these(pool: DecoderPool, tmp_path: Path) -> None:
    for name, path, _ in carriers(tmp_path, PARAMETERS):
        reading = taken(pool, path)
        assert reading.still is not None, name
        assert Image.open(io.BytesIO(reading.still)).format == "WEBP"

"""What people and cameras write into files of every format: texts of videos, credentials, places and times."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from embedding import manifest_store, packet, with_credentials
from PIL import Image
from written import PARAMETERS, carriers, clip, facts, ms, noise, taken

from pixlstash_core.media.exif import ExifReader
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.media.xmp import XmpReader
from pixlstash_core.types import Embedded


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2, plugins=False) as one:
        yield one


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


def test_a_still_is_drawn_from_each_of_these(pool: DecoderPool, tmp_path: Path) -> None:
    for name, path, _ in carriers(tmp_path, PARAMETERS):
        reading = taken(pool, path)
        assert reading.still is not None, name
        assert Image.open(io.BytesIO(reading.still)).format == "WEBP"

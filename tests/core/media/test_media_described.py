"""What people wrote about pictures, in XMP, IPTC and EXIF; and packets that want more than to be read."""

from __future__ import annotations

import io
import time

import pytest
from embedding import packet
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from pixlstash_core import xmp_properties
from pixlstash_core.media.exif import ExifReader
from pixlstash_core.media.facts import credentials
from pixlstash_core.media.iptc import IptcReader
from pixlstash_core.media.xmp import XmpReader
from pixlstash_core.types import Embedded, Facts


def listed(found: Facts | None) -> list[tuple[str, str]]:
    assert found is not None
    return [(one.name, one.value) for one in found.facts]


def test_xmp() -> None:
    body = """
      <dc:title><rdf:Alt><rdf:li xml:lang="x-default">A &lt;quiet&gt; day</rdf:li><rdf:li>B</rdf:li>
      </rdf:Alt></dc:title>
      <dc:description><rdf:Alt><rdf:li>By the\nsea\u202e</rdf:li></rdf:Alt></dc:description>
      <dc:subject><rdf:Bag><rdf:li>sea</rdf:li><rdf:li>dog</rdf:li><rdf:li>sea</rdf:li></rdf:Bag></dc:subject>
      <dc:creator><rdf:Seq><rdf:li>Ann</rdf:li></rdf:Seq></dc:creator>
      <photoshop:DateCreated>2024-05-06T12:34:56.25+02:00</photoshop:DateCreated>
      <mwg:Regions><rdf:Description><dc:title>a face</dc:title></rdf:Description></mwg:Regions>
    """
    found = XmpReader().read(Embedded("jpeg", xmp=packet(body, 'xmp:Rating="4" xmp:CreatorTool="17.1"')))
    assert listed(found) == [
        ("title", "A <quiet> day"),
        ("description", "By the sea"),
        ("keyword", "sea"),
        ("keyword", "dog"),
        ("creator", "Ann"),
        ("rating", "4"),
    ]
    assert found is not None
    assert found.created == 1_714_991_696_250


def test_xmp_entities_are_not_expanded() -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]>'
    start = time.monotonic()
    assert xmp_properties(packet("<dc:title>&l9;</dc:title>", head=bomb)) == {}
    outside = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    assert xmp_properties(packet("<dc:title>&f;</dc:title>", head=outside)) == {}
    assert time.monotonic() - start < 10


def test_xmp_keeps_what_came_before_damage_and_bounds() -> None:
    whole = packet("<dc:title>first</dc:title><dc:rights>second</dc:rights>")
    assert xmp_properties(whole[: whole.index(b"second")]) == {"dc:title": ("first",)}
    assert xmp_properties(packet("<dc:title>first</dc:title>" + "<dc:x>" * 100_000)) == {"dc:title": ("first",)}
    many = packet("".join(f"<dc:subject><rdf:Bag><rdf:li>{n}</rdf:li></rdf:Bag></dc:subject>" for n in range(5_000)))
    assert len(xmp_properties(many)["dc:subject"]) == 1_000
    assert xmp_properties(b"") == xmp_properties(b"\0" * 99) == xmp_properties(b"\xff\xfe<") == {}


def record(number: int, data: bytes, part: int = 2) -> bytes:
    return bytes([0x1C, part, number]) + len(data).to_bytes(2, "big") + data


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", record(90, b"\x1b%G", 1)), ("latin-1", b"")])
def test_iptc(encoding: str, mark: bytes) -> None:
    block = mark + b"".join(
        record(number, text.encode(encoding))
        for number, text in [
            (5, "Tïtle"),
            (25, "one"),
            (25, "two"),
            (55, "20240506"),
            (60, "123456+0200"),
            (80, "Ann"),
            (116, "© me"),
            (120, "Caption"),
        ]
    )
    found = IptcReader().read(Embedded("jpeg", iptc=block))
    assert listed(found) == [
        ("title", "Tïtle"),
        ("description", "Caption"),
        ("copyright", "© me"),
        ("keyword", "one"),
        ("keyword", "two"),
        ("creator", "Ann"),
    ]
    assert found is not None
    assert found.created == 1_714_991_696_000
    for cut in range(len(block)):
        IptcReader().read(Embedded("jpeg", iptc=block[:cut]))


def exif(main: dict[int, object], inner: dict[int, object] = {}, gps: dict[int, object] = {}) -> Facts | None:  # noqa: B006
    made = Image.Exif()
    for tag, value in main.items():
        made[tag] = value
    made.get_ifd(0x8769).update(inner)
    made.get_ifd(0x8825).update(gps)
    return ExifReader().read(Embedded("jpeg", exif=made.tobytes().removeprefix(b"Exif\0\0")))


def test_exif_says_more() -> None:
    found = exif(
        {
            0x010E: "OLYMPUS DIGITAL CAMERA",
            0x013B: "Ann; Bob",
            0x8298: "me",
            0x9C9B: "Tï".encode("utf-16-le"),
            0x4746: 5,
        },
        {0xA432: (24.0, 70.0, 2.8, 2.8), 0x9204: IFDRational(-2, 3), 0x9209: 25, 0x8833: 1600},
        {5: b"\1", 6: 12.4},
    )
    assert listed(found) == [
        ("lens", "24-70 mm f/2.8"),
        ("iso", "1600"),
        ("bias", "-0.67 EV"),
        ("flash", "fired"),
        ("altitude", "-12 m"),
        ("title", "Tï"),
        ("copyright", "me"),
        ("creator", "Ann"),
        ("creator", "Bob"),
        ("rating", "5"),
    ]


@pytest.mark.parametrize("text", ["Workflow: {}", '{"a": 1}', "x\nSteps: 20, Seed: 1", "\0\0\0\0words", "SONY DSC"])
def test_what_programs_put_into_the_description_is_none(text: str) -> None:
    assert exif({0x010E: text}) is None


@pytest.mark.parametrize(
    ("clock", "satellites", "utc_hour"),
    [
        ("2024:05:06 14:00:00", ("2024:05:06", (12.0, 0.0, 58.0)), 12),
        ("2024:05:06 01:30:00", ("2024:05:05", (20.0, 0.0, 0.0)), 20),
        ("2024:05:06 14:00:00", ("2024:05:01", (12.0, 0.0, 0.0)), 14),  # a fix of days before says nothing
        ("2024:05:06 14:00:00", ("2024:05:06", (11.0, 53.0, 0.0)), 14),
    ],
)
def test_satellites_tell_the_time_zone(clock: str, satellites: tuple[str, tuple[float, ...]], utc_hour: int) -> None:
    found = exif({}, {0x9003: clock}, {7: satellites[1], 0x1D: satellites[0]})
    assert found is not None and found.created is not None
    assert found.created // 3_600_000 % 24 == utc_hour


def test_content_credentials_are_noted() -> None:
    mark = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71\x03c2pa\x00"
    found = credentials(io.BytesIO(b"\xff\xd8" + b"x" * 5_000 + mark + b"... trainedAlgorithmicMedia"))
    assert [(one.name, one.value) for one in found.facts] == [
        ("c2pa", "present, not verified"),
        ("origin", "made by AI, says its credential"),
    ]
    assert credentials(io.BytesIO(b"c2pa jumd trainedAlgorithmicMedia")) == Facts()

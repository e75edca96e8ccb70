"""The reader of XMP packets, and their parser, which works within limits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from xml.parsers import expat

from ..plugins.contracts import FactReader
from ..types import Embedded, Fact, Facts
from .facts import altitude, described, exposure, gear, known_fact, moment, place

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SHORT = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
}
_LISTS = (f"{_RDF} Alt", f"{_RDF} Bag", f"{_RDF} Seq")
_DEEPEST = 64
_MOST_VALUES = 1_000
_LONGEST = 1 << 20
_DATES = ("photoshop:DateCreated", "exif:DateTimeOriginal", "xmp:CreateDate", "exif:GPSTimeStamp")
_DEGREES = re.compile(r"(\d{1,3})(?:,(\d{1,2}(?:\.\d{1,12})?))?(?:,(\d{1,2}(?:\.\d{1,12})?))?\s*([NSEW])")
_DECIMAL = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,15})?)")
_RATIO = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,12})?)(?:/(\d{1,12}))?")

Properties = Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)  # several readers parse the same packet in turn
def xmp_properties(packet: bytes) -> Mapping[str, tuple[str, ...]]:
    """Return the values of simple properties and of lists, by names such as `dc:title`, up to the first damage."""
    parser = expat.ParserCreate(namespace_separator=" ")
    reading = _Reading()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    try:
        parser.Parse(packet.strip(b"\0 \r\n\t\xef\xbb\xbf"), True)
    except (expat.ExpatError, _Stopped, ValueError, LookupError):
        pass
    return {name: tuple(values) for name, values in reading.properties.items()}


class _Stopped(Exception):
    """The parser reached something that is not read, or a limit."""


def _refuse(*_: object) -> None:
    raise _Stopped


class _Reading:
    """Handles rdf:RDF > rdf:Description > property with a text or a list of texts; skips deeper structures."""

    def __init__(self) -> None:
        self.properties: dict[str, list[str]] = {}
        self._open: list[str] = []
        self._texts: list[str] = []
        self._count = self._length = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise _Stopped
        if name == f"{_RDF} Description" and self._open and self._open[-1] == f"{_RDF} RDF":
            for key, value in attributes.items():
                self._add(key, value)
        self._open.append(name)
        self._texts.clear()

    def end(self, name: str) -> None:
        place = self._place()
        if place is not None:
            self._add(place, "".join(self._texts))
        self._texts.clear()
        self._open.pop()

    def text(self, text: str) -> None:
        self._length += len(text)
        if self._length > _LONGEST:
            raise _Stopped
        self._texts.append(text)

    def _place(self) -> str | None:
        """Return the property whose value is the element that is being closed."""
        path = self._open
        if len(path) >= 2 and path[-2] == f"{_RDF} Description":
            return path[-1]
        in_list = len(path) >= 4 and path[-1] == f"{_RDF} li" and path[-2] in _LISTS
        return path[-3] if in_list and path[-4] == f"{_RDF} Description" else None

    def _add(self, name: str, value: str) -> None:
        space, _, word = name.rpartition(" ")
        short = _SHORT.get(space)
        if short is None or not value.strip():
            return
        self._count += 1
        if self._count > _MOST_VALUES:
            raise _Stopped
        self.properties.setdefault(f"{short}:{word}", []).append(value.strip())


class XmpReader(FactReader):
    id = "xmp"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        properties = xmp_properties(embedded.xmp) if embedded.xmp else {}
        if not properties:
            return None
        facts = [
            *described(
                title=_first(properties, "dc:title", "photoshop:Headline"),
                description=_first(properties, "dc:description"),
                keywords=properties.get("dc:subject")
                or properties.get("lr:hierarchicalSubject")
                or properties.get("digiKam:TagsList", ()),
                creators=properties.get("dc:creator", ()),
                rights=_first(properties, "dc:rights"),
                rating=_first(properties, "xmp:Rating"),
            ),
            *_shot(properties),
        ]
        source = _first(properties, "Iptc4xmpExt:DigitalSourceType")
        if source:
            facts.append(known_fact("origin", source.rstrip("/").rsplit("/", 1)[-1]))
        created = next((when for name in _DATES if (when := moment(_first(properties, name))) is not None), None)
        return Facts(tuple(facts), created=created) if facts or created is not None else None


def _shot(properties: Properties) -> Iterator[Fact]:
    yield from gear(
        _first(properties, "tiff:Make") or "",
        _first(properties, "tiff:Model") or "",
        _first(properties, "exifEX:LensModel", "aux:Lens") or "",
        _first(properties, "xmp:CreatorTool") or "",
    )
    yield from exposure(
        seconds=_number(properties, "exif:ExposureTime"),
        aperture=_number(properties, "exif:FNumber"),
        iso=_number(properties, "exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings"),
        focal=_number(properties, "exif:FocalLength"),
        bias=_number(properties, "exif:ExposureBiasValue"),
    )
    yield from place(_degrees(properties, "exif:GPSLatitude", "S"), _degrees(properties, "exif:GPSLongitude", "W"))
    yield from altitude(_number(properties, "exif:GPSAltitude"), _first(properties, "exif:GPSAltitudeRef") == "1")


def _degrees(properties: Properties, name: str, negative: str) -> float | None:
    """Return degrees from `33,51.4S` or `33,51,24S`, as in the standard, or from a decimal number."""
    text = (_first(properties, name) or "").strip()
    match = _DEGREES.fullmatch(text)
    if match is None:
        return float(text) if _DECIMAL.fullmatch(text) else None
    value = sum(float(part or 0) / 60.0**place for place, part in enumerate(match.groups()[:3]))
    return -value if match[4] == negative else value


def _number(properties: Properties, *names: str) -> float | None:
    """Return the value of a number or a fraction."""
    match = _RATIO.fullmatch((_first(properties, *names) or "").strip())
    if match is None or match[2] is not None and not int(match[2]):
        return None
    value = float(match[1]) / int(match[2] or 1)
    return value if math.isfinite(value) else None


def _first(properties: Properties, *names: str) -> str | None:
    return next((value for name in names for value in properties.get(name, ()) if value.strip()), None)

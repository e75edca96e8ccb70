"""The reader of XMP packets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from ..plugins.contracts import FactReader
from ..types import Embedded, Fact, Facts
from .camera import altitude, exposure, gear, place
from .described import described, moment
from .facts import known_fact
from .xmp_packet import xmp_properties

_DATES = ("photoshop:DateCreated", "exif:DateTimeOriginal", "xmp:CreateDate", "exif:GPSTimeStamp")
_DEGREES = re.compile(r"(\d{1,3})(?:,(\d{1,2}(?:\.\d{1,12})?))?(?:,(\d{1,2}(?:\.\d{1,12})?))?\s*([NSEW])")
_DECIMAL = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,15})?)")
_RATIO = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,12})?)(?:/(\d{1,12}))?")

Properties = Mapping[str, tuple[str, ...]]


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

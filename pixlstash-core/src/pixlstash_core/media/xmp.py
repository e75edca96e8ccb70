"""Reads XMP packets: what people, archives, phones and some tools wrote beside the picture."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from ..plugins.contracts import FactReader
from ..types import Embedded, Fact, Facts
from .camera import altitude, exposure, gear, place
from .described import GROUP, described, moment
from .packet import properties
from .texts import fact

_DATES = ("photoshop:DateCreated", "exif:DateTimeOriginal", "xmp:CreateDate", "exif:GPSTimeStamp")
_DEGREES = re.compile(r"(\d{1,3})(?:,(\d{1,2}(?:\.\d{1,12})?))?(?:,(\d{1,2}(?:\.\d{1,12})?))?\s*([NSEW])")
_DECIMAL = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,15})?)")
_RATIO = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,12})?)(?:/(\d{1,12}))?")

Found = Mapping[str, tuple[str, ...]]


class XmpReader(FactReader):
    id = "xmp"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        found = properties(embedded.xmp) if embedded.xmp else {}
        if not found:
            return None
        facts = [
            *described(
                title=_first(found, "dc:title", "photoshop:Headline"),
                description=_first(found, "dc:description"),
                keywords=found.get("dc:subject")
                or found.get("lr:hierarchicalSubject")
                or found.get("digiKam:TagsList", ()),
                creators=found.get("dc:creator", ()),
                rights=_first(found, "dc:rights"),
                rating=_first(found, "xmp:Rating"),
            ),
            *_shot(found),
        ]
        source = _first(found, "Iptc4xmpExt:DigitalSourceType")
        if source:
            facts.append(fact(GROUP, "origin", source.rstrip("/").rsplit("/", 1)[-1]))
        created = next((when for name in _DATES if (when := moment(_first(found, name))) is not None), None)
        return Facts(tuple(facts), created=created) if facts or created is not None else None


def _shot(found: Found) -> Iterator[Fact]:
    yield from gear(
        _first(found, "tiff:Make") or "",
        _first(found, "tiff:Model") or "",
        _first(found, "exifEX:LensModel", "aux:Lens") or "",
        _first(found, "xmp:CreatorTool") or "",
    )
    yield from exposure(
        seconds=_number(found, "exif:ExposureTime"),
        aperture=_number(found, "exif:FNumber"),
        iso=_number(found, "exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings"),
        focal=_number(found, "exif:FocalLength"),
        bias=_number(found, "exif:ExposureBiasValue"),
    )
    yield from place(_degrees(found, "exif:GPSLatitude", "S"), _degrees(found, "exif:GPSLongitude", "W"))
    yield from altitude(_number(found, "exif:GPSAltitude"), _first(found, "exif:GPSAltitudeRef") == "1")


def _degrees(found: Found, name: str, negative: str) -> float | None:
    """From `33,51.4S` or `33,51,24S` as the standard has it, or from the decimal number that some write."""
    text = (_first(found, name) or "").strip()
    match = _DEGREES.fullmatch(text)
    if match is None:
        return float(text) if _DECIMAL.fullmatch(text) else None
    value = sum(float(part or 0) / 60.0**place for place, part in enumerate(match.groups()[:3]))
    return -value if match[4] == negative else value


def _number(found: Found, *names: str) -> float | None:
    """A number or a fraction."""
    match = _RATIO.fullmatch((_first(found, *names) or "").strip())
    if match is None or match[2] is not None and not int(match[2]):
        return None
    value = float(match[1]) / int(match[2] or 1)
    return value if math.isfinite(value) else None


def _first(found: Found, *names: str) -> str | None:
    return next((value for name in names for value in found.get(name, ()) if value.strip()), None)

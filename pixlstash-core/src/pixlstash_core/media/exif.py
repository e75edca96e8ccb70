"""Reads what cameras write: EXIF."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone

from ..contracts import FactReader
from ..types import Embedded, Fact, Facts
from .texts import CAMERA, fact
from .tiff import Tags, Value, number

_DATE = re.compile(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
# date, time zone, fraction of a second: when taken, when digitised; `main` has when last changed
_TAKEN = ((0x9003, 0x9011, 0x9291), (0x9004, 0x9012, 0x9292))
_CHANGED = (0x0132, 0x9010, 0x9290)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}", re.IGNORECASE)


class ExifReader(FactReader):
    """Camera, lens, exposure, place and time."""

    id = "exif"
    revision = "1"

    def read(self, embedded: Embedded) -> Facts | None:
        if not embedded.exif:
            return None
        tags = Tags(embedded.exif)
        facts = [one for one in (*_gear(tags), *_exposure(tags.exif), _place(tags.gps)) if one is not None]
        created = _created(tags)
        return Facts(tuple(facts), created=created) if facts or created is not None else None


def _gear(tags: Tags) -> list[Fact | None]:
    make, model, lens = _name(tags.main, 0x010F), _name(tags.main, 0x0110), _name(tags.exif, 0xA434)
    if make and model and make.split()[0].lower() not in model.lower().split():
        camera = f"{make} {model}"
    else:
        camera = model or make
    tool = _name(tags.main, 0x0131)
    if _UUID.fullmatch(tool) or not re.search("[A-Za-z]{3}", tool):  # phones write their system's bare version
        tool = ""
    named = (("camera", camera), ("lens", lens), ("tool", tool))
    return [fact(CAMERA, name, value) if value else None for name, value in named]


def _exposure(exif: dict[int, Value]) -> list[Fact | None]:
    shutter, aperture = number(exif.get(0x829A)), number(exif.get(0x829D))
    iso, focal = number(exif.get(0x8827)), number(exif.get(0x920A))
    return [
        fact(CAMERA, "shutter", _seconds(shutter), shutter) if shutter and 0 < shutter < 1e6 else None,
        fact(CAMERA, "aperture", f"f/{aperture:.3g}", aperture) if aperture and 0 < aperture < 1e4 else None,
        fact(CAMERA, "iso", f"{iso:.0f}", iso) if iso and 0 < iso < 1e9 else None,
        fact(CAMERA, "focal", f"{focal:.4g} mm", focal) if focal and 0 < focal < 1e5 else None,
    ]


def _seconds(seconds: float) -> str:
    return f"1/{1 / seconds:.0f} s" if seconds < 0.3 else f"{seconds:.3g} s"


def _place(gps: dict[int, Value]) -> Fact | None:
    latitude, longitude = _degrees(gps, 1, "S", 90), _degrees(gps, 3, "W", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return fact(CAMERA, "place", f"{latitude:.5f}, {longitude:.5f}")


def _degrees(gps: dict[int, Value], tag: int, negative: str, most: int) -> float | None:
    parts = gps.get(tag + 1)
    if not isinstance(parts, tuple) or not parts:
        return None
    # Receivers leave out minutes or seconds, or write them as 0/0.
    finite = [part if math.isfinite(part) else 0.0 for part in parts[:3]]
    value = sum((part / 60.0**place for place, part in enumerate(finite)), 0.0)
    if not math.isfinite(parts[0]) or not 0 <= value <= most:
        return None
    return -value if _name(gps, tag).upper().startswith(negative) else value


def _created(tags: Tags) -> int | None:
    """ms UTC. Without a time zone the camera's clock is taken for UTC: the same everywhere, if hours off."""
    for date, zone, fraction in _TAKEN:
        found = _moment(tags.exif.get(date), tags.exif.get(zone), tags.exif.get(fraction))
        if found is not None:
            return found
    date, zone, fraction = _CHANGED
    return _moment(tags.main.get(date), tags.exif.get(zone), tags.exif.get(fraction))


def _moment(date: Value | None, zone: Value | None, fraction: Value | None) -> int | None:
    match = _DATE.match(date.strip()) if isinstance(date, str) else None
    if match is None:
        return None
    try:
        moment = datetime(*map(int, match.groups()), tzinfo=_zone(zone))  # type: ignore[arg-type, misc]
    except ValueError:
        return None
    if not 1826 <= moment.year <= 2200:
        return None
    digits = re.match(r"\d{1,3}", fraction.strip()) if isinstance(fraction, str) else None
    return int(moment.timestamp()) * 1000 + (int(digits.group().ljust(3, "0")) if digits else 0)


def _zone(value: Value | None) -> timezone:
    match = _OFFSET.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return UTC
    minutes = min(int(match[2]) * 60 + int(match[3]), 24 * 60 - 1)
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def _name(tags: dict[int, Value], tag: int) -> str:
    """A text tag fit to be a name: some tools put whole workflows where the camera's name belongs."""
    value = tags.get(tag)
    if not isinstance(value, str) or "{" in value[:64]:
        return ""
    return " ".join(value.replace("\0", " ").split())

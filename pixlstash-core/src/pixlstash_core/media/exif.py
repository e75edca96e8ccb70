"""Reads what cameras write: EXIF."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from ..contracts import FactReader
from ..types import Embedded, Fact, Facts
from .described import described, program
from .texts import CAMERA, fact
from .tiff import Tags, Value, number

_DATE = re.compile(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
# date, time zone, fraction of a second: when taken, when digitised; `main` has when last changed
_TAKEN = ((0x9003, 0x9011, 0x9291), (0x9004, 0x9012, 0x9292))
_CHANGED = (0x0132, 0x9010, 0x9290)
_DATA = re.compile(r"\0|\s*(\w{1,40}:\s*)?[{\[]")
_QUARTER, _CLOSE = 15 * 60_000, 4 * 60_000


class ExifReader(FactReader):
    """Camera, lens, exposure, place, time, and what was written about the picture."""

    id = "exif"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        if not embedded.exif:
            return None
        tags = Tags(embedded.exif)
        found = (*_gear(tags), *_exposure(tags.exif), _place(tags.gps), _altitude(tags.gps), *_described(tags))
        facts = [one for one in found if one is not None]
        created = _created(tags)
        return Facts(tuple(facts), created=created) if facts or created is not None else None


def _gear(tags: Tags) -> list[Fact | None]:
    make, model = _name(tags.main, 0x010F), _name(tags.main, 0x0110)
    lens = _name(tags.exif, 0xA434) or _lens(tags.exif.get(0xA432))
    if make and model and make.split()[0].lower() not in model.lower().split():
        camera = f"{make} {model}"
    else:
        camera = model or make
    named = (("camera", camera), ("lens", lens), ("tool", program(_name(tags.main, 0x0131))))
    return [fact(CAMERA, name, value) if value else None for name, value in named]


def _lens(value: Value | None) -> str:
    """From the shortest and longest focal length and the widest apertures there, for lenses that have no name."""
    if not isinstance(value, tuple) or len(value) < 4 or not 0 < value[0] <= value[1] < 1e5:
        return ""
    focal = f"{value[0]:.4g}" if value[0] == value[1] else f"{value[0]:.4g}-{value[1]:.4g}"
    apertures = dict.fromkeys(f"{one:.3g}" for one in value[2:4] if 0 < one < 1e3)
    return f"{focal} mm" + (f" f/{'-'.join(apertures)}" if apertures else "")


def _described(tags: Tags) -> Iterator[Fact]:
    main = tags.main
    text = main.get(0x010E)
    if isinstance(text, str) and ("Steps: " in text or _DATA.match(text)):  # a generator's, read elsewhere
        text = None
    creator = _name(main, 0x013B)
    return described(
        title=_windows(main.get(0x9C9B)),
        description=text,
        keywords=_windows(main.get(0x9C9E)).split(";"),
        creators=creator.split(";"),
        rights=_name(main, 0x8298),
        rating=number(main.get(0x4746)),
    )


def _windows(value: Value | None) -> str:
    return value[:8_192].decode("utf-16-le", "replace").rstrip("\0") if isinstance(value, bytes) else ""


def _exposure(exif: dict[int, Value]) -> list[Fact | None]:
    shutter, aperture = number(exif.get(0x829A)), number(exif.get(0x829D))
    iso, focal = number(exif.get(0x8827)) or number(exif.get(0x8833)), number(exif.get(0x920A))
    bias, flash = number(exif.get(0x9204)), number(exif.get(0x9209))
    return [
        fact(CAMERA, "shutter", _seconds(shutter), shutter) if shutter and 0 < shutter < 1e6 else None,
        fact(CAMERA, "aperture", f"f/{aperture:.3g}", aperture) if aperture and 0 < aperture < 1e4 else None,
        fact(CAMERA, "iso", f"{iso:.0f}", iso) if iso and 0 < iso < 1e9 else None,
        fact(CAMERA, "focal", f"{focal:.4g} mm", focal) if focal and 0 < focal < 1e5 else None,
        fact(CAMERA, "bias", f"{bias:+.2g} EV", bias) if bias and abs(bias) < 100 else None,
        fact(CAMERA, "flash", "fired") if flash is not None and int(flash) & 1 else None,
    ]


def _seconds(seconds: float) -> str:
    return f"1/{1 / seconds:.0f} s" if seconds < 0.3 else f"{seconds:.3g} s"


def _place(gps: dict[int, Value]) -> Fact | None:
    latitude, longitude = _degrees(gps, 1, "S", 90), _degrees(gps, 3, "W", 180)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return fact(CAMERA, "place", f"{latitude:.5f}, {longitude:.5f}")


def _altitude(gps: dict[int, Value]) -> Fact | None:
    metres, below = number(gps.get(6)), number(gps.get(5))
    if not metres or not 0 < metres < 1e5:
        return None
    metres = -metres if below in (1, 3) else metres
    return fact(CAMERA, "altitude", f"{metres:.0f} m", metres)


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
    """ms UTC. Without a time zone, or satellites that told the time just then, the camera's clock is taken for UTC:
    the same everywhere, if hours off."""
    for date, zone, fraction in _TAKEN:
        found = _moment(tags.exif.get(date), tags.exif.get(zone), tags.exif.get(fraction))
        if found is not None:
            return found if isinstance(tags.exif.get(zone), str) else found - _ahead(found, tags.gps)
    date, zone, fraction = _CHANGED
    found = _moment(tags.main.get(date), tags.exif.get(zone), tags.exif.get(fraction))
    return _satellites(tags.gps) if found is None else found


def _ahead(clock: int, gps: dict[int, Value]) -> int:
    """How far a clock without time zone is ahead of UTC in ms, by the satellites' time; zones are quarters of hours."""
    utc = _satellites(gps)
    quarters = round((clock - utc) / _QUARTER) if utc is not None else 0
    close = utc is not None and abs(clock - utc - quarters * _QUARTER) <= _CLOSE
    return quarters * _QUARTER if close and abs(quarters) <= 14 * 4 else 0


def _satellites(gps: dict[int, Value]) -> int | None:
    """The time of the fix, ms UTC."""
    parts = gps.get(7)
    if not isinstance(parts, tuple) or len(parts) < 3 or not all(0 <= part <= 60 for part in parts[:3]):
        return None
    hours, minutes, seconds = (int(part) for part in parts[:3])
    return _moment(f"{_name(gps, 0x1D)} {hours:02}:{minutes:02}:{seconds:02}", None, None)


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

"""The reader of EXIF."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from ..plugins.contracts import FactReader
from ..types import Embedded, Fact, Facts
from .facts import altitude, described, exposure, gear, place
from .tiff import Tags, Value, number

_DATE = re.compile(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?\s?([+-]\d\d:?\d\d|Z)?")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)|Z")
_DIGITS = re.compile(r"\d{1,3}")
_FARTHEST = 14 * 60  # minutes a time zone is ahead
# date, time zone, fraction of a second: when taken, when digitised; `main` has when last changed
_TAKEN = ((0x9003, 0x9011, 0x9291), (0x9004, 0x9012, 0x9292))
_CHANGED = (0x0132, 0x9010, 0x9290)
_QUARTER, _CLOSE = 15 * 60_000, 4 * 60_000


class ExifReader(FactReader):
    """Reads camera, lens, exposure, place, time, and descriptions."""

    id = "exif"
    revision = "3"

    def read(self, embedded: Embedded) -> Facts | None:
        if not embedded.exif:
            return None
        tags = Tags(embedded.exif)
        facts = (*_gear(tags), *_exposure(tags.exif), *_place(tags.gps), *_described(tags))
        created = _created(tags)
        return Facts(facts, created=created) if facts or created is not None else None


def _gear(tags: Tags) -> Iterator[Fact]:
    lens = _name(tags.exif, 0xA434) or _lens(tags.exif.get(0xA432))
    return gear(_name(tags.main, 0x010F), _name(tags.main, 0x0110), lens, _name(tags.main, 0x0131))


def _lens(value: Value | None) -> str:
    """Name a lens by its focal lengths and widest apertures, for files without the lens's name."""
    if not isinstance(value, tuple) or len(value) < 4 or not 0 < value[0] <= value[1] < 1e5:
        return ""
    focal = f"{value[0]:.4g}" if value[0] == value[1] else f"{value[0]:.4g}-{value[1]:.4g}"
    apertures = dict.fromkeys(f"{aperture:.3g}" for aperture in value[2:4] if 0 < aperture < 1e3)
    return f"{focal} mm" + (f" f/{'-'.join(apertures)}" if apertures else "")


def _described(tags: Tags) -> Iterator[Fact]:
    main = tags.main
    creator = _name(main, 0x013B)
    return described(
        title=_windows(main.get(0x9C9B)),
        description=main.get(0x010E),
        keywords=_windows(main.get(0x9C9E)).split(";"),
        creators=creator.split(";"),
        rights=_name(main, 0x8298),
        rating=number(main.get(0x4746)),
    )


def _windows(value: Value | None) -> str:
    return value[:8_192].decode("utf-16-le", "replace").rstrip("\0") if isinstance(value, bytes) else ""


def _exposure(exif: dict[int, Value]) -> Iterator[Fact]:
    flash = number(exif.get(0x9209))
    return exposure(
        seconds=number(exif.get(0x829A)),
        aperture=number(exif.get(0x829D)),
        iso=number(exif.get(0x8827)) or number(exif.get(0x8833)),
        focal=number(exif.get(0x920A)),
        bias=number(exif.get(0x9204)),
        fired=flash is not None and bool(int(flash) & 1),
    )


def _place(gps: dict[int, Value]) -> Iterator[Fact]:
    yield from place(_degrees(gps, 1, "S", 90), _degrees(gps, 3, "W", 180))
    yield from altitude(number(gps.get(6)), number(gps.get(5)) in (1, 3))


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
    """Return when it was taken, in ms UTC.

    Without a time zone or a GPS time, the camera's clock is taken for UTC, so that the result does not depend on where
    the library is.
    """
    for date, zone, fraction in _TAKEN:
        taken = _moment(tags.exif.get(date), tags.exif.get(zone), tags.exif.get(fraction))
        if taken is not None:
            at, zoned = taken
            return at if zoned else at - _ahead(at, tags.gps)
    date, zone, fraction = _CHANGED
    changed = _moment(tags.main.get(date), tags.exif.get(zone), tags.exif.get(fraction))
    return _satellites(tags.gps) if changed is None else changed[0]


def _ahead(clock: int, gps: dict[int, Value]) -> int:
    """Return how far a clock without time zone is ahead of GPS time, in ms, rounded to quarters of an hour."""
    utc = _satellites(gps)
    quarters = round((clock - utc) / _QUARTER) if utc is not None else 0
    close = utc is not None and abs(clock - utc - quarters * _QUARTER) <= _CLOSE
    return quarters * _QUARTER if close and abs(quarters) * 15 <= _FARTHEST else 0


def _satellites(gps: dict[int, Value]) -> int | None:
    """Return the time of the GPS fix in ms UTC."""
    parts = gps.get(7)
    if not isinstance(parts, tuple) or len(parts) < 3 or not all(0 <= part <= 60 for part in parts[:3]):
        return None
    hours, minutes, seconds = (int(part) for part in parts[:3])
    fix = _moment(f"{_name(gps, 0x1D)} {hours:02}:{minutes:02}:{seconds:02}", None, None)
    return None if fix is None else fix[0]


def _moment(date: Value | None, zone: Value | None, fraction: Value | None) -> tuple[int, bool] | None:
    """Return (ms UTC, whether a time zone was given). Some programs append fraction and zone to the date itself."""
    match = _DATE.match(date.strip()) if isinstance(date, str) else None
    if match is None:
        return None
    *clock, inline_fraction, inline_zone = match.groups()
    ahead = _zone(inline_zone) or _zone(zone)
    try:
        moment = datetime(*map(int, clock), tzinfo=ahead or UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return None
    if not 1826 <= moment.year <= 2200:
        return None
    digits = _DIGITS.match(inline_fraction or (fraction.strip() if isinstance(fraction, str) else ""))
    return int(moment.timestamp()) * 1000 + (int(digits[0].ljust(3, "0")) if digits else 0), ahead is not None


def _zone(value: Value | None) -> timezone | None:
    match = _OFFSET.fullmatch(value.strip("\0 ")) if isinstance(value, str) else None
    if match is None:  # some cameras write blanks
        return None
    if match[1] is None:
        return UTC
    minutes = int(match[2]) * 60 + int(match[3])
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes)) if minutes <= _FARTHEST else None


def _name(tags: dict[int, Value], tag: int) -> str:
    """Return a text tag as a name, or "": some tools write whole workflows into the camera's name."""
    value = tags.get(tag)
    if not isinstance(value, str) or "{" in value[:64]:
        return ""
    return " ".join(value.replace("\0", " ").split())

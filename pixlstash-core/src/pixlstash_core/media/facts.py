"""Facts that every library knows: of the camera, the place, titles, keywords, creators and Content Credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from ..types import Fact, Facts
from ..types.files import GENERATION, HEADINGS
from .text_cleaning import VALUE_LENGTH, one_line, repaired

_KNOWN = {fact.name: (heading, fact.label) for heading, row in HEADINGS.items() for fact in row}
_MOST_KEYWORDS = 64
_MOST_CREATORS = 8
_MOMENT = re.compile(
    r"(\d{4})[-:/](\d\d)[-:/](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?"
)
# Placeholders that cameras and programs write into these fields.
_NOTHING = re.compile(
    r"\s*(\w+ DIGITAL CAMERA|SONY DSC|DCIM\w*|DSC|MINOLTA \w+|KODAK \w+ ?\w*|Untitled|default|Created with GIMP)?\s*"
)
# Data that generators write into a description; the readers of their dialects turn it into prompts.
_GENERATED = re.compile(r"\0|\s*(\w{1,40}:\s*)?[{\[]")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}", re.IGNORECASE)
# The start of a C2PA manifest store: a JUMBF description box and its type. The bytes are the same in every container
# and never compressed.
_MARK = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
# IPTC's digital source types for pictures that a model made, entirely or in part.
_MADE = (
    (b"trainedAlgorithmicMedia", "made by AI, says its credential"),
    (b"compositeWithTrainedAlgorithmicMedia", "made with AI in part, says its credential"),
)
_MOST = 64 << 20
_REACH = 1 << 20


def known_fact(name: str, value: str, number: float | None = None, *, group: str = "") -> Fact:
    """Return a fact with a known name (`model`, `camera`, …), its label, and its usual heading unless `group` is given.

    The value becomes one line of at most `VALUE_LENGTH` printable characters.
    """
    heading, label = _KNOWN[name]
    if (group or heading) == GENERATION:
        value = repaired(value[:VALUE_LENGTH])  # before control characters, which may be a part of it, are removed
    return Fact(group or heading, name, label, one_line(value), number)


def described(
    *,
    title: object = None,
    description: object = None,
    keywords: Iterable[object] = (),
    creators: Iterable[object] = (),
    rights: object = None,
    rating: object = None,
) -> Iterator[Fact]:
    """Yield the facts of these fields. Values of the wrong type, and placeholders, are left out."""
    for name, text in (("title", title), ("description", description), ("copyright", rights)):
        if isinstance(text, str) and text.strip() and not _NOTHING.fullmatch(text[:80]) and not is_generated(text):
            yield known_fact(name, text)
    for name, texts, most in (("keyword", keywords, _MOST_KEYWORDS), ("creator", creators, _MOST_CREATORS)):
        fit = dict.fromkeys(text.strip() for text in texts if isinstance(text, str) and text.strip())
        for text in list(fit)[:most]:
            yield known_fact(name, text)
    stars = _stars(rating)
    if stars:  # 0: not rated
        yield known_fact("rating", str(stars), float(stars))


def _stars(rating: object) -> int:
    """Return 1 to 5, -1 for rejected, or 0 for any other value."""
    try:
        number = float(rating) if isinstance(rating, str | int | float) else 0.0
    except (ValueError, OverflowError):
        return 0
    return int(number) if number in (-1, 1, 2, 3, 4, 5) else 0


def is_generated(text: str) -> bool:
    """Return whether a description is in fact the data of a generator."""
    return _GENERATED.match(text) is not None or "\nSteps: " in text or text.startswith("Steps: ")


def program(name: str) -> str:
    """Return a program's name, or "" for a bare version number, as phones write, or a UUID, as some sites do."""
    return "" if _UUID.fullmatch(name) or not re.search("[A-Za-z]{3}", name) else name


def moment(text: object) -> int | None:
    """Return an ISO or EXIF date in ms UTC. Without a time zone it is taken as UTC, without a time as noon."""
    match = _MOMENT.match(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    stamp = f"{year}-{month}-{day}T{hour or '12'}:{minute or '00'}:{second or '00'}"
    try:
        date = datetime.fromisoformat(stamp + (zone or "+00:00").replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not 1826 <= date.year <= 2200:
        return None
    return int(date.timestamp()) * 1000 + int((fraction or "0")[:3].ljust(3, "0"))


def gear(make: str, model: str, lens: str, tool: str) -> Iterator[Fact]:
    """Yield camera, lens and program; "" means unknown. The maker is left out if the model contains it."""
    camera = f"{make} {model}" if make and model and make.split()[0].lower() not in model.lower().split() else model
    for name, value in (("camera", camera or make), ("lens", lens), ("tool", program(tool))):
        if value:
            yield known_fact(name, value, group="Camera")


def exposure(
    *,
    seconds: float | None,
    aperture: float | None,
    iso: float | None,
    focal: float | None,
    bias: float | None,
    fired: bool = False,
) -> Iterator[Fact]:
    """Yield the facts of an exposure; impossible numbers are left out. `focal` is in mm, `bias` in stops."""
    if seconds and 0 < seconds < 1e6:
        yield known_fact("exposure", f"1/{1 / seconds:.0f} s" if seconds < 0.3 else f"{seconds:.3g} s", seconds)
    if aperture and 0 < aperture < 1e4:
        yield known_fact("aperture", f"f/{aperture:.3g}", aperture)
    if iso and 0 < iso < 1e9:
        yield known_fact("iso", f"{iso:.0f}", iso)
    if focal and 0 < focal < 1e5:
        yield known_fact("focal", f"{focal:.4g} mm", focal)
    if bias and abs(bias) < 100:
        yield known_fact("bias", f"{bias:+.2g} EV", bias)
    if fired:
        yield known_fact("flash", "fired")


def place(latitude: float | None, longitude: float | None) -> Iterator[Fact]:
    """Yield the place, in degrees north and east; (0, 0) is what receivers without a fix write."""
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return
    if abs(latitude) <= 90 and abs(longitude) <= 180:
        yield known_fact("place", f"{latitude:.5f}, {longitude:.5f}")


def altitude(meters: float | None, below: bool) -> Iterator[Fact]:
    """Yield the altitude; `below`: below sea level."""
    if meters and 0 < meters < 1e5:
        meters = -meters if below else meters
        yield known_fact("altitude", f"{meters:.0f} m", meters)


def credentials(file: BinaryIO) -> Facts:
    """Return the facts from the first 64 MiB of a file, which must be at its start."""
    data = file.read(_MOST)
    at = data.find(_MARK)
    if at < 0:
        return Facts()
    facts = [known_fact("c2pa", "present, not verified", group="Origin")]
    for mark, origin in _MADE:
        if data.find(mark, at, at + _REACH) >= 0:
            facts.append(known_fact("origin", origin, group="Origin"))
            break
    return Facts(tuple(facts))

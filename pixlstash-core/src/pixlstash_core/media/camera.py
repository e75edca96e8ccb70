"""Facts about the camera, the exposure and the place, with the same names for EXIF, XMP and videos."""

from __future__ import annotations

from collections.abc import Iterator

from ..types import Fact
from .described import program
from .facts import known_fact


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

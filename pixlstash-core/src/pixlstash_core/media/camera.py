"""What a camera says about itself and a shot, as facts: the same whether EXIF, XMP or a video says it."""

from __future__ import annotations

from collections.abc import Iterator

from ..types import Fact
from .described import program
from .texts import CAMERA, fact


def gear(make: str, model: str, lens: str, tool: str) -> Iterator[Fact]:
    """Camera, lens and program; empty where there is none. The maker is left out where the model names it."""
    camera = f"{make} {model}" if make and model and make.split()[0].lower() not in model.lower().split() else model
    for name, value in (("camera", camera or make), ("lens", lens), ("tool", program(tool))):
        if value:
            yield fact(CAMERA, name, value)


def exposure(
    *,
    seconds: float | None,
    aperture: float | None,
    iso: float | None,
    focal: float | None,
    bias: float | None,
    fired: bool = False,
) -> Iterator[Fact]:
    """Numbers may be anything finite: what cannot be is left out. `focal` in mm, `bias` in stops."""
    if seconds and 0 < seconds < 1e6:
        yield fact(CAMERA, "exposure", f"1/{1 / seconds:.0f} s" if seconds < 0.3 else f"{seconds:.3g} s", seconds)
    if aperture and 0 < aperture < 1e4:
        yield fact(CAMERA, "aperture", f"f/{aperture:.3g}", aperture)
    if iso and 0 < iso < 1e9:
        yield fact(CAMERA, "iso", f"{iso:.0f}", iso)
    if focal and 0 < focal < 1e5:
        yield fact(CAMERA, "focal", f"{focal:.4g} mm", focal)
    if bias and abs(bias) < 100:
        yield fact(CAMERA, "bias", f"{bias:+.2g} EV", bias)
    if fired:
        yield fact(CAMERA, "flash", "fired")


def place(latitude: float | None, longitude: float | None) -> Iterator[Fact]:
    """Degrees north and east; nothing where nobody is: (0, 0) is what receivers write that have no fix."""
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return
    if abs(latitude) <= 90 and abs(longitude) <= 180:
        yield fact(CAMERA, "place", f"{latitude:.5f}, {longitude:.5f}")


def altitude(metres: float | None, below: bool) -> Iterator[Fact]:
    if metres and 0 < metres < 1e5:
        metres = -metres if below else metres
        yield fact(CAMERA, "altitude", f"{metres:.0f} m", metres)

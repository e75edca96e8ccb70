"""What engines may take."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct

from ..errors import Invalid

VARIABLE = "PIXLSTASH_ENGINE_MEMORY"


class Limits(Struct, frozen=True):
    """`result`: seconds to the next result; `load`: seconds to load a model; `idle`: seconds until one that is not used
    is unloaded; `memory`: bytes of main memory (None: no limit is known)."""

    result: float = 300.0
    load: float = 1800.0
    idle: float = 300.0
    memory: int | None = None

    @classmethod
    def chosen(cls, environment: Mapping[str, str]) -> Limits:
        """As PIXLSTASH_ENGINE_MEMORY says, in GiB (default: four fifths of the machine's memory)."""
        text = environment.get(VARIABLE, "").strip()
        if not text:
            return cls(memory=_installed() * 4 // 5 or None)
        try:
            gib = float(text)
        except ValueError:
            gib = 0.0
        if not 0 < gib < 1e6:
            raise Invalid(f"{VARIABLE}={text} is no number of GiB.")
        return cls(memory=int(gib * (1 << 30)))


def _installed() -> int:
    """Bytes of main memory; 0 where the platform does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0


def resident(process: int) -> int | None:
    """Bytes of main memory a process holds, or None where the platform does not say."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None

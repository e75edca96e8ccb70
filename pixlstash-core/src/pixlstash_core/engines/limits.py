"""Limits of time and memory for engines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from ..errors import Invalid

VARIABLE = "PIXLSTASH_ENGINE_MEMORY"


class Limits(Struct, frozen=True):
    """Limits for an engine's process. `result`: seconds until the next result; `load`: seconds to load a model; `idle`:
    seconds until an unused model is unloaded; `memory`: bytes of main memory (None: unlimited).
    """

    result: float = 300.0
    load: float = 1800.0
    idle: float = 300.0
    memory: int | None = None

    @classmethod
    def chosen(cls, environment: Mapping[str, str]) -> Limits:
        """Return the limits; memory is PIXLSTASH_ENGINE_MEMORY in GiB, or else four fifths of the available memory."""
        text = environment.get(VARIABLE, "").strip()
        if not text:
            return cls(memory=available() * 4 // 5 or None)
        try:
            gib = float(text)
        except ValueError:
            gib = 0.0
        if not 0 < gib < 1e6:
            raise Invalid(f"{VARIABLE}={text} is no number of GiB.")
        return cls(memory=int(gib * (1 << 30)))


def available(process: Path = Path("/proc/self")) -> int:
    """Return the bytes of main memory available to this process, in its container if that is less; 0 if unknown."""
    sizes = [size for size in (_installed(), *_granted(process)) if size]
    return min(sizes, default=0)


def _granted(process: Path) -> list[int]:
    """Return the memory limits in bytes of a process's control groups (versions 1 and 2) and of their parents."""
    try:
        groups = [line.split(":", 2) for line in (process / "cgroup").read_text("utf-8").splitlines()]
        mounts = [line.split() for line in (process / "mountinfo").read_text("utf-8").splitlines()]
    except (OSError, ValueError):  # no Linux
        return []
    limits: list[int] = []
    for _, controllers, path in (group for group in groups if len(group) == 3):
        kind = "cgroup2" if not controllers else "cgroup" if "memory" in controllers.split(",") else ""
        for mount in (mount for mount in mounts if kind and _is_of(mount, kind)):
            top = PurePosixPath(mount[4].replace("\\040", " "))
            # In a container, the path may be that of the host, of which only the part below `mount[3]` is mounted.
            inside = path[len(mount[3]) :] if f"{path}/".startswith(f"{mount[3]}/") else path
            own = top / inside.strip("/") if ".." not in inside else top
            name = "memory.max" if kind == "cgroup2" else "memory.limit_in_bytes"
            around = [own, *(parent for parent in own.parents if parent.is_relative_to(top))]
            limits += [limit for group in around if (limit := _number(Path(group / name)))]
    return limits


def _is_of(mount: list[str], kind: str) -> bool:
    """Return whether a line of mountinfo is a mount of this kind: ` - ` is followed by type, source and options."""
    if "-" not in mount[6:]:
        return False
    type_, _, *options = mount[mount.index("-", 6) + 1 :]
    return type_ == kind and (kind == "cgroup2" or "memory" in ",".join(options).split(","))


def _number(path: Path) -> int:
    """Return the number in a control group's file; 0 if it is missing or not a number (`max`)."""
    try:
        return int(path.read_bytes())
    except (OSError, ValueError):
        return 0


def _installed() -> int:
    """Return the bytes of main memory; 0 if the platform does not provide it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0


def resident(process: int) -> int | None:
    """Return the bytes of main memory that a process uses; None if the platform does not provide it."""
    try:
        with open(f"/proc/{process}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None

"""Limits of time, memory, and printed text of engines' processes, and their folder for decoded pixels."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from statistics import median
from typing import BinaryIO

from msgspec import Struct

from ..errors import Invalid
from ..storage.files import printable

VARIABLE = "PIXLSTASH_ENGINE_MEMORY"
#: A batch may take so many times what is usual for its images, and at least so many seconds.
FACTOR, LEAST = 20.0, 30.0
#: After a process hung, the first batch of the next one gets this part of the time: it is probably hung again.
AGAIN = 0.2
#: Batches that are remembered.
SAMPLES = 50
#: Bytes that are read at once, and bytes that are stored, at most.
BLOCK, KEPT = 1 << 16, 1 << 15
#: Lines that are returned, and characters of each, at most.
LINES, LONGEST = 30, 4096
#: Bytes that must be free in the folder in memory; it is small in containers.
ROOM = 256 << 20
_MEMORY = Path("/dev/shm")
_OWNER = "library"


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


class BatchTimeout:
    """The durations in one process. `first`: seconds for its first batch, which includes warming up."""

    def __init__(self, first: float) -> None:
        self.first = first
        self._each: deque[float] = deque(maxlen=SAMPLES)

    def note(self, seconds: float, count: int) -> None:
        """Record the duration of a batch of so many images."""
        self._each.append(seconds / max(1, count))

    def limit(self, count: int) -> float:
        """Return the seconds that a batch of so many images may take without progress."""
        if not self._each:
            return self.first
        return max(min(LEAST, self.first), FACTOR * median(self._each) * max(1, count))

    def hurry(self) -> None:
        """Shorten the limits, because the previous process hung."""
        self.first *= AGAIN


class Tail:
    """The end of a stream, stored as bytes and decoded on request."""

    def __init__(self, hidden: Collection[str] = ()) -> None:
        self._hidden = [text for text in hidden if text]
        self._bytes = bytearray()
        self._cut = False

    def follow(self, pipe: BinaryIO) -> None:
        """Read an unbuffered stream to its end."""
        while block := pipe.read(BLOCK):
            self.add(block)

    def add(self, block: bytes) -> None:
        self._bytes += block
        if len(self._bytes) > 4 * KEPT:  # cut rarely, because it copies the rest
            del self._bytes[:-KEPT]
            self._cut = True

    def lines(self) -> list[str]:
        """Return the last lines, without hidden texts and control characters."""
        data = bytes(self._bytes)
        if self._cut:  # the data may begin within a hidden text and within a line
            data = data[max((len(text.encode()) for text in self._hidden), default=0) :]
            _, newline, rest = data.partition(b"\n")
            data = rest if newline else data
        text = data.decode("utf-8", "replace")
        for hidden in self._hidden:
            text = text.replace(hidden, "…")
        return [printable(line.rstrip()[-LONGEST:]) for line in text.splitlines()[-LINES:]]


class Scratch:
    """The temporary folder of one library, created when needed. Creating it deletes those of killed processes."""

    def __init__(self, library: Path, public_id: str) -> None:
        self._library, self._prefix = str(library), f"pixlstash-{public_id[:12]}-"
        self._path: Path | None = None
        self._lock = threading.Lock()

    def path(self) -> Path:
        with self._lock:  # two lanes that begin at once would delete each other's folder
            if self._path is None:
                self._path = self._create()
            return self._path

    def _create(self) -> Path:
        place = _place()
        for left in place.glob(f"{self._prefix}*"):
            with contextlib.suppress(OSError):  # a copied library has the same id; leave its folder
                if (left / _OWNER).read_text("utf-8") == self._library:
                    shutil.rmtree(left, ignore_errors=True)
        path = Path(tempfile.mkdtemp(prefix=self._prefix, dir=place))
        (path / _OWNER).write_text(self._library, "utf-8")
        return path

    def close(self) -> None:
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)
            self._path = None


def _place() -> Path:
    with contextlib.suppress(OSError):
        if shutil.disk_usage(_MEMORY).free > ROOM:
            return _MEMORY
    return Path(tempfile.gettempdir())

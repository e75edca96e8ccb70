"""What every benchmark needs: medians, memory, the machine in words, and the row it leaves in `docs/performance.md`.

`RECORD=1 make bench` writes the rows; without it they are only printed.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
#: Pictures and libraries made once and used by several benchmarks.
KEPT = Path(os.environ.get("PIXLSTASH_BENCH", "/tmp/pixlstash-bench"))


class Figure(NamedTuple):
    """One row of the page. `what` names it; `kept`: whether `measured` is as `promised`."""

    what: str
    promised: str
    measured: str
    floor: str
    kept: bool = True


def report(figures: Sequence[Figure]) -> int:
    """Print the rows, write them if asked to; 1 when a promise is not kept."""
    for figure in figures:
        print(f"{'ok    ' if figure.kept else 'MISSED'}  {figure.what}: {figure.measured}")
        print(f"        promised: {figure.promised}; floor: {figure.floor}", flush=True)
    if os.environ.get("RECORD") == "1":
        _record(figures)
    return 0 if all(figure.kept for figure in figures) else 1


def unmeasured(what: str, reason: str) -> int:
    """Say that nothing was measured because something optional is missing, which is not a missed promise."""
    print(f"SKIPPED {what}: {reason}", flush=True)
    return 0


def _record(figures: Sequence[Figure]) -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    when = f"{machine()}, {datetime.date.today()}"
    for figure in figures:
        mark = "" if figure.kept else "**missed** "
        row = f"| {figure.what} | {figure.promised} | {mark}{figure.measured} | {figure.floor} | {when} |"
        known = [at for at, line in enumerate(lines) if line.startswith(f"| {figure.what} |")]
        if known:
            lines[known[0]] = row
        else:
            lines.insert(1 + max(at for at, line in enumerate(lines) if line.startswith("|")), row)
    PAGE.write_text("\n".join(lines) + "\n", "utf-8")


def machine() -> str:
    """The processor, its cores and how busy they are, so that a figure from a loaded machine shows as such."""
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
        name = found[1] if found else name
    return f"{name} × {os.cpu_count()}, Python {platform.python_version()}, load {load():.1f}{_priority()}"


def _priority() -> str:
    """On a machine that others keep busy a benchmark may be put ahead of them, which its figures have to say."""
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        return " at real-time priority"
    return ""


def load() -> float:
    """Processes running or waiting for a core over the last minute, ours among them."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def median(call: Callable[[], object], rounds: int) -> float:
    """Seconds."""
    return statistics.median(timed(call) for _ in range(rounds))


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms".replace(".0 ", " ") if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this Python anew; its output is in the answer."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done


# --- memory (Linux) ---------------------------------------------------------------------------------------------------


def resident(pid: int) -> int:
    """Bytes of memory a process occupies now; 0 where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) * 1024 if found else 0


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(entry.parent.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


class Peak:
    """The most memory this process and its children occupied together, and this process alone, in bytes."""

    together = alone = 0

    def look(self) -> None:
        own = os.getpid()
        each = {pid: resident(pid) for pid in family(own)}
        self.together = max(self.together, sum(each.values()))
        self.alone = max(self.alone, each.get(own, 0))


@contextlib.contextmanager
def watching_memory(seconds: float = 0.1) -> Iterator[Peak]:
    peak, done = Peak(), threading.Event()

    def watch() -> None:
        while not done.wait(seconds):
            peak.look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()
        peak.look()


def mb(size: float) -> str:
    return f"{size / 1e6:.0f} MB"

"""Runs a worker and kills it, or fails it: at its n-th call of a kind to the system (`strace`), or after a while."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

CALLS = (
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "unlink",
    "unlinkat",
    "mkdir",
)
TESTS = Path(__file__).parent.parent
#: Left in the environment of a worker and of all that it starts, so that what outlives it can be found.
MARK = "PIXLSTASH_FAULTS"


class Kill(NamedTuple):
    """When to kill: at the `nth` such call of any one thread, at a `receipt` of this name, or after `seconds`.

    With `error` nobody is killed: that call fails so instead, once in each thread that comes so far.
    """

    call: str = ""
    nth: int = 0
    seconds: float = 60.0
    receipt: str = ""
    error: str = ""

    def __str__(self) -> str:
        if self.receipt:
            return f"at {self.receipt!r}"
        if self.error:
            return f"{self.error} from {self.call} {self.nth}"
        return f"{self.call} {self.nth}" if self.call else f"{self.seconds * 1000:.0f} ms"


class Ran(NamedTuple):
    """How a worker ended, and the receipts it wrote."""

    killed: bool
    receipts: list[dict[str, Any]]
    error: str


@cache
def why_not() -> str:
    """Why calls cannot be counted here; empty when they can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-qq", "-b", "execve", "-e", "trace=none", "true"], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"strace does not work here: {done.stderr.strip()[:200]}"


def run(verb: str, library: Path, *rest: Path, kill: Kill | None = None, mark: str = "x") -> Ran:
    receipts = library.with_name(f"{library.name}.receipts")
    receipts.unlink(missing_ok=True)
    command = [*_strace(kill), sys.executable, "-m", "faults.worker", verb, str(library), str(receipts)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]), MARK: mark}
    process = subprocess.Popen(
        [*command, *map(str, rest)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=os.name == "posix",
    )
    try:
        if kill and kill.receipt:
            _await(kill.receipt, receipts, process)
            process.kill()
        _, error = process.communicate(timeout=kill.seconds if kill and not kill.call else 120)
    except subprocess.TimeoutExpired:
        process.kill()
        _, error = process.communicate()
    killed = process.returncode in (-9, 137)
    if not killed and process.returncode != 0 and not (kill and kill.error):
        raise AssertionError(f"the worker failed by itself: {error}")
    return Ran(killed, read(receipts), error)


def _await(name: str, receipts: Path, process: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + 60
    while not any(name in receipt for receipt in read(receipts)):
        assert process.poll() is None and time.monotonic() < limit, f"no receipt {name!r}"
        time.sleep(0.01)


def _strace(kill: Kill | None) -> list[str]:
    if kill is None or not kill.call:
        return []
    # Decoders are let go at their execve: they are to die of their parent's death, not of ours.
    quiet = ["strace", "-qq", "-f", "-b", "execve", "-o", os.devnull, "-e", f"trace={kill.call}"]
    what = f"error={kill.error}" if kill.error else "signal=SIGKILL"
    return [*quiet, "-e", f"inject={kill.call}:{what}:when={kill.nth}"]


def read(receipts: Path) -> list[dict[str, Any]]:
    if not receipts.exists():
        return []
    return [json.loads(line) for line in receipts.read_text().splitlines() if line.endswith("}")]


def calls(verb: str, library: Path, *rest: Path) -> dict[str, list[int]]:
    """One uninterrupted run: for each kind of call, the number each single call had in its own thread."""
    seen: Counter[tuple[str, str]] = Counter()
    found: dict[str, list[int]] = {}
    text = _traced(verb, library, *rest, options=["-b", "execve", "-e", f"trace={','.join(CALLS)}"])
    for thread, call in re.findall(r"^(\d+) +(\w+)\(", text, re.M):
        seen[thread, call] += 1
        found.setdefault(call, []).append(seen[thread, call])
    return found


def finished(verb: str, library: Path, *rest: Path) -> list[tuple[str, str, str]]:
    """What one run, decoders included, synced and renamed, in the order it was done: (call, path, new path)."""
    text = _traced(verb, library, *rest, options=["-y", "-e", "trace=fsync,rename", "-s", "4096"])
    begun: dict[str, tuple[str, str, str]] = {}
    found = []
    for line in text.splitlines():
        thread, _, rest_of_it = line.partition(" ")
        if match := re.match(r" *fsync\(\d+<(.*?)>", rest_of_it):
            begun[thread] = ("fsync", match[1], "")
        elif match := re.match(r' *rename\("(.*?)", "(.*?)"', rest_of_it):
            begun[thread] = ("rename", match[1], match[2])
        if line.endswith("= 0") and thread in begun:
            found.append(begun.pop(thread))
    return found


def _traced(verb: str, library: Path, *rest: Path, options: list[str]) -> str:
    log = library.with_name(f"{library.name}.calls")
    receipts = library.with_name(f"{library.name}.receipts")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = ["strace", "-qq", "-f", "-o", str(log), *options]
    command += [sys.executable, "-m", "faults.worker", verb, str(library), str(receipts), *map(str, rest)]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    return log.read_text(errors="replace")


def points(found: dict[str, list[int]], count: int, rng: random.Random) -> list[Kill]:
    """`count` different moments: every kind of call gets its share, early and late."""
    every = [Kill(call, nth) for call in sorted(found) for nth in sorted(set(found[call]))]
    by_call = {call: [kill for kill in every if kill.call == call] for call in sorted(found)}
    for kills in by_call.values():
        rng.shuffle(kills)
    chosen: list[Kill] = []
    while len(chosen) < count and any(by_call.values()):
        for kills in by_call.values():
            if kills and len(chosen) < count:
                chosen.append(kills.pop())
    return chosen


def moments(seconds: float, count: int, rng: random.Random) -> list[Kill]:
    """`count` random waits within so many seconds."""
    return [Kill(seconds=round(rng.uniform(0.05, seconds), 4)) for _ in range(count)]


def left_over(mark: str, seconds: float = 3) -> list[int]:
    """Processes with this mark that are still there after a while; they are ended then."""
    limit = time.monotonic() + seconds
    while (found := _marked(mark)) and time.monotonic() < limit:
        time.sleep(0.02)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


def _marked(mark: str) -> list[int]:
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if wanted in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
    return found

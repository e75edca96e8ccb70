"""Libraries for tests: pictures without files, files without pictures, and waiting for what happens beside."""

from __future__ import annotations

import hashlib
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import TypeVar

from pixlstash_core import pictures
from pixlstash_core.library import Library
from pixlstash_core.types import Job, Reading
from pixlstash_core.write import Write

PLUGIN = Path(__file__).parent / "plugins" / "textstills"
DAY = 86_400_000
T = TypeVar("T")


def invented(number: int, **given: object) -> Reading:
    """What a decoder might say about a file that does not exist; the same for the same number."""
    plain: dict[str, object] = {
        "sha256": hashlib.sha256(b"invented %d" % number).digest(),
        "size": 1000 + number,
        "kind": "image",
        "format": "png",
        "mime": "image/png",
        "extension": "png",
        "width": 64 + number % 7,
        "height": 48,
        "created": 1_700_000_000_000 + number * DAY,
        "aspect": 100 + number % 50,
        "colour": number % 65_536,
        "still": b"a still",
    }
    return Reading(**{**plain, **given})  # type: ignore[arg-type]


def add(library: Library, *readings: Reading, names: Callable[[int], str] = "picture {}.png".format) -> list[int]:
    """Add pictures through the write door, in one transaction, located in the library's own store; their ids."""
    store = library.stores.own()[0]

    def work(write: Write) -> list[int]:
        ids = []
        for number, reading in enumerate(readings):
            ids.append(pictures.add(write, reading, names(number), fallback=0))
            key = f"{reading.sha256.hex()[:2]}/{reading.sha256.hex()}.{reading.extension}"
            pictures.locate(write, ids[-1], store, key, reading.size, 1)
        return ids

    return library.door.feed(work).result(30).result


def fill(library: Library, count: int) -> list[int]:
    """Add so many invented pictures, oldest first; their ids."""
    return add(library, *map(invented, range(count)))


def finish(library: Library, job: Job) -> Job:
    """Wait until a job has ended."""

    def ended() -> Job | None:
        now = library.queue.get(job.id)
        return now if now.state in ("done", "failed", "cancelled", "paused") else None

    return until(ended)


def until(look: Callable[[], T | None | bool], seconds: float = 20) -> T:
    """What `look` finds, as soon as it is something; fails when it takes too long."""
    limit = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found  # type: ignore[return-value]
        assert time.monotonic() < limit, f"nothing after {seconds} s"
        time.sleep(0.01)


def install(site: Path) -> Path:
    """Lay the test plugin into an empty folder just as pip would, so that its entry point is found there."""
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    copytree(PLUGIN / "src", site, dirs_exist_ok=True)
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {project['name']}\nVersion: {project['version']}\n", encoding="utf-8"
    )
    lines = [f"{name} = {target}" for name, target in project["entry-points"]["pixlstash"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[pixlstash]", *lines, ""]), encoding="utf-8")
    return site

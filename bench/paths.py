"""How many of our files a request runs through: what somebody has to read to follow it.

    python bench/paths.py [--list]

A library is served in this process, and the file of every function that is called is noted, on all threads but the
client's. Each request was made before, except for the query of the cold view, so that what is only done once is not
counted. `--list` prints the files. What runs in engine processes and decoders is not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from _measure import Figure, report
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.client import Client
from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, ImportPaths, Resource, RestoreResources, RunEngine, TakeSnapshot
from pixlstash_web.server import running

PACKAGES = ("pixlstash_core", "pixlstash_web")
#: The most files each should run through.
WANTED = {"a cold view": 17, "tag to event": 24, "undo": 22, "an engine's run": 36, "restoring one picture": 24}


class Tracer:
    """Notes the file of every call on threads other than this one, while `noting`."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.noting = False
        self._own = threading.get_ident()

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and self.noting and threading.get_ident() != self._own:
            self.files.add(frame.f_code.co_filename)

    def of(self, work: Callable[[], object], settled: Callable[[], bool] = lambda: True) -> list[str]:
        """Our files that some work runs through, until it is `settled`."""
        self.files, self.noting = set(), True
        work()
        limit = time.monotonic() + 30
        while not settled() and time.monotonic() < limit:
            time.sleep(0.01)
        self.noting = False
        names = (Path(name).parts for name in self.files)
        found = {"/".join(parts[parts.index(one) :]) for parts in names for one in PACKAGES if one in parts}
        return sorted(found)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[Library, Client]]:
    Library.create(folder / "library")
    with Library.open(folder / "library") as library, running(library) as url:
        with Client(url, library.access.local_secret) as client:
            yield library, client


def measured(tracer: Tracer, library: Library, client: Client, folder: Path) -> Iterator[tuple[str, list[str]]]:
    pictures = folder / "pictures"
    pictures.mkdir()
    for number in range(8):
        Image.new("RGB", (64, 48), (30 * number, 90, 200)).save(pictures / f"{number}.png")
    job = library.import_paths(OWNER, ImportPaths([str(pictures)], True))
    over(library, job.id)
    ids = client.find().ids
    heard: list[object] = []
    library.subscribe(heard.append)
    client.view("sea OR score:>3")
    yield "a cold view", tracer.of(lambda: client.view("score:>2 OR harbour"))

    def tag(name: str) -> None:
        heard.clear()
        client.add_tags(AddTags(ids=ids[:2], tags=[name]))

    tag("first")
    client.undo()
    client.redo()
    yield "tag to event", tracer.of(lambda: tag("first two"), lambda: bool(heard))
    yield "undo", tracer.of(client.undo)
    over(library, client.run_engine(RunEngine(engine="sharpness", ids=ids[:2])).id)
    ran: list[int] = []
    run = RunEngine(engine="sharpness", ids=ids[2:4])
    yield (
        "an engine's run",
        tracer.of(lambda: ran.append(client.run_engine(run).id), lambda: library.job(OWNER, ran[0]).state == "done"),
    )
    snapshot = client.take_snapshot(TakeSnapshot()).id
    tag("since then")
    ask = RestoreResources([Resource("picture", ids[0])])
    yield "restoring one picture", tracer.of(lambda: client.restore_resources(snapshot, ask))


def over(library: Library, job: int) -> None:
    while library.job(OWNER, job).state in ("waiting", "running"):
        time.sleep(0.02)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="Print the files.")
    given = parser.parse_args()
    figures = []
    tracer = Tracer()
    threading.setprofile(tracer)  # before the first thread starts
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as (library, client):
        for what, files in measured(tracer, library, client, Path(name)):
            if given.list:
                print(what, *files, sep="\n    ")
            kept = len(files) <= WANTED[what]
            figures.append(
                Figure(f"files that {what} runs through", f"≤ {WANTED[what]}", str(len(files)), "none", kept)
            )
    return report(figures)


if __name__ == "__main__":
    sys.exit(main())

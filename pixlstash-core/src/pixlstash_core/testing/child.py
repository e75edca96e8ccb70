"""The process in which `pixlstash plugin check` runs a plugin, one step at a time.

It may hang, crash, exit or run out of memory; its parent handles that. Standard output goes to a file that is checked.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ..engines import weights
from ..engines.messages import Beat, Broke, Inspect, Ran, Report, Start
from ..media.messages import receive, send
from ..plugins.registry import Offered, Plugins
from .engines import EngineCheck, describe, heavy_among, printed
from .objects import kind_faults
from .sources import importer_faults, store_faults

#: Seconds between two messages that the process is alive.
BEAT = 0.2
_orders = msgspec.msgpack.Decoder(Start | Inspect)


def main() -> int:
    pipe_in, pipe_out, output = _take_pipes()
    faulthandler.enable()
    start = _orders.decode(receive(pipe_in))
    assert isinstance(start, Start)
    orders: queue.SimpleQueue[Inspect] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe_in, orders), daemon=True).start()
    child = Child(start, output, lambda report: send(pipe_out, report))
    while True:
        order = orders.get()
        try:
            values = child.do(order)
            send(pipe_out, Ran(order.number, values))
        except (Exception, SystemExit) as error:
            send(pipe_out, Broke(order.number, "failed", describe(error)))


class Child:
    """Runs the steps of the check of one plugin."""

    def __init__(self, start: Start, output: BinaryIO, say: Callable[[Report], None]) -> None:
        self._start, self._output, self._say = start, output, say
        self._plugins: Plugins | None = None
        self._check: EngineCheck | None = None
        self._beat = 0.0

    def do(self, order: Inspect) -> list[Any]:
        """Run a step; return the problems as sentences, or for other steps what `_imported` and `_declared` return."""
        if order.what == "import":
            return self._imported(order)
        if order.what == "object":
            return self._object(order.hook, order.id)
        if order.what == "declared":
            return self._declared(order.id)
        assert self._check is not None
        wrong = self._check.loads() if order.what == "load" else self._check.runs()
        return [*wrong, *printed(self._flushed())]

    def _imported(self, order: Inspect) -> list[Any]:
        """Return [problems, (plugin, hook, id) of each object, problems of importing it]."""
        before = set(sys.modules)
        start = self._start
        if start.plugin:
            self._plugins = Plugins.load(only=start.plugin, distribution=start.distribution, extra=start.extra)
        else:
            self._plugins = Plugins.load(disabled=order.skip)
        infos = self._plugins.listed()
        own = [info for info in infos if not start.plugin or info.name == start.plugin]
        objects = [(info.name, *entry.split(": ", 1)) for info in own for entry in info.objects]
        wrong = heavy_among(start.plugin, set(sys.modules) - before)
        wrong += [f"importing it: {sentence}" for sentence in printed(self._flushed())]
        return [[problem for info in own for problem in info.problems], objects, wrong]

    def _declared(self, id: str) -> list[Any]:
        """Return [problems, why it cannot be run (empty if it can)]."""
        offered = self._offered(id)
        check = EngineCheck(offered.engine, tick=self._tick)
        wrong = check.declared()
        folder: Path | None = None
        note = ""
        if not wrong and check.needed is not None:
            place = weights.folder_of(weights.folder(os.environ), id, check.needed)
            if weights.missing(place, check.needed):
                note = "without its weights"
            else:
                folder = place
        if check.unset:
            note = "before it is set up"
        if offered.engine.lane == "net":
            note = "without asking its host"
        self._check = EngineCheck(offered.engine, folder=folder, tick=self._tick)
        self._check.declared()
        return [[*wrong, *printed(self._flushed())], note]

    def _offered(self, id: str) -> Offered:
        assert self._plugins is not None
        return self._plugins.engines()[id]

    def _object(self, hook: str, id: str) -> list[Any]:
        assert self._plugins is not None
        if hook == "kinds":
            wrong = kind_faults(next(kind for kind in self._plugins.kinds() if kind.id == id))
        elif hook == "stores":
            wrong = store_faults(self._plugins.stores()[id])
        else:
            wrong = importer_faults(self._plugins.importers()[id])
        return [*wrong, *printed(self._flushed())]

    def _tick(self) -> None:
        """Report that there was another result."""
        now = time.monotonic()
        if now - self._beat > BEAT:
            self._beat = now
            self._say(Beat())

    def _flushed(self) -> str:
        """Return what was printed since the last call."""
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        return self._output.read().decode("utf-8", "replace")


def _listen(pipe: BinaryIO, orders: queue.SimpleQueue[Inspect]) -> None:
    try:
        while True:
            orders.put(_orders.decode(receive(pipe)))
    except (EOFError, OSError, ValueError):
        os._exit(0)


def _take_pipes() -> tuple[BinaryIO, BinaryIO, BinaryIO]:
    """Return the two pipes, which plugins cannot reach, and a file with what is written to standard output."""
    pipe_in, pipe_out = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    written, path = tempfile.mkstemp()
    output = open(path, "rb")  # a position of its own
    os.dup2(written, 1)
    os.close(written)
    with contextlib.suppress(OSError):  # on systems where an open file cannot be deleted
        os.unlink(path)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="replace", closefd=False)
    return pipe_in, pipe_out, output

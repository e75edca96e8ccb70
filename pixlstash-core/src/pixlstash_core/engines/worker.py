"""The engine's process: loads one engine's model and runs batches until its input ends.

It may crash, hang or run out of memory; the library handles that. What a plugin prints is discarded from standard
output, and its results are checked.
"""

from __future__ import annotations

import faulthandler
import mmap
import os
import pkgutil
import queue
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ..media.messages import receive, send
from ..plugins.engines import Embedder, Engine
from ..plugins.image import Image, Pictured
from ..plugins.registry import Plugins
from ..plugins.settings import read_params, secrets
from ..plugins.training import DecidedTag, Examples, checked
from ..storage.files import printable
from . import isolation
from . import network_guard as guard
from .messages import (
    Batch,
    Beat,
    Broke,
    Here,
    Item,
    Learned,
    Load,
    Loaded,
    Order,
    Ran,
    Report,
    Start,
    Still,
    Stop,
    Texts,
    Train,
    Want,
)

#: Seconds between progress messages to the library.
BEAT = 0.2
LONGEST_REASON = 500
_orders = msgspec.msgpack.Decoder(Order)


class Stopped(Exception):
    pass


def main() -> int:
    pipe_in, pipe_out = _take_pipes()
    faulthandler.enable()
    start = _orders.decode(receive(pipe_in))
    assert isinstance(start, Start)
    exposed = isolation.isolate(start.lane) if start.isolated else "it may reach other machines"
    worker = Worker(start, pipe_in, pipe_out, exposed)
    while worker.serve():
        pass
    return 0


class Worker:
    """Handles requests one at a time. A separate thread reads them; the end of input ends the process."""

    def __init__(self, start: Start, pipe_in: BinaryIO, pipe_out: BinaryIO, exposed: str = "") -> None:
        self._start, self._exposed = start, exposed
        self._in, self._out = pipe_in, pipe_out
        self._orders: queue.SimpleQueue[tuple[Load | Batch | Texts | Train, dict[str, Any]]] = queue.SimpleQueue()
        self._here: queue.SimpleQueue[Here] = queue.SimpleQueue()
        self._asking = threading.Lock()  # an engine may open pictures on several threads
        self._sending = threading.Lock()
        self._stopped = -1
        self._hidden: list[str] = []
        self._beat = time.monotonic()
        self._engine: Engine[Any, Any] | None = None
        self._model: Any = None
        self._about: dict[str, Any] = {}
        assert start.results is not None, "a worker is told what its engine's results are"
        self._check, self._combine = map(pkgutil.resolve_name, (start.results.check, start.results.combine))
        self._grouped = start.results.grouped
        threading.Thread(target=self._listen, daemon=True).start()

    def serve(self) -> bool:
        """Handle one request; return False if the process can no longer be used."""
        order, mapped = self._orders.get()
        try:
            if isinstance(order, Load):
                seconds = time.monotonic()
                device = self._load(order)
                self._send(Loaded(device, round(time.monotonic() - seconds, 3), self._exposed))
            elif isinstance(order, Texts):
                self._send(Ran(order.number, self._texts(order)))
            elif isinstance(order, Train):
                self._send(self._train(order))
            else:
                self._send(Ran(order.number, self._run(order, mapped)))
            return True
        except Stopped:
            self._send(Broke(getattr(order, "number", -1), "stopped", ""))
            return True
        except BaseException as error:  # SystemExit, too, which a plugin may raise
            elsewhere = self._engine is not None and self._engine.lane == "net"  # errors are about another machine
            cause = "failed" if elsewhere else _cause(error)
            if isinstance(order, Load):
                cause = "load"
            self._send(Broke(getattr(order, "number", -1), cause, self._reason(error)))
            return cause not in ("load", "device")

    # -- loading -------------------------------------------------------------------------------------------------------

    def _load(self, order: Load) -> str:
        self._engine = engine = self._find()
        params = read_params(engine.Params, order.params)
        self._hidden = [text for name in secrets(engine.Params) if (text := getattr(params, name).reveal())]
        self._about = dict(order.about)
        guard.close(order.hosts, isolated=not self._exposed)
        device = order.device or isolation.best(engine.lane)
        model = engine.load(device, Path(order.folder) if order.folder else None, params)
        self._model = engine.restore(model, order.state, params) if order.state is not None else model
        return device

    def _find(self) -> Engine[Any, Any]:
        start = self._start
        plugins = Plugins.load(only=start.plugin, extra=start.extra, distribution=start.distribution)
        offered = plugins.engines().get(self._start.engine)
        if offered is None:
            (problems,) = [info.problems for info in plugins.infos() if info.name == self._start.plugin] or [[]]
            raise RuntimeError("; ".join(problems) or f"the plugin no longer offers {self._start.engine}")
        return offered.engine

    # -- running -------------------------------------------------------------------------------------------------------

    def _run(self, batch: Batch, mapped: dict[str, Any]) -> list[Any]:
        """Return the plain results of a batch, one per item. `mapped`: the pixels of its images, by path."""
        assert self._engine is not None
        params = read_params(self._engine.Params, batch.params)
        images: list[Image] = []
        owners: list[int] = []
        for n, item in enumerate(batch.items):
            stills = [self._image(item, still, mapped) for still in item.stills]
            if self._grouped:
                stills[0].frames = stills
                stills = stills[:1]
            images += stills
            owners += [n] * len(stills)
        values: list[Any] = []
        for at in range(0, len(images), batch.most):
            values += self._results(images[at : at + batch.most], params, batch.number)
        frames_of: list[list[tuple[float | None, Any]]] = [[] for _ in batch.items]
        for owner, image, value in zip(owners, images, values):
            frames_of[owner].append((image.frame, value))
        return [self._joined(item, frames) for item, frames in zip(batch.items, frames_of)]

    def _texts(self, order: Texts) -> list[Any]:
        """Return a vector for each text, checked like those of images."""
        assert isinstance(self._engine, Embedder)
        params = read_params(self._engine.Params, order.params)
        vectors = [
            self._check(self._engine, vector, self._about)
            for vector in _iterated(self._engine.text(self._model, order.words, params))
        ]
        if len(vectors) != len(order.words):
            raise ValueError(f"text gave {len(vectors)} vectors for {len(order.words)} texts")
        return vectors

    def _train(self, order: Train) -> Learned:
        """Let the engine learn, and return its checked state."""
        import numpy as np

        assert self._engine is not None
        ids = np.frombuffer(order.ids, np.int64)
        vectors = np.frombuffer(order.vectors, "<f2").reshape(len(ids), -1).astype(np.float32)
        values = np.frombuffer(order.values, np.float32)
        measures = {name: np.frombuffer(column, np.float32) for name, column in order.measures.items()}
        tags = [
            DecidedTag(id, name, np.frombuffer(rows, np.int64), np.frombuffer(yes, np.uint8).astype(bool))
            for id, name, rows, yes in order.tags
        ]
        examples = Examples(ids, vectors, values, order.seconds, measures, self._tell_part, tags)
        params = read_params(self._engine.Params, order.params)
        return Learned(order.number, *checked(self._engine.train(examples, params)))

    def _tell_part(self, part: float) -> None:
        now = time.monotonic()
        if now - self._beat > BEAT:
            self._beat = now
            self._send(Beat(part))

    def _joined(self, item: Item, frames: Sequence[tuple[float | None, Any]]) -> Any:
        still = len(frames) == 1 and frames[0][0] is None
        return frames[0][1] if still or self._grouped else self._combine(frames)

    def _results(self, images: list[Image], params: Any, number: int) -> Iterator[Any]:
        """Yield checked results of some images, exactly one for each. Raises `ValueError` for any other number."""
        assert self._engine is not None
        results = self._engine.run(self._model, images, params)
        count = 0
        for result in _iterated(results):
            count += 1
            if count > len(images):
                break
            yield self._check(self._engine, result, self._about)
            self._tick(number)
        if count != len(images):
            more = "more than " if count > len(images) else ""
            raise ValueError(f"run gave {more}{min(count, len(images))} results for {len(images)} images")

    def _tick(self, number: int) -> None:
        """Report progress at intervals between two results. Raises `Stopped` if the batch is to stop."""
        if number <= self._stopped:
            raise Stopped
        now = time.monotonic()
        if now - self._beat > BEAT:
            self._beat = now
            self._send(Beat())

    def _image(self, item: Item, still: Still, mapped: dict[str, Any]) -> Image:
        pixels: Any = None
        if still.path:
            pixels = mapped[still.path]
            if isinstance(pixels, OSError):
                raise pixels
        inputs = item.inputs
        if self._engine is not None and self._engine.learns and "vector" in inputs:
            import numpy as np

            inputs = {**inputs, "vector": np.frombuffer(inputs["vector"], "<f2").astype(np.float32)}
        return Image(
            Pictured(item.picture, item.kind, item.size),
            still.width,
            still.height,
            pixels,
            facts=item.facts,
            given=inputs,
            frame=still.frame,
            opens=partial(self._open, item),
        )

    def _open(self, item: Item) -> BinaryIO:
        """Return the original bytes as a file; in memory if the library provides a temporary copy."""
        if item.source:
            return open(item.source, "rb")
        with self._asking:
            self._send(Want(item.picture))
            here = self._here.get()
        if not here.path:
            raise OSError(here.why)
        with open(here.path, "rb") as file:
            return BytesIO(file.read())

    # -- inside --------------------------------------------------------------------------------------------------------

    def _reason(self, error: BaseException) -> str:
        """Return an error as one line without secrets."""
        text = str(error)
        for hidden in self._hidden:
            text = text.replace(hidden, "…")
        text = printable(" ".join(text.split()))
        name = type(error).__name__
        return (f"{name}: {text}" if text and name != "ValueError" else text or name)[:LONGEST_REASON]

    def _send(self, report: Report) -> None:
        with self._sending:
            send(self._out, report)

    def _listen(self) -> None:
        try:
            while True:
                order = _orders.decode(receive(self._in))
                if isinstance(order, Stop):
                    self._stopped = order.number
                elif isinstance(order, Here):
                    self._here.put(order)
                elif isinstance(order, Load | Texts | Train):
                    self._orders.put((order, {}))
                elif isinstance(order, Batch):  # map its pixels while the engine processes the batch before
                    self._orders.put((order, _mapped(order)))
        except (EOFError, OSError, ValueError):
            os._exit(0)


def _mapped(batch: Batch) -> dict[str, Any]:
    """Return the pixels of a batch's images by path, or the error of mapping them."""
    pixels: dict[str, Any] = {}
    for path in (still.path for item in batch.items for still in item.stills if still.path):
        try:
            with open(path, "rb") as file:
                pixels[path] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            pixels[path] = error if isinstance(error, OSError) else OSError(str(error))
    return pixels


def _iterated(results: Any) -> Iterator[Any]:
    if isinstance(results, str | bytes | dict) or not hasattr(results, "__iter__"):
        raise TypeError(f"run gave {type(results).__name__}, and not one result for each image")
    return iter(results)


def _cause(error: BaseException) -> str:
    if isolation.is_lost(error):
        return "device"
    if isolation.is_memory(error):
        error.__traceback__ = None  # it references the engine's tensors
        isolation.give_back()
        return "memory"
    return "failed"


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take over the process's two pipes, so that plugins that print or read cannot use them."""
    pipe_in, pipe_out = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return pipe_in, pipe_out

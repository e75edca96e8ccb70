"""The decoder process: it reads one file after another, within limits, until its input ends.

It may crash, hang or run out of memory; the pool handles that. No kind, reader or file is trusted here.
"""

from __future__ import annotations

import errno
import itertools
import os
import queue
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from ..errors import PixlStashError
from ..plugins.contracts import FactReader, Kind, Media
from ..storage.files import Root
from ..types import Format
from . import resource_limits
from .draw import LONG, SHORT, drawn, write_raw
from .facts import credentials
from .formats import recognise
from .messages import (
    Beat,
    Decision,
    Decoded,
    Drawn,
    Failed,
    Frames,
    Hashed,
    Limits,
    Pixels,
    Ready,
    Skipped,
    Start,
    Still,
    Task,
    receive,
    send,
)
from .reading import Undrawn, assemble, read_facts
from .source import Source, Trouble
from .text_cleaning import one_line

if TYPE_CHECKING:
    from PIL.Image import Image


def main() -> int:
    pipe_in, pipe_out = _take_pipes()
    start = msgspec.msgpack.decode(receive(pipe_in), type=Start)
    try:
        decoder = Decoder(start, pipe_in, pipe_out)
    except Exception:
        send(pipe_out, Failed("start", traceback.format_exc(limit=-3), leaving=True))
        return 1
    resource_limits.enclose(start.limits)
    send(pipe_out, Ready())
    while decoder.serve():
        pass
    return 0


#: No format needs fewer bytes for a real picture: a blank page of one bit per pixel takes more in PNG.
_PIXELS_PER_BYTE = 10_000
_PLAUSIBLE_SIDE = 40_000


class Decoder:
    """Serves tasks one at a time. A separate thread receives messages, so that the end of input also ends a task."""

    def __init__(self, start: Start, pipe_in: BinaryIO, pipe_out: BinaryIO) -> None:
        self._limits = start.limits
        self._in, self._out = pipe_in, pipe_out
        self._kinds, self._readers = _plugins(start)
        _prepare_pillow(start.limits)
        self._messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def serve(self) -> bool:
        """Serve one task; return False if this process should be replaced."""
        task = msgspec.msgpack.decode(self._messages.get(), type=Task)
        resource_limits.allow(self._limits.cpu)
        try:
            answer = self._answer(task)
        except Exception as error:  # any error of a decoder or plugin refuses only this file
            answer = _failure(error)
        send(self._out, answer)
        return not (isinstance(answer, Failed) and answer.leaving)

    def _answer(self, task: Task) -> Drawn | Still | Frames | Decoded | Skipped | Failed:
        source = Source(task.path, self._beat, _root(task))
        try:
            if task.pixels is None:  # otherwise the task has the expected hash
                send(self._out, Hashed(source.sha256, source.size))
            if task.ask and not msgspec.msgpack.decode(self._messages.get(), type=Decision).go:
                return Skipped()
            resource_limits.allow(self._limits.cpu)
            if task.copy_to is not None:
                source.copy(task.copy_to)
                resource_limits.allow(self._limits.cpu)
            if task.pixels is not None:
                return self._pixels(source, task, task.pixels)
            if task.times:
                return self._frames(source, task)
            kind, form, media, why = self._open(source, task)
            drawing = None
            if why is None:
                try:
                    drawing = drawn(media.still(SHORT, LONG))
                except NotImplementedError as error:
                    why = _not_drawn(form, error)
            if task.still:
                return Still(drawing.webp) if drawing else Failed("undrawn", why.why if why else "It has no thumbnail.")
            facts = [*read_facts(self._readers, media), credentials(source.file())]
            reading = assemble(source.sha256, source.size, kind.kind or kind.id, form, media, drawing, why, facts)
            source.finish()
            return Drawn(reading)
        finally:
            source.close()

    def _open(self, source: Source, task: Task) -> tuple[Kind, Format, Media, Undrawn | None]:
        """Open the file by the first kind that takes it; the last value is set if it is too large to draw."""
        file = source.file()
        kind, form = recognise(self._kinds, file, os.fsdecode(task.name))
        media = kind.open(file, form)
        return kind, form, media, _too_large(media, source.size, self._limits)

    def _frames(self, source: Source, task: Task) -> Frames | Failed:
        _, form, media, why = self._open(source, task)
        if why is not None:
            return Failed(why.cause, why.why)
        if not media.moving:
            return Failed("unsupported", "It has only one frame.")
        try:
            images = itertools.islice(media.frames(task.times, SHORT, LONG), len(task.times))
            return Frames([drawn(image).webp for image in images])
        except NotImplementedError:
            return Failed("unsupported", f"Single frames of a {form.name} file cannot be drawn.")

    def _pixels(self, source: Source, task: Task, want: Pixels) -> Decoded | Failed:
        """Write raw pixels for an engine to the requested path."""
        if want.sha256 and source.sha256 != want.sha256:
            return Failed("changed", "The file has changed since it was imported.")
        _, form, media, why = self._open(source, task)
        if why is not None:
            return Failed(why.cause, why.why)
        media.background, media.precise = want.background, True
        side = want.side or _PLAUSIBLE_SIDE
        try:
            if task.times and media.moving:
                images: Iterable[Image] = itertools.islice(media.frames(task.times, side, side), len(task.times))
            else:
                images = (media.still(side, side),)
            return Decoded([write_raw(image, side, want.path + b".%d" % n) for n, image in enumerate(images)])
        except NotImplementedError as error:
            why = _not_drawn(form, error)
            return Failed(why.cause, why.why)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
                raise
            return Failed("full", "The disk has no room for the pixels that engines read.")

    def _beat(self) -> None:
        resource_limits.allow(self._limits.cpu)
        send(self._out, Beat())

    def _listen(self) -> None:
        try:
            while True:
                self._messages.put(receive(self._in))
        except (EOFError, OSError, ValueError):
            os._exit(0)


def _root(task: Task) -> Root | None:
    return None if task.root is None else Root(Path(os.fsdecode(task.root)), task.identity)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes to the library, and keep plugins that print or read away from them."""
    pipe_in, pipe_out = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb", 0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return pipe_in, pipe_out


def _plugins(start: Start) -> tuple[list[Kind], list[FactReader]]:
    if not start.plugins and not start.extra:
        from . import builtin

        return list(builtin.kinds()), list(builtin.readers())
    from ..plugins.registry import Plugins

    plugins = Plugins.load(disabled=start.disabled, extra=start.extra)
    return plugins.kinds(), plugins.fact_readers()


def _prepare_pillow(limits: Limits) -> None:
    import warnings

    from PIL import Image, PngImagePlugin

    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = limits.pixels
    PngImagePlugin.MAX_TEXT_CHUNK = 4 << 20  # long workflows are stored compressed, too
    PngImagePlugin.MAX_TEXT_MEMORY = 32 << 20


def _not_drawn(form: Format, error: NotImplementedError) -> Undrawn:
    return Undrawn("unsupported", one_line(str(error)) or f"A {form.name} file cannot be drawn.")


def _too_large(media: Media, size: int, limits: Limits) -> Undrawn | None:
    """Return why a picture is too large to draw, or None. A size that the file cannot have raises `Trouble`."""
    width, height = media.width, media.height
    if width < 1 or height < 1:
        raise Trouble("damaged", "It has no size: the file is damaged.")
    large = width * height > limits.pixels
    if (large or max(width, height) > _PLAUSIBLE_SIDE) and width * height > _PIXELS_PER_BYTE * size:
        raise Trouble("pixels", f"It claims {width} × {height} pixels, which {size} bytes cannot hold.")
    if not large:
        return None
    return Undrawn(
        "pixels",
        f"It is too large to be drawn: {width} × {height} pixels, and pictures are drawn up to"
        f" {limits.pixels / 1e6:g} megapixels (PIXLSTASH_MEGAPIXELS sets how many).",
    )


def _failure(error: Exception) -> Failed:
    if isinstance(error, Trouble):
        return Failed(error.cause, str(error))
    if isinstance(error, MemoryError):
        return Failed("memory", "Reading it needs too much memory.", leaving=True)
    if isinstance(error, PixlStashError):
        return Failed(str(error.more.get("cause", "damaged")), one_line(str(error)))
    if type(error).__name__.startswith("DecompressionBomb"):
        return Failed("pixels", "It claims to have more pixels than are taken.")
    text = one_line(str(error)) or type(error).__name__
    return Failed("damaged", f"It cannot be read: {text.rstrip('.')}.")

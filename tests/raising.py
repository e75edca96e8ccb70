"""Raises at any call a thread makes: each function of ours, and each call into SQLite, before or after it is made.

What there is to raise in is not listed by hand: a profile function notes it while the thread works, and raises there
the next time.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import apsw

#: What is raised: an ordinary error, a plugin that exits, SQLite's, and no memory.
ERRORS: dict[str, Callable[[], BaseException]] = {
    "Exception": lambda: Exception("made by a test"),
    "SystemExit": lambda: SystemExit(3),
    "apsw.Error": lambda: apsw.Error("made by a test"),
    "MemoryError": lambda: MemoryError("made by a test"),
}
OURS = "/pixlstash_"

#: An event of a profile function, the function, and for SQLite's the line of ours that calls it.
Place = tuple[str, str, int]


def place(frame: FrameType, event: str, argument: Any) -> Place | None:
    """Where a thread is, if it is at a call of ours or at one of ours to SQLite."""
    file = frame.f_code.co_filename.replace("\\", "/")
    if OURS not in file:
        return None
    name = f"{file.rpartition('/')[2]}:{frame.f_code.co_qualname}"
    if event == "return" and frame.f_code.co_flags & inspect.CO_GENERATOR:
        return None  # Python would drop the frame without leaving its `with` blocks, which nothing real does
    if event in ("call", "return"):
        return event, name, 0
    if type(getattr(argument, "__self__", None)).__module__ == "apsw":
        return event, f"{name} -> {argument.__name__}", frame.f_lineno
    return None


class Raiser:
    """A profile function: notes the places a thread passes, until it is armed; then raises at one, once.

    With the name of a `thread` it does so only there. Python takes a profile function away from the thread in which it
    raises: `install` it again on that thread.
    """

    def __init__(self, thread: str | None = None) -> None:
        self.places: dict[Place, None] = {}
        self._thread = thread
        self._target: Place | None = None
        self._error: BaseException | None = None
        self.noting = True

    def arm(self, target: Place, error: BaseException) -> None:
        self.noting = False
        self._target, self._error = target, error

    def disarm(self) -> BaseException | None:
        """Raise no more. What was still to be raised."""
        error, self._target, self._error = self._error, None, None
        return error

    def install(self) -> None:
        """On the calling thread."""
        sys.setprofile(self)

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        here = place(frame, event, argument) if self.noting or self._target is not None else None
        if here is None or self._thread not in (None, threading.current_thread().name):
            return
        if self.noting:
            self.places[here] = None
        elif here == self._target:
            error = self.disarm()
            assert error is not None
            del frame, argument  # the traceback holds this frame, which must not keep a statement from being finalized
            raise error

"""The decoder pool: the bytes of pictures are only processed in child processes with limits.

A file that makes its decoder crash, hang or run out of memory affects no other file. Calls block; any number of
threads may call. Imports no image library.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from ..errors import Cancelled, DiskFull, Invalid, NotThere, PixlStashError, Refused, StoreUnreachable
from ..storage.files import Root
from ..threads import report
from ..types import Reading
from .messages import Answer, Decoded, Drawn, Failed, Frames, Hashed, Limits, Pixels, Skipped, Start, Still, Task
from .process import Child, Died

#: A process is replaced after so many files, because of leaks and of what a hostile file may have changed.
TASKS_PER_CHILD = 10_000
MOST_FRAMES = 64
_IDLE_SECONDS = 300.0
_TICK = 0.25

A = TypeVar("A", bound=Struct)


class Known(Struct, frozen=True):
    """`decide` returned False, because the library has these bytes: nothing was decoded or copied."""

    sha256: bytes
    size: int


class _Waiter:
    def __init__(self) -> None:
        self.woken = threading.Event()
        self.child: Child | None = None


class DecoderPool:
    """Reads files in `workers` child processes (default: one per core), each within `limits`.

    `plugins=False` leaves only the built-in kinds; `disabled` names plugins that are disabled; `extra` names modules
    that are registered as further plugins. Children start when first needed and end after being idle.
    """

    def __init__(
        self,
        workers: int | None = None,
        limits: Limits | None = None,
        plugins: bool = True,
        *,
        disabled: Iterable[str] = (),
        extra: Iterable[str] = (),
    ) -> None:
        self._start = Start(limits or Limits(), plugins, tuple(disabled), tuple(extra))
        self.workers = max(1, workers or os.cpu_count() or 1)
        self._lock = threading.Lock()
        self._free: list[Child | None] = [None] * self.workers  # None: a place without a process; taken from the end
        self._live: set[Child] = set()
        self._dying: set[Child] = set()
        self._next: Child | None = None  # started ahead, to replace the next process that has served enough tasks
        self._starting = False
        self._waiting: list[tuple[bool, int, _Waiter]] = []
        self._turn = itertools.count()
        self._closing = threading.Event()
        self._watch: threading.Thread | None = None

    def read(
        self,
        path: Path,
        name: str,
        *,
        root: Root | Path | None = None,
        decide: Callable[[bytes], bool] | None = None,
        copy_to: Path | None = None,
        urgent: bool = False,
    ) -> Reading | Known:
        """Read a file once: hash it, call `decide(sha256)`, copy it, draw it, and read its metadata.

        If `decide` returns False, nothing more is done and `Known` is returned. With `copy_to`, exactly the hashed
        bytes are stored there durably, or nothing after an error. `urgent` calls are served before others. With a
        `root`, which must contain the path, links below it are not followed: they raise `NotThere`.

        Raises `Refused` with a reason fit to show; `more["cause"]` is `unsupported`, `damaged`, `empty` or `pixels`
        (the file's own fault), or `memory`, `time`, `crash`, `changed` or `unreadable` (another try may succeed).
        Also `NotThere`, `StoreUnreachable`, `DiskFull`, and `Cancelled` once closed.
        """
        decided: dict[bytes, bool] = {}  # a second attempt does not ask again

        def decision(hashed: Hashed) -> bool:
            if hashed.sha256 not in decided:
                decided[hashed.sha256] = decide is None or decide(hashed.sha256)
            return decided[hashed.sha256]

        target = None if copy_to is None else os.fsencode(copy_to)
        task = _task(path, name, root, ask=decide is not None, copy_to=target)
        try:
            hashed, answer = self._run(task, decision, urgent)
        except BaseException:
            if copy_to is not None:
                with contextlib.suppress(OSError):
                    copy_to.unlink(missing_ok=True)
            raise
        if isinstance(answer, Skipped) and hashed is not None:
            return Known(hashed.sha256, hashed.size)
        return _expect(answer, Drawn).reading

    def thumbnail(self, path: Path, name: str, *, root: Root | Path | None = None, urgent: bool = True) -> bytes:
        """Draw only the thumbnail (WebP) again. Raises as `read` does."""
        _, answer = self._run(_task(path, name, root, still=True), lambda hashed: True, urgent)
        return _expect(answer, Still).webp

    def frames(self, path: Path, name: str, times: Sequence[float], *, urgent: bool = False) -> list[bytes]:
        """Return frames (WebP) of a moving picture at up to 64 ascending times, in seconds; fewer if it is truncated.

        Raises as `read` does; `more["cause"]` is `unsupported` for a picture with only one frame.
        """
        wanted = tuple(float(time) for time in times)
        if not 0 < len(wanted) <= MOST_FRAMES or not all(0 <= time < math.inf for time in wanted):
            raise Invalid(f"Ask for 1 to {MOST_FRAMES} frames, at seconds from the start.")
        if list(wanted) != sorted(wanted):
            raise Invalid("Ask for frames in the order they are shown in.")
        task = _task(path, name, None, times=wanted)
        _, answer = self._run(task, lambda hashed: True, urgent)
        return _expect(answer, Frames).webps

    def pixels(
        self,
        path: Path,
        name: str,
        target: Path,
        *,
        root: Root | Path | None = None,
        sha256: bytes,
        side: int | None = None,
        background: str = "white",
        times: Sequence[float] = (),
    ) -> list[tuple[Path, int, int]]:
        """Write raw RGB, row by row, for an engine; return (file, width, height) of each image.

        `side` is the longest side in pixels (None: unchanged). A moving picture is drawn at `times`, in seconds and
        ascending; without `times`, or if it does not move, there is one image. The files are `target` with a dot and a
        number. Raises as `read` does; `more["cause"]` is `changed` if the file does not have the hash `sha256`, unless
        that is empty.
        """
        want = Pixels(side, background, os.fsencode(target), sha256)
        task = _task(path, name, root, times=tuple(times), pixels=want)
        _, answer = self._run(task, lambda hashed: True, False)
        sizes = _expect(answer, Decoded).sizes
        return [(target.with_name(f"{target.name}.{n}"), *size) for n, size in enumerate(sizes)]

    def close(self) -> None:
        """End all children; calls that wait or are being served raise `Cancelled`."""
        with self._lock:
            self._closing.set()
            waiting, self._waiting = self._waiting, []
            children = self._live | self._dying
        for _, _, waiter in waiting:
            waiter.woken.set()
        for child in children:
            child.kill()
        for child in children:
            child.reap(5)
        if self._watch is not None and self._watch is not threading.current_thread():
            self._watch.join(5)

    def __enter__(self) -> DecoderPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- one task ------------------------------------------------------------------------------------------------------

    def _run(self, task: Task, decide: Callable[[Hashed], bool], urgent: bool) -> tuple[Hashed | None, Answer]:
        child = self._take(urgent)
        try:
            if child is None:
                child = self._start_child()
            fresh = child.tasks == 0
            try:
                hashed, answer = child.ask(task, decide)
                again = isinstance(answer, Failed) and answer.cause == "memory" and not fresh
            except Died as died:
                if died.hung or fresh:
                    raise self._explained(died) from died
                again = True
            if again:
                # An earlier file may have damaged a long-lived process, so the file is tried again in a new one.
                self._discard(child)
                child = self._start_child()
                hashed, answer = child.ask(task, decide)
            if isinstance(answer, Failed):
                if answer.leaving:
                    self._discard(child)
                    child = None
                raise _error(answer)
            return hashed, answer
        except Died as died:
            raise self._explained(died) from died
        except BaseException as error:
            if child is not None and not isinstance(error, PixlStashError):
                self._discard(child)  # interrupted between two messages
                child = None
            raise
        finally:
            self._give(child)

    def _explained(self, died: Died) -> PixlStashError:
        if self._closing.is_set():
            return Cancelled("The library is closing.")
        if died.hung:
            limits = self._start.limits
            return Refused(f"Reading it took too long (more than {limits.wall:g} seconds).", cause="time")
        return Refused(f"Its decoder crashed ({_exit(died.code)}).", cause="crash")

    # -- places: one per worker, each with or without a process --------------------------------------------------------

    def _take(self, urgent: bool) -> Child | None:
        waiter = _Waiter()
        with self._lock:
            if self._closing.is_set():
                raise Cancelled("The library is closing.")
            if self._free:
                return self._free.pop()
            heapq.heappush(self._waiting, (not urgent, next(self._turn), waiter))
        waiter.woken.wait()
        if self._closing.is_set():
            if waiter.child is not None:
                self._give(waiter.child)
            raise Cancelled("The library is closing.")
        return waiter.child

    def _give(self, child: Child | None) -> None:
        if child is not None and child.gone:
            self._discard(child)
            child = None
        elif child is not None and child.tasks >= TASKS_PER_CHILD:
            child = self._renewed(child)
        with self._lock:
            if child is not None:
                child.since = time.monotonic()
            if self._waiting:
                _, _, waiter = heapq.heappop(self._waiting)
                waiter.child = child
                waiter.woken.set()
            elif child is None:
                self._free.insert(0, None)
            else:
                self._free.append(child)

    def _renewed(self, child: Child) -> Child:
        """Return a replacement, or the same child while a replacement starts, so that no call waits for it."""
        with self._lock:
            fresh, self._next = self._next, None
            start = fresh is None and not self._starting and not self._closing.is_set()
            self._starting = self._starting or start
        if start:
            try:
                threading.Thread(target=self._prepare, name="decoder-start", daemon=True).start()
            except RuntimeError:  # no thread is available: a later call tries again
                with self._lock:
                    self._starting = False
        if fresh is None:
            return child
        fresh.tasks += 1  # if it died while it waited, its first file is not the cause
        self._discard(child)
        return fresh

    def _prepare(self) -> None:
        child = None
        try:
            child = self._start_child()
        except PixlStashError:  # the old ones continue, and a later call tries again
            pass
        except BaseException:
            report("a decoder process could not be started ahead")
        finally:
            with self._lock:
                self._next, self._starting = child, False

    def _start_child(self) -> Child:
        if self._closing.is_set():
            raise Cancelled("The library is closing.")
        child = Child(self._start)
        with self._lock:
            self._live.add(child)
            closing = self._closing.is_set()
            if self._watch is None and not closing:
                watch = threading.Thread(target=self._watch_children, name="decoder-watch", daemon=True)
                watch.start()
                self._watch = watch
        if closing:  # `close` did not see it
            child.kill()
            child.reap(5)
        return child

    def _discard(self, child: Child) -> None:
        child.stop()
        child.kill()
        with self._lock:
            self._live.discard(child)
            self._dying.add(child)

    def _watch_children(self) -> None:
        """Watch the children until the last one has ended. An error is reported, and watching continues."""
        while not self._closing.wait(_TICK):
            try:
                self._check_children(time.monotonic())
                with self._lock:
                    if not self._live and not self._dying:
                        self._watch = None
                        return
            except BaseException:
                report("watching the decoder processes failed; it is tried again")

    def _check_children(self, now: float) -> None:
        """Kill children that hang, reap those that ended, and stop idle ones."""
        with self._lock:
            live, dying = list(self._live), list(self._dying)
            idle = [c for c in self._free if c is not None and now - c.since > _IDLE_SECONDS]
            self._free = [None if c in idle else c for c in self._free]
            if self._next is not None and now - self._next.since > _IDLE_SECONDS:
                idle.append(self._next)
                self._next = None
        for child in idle:
            self._discard(child)
        for child in live:
            child.expire(now)
        reaped = {child for child in dying if child.reap()}
        with self._lock:
            self._dying -= reaped


def _task(path: Path, name: str, root: Root | Path | None, **more: Any) -> Task:
    if root is None:
        return Task(os.fsencode(path), os.fsencode(name), **more)
    root = Root.of(root)
    key = root.key(path)
    return Task(os.fsencode(key), os.fsencode(name), **more, root=os.fsencode(root.path), identity=root.identity)


def _expect(answer: Answer, expected: type[A]) -> A:
    if not isinstance(answer, expected):
        raise PixlStashError("The decoder process gave an unexpected answer.")
    return answer


def _error(failed: Failed) -> PixlStashError:
    if failed.cause == "copy":
        return PixlStashError(failed.reason, cause="copy")
    error = {"full": DiskFull, "gone": NotThere, "unreachable": StoreUnreachable}.get(failed.cause)
    if error is not None:
        return error(failed.reason)
    return Refused(failed.reason, cause=failed.cause)


def _exit(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"

"""One decoder process, seen from the library: start it, talk to it, end it. Imports no image library."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import BinaryIO, cast

import msgspec

from ..errors import PixlStashError
from .messages import Answer, Beat, Decision, Hashed, Limits, Ready, Start, Task, python_options, receive, send

# `-I` keeps the current folder and PYTHON* variables out of the child; it is told where this process finds packages.
_BOOT = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from pixlstash_core.media.child import main
sys.exit(main())"""
_START_SECONDS = 60.0
_decoder = msgspec.msgpack.Decoder(Answer)


class Died(Exception):
    """The child ended in the middle of a task; `hung`: it was ended for taking too long."""

    def __init__(self, code: int | None, hung: bool) -> None:
        super().__init__(code)
        self.code = code
        self.hung = hung or code == -getattr(signal, "SIGXCPU", 24)


class Child:
    """A decoder process. One thread at a time talks to it; `expire` and `kill` may come from others."""

    def __init__(self, start: Start) -> None:
        self.limits: Limits = start.limits
        self.tasks = 0
        self.since = time.monotonic()
        self._deadline: float | None = self.since + _START_SECONDS
        self._hung = False
        self.gone = False
        self._process = _spawn()
        self._to = cast(BinaryIO, self._process.stdin)
        self._from = cast(BinaryIO, self._process.stdout)
        try:
            send(self._to, start)
            first = self._receive()
        except (OSError, Died) as error:
            code = self._end()
            raise PixlStashError(f"The decoder process did not start (exit code {code}).") from error
        if not isinstance(first, Ready):
            self._end()
            raise PixlStashError(f"The decoder process did not start: {getattr(first, 'reason', first)}")
        self._deadline = None

    def ask(self, task: Task, decide: Callable[[Hashed], bool]) -> tuple[Hashed | None, Answer]:
        """Give it a file; returns what it hashed, if it came that far, and its last word. Raises `Died`."""
        self.tasks += 1
        self._hung = False  # a verdict that came just too late for the last task is not about this one
        hashed: Hashed | None = None
        try:
            self._expect()
            send(self._to, task)
            while True:
                answer = self._receive()
                self._expect()
                if isinstance(answer, Hashed):
                    hashed = answer
                    if task.ask:
                        self._deadline = None  # the library may take its time
                        send(self._to, Decision(self._decided(decide, hashed)))
                        self._expect()
                elif not isinstance(answer, Beat):
                    self._deadline = None
                    return hashed, answer
        except OSError as error:
            raise self._died() from error

    def expire(self, now: float) -> None:
        """End it if its task has outlived the wall limit."""
        deadline = self._deadline
        if deadline is not None and now > deadline:
            self._hung = True
            self.kill()

    def stop(self) -> None:
        """End an idle child: at the end of its input it leaves by itself."""
        with contextlib.suppress(OSError):
            self._to.close()

    def kill(self) -> None:
        """End it and whatever it started, now."""
        if self._process.returncode is not None:
            return
        with contextlib.suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)  # it leads a group of its own
            else:
                self._process.kill()

    def reap(self, seconds: float = 0) -> bool:
        """Whether it has ended; its pipes are closed then, and it leaves no zombie."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        for pipe in (self._to, self._from):
            with contextlib.suppress(OSError):
                pipe.close()
        return True

    def _decided(self, decide: Callable[[Hashed], bool], hashed: Hashed) -> bool:
        try:
            return decide(hashed)
        except BaseException:
            send(self._to, Decision(False))
            self._receive()
            raise

    def _expect(self) -> None:
        self._deadline = time.monotonic() + self.limits.wall

    def _receive(self) -> Answer:
        try:
            return cast(Answer, _decoder.decode(receive(self._from)))
        except (EOFError, ValueError, OSError) as error:
            # ValueError: a decoder that lost its mind is as good as dead (msgspec's errors are ValueErrors)
            raise self._died() from error

    def _died(self) -> Died:
        return Died(self._end(), self._hung)

    def _end(self) -> int | None:
        # The end of its output means it is leaving with its own exit code already; this is for what it started.
        self.kill()
        self.gone = True
        self._deadline = None
        self.reap(5)
        return self._process.returncode


def _spawn() -> subprocess.Popen[bytes]:
    path = [entry or os.getcwd() for entry in sys.path]
    flags = 0
    if sys.platform == "win32":
        flags = (
            subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
    # An arena per thread would count against the memory limit without being used.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}
    return subprocess.Popen(
        [sys.executable, *python_options(), "-c", _BOOT, json.dumps(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env=environment,
        start_new_session=True,  # Ctrl-C in the terminal is for the library, not for a decoder in mid-task
        creationflags=flags,
    )

"""The library's end of one decoder process: it starts, uses and ends it. Imports no image library."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import BinaryIO, cast

import msgspec

from ..errors import PixlStashError
from .messages import Answer, Beat, Decision, Hashed, Limits, Ready, Start, Task, python_options, receive, send

# With `-I` the child ignores the current folder and PYTHON* variables, so it is told where packages are.
_BOOT = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from {main} import main
sys.exit(main())"""
_START_SECONDS = 60.0
_decoder = msgspec.msgpack.Decoder(Answer)


class Died(Exception):
    """The child ended during a task; `hung`: it was ended because it took too long."""

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
        # An arena per thread would count against the memory limit without being used.
        environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}
        self._process = spawn("pixlstash_core.media.child", subprocess.DEVNULL, environment)
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
        """Send a task; return the hash, if the child came that far, and its final answer. Raises `Died`."""
        self.tasks += 1
        self._hung = False  # it may have been set just after the previous task ended
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
                        self._deadline = None  # no limit while the library decides
                        send(self._to, Decision(self._decided(decide, hashed)))
                        self._expect()
                elif not isinstance(answer, Beat):
                    self._deadline = None
                    return hashed, answer
        except OSError as error:
            raise self._died() from error

    def expire(self, now: float) -> None:
        """End it if its task has exceeded the wall limit."""
        deadline = self._deadline
        if deadline is not None and now > deadline:
            self._hung = True
            self.kill()

    def stop(self) -> None:
        """End an idle child: it exits at the end of its input."""
        with contextlib.suppress(OSError):
            self._to.close()

    def kill(self) -> None:
        """Kill it and its own children."""
        if self._process.returncode is None:
            kill(self._process)

    def reap(self, seconds: float = 0) -> bool:
        """Return whether it has ended; if so, close its pipes and leave no zombie process."""
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
            # ValueError: not a message (msgspec's errors are ValueErrors)
            raise self._died() from error

    def _died(self) -> Died:
        return Died(self._end(), self._hung)

    def _end(self) -> int | None:
        # If its output has ended, it is exiting by itself; this kills its own children.
        self.kill()
        self.gone = True
        self._deadline = None
        self.reap(5)
        return self._process.returncode


def spawn(main: str, stderr: int, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a process of ours that runs the function `main` of a module, with pipes for messages."""
    path = [entry or os.getcwd() for entry in sys.path]
    flags = 0
    if sys.platform == "win32":
        flags = (
            subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
    return subprocess.Popen(
        [sys.executable, *python_options(), "-c", _BOOT.format(main=main), json.dumps(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        bufsize=0,
        env=environment,
        start_new_session=True,  # so that Ctrl-C in the terminal does not reach it
        creationflags=flags,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that was started with `spawn`, and its own children."""
    with contextlib.suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)  # it leads its own process group
        else:
            process.kill()

"""Threads that last as long as a library: nothing that is raised in one ends it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

#: Seconds before a step that failed is tried again: at first, and at most while it keeps failing.
SHORTEST, LONGEST = 0.05, 5.0
log = logging.getLogger(__name__)


def report(problem: str, logger: logging.Logger = log) -> None:
    """Log the exception that is being handled. Never raises: there may be no memory left to log with."""
    try:
        logger.exception(problem)
    except BaseException:  # whoever calls this must continue
        pass


def keep_calling(step: Callable[[], object], stopping: threading.Event, problem: str) -> None:
    """Call `step` until `stopping` is set. What it raises is logged as `problem`; after a pause it is called again.

    `SystemExit` and `KeyboardInterrupt` are logged like any other: what a plugin raises must not end our thread.
    """
    pause = SHORTEST
    while not stopping.is_set():
        began = time.monotonic()
        try:
            try:
                step()
            except BaseException:
                pause = min(2 * pause, LONGEST) if time.monotonic() - began < LONGEST else SHORTEST
                report(problem)
                stopping.wait(pause)
            else:
                pause = SHORTEST
        except BaseException:  # not even the report could be made
            continue


class FollowUps:
    """Work that commits make necessary, by name. The writer requests it; a thread of its own does it.

    Each must be safe to repeat: it is tried again until it succeeds, and a request that comes while it runs has it run
    once more.
    """

    def __init__(self, works: Mapping[str, Callable[[], None]]) -> None:
        self._works = dict(works)
        self._requested: set[str] = set()
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="follow-up", daemon=True)
        self._thread.start()

    def request(self, name: str) -> None:
        """Have this work done soon. Safe on any thread, and too simple to fail."""
        self._requested.add(name)
        self._wake.set()

    def request_all(self) -> None:
        """When it is not known what a commit made necessary."""
        self._requested.update(self._works)
        self._wake.set()

    def stop(self) -> None:
        """Do what is still requested, then end. Work that fails now is left to the next start."""
        if self._thread is None:
            return
        self._stopping.set()
        self._wake.set()
        self._thread.join(30)
        self._thread = None
        try:
            self.catch_up()
        except Exception:
            report("what follows from a change could not be done before closing")

    def catch_up(self) -> None:
        """Do what is requested. Raises the last error of those that failed, which stay requested."""
        failure: BaseException | None = None
        for name, work in self._works.items():
            if name in self._requested:
                self._requested.discard(name)
                try:
                    work()
                except BaseException as error:
                    self._requested.add(name)
                    failure = error
        if failure is not None:
            raise failure

    def _run(self) -> None:
        keep_calling(self._step, self._stopping, "what follows from a change could not be done; it is tried again")

    def _step(self) -> None:
        self._wake.wait()
        if self._stopping.is_set():
            return
        self._wake.clear()
        try:
            self.catch_up()
        except BaseException:
            self._wake.set()
            raise


__all__ = ["FollowUps", "keep_calling", "report"]

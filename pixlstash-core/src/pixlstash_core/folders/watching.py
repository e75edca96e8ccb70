"""Follows the changes in one folder on a thread of its own: live where the system tells of them, else by polling."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import PixlStashError
from ..storage import protected
from ..storage.protected import Reach
from ..threads import keep_calling, report
from ..types import Watching

watchfiles: Any = None
with suppress(ImportError):  # the extra `watch` may not be installed
    watchfiles = import_module("watchfiles")
log = logging.getLogger(__name__)
#: Seconds for which size and time of a file must stay the same before it is read.
SETTLE = 2.0
#: Seconds between two looks at what is settling, and at whether the folder can be reached.
TICK, LOOK = 0.25, 5.0
#: Seconds between two scans: of a folder that is polled, and of one that is followed, in case a change was not told.
POLL, RESCAN = 30.0, 1800.0
#: A scan that takes so long is repeated after so many times as long.
SHARE = 20
#: Seconds for which a deleted file waits for one that settles: it may have been moved there.
PATIENCE = 10.0
#: More changed files than this are found by a scan.
MOST = 1_000
#: Seconds after which a folder that could not be watched live is tried again.
AGAIN = 600.0

#: Brings the library up to date with these paths, or all (None). Returns the paths that have not settled yet; None if
#: it must be tried again, because a job is at it.
Update = Callable[[frozenset[str] | None], Iterable[str] | None]


class Pending:
    """Paths that changed, until they settle."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._paths: dict[str, tuple[object, float]] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def add(self, paths: Iterable[str]) -> None:
        for path in paths:
            self._paths[path] = self._sign(path), time.monotonic()

    def clear(self) -> None:
        self._paths.clear()

    def take(self) -> frozenset[str]:
        """Remove and return the paths that have settled. Deleted ones wait a while for those that settle."""
        moment, ready, gone, is_waiting = time.monotonic(), set(), set(), False
        for path, (sign, since) in list(self._paths.items()):
            current = self._sign(path)
            if current != sign:
                self._paths[path] = current, moment
                is_waiting = is_waiting or current is not None
            elif moment - since < SETTLE:
                is_waiting = is_waiting or current is not None
            elif current is None and moment - since < PATIENCE:
                gone.add(path)
            else:
                ready.add(path)
        if not is_waiting:
            ready |= gone
        for path in ready:
            del self._paths[path]
        return frozenset(ready)

    def _sign(self, path: str) -> object:
        """What changes with a file; None if there is none."""
        try:
            status = os.lstat(self._root / path)
        except (OSError, ValueError):
            return None
        return status.st_size, status.st_mtime_ns, status.st_ino


class Watch:
    """The thread that follows a folder. `on_state` is called when its state or the way it is watched changes."""

    def __init__(
        self,
        name: str,
        root: Path,
        device: Callable[[], str | None],
        update: Update,
        on_state: Callable[[], None],
        *,
        may_be_empty: bool = False,
    ) -> None:
        self.root = root
        self._may_be_empty = may_be_empty
        self.state: Reach = "ok"
        self.mode: Watching = "live"
        #: Why it is polled.
        self.note = ""
        self._device, self._update, self._on_state = device, update, on_state
        self._pending = Pending(root)
        self._stopping, self._rescan = threading.Event(), threading.Event()
        self._poll_until = 0.0
        self.thread = threading.Thread(target=self._run, name=f"folder-{name}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stopping.set()

    def join(self, seconds: float = 10.0) -> None:
        self.thread.join(seconds)

    @property
    def is_stopped(self) -> bool:
        return self._stopping.is_set()

    # -- on the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        keep_calling(self._step, self._stopping, f"changes in {self.root} could not be followed; it is tried again")

    def _step(self) -> None:
        if not self._reach():
            self._stopping.wait(LOOK)
            return
        reason = self._reason_to_poll()
        if reason:
            self._set_mode("polling", reason)
            self._poll()
        else:
            self._set_mode("live", "")
            self._follow()

    def _reach(self) -> bool:
        """Whether the folder can be reached; its state is announced when it changes."""
        state, _ = protected.reach(self.root, self._device())
        if state == "empty" and self._may_be_empty:
            state = "ok"
        if state != self.state:
            self.state = state
            self._on_state()
        return state == "ok"

    def _set_mode(self, mode: Watching, note: str) -> None:
        if (mode, note) != (self.mode, self.note):
            self.mode, self.note = mode, note
            self._on_state()

    def _reason_to_poll(self) -> str:
        if watchfiles is None:
            return "Install the extra `watch` of pixlstash-core to follow changes live."
        if time.monotonic() < self._poll_until:
            return self.note
        if _has_linked_folders(self.root):  # they would be followed, wherever they lead
            return "The folder contains links to other folders."
        return ""

    def _follow(self) -> None:
        """Follow changes until the folder is replaced or cannot be reached."""
        identity, looked = _identity(self.root), time.monotonic()
        scan_at = looked
        self._pending.clear()
        try:
            with closing(self._changes()) as changes:
                for batch in changes:
                    self._add(path for _, path in batch)
                    moment = time.monotonic()
                    if moment - looked >= LOOK:
                        looked = moment
                        if not self._reach() or _identity(self.root) != identity:
                            return
                    if moment >= scan_at:
                        scan_at = time.monotonic() + self._scan(RESCAN)
                    elif len(self._pending) > MOST:
                        scan_at = moment + SETTLE
                        self._pending.clear()
                    elif (ready := self._pending.take()) and not self._bring(ready):
                        scan_at = moment + SETTLE
        except OSError as error:
            self._poll_until = time.monotonic() + AGAIN
            reason = "the system's limit of watched files is reached" if _is_limit(error) else str(error)
            self._set_mode("polling", f"Changes cannot be followed live: {reason}.")

    def _changes(self) -> Any:
        return watchfiles.watch(
            self.root,
            watch_filter=None,
            debounce=int(TICK * 1000),
            step=50,
            rust_timeout=int(TICK * 1000),
            yield_on_timeout=True,
            stop_event=self._stopping,
            raise_interrupt=False,
            force_polling=False,
            ignore_permission_denied=True,
        )

    def _poll(self) -> None:
        """Scan again and again, until it is worth trying to follow changes live, or the folder cannot be reached."""
        self._pending.clear()
        until = max(self._poll_until, time.monotonic() + AGAIN)
        scan_at = time.monotonic()
        looked = scan_at
        while not self._stopping.is_set() and time.monotonic() < until:
            moment = time.monotonic()
            if moment - looked >= LOOK:
                looked = moment
                if not self._reach():
                    return
            if moment >= scan_at:
                scan_at = time.monotonic() + self._scan(POLL)
            elif (ready := self._pending.take()) and not self._bring(ready):
                scan_at = moment + SETTLE
            self._stopping.wait(TICK)

    def _scan(self, pause: float) -> float:
        """Bring everything up to date; return the seconds until the next scan."""
        began = time.monotonic()
        if not self._bring(None):
            return SETTLE
        return max(pause, SHARE * (time.monotonic() - began))

    def _bring(self, paths: frozenset[str] | None) -> bool:
        """Bring some paths or everything up to date; return False if it must be tried again."""
        try:
            unsettled = self._update(paths)
        except PixlStashError as error:  # out of reach, or a full disk: tried again with the next scan
            if self._reach() and not self._stopping.is_set():
                report(f"{self.root}: {error}", log)
                self._stopping.wait(LOOK)
                raise
            return True
        self._pending.add(unsettled or ())
        return unsettled is not None

    def _add(self, paths: Iterable[str]) -> None:
        base = len(str(self.root).rstrip(os.sep)) + 1
        inside = (path[base:].replace(os.sep, "/") for path in paths)
        self._pending.add(path for path in inside if path and not any(p.startswith(".") for p in path.split("/")))


def _identity(root: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        status = os.stat(root)
        return status.st_dev, status.st_ino
    return None


def _is_limit(error: OSError) -> bool:
    return "limit" in str(error).lower() or "too many open files" in str(error).lower()


def _has_linked_folders(root: Path) -> bool:
    """Whether there is a link to a folder anywhere in a folder."""
    pending = [str(root)]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    if entry.is_dir():
                        return True
                elif entry.is_dir():
                    pending.append(entry.path)
    return False

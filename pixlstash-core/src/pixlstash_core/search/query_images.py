"""Holds pictures that are searched with, but not imported, for an hour, under a random token."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..errors import NotFound

#: Seconds until an unused picture is deleted; maximum number of pictures, and of bytes of one.
KEPT, MANY, MOST = 3600.0, 50, 64 << 20


class HeldPicture(Struct, eq=False):
    """A held picture: its file, its owner, its expiry (monotonic), and results of producers."""

    path: Path
    name: str
    principal: str
    until: float
    made: dict[int, Any] = {}


class HeldPictures:
    """The held pictures of one library."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, HeldPicture] = {}

    def hold(self, principal: str, path: Path, name: str) -> str:
        """Take over a file and return its token."""
        token = secrets.token_urlsafe(12)
        with self._lock:
            self._held[token] = HeldPicture(path, name, principal, time.monotonic() + KEPT)
            while len(self._held) > MANY:
                self._drop(next(iter(self._held)))
        return token

    def make(self, principal: str, token: str, producer: int, make: Callable[[Path, str], Any]) -> Any:
        """Return a producer's result for a held picture, cached. `NotFound`: there is none, or it is another's."""
        with self._lock:
            held = self._held.get(token)
            if held is None or held.principal != principal or held.until < time.monotonic():
                raise NotFound("The picture to search with is no longer held: send it again.")
            held.until = time.monotonic() + KEPT
            self._held[token] = self._held.pop(token)  # the last used goes last
        if producer not in held.made:
            held.made[producer] = make(held.path, held.name)
        return held.made[producer]

    def drop_old(self) -> None:
        now = time.monotonic()
        with self._lock:
            for token in [token for token, held in self._held.items() if held.until < now]:
                self._drop(token)

    def close(self) -> None:
        with self._lock:
            for token in list(self._held):
                self._drop(token)

    def _drop(self, token: str) -> None:
        self._held.pop(token).path.unlink(missing_ok=True)

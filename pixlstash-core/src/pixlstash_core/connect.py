"""Reaches a library: through the process that serves it, or by opening it here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import LibraryInUse
from .storage import lock


def connect(path: Path, *, work: bool = False) -> Any:
    """The library's methods without a reader: a `Client` when it is served, else a `Session`. Close it afterwards.

    `work`: run background jobs, also those left from before, when it is opened here.
    """
    for _ in range(2):
        holder = lock.read(path / "lock")
        if holder is not None and holder.url and holder.secret:
            from .client import Client

            return Client(holder.url, holder.secret)
        from .library import Library  # which loads the database
        from .session import Session

        try:
            return Session(Library.open(path, work=work))
        except LibraryInUse as error:  # it may have started to serve in between
            last = error
    raise last

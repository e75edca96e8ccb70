"""Connects to a library: over HTTP if a process serves it, or else by opening it in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import LibraryInUse
from .storage import lock


def connect(path: Path, *, work: bool = False) -> Any:
    """Return a `Client` if the library is served, or else a `Session`, with the same methods. Close it afterwards.

    `work`: if the library is opened here, also run its background jobs, including unfinished ones.
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
        except LibraryInUse as error:  # a server may have started meanwhile
            last = error
    raise last

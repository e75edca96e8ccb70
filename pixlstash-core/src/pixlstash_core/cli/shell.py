"""Which library the command line works on, and how it is reached."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..library import Library
    from ..types import Job


class Shell:
    """What every verb shares: which library, and how it is reached. `named`: a person named the library."""

    def __init__(self, path: Path, as_of: int | None = None, *, named: bool = True) -> None:
        self.path, self.as_of, self.named = path, as_of, named

    def path_or(self, name: str) -> Path:
        """The library that was named, else one of this name beside the default one."""
        return self.path if self.named else data_folder() / name

    def serve(self, library: Library, host: str, port: int) -> None:
        """Print how to reach an open library and serve it until interrupted; its jobs run meanwhile."""
        from .serving import serve

        serve(library, host, port)

    def wait(self, library: Library, job: Job) -> Job:
        """Wait for a job of an open library, with a progress bar on a terminal. A failed job ends the command."""
        from ..session import Session
        from .watch import finish

        ended = finish(Session(library), job)
        if ended.error:
            raise click.ClickException(ended.error)
        return ended

    @contextmanager
    def connect(self, *, work: bool = False) -> Iterator[Any]:
        """The library's methods: through the server that holds it, else opened here (`work`: with its jobs)."""
        from ..connect import connect

        session = connect(self.path, work=work)
        try:
            if self.as_of is None:
                yield session
                return
            past = session.as_of(self.as_of)
            try:
                yield past
            finally:
                past.close()
        finally:
            session.close()

    def make_default(self) -> None:
        """Make the library where the default one belongs and is missing; one that was named must exist."""
        from ..library import Library

        if not (self.path / "library.db").exists() and self.path == library_path(None):
            Library.create(self.path, name="Library")


def default_library() -> Path:
    """`$PIXLSTASH_LIBRARY`, else a folder in the platform's place for data."""
    if path := os.environ.get("PIXLSTASH_LIBRARY"):
        return Path(path)
    return data_folder() / "library"


def library_path(path: Path | None) -> Path:
    """The path that was named, else the default one, as an absolute path."""
    return (path or default_library()).expanduser().absolute()


def data_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "PixlStash"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/PixlStash"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "pixlstash"

"""`Shell`: finds the library that the command line works on, and connects to it."""

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
    """The state that all verbs share. `named`: the user named the library."""

    def __init__(self, path: Path, as_of: int | None = None, *, named: bool = True) -> None:
        self.path, self.as_of, self.named = path, as_of, named

    def path_or(self, name: str) -> Path:
        """Return the path of the named library, or else of one with this name beside the default one."""
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
        """Connect to the library: to its server, or else opened in this process (`work`: with its jobs)."""
        from ..connect import connect

        session = connect(self.path, work=work)
        try:
            if self.as_of is None:
                yield session
                return
            opened = session.as_of(self.as_of)
            try:
                yield opened
            finally:
                opened.close()
        finally:
            session.close()

    def make_default(self) -> None:
        """Create the default library if it is missing. A named one must exist."""
        from ..library import Library

        if not (self.path / "library.db").exists() and self.path == library_path(None):
            Library.create(self.path, name="Library")


def default_library() -> Path:
    """Return `$PIXLSTASH_LIBRARY`, or else a folder in the platform's folder for data."""
    if path := os.environ.get("PIXLSTASH_LIBRARY"):
        return Path(path)
    return data_folder() / "library"


def library_path(path: Path | None) -> Path:
    """Return the absolute path of the named library, or else of the default one."""
    return (path or default_library()).expanduser().absolute()


def data_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "PixlStash"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/PixlStash"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "pixlstash"

"""`Session`: a library opened in this process, with a reader; its operations take no reader."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from .api import Api
from .plugins.operation import Caller, WithReader, op
from .types import OWNER, Reader

if TYPE_CHECKING:
    from .library import Library

P = ParamSpec("P")
R = TypeVar("R")


class Session(Caller, Api):
    """The same methods as `Client`, for a library in this process. Close it afterwards."""

    def __init__(self, library: Library, reader: Reader = OWNER) -> None:
        self.library, self.reader = library, reader
        self._source: WithReader = library
        self._closing = ExitStack()
        self._closing.callback(library.close)

    def call(self, row: op[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._source.call(row, self.reader, *args, **kwargs)

    def as_of(self, id: int) -> Session:
        """Return a session of the library as of a snapshot. Close it before this one."""
        session = Session(self.library, self.reader)
        session._closing = ExitStack()  # the library stays open
        session._source = session._closing.enter_context(self.library.as_of(self.reader, id))
        return session

    def close(self) -> None:
        self._closing.close()

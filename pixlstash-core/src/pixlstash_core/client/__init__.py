"""The library's methods over HTTP: the same names, arguments and structs, with standard library and msgspec only.

`Client(url, token)` may be shared between threads. Errors are the library's own, with the server's sentence. Nothing
that changes something is ever sent twice.
"""

from __future__ import annotations

from typing import Any, Self

from ..types import CheckReport, LibraryInfo, PluginInfo
from .access import Access
from .channel import BY_STATUS, PREFIX, Unreachable, error_of, read
from .engines import Engines
from .events import Events
from .groups import Groups
from .history import History
from .imports import Imports
from .jobs import Jobs
from .pictures import Pictures, read_view
from .search import Search
from .snapshots import Snapshots
from .stacks import Stacks
from .tags import Tags


class Client(Pictures, Groups, Stacks, Tags, Engines, Search, History, Snapshots, Imports, Jobs, Access, Events):
    """A served library. `token` is a token, or the local secret of the lock file; `timeout` is in seconds."""

    def info(self) -> LibraryInfo:
        return self._get("/library", LibraryInfo)

    def as_of(self, id: int) -> Self:
        """The library as of a snapshot: the same methods, of which those that only look work. Close it afterwards."""
        return type(self)(self.url, self._token, timeout=self._timeout, prefix=f"{PREFIX}/asof/{id}")

    def plugin_list(self) -> list[PluginInfo]:
        return self._get("/plugins", list[PluginInfo])

    def check(self, verify: bool = False) -> CheckReport:
        """Takes as long as it takes: with `verify`, every byte is read."""
        query = {"verify": verify}
        return read(self._call("GET", "/check", query, timeout=None), CheckReport)

    # -- what only a served library has --------------------------------------------------------------------------------

    def version(self) -> dict[str, str]:
        return read(self._call("GET", "/version", prefix=""), dict[str, str])

    def openapi(self) -> dict[str, Any]:
        return self._get("/openapi.json", dict[str, Any])


__all__ = ["BY_STATUS", "PREFIX", "Client", "Unreachable", "error_of", "read_view"]

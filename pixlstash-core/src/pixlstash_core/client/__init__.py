"""`Client`: the library's methods over HTTP, with only the standard library and msgspec.

`Client(url, token)` may be shared between threads. Errors are those of the library, with the server's sentence.
Requests that change something are never sent twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, Self, TypeVar

import msgspec
from msgspec import Struct

from ..api import Api
from ..errors import Invalid
from ..plugins.operation import Caller, op
from ..types import Event, Held, Snapshot, Tried, Upload, Uploaded
from . import events, files
from .channel import BY_STATUS, PREFIX, Channel, Unreachable, error_of, quoted, read
from .files import read_view

P = ParamSpec("P")
R = TypeVar("R")


class Client(Channel, Caller, Api):
    """A client of a served library. `token`: a token, or the secret in the lock file; `timeout`: in seconds."""

    def call(self, row: op[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Send the request of an operation, and decode the answer."""
        if not row.path:
            raise Invalid(f"{row.name} is only possible in the process that has the library open.")
        arguments = row.signature.bind(*args, **kwargs).arguments
        body, headers = b"", {}
        for name, value in list(arguments.items()):
            if isinstance(value, Struct):
                body, headers = msgspec.json.encode(arguments.pop(name)), {"Content-Type": "application/json"}
        path = re.sub(r"{(\w+)(?::path)?}", lambda match: quoted(str(arguments.pop(match[1]))), row.path)
        answer: Any = self.request(row.method, path, arguments, body, headers, timeout=None if row.long else -1)
        match row.answer:
            case "json":
                wanted = row.signature.return_annotation
                answer = read(answer, wanted) if wanted is not None else None
            case "text":
                answer = answer.decode()
            case "view":
                answer = read_view(answer)
        return answer  # type: ignore[no-any-return]  # what the signature says

    def as_of(self, id: int) -> Self:
        """Return a client of the library as of a snapshot, read-only. Close it afterwards."""
        return type(self)(self.url, self._token, timeout=self._timeout, prefix=f"{PREFIX}/asof/{id}")

    # -- files and streams ---------------------------------------------------------------------------------------------

    def original(self, id: int, start: int = 0, end: int | None = None) -> BinaryIO:  # type: ignore[override]
        """Open the original file of a picture, from byte `start` up to `end`. Close it."""
        return files.original(self, id, start, end)

    def download(self, id: str) -> BinaryIO:  # type: ignore[override]
        """A prepared zip file of originals, as it arrives. Close it. `Unreachable` if it ends too early."""
        return files.download(self, id)

    def upload(self, name: str, path: Path) -> Uploaded:
        """Upload a file. The local file stays."""
        return files.upload(self, name, path)

    def continue_upload(self, id: str, offset: int, body: bytes = b"") -> Upload:
        """Continue an upload at `offset`. `Conflict`, with `more["received"]`: the server expects another one."""
        return files.continue_upload(self, id, offset, body)

    def hold(self, name: str, path: Path) -> Held:
        """Upload a picture to search with, without importing it."""
        return files.hold(self, name, path)

    def try_engine(self, name: str, path: Path, kind: str = "tag", engine: str = "") -> Tried:
        """What an engine finds in a file of this machine; nothing is stored."""
        return files.try_engine(self, name, path, kind, engine)

    def export_snapshot(self, id: int, path: Path) -> Snapshot:
        """Write a snapshot's database to a new file on this machine."""
        return files.export_snapshot(self, id, path)

    def events(self, after: int | None = None) -> Iterator[Event]:
        """Yield events, from now on or after a revision, until the server ends."""
        return events.events(self, after)

    # -- what only a served library has --------------------------------------------------------------------------------

    def openapi(self) -> dict[str, Any]:
        return self.get("/openapi.json", dict[str, Any])


__all__ = ["BY_STATUS", "PREFIX", "Client", "Unreachable", "error_of", "read_view"]

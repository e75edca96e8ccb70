"""The library's methods over HTTP: the same names, arguments and structs, with standard library and msgspec only.

`Client(url, token)` may be shared between threads. Errors are the library's own, with the server's sentence. Nothing
that changes something is ever sent twice.
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
from ..types import Event, Held, Snapshot, Upload, Uploaded
from . import events, files, uploads
from .channel import BY_STATUS, PREFIX, Channel, Unreachable, error_of, quoted, read
from .files import read_view

P = ParamSpec("P")
R = TypeVar("R")


class Client(Channel, Caller, Api):
    """A served library. `token` is a token, or the local secret of the lock file; `timeout` is in seconds."""

    def call(self, row: op[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Send what a row of the table says, and read the answer."""
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
        """The library as of a snapshot: the same methods, of which those that only look work. Close it afterwards."""
        return type(self)(self.url, self._token, timeout=self._timeout, prefix=f"{PREFIX}/asof/{id}")

    # -- files and streams ---------------------------------------------------------------------------------------------

    def original(self, id: int, start: int = 0, end: int | None = None) -> BinaryIO:  # type: ignore[override]
        """The bytes of a picture from `start` up to `end`, as they arrive. Close it."""
        return files.original(self, id, start, end)

    def download(self, id: str) -> BinaryIO:  # type: ignore[override]
        """A prepared zip file of originals, as it arrives. Close it. `Unreachable` if it ends too early."""
        return files.download(self, id)

    def upload(self, name: str, path: Path) -> Uploaded:
        """Send a file; it stays where it is."""
        return uploads.upload(self, name, path)

    def continue_upload(self, id: str, offset: int, body: bytes = b"") -> Upload:
        """Send the bytes from `offset` on. `Conflict`, with `more["received"]`, when the server is elsewhere."""
        return uploads.continue_upload(self, id, offset, body)

    def hold(self, name: str, path: Path) -> Held:
        """Send a picture to search with; it stays where it is."""
        return uploads.hold(self, name, path)

    def export_snapshot(self, id: int, path: Path) -> Snapshot:
        """Write the database that a snapshot holds to a new file of this machine."""
        return files.export_snapshot(self, id, path)

    def events(self, after: int | None = None) -> Iterator[Event]:
        """What happens, as it happens, from now on or from behind a revision. Ends when the server does."""
        return events.events(self, after)

    # -- what only a served library has --------------------------------------------------------------------------------

    def openapi(self) -> dict[str, Any]:
        return self.get("/openapi.json", dict[str, Any])


__all__ = ["BY_STATUS", "PREFIX", "Client", "Unreachable", "error_of", "read_view"]

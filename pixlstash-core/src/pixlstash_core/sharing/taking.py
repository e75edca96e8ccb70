"""Copies the pictures of somebody else's link, for an import. The server of the link may be hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from ..errors import Forbidden, Invalid, NotFound, PixlStashError, Unauthorised
from ..outgoing import TAKING
from .inspection import sentence_of
from .stranger import Stranger

#: Pictures of a link, and bytes of an answer, at most.
MOST, LONGEST = 50_000, 128 << 20
_PATH = re.compile(r"(.*)/s/([0-9a-f]{16})/?")
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
Name = Annotated[str, Meta(pattern=r"^[0-9a-f]{24}\Z")]


class Offered(Struct):
    """What a link offers. Other keys, of later versions, are ignored."""

    title: Annotated[str, Meta(max_length=200)]
    pictures: Annotated[list[Name], Meta(max_length=MOST)]
    download: bool


class Share:
    """A link of another server. Close it afterwards."""

    def __init__(self, stranger: Stranger, secret: str) -> None:
        self._stranger, self._secret = stranger, secret

    @classmethod
    def of(cls, address: str) -> Share:
        """Return the share of an address as it is sent to recipients. `Invalid` if it is none."""
        try:
            parts = urlsplit(address.strip())
            valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.query
        except ValueError:
            raise Invalid("This is no address of a link.") from None
        path, secret = _PATH.fullmatch(parts.path), parts.fragment
        if not valid or parts.username is not None or path is None or not _SECRET.fullmatch(secret):
            raise Invalid("This is no address of a link. Copy all of it, including what follows #.")
        url = f"{parts.scheme}://{parts.netloc}{path[1]}"
        return cls(Stranger(url, path[2], row=TAKING, verify=True, longest=LONGEST), secret)

    def enter(self, password: str | None = None) -> Offered:
        """Open the link, and return what it offers. `Unauthorised` without the right password."""
        answer = self._stranger.enter(self._secret, password)
        if answer.status == 401:
            raise Unauthorised(sentence_of(answer))
        if answer.status != 204:
            raise NotFound(sentence_of(answer))
        answer = self._stranger.get("")
        try:
            offered = msgspec.json.decode(answer.body, type=Offered)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise PixlStashError("The server of the link gives an answer that cannot be read.") from error
        if not offered.download:
            raise Forbidden("The owner does not offer to save these pictures.")
        return offered

    def save(self, names: list[str], folder: Path) -> Iterator[Path]:
        """Save pictures in a folder, which is empty, and yield their files. One that is gone meanwhile is left out."""
        for name in names:
            answer = self._stranger.get(f"/pictures/{name}/image?save=true")
            if answer.status != 200:
                continue
            path = folder / f"picture-{name}.jpg"
            path.write_bytes(answer.body)
            yield path

    def close(self) -> None:
        self._stranger.close()

"""`Site`: the state of a served library that all requests share."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from pixlstash_core.errors import Invalid

from .event_streams import EventStreams
from .static_files import StaticFiles

if TYPE_CHECKING:
    from pixlstash_core.library import Library

STATIC = Path(__file__).parent / "static"
UPLOAD_LIMIT = 20 << 30


class Origin(Struct, frozen=True):
    """A public address: scheme, host name in lower case, and `host[:port]` as browsers write it."""

    scheme: str
    name: str
    netloc: str


class Site:
    """A served library, its addresses, and its open event streams."""

    def __init__(
        self,
        library: Library,
        *,
        host: str = "127.0.0.1",
        public_url: str | Sequence[str] | None = None,
        static: Path = STATIC,
        upload_limit: int = UPLOAD_LIMIT,
    ) -> None:
        self.library = library
        urls = [public_url] if isinstance(public_url, str) else list(public_url or ())
        self.public = tuple(read_origin(url) for url in urls)
        #: Whether other machines can reach the server, so that the owner needs a password.
        self.exposed = not is_loopback(host) or any(not is_loopback(origin.name) for origin in self.public)
        self.static_files = StaticFiles(static)
        self.event_streams = EventStreams(library)
        self.upload_limit = upload_limit
        #: Generates the OpenAPI description of the served routes; set when the application is built.
        self.describe: Callable[[], dict[str, Any]] = dict
        self.closing = False

    def needs_password(self) -> bool:
        return self.exposed and not self.library.access.has_password

    def close(self) -> None:
        """End all event streams. Call it on the event loop's thread."""
        self.closing = True
        self.event_streams.close()


def read_origin(url: str) -> Origin:
    """Parse the origin of a public URL such as `https://pictures.example.org`."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        name, port = parts.hostname, parts.port
    except ValueError:
        parts, name, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not name:
        raise Invalid(f"--public-url {url!r} is not an address like https://pictures.example.org.")
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{name}]" if ":" in name else name
    return Origin(parts.scheme, name, host if port in (None, default) else f"{host}:{port}")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

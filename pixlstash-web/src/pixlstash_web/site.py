"""`Site`: the state of a served library that all requests share."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.requests import Request

from pixlstash_core.access.rates import Rates
from pixlstash_core.errors import Invalid

from .event_streams import EventStreams
from .static_files import StaticFiles

if TYPE_CHECKING:
    from pixlstash_core.library import Library

#: Failed attempts that a network has at once, and seconds until it has another one.
FAILURES = (60, 1.0)
STATIC = Path(__file__).parent / "static"
UPLOAD_LIMIT = 20 << 30
#: This machine, private networks, and link-local addresses.
LOCAL = tuple(
    map(
        ipaddress.ip_network,
        "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 ::1/128 fc00::/7 fe80::/10".split(),
    )
)


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
        trusted_proxies: Sequence[str] = (),
        remote_owner_tokens: bool = False,
    ) -> None:
        self.library = library
        urls = [public_url] if isinstance(public_url, str) else list(public_url or ())
        self.public = tuple(read_origin(url) for url in urls)
        #: Whether other machines can reach the server, so that the owner needs a password.
        self.exposed = not is_loopback(host) or any(not is_loopback(origin.name) for origin in self.public)
        self.trusted_proxies = tuple(map(read_network, trusted_proxies))
        #: Whether tokens with all rights are accepted from other networks.
        self.remote_owner_tokens = remote_owner_tokens
        self.static_files = StaticFiles(static)
        self.event_streams = EventStreams(library)
        self.upload_limit = upload_limit
        #: Generates the OpenAPI description of the served routes; set when the application is built.
        self.describe: Callable[[], dict[str, Any]] = dict
        #: Paths of GET requests that need a login, for visits of links; set when the application is built.
        self.private: list[str] = []
        #: Failed logins and wrong secrets of links, whatever they are for, by the network that they come from.
        self.logins = Rates(*FAILURES)
        #: Refused requests for the picture of a token. They are counted apart: old pictures in a page lock nobody out.
        self.token_pictures = Rates(*FAILURES)
        self.closing = False

    def client_address(self, request: Request) -> str:
        """Return the address of the client: that of the socket, or what a trusted proxy says; "" if that is unclear."""
        address = request.client.host if request.client else ""
        headers = request.headers.getlist("x-forwarded-for")
        if not headers or not self._is_proxy(address):
            return address
        hops = [hop.strip() for hop in ",".join(headers).split(",")]
        for hop in reversed(hops):  # each proxy appends the address that it was asked from
            if parse_address(hop) is None:
                return ""
            if not self._is_proxy(hop):
                return hop
        return hops[0]

    def _is_proxy(self, address: str) -> bool:
        ip = parse_address(address)
        return ip is not None and any(ip in network for network in self.trusted_proxies)

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


def read_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Parse an address or a network of trusted proxies, such as 127.0.0.1 or 172.16.0.0/12."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise Invalid(f"--trusted-proxy {text!r} is not an IP address or a network like 172.16.0.0/12.") from error


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Parse an IP address without its zone; an IPv4 address in IPv6 form as IPv4."""
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def is_local(text: str) -> bool:
    """Return whether an address belongs to this machine or a private network. False if it cannot be parsed."""
    ip = parse_address(text)
    return ip is not None and any(ip in network for network in LOCAL)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

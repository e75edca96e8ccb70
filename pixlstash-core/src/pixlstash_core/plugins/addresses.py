"""Network addresses of engines: parses them into hosts, which users allow, and origins, which keys are bound to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
#: A host name or an IP address, without port.
_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9])?|[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*")
_AMBIGUOUS = re.compile(r"[\s\\\x00-\x20\x7f]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


class Address(NamedTuple):
    """`host`: a name or an IP address in lower case, without brackets; `origin`: scheme, host and port, where known."""

    host: str
    origin: str = ""


def is_host(text: str) -> bool:
    """Return whether a text is a host name or an IP address, without scheme and port."""
    return _HOST.fullmatch(text) is not None


def read_address(text: str) -> Address:
    """Parse a URL (`https://host:port/…`), a `host`, or a `host:port` of unknown scheme.

    Raises `ValueError` for anything else.
    """
    text = text.strip().lower()
    if _AMBIGUOUS.search(text):  # programs interpret such texts differently
        raise ValueError(f"{text!r} is no address")
    scheme, separator, _ = text.partition("://")
    parts = urlsplit(text if separator else f"//{_bracketed(text)}")
    host, port = parts.hostname or "", parts.port
    if not is_host(host) or (separator and not _SCHEME.fullmatch(scheme)):
        raise ValueError(f"{text!r} is no address")
    if not separator:
        return Address(host)
    name = f"[{host}]" if ":" in host else host
    port = port if port is not None else _PORTS.get(scheme)
    return Address(host, f"{scheme}://{name}" + (f":{port}" if port is not None else ""))


def read_addresses(texts: Iterable[str]) -> list[Address]:
    """Parse addresses, without empty ones: an engine names an empty address until its user sets one."""
    return [read_address(text) for text in texts if text.strip()]


def _bracketed(text: str) -> str:
    """Return an address, an IPv6 address in brackets, so that its colons do not look like a port."""
    return f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text

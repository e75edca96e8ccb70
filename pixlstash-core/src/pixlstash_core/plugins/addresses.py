"""Addresses that an engine sends to: as a plugin names them, the host people allow, and what a key is tied to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
#: A name, or an IP address: what stands before the port.
_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9])?|[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*")
_AMBIGUOUS = re.compile(r"[\s\\\x00-\x20\x7f]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")


class Address(NamedTuple):
    """`host`: a name or an IP address in lower case, without brackets; `origin`: scheme, host and port, where known."""

    host: str
    origin: str = ""


def is_host(text: str) -> bool:
    """Whether a text is the name of a host or an IP address, without scheme and port."""
    return _HOST.fullmatch(text) is not None


def read_address(text: str) -> Address:
    """The address in a URL (`https://host:port/…`), or in a `host` or `host:port` of unknown scheme.

    Raises `ValueError` where it is none.
    """
    text = text.strip().lower()
    if _AMBIGUOUS.search(text):  # programs differ in which host such a text names
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
    """Those that are not empty: an engine without a default address names an empty one until people set it."""
    return [read_address(text) for text in texts if text.strip()]


def _bracketed(text: str) -> str:
    """An IPv6 address without brackets in brackets, so that its colons are not read as a port."""
    return f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text

"""Watches the network use of the core and the server in the process of the tests, for as long as that lives.

Whatever is connected, sent or looked up by their code must be of a row of `pixlstash_core.outgoing`, and stay on this
machine. What processes that they start do is traced in `web/test_privacy.py`.
"""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pixlstash_core
import pixlstash_web
from pixlstash_core import outgoing

#: Names of the rows that were used, and descriptions of what is of none.
used: set[str] = set()
unlisted: list[str] = []
_SOURCES = tuple(str(Path(str(package.__file__)).parent) for package in (pixlstash_core, pixlstash_web))
#: For authors of plugins, whose engines it runs in this process.
_TESTING = str(Path(str(pixlstash_core.__file__)).parent / "testing")
_TESTS = str(Path(__file__).parent)
_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKING_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_DOCUMENTATION = ipaddress.ip_network("192.0.2.0/24")


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook."""
    if event in _CONNECTING:
        address = arguments[-1]
        if not isinstance(address, tuple):  # within this machine: a path
            return
        _note(event, str(address[0]))
    elif event in _LOOKING_UP:
        _note(event, str(arguments[0]))


def _note(event: str, host: str) -> None:
    source = _source(sys._getframe(2))
    if source is None:
        return
    row = outgoing.current()
    if row is None:
        unlisted.append(f"{event} to {host} by {source}")
        return
    used.add(row)
    if event in _CONNECTING and row != outgoing.ADDRESS.name and not _is_here(host):
        unlisted.append(f"{event} to {host}, another machine, by {source}")


def _source(frame: FrameType | None) -> str | None:
    """The innermost function of the core or the server in a stack.

    None if it has none, one for plugins' tests, or if that called a test, whose connection it is then.
    """
    source = None
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(_TESTING) or (source is None and file.startswith(_TESTS)):
            return None
        if source is None and file.startswith(_SOURCES):
            source = f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return source


def _is_here(host: str) -> bool:
    """Whether it is this machine, or an address of documentation, which no machine has."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
        return address.is_loopback or address in _DOCUMENTATION
    except ValueError:
        return host == "localhost"


sys.addaudithook(watch)

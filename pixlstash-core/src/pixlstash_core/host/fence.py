"""Keeps an engine's process from hosts that it may not reach. Called in that process, before its model is loaded.

It holds code that means no harm, such as a library that asks for updates or follows a redirect. Code that means harm
has the rights of whoever runs PixlStash anyway.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from typing import Any

#: Tells libraries that would ask Hugging Face whether a file is new that they need not try.
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")


def close(hosts: Sequence[str]) -> None:
    """From now on, only these hosts (names, or addresses written out) can be reached. It cannot be undone."""
    names, addresses = {host.lower() for host in hosts}, {host.lower() for host in hosts}
    real = socket.getaddrinfo
    if not hosts:
        os.environ.update(dict.fromkeys(_OFFLINE, "1"))

    def resolve(host: Any, *given: Any, **named: Any) -> Any:
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
        if text.lower() not in names:
            raise _refused(text)
        found = real(host, *given, **named)
        addresses.update(str(one[4][0]).lower() for one in found)
        return found

    def look(event: str, given: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto") and given[0].family in (socket.AF_INET, socket.AF_INET6):
            to = given[1][0] if isinstance(given[1], tuple) else given[1]
            if str(to).lower() not in addresses:
                raise _refused(str(to))

    socket.getaddrinfo = resolve
    sys.addaudithook(look)


def _refused(host: str) -> PermissionError:
    return PermissionError(f"{host} may not be reached: this engine is not allowed to")

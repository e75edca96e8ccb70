"""Limits on connections: their number, and the time in which clients must send headers and read answers.

Uvicorn has no deadline for headers, so that a client without a login could use up all descriptors of the process with
idle connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import h11
import msgspec
from msgspec import Struct
from uvicorn.protocols.http.h11_impl import H11Protocol

from .answers import ALWAYS, SANDBOX
from .site import is_loopback

#: Descriptors to request at start, and those reserved for databases, files and processes.
WANTED, RESERVED = 4096, 256
#: Headers of answers without the application.
HEADERS = {**ALWAYS, "Content-Security-Policy": SANDBOX, "Cache-Control": "no-store", "Connection": "close"}


class Limits(Struct, frozen=True):
    """Maximum connections in all and from one address; seconds for sending headers, and between reads of an answer.

    Connections from this machine have only the total limit, because a reverse proxy forwards all of them from here.
    """

    total: int = 512
    each: int = 128
    headers: float = 20.0
    reading: float = 600.0


def limits() -> Limits:
    """Return limits for the available descriptors, after requesting more from the system if needed."""
    total = min(Limits().total, (_descriptors() - RESERVED) // 2)  # one for the socket, one for a file
    return Limits(total=max(total, 16), each=max(min(Limits().each, total // 2), 8))


def _descriptors() -> int:
    """Return the number of descriptors that this process may have."""
    try:
        import resource
    except ImportError:  # Windows has no such limit on sockets
        return WANTED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return WANTED if soft == resource.RLIM_INFINITY else soft


class Connection(H11Protocol):
    """One client's connection, with its deadlines."""

    def __init__(self, *, limits: Limits, **options: Any) -> None:
        super().__init__(**options)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        #: Time of the event loop since which it has waited for a request.
        self.waiting_since = self.loop.time()

    # -- asyncio's calls -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        others = [other for other in self.connections if isinstance(other, Connection) and other is not self]
        address = network(self.client[0] if self.client else "")
        near = [other for other in others if other.client and network(other.client[0]) == address]
        if not is_loopback(address) and len(near) >= self._limits.each:
            self._make_room(near, "There are too many connections from your address. Close some and try again.")
        elif len(others) >= self._limits.total:
            self._make_room(others, "The server has too many connections. Try again in a moment.")
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._deadline, self._stalled):
            if timer is not None:
                timer.cancel()
        self._deadline = self._stalled = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self._limits.reading, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.waiting_since = self.loop.time()
        self._expect_headers()  # a part of the next request may be here already

    def send_400_response(self, msg: str) -> None:
        self.refuse(400, "This is not an HTTP request that the server understands.")

    # -- deadlines and room --------------------------------------------------------------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Whether no request is being answered: the connection is idle, or sends headers or an unwanted body."""
        answered = self.cycle is not None and self.cycle.response_complete
        return (answered or self.conn.their_state is h11.IDLE) and not self.transport.is_closing()

    def refuse(self, status: int, sentence: str) -> None:
        """Send an error without the application, and close."""
        body = msgspec.json.encode({"detail": sentence})
        headers = {**HEADERS, "Content-Type": "application/json", "Content-Length": str(len(body))}
        with contextlib.suppress(h11.LocalProtocolError):  # an answer was begun: only close
            for event in (
                h11.Response(status_code=status, headers=[(n.encode(), v.encode()) for n, v in headers.items()]),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _expect_headers(self) -> None:
        """Start the deadline for a request's headers, or stop it when they are complete."""
        idle = self.conn.their_state is h11.IDLE and self.cycle is not None and not self.conn.trailing_data[0]
        incomplete = self.is_waiting and not idle  # uvicorn limits the time between requests
        if incomplete and self._deadline is None:
            self._deadline = self.loop.call_later(self._limits.headers, self._end_waiting)
        elif not incomplete and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_waiting(self) -> None:
        self._deadline = None
        if self.is_waiting:
            self.refuse(408, "The request did not arrive in time.")

    def _make_room(self, others: Iterable[Connection], sentence: str) -> None:
        """Close the connection that has waited longest for a request; if none waits, refuse this one."""
        waiting = [other for other in others if other.is_waiting]
        if waiting:
            min(waiting, key=lambda other: other.waiting_since).transport.abort()
        else:
            self.refuse(503, sentence)


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """Return the address that connections are counted by: for IPv6 the /64 network, which one household has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return address if parsed.is_loopback else str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return address

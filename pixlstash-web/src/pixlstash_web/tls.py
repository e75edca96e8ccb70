"""TLS without a proxy: a certificate that is read again when it is renewed, and handshakes that are bounded.

asyncio counts a connection only after its handshake. Clients that never finish theirs could use up all descriptors of
the process, so connections are accepted as plain ones first, and upgraded here.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pixlstash_core.errors import Invalid

from .connections import network

log = logging.getLogger(__name__)

#: Handshakes at a time, in all and from one address, and seconds for one.
TOTAL, EACH, SECONDS = 64, 16, 10.0


class Certificate:
    """A certificate with its chain, and its key (None: in the same file), in PEM format."""

    def __init__(self, chain: Path, key: Path | None = None) -> None:
        self._chain, self._key = chain, key or chain
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.set_alpn_protocols(["http/1.1"])
        self._read: object = None
        try:
            self._load()
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise Invalid(
                f"The certificate {chain} cannot be used with the key {self._key}: {_reason(error)}."
            ) from error

    def context(self) -> ssl.SSLContext:
        """Return the settings for a handshake, with the renewed certificate if the files have changed."""
        try:
            self._load()
        except (OSError, ValueError) as error:
            # Perhaps only one of the two files was replaced so far; the certificate in use stays valid.
            log.warning("the renewed certificate %s is not used: %s", self._chain, _reason(error))
        return self._context

    def _load(self) -> None:
        now = [(status.st_mtime_ns, status.st_ino) for status in map(Path.stat, (self._chain, self._key))]
        if now != self._read:
            # In a context of its own first: a mismatch would leave the new certificate with the old key.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._chain, self._key, _no_password)
            self._context.load_cert_chain(self._chain, self._key, _no_password)
            self._read = now


def _no_password() -> str:
    raise ValueError("the key is encrypted; remove its password first")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key belongs to another certificate"
        return "a certificate and a key in PEM format are expected"
    return str(getattr(error, "strerror", None) or error)


class Handshake(asyncio.Protocol):
    """A connection during its handshake, after which the protocol of `connect` takes it over."""

    def __init__(
        self, certificate: Certificate, waiting: set[Handshake], connect: Callable[[], asyncio.Protocol]
    ) -> None:
        self._certificate, self._waiting, self._connect = certificate, waiting, connect
        self._address = ""
        self._task: asyncio.Task[None] | None = None
        #: What the client sent together with the end of its handshake.
        self._received: list[bytes] = []
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()  # the first bytes belong to the handshake
        self._address = network((transport.get_extra_info("peername") or ("",))[0])
        near = sum(other._address == self._address for other in self._waiting)
        if len(self._waiting) >= TOTAL or near >= EACH:
            transport.abort()
            return
        self._waiting.add(self)
        self._task = asyncio.get_running_loop().create_task(self._upgrade(transport))

    def data_received(self, data: bytes) -> None:
        self._received.append(data)

    def eof_received(self) -> None:
        self._ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True

    async def _upgrade(self, transport: asyncio.Transport) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport, self, self._certificate.context(), server_side=True, ssl_handshake_timeout=SECONDS
            )
        except Exception:  # the client's fault, or it has left
            transport.abort()
            return
        finally:
            self._waiting.discard(self)
        if secured is None or self._ended:
            transport.abort()
            return
        protocol = self._connect()
        secured.set_protocol(protocol)
        protocol.connection_made(secured)
        if self._received:
            protocol.data_received(b"".join(self._received))

    def close(self) -> None:
        """End the handshake."""
        if self._task is not None:
            self._task.cancel()


class Listener:
    """Accepts TLS connections on a socket."""

    def __init__(self, certificate: Certificate, listening: socket.socket) -> None:
        self._certificate, self._socket = certificate, listening
        self._waiting: set[Handshake] = set()

    async def start(self, connect: Callable[[], asyncio.Protocol]) -> asyncio.base_events.Server:
        """Begin to accept. `connect` creates the protocol of a connection."""
        return await asyncio.get_running_loop().create_server(
            partial(Handshake, self._certificate, self._waiting, connect), sock=self._socket
        )

    def close(self) -> None:
        """End all handshakes."""
        for handshake in list(self._waiting):
            handshake.close()

"""Runs the application with uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from pixlstash_core import outgoing
from pixlstash_core.errors import Invalid, PixlStashError
from pixlstash_core.sharing.stranger import Doorstep

from . import connections
from .answers import run_in_threadpool
from .app import build
from .site import Site, is_loopback
from .tls import Certificate, Listener

if TYPE_CHECKING:
    from pixlstash_core.library import Library

#: Seconds that a download may continue after the server was told to stop.
GRACE = 0.3


def serve(
    library: Library,
    host: str = "127.0.0.1",
    port: int = 8020,
    public_url: str | Sequence[str] | None = None,
    on_ready: Callable[[str], None] | None = None,
    **settings: Any,
) -> None:
    """Serve until interrupted. `on_ready(url)` is called when the server answers; an exception in it stops the server.

    `settings`: those of `Server` and `Site`, such as `certificate` and `trusted_proxies`.

    Invalidates one-time links of earlier starts. Raises `PixlStashError` if the port is in use.
    """
    library.access.void_claims()
    Server(library, host, port, public_url, **settings).run(on_ready)


class Server:
    """The server of a library. The socket is bound on construction, so that `url` is known before it runs.

    With a `certificate` (a file, and that of its key or None), it speaks TLS on `host` and `port`; `url` then is a
    second address without TLS, which only this machine reaches.
    """

    def __init__(
        self,
        library: Library,
        host: str = "127.0.0.1",
        port: int = 0,
        public_url: str | Sequence[str] | None = None,
        *,
        limits: connections.Limits | None = None,
        certificate: tuple[Path, Path | None] | None = None,
        **settings: Any,
    ) -> None:
        self.site = Site(library, host=host, public_url=public_url, **settings)
        self._app = build(self.site)
        listener = None
        if certificate is not None:
            if not any(origin.scheme == "https" for origin in self.site.public):
                raise Invalid("--certificate needs the address that browsers use: --public-url https://NAME:PORT.")
            listener = Listener(Certificate(*certificate), bind(host, port))
            host, port = "127.0.0.1", 0
        self._socket = bind(host, port)
        self.url = _url(host, self._socket.getsockname()[1])
        config = uvicorn.Config(
            self._app,
            http=partial(connections.Connection, limits=limits or connections.limits()),  # type: ignore[arg-type]
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            log_level="critical",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = _Uvicorn(config, self.site, listener)

    def run(self, on_ready: Callable[[str], None] | None = None) -> None:
        """Serve on this thread until `stop` or, on the main thread, a signal."""
        asyncio.run(self._run(on_ready))

    def stop(self) -> None:
        """Stop soon. Can be called from any thread."""
        self._uvicorn.should_exit = True

    async def _run(self, on_ready: Callable[[str], None] | None) -> None:
        with contextlib.ExitStack() as stack:
            await self._run_served(on_ready, stack)

    async def _run_served(self, on_ready: Callable[[str], None] | None, stack: contextlib.ExitStack) -> None:
        serving = asyncio.create_task(self._uvicorn.serve([self._socket]))
        try:
            while not self._uvicorn.started and not serving.done():
                await asyncio.sleep(0.005)
            if serving.done():
                return
            served = self.site.library.part(Doorstep).served(self.url, self.site.private)
            await run_in_threadpool(stack.enter_context, served)
            if on_ready is not None:
                await run_in_threadpool(on_ready, self.url)
        except BaseException:
            self.stop()
            raise
        finally:
            await serving


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, site: Site, listener: Listener | None) -> None:
        super().__init__(config)
        self._site, self._listener = site, listener

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._listener is not None:
            self.servers.append(await self._listener.start(self._connection))

    def _connection(self) -> asyncio.Protocol:
        protocol: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not remembered as captured: stopping is the wish, so it is not raised again afterwards.
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._site.close()
        if self._listener is not None:
            self._listener.close()
        asyncio.get_running_loop().call_later(GRACE, self._drop_slow)
        await super().shutdown(sockets)
        for _ in range(2):  # including those accepted while the socket was closed
            await asyncio.sleep(0)
            for connection in list(self.server_state.connections):
                connection.transport.abort()
        await asyncio.sleep(0)  # closes dropped connections

    def _drop_slow(self) -> None:
        """Drop connections of clients that do not read their answers."""
        for connection in list(self.server_state.connections):
            if connection.transport.get_write_buffer_size():
                connection.transport.abort()


@contextlib.contextmanager
def running(library: Library, host: str = "127.0.0.1", port: int = 0, **settings: Any) -> Iterator[str]:
    """Serve on a separate thread during the block, which gets the URL."""
    server = Server(library, host, port, **settings)
    ready = threading.Event()
    thread = threading.Thread(target=server.run, args=(lambda url: ready.set(),), name="server", daemon=True)
    thread.start()
    if not ready.wait(10):
        raise PixlStashError("The server did not start.")
    try:
        yield server.url
    finally:
        server.stop()
        thread.join(10)


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises `PixlStashError` with advice if that fails."""
    try:
        with outgoing.ADDRESS.opening():
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
    except OSError as error:
        raise Invalid(f"--host {host} is no address of this machine.") from error
    # With the protocol named, asyncio sends small answers at once; without it, each waits 40 ms for an ACK.
    listening = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(512)
    except OSError as error:
        listening.close()
        if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", -1)):
            raise PixlStashError(f"Port {port} is taken. Choose another one with --port.") from error
        if error.errno in (errno.EACCES, getattr(errno, "WSAEACCES", -1)):
            raise PixlStashError(f"Port {port} may not be used here. Choose another one with --port.") from error
        raise Invalid(f"The server cannot listen on {host}: {error.strerror}.") from error
    return listening


def _url(host: str, port: int) -> str:
    """Return the URL at which this machine reaches a server that listens on `host`."""
    if host in ("0.0.0.0", ""):
        host = "127.0.0.1"
    elif host == "::":
        host = "::1"
    elif not is_loopback(host) and ":" not in host and not host.replace(".", "").isdigit():
        with outgoing.ADDRESS.opening():
            host = socket.gethostbyname(host)  # a name would have to be declared
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

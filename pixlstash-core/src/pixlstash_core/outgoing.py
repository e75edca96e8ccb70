"""Every outgoing connection of PixlStash, in one table: for the code that makes them, and for Settings → Privacy.

A connection is opened within `row.opening()`. Each test fails if one is opened elsewhere (`tests/connecting.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .types.privacy import ConnectionKind

_open: ContextVar[str | None] = ContextVar("outgoing", default=None)


class Outgoing(ConnectionKind, frozen=True):
    """A kind of connection, for the code that makes it."""

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Mark the connections that the block opens on this thread as of this kind."""
        token = _open.set(self.name)
        try:
            yield
        finally:
            _open.reset(token)


def current() -> str | None:
    """Return the name of the row whose connections this thread opens at present."""
    return _open.get()


#: Made only while the update check is on.
UPDATES = Outgoing(
    "updates",
    "Update check",
    "While “Check for updates” is on: at most once in 24 hours, or once an hour while the last known release fixed a"
    " high or critical vulnerability",
    "The server",
    "https://pixlstash.dev, or the endpoint that you set",
    "To show new releases and security fixes",
    "The version and the kind of installation (docker, pip, electron or other) in the address, and a fixed user agent",
)
WEIGHTS = Outgoing(
    "weights",
    "Download of an engine's weights",
    "When you request it, on the engine's page or with `pixlstash engine fetch`",
    "The server, or the command line",
    "The hosts that the engine names, such as huggingface.co, and hosts that they redirect to",
    "An engine cannot run without the weights of its model",
    "The address of the file",
)
#: Opened in the engine's process, where `engines/network_guard.py` allows these hosts only.
ENGINES = Outgoing(
    "engines",
    "Engines that use another machine",
    "When you run an engine that says so, after you allowed its host by name",
    "The process of that engine",
    "The hosts that you allowed for it",
    "The model runs there",
    "Pictures, as the engine's page says",
)
CLIENT = Outgoing(
    "client",
    "Commands and programs that use a server",
    "When you run `pixlstash` while a server has the library, or a program that uses the Python client",
    "The command line, or that program",
    "This machine, or the address of the server that the program was given",
    "A library is open in one process at a time",
    "The request, and the token of that program",
)
ADDRESS = Outgoing(
    "address",
    "Finding the addresses of this machine",
    "When `pixlstash serve` is started",
    "The server",
    "The resolver of the operating system for the name given with --host, and its routing table. With --host 0.0.0.0,"
    " a UDP socket is bound to a route, and no packet is sent",
    "To print an address that other machines can open",
    "Nothing, or the name given with --host",
)
#: By `sharing/stranger.py`, to the server's own address.
VISITS = Outgoing(
    "visits",
    "Checking links as a stranger",
    "Before a link that you share exists, once a day for each link, and when you request it",
    "The server, or the command line",
    "This machine: the server's own address",
    "To see what recipients of a link can reach",
    "The secret of the link, and requests that must be refused",
)
#: By `sharing/taking.py`.
TAKING = Outgoing(
    "taking",
    "Taking a share into your library",
    "When you run `pixlstash share take` with a link",
    "The command line",
    "The server in the link",
    "To copy the pictures that somebody shared with you",
    "The secret of the link, its password if it has one, and requests for its pictures",
)
#: By importers of plugins that say which machines they reach.
IMPORTERS = Outgoing(
    "importers",
    "Importers of plugins that use another machine",
    "When you import from one, with “Import from…” or `pixlstash import --from`",
    "The server",
    "The machines that the importer names, which are shown before you import",
    "Its pictures are there",
    "What the plugin sends to ask for them, such as the settings that you entered",
)
ROWS = (UPDATES, WEIGHTS, ENGINES, CLIENT, ADDRESS, VISITS, TAKING, IMPORTERS)

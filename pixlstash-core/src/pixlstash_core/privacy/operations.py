"""The operation that lists what leaves the machine."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import msgspec

from .. import cookies, outgoing
from ..context import Context
from ..engines import settings as engines
from ..engines.host import Host
from ..errors import PixlStashError
from ..types import Connection, CookieInfo, Privacy, Reader
from ..updates.feature import UpdateCheck
from . import policy


def privacy(context: Context, reader: Reader) -> Privacy:
    """All outgoing connections with their state, all cookies, and the privacy policy."""
    updated, sections = policy.read()
    connections = [_connection(context, row) for row in outgoing.ROWS]
    listed = [
        CookieInfo(row.prefix, row.title, row.when, row.who, row.why, row.seconds // 86_400) for row in cookies.ROWS
    ]
    return Privacy(connections, listed, sections, updated)


def _connection(context: Context, row: outgoing.Outgoing) -> Connection:
    connection = Connection(**msgspec.structs.asdict(row), state="request")
    if row is outgoing.UPDATES:
        check = context.part(UpdateCheck).state()
        hosts = [urlsplit(check.endpoint).netloc]
        return msgspec.structs.replace(connection, state="on" if check.enabled else "off", hosts=hosts)
    if row is outgoing.ENGINES:
        allowed = _allowed(context)
        return msgspec.structs.replace(connection, state="on" if allowed else "off", hosts=allowed)
    if row is outgoing.WEIGHTS:
        return msgspec.structs.replace(connection, hosts=_of_weights(context))
    return connection


def _allowed(context: Context) -> list[str]:
    """Return the hosts that were allowed for installed engines."""
    every = context.part(Host).catalogue.all()
    return sorted({host for offered in every for host in engines.allowed(context.hub, offered.engine.id)})


def _of_weights(context: Context) -> list[str]:
    """Return the hosts of the weights of installed engines, as far as their settings are complete."""
    catalogue, hosts = context.part(Host).catalogue, set()
    for offered in catalogue.all():
        with suppress(PixlStashError):
            needed = catalogue.needed(offered)
            hosts |= {urlsplit(file.url).hostname or "" for file in (needed.files if needed else ())}
    return sorted(hosts - {""})

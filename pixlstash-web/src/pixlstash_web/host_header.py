"""Checks the Host header, before routing.

A foreign page whose host name is pointed at this machine (DNS rebinding) still sends that name, so undeclared names are
refused. IP addresses cannot be rebound.
"""

from __future__ import annotations

import html
import ipaddress
import re
from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .answers import Elsewhere, as_error

NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
SHAPE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(:[0-9]{1,5})?")


class Host:
    """Accepts IP addresses, `localhost` and the given names; answers 421 for all others."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(names) | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        name = read_host(hosts[0]) if len(hosts) == 1 else None
        if name is not None and (name in self._names or is_address(name)):
            await self._app(scope, receive, send)
        else:
            await refusal(Request(scope), name)(scope, receive, send)


def read_host(value: str) -> str | None:
    """Return the host of a Host header in lower case, without port and brackets; None if it is invalid."""
    shape = SHAPE.fullmatch(value)
    if shape is None:
        return None
    name = shape[1].lower()
    if name.startswith("["):
        return name[1:-1] if is_address(name[1:-1]) else None
    return name if is_address(name) or NAME.fullmatch(name) else None


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def refusal(request: Request, name: str | None) -> Response:
    command = f"pixlstash serve --public-url https://{name or 'NAME'}"
    sentence = (
        "This server was asked for by a name it does not know, so it does not answer: a page elsewhere could otherwise"
        " reach your library. If the name is yours, start the server with it:"
    )
    if "text/html" not in request.headers.get("accept", ""):
        return as_error(Elsewhere(f"{sentence} {command}"))
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><title>PixlStash: unknown name</title>"
        f"<h1>PixlStash does not know this name</h1><p>{html.escape(sentence)}</p>"
        f"<pre>{html.escape(command)}</pre>",
        421,
        {"Cache-Control": "no-store"},
    )

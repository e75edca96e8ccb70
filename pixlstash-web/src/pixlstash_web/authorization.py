"""The Host check before routing; authentication and permission checks of every request after it.

A foreign page whose host name is pointed at this machine (DNS rebinding) still sends that name, so undeclared names are
refused. IP addresses cannot be rebound.

Denies by default: no route can be reached without these checks, and only its row grants access.
"""

from __future__ import annotations

import html
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pixlstash_core import cookies
from pixlstash_core.access.feature import ABSOLUTE
from pixlstash_core.errors import Forbidden, Unauthorised
from pixlstash_core.types import Reader

from .answers import Elsewhere, as_error
from .browsers import name_of_browser
from .site import Site, is_local
from .table import Call, Route

NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
SHAPE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(:[0-9]{1,5})?")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Prefix of the name of a cookie for https only.
SECURE = "__Host-"
#: The parameter of an address that may carry a token.
TOKEN = "token"


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


def admit(call: Call, route: Route) -> None:
    """Identify the reader of a request, or raise. Reads the database, so not on the event loop's thread."""
    request, site = call.request, call.site
    bearer, linked = bearer_of(request), linked_token(request)
    sent = bearer if bearer is not None else linked
    call.secret = sent if sent is not None else request.cookies.get(cookie_name(site, request))
    check_source(site, request, by_cookie=sent is None and call.secret is not None)
    call.who = site.library.access.reader_of(call.secret) if call.secret else None
    if bearer is None and linked is not None:
        call.who = call.who if call.who is not None and may_be_linked(call.who) else None
        if call.who is not None and is_typed(request):
            raise SeeOther(without_token(request), _remembered(call, linked))
    if route.right == "public":
        return
    if call.who is None:
        raise Unauthorised("Log in first." if call.secret is None else "This login is invalid, expired or revoked.")
    # Programs of the same user on this machine can read the whole library anyway.
    if site.exposed and not route.early and call.who.principal != "local" and site.needs_password():
        raise Forbidden("Set a password first: this library can be reached from other machines.", needs_password=True)
    demand_near(call, call.who)
    route.demand(call.reader, site.library.read_only)


def demand_near(call: Call, reader: Reader) -> None:
    """Raise for a token with all rights that is used from another network: it was probably stolen."""
    if reader.right != "owner" or not reader.principal.startswith("token:") or call.site.remote_owner_tokens:
        return
    if not is_local(call.ip):
        raise Forbidden(
            "Full access is restricted to local network connections. Use a token with fewer rights, or start the server"
            " with --remote-owner-tokens."
        )


class SeeOther(Exception):
    """The browser is sent to another address of this server, with a cookie to keep or none."""

    def __init__(self, location: str, cookie: str | None) -> None:
        super().__init__(location)
        self.location, self.cookie = location, cookie


def _remembered(call: Call, token: str) -> str | None:
    """The cookie of a new session of this token; None for a browser that is logged in, which stays so."""
    access = call.library.access
    cookie = call.request.cookies.get(cookie_name(call.site, call.request))
    if cookie and access.reader_of(cookie) is not None:
        return None
    browser = name_of_browser(call.request.headers.get("user-agent", ""))
    return session_cookie(call, access.login(token=token, ip=call.ip, browser=browser)[0], ABSOLUTE // 1000)


def is_typed(request: Request) -> bool:
    """Whether a person opened this address in a browser, not following a link of another site.

    A link of another site must not log anybody in: its token might be the attacker's.
    """
    headers = request.headers
    return headers.get("sec-fetch-dest") == "document" and headers.get("sec-fetch-site") in ("none", "same-origin")


def without_token(request: Request, fragment: str = "") -> str:
    """The path and query of a request without its token. Never another host, whatever the path looks like."""
    rest = [(name, value) for name, value in request.query_params.multi_items() if name != TOKEN]
    path = "/" + quote(request.scope["path"].lstrip("/\\"), safe="/:@!$&'()*+,;=~")
    return path + (f"?{urlencode(rest)}" if rest else "") + (f"#{fragment}" if fragment else "")


def session_cookie(call: Call, secret: str, seconds: int) -> str:
    """The value of a Set-Cookie header for this library's session."""
    name = cookie_name(call.site, call.request)
    return write_cookie(cookies.SESSION, name, secret, seconds, secure=name.startswith(SECURE))


def write_cookie(row: cookies.Cookie, name: str, value: str, seconds: int, *, path: str = "/", secure: bool) -> str:
    """Return the value of a Set-Cookie header. Every cookie is written here, and is in the table of `cookies`."""
    if not name.removeprefix(SECURE).startswith(row.prefix):
        raise ValueError(f"{name} does not begin with {row.prefix}")
    flags = "; Secure" if secure else ""
    return f"{name}={value}; Path={path}; Max-Age={min(seconds, row.seconds)}; HttpOnly; SameSite=Strict{flags}"


def check_source(site: Site, request: Request, *, by_cookie: bool) -> None:
    """Raise for a change requested by a page of another origin (cross-site request forgery).

    Browsers send the origin of a request in Sec-Fetch-Site, and in Origin on plain http to other machines. Without
    both, it is no browser, unless a cookie reveals an old one.
    """
    if request.method in SAFE:
        return
    fetched = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetched is not None:
        ours = fetched in ("same-origin", "none")
    elif origin is not None:
        ours = origin.lower() in allowed_origins(site, request)
    else:
        ours = not by_cookie
    if not ours:
        raise Forbidden("This request comes from another site, so it is refused.")


def allowed_origins(site: Site, request: Request) -> set[str]:
    """Return the origins that may send changes: the address of the request, and the public ones."""
    netloc = request.headers["host"].lower()
    return {f"http://{netloc.removesuffix(':80')}", *(f"{origin.scheme}://{origin.netloc}" for origin in site.public)}


def bearer_of(request: Request) -> str | None:
    """Return the secret of an `Authorization: Bearer` header. Another scheme is an invalid credential."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def linked_token(request: Request) -> str | None:
    """The token in an address, as older clients send it: `?token=`, for requests that only read."""
    if request.method not in ("GET", "HEAD"):
        return None
    return request.query_params.get(TOKEN)


def may_be_linked(reader: Reader) -> bool:
    """Whether a credential is accepted in an address, which browsers keep and proxies log: a token that only reads."""
    return reader.right == "read" and reader.principal.startswith("token:")


def is_secure(site: Site, request: Request) -> bool:
    """Return whether the browser uses a public https address."""
    name = read_host(request.headers.get("host", ""))
    return any(origin.scheme == "https" and origin.name == name for origin in site.public)


def cookie_name(site: Site, request: Request) -> str:
    """Return the name of this library's session cookie. Cookies are shared by all ports of a host."""
    return (SECURE if is_secure(site, request) else "") + cookies.SESSION.prefix + site.library.public_id

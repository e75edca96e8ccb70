"""Authentication and permission checks of every request, after its route was matched.

Denies by default: no route can be reached without these checks, and only its row grants access.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.requests import Request

from pixlstash_core.access.feature import ABSOLUTE
from pixlstash_core.errors import Forbidden, Unauthorised
from pixlstash_core.types import Reader

from .host_header import read_host
from .site import Site
from .table import Call, Route

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Prefixes of the names of cookies: for https only, and before the library's public id.
SECURE, COOKIE = "__Host-", "pl_session_"
#: The parameter of an address that may carry a token.
TOKEN = "token"


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
    route.demand(call.reader, site.library.read_only)


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
    return session_cookie(call, access.login(token=token, ip=call.ip)[0], ABSOLUTE // 1000)


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
    secure = "; Secure" if name.startswith(SECURE) else ""
    return f"{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


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
    return (SECURE if is_secure(site, request) else "") + COOKIE + site.library.public_id

"""The gate every request passes, on the route that matched: who asks, from where, and whether they may.

Deny by default: a route is reached only through here, and here nothing is allowed that its row does not say.
"""

from __future__ import annotations

from starlette.requests import Request

from pixlstash_core.errors import Forbidden, Unauthorised

from .host import read_host
from .site import Site
from .table import Call, Route

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Before a cookie that only https carries, and before the public id of the library in any.
SECURE, COOKIE = "__Host-", "pl_session_"


def admit(call: Call, route: Route) -> None:
    """Set who asks, or raise. Looks credentials up, so not on the event loop's thread."""
    request, site = call.request, call.site
    bearer = bearer_of(request)
    call.secret = bearer if bearer is not None else request.cookies.get(cookie_name(site, request))
    check_source(site, request, by_cookie=bearer is None and call.secret is not None)
    call.who = site.library.access.reader_of(call.secret) if call.secret else None
    if route.right == "public":
        return
    if call.who is None:
        raise Unauthorised("Log in first." if call.secret is None else "This login is invalid, expired or revoked.")
    # Programs of the same user on this machine can read the whole library anyway.
    if site.exposed and not route.early and call.who.principal != "local" and site.needs_password():
        raise Forbidden("Set a password first: this library can be reached from other machines.", needs_password=True)
    route.demand(call.reader, site.library.read_only)


def check_source(site: Site, request: Request, *, by_cookie: bool) -> None:
    """Refuse a change that a page of another origin asked for (cross-site request forgery).

    Browsers say where a request comes from in Sec-Fetch-Site, and on plain http beyond this machine in Origin. Where
    both are missing no browser asks, unless it is an old one, which a cookie gives away.
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
    """The address this request was sent to, and the public ones."""
    netloc = request.headers["host"].lower()
    return {f"http://{netloc.removesuffix(':80')}", *(f"{origin.scheme}://{origin.netloc}" for origin in site.public)}


def bearer_of(request: Request) -> str | None:
    """The secret of an `Authorization: Bearer` header. Any other scheme is a credential that is not good."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def is_secure(site: Site, request: Request) -> bool:
    """Whether the browser reaches us under a public https address."""
    name = read_host(request.headers.get("host", ""))
    return any(origin.scheme == "https" and origin.name == name for origin in site.public)


def cookie_name(site: Site, request: Request) -> str:
    """Of this library's session. Browsers send cookies to every port of a host, so each library needs its own name."""
    return (SECURE if is_secure(site, request) else "") + COOKIE + site.library.public_id

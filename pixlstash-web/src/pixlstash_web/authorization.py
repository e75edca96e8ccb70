"""Authentication and permission checks of every request, after its route was matched.

Denies by default: no route can be reached without these checks, and only its row grants access.
"""

from __future__ import annotations

from starlette.requests import Request

from pixlstash_core.errors import Forbidden, Unauthorised

from .host_header import read_host
from .site import Site
from .table import Call, Route

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Prefixes of the names of cookies: for https only, and before the library's public id.
SECURE, COOKIE = "__Host-", "pl_session_"


def admit(call: Call, route: Route) -> None:
    """Identify the reader of a request, or raise. Reads the database, so not on the event loop's thread."""
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


def is_secure(site: Site, request: Request) -> bool:
    """Return whether the browser uses a public https address."""
    name = read_host(request.headers.get("host", ""))
    return any(origin.scheme == "https" and origin.name == name for origin in site.public)


def cookie_name(site: Site, request: Request) -> str:
    """Return the name of this library's session cookie. Cookies are shared by all ports of a host."""
    return (SECURE if is_secure(site, request) else "") + COOKIE + site.library.public_id

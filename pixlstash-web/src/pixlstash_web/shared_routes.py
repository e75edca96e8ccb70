"""What recipients of a link reach: the page, and the routes of its renditions. They get no reader.

They are public, because recipients have no login; each function checks the link. Nothing here gets a reader.
"""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from pixlstash_core import cookies
from pixlstash_core.errors import Forbidden, PixlStashError, TooMany
from pixlstash_core.sharing.guest_operations import give_score, own_scores
from pixlstash_core.sharing.link_keys import Link
from pixlstash_core.sharing.link_operations import (
    absent,
    charge,
    demand_budget,
    original_of,
    picture_of_token,
    pictures_of,
    rendition_of,
)
from pixlstash_core.sharing.links import Links
from pixlstash_core.sharing.originals import Stripped
from pixlstash_core.types import Originals

from .answers import ASK_FIRST, SANDBOX, as_bytes, as_error, names_tag
from .authorization import check_source, is_secure, write_cookie
from .files import disposition, present_original
from .site import Site, is_loopback
from .table import Call

PAGES, TOKENS = "/s/", "/share/"
PAGE_FILES = {"viewer.css": "text/css", "viewer.js": "text/javascript", "link.js": "text/javascript"}
LINK = re.compile(r"[0-9a-f]{16}")
#: What the page may do: load its own files, and ask this server.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)


class OpenLink(Struct, frozen=True, forbid_unknown_fields=True):
    """`secret` is what follows `#` in the link."""

    secret: Annotated[str, Meta(max_length=100)]
    password: Annotated[str, Meta(max_length=1024)] | None = None


class SharedPictures(Struct, frozen=True):
    """What a link shows. `pictures` are the names of the pictures in the paths below.

    `originals`: whether those are offered. `scores`: the stars that this browser gave, by picture; null: no stars.
    """

    title: str
    pictures: list[str]
    download: bool
    originals: Originals
    scores: dict[str, int] | None


class GiveScore(Struct, frozen=True, forbid_unknown_fields=True):
    """1 to 5 stars; 0: none any more."""

    score: Annotated[int, Meta(ge=0, le=5)]


def open_link(call: Call, link: str, ask: OpenLink) -> None:
    """Open a link; the response sets its cookie. 404 unless the link is valid, 401 without the right password."""
    _demand_ready(call)
    links = call.library.part(Links)
    if links.is_visited(link) and is_loopback(call.ip):  # this server itself, whose wrong attempts do not count
        opened, cookie = links.enter(link, ask.secret, ask.password, call.ip)
    else:
        with call.site.logins.attempt(call.ip):
            opened, cookie = links.enter(link, ask.secret, ask.password, call.ip)
    _set_cookie(call, cookies.LINK, opened, cookie)
    if opened.scores and links.visitor(opened, _visitor(call, link)) is None:
        _set_cookie(call, cookies.GUEST, opened, links.new_visitor(opened))


def _set_cookie(call: Call, row: cookies.Cookie, link: Link, value: str) -> None:
    path, secure = call.request.scope["path"].removesuffix("/open"), is_secure(call.site, call.request)
    header = write_cookie(row, row.prefix + link.public_id, value, row.seconds, path=path, secure=secure)
    call.headers.append(("Set-Cookie", header))


def _visitor(call: Call, link: str) -> str | None:
    return call.request.cookies.get(cookies.GUEST.prefix + link)


def shared_pictures(call: Call, link: str) -> SharedPictures:
    """The pictures of a link that this browser has opened."""
    opened = _opened(call, link)
    demand_budget(call.library, opened)
    return SharedPictures(
        opened.title,
        list(pictures_of(call.library, opened)),
        bool(opened.download),
        opened.offered,
        own_scores(call.library, opened, _visitor(call, link)),
    )


def shared_preview(call: Call, link: str, picture: str) -> Response:
    """A small JPEG of a picture of a link."""
    opened = _opened(call, link)
    demand_budget(call.library, opened)
    return _sent(call, opened, rendition_of(call.library, opened, picture).preview)


def shared_image(call: Call, link: str, picture: str, save: bool = False) -> Response:
    """A picture of a link as a JPEG without metadata; `save` offers it as a file, if the owner allows that."""
    opened = _opened(call, link)
    if save and not opened.download:
        raise absent()
    demand_budget(call.library, opened)
    response = _sent(call, opened, rendition_of(call.library, opened, picture).image)
    if save:
        response.headers["Content-Disposition"] = f'attachment; filename="picture-{picture[:8]}.jpg"'
    return response


def shared_original(call: Call, link: str, picture: str) -> Response:
    """The original of a picture of a link as a file, if the owner offers originals."""
    opened = _opened(call, link)
    demand_budget(call.library, opened)
    original = original_of(call.library, opened, picture)
    if isinstance(original, Stripped):
        response = _sent(call, opened, original.body, original.mime)
        name = f"picture-{picture[:8]}.{original.ending}"
        response.headers["Content-Disposition"] = disposition(name, inline=False)
        return response
    response = present_original(call, original)
    length = response.headers.get("content-length", str(original.size or 0))
    charge(call.library, opened, sent=int(length) if response.status_code != 304 else 0)
    return response


def score_shared(call: Call, link: str, picture: str, ask: GiveScore) -> None:
    """Give a picture of a link stars, if the owner allows that. They are kept apart from the owner's."""
    check_source(call.site, call.request, by_cookie=True)
    opened = _opened(call, link)
    demand_budget(call.library, opened)
    give_score(call.library, opened, picture, _visitor(call, link), ask.score, call.ip)


def present_preview(call: Call, jpeg: bytes) -> Response:
    """The answer to the owner, who tries the settings of a share."""
    return Response(jpeg, 200, {"Cache-Control": "no-store", "Content-Security-Policy": SANDBOX}, "image/jpeg")


def _sent(call: Call, link: Link, body: bytes, media: str = "image/jpeg") -> Response:
    response = as_bytes(call.request, body, media, ASK_FIRST)
    charge(call.library, link, sent=len(response.body))
    return response


def _opened(call: Call, link: str) -> Link:
    _demand_ready(call)
    return call.library.part(Links).visit(link, call.request.cookies.get(cookies.LINK.prefix + link))


def _demand_ready(call: Call) -> None:
    if call.site.needs_password():
        raise Forbidden("Nothing is shared before the owner has set a password.")


def answer_token(site: Site, request: Request, path: str) -> Response | None:
    """The picture of a token, for clients of the public PixlStash: `/share/<token>.<extension>`; None for other paths.

    All refusals are alike: another method, a token for more than one picture, an expired one, a wrong extension.
    """
    if not path.startswith(TOKENS):
        return None
    headers = {"X-Robots-Tag": "noindex, nofollow"}
    token, _, extension = path.removeprefix(TOKENS).rpartition(".")
    try:
        if request.method not in ("GET", "HEAD") or site.needs_password():
            raise absent()
        with site.token_pictures.attempt(site.client_address(request)):
            image = picture_of_token(site.library, token, extension).image
    except TooMany as error:
        return as_error(error, headers)
    except PixlStashError:
        return as_error(absent(), headers)
    response = as_bytes(request, image, "image/jpeg", ASK_FIRST)
    response.headers.update(headers)
    return response


def answer_page(request: Request, path: str) -> Response | None:
    """The page of a link, whether there is such a link or not, or one of its files; None for other paths."""
    name = path.removeprefix(PAGES)
    if not path.startswith(PAGES) or not (name in PAGE_FILES or LINK.fullmatch(name)):
        return None
    if request.method not in ("GET", "HEAD"):
        return Response(None, 405, {"Allow": "GET, HEAD", "Cache-Control": "no-store"})
    page = resources.files("pixlstash_core.sharing") / "page" / (name if name in PAGE_FILES else "link.html")
    body = page.read_bytes()
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {
        "Cache-Control": "no-cache",
        "ETag": tag,
        "Content-Security-Policy": PAGE_POLICY,
        "X-Robots-Tag": "noindex, nofollow",
    }
    if names_tag(request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, headers)
    return Response(body, 200, headers, f"{PAGE_FILES.get(name, 'text/html')}; charset=utf-8")

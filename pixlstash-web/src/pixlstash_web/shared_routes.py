"""The routes of recipients: a link's secret becomes a cookie, which opens the link's renditions and nothing else.

They are public, because recipients have no login; each function checks the link. Nothing here gets a reader.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from pixlstash_core.errors import Forbidden
from pixlstash_core.sharing.link_operations import absent, pictures_of, rendition_of
from pixlstash_core.sharing.links import Link, Links

from .answers import ASK_FIRST, as_bytes
from .authorization import is_secure
from .table import Call

#: Seconds after which a browser must open the link again.
COOKIE_SECONDS = 30 * 86_400
#: Before the public id of the link in the name of its cookie.
COOKIE = "pl_link_"


class OpenLink(Struct, frozen=True, forbid_unknown_fields=True):
    """`secret` is what follows `#` in the link."""

    secret: Annotated[str, Meta(max_length=100)]
    password: Annotated[str, Meta(max_length=1024)] | None = None


class SharedPictures(Struct, frozen=True):
    """What a link shows. `pictures` are the names of the pictures in the paths below."""

    title: str
    pictures: list[str]
    download: bool


def open_link(call: Call, link: str, ask: OpenLink) -> None:
    """Open a link; the response sets its cookie. 404 unless the link is valid, 401 without the right password."""
    _demand_ready(call)
    opened, cookie = call.library.part(Links).enter(link, ask.secret, ask.password, call.ip)
    secure = "; Secure" if is_secure(call.site, call.request) else ""
    path = call.request.scope["path"].removesuffix("/open")
    limits = f"Path={path}; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{secure}"
    call.headers.append(("Set-Cookie", f"{COOKIE}{opened.public_id}={cookie}; {limits}"))


def shared_pictures(call: Call, link: str) -> SharedPictures:
    """The pictures of a link that this browser has opened."""
    opened = _opened(call, link)
    return SharedPictures(opened.title, list(pictures_of(call.library, opened)), bool(opened.download))


def shared_preview(call: Call, link: str, picture: str) -> Response:
    """A small JPEG of a picture of a link."""
    rendered = rendition_of(call.library, _opened(call, link), picture)
    return as_bytes(call.request, rendered.preview, "image/jpeg", ASK_FIRST)


def shared_image(call: Call, link: str, picture: str, save: bool = False) -> Response:
    """A picture of a link as a JPEG without metadata; `save` offers it as a file, if the owner allows that."""
    opened = _opened(call, link)
    if save and not opened.download:
        raise absent()
    response = as_bytes(call.request, rendition_of(call.library, opened, picture).image, "image/jpeg", ASK_FIRST)
    if save:
        response.headers["Content-Disposition"] = f'attachment; filename="picture-{picture[:8]}.jpg"'
    return response


def _opened(call: Call, link: str) -> Link:
    _demand_ready(call)
    return call.library.part(Links).visit(link, call.request.cookies.get(COOKIE + link))


def _demand_ready(call: Call) -> None:
    if call.site.needs_password():
        raise Forbidden("Nothing is shared before the owner has set a password.")

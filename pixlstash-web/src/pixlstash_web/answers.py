"""Encodes answers: JSON, errors as `{"detail": sentence}`, entity tags, compression, and security headers."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import msgspec
from starlette import concurrency
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pixlstash_core.errors import PixlStashError, TooMany

#: Headers for data: opened directly in a browser, it cannot run scripts.
SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"
FOREVER = "private, max-age=31536000, immutable"
ASK_FIRST = "private, no-cache"
#: The content security policy of our pages: load only from here, and evaluate no text as code.
PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:;"
    " connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types svelte-trusted-html"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}
T = TypeVar("T")


class TooLarge(PixlStashError):
    """The body is larger than allowed."""

    status = 413


class WrongMedia(PixlStashError):
    """The body is not of a type this route reads."""

    status = 415


class TooSlow(PixlStashError):
    """The body did not arrive in time."""

    status = 408


class WrongMethod(PixlStashError):
    """The path does not support the method."""

    status = 405


class Unprocessable(PixlStashError):
    """The body can be parsed, but has nothing to process."""

    status = 422


class Unavailable(PixlStashError):
    """The server cannot do this at present."""

    status = 503


class Elsewhere(PixlStashError):
    """The request names a host that is not ours."""

    status = 421


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(value),
        status,
        {"Cache-Control": "no-store", "Content-Security-Policy": SANDBOX, **(headers or {})},
        "application/json",
    )


def as_error(error: PixlStashError, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as a JSON answer."""
    more = dict(headers or {})
    if isinstance(error, TooMany):
        more["Retry-After"] = str(error.seconds)
    if error.status == 401:
        more["WWW-Authenticate"] = "Bearer"
    return as_json({"detail": _detail(error), **error.more}, error.status, more)


def _detail(error: PixlStashError) -> str | dict[str, Any]:
    """Return the `detail` of an error: its sentence, with data that clients of the public PixlStash expect."""
    if error.more.get("code") == "missing_dependencies":
        return {"message": str(error), **error.more}
    return str(error)


def as_bytes(
    request: Request, body: bytes, media: str, cache: str, *, compress_from: int | None = None, csp: str = SANDBOX
) -> Response:
    """Return bytes with their hash as entity tag; 304 if the client has them.

    `compress_from`: compress with gzip from this size on, if the client accepts it.
    """
    tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"Cache-Control": cache, "ETag": tag, "Content-Security-Policy": csp}
    if compress_from is not None:
        headers["Vary"] = "Accept-Encoding"
    if names_tag(request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, headers)
    if compress_from is not None and len(body) > compress_from and accepts_gzip(request):
        body = gzip.compress(body, 1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, 200, headers, media)


def names_tag(header: str, tag: str) -> bool:
    """Return whether an If-None-Match header has this tag, weak or not."""
    if header.strip() == "*":
        return True
    return tag.removeprefix("W/") in re.findall(r'"[^"]*"', header)


def accepts_gzip(request: Request) -> bool:
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return not re.fullmatch(r"q=0(\.0*)?", weight.strip())
    return False


class Headers:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers[name] = value
                headers.setdefault("Content-Security-Policy", PAGE)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, sending)


async def run_in_threadpool(work: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Run a function as Starlette does, but turn a plugin's `sys.exit()`, which would end the loop, into an error."""
    return await concurrency.run_in_threadpool(_guarded, partial(work, *arguments, **named))


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except (SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError(f"{type(error).__name__} was raised while a request was answered.") from error

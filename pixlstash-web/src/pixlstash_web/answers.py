"""Encodes answers: JSON, errors as `{"detail": sentence}`, entity tags and compression."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from pixlstash_core.errors import PixlStashError, TooMany

#: Headers for data: opened directly in a browser, it cannot run scripts.
SANDBOX = "default-src 'none'; frame-ancestors 'none'; sandbox"
FOREVER = "private, max-age=31536000, immutable"
ASK_FIRST = "private, no-cache"


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

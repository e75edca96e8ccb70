"""The page that recipients of a link see: a few small files, the same for every link, with nothing of the library."""

from __future__ import annotations

import hashlib
import re
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from .answers import names_tag

BELOW = "/s/"
FILES = {"viewer.css": "text/css", "viewer.js": "text/javascript", "link.js": "text/javascript"}
LINK = re.compile(r"[0-9a-f]{16}")
#: What the page may do: load its own files, and ask this server.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)


def answer(request: Request, path: str) -> Response | None:
    """The page of a link, whether there is such a link or not, or one of its files; None for other paths."""
    name = path.removeprefix(BELOW)
    if not path.startswith(BELOW) or not (name in FILES or LINK.fullmatch(name)):
        return None
    if request.method not in ("GET", "HEAD"):
        return Response(None, 405, {"Allow": "GET, HEAD", "Cache-Control": "no-store"})
    page = resources.files("pixlstash_core.sharing") / "page" / (name if name in FILES else "link.html")
    body = page.read_bytes()
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {
        "Cache-Control": "no-cache",
        "ETag": tag,
        "Content-Security-Policy": POLICY,
        "X-Robots-Tag": "noindex, nofollow",
    }
    if names_tag(request.headers.get("if-none-match", ""), tag):
        return Response(None, 304, headers)
    return Response(body, 200, headers, f"{FILES.get(name, 'text/html')}; charset=utf-8")

"""The files of the browser UI. Only files from a listing of the folder are opened."""

from __future__ import annotations

import gzip
import mimetypes
import re
import threading
from pathlib import Path

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pixlstash_core.errors import NotFound

from .answers import PAGE, accepts_gzip, as_error, names_tag

SMALLEST = 1000
HASHED = re.compile(r".+[.-][A-Za-z0-9_-]{8,}\.[a-z0-9]+")
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".webmanifest": "application/json"}
UNBUILT = """<!doctype html><html lang=en><meta charset=utf-8><title>PixlStash</title>
<h1>The browser interface is not built</h1>
<p>The server runs and answers programs. To build the interface: <code>make install</code>, or <code>make ui</code>
while you work on it.</p>"""


class Held(Struct, frozen=True):
    """A file in memory. `compressed`: compressed with gzip, if that is worth it."""

    stamp: tuple[int, int]
    body: bytes
    compressed: bytes | None
    media: str
    tag: str
    cache: str


class StaticFiles:
    """A folder of built files, cached in memory until it is built again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._names: dict[str, Path] = {}
        self._listed: tuple[int, int] | None = None
        self._held: dict[str, Held] = {}

    def answer(self, request: Request, path: str) -> Response:
        """Return the file of a URL path, `index.html` for a page of the UI, or 404."""
        if request.method not in ("GET", "HEAD"):
            return Response(None, 405, {"Allow": "GET, HEAD", "Cache-Control": "no-store"})
        name = path.lstrip("/") or "index.html"
        held = self._get(name)
        if held is None and "text/html" in request.headers.get("accept", ""):
            held = self._get("index.html")
            if held is None:
                return HTMLResponse(UNBUILT, 503 if name == "index.html" else 404, {"Cache-Control": "no-store"})
        if held is None:
            return as_error(NotFound("There is nothing here."))
        return send_file(request, held)

    def _get(self, name: str) -> Held | None:
        with self._lock:
            self._list()
            path = self._names.get(name)
            if path is None:
                return None
            try:
                stamp = _stamp(path)
                held = self._held.get(name)
                if held is None or held.stamp != stamp:
                    held = self._held[name] = read_file(name, path, stamp, self._names.get(f"{name}.gz"))
            except OSError:
                return None
            return held

    def _list(self) -> None:
        """List the folder again when its `index.html` changed."""
        try:
            stamp = _stamp(self._root / "index.html")
        except OSError:
            stamp = None
        if stamp != self._listed:
            self._names = {
                path.relative_to(self._root).as_posix(): path
                for path in self._root.rglob("*")
                if path.is_file() and not path.name.startswith(".")
            }
            self._held.clear()
            self._listed = stamp


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def read_file(name: str, path: Path, stamp: tuple[int, int], packed: Path | None) -> Held:
    """Read a file to be sent. `packed`: the same file compressed with gzip, if there is one."""
    import hashlib

    body = path.read_bytes()
    media = TYPES.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = media.startswith("text/") or media in ("image/svg+xml", "application/json")
    compressed = None
    if packed is not None:
        compressed = packed.read_bytes()
    elif text and len(body) >= SMALLEST:
        compressed = gzip.compress(body, 6, mtime=0)
    hashed = name.startswith("assets/") and HASHED.fullmatch(path.name) is not None
    cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    return Held(stamp, body, compressed, f"{media}; charset=utf-8" if text else media, tag, cache)


def send_file(request: Request, held: Held) -> Response:
    """Answer with a file, compressed if the client accepts that, or with 304 if the client has it."""
    headers = {"Cache-Control": held.cache, "ETag": held.tag, "Content-Security-Policy": PAGE}
    body = held.body
    if held.compressed is not None:
        headers["Vary"] = "Accept-Encoding"
        if accepts_gzip(request):
            headers["Content-Encoding"] = "gzip"
            headers["ETag"] = f'{held.tag[:-1]}-gzip"'
            body = held.compressed
    if names_tag(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(None, 304, headers)
    return Response(body, 200, headers, held.media)

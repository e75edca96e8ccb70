"""A server of releases on this machine, which answers as a test says and remembers what it was asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: What a server that behaves well lists.
RELEASES: list[dict[str, Any]] = [
    {"version": "0.2.0", "date": "2026-11-01", "changes": "- Adds <b>shares</b>\n- Adds galleries"},
    {
        "version": "0.3.0",
        "date": "2026-11-20",
        "changes": "- Fixes a leak of names",
        "security": "high",
        "affected": "<0.3.0",
    },
    {"version": "0.3.0rc1", "changes": "- A candidate"},
    {"version": "0.0.9", "changes": "- Older"},
    {"version": "newest", "changes": "- No version"},
]


class ReleaseServer:
    """`body` is sent with `status` and `headers`; `drip` sends it a byte at a time. `asked`: (path, headers)."""

    def __init__(self) -> None:
        self.body, self.status = json.dumps({"releases": RELEASES}).encode(), 200
        self.headers: dict[str, str] = {}
        self.drip = 0.0
        self.asked: list[tuple[str, dict[str, str]]] = []
        releases = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                releases.asked.append((self.path, dict(self.headers)))
                self.send_response(releases.status)
                for name, value in releases.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    if not releases.drip:
                        self.wfile.write(releases.body)
                    while releases.drip:
                        self.wfile.write(b" ")
                        time.sleep(releases.drip)
                except OSError:  # the client left
                    pass

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def list(self, *releases: dict[str, Any]) -> None:
        self.body = json.dumps({"releases": releases}).encode()

    def close(self) -> None:
        self.drip = 0.0
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def release_server() -> Iterator[ReleaseServer]:
    server = ReleaseServer()
    try:
        yield server
    finally:
        server.close()

"""A served library in a process of its own, as a person would start it."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pixlstash_core.storage import lock

PROGRAM = "from pixlstash_core.cli import main; main()"


class Served:
    """One running server. `seconds`: from starting the process until the page was there."""

    def __init__(self, process: subprocess.Popen[str], url: str, secret: str, seconds: float) -> None:
        self.pid = process.pid
        self.url = url
        self.secret = secret
        self.seconds = seconds
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """The answer's body; an error ends the benchmark. One connection, kept alive."""
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        data = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {data[:300]!r}")
        return data

    def get(self, path: str) -> bytes:
        return self.ask("GET", path)


@contextlib.contextmanager
def serving(library: Path) -> Iterator[Served]:
    """Serve it on a free port of this machine until the block ends."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "-L", str(library), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url, secret = _found(library, process)
        _answering(url, process)
        yield Served(process, url, secret, time.perf_counter() - start)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _found(library: Path, process: subprocess.Popen[str]) -> tuple[str, str]:
    while process.poll() is None:
        holder = lock.read(library / "lock")
        if holder is not None and holder.url and holder.secret:
            return holder.url, holder.secret
        time.sleep(0.005)
    raise SystemExit(f"The server ended: {process.communicate()[0]}")


def _answering(url: str, process: subprocess.Popen[str]) -> None:
    """Until the page itself is there, as a browser would ask for it."""
    while process.poll() is None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.005)

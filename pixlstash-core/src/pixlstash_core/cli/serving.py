"""`serve`: opens a library, runs a server, and imports a folder while it runs."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .. import outgoing
from ..errors import PixlStashError
from ..library import Library
from ..types import OWNER, ImportPaths
from . import show


def run(
    path: Path,
    host: str,
    port: int,
    public_url: str | None,
    *,
    read_only: bool,
    take: Path | None,
    copy: bool,
    **settings: Any,
) -> None:
    """Open the library, print how to reach it, serve until interrupted."""
    if take is not None and copy:
        _say_cost(take, path)
    with Library.open(path, read_only=read_only) as library:

        def ready(url: str) -> None:
            if take is not None:
                library.import_paths(OWNER, ImportPaths([str(take.expanduser().absolute())], not copy))

        serve(library, host, port, public_url, ready, **settings)


def serve(
    library: Library,
    host: str,
    port: int,
    public_url: str | None = None,
    ready: Callable[[str], None] = lambda url: None,
    **settings: Any,
) -> None:
    """Print how to reach an open library and serve it until interrupted."""
    server = _server(library)

    def announce(url: str) -> None:
        library.announce(url)
        secret = library.access.claim_link()
        shown = (public_url or _reachable(host, url)).rstrip("/")
        click.echo(f"PixlStash serves {library.name} at {shown}")
        click.echo(f"Log in once with this link: {shown}/#claim={secret}")
        ready(url)

    server(library, host, port, public_url, announce, **settings)


def _reachable(host: str, url: str) -> str:
    """The address other machines can use, when the server listens on all of this one's."""
    if host not in ("0.0.0.0", "::", ""):
        return url
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        with outgoing.ADDRESS.opening():
            probe.connect(("192.0.2.1", 9))  # for documentation: nothing is sent, and the route has our own address
        return f"http://{probe.getsockname()[0]}:{url.rpartition(':')[2]}"
    except OSError:
        return url
    finally:
        probe.close()


def _server(library: Library) -> Callable[..., Any]:
    """The server is a plugin's: the core knows no HTTP server."""
    try:
        from importlib import import_module

        server: Callable[..., Any] = import_module("pixlstash_web.server").serve
        return server
    except ImportError as error:
        raise PixlStashError(f"The web package is missing ({error}). Install it: pip install pixlstash-web") from error


def _say_cost(folder: Path, library: Path) -> None:
    """Before copying: how many files, how many bytes, and whether they fit."""
    count = total = 0
    for path in folder.expanduser().rglob("*"):
        if path.is_file():
            count += 1
            total += path.stat().st_size
    free = shutil.disk_usage(library if library.exists() else library.parent).free
    click.echo(f"Copying {show.counted(count, 'file')}, {show.size(total)}; {show.size(free)} are free.")
    if total * 1.1 > free:
        raise PixlStashError("They do not fit. Index the folder in place instead (leave out --copy / COPY=1).")

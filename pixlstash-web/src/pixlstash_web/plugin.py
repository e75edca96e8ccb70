"""The web package as a plugin of the library: its hook `serve`, which imports the server on use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pixlstash_core.library import Library


def serve(
    library: Library,
    host: str = "127.0.0.1",
    port: int = 8020,
    public_url: str | Sequence[str] | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a library, as `pixlstash_web.server.serve`."""
    from .server import serve as run

    run(library, host, port, public_url, on_ready)

"""Routes of ComfyUI's server for its interface: lists for widgets, and thumbnails for the picker.

They reach only the server in the settings, and only these four paths of it; of a request, nothing but a query, two
numbers and one of three words is used. The token stays here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from . import runtime
from .channel import LibraryError
from .groups import KINDS, choices

#: Pictures of a page of the picker, and characters of a query.
PAGE, LONGEST = 60, 4000
NUMBER = re.compile(r"[0-9]{1,9}")
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def register() -> None:
    """Add the routes to ComfyUI's server, where there is one."""
    try:
        from aiohttp import web
        from server import PromptServer

        routes: Any = PromptServer.instance.routes
    except (ImportError, AttributeError):
        return

    async def answer(work: Callable[[], Any]) -> Any:
        try:
            result = await asyncio.get_running_loop().run_in_executor(None, work)
        except LibraryError as error:
            return web.json_response({"error": str(error)}, status=502, headers=HEADERS)
        if isinstance(result, bytes):
            return web.Response(body=result, content_type="image/webp", headers=HEADERS)
        return web.json_response(result, headers=HEADERS)

    def lister(kind: Any) -> Callable[[Any], Any]:
        return lambda request: answer(lambda: choices(runtime.library(), kind))

    for kind in KINDS:
        routes.get(f"/pixlstash/{kind}s")(lister(kind))

    @routes.get("/pixlstash/pictures")  # type: ignore[untyped-decorator]
    async def pictures(request: Any) -> Any:
        query, offset = request.query.get("q", ""), request.query.get("offset", "0")
        return await answer(lambda: list_page(query, offset))

    @routes.get("/pixlstash/thumbnail/{id}")  # type: ignore[untyped-decorator]
    async def thumbnail(request: Any) -> Any:
        id = request.match_info["id"]
        return await answer(lambda: read_thumbnail(id))


def list_page(query: str, offset: str) -> list[dict[str, Any]]:
    """Return the numbers and names of a page of the pictures that a query finds."""
    if len(query) > LONGEST or not NUMBER.fullmatch(offset):
        raise LibraryError("The query is too long, or the page is not a number: search again.")
    rows = runtime.library().pictures(q=query, offset=int(offset), limit=PAGE)
    return [{"id": row.id, "name": row.name, "kind": row.kind} for row in rows]


def read_thumbnail(id: str) -> bytes:
    """Return a picture's thumbnail as WebP."""
    if not NUMBER.fullmatch(id):
        raise LibraryError("Thumbnails are named by the number of a picture.")
    content = runtime.library().thumbnail(int(id))
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise LibraryError(
            "The server's answer is not a thumbnail: check the address in ComfyUI's Settings > PixlStash."
        )
    return content

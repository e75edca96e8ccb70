"""The route that holds an uploaded picture to search with."""

from __future__ import annotations

from pathlib import Path

from pixlstash_core.search.query_images import MOST
from pixlstash_core.types import Held

from .table import Call
from .threadpool import run_in_threadpool
from .uploads import foresee_length, keep, translated_errors


async def hold(call: Call, name: str) -> Held:
    """Hold a picture from the raw request body for an hour, to search with it without importing it."""
    foresee_length(call, MOST)
    path: Path = call.library.intake.temporary(name)
    with translated_errors():
        try:
            await keep(call, path, MOST)
            return await run_in_threadpool(call.library.hold, call.reader, name, path)
        finally:
            path.unlink(missing_ok=True)

"""The text that a picture is trained with."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from .loading import THREADS, each
from .operations import Operations

#: Sources of a caption. With the last two, the first text that a picture has counts.
CAPTIONS = ("caption", "tags", "prompt", "caption, else tags", "caption, else prompt")


def captions_of(library: Operations, ids: Sequence[int], source: str) -> list[str]:
    """Return a text for each picture, "" where there is none."""

    def text(id: int) -> str:
        return next(filter(None, (_text(library, id, part) for part in source.split(", else "))), "")

    with ThreadPoolExecutor(THREADS, "pixlstash") as pool:
        return list(each(pool, text, ids))


def with_trigger(trigger: str, text: str) -> str:
    return ", ".join(part for part in (trigger.strip(), text) if part)


def _text(library: Operations, id: int, source: str) -> str:
    if source == "tags":
        tags = [tag.name.replace("_", " ") for tag in library.picture_tags(id) if tag.effective]
        return ", ".join(tags)
    if source == "prompt":
        return library.picture(id).prompt or ""
    return library.caption(id).text or ""

"""Finding pictures of the library and loading them as batches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from . import runtime
from .channel import LibraryError
from .operations import Operations, PictureDetail
from .pixels import Batch, Fit, open_picture

T = TypeVar("T")
R = TypeVar("R")
#: Requests at a time, and pictures that wait decoded for their place in a batch.
THREADS, AHEAD = 4, 8
MOST_PICTURES = 1024
IDS = 4_294_967_295


class Loaded(NamedTuple):
    """Pictures as batches (see `Batch`), with their metadata."""

    images: Any
    masks: Any
    details: list[PictureDetail]

    @property
    def prompts(self) -> str:
        """The prompt of a single picture as it is; those of several, one per line."""
        texts = [detail.prompt or "" for detail in self.details]
        return texts[0] if len(texts) == 1 else "\n".join(" ".join(text.split()) for text in texts)

    @property
    def ids(self) -> str:
        return ", ".join(str(detail.id) for detail in self.details)


def parse_ids(text: str) -> list[int]:
    """Read ids such as "12, 15"; duplicates are dropped. Raises LibraryError."""
    words = text.replace(",", " ").replace(";", " ").split()
    if not all(word.isascii() and word.isdecimal() and int(word[:11]) <= IDS for word in words):
        raise LibraryError(f"{text.strip()[:60]!r} is not a list of picture numbers: write them as 12, 15, 16.")
    if len(words) > MOST_PICTURES:
        raise LibraryError(f"At most {MOST_PICTURES} pictures can be loaded at once: remove some of the numbers.")
    return list(dict.fromkeys(int(word) for word in words))


def find_ids(library: Operations, query: str, limit: int, sort: str = "") -> list[int]:
    """Return the first pictures that a query finds. Videos are left out: an IMAGE cannot hold them."""
    narrowed = query if "kind:" in query else without_videos(query)
    return [picture.id for picture in library.pictures(q=narrowed, sort=sort or None, limit=limit)]


def without_videos(query: str) -> str:
    from .groups import has_alternatives

    return f"({query}) -kind:video" if has_alternatives(query) else f"{query} -kind:video".strip()


def load(library: Operations, ids: Sequence[int], fit: Fit) -> Loaded:
    """Fetch and decode pictures, several at a time. Raises LibraryError for the first that cannot be loaded."""
    with ThreadPoolExecutor(THREADS, "pixlstash") as pool:
        details = list(each(pool, lambda id: describe(library, id), ids))
        batch = Batch([(detail.width, detail.height) for detail in details], fit)

        def place(entry: tuple[int, PictureDetail]) -> None:
            index, detail = entry
            name = f"Picture {detail.id} ({detail.name})"
            batch.put(index, open_picture(library.original(detail.id), name, detail.turn))

        for done, _ in enumerate(each(pool, place, list(enumerate(details))), 1):
            runtime.report_progress(done, len(details))
    images, masks = batch.tensors()
    return Loaded(images, masks, details)


def describe(library: Operations, id: int) -> PictureDetail:
    """Return a picture's metadata. Raises LibraryError where it cannot be part of a batch."""
    try:
        detail = library.picture(id)
    except LibraryError as error:
        if error.status != 404:
            raise
        raise LibraryError(
            f"Picture {id} does not exist in this library, or this token may not see it: choose another one."
        ) from None
    if detail.kind == "video":
        raise LibraryError(f'Picture {id} ({detail.name}) is a video: load it with the node "PixlStash Load Video".')
    if not detail.width or not detail.height:
        raise LibraryError(f"Picture {id} ({detail.name}) has no readable pixels: choose another one.")
    return detail


def each(pool: ThreadPoolExecutor, work: Callable[[T], R], entries: Sequence[T]) -> Iterator[R]:
    """Yield the results of `work` in order, with only a few entries under way; the first error ends it."""
    waiting: list[Future[R]] = []
    try:
        for entry in entries:
            waiting.append(pool.submit(work, entry))
            if len(waiting) >= AHEAD:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        for future in waiting:
            future.cancel()


def state_of(library: Operations, ids: Sequence[int]) -> str:
    """Return what changes whenever loading these pictures would give something else."""
    with ThreadPoolExecutor(THREADS, "pixlstash") as pool:
        details = list(each(pool, lambda id: describe(library, id), ids))
    parts = [(detail.id, detail.sha256, detail.turn, detail.prompt) for detail in details]
    return hashlib.sha256(repr(parts).encode()).hexdigest()

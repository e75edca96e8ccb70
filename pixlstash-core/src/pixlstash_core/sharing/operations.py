"""Publishing pictures for other people. The owner's alone."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..access.feature import Access
from ..context import Context
from ..errors import Conflict, Invalid, NotFound, NotThere, PixlStashError, Refused, describe
from ..jobs.lanes import Jobs, Task
from ..plugins.contracts import Rendition
from ..types import Job, PreviewSteps, Publication, Publish, Reader
from ..types.history import many
from . import publications
from .renditions import DEFAULT, Renditions
from .selecting import shown

KIND = "publish"


def publish(context: Context, reader: Reader, ask: Publish) -> Job:
    """Publish pictures as they are now, without metadata, with a sharer such as `gallery`; runs as a job."""
    sharer, _ = publications.sharer_of(context.plugins, ask)
    context.part(Renditions).check(DEFAULT if ask.steps is None else ask.steps)
    context.part(Access).scopes.check(ask.scope)
    pictures, left_out = shown(context, context.part(Access).scopes, ask.scope, hidden=ask.hidden)
    if not pictures:
        raise Conflict(
            f"All {many(left_out)} are hidden or blurred, so there is nothing to share."
            if left_out
            else "These sets, characters, projects and queries have no pictures, so there is nothing to share."
        )
    label = f"Publishing {many(len(pictures))}: {sharer.label or sharer.id}"
    return context.part(Jobs).put(KIND, label, (ask, pictures, left_out), lane="cpu")


def preview_steps(context: Context, reader: Reader, ask: PreviewSteps) -> bytes:
    """A small JPEG of a picture as recipients would get it."""
    return context.part(Renditions).sample(ask.picture, ask.steps)


def publications_(context: Context, reader: Reader) -> list[Publication]:
    """What was published with sharers, without links."""
    return publications.listed(context.hub)


def unpublish(context: Context, reader: Reader, id: int) -> None:
    """Take back what was published; a gallery's files are deleted if they are unchanged."""
    publications.take_back(context.hub, context.plugins, id)


def publish_job(context: Context, task: Task) -> None:
    """Do the job of `publish`."""
    ask, pictures, left_out = msgspec.convert(task.payload, tuple[Publish, list[int], int])
    sharer, params = publications.sharer_of(context.plugins, ask)
    lost: list[str] = []
    made = 0

    def renditions() -> Iterator[Rendition]:
        nonlocal made
        for number, picture in enumerate(pictures):
            task.check()
            task.progress(number, len(pictures))
            try:
                rendered = context.part(Renditions).make(picture, DEFAULT if ask.steps is None else ask.steps)
            except (NotFound, NotThere, Refused) as error:
                lost.append(str(error))
                continue
            made += 1
            name = f"{made:04}.jpg"
            yield Rendition(name, rendered.width, rendered.height, rendered.image, rendered.preview)

    try:
        shared = sharer.share(ask.title, renditions(), params)
    except (PixlStashError, OSError, ValueError, TypeError, AttributeError, LookupError, RuntimeError) as error:
        if isinstance(error, PixlStashError):
            raise
        raise Invalid(f"{sharer.id} failed: {describe(error)}") from error
    publications.add(context.hub, ask, shared, made, left_out)
    if lost:
        raise PixlStashError(f"Published {many(made)}, without {len(lost):,} that could not be read: {lost[0]}")

"""Operations of exports: originals as a zip stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from msgspec import Struct

from ..context import Context
from ..errors import Invalid
from ..imports.locations import Stores
from ..media.file_names import safe_name
from ..query import grid, scope
from ..types import Download, PrepareDownload, Reader
from . import downloads, reading
from .downloads import Downloads


class ZipDownload(Struct, frozen=True):
    """A zip file that is made while it is read: `blocks()` yields its bytes; close the iterator to stop."""

    name: str
    blocks: Callable[[], Iterator[bytes]]


def prepare_download(context: Context, reader: Reader, ask: PrepareDownload) -> Download:
    """Prepare a zip file of originals; fetch it within an hour under its id."""
    ids = _chosen(context, reader, ask)
    downloads.demand_few(len(ids))
    name = f"{safe_name(ask.name)}.zip"
    size = reading.total_size(context.db, ids)
    return Download(context.part(Downloads).add(reader, name, ask.beside, ids), name, len(ids), size)


def download(context: Context, reader: Reader, id: str) -> ZipDownload:
    """A prepared zip file of originals, made while it is sent."""
    prepared = context.part(Downloads).get(reader, id)
    return ZipDownload(
        prepared.name, partial(downloads.blocks, context.db, context.part(Stores).connect, reader, prepared)
    )


def _chosen(context: Context, reader: Reader, ask: PrepareDownload) -> list[int]:
    """The pictures of a selection or query, in order."""
    if ask.q is None:
        ids = context.views.select(reader, ask)
    elif ask.view is not None or ask.ids is not None:
        raise Invalid('Say which pictures: either "q", or {"view", "ranges"}, or {"ids"}.')
    else:
        ids = context.views.ids(reader, ask.q)
    if ask.stacks:
        present = set(ids)
        more = [id for id in grid.with_stacks(context.db, ids) if id not in present and scope.sees(reader, id)]
        ids = [*ids, *more]
    return ids

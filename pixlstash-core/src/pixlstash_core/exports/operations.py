"""Operations of exports: originals as a zip stream, and training sets in a folder or zip file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from ..captions import tokens
from ..context import Context
from ..errors import Conflict, Invalid, NotFound, PixlStashError
from ..imports.intake import Intake
from ..imports.locations import Stores
from ..jobs.lanes import Jobs, Task
from ..media.file_names import safe_name
from ..plugins.operation import demand
from ..query import grid, scope
from ..storage.files import writing_new, writing_to
from ..types import (
    OWNER,
    Download,
    ExportPreview,
    ExportReport,
    MakeExport,
    PrepareDownload,
    PreviewExport,
    Reader,
    Selection,
)
from . import downloads, layouts, making, manifest, reading
from . import plan as previews
from .downloads import Downloads
from .folder import Folder
from .making import Recipe, Tally
from .manifest import Repeated
from .plan import Plan
from .rendering import Renderer
from .targets import ZipTarget

#: What such a job is called.
KIND = "export"


class ZipDownload(Struct, frozen=True):
    """A zip file that is made while it is read: `blocks()` yields its bytes; close the iterator to stop."""

    name: str
    blocks: Callable[[], Iterator[bytes]]


# -- downloads ---------------------------------------------------------------------------------------------------------


def prepare_download(context: Context, reader: Reader, ask: PrepareDownload) -> Download:
    """Prepare a zip file of originals, or of an export; fetch it within an hour under its id."""
    ids = _chosen(context, reader, ask, ask.q)
    downloads.demand_few(len(ids))
    if ask.options is not None:
        Plan(context.db, reader, [], ask.options)  # what cannot be read is said before the zip file begins
    name = f"{safe_name(ask.name)}.zip"
    size = reading.total_size(context.db, ids)
    prepared = context.part(Downloads).add(reader, name, ask.beside, ids, ask.q, ask.options)
    return Download(prepared, name, len(ids), size)


def download(context: Context, reader: Reader, id: str) -> ZipDownload:
    """A prepared zip file, made while it is sent."""
    prepared = context.part(Downloads).get(reader, id)
    if prepared.options is None:
        connect = context.part(Stores).connect
        return ZipDownload(prepared.name, partial(downloads.blocks, context.db, connect, reader, prepared))
    header = making.header(context.public_id, prepared.query, prepared.options)
    plan = Plan(context.db, reader, prepared.ids, prepared.options, layouts.folder(prepared.options))
    recipe = Recipe(header, plan.items(), _renderer(context))
    return ZipDownload(prepared.name, lambda: making.write(recipe, ZipTarget(manifest.NAME), Tally()))


# -- exports -----------------------------------------------------------------------------------------------------------


def preview_export(context: Context, reader: Reader, ask: PreviewExport) -> ExportPreview:
    """Preview an export: captions of the first 20 pictures, and counts of tags and resolution buckets."""
    if ask.tokenizer is not None:
        demand(reader, "owner")
    ids = _chosen(context, reader, ask, ask.q)
    plan = Plan(context.db, reader, ids, ask.options, layouts.folder(ask.options))
    return previews.preview(plan, ask.options, tokens.counter(ask.tokenizer))


def export(context: Context, reader: Reader, ask: MakeExport) -> ExportReport:
    """Export pictures with captions to a folder or zip file on the server; returns when the export is complete.

    It runs as a job. One that was paused, cancelled or interrupted leaves a folder without a manifest; the same export
    to that folder continues it. A zip file appears only when it is complete.
    """
    path = Path(ask.path).expanduser()
    if not path.is_absolute():
        raise Invalid("Give the whole path of the export, from the root.")
    ids = [] if ask.again else _chosen(context, reader, ask, ask.q)
    again = str(Path(ask.again).expanduser().absolute()) if ask.again else None
    payload = MakeExport(
        path=str(path),
        q=ask.q,
        ids=ids if ask.q is None and not again else None,
        stacks=ask.stacks and ask.q is not None,
        options=ask.options,
        again=again,
    )
    ask = msgspec.structs.replace(payload, ids=ids)
    recipe, tally = _recipe(context, ask)  # what cannot be read is said before it is a job
    _demand_free(context, path)

    def work(task: Task) -> ExportReport:
        return _export(context, ask, recipe, tally, task)

    return context.part(Jobs).here(KIND, f"Exporting to {path}", payload, work, priority=-1)


def export_job(context: Context, task: Task) -> None:
    """Continue an export in the background, when the request that began it has ended."""
    ask = msgspec.convert(task.payload, MakeExport)
    if not ask.again:
        ask = msgspec.structs.replace(ask, ids=_chosen(context, OWNER, ask, ask.q))
    _demand_free(context, Path(ask.path))
    report = _export(context, ask, *_recipe(context, ask), task)
    if report.left_out:
        which = "1 picture" if report.left_out == 1 else f"{report.left_out:,} pictures"
        raise PixlStashError(f"The export is complete, without {which}: {'; '.join(report.problems[:3])}")


def _export(context: Context, ask: MakeExport, recipe: Recipe, tally: Tally, task: Task) -> ExportReport:
    path = Path(ask.path)
    total = len(ask.ids or ()) or None

    def progress(done: int) -> None:
        task.check()
        task.progress(done, total)

    with context.part(Downloads).writing(path):
        target = _to_zip(path, recipe, tally, progress) if _is_zip(path) else _to_folder(path, recipe, tally, progress)
    return ExportReport(
        str(path),
        tally.pictures,
        tally.files,
        target.written,
        target.bytes,
        target.deleted,
        tally.left_out,
        tally.problems,
        tally.differs,
    )


def _to_folder(path: Path, recipe: Recipe, tally: Tally, progress: making.Progress) -> Folder:
    target = Folder(path, recipe.header)
    try:
        target.begin()
        for _ in making.write(recipe, target, tally, progress):
            pass
    finally:
        target.close()
    return target


def _to_zip(path: Path, recipe: Recipe, tally: Tally, progress: making.Progress) -> ZipTarget:
    target = ZipTarget(manifest.NAME)
    with writing_to(path.parent), writing_new(path) as file:
        for block in making.write(recipe, target, tally, progress):
            file.write(block)
    return target


def _recipe(context: Context, ask: MakeExport) -> tuple[Recipe, Tally]:
    """What an export is made of, and what its files are expected to be."""
    if ask.again is None:
        header = making.header(context.public_id, ask.q, ask.options)
        plan = Plan(context.db, OWNER, ask.ids or [], ask.options, layouts.folder(ask.options))
        return Recipe(header, plan.items(), _renderer(context)), Tally()
    with manifest.opened(Path(ask.again)) as book:
        header, lines = book.header, list(book.lines())
    repeated = Repeated(context.db, OWNER, lines, header.options)
    expected = {line.name: line.sha256 for line in lines}
    return Recipe(header, repeated.items(), _renderer(context)), Tally(expected)


def _renderer(context: Context) -> Renderer:
    return Renderer(context.pool, context.part(Stores).connect, context.part(Intake).temporary)


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def _demand_free(context: Context, path: Path) -> None:
    """Refuse a place in the library or in one of its stores, and one whose parent folder does not exist."""
    there, here = path.resolve(), context.path.resolve()
    if there.is_relative_to(here) or here.is_relative_to(there):
        raise Invalid("An export cannot be in the library's folder, nor the library in the export.")
    for root in context.part(Stores).roots():
        if there.is_relative_to(root.resolve()) or root.resolve().is_relative_to(there):
            raise Invalid(f"{root} holds pictures of the library, so nothing can be exported there.")
    if _is_zip(path):
        if not path.parent.is_dir():
            raise NotFound(f"There is no folder {path.parent}.")
        if path.exists() or path.is_symlink():
            raise Conflict(f"{path} exists already. Choose another name, or move it away first.")
    elif path.exists() and not path.is_dir():
        raise Conflict(f"{path} is a file. An export in one file has a name that ends in .zip.")


def _chosen(context: Context, reader: Reader, ask: Selection, q: str | None) -> list[int]:
    """The pictures of a selection or query, in order."""
    if q is None:
        ids = context.views.select(reader, ask)
    elif ask.view is not None or ask.ids is not None:
        raise Invalid('Say which pictures: either "q", or {"view", "ranges"}, or {"ids"}.')
    else:
        ids = context.views.ids(reader, q)
    if ask.stacks:
        present = set(ids)
        more = [id for id in grid.with_stacks(context.db, ids) if id not in present and scope.sees(reader, id)]
        ids = [*ids, *more]
    return ids

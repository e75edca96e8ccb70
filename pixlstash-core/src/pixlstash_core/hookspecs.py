"""The hooks a plugin may implement. Nouns are yielded objects; `startup` and `event` are verbs.

Every implementation is called by itself and guarded, iteration included: a plugin that raises is recorded as a
problem and shown (`pixlstash plugin list`), and never hides another. A hook may take any subset of its arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from .contracts import FactReader, Importer, Kind, Store

if TYPE_CHECKING:
    import click

    from .library import Library
    from .types import Event

PROJECT = "pixlstash"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def kinds() -> Iterable[Kind]:  # type: ignore[empty-body]
    """Yield media kinds: what recognises a file by its first bytes and draws a still of it.

    Objects run in the limited decoder process, so they must be importable there and keep no state.

        @hookimpl
        def kinds():
            yield TextKind()
    """


@hookspec
def readers() -> Iterable[FactReader]:  # type: ignore[empty-body]
    """Yield readers of embedded facts: pure functions from lifted bytes to `Facts`.

    @hookimpl
    def readers():
        yield MyToolReader()
    """


@hookspec
def stores() -> Iterable[Store]:  # type: ignore[empty-body]
    """Yield places that keep picture bytes, each known by its `scheme`.

    @hookimpl
    def stores():
        yield BucketStore()
    """


@hookspec
def importers() -> Iterable[Importer]:  # type: ignore[empty-body]
    """Yield sources of pictures, whose finds are copied into the library.

    @hookimpl
    def importers():
        yield CameraCard()
    """


@hookspec
def commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Yield command-line verbs. A command may take `click.Context`; `ctx.obj.connect()` gives the library.

    @hookimpl
    def commands():
        yield my_click_command
    """


@hookspec
def startup(library: Library) -> None:
    """Called once when a library is opened for writing: adopt tables, register job handlers, repeat jobs.

    @hookimpl
    def startup(library):
        library.adopt("mykind", ("create table mykind_note(id integer primary key not null, text text)",))
    """


@hookspec
def event(library: Library, event: Event) -> None:
    """Called after each committed change: at least once, in order, from a stored position, on a thread of its own.

    @hookimpl
    def event(library, event):
        print(event)
    """

"""The demo library: from one to a million pictures that this program paints, to try PixlStash without your own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from pixlstash_core import Store, hookimpl

if TYPE_CHECKING:
    import click

    from pixlstash_core import Library


@hookimpl
def stores() -> Iterable[Store]:
    from .store import DemoStore

    yield DemoStore()


@hookimpl
def startup(library: Library) -> None:
    from .filling import PLUGIN, run

    library.handle(PLUGIN, partial(run, library))


@hookimpl
def commands() -> Iterable[click.Command]:
    from .command import demo

    yield demo

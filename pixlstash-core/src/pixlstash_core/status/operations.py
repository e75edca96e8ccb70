"""What the library is, has and does right now."""

from __future__ import annotations

from msgspec.structs import replace

from ..context import Context, demand
from ..query import scope
from ..types import CheckReport, LibraryInfo, PluginInfo, Reader
from ..version import __version__
from . import checks


def info(context: Context, reader: Reader) -> LibraryInfo:
    """What is in the library, and what is going on."""
    live, dead = scope.counts(context.db, reader)
    present = context.live or context
    owner = reader.may("owner") and present is context
    stores = context.stores.infos() if owner else []
    return LibraryInfo(
        context.name,
        context.public_id,
        __version__,
        live,
        dead,
        context.revision,
        stores,
        context.queue.running() if owner else [],
        present.db.setting("demo") is not None,
        context.read_only,
    )


def plugin_list(context: Context, reader: Reader) -> list[PluginInfo]:
    """Every plugin found, working or not, and its problems."""
    demand(reader, "owner")
    return context.plugins.listed()


def check(context: Context, reader: Reader, verify: bool = False) -> CheckReport:
    """Whether everything is as it should be; `verify` reads every byte."""
    demand(reader, "owner")
    found = checks.check(context.db, context.hub, context.stores.connect, verify)
    return replace(found, problems=[*found.problems, *context.restore_points.problems()])

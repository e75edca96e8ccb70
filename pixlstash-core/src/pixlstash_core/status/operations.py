"""Operations on the state of the library: information, the sidebar, plugins, and the check."""

from __future__ import annotations

from msgspec.structs import replace

from ..collections import projects, saved_queries, sets
from ..context import Context
from ..imports import locations
from ..imports.locations import Stores
from ..jobs.lanes import Jobs
from ..people import characters
from ..query import scope
from ..snapshots.feature import Snapshots
from ..types import CheckReport, LibraryInfo, PluginInfo, Reader, Sidebar
from ..version import __version__
from . import checks
from .sidebar import with_counts, without_hidden
from .waiting import Waiting

#: The settings in which the demo plugin records that it fills a library, now and formerly.
DEMO = ("demo.pictures", "demo")


def info(context: Context, reader: Reader) -> LibraryInfo:
    """The contents of the library, its stores, and running jobs."""
    live, dead = scope.counts(context.db, reader)
    present = context.live or context
    owner = reader.may("owner") and present is context
    stores = context.part(Stores).infos() if owner else []
    return LibraryInfo(
        context.name,
        context.public_id,
        __version__,
        live,
        dead,
        context.revision,
        stores,
        context.part(Jobs).running() if owner else [],
        any(present.db.setting(name) is not None for name in DEMO),
        context.read_only,
    )


def sidebar(context: Context, reader: Reader, veil: bool = False) -> Sidebar:
    """The contents of the sidebar: characters, sets, projects, saved queries and folders, with counts.

    `veil`: ignore hidden pictures.
    """
    shown = context.hide_and_blur(veil)
    visibility = context.views.visibility(reader, shown) if shown else None
    with context.db.reading() as connection:
        saved = saved_queries.infos(connection, reader)
    queries = with_counts(context.views, reader, saved, shown)
    waiting = None if context.live else context.part(Waiting).counts(reader, shown)
    with context.db.reading() as connection:
        live, dead = scope.counts_in(connection, reader)
        all_sets = sets.infos(connection, reader)
        bar = Sidebar(
            context.revision,
            live,
            dead,
            characters.infos(connection, reader),
            all_sets,
            sets.tree(all_sets),
            projects.infos(connection, reader),
            queries,
            locations.folders(connection) if reader.may("owner") and reader.scope.all else [],
            waiting=waiting,
        )
        return without_hidden(connection, bar, visibility) if visibility else bar


def plugin_list(context: Context, reader: Reader) -> list[PluginInfo]:
    """All installed plugins, working or not, with their problems."""
    return context.plugins.listed()


def check(context: Context, reader: Reader, verify: bool = False) -> CheckReport:
    """Check the databases and files; `verify` reads every byte."""
    report = checks.check(context.db, context.hub, context.part(Stores).connect, verify)
    return replace(report, problems=[*report.problems, *context.part(Snapshots).problems()])

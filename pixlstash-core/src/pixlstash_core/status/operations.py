"""What the library is, has and does right now."""

from __future__ import annotations

from msgspec.structs import replace

from ..pictures import feature as pictures
from ..session import Wired, demand
from ..types import CheckReport, LibraryInfo, PluginInfo, Reader
from ..version import __version__
from . import checks


class State(Wired):
    def info(self, reader: Reader) -> LibraryInfo:
        """What is in the library, and what is going on."""
        live, dead = pictures.counts(self.db, reader)
        owner = reader.may("owner")
        stores = self.stores.infos() if owner else []
        return LibraryInfo(
            self.name,
            self.public_id,
            __version__,
            live,
            dead,
            self.revision,
            stores,
            self.queue.running() if owner else [],
            self.db.setting("demo") is not None,
            self.read_only,
        )

    def plugin_list(self, reader: Reader) -> list[PluginInfo]:
        """Every plugin found, working or not, and its problems."""
        demand(reader, "owner")
        return self.plugins.listed()

    def check(self, reader: Reader, verify: bool = False) -> CheckReport:
        """Whether everything is as it should be; `verify` reads every byte."""
        demand(reader, "owner")
        found = checks.check(self.db, self.hub, self.stores.connect, verify)
        return replace(found, problems=[*found.problems, *self.restore_points.problems()])

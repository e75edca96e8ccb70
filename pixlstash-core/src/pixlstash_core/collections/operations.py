"""Sets, characters, projects and saved queries: what people make to order a library."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ..database.writer import Write
from ..imports import locations as stores
from ..people import characters
from ..pictures import feature as pictures
from ..session import Wired, demand
from ..types import (
    AddLink,
    ArrangeSet,
    CharacterInfo,
    Create,
    Done,
    DropOnProject,
    Dropped,
    Edit,
    EditQuery,
    EditSet,
    Made,
    Members,
    ProjectInfo,
    Reader,
    SavedQuery,
    SaveQuery,
    Selection,
    SetInfo,
    Sidebar,
    TakeFromProject,
)
from . import groups, projects, queries, sets, veils
from .groups import CHARACTERS, PROJECTS, SETS, Group, Told
from .icons import ICONS


class Groups(Wired):
    def sidebar(self, reader: Reader, veil: bool = False) -> Sidebar:
        """Everything the sidebar shows: people, sets, projects, saved queries and folders, each with its count.

        `veil`: as if what is hidden were not there.
        """
        shown = self._veil(veil)
        veiled = self.views.veiled(reader, shown) if shown else None
        with self.db.reading() as connection:
            live, dead = pictures.counts_in(connection, reader)
            found = sets.infos(connection, reader)
            bar = Sidebar(
                self.revision,
                live,
                dead,
                characters.infos(connection, reader),
                found,
                sets.tree(found),
                projects.infos(connection, reader),
                queries.infos(connection, reader),
                stores.folders(connection) if reader.may("owner") and reader.scope.all else [],
            )
            return veils.sidebar(connection, bar, veiled) if veiled else bar

    def icons(self, reader: Reader) -> list[str]:
        """The icons that sets, characters and projects may have."""
        return list(ICONS)

    # -- sets ----------------------------------------------------------------------------------------------------------

    def sets(self, reader: Reader) -> list[SetInfo]:
        """Sets by name."""
        with self.db.reading() as connection:
            return sets.infos(connection, reader)

    def find_set(self, reader: Reader, id: int) -> SetInfo:
        """One set."""
        with self.db.reading() as connection:
            return sets.info(connection, reader, id)

    def set_members(self, reader: Reader, id: int) -> Members:
        """The pictures of a set in its order."""
        return self._members(reader, SETS, id)

    def create_set(self, reader: Reader, ask: Create) -> Made:
        """Make a set."""
        return self._make(reader, SETS, ask)

    def edit_set(self, reader: Reader, id: int, ask: EditSet) -> Done:
        """Rename, colour, lock … a set: what is given changes."""
        return self._organise(reader, lambda write: sets.edit(write, id, ask))

    def delete_set(self, reader: Reader, id: int) -> Done:
        """Delete a set; its pictures stay."""
        return self._organise(reader, lambda write: sets.remove(write, id))

    def add_to_set(self, reader: Reader, id: int, ask: Selection) -> Done:
        """Put pictures at the end of a set."""
        return self._gather(reader, ask, lambda write, ids: sets.add(write, id, ids))

    def take_from_set(self, reader: Reader, id: int, ask: Selection) -> Done:
        """Take pictures out of a set."""
        return self._gather(reader, ask, lambda write, ids: sets.take(write, id, ids), live=False)

    def arrange_set(self, reader: Reader, id: int, ask: ArrangeSet) -> Done:
        """Move pictures within a set's order."""
        return self._gather(reader, ask, lambda write, ids: sets.arrange(write, id, ids, ask.before), live=False)

    # -- characters ----------------------------------------------------------------------------------------------------

    def characters(self, reader: Reader) -> list[CharacterInfo]:
        """Characters by name."""
        with self.db.reading() as connection:
            return characters.infos(connection, reader)

    def find_character(self, reader: Reader, id: int) -> CharacterInfo:
        """One character."""
        with self.db.reading() as connection:
            return characters.info(connection, reader, id)

    def character_members(self, reader: Reader, id: int) -> Members:
        """The pictures that show a character."""
        return self._members(reader, CHARACTERS, id)

    def create_character(self, reader: Reader, ask: Create) -> Made:
        """Make a character."""
        return self._make(reader, CHARACTERS, ask)

    def edit_character(self, reader: Reader, id: int, ask: Edit) -> Done:
        """Rename, colour … a character: what is given changes."""
        return self._organise(reader, lambda write: groups.edit(write, CHARACTERS, id, ask))

    def delete_character(self, reader: Reader, id: int) -> Done:
        """Delete a character, and what was said of who is them; the pictures stay."""
        return self._organise(reader, lambda write: characters.remove(write, id))

    def add_to_character(self, reader: Reader, id: int, ask: Selection) -> Done:
        """Say that pictures show a character."""
        return self._gather(reader, ask, lambda write, ids: characters.add(write, id, ids), words=True)

    def take_from_character(self, reader: Reader, id: int, ask: Selection) -> Done:
        """Say so no longer."""
        return self._gather(reader, ask, lambda write, ids: characters.take(write, id, ids), live=False, words=True)

    # -- projects ------------------------------------------------------------------------------------------------------

    def projects(self, reader: Reader) -> list[ProjectInfo]:
        """Projects by name."""
        with self.db.reading() as connection:
            return projects.infos(connection, reader)

    def find_project(self, reader: Reader, id: int) -> ProjectInfo:
        """One project."""
        with self.db.reading() as connection:
            return projects.info(connection, reader, id)

    def project_members(self, reader: Reader, id: int) -> Members:
        """The pictures of a project: its own, and those of its sets and characters."""
        return self._members(reader, PROJECTS, id)

    def create_project(self, reader: Reader, ask: Create) -> Made:
        """Make a project."""
        return self._make(reader, PROJECTS, ask)

    def edit_project(self, reader: Reader, id: int, ask: Edit) -> Done:
        """Rename, colour … a project: what is given changes."""
        return self._organise(reader, lambda write: groups.edit(write, PROJECTS, id, ask))

    def delete_project(self, reader: Reader, id: int) -> Done:
        """Delete a project; its pictures, sets and characters stay."""
        return self._organise(reader, lambda write: groups.remove(write, PROJECTS, id))

    def add_to_project(self, reader: Reader, id: int, ask: Selection) -> Done:
        """Put pictures themselves into a project."""
        return self._gather(reader, ask, lambda write, ids: projects.add(write, id, ids))

    def drop_on_project(self, reader: Reader, id: int, ask: DropOnProject) -> Dropped:
        """Move sets, characters and pictures to a project, or add them; what still belongs elsewhere stays there."""
        demand(reader, "write", whole=True)
        self._writable()
        chosen = replace(ask, pictures=self._chosen(reader, ask))
        named = [*ask.pictures, *(ask.ids or [])]

        def work(write: Write) -> projects.Drop:
            groups.demand_live(write, named)  # who names them means them; of a view some may have gone meanwhile
            return projects.drop(write, id, chosen)

        committed = self._do(reader, work, lambda drop: drop.told.sentence)
        drop = committed.result
        return Dropped(
            committed.revision,
            drop.told.changed,
            drop.told.sentence,
            committed.changed,
            drop.came,
            drop.left,
            drop.stayed,
            drop.why,
        )

    def take_from_project(self, reader: Reader, id: int, ask: TakeFromProject) -> Done:
        """Take sets, characters and pictures out of a project."""
        demand(reader, "write", whole=True)
        chosen = replace(ask, pictures=self._chosen(reader, ask))
        return self._organise(reader, lambda write: projects.take(write, id, chosen))

    def _chosen(self, reader: Reader, ask: DropOnProject | TakeFromProject) -> list[int]:
        """The pictures that are meant, if any."""
        if ask.view is None and ask.ids is None:
            return ask.pictures
        return sorted({*ask.pictures, *self._selected(reader, ask)})

    def add_link(self, reader: Reader, id: int, ask: AddLink) -> Made:
        """Add a link to a project."""
        return self._made(reader, lambda write: projects.add_link(write, id, ask))

    def remove_link(self, reader: Reader, id: int, link: int) -> Done:
        """Remove a link from a project."""
        return self._organise(reader, lambda write: projects.remove_link(write, id, link))

    # -- saved queries -------------------------------------------------------------------------------------------------

    def queries(self, reader: Reader) -> list[SavedQuery]:
        """Saved queries in their order."""
        with self.db.reading() as connection:
            return queries.infos(connection, reader)

    def save_query(self, reader: Reader, ask: SaveQuery) -> Made:
        """Keep a query under a name."""
        return self._made(reader, lambda write: queries.save(write, ask))

    def edit_query(self, reader: Reader, id: int, ask: EditQuery) -> Done:
        """Rename, change or move a saved query."""
        return self._organise(reader, lambda write: queries.edit(write, id, ask))

    def delete_query(self, reader: Reader, id: int) -> Done:
        """Delete a saved query."""
        return self._organise(reader, lambda write: queries.remove(write, id))

    # -- what they have in common --------------------------------------------------------------------------------------

    def _members(self, reader: Reader, group: Group, id: int) -> Members:
        with self.db.reading() as connection:
            return groups.members(connection, reader, group, id)

    def _make(self, reader: Reader, group: Group, ask: Create) -> Made:
        return self._made(reader, lambda write: groups.make(write, group, ask))

    def _made(self, reader: Reader, work: Callable[[Write], Told]) -> Made:
        demand(reader, "write", whole=True)
        self._writable()
        committed = self._do(reader, work, lambda told: told.sentence)
        told = committed.result
        return Made(committed.revision, told.changed, told.sentence, committed.changed, told.id)

    def _gather(
        self,
        reader: Reader,
        ask: Selection,
        work: Callable[[Write, list[int]], Told],
        *,
        live: bool = True,
        words: bool = False,
    ) -> Done:
        """A change of where pictures belong. `live`: all that are named must be; `words`: none may be locked."""
        demand(reader, "write", whole=True)
        ids = self._selected(reader, ask, scrapped=not live)

        def gather(write: Write) -> Told:
            if live and ask.ids is not None:
                groups.demand_live(write, ids)
            if words:
                groups.refuse_locked(write, ids)
            return work(write, ids)

        return self._organise(reader, gather)

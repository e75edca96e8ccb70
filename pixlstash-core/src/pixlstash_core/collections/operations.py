"""Sets, characters, projects and saved queries: what people make to order a library."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ..context import Context, demand
from ..database.writer import Write
from ..imports import locations as stores
from ..people import characters
from ..query import scope
from ..types import (
    AddLink,
    ArrangeSet,
    ArrangeStack,
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
    Stack,
    StackByRule,
    StackPictures,
    StackPreview,
    TakeFromProject,
)
from ..types.outcome import Outcome
from . import groups, projects, queries, sets, stacking, stacks, veils
from .groups import CHARACTERS, PROJECTS, SETS, Group
from .icons import ICONS


def sidebar(context: Context, reader: Reader, veil: bool = False) -> Sidebar:
    """Everything the sidebar shows: people, sets, projects, saved queries and folders, each with its count.

    `veil`: as if what is hidden were not there.
    """
    shown = context.hiding(veil)
    veiled = context.views.veiled(reader, shown) if shown else None
    with context.db.reading() as connection:
        live, dead = scope.counts_in(connection, reader)
        found = sets.infos(connection, reader)
        bar = Sidebar(
            context.revision,
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


def icons(context: Context, reader: Reader) -> list[str]:
    """The icons that sets, characters and projects may have."""
    return list(ICONS)


# -- sets ----------------------------------------------------------------------------------------------------------


def list_sets(context: Context, reader: Reader) -> list[SetInfo]:
    """Sets by name."""
    with context.db.reading() as connection:
        return sets.infos(connection, reader)


def find_set(context: Context, reader: Reader, id: int) -> SetInfo:
    """One set."""
    with context.db.reading() as connection:
        return sets.info(connection, reader, id)


def set_members(context: Context, reader: Reader, id: int) -> Members:
    """The pictures of a set in its order."""
    return _members(context, reader, SETS, id)


def create_set(context: Context, reader: Reader, ask: Create) -> Made:
    """Make a set."""
    return _make(context, reader, SETS, ask)


def edit_set(context: Context, reader: Reader, id: int, ask: EditSet) -> Done:
    """Rename, colour, lock … a set: what is given changes."""
    return context.organise(reader, lambda write: sets.edit(write, id, ask))


def delete_set(context: Context, reader: Reader, id: int) -> Done:
    """Delete a set; its pictures stay."""
    return context.organise(reader, lambda write: sets.remove(write, id))


def add_to_set(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Put pictures at the end of a set."""
    return _gather(context, reader, ask, lambda write, ids: sets.add(write, id, ids))


def take_from_set(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Take pictures out of a set."""
    return _gather(context, reader, ask, lambda write, ids: sets.take(write, id, ids), live=False)


def arrange_set(context: Context, reader: Reader, id: int, ask: ArrangeSet) -> Done:
    """Move pictures within a set's order."""
    return _gather(context, reader, ask, lambda write, ids: sets.arrange(write, id, ids, ask.before), live=False)


# -- characters ----------------------------------------------------------------------------------------------------


def list_characters(context: Context, reader: Reader) -> list[CharacterInfo]:
    """Characters by name."""
    with context.db.reading() as connection:
        return characters.infos(connection, reader)


def find_character(context: Context, reader: Reader, id: int) -> CharacterInfo:
    """One character."""
    with context.db.reading() as connection:
        return characters.info(connection, reader, id)


def character_members(context: Context, reader: Reader, id: int) -> Members:
    """The pictures that show a character."""
    return _members(context, reader, CHARACTERS, id)


def create_character(context: Context, reader: Reader, ask: Create) -> Made:
    """Make a character."""
    return _make(context, reader, CHARACTERS, ask)


def edit_character(context: Context, reader: Reader, id: int, ask: Edit) -> Done:
    """Rename, colour … a character: what is given changes."""
    return context.organise(reader, lambda write: groups.edit(write, CHARACTERS, id, ask))


def delete_character(context: Context, reader: Reader, id: int) -> Done:
    """Delete a character, and what was said of who is them; the pictures stay."""
    return context.organise(reader, lambda write: characters.remove(write, id))


def add_to_character(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Say that pictures show a character."""
    return _gather(context, reader, ask, lambda write, ids: characters.add(write, id, ids), words=True)


def take_from_character(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Say so no longer."""
    return _gather(context, reader, ask, lambda write, ids: characters.take(write, id, ids), live=False, words=True)


# -- projects ------------------------------------------------------------------------------------------------------


def list_projects(context: Context, reader: Reader) -> list[ProjectInfo]:
    """Projects by name."""
    with context.db.reading() as connection:
        return projects.infos(connection, reader)


def find_project(context: Context, reader: Reader, id: int) -> ProjectInfo:
    """One project."""
    with context.db.reading() as connection:
        return projects.info(connection, reader, id)


def project_members(context: Context, reader: Reader, id: int) -> Members:
    """The pictures of a project: its own, and those of its sets and characters."""
    return _members(context, reader, PROJECTS, id)


def create_project(context: Context, reader: Reader, ask: Create) -> Made:
    """Make a project."""
    return _make(context, reader, PROJECTS, ask)


def edit_project(context: Context, reader: Reader, id: int, ask: Edit) -> Done:
    """Rename, colour … a project: what is given changes."""
    return context.organise(reader, lambda write: groups.edit(write, PROJECTS, id, ask))


def delete_project(context: Context, reader: Reader, id: int) -> Done:
    """Delete a project; its pictures, sets and characters stay."""
    return context.organise(reader, lambda write: groups.remove(write, PROJECTS, id))


def add_to_project(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Put pictures themselves into a project."""
    return _gather(context, reader, ask, lambda write, ids: projects.add(write, id, ids))


def drop_on_project(context: Context, reader: Reader, id: int, ask: DropOnProject) -> Dropped:
    """Move sets, characters and pictures to a project, or add them; what still belongs elsewhere stays there."""
    demand(reader, "write", whole=True)
    context.demand_writable()
    chosen = replace(ask, pictures=_chosen(context, reader, ask))
    named = [*ask.pictures, *(ask.ids or [])]

    def work(write: Write) -> projects.Drop:
        groups.demand_live(write, named)  # who names them means them; of a view some may have gone meanwhile
        return projects.drop(write, id, chosen)

    committed = context.change(reader, work, lambda drop: drop.told.sentence)
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


def take_from_project(context: Context, reader: Reader, id: int, ask: TakeFromProject) -> Done:
    """Take sets, characters and pictures out of a project."""
    demand(reader, "write", whole=True)
    chosen = replace(ask, pictures=_chosen(context, reader, ask))
    return context.organise(reader, lambda write: projects.take(write, id, chosen))


def _chosen(context: Context, reader: Reader, ask: DropOnProject | TakeFromProject) -> list[int]:
    """The pictures that are meant, if any."""
    if ask.view is None and ask.ids is None:
        return ask.pictures
    return sorted({*ask.pictures, *context.selected(reader, ask)})


def add_link(context: Context, reader: Reader, id: int, ask: AddLink) -> Made:
    """Add a link to a project."""
    return made(context, reader, lambda write: projects.add_link(write, id, ask))


def remove_link(context: Context, reader: Reader, id: int, link: int) -> Done:
    """Remove a link from a project."""
    return context.organise(reader, lambda write: projects.remove_link(write, id, link))


# -- saved queries -------------------------------------------------------------------------------------------------


def list_queries(context: Context, reader: Reader) -> list[SavedQuery]:
    """Saved queries in their order."""
    with context.db.reading() as connection:
        return queries.infos(connection, reader)


def save_query(context: Context, reader: Reader, ask: SaveQuery) -> Made:
    """Keep a query under a name."""
    return made(context, reader, lambda write: queries.save(write, ask))


def edit_query(context: Context, reader: Reader, id: int, ask: EditQuery) -> Done:
    """Rename, change or move a saved query."""
    return context.organise(reader, lambda write: queries.edit(write, id, ask))


def delete_query(context: Context, reader: Reader, id: int) -> Done:
    """Delete a saved query."""
    return context.organise(reader, lambda write: queries.remove(write, id))


# -- what they have in common --------------------------------------------------------------------------------------


def _members(context: Context, reader: Reader, group: Group, id: int) -> Members:
    with context.db.reading() as connection:
        return groups.members(connection, reader, group, id)


def _make(context: Context, reader: Reader, group: Group, ask: Create) -> Made:
    return made(context, reader, lambda write: groups.make(write, group, ask))


def made(context: Context, reader: Reader, work: Callable[[Write], Outcome]) -> Made:
    demand(reader, "write", whole=True)
    context.demand_writable()
    committed = context.change(reader, work, lambda told: told.sentence)
    told = committed.result
    return Made(committed.revision, told.changed, told.sentence, committed.changed, told.id)


def _gather(
    context: Context,
    reader: Reader,
    ask: Selection,
    work: Callable[[Write, list[int]], Outcome],
    *,
    live: bool = True,
    words: bool = False,
) -> Done:
    """A change of where pictures belong. `live`: all that are named must be; `words`: none may be locked."""
    demand(reader, "write", whole=True)
    ids = context.selected(reader, ask, scrapped=not live)

    def gather(write: Write) -> Outcome:
        if live and ask.ids is not None:
            groups.demand_live(write, ids)
        if words:
            groups.refuse_locked(write, ids)
        return work(write, ids)

    return context.organise(reader, gather)


# -- stacks ---------------------------------------------------------------------------------------------------------

#: Stacks that a preview shows.
EXAMPLES = 100


def picture_stack(context: Context, reader: Reader, id: int) -> Stack:
    """The stack that a picture is in, the leader first."""
    with context.db.reading() as connection:
        return stacks.stack(connection, reader, id)


def stack(context: Context, reader: Reader, ask: StackPictures) -> Made:
    """Lay pictures on one stack."""
    demand(reader, "write", whole=True)
    ids = context.selected(reader, ask)

    def work(write: Write) -> Outcome:
        groups.demand_live(write, ids)
        return stacks.make(write, ids, ask.leader)

    committed = context.change(reader, work, lambda told: told.sentence)
    told = committed.result
    return Made(committed.revision, told.changed, told.sentence, committed.changed, told.id)


def unstack(context: Context, reader: Reader, ask: Selection) -> Done:
    """Undo the stacks that these pictures are in."""
    demand(reader, "write", whole=True)
    ids = context.selected(reader, ask, scrapped=True)
    return context.organise(reader, lambda write: stacks.dissolve(write, ids))


def take_from_stack(context: Context, reader: Reader, ask: Selection) -> Done:
    """Take these pictures out of their stacks; the others stay."""
    demand(reader, "write", whole=True)
    ids = context.selected(reader, ask, scrapped=True)
    return context.organise(reader, lambda write: stacks.take(write, ids))


def arrange_stack(context: Context, reader: Reader, id: int, ask: ArrangeStack) -> Done:
    """Put a stack in order; the first picture leads."""
    return context.organise(reader, lambda write: stacks.arrange(write, id, ask.ids))


def preview_stacks(context: Context, reader: Reader, ask: StackByRule) -> StackPreview:
    """What a rule would stack."""
    found = _stacking(context, reader, ask)
    return StackPreview(len(found), sum(map(len, found)), found[:EXAMPLES])


def stack_by_rule(context: Context, reader: Reader, ask: StackByRule) -> Done:
    """Stack what belongs together by a rule."""
    found = _stacking(context, reader, ask)
    label = stacking.RULES[ask.rule][0]
    return context.organise(reader, lambda write: stacks.make_all(write, found, ask.rule, label))


def _stacking(context: Context, reader: Reader, ask: StackByRule) -> list[list[int]]:
    demand(reader, "write", whole=True)
    # The whole library where no pictures are named. Looking changes nothing, and may be done read-only.
    ids = context.views.select(reader, ask) if ask.view is not None else ask.ids
    if ask.veil and (hidden := set(context.views.hidden(reader, context.hiding(True)))):
        ids = [one for one in (context.views.ids(reader, "") if ids is None else ids) if one not in hidden]
    with context.db.reading() as connection:
        return stacking.find(connection, ask.rule, ids)

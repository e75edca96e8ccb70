"""Operations on sets, projects, saved queries and stacks."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from ..context import Context
from ..database.writer import Write
from ..types import (
    AddLink,
    ArrangeSet,
    ArrangeStack,
    Create,
    Created,
    Done,
    DropOnProject,
    Edit,
    EditQuery,
    EditSet,
    Members,
    Moved,
    ProjectInfo,
    Reader,
    SavedQuery,
    SaveQuery,
    Selection,
    SetInfo,
    Stack,
    StackByRule,
    StackPictures,
    StackPreview,
    TakeFromProject,
)
from ..types.history import Outcome
from . import groups, projects, saved_queries, sets, stack_rules, stacks
from .groups import ICONS, PROJECTS, SETS, Group


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
    return members(context, reader, SETS, id)


def create_set(context: Context, reader: Reader, ask: Create) -> Created:
    """Create a set."""
    return make(context, reader, SETS, ask)


def edit_set(context: Context, reader: Reader, id: int, ask: EditSet) -> Done:
    """Rename, color, lock … a set; only the given fields change."""
    return context.organize(reader, lambda write: sets.edit(write, id, ask))


def delete_set(context: Context, reader: Reader, id: int) -> Done:
    """Delete a set; its pictures stay."""
    return context.organize(reader, lambda write: sets.remove(write, id))


def add_to_set(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Add pictures at the end of a set."""
    return gather(context, reader, ask, lambda write, ids: sets.add(write, id, ids))


def take_from_set(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Remove pictures from a set."""
    return gather(context, reader, ask, lambda write, ids: sets.take(write, id, ids), live=False)


def arrange_set(context: Context, reader: Reader, id: int, ask: ArrangeSet) -> Done:
    """Move pictures within a set's order."""
    return gather(context, reader, ask, lambda write, ids: sets.arrange(write, id, ids, ask.before), live=False)


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
    return members(context, reader, PROJECTS, id)


def create_project(context: Context, reader: Reader, ask: Create) -> Created:
    """Create a project."""
    return make(context, reader, PROJECTS, ask)


def edit_project(context: Context, reader: Reader, id: int, ask: Edit) -> Done:
    """Rename, color … a project; only the given fields change."""
    return context.organize(reader, lambda write: groups.edit(write, PROJECTS, id, ask))


def delete_project(context: Context, reader: Reader, id: int) -> Done:
    """Delete a project; its pictures, sets and characters stay."""
    return context.organize(reader, lambda write: groups.remove(write, PROJECTS, id))


def add_to_project(context: Context, reader: Reader, id: int, ask: Selection) -> Done:
    """Add pictures to a project directly."""
    return gather(context, reader, ask, lambda write, ids: projects.add(write, id, ids))


def drop_on_project(context: Context, reader: Reader, id: int, ask: DropOnProject) -> Moved:
    """Move sets, characters and pictures to a project, or add them."""
    chosen = replace(ask, pictures=_chosen(context, reader, ask))
    named = [*ask.pictures, *(ask.ids or [])]

    def work(write: Write) -> projects.Drop:
        groups.demand_live(write, named)  # pictures of a view may be gone meanwhile, named ones may not
        return projects.drop(write, id, chosen)

    committed = context.change(reader, work, lambda drop: drop.outcome.sentence)
    drop = committed.result
    return Moved(
        committed.revision,
        drop.outcome.changed,
        drop.outcome.sentence,
        committed.changed,
        drop.came,
        drop.left,
        drop.stayed,
        drop.why,
    )


def take_from_project(context: Context, reader: Reader, id: int, ask: TakeFromProject) -> Done:
    """Remove sets, characters and pictures from a project."""
    chosen = replace(ask, pictures=_chosen(context, reader, ask))
    return context.organize(reader, lambda write: projects.take(write, id, chosen))


def _chosen(context: Context, reader: Reader, ask: DropOnProject | TakeFromProject) -> list[int]:
    """Return the selected pictures, if any."""
    if ask.view is None and ask.ids is None:
        return ask.pictures
    return sorted({*ask.pictures, *context.selected(reader, ask)})


def add_link(context: Context, reader: Reader, id: int, ask: AddLink) -> Created:
    """Add a link to a project."""
    return made(context, reader, lambda write: projects.add_link(write, id, ask))


def remove_link(context: Context, reader: Reader, id: int, link: int) -> Done:
    """Remove a link from a project."""
    return context.organize(reader, lambda write: projects.remove_link(write, id, link))


# -- saved queries -------------------------------------------------------------------------------------------------


def list_queries(context: Context, reader: Reader) -> list[SavedQuery]:
    """Saved queries in their order."""
    with context.db.reading() as connection:
        return saved_queries.infos(connection, reader)


def save_query(context: Context, reader: Reader, ask: SaveQuery) -> Created:
    """Save a query under a name."""
    return made(context, reader, lambda write: saved_queries.save(write, ask))


def edit_query(context: Context, reader: Reader, id: int, ask: EditQuery) -> Done:
    """Rename, change or move a saved query."""
    return context.organize(reader, lambda write: saved_queries.edit(write, id, ask))


def delete_query(context: Context, reader: Reader, id: int) -> Done:
    """Delete a saved query."""
    return context.organize(reader, lambda write: saved_queries.remove(write, id))


# -- common parts --------------------------------------------------------------------------------------------------


def members(context: Context, reader: Reader, group: Group, id: int) -> Members:
    """The pictures of a set, a character or a project."""
    with context.db.reading() as connection:
        return groups.members(connection, reader, group, id)


def make(context: Context, reader: Reader, group: Group, ask: Create) -> Created:
    """Create a set, a character or a project."""
    return made(context, reader, lambda write: groups.make(write, group, ask))


def made(context: Context, reader: Reader, work: Callable[[Write], Outcome]) -> Created:
    """Run a change that creates something; only for readers of the whole library."""
    committed = context.change(reader, work, lambda outcome: outcome.sentence)
    outcome = committed.result
    return Created(committed.revision, outcome.changed, outcome.sentence, committed.changed, outcome.id)


def gather(
    context: Context,
    reader: Reader,
    ask: Selection,
    work: Callable[[Write, list[int]], Outcome],
    *,
    live: bool = True,
    words: bool = False,
) -> Done:
    """Run a change of the groups of pictures.

    `live`: named pictures must not be in the scrapheap; `words`: none may be guarded, such as by a locked set.
    """
    ids = context.selected(reader, ask, scrapped=not live)

    def change(write: Write) -> Outcome:
        if live and ask.ids is not None:
            groups.demand_live(write, ids)
        return work(write, ids)

    return context.organize(reader, change, guarded=ids if words else [])


# -- stacks ---------------------------------------------------------------------------------------------------------

#: The number of stacks in a preview.
EXAMPLES = 100


def picture_stack(context: Context, reader: Reader, id: int) -> Stack:
    """The stack that a picture is in, the leader first."""
    with context.db.reading() as connection:
        return stacks.stack(connection, reader, id)


def stack(context: Context, reader: Reader, ask: StackPictures) -> Created:
    """Put pictures on one stack."""
    ids = context.selected(reader, ask)

    def work(write: Write) -> Outcome:
        groups.demand_live(write, ids)
        return stacks.make(write, ids, ask.leader)

    return made(context, reader, work)


def unstack(context: Context, reader: Reader, ask: Selection) -> Done:
    """Dissolve the stacks of these pictures."""
    ids = context.selected(reader, ask, scrapped=True)
    return context.organize(reader, lambda write: stacks.dissolve(write, ids))


def take_from_stack(context: Context, reader: Reader, ask: Selection) -> Done:
    """Remove these pictures from their stacks; the others stay."""
    ids = context.selected(reader, ask, scrapped=True)
    return context.organize(reader, lambda write: stacks.take(write, ids))


def arrange_stack(context: Context, reader: Reader, id: int, ask: ArrangeStack) -> Done:
    """Put a stack in order; the first picture leads."""
    return context.organize(reader, lambda write: stacks.arrange(write, id, ask.ids))


def preview_stacks(context: Context, reader: Reader, ask: StackByRule) -> StackPreview:
    """Preview what a rule would stack."""
    lists = _stacking(context, reader, ask)
    return StackPreview(len(lists), sum(map(len, lists)), lists[:EXAMPLES])


def stack_by_rule(context: Context, reader: Reader, ask: StackByRule) -> Done:
    """Stack pictures that belong together by a rule."""
    lists = _stacking(context, reader, ask)
    label = stack_rules.RULES[ask.rule][0]
    return context.organize(reader, lambda write: stacks.make_all(write, lists, ask.rule, label))


def _stacking(context: Context, reader: Reader, ask: StackByRule) -> list[list[int]]:
    # The whole library if no pictures are named. A preview changes nothing, so it works on a read-only library.
    ids = context.views.select(reader, ask) if ask.view is not None else ask.ids
    if ask.veil and (hidden := set(context.views.hidden(reader, context.hide_and_blur(True)))):
        ids = [id for id in (context.views.ids(reader, "") if ids is None else ids) if id not in hidden]
    with context.db.reading() as connection:
        return stack_rules.find(connection, ask.rule, ids)

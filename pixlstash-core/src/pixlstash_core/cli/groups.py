"""`pixlstash set`, `character` and `project`: one group of verbs for each, named the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import show
from .options import JSON, Nouns, chosen, selection

if TYPE_CHECKING:
    from .main import Shell

LOOKS = (
    click.option("--colour", help="#rrggbb, or nothing to take it away."),
    click.option("--icon", help="One of `pixlstash icons`, or nothing to take it away."),
    click.option("--note", help="A text about it."),
)


def find(session: Any, noun: str, name: str) -> Any:
    """The one that is called so, or has this number where none is called so."""
    found = getattr(session, f"{noun}s")()
    same = [one for one in found if one.name.casefold() == name.casefold()]
    same = same or [one for one in found if str(one.id) == name]
    if not same:
        raise click.ClickException(f"There is no {noun} called {name!r}.")
    return same[0]


def looks(function: Any) -> Any:
    for option in reversed(LOOKS):
        function = option(function)
    return function


def verbs(noun: str) -> click.Group:
    """list, create, edit, delete, members, add, take."""

    @click.group(noun, cls=Nouns, help=f"{noun.capitalize()}s: list, make and fill them.")
    def group() -> None:
        pass

    @group.command("list")
    @JSON
    @click.pass_obj
    def list_(shell: Shell, as_json: bool) -> None:
        """List them by name."""
        with shell.connect() as session:
            found = getattr(session, f"{noun}s")()
        show.groups(found, noun, as_json)

    @group.command()
    @click.argument("name")
    @looks
    @JSON
    @click.pass_obj
    def create(shell: Shell, name: str, colour: str | None, icon: str | None, note: str | None, as_json: bool) -> None:
        """Make a new one."""
        from ..types import Create

        ask = Create(name=name, colour=colour or None, icon=icon or None, note=note or "")
        with shell.connect() as session:
            done = getattr(session, f"create_{noun}")(ask)
        show.done(done, as_json)

    @group.command()
    @click.argument("name")
    @click.option("--name", "renamed", help="What to call it from now on.")
    @looks
    @JSON
    @click.pass_obj
    def edit(shell: Shell, /, name: str, renamed: str | None, as_json: bool, **given: Any) -> None:
        """Rename, colour … one: what is given changes."""
        from ..types import Edit, EditSet

        changes: dict[str, Any] = {
            key: value or (None if key != "note" else "") for key, value in given.items() if value is not None
        }
        changes |= {"name": renamed} if renamed is not None else {}
        if "locked" in given and given["locked"] is not None:
            changes["locked"] = given["locked"]
        with shell.connect() as session:
            ask = (EditSet if noun == "set" else Edit)(**changes)
            done = getattr(session, f"edit_{noun}")(find(session, noun, name).id, ask)
        show.done(done, as_json)

    if noun == "set":
        edit.params.append(click.Option(["--lock/--unlock", "locked"], default=None, help="Whether it may change."))

    @group.command()
    @click.argument("name")
    @JSON
    @click.pass_obj
    def delete(shell: Shell, name: str, as_json: bool) -> None:
        """Delete one; its pictures stay."""
        with shell.connect() as session:
            done = getattr(session, f"delete_{noun}")(find(session, noun, name).id)
        show.done(done, as_json)

    @group.command()
    @click.argument("name")
    @JSON
    @click.pass_obj
    def members(shell: Shell, name: str, as_json: bool) -> None:
        """Print the ids of its pictures, a set's in its order."""
        with shell.connect() as session:
            found = getattr(session, f"{noun}_members")(find(session, noun, name).id)
        show.ids(found.ids, as_json)

    @group.command()
    @click.argument("name")
    @chosen
    @JSON
    @click.pass_obj
    def add(shell: Shell, name: str, query: tuple[str, ...], ids: tuple[int, ...], as_json: bool) -> None:
        """Add pictures: those a QUERY finds, or ids."""
        from ..types import Selection

        with shell.connect() as session:
            ask = Selection(**selection(session, query, ids))
            done = getattr(session, f"add_to_{noun}")(find(session, noun, name).id, ask)
        show.done(done, as_json)

    @group.command()
    @click.argument("name")
    @chosen
    @JSON
    @click.pass_obj
    def take(shell: Shell, name: str, query: tuple[str, ...], ids: tuple[int, ...], as_json: bool) -> None:
        """Take pictures out: those a QUERY finds, or ids."""
        from ..types import Selection, TakeFromProject

        with shell.connect() as session:
            ask: Selection | TakeFromProject = Selection(**selection(session, query, ids))
            if noun == "project":  # takes sets and characters out as well, each by its id
                ask = TakeFromProject(pictures=list(ids) or session.find(q=" ".join(query)).ids)
            done = getattr(session, f"take_from_{noun}")(find(session, noun, name).id, ask)
        show.done(done, as_json)

    return group


set_, character, project = (verbs(noun) for noun in ("set", "character", "project"))


@project.command("drop")
@click.argument("name")
@click.option("--set", "sets", multiple=True, help="A set; may be repeated.")
@click.option("--character", "characters", multiple=True, help="A character; may be repeated.")
@click.option("--add", is_flag=True, help="Leave them in their other projects, too.")
@JSON
@click.pass_obj
def drop(shell: Shell, name: str, sets: tuple[str, ...], characters: tuple[str, ...], add: bool, as_json: bool) -> None:
    """Move sets and characters with their pictures to a project; what still belongs elsewhere stays there as well."""
    from ..types import DropOnProject

    with shell.connect() as session:
        ask = DropOnProject(
            sets=[find(session, "set", one).id for one in sets],
            characters=[find(session, "character", one).id for one in characters],
            add=add,
        )
        done = session.drop_on_project(find(session, "project", name).id, ask)
    show.done(done, as_json)


@character.command("suggest")
@click.argument("name")
@click.option("-q", "--query", default="", help="Among the pictures a query finds.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@JSON
@click.pass_obj
def suggest(shell: Shell, name: str, query: str, limit: int, as_json: bool) -> None:
    """Find pictures that may show one and are not said to."""
    from .people import maybe

    with shell.connect() as session:
        found = session.suggest_character(find(session, "character", name).id, q=query, limit=limit)
    return show.dump(found) if as_json else maybe(found)


@character.command("merge")
@click.argument("names", nargs=-1, required=True)
@click.option("--into", required=True, help="The one that stays.")
@JSON
@click.pass_obj
def merge(shell: Shell, names: tuple[str, ...], into: str, as_json: bool) -> None:
    """Make characters one, with all that is said of them."""
    from ..types import MergeCharacters

    with shell.connect() as session:
        ids = [find(session, "character", name).id for name in names]
        done = session.merge_characters(MergeCharacters(ids, find(session, "character", into).id))
    show.done(done, as_json)


@click.command()
@JSON
def icons(as_json: bool) -> None:
    """Print the icons that sets, characters and projects may have."""
    from ..collections.icons import ICONS

    if as_json:
        return show.dump(list(ICONS))
    return click.echo("  ".join(ICONS))


COMMANDS = (set_, character, project, icons)

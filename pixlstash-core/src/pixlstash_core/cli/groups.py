"""The verbs of `pixlstash set`, `character` and `project`, which are the same for all three."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from ..api import Api
from ..types import Create, Edit, EditSet, Members, TakeFromProject
from . import show
from .options import AMONG, JSON, PICTURES, NamedArgument, NamedOption, option
from .people import MAYBE
from .verbs import Verb, VerbGroup

LOOKS = (
    option("--colour", help="#rrggbb, or empty to remove it."),
    option("--icon", help="One of `pixlstash icons`, or empty to remove it."),
    option("--note", help="A description."),
)


def _locked(group: Any) -> str:
    return "locked" if getattr(group, "locked", False) else ""


def _create(noun: str, session: Any, **looks: str | None) -> Any:
    return getattr(session, f"create_{noun}")(Create(**{key: text for key, text in looks.items() if text}))


def _edit(noun: str, session: Any, id: int, **looks: Any) -> Any:
    """Change the given properties; an empty text removes a color or an icon."""
    changes: dict[str, Any] = {
        key: None if value == "" and key in ("colour", "icon") else value
        for key, value in looks.items()
        if value is not None
    }
    return getattr(session, f"edit_{noun}")(id, (EditSet if noun == "set" else Edit)(**changes))


def _members(noun: str, session: Any, id: int) -> dict[str, Any]:
    members: Members = getattr(session, f"{noun}_members")(id)
    return {"total": len(members.ids), "ids": members.ids}


def _take_from_project(session: Any, id: int, ids: list[int] | None = None, **view: Any) -> Any:
    """Remove pictures from a project; those chosen by id may be in the scrapheap."""
    return session.take_from_project(id, TakeFromProject(pictures=ids or [], **view))


def verbs(noun: str, *more: click.Command) -> click.Group:
    """Return the verbs of a kind of group: list, create, edit, delete, members, add, take, and its own."""
    name = NamedArgument(noun, "group", metavar="NAME")
    columns = show.Table(">id | >pictures | =lock | name", f"No {noun}s.", lock=_locked)
    lock = [option("--lock/--unlock", "locked", default=None, help="Lock or unlock it.")] if noun == "set" else []
    take = _take_from_project if noun == "project" else getattr(Api, f"take_from_{noun}")
    return VerbGroup(
        noun,
        help=f"{noun.capitalize()}s: list, create and fill them.",
        commands=[
            Verb("list", getattr(Api, f"{noun}s"), "List them by name.", show=columns),
            Verb("create NAME", partial(_create, noun), "Create one.", *LOOKS),
            Verb(
                "edit",
                partial(_edit, noun),
                "Change the name, color, icon, description and so on; only the given options change.",
                name,
                option("--name", help="The new name."),
                *LOOKS,
                JSON,
                *lock,
            ),
            Verb("delete", getattr(Api, f"delete_{noun}"), "Delete one; its pictures are kept.", name),
            Verb(
                "members",
                partial(_members, noun),
                "Print the ids of its pictures; those of a set in its order.",
                name,
                show=lambda members: show.lines(members["ids"]),
            ),
            Verb("add", getattr(Api, f"add_to_{noun}"), "Add pictures: those a QUERY finds, or ids.", name, *PICTURES),
            Verb("take", take, "Remove pictures: those a QUERY finds, or ids.", name, *PICTURES),
            *more,
        ],
    )


set_ = verbs("set")
character = verbs(
    "character",
    Verb(
        "suggest",
        Api.suggest_character,
        "Find pictures that may show a character and are not labeled.",
        NamedArgument("character", "name"),
        *AMONG,
        show=MAYBE,
    ),
    Verb(
        "merge",
        Api.merge_characters,
        "Merge characters, with their labels.",
        NamedArgument("character", "names", field="ids", nargs=-1, required=True),
        NamedOption("character", "--into", field="into", required=True, help="The character to keep."),
    ),
)
project = verbs(
    "project",
    Verb(
        "drop",
        Api.drop_on_project,
        "Move sets and characters with their pictures to a project; pictures that belong elsewhere stay there too.",
        NamedOption("set", "--set", "sets", field="sets", multiple=True, help="A set; may be repeated."),
        NamedOption(
            "character",
            "--character",
            "characters",
            field="characters",
            multiple=True,
            help="A character; may be repeated.",
        ),
        option("--add", is_flag=True, help="Keep them in their other projects."),
        NamedArgument("project", "name"),
    ),
)


@click.command(params=[JSON])
def icons(as_json: bool) -> None:
    """List the icons for sets, characters and projects."""
    from ..collections.groups import ICONS

    return show.dump(list(ICONS)) if as_json else click.echo("  ".join(ICONS))


COMMANDS = (set_, character, project, icons)

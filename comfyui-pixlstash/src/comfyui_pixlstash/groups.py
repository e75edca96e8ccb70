"""Projects, sets and characters: how a workflow names them, and how they narrow a query."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from .channel import LibraryError
from .operations import Operations

Kind = Literal["project", "set", "character"]
KINDS: tuple[Kind, ...] = ("project", "set", "character")


class Group(NamedTuple):
    """A project, set or character of the library."""

    kind: Kind
    id: int
    name: str

    @property
    def term(self) -> str:
        """The condition of the query language that finds its pictures."""
        return f"{self.kind}:{self.id}"


def choices(library: Operations, kind: Kind) -> list[str]:
    """Return all groups of a kind as they are shown in a node: "Ann #12"."""
    return [f"{info.name} #{info.id}" for info in _list(library, kind)]


def find(library: Operations, kind: Kind, text: str) -> Group:
    """Find a group by "Ann #12", "#12" or its name. Raises LibraryError where it does not exist."""
    text = text.strip()
    if not text:
        raise LibraryError(f"No {kind} is chosen: choose one, or type its name or number.")
    number = re.search(r"#(\d{1,10})$", text) or re.fullmatch(r"(\d{1,10})", text)
    if number:
        try:
            info = _find(library, kind, int(number[1]))
        except LibraryError as error:
            if error.status != 404:
                raise
            raise LibraryError(
                f"The {kind} {text!r} does not exist in this library, or this token may not see it: choose "
                f"another {kind}."
            ) from None
        return Group(kind, info.id, info.name)
    matches = [info for info in _list(library, kind) if info.name.casefold() == text.casefold()]
    if len(matches) == 1:
        return Group(kind, matches[0].id, matches[0].name)
    problem = "has more than one" if matches else "has no"
    raise LibraryError(
        f'The library {problem} {kind} named "{text}": choose it from the list, or type its number as "#12".'
    )


def narrowed(query: str, groups: Iterable[Group | None]) -> str:
    """Restrict a query to pictures that are in all of these groups.

    `OR` binds less tightly than the space between conditions, so a query with one is put in parentheses.
    """
    terms = [group.term for group in groups if group is not None]
    query = query.strip()
    if terms and has_alternatives(query):
        query = f"({query})"
    return " ".join([query, *terms]).strip()


def has_alternatives(query: str) -> bool:
    """Whether the word OR occurs outside of quotes and parentheses."""
    depth, quoted, word = 0, False, ""
    for character in [*query.replace('\\"', "  "), " "]:
        if character == '"':
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
        if character.isspace() and not quoted:
            if word == "OR" and depth == 0:
                return True
            word = ""
        else:
            word += character
    return False


def _list(library: Operations, kind: Kind) -> list[Any]:
    calls: dict[Kind, Any] = {
        "project": library.projects,
        "set": library.sets,
        "character": library.characters,
    }
    infos: list[Any] = calls[kind]()
    return infos


def _find(library: Operations, kind: Kind, id: int) -> Any:
    calls: dict[Kind, Any] = {
        "project": library.find_project,
        "set": library.find_set,
        "character": library.find_character,
    }
    return calls[kind](id)

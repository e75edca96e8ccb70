"""Sets, characters and projects, as clients of the public PixlStash filter pictures by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from starlette.datastructures import QueryParams

from pixlstash_core import Done, DropOnProject, Edit, Id, Invalid, Library, Reader, TakeFromProject

Sets = Sequence[frozenset[int]]

#: All pictures; those of no set, character or project; those in the scrapheap.
EVERY, NONE, SCRAPHEAP = "ALL", "UNASSIGNED", "SCRAPHEAP"
#: Query parameters of these filters.
KEYS = tuple("project_id set_id set_ids set_mode base_set_id character_id character_ids character_mode".split())
#: How several are combined: their names, and those of the query language, which are understood too.
MODES = {
    "union": "union",
    "intersection": "overlap",
    "difference": "difference",
    "xor": "unique",
    "overlap": "overlap",
    "unique": "unique",
}
#: The same for sets of ids.
ALGEBRA: Mapping[str, Callable[[Sets], frozenset[int]]] = {
    "union": lambda sets: frozenset().union(*sets),
    "overlap": lambda sets: sets[0].intersection(*sets[1:]),
    "difference": lambda sets: sets[0].difference(*sets[1:]),
    "unique": lambda sets: frozenset(id for id, count in Counter(chain(*sets)).items() if count == 1),
}
#: Sets or characters in one condition, at most.
MOST = 100


class Groups(Struct, frozen=True):
    """Sets, characters or projects and how they are combined; without ids: none of all there are."""

    noun: str
    ids: tuple[int, ...]
    how: str = "union"

    def __str__(self) -> str:
        return f"{self.how}({', '.join(f'{self.noun}:{id}' for id in self.ids)})"


def groups_of(query: QueryParams) -> Iterator[Groups]:
    """The conditions of a request, which must all hold."""
    for noun in ("project", "set", "character"):
        value = query.get(f"{noun}_id", EVERY)
        if value == NONE:
            yield Groups(noun, ())
        elif value != EVERY and (noun, value) != ("character", SCRAPHEAP):
            yield Groups(noun, (number(value),))
    for noun in ("set", "character"):
        ids = list(dict.fromkeys(numbers(query, f"{noun}_ids")))
        mode = query.get(f"{noun}_mode", "union")
        if mode not in MODES:
            raise Invalid(f"{noun}_mode is one of {', '.join(MODES)}, not {mode[:50]!r}.")
        if len(ids) > MOST:
            raise Invalid(f"At most {MOST} {noun}s are asked for at once.")
        if noun == "set" and (base := numbers(query, "base_set_id")[-1:]):
            if base[0] not in ids:
                raise Invalid("base_set_id must be one of set_ids.")
            ids.sort(key=lambda id: id != base[0])
        if ids:
            yield Groups(noun, tuple(ids), MODES[mode])


def number(value: str) -> int:
    if not _is_number(value):
        raise Invalid(f"An id is a number, {EVERY} or {NONE}, not {value[:50]!r}.")
    return int(value)


def numbers(query: QueryParams, key: str) -> list[int]:
    """The ids of a repeated key."""
    values = query.getlist(key)
    for value in values:
        if not _is_number(value):
            raise Invalid(f"{key} takes numbers, not {value[:50]!r}.")
    return [int(value) for value in values]


def _is_number(value: str) -> bool:
    return value.isdecimal() and len(value) <= 15


def demand(library: Library, reader: Reader, groups: Groups) -> None:
    """Raise `NotFound` unless the reader may know of all of them."""
    for id in groups.ids:
        getattr(library, f"find_{groups.noun}")(reader, id)


def members(library: Library, reader: Reader, groups: Groups) -> frozenset[int]:
    """Their pictures outside the scrapheap, for readers whose queries cannot name them."""
    members_of = getattr(library, f"{groups.noun}_members")
    return ALGEBRA[groups.how]([frozenset(members_of(reader, id).ids) for id in groups.ids])


def others(library: Library, reader: Reader, noun: str, text: str) -> frozenset[int]:
    """The results of a query that are in none of the sets, characters or projects that the reader knows of."""
    pictures = frozenset(library.find(reader, text).ids)
    ids = [row.id for row in getattr(library, f"{noun}s")(reader)]
    for at in range(0, len(ids), MOST):
        groups = Groups(noun, tuple(ids[at : at + MOST]))
        if reader.scope.all:
            pictures -= frozenset(library.find(reader, f"{text} {groups}").ids)
        else:
            pictures -= members(library, reader, groups)
    return pictures


def of_project(
    library: Library, reader: Reader, project: str | None, nouns: Literal["sets", "characters"]
) -> frozenset[int] | None:
    """The sets or characters of a project; None for all of them."""
    if project is None or project == EVERY:
        return None
    if project == NONE:
        taken = {id for row in library.projects(reader) for id in getattr(row, nouns)}
        return frozenset(row.id for row in getattr(library, nouns)(reader)) - taken
    return frozenset(getattr(library.find_project(reader, number(project)), nouns))


class EditCharacter(Edit, frozen=True, kw_only=True):
    """What of a character shall be different. With `project_id` it is moved to that project, or out of all (null)."""

    project_id: Id | None | UnsetType = UNSET


def edit_character(library: Library, reader: Reader, id: int, ask: EditCharacter) -> Done:
    """Move a character to a project, and rename, color … it; only the given fields change."""
    plain = Edit(**{name: getattr(ask, name) for name in Edit.__struct_fields__})
    if ask.project_id is UNSET:
        return library.edit_character(reader, id, plain)
    library.find_character(reader, id)
    moved = move(library, reader, "characters", id, ask.project_id)
    return moved if plain == Edit() else library.edit_character(reader, id, plain)


def move(library: Library, reader: Reader, nouns: Literal["sets", "characters"], id: int, project: int | None) -> Done:
    """Have a set or character be in this project alone, or in none."""
    if project is not None:
        return library.drop_on_project(reader, project, DropOnProject(**{nouns: [id]}))  # type: ignore[arg-type]
    done = Done(library.revision, 0, "It is in no project.", False)
    for row in library.projects(reader):
        if id in getattr(row, nouns):
            done = library.take_from_project(reader, row.id, TakeFromProject(**{nouns: [id]}))  # type: ignore[arg-type]
    return done

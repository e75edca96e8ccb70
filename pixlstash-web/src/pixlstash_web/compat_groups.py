"""Sets, characters and projects, as clients of the public PixlStash narrow pictures by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from starlette.datastructures import QueryParams

from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_core.types import Done, DropOnProject, Edit, Id, Reader, TakeFromProject

Sets = Sequence[frozenset[int]]

#: All pictures; those of no set, character or project; those that were thrown away.
EVERY, NONE, THROWN = "ALL", "UNASSIGNED", "SCRAPHEAP"
#: What narrows by them.
KEYS = tuple("project_id set_id set_ids set_mode base_set_id character_id character_ids character_mode".split())
#: How several go together: as that interface calls it, and as the query language does, which is known, too.
MODES = {
    "union": "union",
    "intersection": "overlap",
    "difference": "difference",
    "xor": "unique",
    "overlap": "overlap",
    "unique": "unique",
}
#: The same of sets of ids.
ALGEBRA: Mapping[str, Callable[[Sets], frozenset[int]]] = {
    "union": lambda sets: frozenset().union(*sets),
    "overlap": lambda sets: sets[0].intersection(*sets[1:]),
    "difference": lambda sets: sets[0].difference(*sets[1:]),
    "unique": lambda sets: frozenset(id for id, count in Counter(chain(*sets)).items() if count == 1),
}
#: Sets or characters of one condition at most.
MOST = 100


class Groups(Struct, frozen=True):
    """Sets, characters or projects and how they go together; without ids: none of all there are."""

    noun: str
    ids: tuple[int, ...]
    how: str = "union"

    def __str__(self) -> str:
        return f"{self.how}({', '.join(f'{self.noun}:{id}' for id in self.ids)})"


def asked(query: QueryParams) -> Iterator[Groups]:
    """What a request asks for; all of it must hold."""
    for noun in ("project", "set", "character"):
        value = query.get(f"{noun}_id")
        if value == NONE:
            yield Groups(noun, ())
        elif value not in (None, EVERY) and (noun, value) != ("character", THROWN):
            yield Groups(noun, (number(str(value)),))
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
    wrong = [one for one in values if not _is_number(one)]
    if wrong:
        raise Invalid(f"{key} takes numbers, not {wrong[0][:50]!r}.")
    return [int(value) for value in values]


def _is_number(value: str) -> bool:
    return value.isdecimal() and len(value) <= 15


def demand(library: Library, reader: Reader, groups: Groups) -> None:
    """Raise `NotFound` unless the reader may know of all of them."""
    for id in groups.ids:
        getattr(library, f"find_{groups.noun}")(reader, id)


def members(library: Library, reader: Reader, groups: Groups) -> frozenset[int]:
    """What is in them and not in the scrapheap, for readers who have no words for them."""
    of_one = getattr(library, f"{groups.noun}_members")
    return ALGEBRA[groups.how]([frozenset(of_one(reader, id).ids) for id in groups.ids])


def others(library: Library, reader: Reader, noun: str, text: str) -> frozenset[int]:
    """Of what a text finds, that which is in none of the sets, characters or projects that the reader knows of."""
    found = frozenset(library.find(reader, text).ids)
    known = [one.id for one in getattr(library, f"{noun}s")(reader)]
    for at in range(0, len(known), MOST):
        groups = Groups(noun, tuple(known[at : at + MOST]))
        if reader.scope.all:
            found -= frozenset(library.find(reader, f"{text} {groups}").ids)
        else:
            found -= members(library, reader, groups)
    return found


class EditCharacter(Edit, frozen=True, kw_only=True):
    """What of a character shall be different. With `project_id` it is moved to that project, or out of all (null)."""

    project_id: Id | None | UnsetType = UNSET


class EditPictureSet(Struct, frozen=True, kw_only=True):
    """What of a set shall be different. With `project_id` it is moved to that project, or out of all (null)."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    project_id: Id | None | UnsetType = UNSET


def edit_character(library: Library, reader: Reader, id: int, ask: EditCharacter) -> Done:
    """Rename, colour … a character: what is given changes."""
    plain = Edit(**{name: getattr(ask, name) for name in Edit.__struct_fields__})
    if ask.project_id is UNSET:
        return library.edit_character(reader, id, plain)
    library.find_character(reader, id)
    moved = move(library, reader, "characters", id, ask.project_id)
    return moved if plain == Edit() else library.edit_character(reader, id, plain)


def move(library: Library, reader: Reader, noun: Literal["sets", "characters"], id: int, project: int | None) -> Done:
    """Have a set or character be in this project alone, or in none."""
    if project is not None:
        return library.drop_on_project(reader, project, DropOnProject(**{noun: [id]}))  # type: ignore[arg-type]
    done = Done(library.revision, 0, "It is in no project.", False)
    for held in library.projects(reader):
        if id in getattr(held, noun):
            done = library.take_from_project(reader, held.id, TakeFromProject(**{noun: [id]}))  # type: ignore[arg-type]
    return done

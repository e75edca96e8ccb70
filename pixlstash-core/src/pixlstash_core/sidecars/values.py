"""What sidecars hold, and the three-way merge of a sidecar with the library.

The base is what both had when the sidecar was last read or written. A field that only one side changed is taken from
that side. Tags and faces are merged one by one. In a real conflict, the file and the library stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..captions.feature import fit
from ..collections.groups import checked_name
from ..errors import Invalid
from ..tags import names
from ..types import Box, SidecarField

FIELDS: tuple[SidecarField, ...] = ("tags", "caption", "rating", "faces")


class Region(Struct, frozen=True):
    """A named face. `box`: left, top, right, bottom as parts of the picture."""

    name: str
    box: Box


class Values(Struct, frozen=True, omit_defaults=True):
    """The values of a picture's fields. An empty one, and a rating of 0, is none."""

    tags: list[str] = []
    caption: str = ""
    rating: int = 0
    faces: list[Region] = []


class Mine(Struct, frozen=True):
    """What the library has: `values` as they are written, rejected tags as folded names, and fields people set."""

    values: Values = Values()
    rejected: frozenset[str] = frozenset()
    by_people: frozenset[str] = frozenset()


class Merge(Struct):
    """What the library takes from a sidecar, and the fields in conflict with both values.

    `contested`: tags and faces in conflict by their keys, with what the base knows of them.
    """

    add: list[Any] = []
    remove: list[Any] = []
    add_faces: list[Region] = []
    remove_faces: list[Region] = []
    caption: str | None = None
    rating: int | None = None
    conflicts: dict[str, tuple[str, str]] = {}
    contested: dict[str, set[Any]] = {}

    @property
    def takes(self) -> bool:
        items = self.add or self.remove or self.add_faces or self.remove_faces
        return bool(items) or self.caption is not None or self.rating is not None


def caption_of(text: str) -> str:
    """Return a caption as the library stores it. ValueError if it has unprintable characters."""
    try:
        return fit(text)
    except Invalid as error:
        raise ValueError(str(error)) from error


def tag_of(text: str) -> str:
    """Return a tag as the library stores it. ValueError if it is none."""
    try:
        return names.written(text)
    except Invalid as error:
        raise ValueError(str(error)) from error


def rating_of(number: float) -> int:
    """Return a number of stars. ValueError if it is none, such as -1 for rejected pictures."""
    if number not in range(6):
        raise ValueError("A rating is a number of stars from 0 to 5.")
    return int(number)


def checked(face: Region) -> Region:
    """Return a face. ValueError if its name or its box is not valid."""
    left, top, right, bottom = face.box
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError("A box is left, top, right and bottom as fractions of the picture, from 0 to 1.")
    try:
        return replace(face, name=checked_name(face.name, "character"))
    except Invalid as error:
        raise ValueError(str(error)) from error


def face_key(face: Region) -> tuple[str, ...]:
    return (names.folded(face.name), *(f"{side:.2f}" for side in face.box))


KEYS: dict[str, Callable[[Any], Any]] = {"tags": names.folded, "faces": face_key}


def merge(base: Values, mine: Mine, theirs: Values, fields: Iterable[str]) -> Merge:
    """Compare a sidecar's values with the library's and the base, in these fields."""
    merged = Merge()
    for field in fields:
        if field in KEYS:
            _merge_items(merged, field, base, mine, theirs)
        else:
            _merge_value(merged, field, base, mine, theirs)
    return merged


def _merge_items(merged: Merge, field: str, base: Values, mine: Mine, theirs: Values) -> None:
    old, ours, other = (_by_key(field, getattr(values, field)) for values in (base, mine.values, theirs))
    rejected = mine.rejected if field == "tags" else frozenset()
    new = [item for key, item in other.items() if key not in old and key not in ours]
    refused = [item for item in new if KEYS[field](item) in rejected]
    gone = [item for key, item in ours.items() if key in old and key not in other]
    emptied = gone if not other and field in mine.by_people else []
    added, removed = [item for item in new if item not in refused], gone if other else []
    if field == "tags":
        merged.add, merged.remove = added, removed
    else:
        merged.add_faces, merged.remove_faces = added, removed
    if refused or emptied:
        merged.conflicts[field] = _text(emptied), _text(refused)
        merged.contested[field] = {KEYS[field](item) for item in (*emptied, *refused)}


def _merge_value(merged: Merge, field: str, base: Values, mine: Mine, theirs: Values) -> None:
    old, ours, other = (getattr(values, field) for values in (base, mine.values, theirs))
    if other in (old, ours):
        return
    by_people = field in mine.by_people and bool(ours)
    if by_people and (ours != old or not other):  # both changed, or another program emptied the field
        merged.conflicts[field] = str(ours or ""), str(other or "")
    elif other and field == "caption":
        merged.caption = other
    elif other:
        merged.rating = other


def desired(mine: Values, theirs: Values, merged: Merge, fields: Iterable[str]) -> Values:
    """Return what the sidecar is to have: the library's values, and in conflicts its own."""
    values: dict[str, Any] = {}
    for field in fields:
        if field not in KEYS:
            values[field] = getattr(theirs if field in merged.conflicts else mine, field)
            continue
        ours, other = _by_key(field, getattr(mine, field)), _by_key(field, getattr(theirs, field))
        contested = merged.contested.get(field, set())
        staying = [item for key, item in other.items() if key in ours or key in contested]  # in the file's order
        values[field] = staying + [item for key, item in ours.items() if key not in other and key not in contested]
    return Values(**values)


def base_after(written: Values, base: Values, merged: Merge, fields: Iterable[str]) -> Values:
    """Return the next base when the sidecar has these values: in conflicts, the base stays as it is."""
    after = base
    for field in fields:
        value = getattr(written, field)
        if field not in merged.conflicts:
            after = replace(after, **{field: value})
        elif field in KEYS:
            contested, key_of = merged.contested[field], KEYS[field]
            staying = [item for item in value if key_of(item) not in contested]
            old = [item for item in getattr(base, field) if key_of(item) in contested]
            after = replace(after, **{field: staying + old})
    return after


def same(first: Values, other: Values, fields: Iterable[str]) -> bool:
    """Whether two sets of values say the same, whatever their order."""
    return all(
        set(_by_key(field, getattr(first, field))) == set(_by_key(field, getattr(other, field)))
        if field in KEYS
        else getattr(first, field) == getattr(other, field)
        for field in fields
    )


def settled(base: Values, field: str, theirs: str, mine: str) -> Values:
    """Return the base after a conflict was settled: what the sidecar says in it is known."""
    if field == "rating":
        return replace(base, rating=int(theirs or 0))
    if field == "caption":
        return replace(base, caption=theirs)
    items, gone = parsed(field, theirs), {KEYS[field](item) for item in parsed(field, mine)}
    staying = [item for item in getattr(base, field) if KEYS[field](item) not in gone]
    return replace(base, **{field: [*_by_key(field, [*staying, *items]).values()]})


def parsed(field: str, text: str) -> list[Any]:
    """Return the tags or faces of a conflict."""
    kind = list[str] if field == "tags" else list[Region]
    items: list[Any] = msgspec.json.decode(text, type=kind)
    return items


def _text(items: list[Any]) -> str:
    return msgspec.json.encode(items).decode()


def _by_key(field: str, items: Iterable[Any]) -> dict[Any, Any]:
    present: dict[Any, Any] = {}
    for item in items:
        present.setdefault(KEYS[field](item), item)
    return present

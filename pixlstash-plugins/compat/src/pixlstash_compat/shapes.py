"""Rows as these clients read them, made from the library's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T", bound=Struct)

#: Their fields that are not the library's own of the same name, and how each is read.
VALUES: Mapping[str, Callable[[Any], Any]] = {
    "character_color": attrgetter("colour"),
    "comfyui_positive_prompt": attrgetter("prompt"),
    "created_at": attrgetter("created"),
    "deleted": lambda picture: picture.deleted is not None,
    "description": attrgetter("note"),
    "format": lambda picture: picture.format.upper(),
    "imported_at": attrgetter("imported"),
    "original_file_name": attrgetter("name"),
    "picture_count": attrgetter("pictures"),
    "set_color": attrgetter("colour"),
    "set_icon": attrgetter("icon"),
    "size_bytes": attrgetter("size"),
}


def shaping(kind: type[T], *others: str) -> Callable[..., T]:
    """A function that makes a row of this kind from one of the library's.

    The fields `others` are its other arguments. Fields with defaults keep them.
    """
    names = [name for name in kind.__struct_fields__ if name not in others]
    names = names[: len(names) - len(kind.__struct_defaults__)]
    readers = {name: VALUES.get(name) or attrgetter(name) for name in names}
    return lambda row, *more: kind(
        **{name: read(row) for name, read in readers.items()}, **dict(zip(others, more, strict=True))
    )

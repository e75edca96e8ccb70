"""Templates of captions and file names: text with fields in braces, such as `{caption}, {tags:20}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ..errors import Invalid

_PIECE = re.compile(r"\{\{|\}\}|\{([a-z_0-9]+)(?::(\d{1,6}))?\}|[{}]|[^{}]+")
#: Text between two fields that goes if one of them is empty.
_SEPARATOR = re.compile(r"[\s,;.:|/_-]+")
#: The value of a field, given the number behind its colon.
Field = Callable[[int | None], str]


class Part(Struct, frozen=True):
    """A piece of a template: literal text, or the name of a field with an optional number."""

    text: str
    field: bool = False
    number: int | None = None


class Template:
    """A parsed template. `Invalid` if it has a field that is not among `fields`, or a single brace."""

    def __init__(self, text: str, fields: Sequence[str]) -> None:
        self._parts: list[Part] = []
        for match in _PIECE.finditer(text):
            piece = match[0]
            if piece in ("{{", "}}"):
                self._parts.append(Part(piece[0]))
            elif match[1] is not None:
                if match[1] not in fields:
                    raise Invalid(f"There is no field {{{match[1]}}}. Fields are {_listed(fields)}.")
                self._parts.append(Part(match[1], True, int(match[2]) if match[2] else None))
            elif piece in "{}":
                raise Invalid(f"A single {piece} in a template has no meaning. Write {piece}{piece} for the character.")
            else:
                self._parts.append(Part(piece))

    @property
    def fields(self) -> set[str]:
        """The names of the fields it uses."""
        return {part.text for part in self._parts if part.field}

    def fill(self, values: Mapping[str, Field]) -> str:
        """Return the text with the values of its fields. A separator beside an empty field is left out."""
        pieces: list[str] = []
        gap = False  # the field before was empty, so that the separator behind it goes
        for part in self._parts:
            if part.field:
                value = values[part.text](part.number)
                gap = not value
                if value:
                    pieces.append(value)
            elif not (gap and _SEPARATOR.fullmatch(part.text)):
                pieces.append(part.text)
                gap = False
        if gap and pieces and self._parts[-1].field and _is_separator(pieces[-1], self._parts):
            pieces.pop()  # the one in front of an empty last field
        return "".join(pieces).strip()


def _is_separator(piece: str, parts: Sequence[Part]) -> bool:
    return _SEPARATOR.fullmatch(piece) is not None and any(part.text == piece and not part.field for part in parts)


def _listed(fields: Sequence[str]) -> str:
    return ", ".join(f"{{{field}}}" for field in fields)

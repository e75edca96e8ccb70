"""The formats of sidecars: their fields, and how their bytes are read and edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from ..types import SidecarFormat, SidecarNames, SidecarPolicy
from . import objects, text, xmp
from .values import Values


class Format(Struct, frozen=True):
    """A format. `longest`: the most bytes that are read.

    `parse(body, policy)` returns the values and which fields they have; ValueError with a sentence if it cannot be
    read. `render(body, values, fields, policy)` edits the bytes, None for a new file, so that these fields have these
    values.
    """

    name: SidecarFormat
    longest: int
    parse: Callable[[bytes, SidecarPolicy], tuple[Values, frozenset[str]]]
    render: Callable[[bytes | None, Values, Iterable[str], SidecarPolicy], bytes]


def _text(body: bytes, policy: SidecarPolicy) -> tuple[Values, frozenset[str]]:
    return text.parse(body, policy.text), text.FIELDS[policy.text]


FORMATS: dict[SidecarFormat, Format] = {
    "txt": Format("txt", text.LONGEST, _text, lambda body, values, fields, policy: text.render(values, policy.text)),
    "xmp": Format(
        "xmp",
        xmp.LONGEST,
        lambda body, policy: xmp.parse(body),
        lambda body, values, fields, policy: xmp.render(body, values, fields),
    ),
    "json": Format(
        "json",
        objects.LONGEST,
        lambda body, policy: objects.parse(body),
        lambda body, values, fields, policy: objects.render(body, values, fields),
    ),
}


def fields_of(format: Format, policy: SidecarPolicy) -> frozenset[str]:
    """Return the fields of a new file."""
    return text.FIELDS[policy.text] if format.name == "txt" else ALL


ALL = frozenset({"tags", "caption", "rating", "faces"})


def names_of(path: str, format: Format, names: SidecarNames, *, is_alone: bool) -> list[str]:
    """Return the paths that a picture's sidecar may have, the one of a new file first.

    Unless the picture `is_alone` with its name without the extension, the sidecar `a.xmp` could be another picture's.
    """
    full, stem = f"{path}.{format.name}", f"{stem_of(path)}.{format.name}"
    if not is_alone or stem == path:
        return [full]
    return [stem, full] if names == "stem" or names == "usual" and format.name == "txt" else [full, stem]


def stem_of(path: str) -> str:
    """Return a path without its extension."""
    folder, slash, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    return f"{folder}{slash}{stem}"


def pictures_of(path: str) -> tuple[str, ...]:
    """Return the beginnings of paths of the pictures that a sidecar may belong to; empty if it is no sidecar."""
    base, dot, extension = path.rpartition(".")
    return (base,) if dot and extension.lower() in FORMATS and base.rpartition("/")[2] else ()

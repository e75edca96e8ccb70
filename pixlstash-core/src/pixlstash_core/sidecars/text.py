"""Text files beside pictures, as tools for model training read and write them: tags, a caption, or both.

With `both`, the first line has the tags and the caption is below it; those tools read the first line only.
"""

from __future__ import annotations

from ..imports.sidecars import parsed
from ..tags import names
from ..types import SidecarText
from .values import Values, caption_of, tag_of

EXTENSION = "txt"
#: The most bytes that are read.
LONGEST = 64 << 10
FIELDS: dict[SidecarText, frozenset[str]] = {
    "tags": frozenset({"tags"}),
    "caption": frozenset({"caption"}),
    "both": frozenset({"tags", "caption"}),
}


def parse(body: bytes, means: SidecarText) -> Values:
    """Return what a text says. ValueError if it is not UTF-8, or has something that the library could not store."""
    text = decoded(body)
    if means == "caption":
        return Values(caption=caption_of(text))
    if means == "tags":
        return Values(tags=_tags(text))
    head, end, rest = text.partition("\n")
    if end and rest:
        return Values(tags=_tags(head), caption=caption_of(rest))
    tags, caption = parsed(text)
    return Values(tags=_tags(text)) if tags else Values(caption=caption_of(caption or ""))


def render(values: Values, means: SidecarText) -> bytes:
    """Return a text with these values. Tags with a comma are left out."""
    line = ", ".join(tag for tag in values.tags if "," not in tag)
    text = values.caption if means == "caption" else line
    if means == "both" and (values.caption or parse(line.encode(), means).caption):
        text = f"{line}\n{values.caption}"  # the empty second line says that the first one has tags
    return f"{text}\n".encode() if text.strip() else b""


def _tags(text: str) -> list[str]:
    """Return the tags between commas and line ends. ValueError if something between them is none."""
    parts = (part.strip() for line in text.splitlines() for part in line.split(","))
    tags: dict[str, str] = {}
    for tag in (tag_of(part) for part in parts if part):
        tags.setdefault(names.folded(tag), tag)
    return list(tags.values())


def decoded(body: bytes) -> str:
    """Decode UTF-8, or UTF-16 with a byte order mark. ValueError if it is neither."""
    try:
        text = body.decode("utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("It is not UTF-8 text.") from error
    if "\0" in text:
        raise ValueError("It is no text.")
    return text.replace("\r\n", "\n").replace("\r", "\n")

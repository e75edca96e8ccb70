"""The `.json` file beside an exported or downloaded picture: all that the library knows of it.

Its members `tags`, `caption`, `rating` and `faces` are those of JSON sidecars, so that a library can read them back.
"""

from __future__ import annotations

import msgspec

from ..types.times import when
from .reading import Annotations, Source


def encoded(source: Source, notes: Annotations) -> bytes:
    """Return the file's bytes."""
    values = {
        "id": source.public_id,
        "name": source.name,
        "sha256": source.sha256.hex(),
        "format": source.format,
        "width": source.width,
        "height": source.height,
        "created": when(source.created),
        "rating": source.score,
        "tags": [use.name for use in notes.tags],
        "caption": notes.caption,
        "captions": notes.captions,
        "faces": notes.faces,
        "prompt": notes.prompt,
        "negative_prompt": notes.negative,
        "characters": notes.characters,
        "sets": notes.sets,
    }
    return msgspec.json.format(msgspec.json.encode(values), indent=2) + b"\n"

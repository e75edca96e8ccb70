"""Marks files whose generator's text no installed plugin reads, and keeps the text.

The package `pixlstash-generation` reads these texts; once it is installed, the marked pictures are read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..plugins.contracts import FactReader
from ..types import Embedded, Fact, Facts
from ..types.facts import GENERATION
from .texts import embedded_texts

#: The mark. Libraries store it; its name and value find the pictures later.
NOTE = Fact(GENERATION, "generation", "Generation data", "not read: it needs the plugin pixlstash-generation")
#: The ids of readers that show that the package is installed.
_READERS = frozenset({"a1111", "comfyui"})
_KEYWORDS = frozenset(
    {"parameters", "parameters-json", "prompt", "workflow", "invokeai_metadata", "sd-metadata", "dream"}
    | {"generation_data", "smproj"}
)
#: Keywords that other programs use, too: only texts that look like a generator's count.
_SHARED = frozenset({"usercomment", "comment", "description", "imagedescription", "xpcomment"})
_SIGNS = re.compile(r'^Steps: \d|"(\w{0,20}prompt|class_type|sui_image_params|uc)" *:', re.IGNORECASE | re.MULTILINE)


def are_read(readers: Iterable[FactReader]) -> bool:
    """Return whether one of the readers reads the texts of generators."""
    return any(reader.id in _READERS for reader in readers)


def note(embedded: Embedded) -> Facts | None:
    """Return the mark and the texts of a file; None if it has no generator's text."""
    payloads = {keyword: text for keyword, text in embedded_texts(embedded).items() if _is_generated(keyword, text)}
    return Facts((NOTE,), payloads=payloads) if payloads else None


def _is_generated(keyword: str, text: str) -> bool:
    word = keyword.lower()
    return bool(text.strip()) and (word in _KEYWORDS or word in _SHARED and _SIGNS.search(text) is not None)

"""Reads what Draw Things leaves in XMP: its settings as JSON in the user's comment."""

from __future__ import annotations

from typing import Any

from ..plugins.contracts import FactReader
from ..types import Embedded, Facts
from .packet import properties
from .recipe import Part, Recipe, entries
from .texts import parsed


class DrawThingsReader(FactReader):
    id = "drawthings"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        if b"UserComment" not in embedded.xmp:
            return None
        text = next(iter(properties(embedded.xmp).get("exif:UserComment", ())), None)
        data = parsed(text)
        if text is None or not isinstance(data, dict) or "c" not in data or "scale" not in data:
            return None
        return _recipe(data).facts({"UserComment": text})


def _recipe(data: dict[str, Any]) -> Recipe:
    size = data.get("size")
    width, _, height = size.partition("x") if isinstance(size, str) else ("", "", "")
    return Recipe(
        tool="Draw Things",
        prompt=data.get("c"),
        negative=data.get("uc"),
        seed=data.get("seed"),
        steps=data.get("steps"),
        cfg=data.get("scale"),
        sampler=data.get("sampler"),
        width=width,
        height=height,
        models=[Part(data.get("model"))],
        loras=[Part(one.get("model"), None, one.get("weight")) for one in entries(data.get("lora"))],
    )

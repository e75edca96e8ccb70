"""Reads what Draw Things leaves in XMP: its settings as JSON in the user's comment."""

from __future__ import annotations

from pixlstash_core import Embedded, Facts, xmp_properties

from .dialect import GenerationReader, parsed
from .recipe import Part, Recipe, parts

_NAMES = {"prompt": "c", "negative": "uc", "cfg": "scale", "width": (), "height": (), "size": "size", "scheduler": ()}


class DrawThingsReader(GenerationReader):
    id = "drawthings"
    revision = "2"

    def read(self, embedded: Embedded) -> Facts | None:
        if b"UserComment" not in embedded.xmp:
            return None
        text = next(iter(xmp_properties(embedded.xmp).get("exif:UserComment", ())), None)
        data = parsed(text)
        if text is None or not isinstance(data, dict) or "c" not in data or "scale" not in data:
            return None
        models = [Part(data.get("model"))]
        loras = parts(data.get("lora"), name=["model"])
        return Recipe.of("Draw Things", data, _NAMES, models=models, loras=loras).facts({"UserComment": text})

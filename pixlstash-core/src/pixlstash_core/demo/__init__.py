"""A library to look at in the first minute: pictures painted by this program, from 200 to a million of them.

`recipe(index)` says what a picture shows, `paint(recipe)` makes the file, `reading(recipe)` says what the library
needs to know about it without painting, and the store `demo` paints what is looked at.
"""

from __future__ import annotations

from .paint import paint
from .recipe import Recipe, key, recipe
from .rows import facts, reading
from .store import DemoStore

__all__ = ["DemoStore", "Recipe", "facts", "key", "paint", "reading", "recipe"]

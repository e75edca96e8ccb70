"""The plugin of the built-in engines. Heavy libraries are imported only when an engine runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...plugins.engines import Captioner, Embedder, Measurer, Tagger
from ...plugins.hookspecs import hookimpl
from .descriptor import Descriptor
from .prompts import PromptCaption, PromptTags
from .sharpness import Sharpness
from .smart import SmartScore


@hookimpl
def taggers() -> Iterator[Tagger[Any]]:
    yield PromptTags()


@hookimpl
def captioners() -> Iterator[Captioner[Any]]:
    yield PromptCaption()


@hookimpl
def embedders() -> Iterator[Embedder[Any]]:
    yield Descriptor()


@hookimpl
def measurers() -> Iterator[Measurer[Any]]:
    yield Sharpness()
    yield SmartScore()

"""The sharer and the steps that come with the core, through the public hooks."""

from __future__ import annotations

from collections.abc import Iterable

from ..plugins.contracts import RenditionStep, Sharer
from ..plugins.hookspecs import hookimpl
from .gallery import Gallery
from .steps import ImageMark, Resize, Watermark


@hookimpl
def sharers() -> Iterable[Sharer]:
    yield Gallery()


@hookimpl
def rendition_steps() -> Iterable[RenditionStep]:
    yield Resize()
    yield Watermark()
    yield ImageMark()

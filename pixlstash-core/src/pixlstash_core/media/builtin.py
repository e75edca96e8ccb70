"""The kinds and fact readers that come with the core, through the public hooks."""

from __future__ import annotations

from collections.abc import Iterable

from ..contracts import FactReader, Kind
from ..hookspecs import hookimpl
from .comfyui import ComfyReader
from .exif import ExifReader
from .images import ImageKind
from .parameters import ParametersReader


@hookimpl
def kinds() -> Iterable[Kind]:
    yield ImageKind()


@hookimpl
def readers() -> Iterable[FactReader]:
    # The graph that ran says more than the summary that some of its nodes write beside it.
    yield ComfyReader()
    yield ParametersReader()
    yield ExifReader()

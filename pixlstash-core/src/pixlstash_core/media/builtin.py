"""The kinds and fact readers that come with the core, through the public hooks."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from ..plugins.contracts import FactReader, Kind
from ..plugins.hookspecs import hookimpl
from .exif import ExifReader
from .images import HeifKind, ImageKind, JxlKind
from .iptc import IptcReader
from .raw import RawKind
from .video import VideoKind
from .xmp import XmpReader


@hookimpl
def kinds() -> Iterable[Kind]:
    # Those that need an extra are there when what reads them is installed; nothing is loaded before a file needs it.
    if find_spec("rawpy"):
        yield RawKind()  # before others: many camera raw files begin like a TIFF
    yield ImageKind()
    if find_spec("pillow_heif"):
        yield HeifKind()
    if find_spec("pillow_jxl"):
        yield JxlKind()
    if find_spec("av"):
        yield VideoKind()


@hookimpl
def readers() -> Iterable[FactReader]:
    yield ExifReader()
    yield XmpReader()
    yield IptcReader()

"""The kinds and fact readers that come with the core, through the public hooks."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from ..plugins.contracts import FactReader, Kind
from ..plugins.hookspecs import hookimpl
from .comfyui import ComfyReader
from .drawthings import DrawThingsReader
from .exif import ExifReader
from .fooocus import FooocusReader
from .heif import HeifKind
from .hosted import CivitaiReader, StabilityMatrixReader, TensorArtReader
from .images import ImageKind
from .invokeai import InvokeReader
from .iptc import IptcReader
from .json_parameters import JsonReader
from .jxl import JxlKind
from .novelai import NovelReader
from .parameters import ParametersReader
from .raw import RawKind
from .swarmui import SwarmReader
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
    # Tools that drive another one say what was asked for; what they gave it to run comes after.
    yield SwarmReader()
    yield FooocusReader()
    yield InvokeReader()
    yield NovelReader()
    yield CivitaiReader()
    yield TensorArtReader()
    yield StabilityMatrixReader()
    yield DrawThingsReader()
    # The graph that ran says more than the summary that some of its nodes write beside it.
    yield ComfyReader()
    yield ParametersReader()
    yield JsonReader()
    yield ExifReader()
    yield XmpReader()
    yield IptcReader()

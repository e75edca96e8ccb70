"""PixlStash's core: a library of pictures, the hooks plugins implement, and nothing that needs a model or a server.

Everything a plugin author or a script needs is at this level; importing it loads no image, array or web library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Meta

from .database.features import Table
from .errors import NotThere, PixlStashError, Refused, StoreUnreachable
from .plugins.contracts import FactReader, Found, Importer, Kind, Media, Opened, Params, Stat, Store
from .plugins.engines import (
    Captioner,
    Detector,
    Embedder,
    Engine,
    Face,
    FaceExtractor,
    Measurer,
    Region,
    Sends,
    Tag,
    Tagger,
    WeightFile,
    Weights,
)
from .plugins.hookspecs import hookimpl
from .plugins.image import Image, Pictured
from .plugins.operation import Operations, op
from .plugins.settings import LOAD, OUTPUT, RUN, Secret
from .types import (
    OWNER,
    Embedded,
    Fact,
    Facts,
    Format,
    JobChanged,
    Lagged,
    PicturesAdded,
    PicturesChanged,
    PicturesRemoved,
    Reader,
    RowsChanged,
    Scope,
)
from .version import __version__ as __version__

if TYPE_CHECKING:
    from .client import Client as Client
    from .library import Library as Library

__all__ = [
    "LOAD",
    "OUTPUT",
    "OWNER",
    "RUN",
    "Captioner",
    "Client",
    "Detector",
    "Embedded",
    "Embedder",
    "Engine",
    "Face",
    "FaceExtractor",
    "Fact",
    "FactReader",
    "Facts",
    "Format",
    "Found",
    "Image",
    "Importer",
    "JobChanged",
    "Kind",
    "Lagged",
    "Library",
    "Measurer",
    "Media",
    "Meta",
    "NotThere",
    "Opened",
    "Operations",
    "Params",
    "Pictured",
    "PicturesAdded",
    "PicturesChanged",
    "PicturesRemoved",
    "PixlStashError",
    "Reader",
    "Refused",
    "Region",
    "RowsChanged",
    "Scope",
    "Secret",
    "Sends",
    "Stat",
    "Store",
    "StoreUnreachable",
    "Table",
    "Tag",
    "Tagger",
    "WeightFile",
    "Weights",
    "hookimpl",
    "op",
]


def __getattr__(name: str) -> Any:
    # Library pulls in SQLite; a plugin that only subclasses a Kind does not need it.
    if name == "Library":
        from .library import Library

        return Library
    if name == "Client":
        from .client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""PixlStash's core: a library of pictures, the hooks plugins implement, and nothing that needs a model or a server.

Everything a plugin author or a script needs is at this level; importing it loads no image, array or web library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from msgspec import Meta

from . import types as structs
from .database.features import Table
from .errors import Invalid, NotFound, NotThere, PixlStashError, QueryError, Refused, StoreUnreachable
from .plugins.contracts import (
    FactReader,
    Found,
    Importer,
    Kind,
    Media,
    Opened,
    Params,
    Rendition,
    RenditionStep,
    Shared,
    Sharer,
    Stat,
    Store,
)
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
    TextExtractor,
    TextLine,
    WeightFile,
    Weights,
)
from .plugins.hookspecs import hookimpl
from .plugins.image import Image, Pictured
from .plugins.operation import Operations, op
from .plugins.settings import LOAD, OUTPUT, RUN, Secret
from .plugins.training import DecidedTag, Examples, Trained
from .query.language import quoted
from .types import (
    NOBODY,
    OWNER,
    Alike,
    AssignFaces,
    Combine,
    Done,
    DropOnProject,
    Edit,
    EditSet,
    Embedded,
    Fact,
    Facts,
    Format,
    Id,
    Job,
    JobChanged,
    KnownPicture,
    Lagged,
    Picture,
    PicturesAdded,
    PicturesChanged,
    PicturesRemoved,
    Reader,
    Resource,
    ResourceType,
    RestorePreview,
    RestoreReport,
    RestoreResources,
    RowsChanged,
    Scope,
    Selection,
    TakeFromProject,
    Upload,
    UploadedFile,
)
from .version import __version__ as __version__

if TYPE_CHECKING:
    from .cli.shell import Shell as Shell
    from .client import Client as Client
    from .library import Library as Library
    from .media.facts import known_fact as known_fact
    from .media.text_cleaning import PAYLOAD_BYTES as PAYLOAD_BYTES
    from .media.text_cleaning import PROMPT_LENGTH as PROMPT_LENGTH
    from .media.text_cleaning import VALUE_LENGTH as VALUE_LENGTH
    from .media.texts import embedded_texts as embedded_texts
    from .media.xmp import xmp_properties as xmp_properties

__all__ = [
    "LOAD",
    "NOBODY",
    "OUTPUT",
    "OWNER",
    "PAYLOAD_BYTES",
    "PROMPT_LENGTH",
    "RUN",
    "VALUE_LENGTH",
    "Alike",
    "AssignFaces",
    "Captioner",
    "Client",
    "Combine",
    "DecidedTag",
    "Detector",
    "Done",
    "DropOnProject",
    "Edit",
    "EditSet",
    "Embedded",
    "Embedder",
    "Engine",
    "Examples",
    "Face",
    "FaceExtractor",
    "Fact",
    "FactReader",
    "Facts",
    "Format",
    "Found",
    "Id",
    "Image",
    "Importer",
    "Invalid",
    "Job",
    "JobChanged",
    "Kind",
    "KnownPicture",
    "Lagged",
    "Library",
    "Measurer",
    "Media",
    "Meta",
    "NotFound",
    "NotThere",
    "Opened",
    "Operations",
    "Params",
    "Picture",
    "Pictured",
    "PicturesAdded",
    "PicturesChanged",
    "PicturesRemoved",
    "PixlStashError",
    "QueryError",
    "Reader",
    "Refused",
    "Region",
    "Rendition",
    "RenditionStep",
    "Resource",
    "ResourceType",
    "RestorePreview",
    "RestoreReport",
    "RestoreResources",
    "RowsChanged",
    "Scope",
    "Secret",
    "Selection",
    "Sends",
    "Shared",
    "Sharer",
    "Shell",
    "Stat",
    "Store",
    "StoreUnreachable",
    "Table",
    "Tag",
    "Tagger",
    "TextExtractor",
    "TextLine",
    "Trained",
    "TakeFromProject",
    "Upload",
    "UploadedFile",
    "WeightFile",
    "Weights",
    "__version__",
    "embedded_texts",
    "hookimpl",
    "known_fact",
    "op",
    "quoted",
    "structs",
    "xmp_properties",
]
#: Imported on first use: `Library` loads SQLite, which a plugin that only subclasses a Kind does not need.
_LATER = {
    "Library": ".library",
    "Client": ".client",
    "Shell": ".cli.shell",
    "PAYLOAD_BYTES": ".media.text_cleaning",
    "PROMPT_LENGTH": ".media.text_cleaning",
    "VALUE_LENGTH": ".media.text_cleaning",
    "embedded_texts": ".media.texts",
    "known_fact": ".media.facts",
    "xmp_properties": ".media.xmp",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

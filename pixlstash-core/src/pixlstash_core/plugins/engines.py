"""The seven kinds of engine, and what they give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from .contracts import Params
from .image import Image
from .settings import form

M = TypeVar("M")
R = TypeVar("R")

LANES = ("gpu", "cpu", "net")
#: left, top, right, bottom as fractions of the upright image, 0 to 1.
Box = tuple[float, float, float, float]
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")


class Tag(Struct, frozen=True):
    """A tag and how sure the engine is of it, 0 to 1. `category`: where a tag new to the library is filed."""

    name: str
    confidence: float
    category: str = ""


class Region(Struct, frozen=True):
    """A labelled box."""

    label: str
    box: Box
    confidence: float


class Face(Struct, frozen=True):
    """A face: `vector` is any float32 buffer; `landmarks` are points as fractions of the upright image."""

    box: Box
    confidence: float
    vector: Any
    landmarks: Sequence[tuple[float, float]] = ()


class TextLine(Struct, frozen=True):
    """A line of text in an image. `corners`: of a line that is not level, its four corners as fractions of the upright
    image, clockwise from the upper left one of its text.
    """

    text: str
    box: Box
    confidence: float
    corners: Sequence[tuple[float, float]] = ()


#: What an embedder gives: any buffer of float32 (a numpy array, `array("f")`, bytes), or a sequence of numbers.
Vector = Any


class WeightFile(Struct, frozen=True):
    """One file of weights: where it comes from, where it lies below the engine's folder, bytes, and hex SHA-256.

    The size may be 0 where it is not known. Without a hash, the file fetched first is the right one from then on.
    """

    url: str
    path: str
    size: int = 0
    sha256: str = ""


class Weights(Struct, frozen=True):
    """What an engine needs on disk. `license`: of these files; `acknowledge`: a person must agree to it first.

    `folder`: what their folder is called, where several engines share it; by default as the engine. `about`: bytes of
    all files, roughly, where they do not say: nobody is to fetch gigabytes unwarned.
    """

    files: tuple[WeightFile, ...]
    license: str = ""
    acknowledge: bool = False
    folder: str = ""
    about: int = 0

    @property
    def size(self) -> int:
        """Bytes of all files, as far as anybody said."""
        return max(self.about, sum(file.size for file in self.files))


class Sends(Struct, frozen=True):
    """Where an engine of the lane `net` sends something; and, in a few words, what.

    `hosts`: URLs (`https://api.example.org:8443/v1`; the path does not matter), or names of hosts. People allow each
    host, whatever its port. An engine with a `Secret` must give URLs: a key is sent only to the scheme, host and port
    it was set for. An empty text says that people have not set the address yet.
    """

    hosts: tuple[str, ...]
    what: str


class Engine(Generic[M, R]):
    """Computes something about pictures. Subclass one of the seven kinds, not this.

    `id` is unique and stable; `revision` changes when outputs would. `load` makes the model once; `run` gives one
    result for each image, in order, as it has it. A plugin keeps no state of its own.

    Set these attributes on the class; a family of engines, one object per model, may set them in `__init__`.
    """

    id: str
    revision: str
    label: str = ""
    license: str = ""
    batch_size: int = 8
    image_side: int | None = 1024
    background: str = "white"
    frames: int = 1
    accepts: frozenset[str] = frozenset({"image", "video"})
    pixels: bool = True
    lane: str = "gpu"
    needs: tuple[str, ...] = ()
    Params: ClassVar[type[Params]] = Params

    def weights(self, params: Any) -> Weights | None:
        """The files that `load` finds in its folder; None: it needs none."""
        return None

    def unset(self, params: Any) -> str:
        """What people have to set before it can be run, as a sentence; empty: nothing."""
        return ""

    def sends(self, params: Any) -> Sends | None:
        """Of the lane `net`: to which hosts it sends what. People allow each host first; others cannot be reached."""
        return None

    def load(self, device: str, folder: Path | None, params: Any) -> M:
        """The model, on a device named as torch names them (`cpu`, `cuda:0`, `mps`). `folder` holds the weights."""
        return None  # type: ignore[return-value]  # an engine without a model needs no load

    def run(self, model: M, images: Sequence[Image], params: Any) -> Iterable[R]:
        """One result per image, in order; a generator lets people stop between two."""
        raise NotImplementedError


class Tagger(Engine[M, list[Tag]]):
    """Says which tags an image has: `run` yields a list of `Tag` for each. Of several frames the surest count.

    Its tags count from a confidence of `threshold` on, until people say otherwise.
    """

    threshold: float = 0.35


class Captioner(Engine[M, str]):
    """Describes a picture in words. The frames of a moving picture are one image, with `frames`."""


class Embedder(Engine[M, Vector]):
    """Turns images (and words, with `text`) into vectors that lie close together where things are alike.

    The host sees that a vector is finite, not zero and always as long, gives it length 1 and stores it as f16. Of
    several frames it keeps the mean.
    """

    def space(self, params: Any) -> str:
        """Names what is comparable: vectors of one space, and of no other, may be compared."""
        return f"{self.id}@{self.revision}"

    def text(self, model: M, words: Sequence[str], params: Any) -> Iterable[Vector]:
        """A vector for each text, in the same space."""
        raise NotImplementedError


class FaceExtractor(Engine[M, list[Face]]):
    """Finds faces: `run` yields a list of `Face` for each image. The faces of all frames are kept."""

    def space(self, params: Any) -> str:
        """Names which vectors may be compared, as for an embedder."""
        return f"{self.id}@{self.revision}"


class Detector(Engine[M, list[Region]]):
    """Finds things: `run` yields a list of `Region` for each image. The regions of all frames are kept."""


class TextExtractor(Engine[M, list[TextLine]]):
    """Reads the text in images: `run` yields a list of `TextLine` for each, in reading order. The lines of all frames
    are stored.
    """


class Measurer(Engine[M, float]):
    """Gives a picture one number: `measure` names it (`sharpness`), between `low` and `high`. Frames: their mean."""

    measure: str
    low: float = 0.0
    high: float = 1.0
    better: str = "high"


def fault(engine: Engine[Any, Any]) -> str | None:
    """What is wrong with how an engine describes itself, in a sentence; None when it can be used."""
    if not isinstance(getattr(engine, "id", None), str) or not _ID.fullmatch(engine.id):
        return "an engine needs an `id` of small letters, digits and `.`, `_`, `-`, `/`, such as wd-tagger/vit-v3"
    if not isinstance(getattr(engine, "revision", None), str) or not engine.revision:
        return f"{engine.id} needs a `revision`: a text that changes when its results do"
    if engine.lane not in LANES:
        return f"{engine.id} says `lane = {engine.lane!r}`: it is one of {', '.join(LANES)}"
    for name in ("batch_size", "frames"):
        if not _is_count(getattr(engine, name)):
            return f"{engine.id} says `{name} = {getattr(engine, name)!r}`: it is a whole number from 1"
    if engine.image_side is not None and not _is_count(engine.image_side):
        return f"{engine.id} says `image_side = {engine.image_side!r}`: it is a number of pixels, or None"
    params: Any = engine.Params
    if not (isinstance(params, type) and issubclass(params, Params)):
        return f"the `Params` of {engine.id} is not a class made from `Params`"
    if isinstance(engine, Tagger) and not (isinstance(engine.threshold, int | float) and 0 <= engine.threshold <= 1):
        return f"{engine.id} says `threshold = {engine.threshold!r}`: it lies between 0 and 1"
    if isinstance(engine, Measurer) and not isinstance(getattr(engine, "measure", None), str):
        return f"{engine.id} needs a `measure`: what its number is called"
    try:
        form(engine.Params)
    except Exception as error:
        return f"the `Params` of {engine.id} cannot become a form: {error}"
    return None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1

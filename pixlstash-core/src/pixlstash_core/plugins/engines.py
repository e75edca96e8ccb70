"""Base classes of the seven kinds of engines, and their results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from msgspec import Struct

from .contracts import Params
from .image import Image
from .settings import form
from .training import SUBJECTS, Examples, Trained

M = TypeVar("M")
R = TypeVar("R")

LANES = ("gpu", "cpu", "net")
#: left, top, right, bottom as fractions of the upright image, 0 to 1.
Box = tuple[float, float, float, float]
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")


class Tag(Struct, frozen=True):
    """A tag with the confidence of the engine, 0 to 1. `category`: that of the tag if it is new to the library.

    `id`: of an engine that learned the tag from examples, its id there, which counts even if it was renamed since.
    """

    name: str
    confidence: float
    category: str = ""
    id: int = 0


class Region(Struct, frozen=True):
    """A labeled box."""

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


#: Any buffer of float32 (a numpy array, `array("f")`, bytes), or a sequence of numbers.
Vector = Any


class WeightFile(Struct, frozen=True):
    """A file of weights: its URL, its path in the engine's folder, its size in bytes and its SHA-256 (hex).

    Size 0: unknown. Without a hash, the file that is downloaded first is the reference for later ones.
    """

    url: str
    path: str
    size: int = 0
    sha256: str = ""


class Weights(Struct, frozen=True):
    """The files an engine needs. `license`: of these files; `acknowledge`: a person must agree to it first.

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
        """The size of all files in bytes, as far as it is known."""
        return max(self.about, sum(file.size for file in self.files))


class Sends(Struct, frozen=True):
    """The hosts to which an engine of the lane `net` sends data, and a description of that data.

    `hosts`: URLs (`https://api.example.org:8443/v1`; the path does not matter), or names of hosts. People allow each
    host, whatever its port. An engine with a `Secret` must give URLs: a key is sent only to the scheme, host and port
    it was set for. An empty text says that people have not set the address yet.
    """

    hosts: tuple[str, ...]
    what: str


class Engine(Generic[M, R]):
    """Base of engines, which compute something about pictures. Subclass one of the seven kinds instead.

    `id` is unique and stable; `revision` changes when outputs would. `load` makes the model once; `run` gives one
    result for each image, in order, as it has it. A plugin keeps no state of its own.

    `learns`: the decisions of people that it learns from before it runs (`scores` or `tags`), at least `fewest` of
    them; of tags, at least as many about each.

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
    learns: str = ""
    fewest: int = 20
    Params: ClassVar[type[Params]] = Params

    def weights(self, params: Any) -> Weights | None:
        """Return the files that `load` needs in its folder; None if it needs none."""
        return None

    def unset(self, params: Any) -> str:
        """Return a sentence about settings that are required before a run; empty if none are missing."""
        return ""

    def sends(self, params: Any) -> Sends | None:
        """Return the hosts that an engine of the lane `net` connects to. Others are blocked; users allow each host."""
        return None

    def load(self, device: str, folder: Path | None, params: Any) -> M:
        """Load the model from `folder` on a device with torch's name (`cpu`, `cuda:0`, `mps`), and return it."""
        return None  # type: ignore[return-value]  # an engine without a model needs no load

    def train(self, examples: Examples, params: Any) -> Trained:
        """Learn from examples; return the same for the same ones. Raises `ValueError` with the reason if it cannot."""
        raise NotImplementedError

    def restore(self, model: M, state: bytes, params: Any) -> M:
        """Return the model for `run` with a state that `train` returned."""
        raise NotImplementedError

    def run(self, model: M, images: Sequence[Image], params: Any) -> Iterable[R]:
        """Return one result per image, in order; a generator can be stopped between two."""
        raise NotImplementedError


class Tagger(Engine[M, list[Tag]]):
    """Tags images: `run` yields a list of `Tag` for each. Of several frames, the highest confidence counts.

    Tags with a confidence of at least `threshold` count; users can change it.
    """

    threshold: float = 0.35


class Captioner(Engine[M, str]):
    """Describes a picture in words. The frames of a moving picture are one image, with `frames`."""


class Embedder(Engine[M, Vector]):
    """Turns images (and texts, with `text`) into vectors, which are close together for similar content.

    Vectors must be finite, not zero, and all of one length. They are normalized; of frames, the mean is stored as f16.
    """

    def space(self, params: Any) -> str:
        """Return the name of the vector space: only vectors of the same space are compared."""
        return f"{self.id}@{self.revision}"

    def text(self, model: M, words: Sequence[str], params: Any) -> Iterable[Vector]:
        """Return a vector for each text, in the same space as those of images."""
        raise NotImplementedError


class FaceExtractor(Engine[M, list[Face]]):
    """Detects faces: `run` yields a list of `Face` for each image. The faces of all frames are stored."""

    def space(self, params: Any) -> str:
        """Return the name of the vector space, as for an embedder."""
        return f"{self.id}@{self.revision}"


class Detector(Engine[M, list[Region]]):
    """Detects objects: `run` yields a list of `Region` for each image. The regions of all frames are stored."""


class TextExtractor(Engine[M, list[TextLine]]):
    """Reads the text in images: `run` yields a list of `TextLine` for each, in reading order. The lines of all frames
    are stored.
    """


class Measurer(Engine[M, float]):
    """Computes a number per picture, named `measure` (`sharpness`), from `low` to `high`; of frames, the mean."""

    measure: str
    low: float = 0.0
    high: float = 1.0
    better: str = "high"


def fault(engine: Engine[Any, Any]) -> str | None:
    """Return a sentence about an error in an engine's attributes; None if they are valid."""
    if not isinstance(getattr(engine, "id", None), str) or not _ID.fullmatch(engine.id):
        return "an engine needs an `id` of small letters, digits and `.`, `_`, `-`, `/`, such as wd-tagger/vit-v3"
    if not isinstance(getattr(engine, "revision", None), str) or not engine.revision:
        return f"{engine.id} needs a `revision`: a text that changes when its results do"
    if engine.lane not in LANES:
        return f"{engine.id} says `lane = {engine.lane!r}`: it is one of {', '.join(LANES)}"
    for name in ("batch_size", "frames", "fewest"):
        if not _is_count(getattr(engine, name)):
            return f"{engine.id} says `{name} = {getattr(engine, name)!r}`: it is a whole number from 1"
    if engine.image_side is not None and not _is_count(engine.image_side):
        return f"{engine.id} says `image_side = {engine.image_side!r}`: it is a number of pixels, or None"
    if engine.learns not in ("", *SUBJECTS):
        return f"{engine.id} says `learns = {engine.learns!r}`: it is one of {', '.join(SUBJECTS)}"
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

"""What ranks pictures by how much they are alike: `like:` and `face:` with their sources, weights and cuts, as data.

They stand beside the other conditions of a query. Whoever can compute likeness (`Ranker`) is given to the views, which
know neither vectors nor engines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from ..database.features import Lookup
from ..types import Alike, Combine, Reader
from .language import Ask, split_operator
from .terms import number

if TYPE_CHECKING:
    from numpy import bool_, uint32
    from numpy.typing import NDArray

    from .columns import Frame
    from .compiler import Evaluation

    Mask = NDArray[bool_]

WAYS: tuple[Combine, ...] = ("mean", "min", "max", "harmonic", "geometric")
#: Names that rank, and those that say how.
LIKE, FACE = "like", "face"
HOW = ("combine", "top", "likeness")
#: The order in which the likest come first, and the one in which those farthest from the middle do.
BY_LIKENESS, BY_OUTLIER = "likeness", ("outlier", "-outlier")
#: So many pictures are found unless another number is asked for, and so many things can be likened to at once.
TOP, PARTS = 500, 50
#: Words that begin a value and say what is meant by the rest. Names of groups (`set`, `character`) do so, too.
SOURCES = ("picture", "upload", "words")
_WEIGHT = re.compile(r"(?P<what>.+)\*(?P<weight>\d{1,3}(?:\.\d{1,6})?|\.\d{1,6})", re.DOTALL)


class Part(Struct, frozen=True):
    """One thing that pictures are to be like. `value`: an id, a token, a name or words; `members`: of a group."""

    source: str
    value: str
    weight: float = 1.0
    members: Lookup | None = None
    at: int = 0

    def __str__(self) -> str:
        return f"{self.source} {self.value}"


class Ranked(Struct, frozen=True):
    """How pictures are ranked: `by` what, like which parts, combined how, and how many are kept.

    `top` None: all of them; `least`: likeness on the scale of all engines that is needed.
    """

    by: str
    parts: tuple[Part, ...]
    combine: Combine = "mean"
    top: int | None = TOP
    least: float = 0.0


class Prepared(Protocol):
    """A ranking whose vectors are there. `key`: what it hangs on besides the query; `notes`: for people."""

    key: str
    notes: list[str]

    def order(self, look: Evaluation, mask: Mask, inside: Mask | None) -> NDArray[uint32]:
        """The ids of a mask that are kept, the likest first. `inside`: what the reader may see at all."""

    def measure(self, look: Evaluation, inside: Mask | None, ids: NDArray[uint32]) -> list[Alike]:
        """How alike pictures are, in the order of these ids."""

    def fits(self, look: Evaluation, inside: Mask | None, picture: int) -> list[Any]:
        """How one picture fits each thing it is to be like."""


class Ranker(Protocol):
    """Computes likeness. `nouns`: whose changes can change what it says."""

    nouns: frozenset[str]

    def prepare(self, reader: Reader, ranked: Ranked) -> Prepared:
        """Fetch what is to be compared with; a person waits. Raises `QueryError` where that does not exist."""

    def outliers(self, frame: Frame, mask: Mask) -> NDArray[uint32]:
        """The ids of a mask, those farthest from the middle of them first."""


def read(by: str, asks: Sequence[Ask], hows: Sequence[Ask], groups: Mapping[str, Callable[[str], Any]]) -> Ranked:
    """Conditions that rank, as one. `groups`: what finds the pictures of a set, a character … Raises ValueError."""
    parts = tuple(_part(by, ask, groups) for ask in asks)
    if len(parts) > PARTS:
        raise ValueError(f"at most {PARTS} things to be like")
    said: dict[str, Any] = {}
    for ask in hows:
        name, value = _how(ask)
        if said.setdefault(name, value) != value:
            raise ValueError(f"{ask.name}: once")
    # A face is somebody's if it is like one of theirs; pictures are to be like all that is named.
    said.setdefault("combine", "max" if by == FACE else "mean")
    if "least" in said:
        said.setdefault("top", None)
    return Ranked(by, parts, **said)


def _part(by: str, ask: Ask, groups: Mapping[str, Callable[[str], Any]]) -> Part:
    operator, rest = split_operator(ask.value)
    if operator or not rest.strip():
        raise ValueError("words, or one of " + ", ".join(f"{one}:" for one in (*SOURCES, *groups)))
    match = _WEIGHT.fullmatch(rest)
    weight = float(match["weight"]) if match else 1.0
    if match and not weight:
        raise ValueError("a weight above 0")
    rest = match["what"] if match else rest
    source, colon, value = rest.partition(":")
    if not colon or source not in (*SOURCES, *groups):
        source, value = ("picture", rest) if by == FACE and not colon else ("words", rest)
        source = "face" if by == FACE else source
    if not value.strip():
        raise ValueError(f"something after {source}:")
    if source in ("picture", "face") and not (value.isdecimal() and len(value) < 19):
        raise ValueError(f"the number of a {source}")
    if by == FACE and source == "words":
        raise ValueError("the number of a face, or one of picture:, upload:, character:")
    return Part(source, value, weight, groups[source](value) if source in groups else None, ask.at)


def _how(ask: Ask) -> tuple[str, Any]:
    if ask.name == "combine":
        if ask.value not in WAYS:
            raise ValueError("one of " + ", ".join(WAYS))
        return "combine", ask.value
    if ask.name == "top":
        if ask.value == "all":
            return "top", None
        found = number(ask.value)
        if not isinstance(found, int) or not 0 < found <= 1_000_000:
            raise ValueError("a number from 1 to 1,000,000, or all")
        return "top", found
    operator, rest = split_operator(ask.value)
    least = float(rest[:-1]) / 100 if rest.endswith("%") else number(rest)
    if operator not in (">=", ">", "") or not 0 <= least <= 1:
        raise ValueError(">= and a number from 0 to 1")
    return "least", float(least)

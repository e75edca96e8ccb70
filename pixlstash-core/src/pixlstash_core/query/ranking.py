"""Similarity conditions of queries: `like:` and `face:` with their sources, weights and limits, as data.

They are top-level conditions of a query. The views get a `Ranker`, which computes similarity; they do not know about
vectors and engines.
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
    from .evaluator import Evaluation

    Mask = NDArray[bool_]

WAYS: tuple[Combine, ...] = ("mean", "min", "max", "harmonic", "geometric")
#: Conditions that rank, and conditions that say how.
LIKE, FACE = "like", "face"
HOW = ("combine", "top", "likeness")
#: The sort with the most similar pictures first, and those with the least or most typical ones first.
BY_LIKENESS, BY_OUTLIER = "likeness", ("outlier", "-outlier")
#: Results unless another number is given; sources of one query, at most.
TOP, PARTS = 500, 50
#: Prefixes of a value that give its kind. Names of groups (`set`, `character`) are also prefixes.
SOURCES = ("picture", "upload", "words")
_WEIGHT = re.compile(r"(?P<what>.+)\*(?P<weight>\d{1,3}(?:\.\d{1,6})?|\.\d{1,6})", re.DOTALL)


class Part(Struct, frozen=True):
    """One source of similarity. `value`: an id, a token, a name or words; `members`: the pictures of a group."""

    source: str
    value: str
    weight: float = 1.0
    members: Lookup | None = None
    at: int = 0

    def __str__(self) -> str:
        return f"{self.source} {self.value}"


class Ranked(Struct, frozen=True):
    """How pictures are ranked: by `like` or `face`, with which sources, combined how, and with which limits.

    `top`: the number of results, None for all; `least`: the least likeness, 0 to 1, on the scale of all engines.
    """

    by: str
    parts: tuple[Part, ...]
    combine: Combine = "mean"
    top: int | None = TOP
    least: float = 0.0


class Prepared(Protocol):
    """A ranking whose vectors are available. `key`: what it depends on besides the query; `notes`: texts for users."""

    key: str
    notes: list[str]

    def order(self, look: Evaluation, mask: Mask, inside: Mask | None) -> NDArray[uint32]:
        """Return the matching ids of a mask, the most similar first. `inside`: the pictures that the reader may see."""

    def measure(self, look: Evaluation, inside: Mask | None, ids: NDArray[uint32]) -> list[Alike]:
        """Return the similarity of pictures, in the order of these ids."""

    def fits(self, look: Evaluation, inside: Mask | None, picture: int) -> list[Any]:
        """Return how similar one picture is to each source."""


class Ranker(Protocol):
    """Computes similarity. `topics`: the topics whose changes can change its results."""

    topics: frozenset[str]

    def prepare(self, reader: Reader, ranked: Ranked) -> Prepared:
        """Compute or fetch the vectors to compare with. Raises `QueryError` if a source does not exist."""

    def outliers(self, frame: Frame, mask: Mask) -> NDArray[uint32]:
        """Return the ids of a mask, the farthest from their mean vector first."""


def read(by: str, asks: Sequence[Ask], hows: Sequence[Ask], groups: Mapping[str, Callable[[str], Any]]) -> Ranked:
    """Return the ranking of conditions. `groups`: compilers of terms for groups, by name. Raises ValueError."""
    parts = tuple(_part(by, ask, groups) for ask in asks)
    if len(parts) > PARTS:
        raise ValueError(f"at most {PARTS} things to be like")
    options: dict[str, Any] = {}
    for ask in hows:
        name, value = _how(ask)
        if options.setdefault(name, value) != value:
            raise ValueError(f"{ask.name}: once")
    # A picture matches a person if one face is similar to any reference, but should be similar to all other sources.
    options.setdefault("combine", "max" if by == FACE else "mean")
    if "least" in options:
        options.setdefault("top", None)
    return Ranked(by, parts, **options)


def _part(by: str, ask: Ask, groups: Mapping[str, Callable[[str], Any]]) -> Part:
    operator, rest = split_operator(ask.value)
    if operator or not rest.strip():
        raise ValueError("words, or one of " + ", ".join(f"{source}:" for source in (*SOURCES, *groups)))
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
        count = number(ask.value)
        if not isinstance(count, int) or not 0 < count <= 1_000_000:
            raise ValueError("a number from 1 to 1,000,000, or all")
        return "top", count
    operator, rest = split_operator(ask.value)
    least = float(rest[:-1]) / 100 if rest.endswith("%") else number(rest)
    if operator not in (">=", ">", "") or not 0 <= least <= 1:
        raise ValueError(">= and a number from 0 to 1")
    return "least", float(least)

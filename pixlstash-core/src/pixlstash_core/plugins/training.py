"""What an engine learns from: the examples of a training, and its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

#: What people's decisions an engine may learn from.
SUBJECTS = ("scores", "tags")
#: An engine that learns from tags gets those that were accepted and rejected at least so many times each.
OF_EACH = 5
#: The most bytes of a state, and of a report as JSON.
LONGEST, REPORT = 16 << 20, 100_000


class TimeUp(Exception):
    """A training has used up its time."""


class DecidedTag(Struct, frozen=True):
    """A tag that a person accepted on some examples and rejected on others.

    `rows`: the indexes of these examples as int64 of shape (m,), ascending; `yes`: bool of shape (m,), whether it was
    accepted. `id` stays the same if the tag is renamed: results give it as `Tag(name, confidence, id=id)`.
    """

    id: int
    name: str
    rows: Any
    yes: Any


class Examples:
    """The pictures that a person decided about, each with its vector, and the time to learn from them.

    `ids`: int64 of shape (n,), ascending; `vectors`: f32 of shape (n, length), finite, each of length 1.
    With `learns = "scores"`, `values`: f32 of shape (n,), the scores (1 to 5); `measures`: by name f32 of shape (n,),
    NaN where a picture has none. With `learns = "tags"`, `tags`: the tags with enough decisions, those with the most
    first. `seconds`: the time for the training.
    """

    def __init__(
        self,
        ids: Any,
        vectors: Any,
        values: Any,
        seconds: float,
        measures: Mapping[str, Any] | None = None,
        tell: Callable[[float], None] = lambda part: None,
        tags: Sequence[DecidedTag] = (),
    ) -> None:
        self.ids, self.vectors, self.values, self.seconds = ids, vectors, values, seconds
        self.tags = list(tags)
        self.measures = dict(measures or {})
        self._tell, self._until = tell, time.monotonic() + seconds

    def __len__(self) -> int:
        return len(self.ids)

    def progress(self, part: float) -> None:
        """Report the part of the training that is done, 0 to 1. Raises `TimeUp` when the time is used up.

        A training that people cancel, or that takes much longer than its time, is ended with its process.
        """
        self._tell(min(1.0, max(0.0, float(part))))
        if time.monotonic() > self._until:
            raise TimeUp(f"it takes more than {self.seconds:g} seconds")


class Trained(Struct, frozen=True):
    """The result of a training. `state`: what the host stores and passes to `restore`; `report`: any JSON object about
    its quality.
    """

    state: bytes
    report: dict[str, Any] = {}


def checked(result: Any) -> tuple[bytes, dict[str, Any]]:
    """Return the state and the report of a training as plain data. Raises `ValueError` if they are invalid."""
    if not isinstance(result, Trained) or not isinstance(result.state, bytes):
        raise ValueError(f"`train` must return `Trained` with a state in bytes, not {type(result).__name__}")
    if not 0 < len(result.state) <= LONGEST:
        raise ValueError(f"a state has 1 to {LONGEST:,} bytes, and this one has {len(result.state):,}")
    try:
        report = msgspec.json.encode(result.report)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the report of a training must be JSON: {error}") from error
    if len(report) > REPORT or not isinstance(result.report, dict):
        raise ValueError(f"the report of a training is a JSON object of at most {REPORT:,} bytes")
    return result.state, msgspec.json.decode(report)

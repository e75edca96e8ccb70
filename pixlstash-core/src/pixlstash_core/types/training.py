"""Engines that learn: what they learn from, and how good they are."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from .engines import Policy


class TrainEngine(Struct, frozen=True):
    """Let an engine learn from your decisions."""

    engine: Annotated[str, Meta(min_length=1)]


class LearnedTag(Struct, frozen=True):
    """A tag with your decisions that an engine can learn from: on how many pictures you accepted (`yes`) and rejected
    (`no`) it. `enough`: these are enough to learn the tag.
    """

    id: int
    name: str
    yes: int
    no: int
    enough: bool


class TrainingInfo(Struct, frozen=True):
    """What an engine has learned from. `examples`: the number of your decisions that it can learn from now, of which
    it needs `fewest`; `vectors`: the preferred embedder. `policy`: unless `asked`, it learns again when they change.

    `subject`: what it learns from: `scores`, or `tags`, each of which needs `fewest` decisions, at least `of_each` for
    and against it. `tags`: up to 500 of them, those that it can learn first.
    `learned`: the embedder of its latest training (empty: there is none), which had `count` examples and ended at `at`.
    `report`: its quality on examples that it had not seen, as the engine reports it.
    """

    engine: str
    fewest: int
    examples: int
    policy: Policy
    vectors: str
    learned: str
    count: int
    at: datetime | None
    report: dict[str, Any]
    subject: str = "scores"
    of_each: int = 0
    tags: list[LearnedTag] = []

"""Engines that learn, each of which breaks its contract in one way."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from pixlstash_core import Examples, Image, Measurer, Tag, Tagger, Trained


class Learner(Measurer[float]):
    """Fulfills the contract: it gives every picture the mean score."""

    id, revision, lane, pixels = "learner", "1", "cpu", False
    measure, low, high = "mean", 1.0, 5.0
    learns = "scores"

    def train(self, examples: Examples, params: Any) -> Trained:
        examples.progress(1.0)
        return Trained(repr(float(examples.values.mean())).encode(), {"n": len(examples)})

    def restore(self, model: float, state: bytes, params: Any) -> float:
        return float(state)

    def run(self, model: float, images: Sequence[Image], params: Any) -> Iterator[float]:
        for _ in images:
            yield model


class Guessing(Learner):
    def train(self, examples: Examples, params: Any) -> Trained:
        examples.progress(1.0)
        return Trained(repr(random.random()).encode())


class Silent(Learner):
    def train(self, examples: Examples, params: Any) -> Trained:
        return Trained(b"3.0")


class Backwards(Learner):
    def train(self, examples: Examples, params: Any) -> Trained:
        examples.progress(1.0)
        examples.progress(0.5)
        return Trained(b"3.0")


class Stateless(Learner):
    def train(self, examples: Examples, params: Any) -> Trained:
        examples.progress(1.0)
        return Trained(b"")


class Plain(Learner):
    def train(self, examples: Examples, params: Any) -> Any:
        return b"3.0"


class Unequal(Learner):
    def train(self, examples: Examples, params: Any) -> Trained:
        if len(set(examples.values.tolist())) == 1:
            raise ZeroDivisionError
        return super().train(examples, params)


class Forgetful(Learner):
    def restore(self, model: float, state: bytes, params: Any) -> float:
        raise KeyError("weights")


class Remembering(Learner):
    seen: list[int] = []

    def train(self, examples: Examples, params: Any) -> Trained:
        self.seen.append(len(examples))
        return super().train(examples, params)


class Endless(Learner):
    def train(self, examples: Examples, params: Any) -> Trained:
        while True:
            pass


class TagLearner(Tagger[int]):
    """Fulfills the contract: it gives every picture the tag with the most decisions."""

    id, revision, lane, pixels, learns = "tag-learner", "1", "cpu", False, "tags"

    def train(self, examples: Examples, params: Any) -> Trained:
        examples.progress(1.0)
        return Trained(str(examples.tags[0].id).encode())

    def restore(self, model: Any, state: bytes, params: Any) -> int:
        return int(state)

    def run(self, model: int, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for _ in images:
            yield [Tag("a tag", 0.5, id=model)]


class Contradicted(TagLearner):
    def train(self, examples: Examples, params: Any) -> Trained:
        if examples.vectors.std(axis=0).max() < 1e-6:
            raise ZeroDivisionError
        return super().train(examples, params)


class Nameless(TagLearner):
    def run(self, model: int, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for _ in images:
            yield [Tag("a tag", 0.5, id=-1)]

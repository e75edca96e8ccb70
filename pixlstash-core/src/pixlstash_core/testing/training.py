"""Checks the training of an engine that learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plugins.engines import Engine
from ..plugins.training import OF_EACH, DecidedTag, Examples, checked

#: The length of the vectors of the examples, and the seconds for a training.
LENGTH, SECONDS = 16, 60.0
#: A measure of the examples.
MEASURE = "sharpness"


def vectors(count: int) -> Any:
    """Return vectors of length 1 as f32, the same ones for the same count."""
    import numpy as np

    rows = np.random.default_rng(count).standard_normal((count, LENGTH)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def examples(count: int, tell: Callable[[float], None], *, equal: bool = False, subject: str = "scores") -> Examples:
    """Return examples whose values or tags follow the first number of their vectors.

    `equal`: the scores are all equal; the tags contradict the vectors.
    """
    import numpy as np

    rows = vectors(count)
    if subject == "tags":
        every = np.arange(count)
        yes = every % 2 == 0 if equal else rows[:, 0] > np.median(rows[:, 0])
        seldom = np.isin(every, np.argsort(rows[:, 1])[-OF_EACH:])
        tags = [DecidedTag(7, "harbour", every, yes), DecidedTag(9, "two words", every, seldom)]
        same = np.repeat(rows[:1], count, axis=0) if equal else rows
        return Examples(every + 1, same, np.zeros(0, np.float32), SECONDS, None, tell, tags)
    values = np.full(count, 3.0) if equal else np.clip(np.rint(3 + 6 * rows[:, 0]), 1, 5)
    measures = np.where(np.arange(count) % 3, rows[:, 1], np.nan).astype(np.float32)
    return Examples(np.arange(1, count + 1), rows, values.astype(np.float32), SECONDS, {MEASURE: measures}, tell)


def trained(engine: Engine[Any, Any], model: Any, params: Any, tick: Callable[[], None]) -> tuple[Any, list[str]]:
    """Train an engine; return its model with what it learned (None if that fails), and problems."""
    parts: list[float] = []

    def tell(part: float) -> None:
        parts.append(part)
        tick()

    count = max(2 * engine.fewest, 8)
    try:
        state, _ = checked(engine.train(examples(count, tell, subject=engine.learns), params))
        again, _ = checked(engine.train(examples(count, tell, subject=engine.learns), params))
    except (Exception, SystemExit) as error:
        return None, [f"`train` fails on {count} examples: {type(error).__name__}: {error}"]
    wrong = []
    if state != again:
        wrong.append("`train` gives another state for the same examples: seed what is random")
    if not parts:
        wrong.append("`train` never calls `examples.progress`: people see no progress, and its time is not limited")
    elif parts != sorted(parts[: len(parts) // 2]) * 2:
        wrong.append("the progress of `train` goes backwards")
    try:
        engine.train(examples(count, tell, equal=True, subject=engine.learns), params)
    except ValueError:
        pass
    except (Exception, SystemExit) as error:
        what = "contradictory decisions" if engine.learns == "tags" else "equal values"
        wrong.append(f"`train` fails on {what} with {type(error).__name__}: raise ValueError with the reason")
    try:
        return engine.restore(model, state, params), wrong
    except (Exception, SystemExit) as error:
        return None, [*wrong, f"`restore` fails: {type(error).__name__}: {error}"]

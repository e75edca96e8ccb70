"""How sure engines are of one tag on the pictures of a view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..database.connection import Database, fetch
from ..query.language import parse, quoted
from ..query.views import Views
from ..types import Bar, HideAndBlur, Reader, TagConfidences
from .entries import threshold
from .terms import by_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Bars of the histogram, and steps of the threshold.
PARTS, STEPS = 20, 100


def of(
    views: Views, db: Database, reader: Reader, name: str, text: str, hide_and_blur: HideAndBlur | None = None
) -> TagConfidences:
    """Return the confidences of a tag in a query's pictures within the reader's scope; all 0 if there is no such tag.

    Raises `QueryError` for a query that cannot be read, and `Invalid` for a name that is empty.
    """
    import numpy as np

    _, mask = views.mask(reader, parse(text), hide_and_blur)
    condition, bound = by_name(name)
    sql = f"select picture_id, confidence from derived_tagged where tag_id = {condition} and confidence > 0"
    with db.reading() as connection:
        rows = np.array(fetch(connection, sql, bound), np.int64).reshape(-1, 2)
    rows = rows[rows[:, 0] < len(mask)]  # pictures that came after the mask
    sure = np.sort(rows[mask[rows[:, 0]], 1])
    return TagConfidences(name, _bars(sure, name), _at_least(sure, STEPS), _condition(name, ">={}"))


def _condition(name: str, sure: str) -> str | None:
    """Return the condition of a tag and a confidence, such as `>=35%`; None if the name means something else in it."""
    if "*" in name or "{}" in name or name.startswith(("<", ">", "=")):
        return None
    return f"tag:{quoted(name + sure)}"


def _at_least(sure: NDArray[np.int64], steps: int) -> list[int]:
    """Return how many of these confidences (ascending) are at least 0, 1/steps, …, 1."""
    import numpy as np

    edges = [threshold(n / steps) for n in range(steps + 1)]
    counts: list[int] = (len(sure) - np.searchsorted(sure, edges)).tolist()
    return counts


def _bars(sure: NDArray[np.int64], name: str) -> list[Bar]:
    above = _at_least(sure, PARTS)
    width = 100 // PARTS
    bars = []
    for n in range(PARTS):
        low, high, last = n * width, (n + 1) * width, n == PARTS - 1
        ends = [*([f">={low}%"] if n else []), *([] if last else [f"<{high}%"])]
        conditions = [condition for end in ends if (condition := _condition(name, end)) is not None]
        count = above[n] - (0 if last else above[n + 1])
        bars.append(Bar(f"{low}–{high} %", " ".join(conditions) or None, count))
    return bars

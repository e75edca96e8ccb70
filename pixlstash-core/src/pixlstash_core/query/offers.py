"""Values that completion offers for scores and dates, with the number of the shown pictures that have each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .columns import Frame, Mask

#: (value, what it means, number of pictures or None)
Offers = list[tuple[str, str, int | None]]
RECENT = (("today", "Today"), ("yesterday", "Yesterday"), ("7d", "Last 7 days"), ("30d", "Last 30 days"))
_DATE = re.compile(r"([<>]=?|=)?([\da-z-]*)")


def scores(frame: Frame, mask: Mask, typed: str) -> Offers:
    """Offer the scores that pictures have, and ranges up to five stars."""
    import numpy as np

    counts = np.bincount(frame.values("score")[mask], minlength=6)
    offers: Offers = []
    for stars in range(5, -1, -1):
        offers.append((str(stars), _stars(stars), int(counts[stars])))
        if 0 < stars < 5:
            offers.append((f">={stars}", f"{_stars(stars)} or more", int(counts[stars:].sum())))
    return [offer for offer in offers if offer[0].startswith(typed) and offer[2]]


def _stars(stars: int) -> str:
    return "No score" if stars == 0 else "1 star" if stars == 1 else f"{stars} stars"


def dates(column: str, span: Callable[[str], tuple[int, int]], frame: Frame, mask: Mask, typed: str) -> Offers:
    """Offer recent days, then years; months of a typed year, and days of a typed month. The newest first.

    `span`: returns the first millisecond of a date, and the first one after it. After <, <=, > or >= only dates follow.
    """
    import numpy as np

    match = _DATE.fullmatch(typed.lower())
    if match is None:
        return []
    operator, part = match[1] or "", match[2]
    times = frame.values(column)[mask]
    offers: Offers = []
    for value, label in RECENT if not operator else ():
        first, after = span(value)
        count = int(np.count_nonzero((times >= first) & (times < after)))
        offers.append((value, label, count))
    unit, label = ("Y", "Year") if len(part) < 4 else ("M", "Month") if len(part) < 7 else ("D", "Day")
    periods, counts = np.unique(times.astype("datetime64[ms]").astype(f"datetime64[{unit}]"), return_counts=True)
    for period, count in zip(periods[::-1].astype(str).tolist(), counts[::-1].tolist(), strict=True):
        offers.append((f"{operator}{period}", label, None if operator else count))
    return [offer for offer in offers if offer[0].startswith(operator + part) and offer[2] != 0]

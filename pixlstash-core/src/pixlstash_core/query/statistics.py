"""Statistics of the pictures of a query: how many have each score, size, date and model.

They are counted with masks and columns in memory; of facts, only the rows of these pictures are read. Every bar has the
condition that finds its pictures within the same query.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..database.connection import Database
from ..database.features import Feature
from ..types import Bar, HideAndBlur, Panel, Reader, Statistics
from .language import parse, quoted
from .views import Views

if TYPE_CHECKING:
    import apsw
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Frame

    Ids = NDArray[np.int64]

#: Bars of a panel, at most.
BARS = 40
GOOD = 4
FACTS = (("model", "Models"), ("lora", "LoRAs"), ("sampler", "Samplers"), ("camera", "Cameras"), ("lens", "Lenses"))
MEGAPIXELS = ((0, 1), (1, 4), (4, 8), (8, 16), (16, None))


def of(
    views: Views,
    db: Database,
    features: Iterable[Feature],
    reader: Reader,
    text: str,
    hide_and_blur: HideAndBlur | None = None,
) -> Statistics:
    """Return the statistics of the pictures of a query within the reader's scope, including those of features."""
    import numpy as np

    frame, mask = views.mask(reader, parse(text), hide_and_blur)
    ids = np.flatnonzero(mask)
    with db.reading() as connection:
        panels = [_scores(frame, ids), _megapixels(frame, ids), _formats(connection, frame, mask)]
        panels += [_months(frame, ids)]
        panels += [_fact(connection, frame, mask, name, label) for name, label in FACTS]
        counted = [feature.statistics(connection, ids) for feature in features if feature.statistics is not None]
    panels += [panel for counts in counted for panel in counts.panels]
    shown = [panel for panel in panels if panel.bars or panel.fills]
    pairs = [pair for counts in counted for pair in counts.pairs]
    tagged, tags = sum(counts.tagged for counts in counted), sum(counts.tags for counts in counted)
    return Statistics(len(ids), tagged, shown, pairs, tags)


def _scores(frame: Frame, ids: Ids) -> Panel:
    import numpy as np

    counts = np.bincount(frame.values("score")[ids], minlength=6).tolist()
    bars = [Bar("none" if score == 0 else str(score), f"score:{score}", counts[score]) for score in range(6)]
    return Panel("score", "Score", [bar for bar in bars if bar.count])


def _megapixels(frame: Frame, ids: Ids) -> Panel:
    import numpy as np

    pixels = frame.values("pixels")[ids]
    unknown = int(np.count_nonzero(pixels == 0))
    edges = [low * 1_000_000 for low, _ in MEGAPIXELS]
    counts = np.bincount(np.digitize(pixels, edges) - 1, minlength=len(edges)).tolist()
    counts[0] -= unknown
    bars = []
    for (low, high), count in zip(MEGAPIXELS, counts, strict=True):
        query = (f"megapixels:>={low}" if low else "megapixels:>0") + (
            f" megapixels:<{high}" if high is not None else ""
        )
        bars.append(Bar(f"{low}–{high} MP" if high is not None else f"{low} MP and more", query, count))
    bars.append(Bar("unknown", "megapixels:=0", unknown))
    return Panel("megapixels", "Size", [bar for bar in bars if bar.count])


def _months(frame: Frame, ids: Ids) -> Panel:
    """Return a panel by month, or by year if there are too many months."""
    import numpy as np

    days = frame.values("created")[ids].astype("datetime64[ms]")
    for unit in ("M", "Y"):
        periods, counts = np.unique(days.astype(f"datetime64[{unit}]"), return_counts=True)
        if len(periods) <= BARS:
            break
    labels = [str(period) for period in periods]
    bars = [Bar(label, f"created:{label}", count) for label, count in zip(labels, counts.tolist(), strict=True)]
    return Panel("created", "Created", bars[-BARS:])


def _formats(connection: apsw.Connection, frame: Frame, mask: NDArray[np.bool_]) -> Panel:
    sql = "select format, group_concat(id) from picture group by format"
    return _grouped(connection, frame, mask, "format", "Format", sql, {})


def _fact(connection: apsw.Connection, frame: Frame, mask: NDArray[np.bool_], name: str, label: str) -> Panel:
    sql = "select value, group_concat(picture_id) from fact where name = :name group by value"
    return _grouped(connection, frame, mask, name, label, sql, {"name": name})


def _grouped(
    connection: apsw.Connection,
    frame: Frame,
    mask: NDArray[np.bool_],
    name: str,
    label: str,
    sql: str,
    bindings: dict[str, str],
) -> Panel:
    """Return a panel with a bar for each value, with the number of its pictures that have four stars or more."""
    import numpy as np

    labels, codes, owners = frame.classes(connection, sql, bindings)
    good = mask & (frame.values("score") >= GOOD)
    counts, liked = (np.bincount(codes[pictures[owners]], minlength=len(labels)).tolist() for pictures in (mask, good))
    bars = [Bar(value, f"{name}:={quoted(value)}", counts[n], liked[n]) for n, value in enumerate(labels) if counts[n]]
    return Panel(name, label, _longest(bars))


def _longest(bars: Iterable[Bar]) -> list[Bar]:
    return sorted(bars, key=lambda bar: (-bar.count, bar.label))[:BARS]

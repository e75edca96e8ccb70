"""Statistics of what a query finds: how its pictures are spread over scores, sizes, dates, models and tags.

Counting is done on masks and columns in memory; of facts and tags only the rows of the pictures concerned are read.
Every bar carries the condition that finds its pictures within the same query.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..database.connection import Database, bind_ids, fetch
from ..tags.entries import EFFECTIVE, ENGINE
from ..types import Bar, Panel, Reader, Statistics, TagPair, Veil
from .language import parse
from .quoting import exactly, quoted
from .views import Views

if TYPE_CHECKING:
    import apsw
    import numpy as np
    from numpy.typing import NDArray

    from .columns import Frame

    Ids = NDArray[np.int64]

#: Bars of a panel; tags that are looked at for what comes together.
BARS, TOGETHER = 40, 20
GOOD = 4
FACTS = (("model", "Models"), ("lora", "LoRAs"), ("sampler", "Samplers"), ("camera", "Cameras"), ("lens", "Lenses"))
MEGAPIXELS = ((0, 1), (1, 4), (4, 8), (8, 16), (16, None))
#: Parts of a view's tags below and above which their engine's confidence lies.
FIFTHS = 5


def of(views: Views, db: Database, reader: Reader, text: str, veil: Veil | None = None) -> Statistics:
    """What there is to say about the pictures a query finds, within the reader's scope."""
    import numpy as np

    frame, mask = views.mask(reader, parse(text), veil)
    ids = np.flatnonzero(mask)
    with db.reading() as connection:
        panels = [_scores(frame, ids), _megapixels(frame, ids), _formats(connection, frame, mask)]
        panels += [_months(frame, ids)]
        panels += [_fact(connection, frame, mask, name, label) for name, label in FACTS]
        tags, pairs, histogram, tagged = _tags(connection, frame, ids)
    shown = [panel for panel in (*panels, tags, histogram) if panel.bars or panel.fills]
    return Statistics(len(ids), tagged, shown, pairs)


def _scores(frame: Frame, ids: Ids) -> Panel:
    import numpy as np

    counts = np.bincount(frame.values("score")[ids], minlength=6).tolist()
    bars = [Bar("none" if score == 0 else str(score), f"score:{score}", counts[score]) for score in range(6)]
    return Panel("score", "Score", [bar for bar in bars if bar.count])


def _megapixels(frame: Frame, ids: Ids) -> Panel:
    import numpy as np

    pixels = frame.values("pixels")[ids]
    edges = [low * 1_000_000 for low, _ in MEGAPIXELS]
    counts = np.bincount(np.digitize(pixels, edges) - 1, minlength=len(edges)).tolist()
    bars = []
    for (low, high), count in zip(MEGAPIXELS, counts, strict=True):
        query = f"megapixels:>={low}" + (f" megapixels:<{high}" if high is not None else "")
        bars.append(Bar(f"{low}–{high} MP" if high is not None else f"{low} MP and more", query, count))
    return Panel("megapixels", "Size", [bar for bar in bars if bar.count])


def _months(frame: Frame, ids: Ids) -> Panel:
    """By month, or by year where there are more months than fit."""
    import numpy as np

    days = frame.values("created")[ids].astype("datetime64[ms]")
    for unit in ("M", "Y"):
        found, counts = np.unique(days.astype(f"datetime64[{unit}]"), return_counts=True)
        if len(found) <= BARS:
            break
    labels = [str(one) for one in found]
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
    """A bar for each value, with the share of its pictures that people gave four stars or more."""
    import numpy as np

    labels, codes, owners = frame.classes(connection, sql, bindings)
    good = mask & (frame.values("score") >= GOOD)
    counts, liked = (np.bincount(codes[one[owners]], minlength=len(labels)).tolist() for one in (mask, good))
    bars = [Bar(value, f"{name}:={quoted(value)}", counts[n], liked[n]) for n, value in enumerate(labels) if counts[n]]
    return Panel(name, label, _longest(bars))


def _tags(connection: apsw.Connection, frame: Frame, ids: Ids) -> tuple[Panel, list[TagPair], Panel, int]:
    """How often each tag, which come together, how sure engines are of them, and how many pictures have any."""
    import numpy as np

    from ..tags.rows import shown

    engine = _missing(connection)
    found = shown(connection, ids)
    effective = found.values & EFFECTIVE != 0
    tags, owners = found.tags[effective], found.owners[effective]
    counts = np.bincount(tags)
    top = np.argsort(counts, kind="stable")[::-1][:BARS]
    top = top[counts[top] > 0]
    names: dict[int, str] = dict(
        fetch(connection, "select id, name from tag where id in carray(?)", (bind_ids(top.tolist()),))
    )
    bars = [Bar(names[tag], f"tag:{exactly(names[tag])}", int(counts[tag])) for tag in top.tolist()]
    pairs = _pairs(tags, owners, top[:TOGETHER], names)
    histogram = _confidence(found.values[found.values & ENGINE != 0] >> 8)
    tagged = int(np.count_nonzero(np.bincount(owners)))
    return Panel("tag", "Tags", bars, engine), pairs, Panel("confidence", "Confidence", histogram, engine), tagged


def _pairs(tags: Ids, owners: Ids, top: Ids, names: dict[int, str]) -> list[TagPair]:
    """Which of the most frequent tags are on the same pictures."""
    import numpy as np

    if not len(top):
        return []
    place = np.full(int(tags.max()) + 1, -1)
    place[top] = np.arange(len(top))
    mine = place[tags] >= 0
    has = np.zeros((int(owners.max()) + 1, len(top)), np.float32)
    has[owners[mine], place[tags[mine]]] = 1
    together = (has.T @ has).astype(np.int64)
    found = [
        TagPair(names[int(top[a])], names[int(top[b])], int(together[a, b]))
        for a in range(len(top))
        for b in range(a + 1, len(top))
        if together[a, b]
    ]
    return sorted(found, key=lambda pair: -pair.count)[:TOGETHER]


def _confidence(found: Ids) -> list[Bar]:
    import numpy as np

    counts = np.bincount(np.minimum(found * FIFTHS // 65_536, FIFTHS - 1), minlength=FIFTHS).tolist()
    width = 100 // FIFTHS
    return [Bar(f"{n * width}–{(n + 1) * width} %", None, count) for n, count in enumerate(counts) if len(found)]


def _missing(connection: apsw.Connection) -> str | None:
    """What would fill the panels of tags, when no engine that tags is in use."""
    used = fetch(connection, "select 1 from active where kind = 'tag'")
    return None if used else "an engine that tags pictures"


def _longest(bars: Iterable[Bar]) -> list[Bar]:
    return sorted(bars, key=lambda bar: (-bar.count, bar.label))[:BARS]

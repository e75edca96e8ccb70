"""What engines contribute to a library: producers and their runs, and measures, one number per picture."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import apsw

from ..database.connection import bind_ids, fetch
from ..database.features import (
    COMPUTED,
    TAGS,
    Counted,
    Feature,
    Hidden,
    Keeper,
    Lookup,
    OutputKind,
    Sort,
    Table,
    Term,
)
from ..query.terms import like, number
from ..types import Bar, Panel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COMPARED = re.compile(
    r"(?P<name>[^<>=]+?)\s*(?:(?P<operator>>=|<=|>|<|=)\s*(?P<value>.+)|:\s*(?P<range>.+\.\..+))?", re.S
)
_FOUND = """
    select o.picture_id from active a join producer p on p.id = a.producer_id
    join measure_output o on o.producer_id = a.producer_id
    where a.kind = 'measure' and json_extract(p.about, '$.measure') = :measure collate nocase
    """


def _term(value: str) -> Lookup:
    """Compile `sharpness` (has one), `sharpness>0.6` or `sharpness:0.2..0.5`."""
    match = _COMPARED.fullmatch(value)
    if match is None:
        raise ValueError("the name of a measure, optionally with a number: sharpness>0.6")
    bound: dict[str, Any] = {"measure": match["name"].strip()}
    if match["range"]:
        low, high = sorted(map(number, match["range"].split("..")))
        return Lookup(f"{_FOUND} and o.value between :low and :high", {**bound, "low": low, "high": high})
    if match["operator"]:
        return Lookup(f"{_FOUND} and o.value {match['operator']} :value", {**bound, "value": number(match["value"])})
    return Lookup(_FOUND, bound)


def _names(connection: apsw.Connection, typed: str, limit: int, hidden: Hidden) -> Sequence[tuple[str, int | None]]:
    return fetch(
        connection,
        """
        select json_extract(p.about, '$.measure') as name, count(*)
        from active a join producer p on p.id = a.producer_id join measure_output o on o.producer_id = p.id
        where a.kind = 'measure' and name like ? escape '\\' and o.picture_id not in carray(?)
        group by name order by 2 desc limit ?
        """,
        (f"{like(typed)}%", bind_ids(hidden), limit),
    )


_SAYS = "(select engine from {db}.producer where id = r.producer_id) || ' ' || round(r.value, 3)"


def check(engine: Any, result: Any, about: dict[str, Any]) -> float:
    if isinstance(result, bool) or not isinstance(result, int | float) and not hasattr(result, "__float__"):
        raise ValueError(f"a number was expected, and {type(result).__name__} was given")
    value = float(result)
    if not math.isfinite(value):
        raise ValueError(f"a number was expected, and {value} was given")
    if not engine.low <= value <= engine.high:
        raise ValueError(f"{value:g} was given, which is not between {engine.low:g} and {engine.high:g}")
    return value


def combine(frames: Sequence[tuple[float | None, float]]) -> float:
    return sum(value for _, value in frames) / len(frames)


class Measures(Keeper):
    statement = "insert into measure_output values (?, ?, ?) on conflict do update set value = excluded.value"


_SMART = """
    select o.picture_id, o.value from active a join producer p on p.id = a.producer_id
    join measure_output o on o.producer_id = p.id
    where a.kind = 'measure' and json_extract(p.about, '$.measure') = 'smart' and o.picture_id in carray(?)
    order by a.rank desc
    """


def _smart(connection: apsw.Connection, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the smart score of each picture in thousandths; -1 if it has none."""
    import numpy as np

    values: dict[int, float] = dict(fetch(connection, _SMART, (bind_ids(ids.tolist()),)))
    return np.array([round(1000 * values.get(id, -0.001)) for id in ids.tolist()], np.int64)


def statistics(connection: apsw.Connection, ids: NDArray[np.int64]) -> Counted:
    """Return how many pictures have which smart score; no panel if none has one."""
    import numpy as np

    values = _smart(connection, ids)
    if not (values >= 0).any():
        return Counted([])
    bars = [Bar("none", "NOT measure:smart", int((values < 0).sum()))]
    for low in range(1, 5):
        # The last range has both ends.
        inside = (values >= 1000 * low) & ((values < 1000 * (low + 1)) | (low == 4))
        query = f'measure:"smart>={low}"' + (f' measure:"smart<{low + 1}"' if low < 4 else "")
        bars.append(Bar(f"{low}–{low + 1}", query, int(np.count_nonzero(inside))))
    return Counted([Panel("smart", "Smart score", [bar for bar in bars if bar.count])])


KIND = OutputKind(
    "measure",
    "measurers",
    "Measuring",
    ("measure_output",),
    check,
    combine,
    Measures,
    describe=lambda engine, params: {
        "measure": engine.measure,
        "low": float(engine.low),
        "high": float(engine.high),
        "better": engine.better,
    },
    shown=lambda value, threshold: f"{value:.3g}",
)
_ACTIVE = "r.kind || ' by ' || (select engine from {db}.producer where id = r.producer_id)"
PRODUCERS = Feature(
    "producers",
    tables=(
        Table("producer", "producers", merge="kept", topic=None),
        Table("run", "producers", merge="kept", topic=None),
        Table("active", "tags", merge="whole", kinds=TAGS, topic="engines", says=_ACTIVE),
        Table("succession", "producers", merge="whole", kinds=TAGS, topic=None),
        Table("done", "producers", 0, "done", within=COMPUTED, kinds=frozenset({"tags", "captions"}), topic=None),
    ),
)
MEASURES = Feature(
    "measures",
    (Table("measure_output", "measures", 0, "measure", within=COMPUTED, says=_SAYS),),
    terms=(Term("measure", "Measure", _term, ("pictures", "measures", "tags"), values=_names),),
    sorts=(Sort("smart", ("measures", "tags"), _smart),),
    outputs=(KIND,),
    statistics=statistics,
)

"""Measures: one number per picture (sharpness, aesthetics), and `measure:sharpness>0.6` in queries."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import apsw

from ..database.connection import Database, bind_ids, fetch
from ..database.features import COMPUTED, Feature, Hidden, Lookup, Table, Term
from ..database.output_kinds import OutputKind
from ..database.writer import Write, Writer
from ..query.terms import like, number

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


class Keeper:
    def __init__(self, db: Database, writer: Writer) -> None:
        pass

    def pack(self, values: Sequence[float]) -> list[float]:
        return list(values)

    def put(self, write: Write, producer: int, packed: dict[int, float]) -> None:
        write.many(
            "insert into measure_output values (?, ?, ?) on conflict do update set value = excluded.value",
            [(picture, producer, value) for picture, value in packed.items()],
        )


KIND = OutputKind(
    "measure",
    "measurers",
    "Measuring",
    ("measure_output",),
    check,
    combine,
    Keeper,
    describe=lambda engine, params: {
        "measure": engine.measure,
        "low": float(engine.low),
        "high": float(engine.high),
        "better": engine.better,
    },
    shown=lambda value, threshold: f"{value:.3g}",
)
FEATURE = Feature(
    "measures",
    (Table("measure_output", "measures", 0, "measure", within=COMPUTED, says=_SAYS),),
    terms=(Term("measure", "Measure", _term, ("pictures", "measures", "tags"), values=_names),),
    outputs=(KIND,),
)

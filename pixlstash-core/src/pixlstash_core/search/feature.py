"""What search contributes to a library: vectors of pictures, stored as f16 of length 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..database.features import COMPUTED, Feature, Keeper, OutputKind, Table
from ..database.writer import Write
from .matrix import mean, unit

_SAYS = "(select engine from {db}.producer where id = r.producer_id)"


def check(engine: Any, result: Any, about: dict[str, Any]) -> bytes:
    return unit(result, about)


def combine(frames: Sequence[tuple[float | None, bytes]]) -> bytes:
    return mean([vector for _, vector in frames])


class Vectors(Keeper):
    statement = "insert into vector_output values (?, ?, ?) on conflict do update set body = excluded.body"

    def put(self, write: Write, producer: int, packed: dict[int, bytes]) -> None:
        for body in list(packed.values())[:1]:
            write.execute(
                "update producer set about = json_set(about, '$.length', ?)"
                " where id = ? and json_extract(about, '$.length') is null",
                (len(body) // 2, producer),
            )
        super().put(write, producer, packed)


KIND = OutputKind(
    "vector",
    "embedders",
    "Embedding",
    ("vector_output",),
    check,
    combine,
    Vectors,
    describe=lambda engine, params: {"space": engine.space(params)},
    size=len,
    shown=lambda vector, threshold: f"{len(vector) // 2:,} numbers",
)
FEATURE = Feature(
    "vectors",
    (Table("vector_output", "vectors", 0, "vector", within=COMPUTED, says=_SAYS),),
    outputs=(KIND,),
)

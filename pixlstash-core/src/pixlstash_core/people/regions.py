"""Regions and faces: labelled boxes, and boxes with a vector that tells who is who."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from ..database.connection import Database, bind_ids
from ..database.features import COMPUTED, Feature, Lookup, OutputKind, Table, Term
from ..database.writer import Write, Writer
from ..plugins.engines import Face, Region
from ..query.terms import how_many
from ..search.matrix import unit

#: Of a moving picture, in one of its frames.
_WITH_FACES = """
    select r.picture_id from active a join region r on r.producer_id = a.producer_id where a.kind = 'face'
    group by r.picture_id, r.producer_id, r.time having count(*) between :least and :most
    """


def _faces(value: str) -> Lookup:
    return how_many(_WITH_FACES, value)


FEATURE = Feature(
    "regions",
    (
        Table(
            "region", "regions", 1, "region", within=COMPUTED, kinds=frozenset({"faces"}), topic="faces", says="r.label"
        ),
    ),
    terms=(Term("faces", "Faces", _faces, ("pictures", "regions", "tags")),),
)
MOST = 1000


def check_regions(engine: Any, result: Any, about: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"label": str(one.label)[:200], "box": _box(one.box), "confidence": _confidence(one.confidence)}
        for one in _all(result, Region)
    ]


def check_faces(engine: Any, result: Any, about: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "label": "",
            "box": _box(one.box),
            "confidence": _confidence(one.confidence),
            "vector": unit(one.vector, about),
            "landmarks": [_point(point) for point in one.landmarks],
        }
        for one in _all(result, Face)
    ]


def combine(frames: Sequence[tuple[float | None, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """All of them, with their time."""
    return [{**one, "time": time} for time, found in frames for one in found]


def _all(result: Any, kind: type) -> Sequence[Any]:
    if not isinstance(result, list | tuple) or not all(isinstance(one, kind) for one in result):
        raise ValueError(f"a list of {kind.__name__} was expected, and {result!r:.80} was given")
    if len(result) > MOST:
        raise ValueError(f"{len(result)} boxes were given for one image, and {MOST} are the most")
    return result


def _box(box: Any) -> list[float]:
    """Within the image: what reaches over its edge is cut."""
    if not isinstance(box, list | tuple) or len(box) != 4:
        raise ValueError(f"a box of left, top, right and bottom was expected, and {box!r:.80} was given")
    numbers = [float(one) for one in box]
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"a box with NaN or infinity in it was given: {box!r:.80}")
    left, top, right, bottom = (min(1.0, max(0.0, one)) for one in numbers)
    if not (left < right and top < bottom):
        raise ValueError(f"a box that is empty, or not in fractions of the image, was given: {box!r:.80}")
    return [round(one, 6) for one in (left, top, right, bottom)]


def _point(point: Any) -> list[float]:
    across, down = (float(one) for one in point)
    if not (math.isfinite(across) and math.isfinite(down)):
        raise ValueError("a landmark with NaN or infinity in it was given")
    return [round(across, 6), round(down, 6)]


def _confidence(value: Any) -> float:
    confidence = float(value)
    if not (math.isfinite(confidence) and 0 <= confidence <= 1):
        raise ValueError(f"a confidence of {confidence} was given, and not one between 0 and 1")
    return confidence


class Keeper:
    """A row for each; they are replaced as a whole, so that ids are never used twice."""

    def __init__(self, db: Database, writer: Writer) -> None:
        pass

    def pack(self, values: Sequence[Sequence[dict[str, Any]]]) -> list[list[tuple[Any, ...]]]:
        return [[_row(one) for one in found] for found in values]

    def put(self, write: Write, producer: int, packed: dict[int, list[tuple[Any, ...]]]) -> None:
        sql = "delete from region where producer_id = ? and picture_id in carray(?)"
        write.execute(sql, (producer, bind_ids(packed)))
        write.many(
            "insert into region(picture_id, producer_id, label, box, confidence, time, vector, landmarks)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            [(picture, producer, *row) for picture, found in packed.items() for row in found],
        )


def _row(one: dict[str, Any]) -> tuple[Any, ...]:
    landmarks = one.get("landmarks")
    return (
        one["label"],
        msgspec.json.encode(one["box"]).decode(),
        one["confidence"],
        one.get("time"),
        one.get("vector"),
        msgspec.json.encode(landmarks).decode() if landmarks else None,
    )


def shown(found: list[dict[str, Any]], threshold: float) -> str:
    """What was found with how sure the engine is, the surest first."""
    sure = sorted(found, key=lambda one: -one["confidence"])
    return ", ".join(f"{one['label'] or 'face'} {one['confidence']:.0%}" for one in sure) or "nothing"


def size(found: list[dict[str, Any]]) -> int:
    """Bytes that a row of each takes, about."""
    return sum(len(one.get("vector") or b"") + 30 * len(one.get("landmarks") or ()) + 100 for one in found)


REGIONS = OutputKind(
    *("region", "detectors", "Looking for things", ("region",), check_regions, combine, Keeper),
    size=size,
    shown=shown,
)
FACES = OutputKind(
    "face",
    "face_extractors",
    "Looking for faces",
    ("region",),
    check_faces,
    combine,
    Keeper,
    describe=lambda engine, params: {"space": engine.space(params)},
    size=size,
    shown=shown,
)

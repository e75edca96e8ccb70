"""The output kinds "region" and "face": labeled boxes, and boxes with a vector for recognition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from ..database.connection import Database, bind_ids
from ..database.features import COMPUTED, Feature, Lookup, Table, Term
from ..database.output_kinds import OutputKind
from ..database.writer import Write, Writer
from ..plugins.engines import Face, Region
from ..query.terms import how_many
from ..search.matrix import unit

#: Pictures with a number of faces; in videos, with that many in one frame.
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
    """Return the regions that an engine found in one image as plain dicts; raise `ValueError` if they are invalid."""
    return [
        {"label": str(region.label)[:200], "box": _box(region.box), "confidence": _confidence(region.confidence)}
        for region in _all(result, Region)
    ]


def check_faces(engine: Any, result: Any, about: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the faces that an engine found in one image as plain dicts; raise `ValueError` if they are invalid."""
    return [
        {
            "label": "",
            "box": _box(face.box),
            "confidence": _confidence(face.confidence),
            "vector": unit(face.vector, about),
            "landmarks": [_point(point) for point in face.landmarks],
        }
        for face in _all(result, Face)
    ]


def combine(frames: Sequence[tuple[float | None, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """Return the regions of all frames of a video, each with the time of its frame in seconds."""
    return [{**region, "time": time} for time, regions in frames for region in regions]


def _all(result: Any, kind: type) -> Sequence[Any]:
    if not isinstance(result, list | tuple) or not all(isinstance(item, kind) for item in result):
        raise ValueError(f"a list of {kind.__name__} was expected, and {result!r:.80} was given")
    if len(result) > MOST:
        raise ValueError(f"{len(result)} boxes were given for one image, and {MOST} are the most")
    return result


def _box(box: Any) -> list[float]:
    """Return a box clipped to the image; raise `ValueError` if it is invalid or empty."""
    if not isinstance(box, list | tuple) or len(box) != 4:
        raise ValueError(f"a box of left, top, right and bottom was expected, and {box!r:.80} was given")
    numbers = [float(number) for number in box]
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"a box with NaN or infinity in it was given: {box!r:.80}")
    left, top, right, bottom = (min(1.0, max(0.0, number)) for number in numbers)
    if not (left < right and top < bottom):
        raise ValueError(f"a box that is empty, or not in fractions of the image, was given: {box!r:.80}")
    return [round(number, 6) for number in (left, top, right, bottom)]


def _point(point: Any) -> list[float]:
    across, down = (float(number) for number in point)
    if not (math.isfinite(across) and math.isfinite(down)):
        raise ValueError("a landmark with NaN or infinity in it was given")
    return [round(across, 6), round(down, 6)]


def _confidence(value: Any) -> float:
    confidence = float(value)
    if not (math.isfinite(confidence) and 0 <= confidence <= 1):
        raise ValueError(f"a confidence of {confidence} was given, and not one between 0 and 1")
    return confidence


class Keeper:
    """Stores one row per region. Rows are replaced as a whole, so that ids are never reused."""

    def __init__(self, db: Database, writer: Writer) -> None:
        pass

    def pack(self, values: Sequence[Sequence[dict[str, Any]]]) -> list[list[tuple[Any, ...]]]:
        return [[_row(region) for region in regions] for regions in values]

    def put(self, write: Write, producer: int, packed: dict[int, list[tuple[Any, ...]]]) -> None:
        sql = "delete from region where producer_id = ? and picture_id in carray(?)"
        write.execute(sql, (producer, bind_ids(packed)))
        write.many(
            "insert into region(picture_id, producer_id, label, box, confidence, time, vector, landmarks)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            [(picture, producer, *row) for picture, rows in packed.items() for row in rows],
        )


def _row(region: dict[str, Any]) -> tuple[Any, ...]:
    landmarks = region.get("landmarks")
    return (
        region["label"],
        msgspec.json.encode(region["box"]).decode(),
        region["confidence"],
        region.get("time"),
        region.get("vector"),
        msgspec.json.encode(landmarks).decode() if landmarks else None,
    )


def shown(regions: list[dict[str, Any]], threshold: float) -> str:
    """Return a text that lists regions with their confidence, the most certain first."""
    sure = sorted(regions, key=lambda region: -region["confidence"])
    return ", ".join(f"{region['label'] or 'face'} {region['confidence']:.0%}" for region in sure) or "nothing"


def size(regions: list[dict[str, Any]]) -> int:
    """Return the approximate size of a stored result in bytes."""
    return sum(len(region.get("vector") or b"") + 30 * len(region.get("landmarks") or ()) + 100 for region in regions)


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

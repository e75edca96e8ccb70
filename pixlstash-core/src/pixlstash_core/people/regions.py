"""The output kinds "region" and "face": labeled boxes, and boxes with a vector for recognition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ..database.connection import bind_ids
from ..database.features import COMPUTED, Feature, Keeper, Lookup, OutputKind, Table, Term
from ..database.writer import Write
from ..engines import boxes
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


def check_regions(engine: Any, result: Any, about: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the regions that an engine found in one image as plain dicts; raise `ValueError` if they are invalid."""
    return [
        {
            "label": str(region.label)[:200],
            "box": boxes.box(region.box),
            "confidence": boxes.confidence(region.confidence),
        }
        for region in boxes.listed(result, Region)
    ]


def check_faces(engine: Any, result: Any, about: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the faces that an engine found in one image as plain dicts; raise `ValueError` if they are invalid."""
    return [
        {
            "label": "",
            "box": boxes.box(face.box),
            "confidence": boxes.confidence(face.confidence),
            "vector": unit(face.vector, about),
            "landmarks": [boxes.point(point) for point in face.landmarks],
        }
        for face in boxes.listed(result, Face)
    ]


def combine(frames: Sequence[tuple[float | None, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """Return the regions of all frames of a video, each with the time of its frame in seconds."""
    return [{**region, "time": time} for time, regions in frames for region in regions]


class Regions(Keeper):
    """Stores one row per region. Rows are replaced as a whole, so that ids are never reused."""

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
    *("region", "detectors", "Looking for things", ("region",), check_regions, combine, Regions),
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
    Regions,
    describe=lambda engine, params: {"space": engine.space(params)},
    size=size,
    shown=shown,
)

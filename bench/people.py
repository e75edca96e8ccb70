"""People among many faces: groups of those that are nobody's, and who else somebody may be.

    python bench/people.py --faces 100000

Made-up vectors of 512 numbers, one face a picture: half the faces are of 2,000 people, some of them often and most
seldom, the other half are of somebody who is seen once. Faces of one person differ as much as those of a real engine do
(a cosine of about 0.6), and of two people hardly share anything. The library is one of `fill.py`, a copy.

The floor is a product of all faces with one vector a person, which nothing that compares each face with each group does
without.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np
from _measure import Figure, ms, report, timed
from fill import filled
from tags import copied

from pixlstash_core.engines.outputs import Output
from pixlstash_core.library import Library
from pixlstash_core.people.clustering import clusters
from pixlstash_core.types import OWNER, AssignFaces

LENGTH, PEOPLE, NAMED, SLICE = 512, 2000, 50, 500


def faces(count: int) -> tuple[Any, Any]:
    """Unit vectors (f16), and who each is; -1: somebody who is seen once."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((PEOPLE, LENGTH), dtype=np.float32)
    often = 1 / (np.arange(PEOPLE) + 20)
    who = rng.choice(PEOPLE, count, p=often / often.sum())
    who[rng.random(count) < 0.5] = -1
    common = rng.standard_normal((1, LENGTH), dtype=np.float32) * 0.3  # what all faces share
    rows = np.empty((count, LENGTH), np.float16)
    for at in range(0, count, 20_000):
        part = who[at : at + 20_000]
        noise = rng.standard_normal((len(part), LENGTH), dtype=np.float32)
        made = np.where(part[:, None] < 0, 1.3 * noise, centres[part] + 0.8 * noise) + common
        rows[at : at + len(part)] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return rows, who


def right(groups: list[Any], who: Any) -> tuple[float, float]:
    """Of all faces in groups, how many are whom most of their group are; of people's faces, how many are in their
    largest group."""
    inside = sum(len(group) for group in groups)
    pure, best = 0, np.zeros(PEOPLE, np.int64)
    for group in groups:
        known = who[group][who[group] >= 0]
        if len(known):
            counts = np.bincount(known, minlength=PEOPLE)
            pure += counts.max()
            best = np.maximum(best, counts)
    return pure / max(1, inside), best.sum() / (who >= 0).sum()


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--faces", type=int, default=100_000)
    options = ask.parse_args()
    rows, who = faces(options.faces)
    with copied(filled(options.faces)) as path, Library.open(path, work=False) as library:
        return report(figures(library, rows, who))


def figures(library: Library, rows: Any, who: Any) -> list[Figure]:
    ids = sorted(library.find(OWNER).ids)[: len(rows)]
    store(library, ids, rows)
    middles = np.random.default_rng(2).standard_normal((LENGTH, PEOPLE), dtype=np.float32)
    begun = time.process_time()
    product(rows, middles)
    floor = time.process_time() - begun
    less = timed(lambda: product(rows, middles[:, : NAMED * 10]))
    begun = time.process_time()
    waited, worked = timed(lambda: until(lambda: library.face_clusters(OWNER).ready)), time.process_time() - begun
    groups: list[Any] = []
    groups += clusters(rows, LEAST)
    pure, whole = right(groups, who)
    again = timed(lambda: library.face_clusters(OWNER))
    name(library, ids, who)
    known = timed(lambda: library.review_characters(OWNER))
    queue = timed(lambda: library.review_faces(OWNER))
    what = f"{len(rows):,} faces"
    return [
        Figure(
            f"groups of {what} that are nobody's",
            "≤ 5 times the floor, once after an engine ran; < 100 ms from then on",
            f"{waited:.1f} s ({worked:.1f} s of CPU, {worked / floor:.1f} times the floor), then {ms(again)};"
            f" {len(groups):,} groups,"
            f" {pure:.1%} of their faces with whom most of the group are, {whole:.1%} of people's faces in one group",
            f"a product with {PEOPLE:,} vectors: {floor:.1f} s of CPU",
            worked <= 5 * floor and again < 0.1,
        ),
        Figure(
            f"who {NAMED} characters may be among {what}",
            "≤ 4 times the floor, once after each change; < 100 ms from then on",
            f"{ms(known)} ({known / less:.1f} times the floor), then {ms(queue)} for the 100 most doubtful",
            f"a product with {NAMED * 10} vectors: {ms(less)}",
            known <= 4 * less and queue < 0.1,
        ),
    ]


def product(rows: Any, middles: Any) -> None:
    for at in range(0, len(rows), 1024):
        rows[at : at + 1024].astype(np.float32) @ middles


#: A cosine that two faces of one person here have, and two of different ones never do.
LEAST = 0.4


def store(library: Library, ids: list[int], rows: Any) -> None:
    producer = library.outputs.register("face", "made up", "1", {})
    library.outputs.activate(producer)
    for at in range(0, len(ids), SLICE):
        found = [
            Output(id, [{"label": "", "box": [0.2, 0.2, 0.6, 0.7], "confidence": 0.9, "vector": row.tobytes()}])
            for id, row in zip(ids[at : at + SLICE], rows[at : at + SLICE])
        ]
        for future in library.outputs.store(producer, found):
            future.result()


def name(library: Library, ids: list[int], who: Any) -> None:
    """Ten faces each of the people who are seen most often."""
    for person in range(NAMED):
        chosen = np.flatnonzero(who == person)[:10].tolist()
        known = [library.picture_faces(OWNER, ids[at])[0].id or 0 for at in chosen]
        library.assign_faces(OWNER, AssignFaces(faces=known, name=f"Person {person}"))


def until(look: Any) -> None:
    while not look():
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())

"""Matches the user's assignments to detected faces by position.

An assignment has its own box and belongs to the detected face that overlaps it most. It therefore survives a change of
engines, whose boxes differ slightly. An assignment without such a face becomes a face without an engine.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..types import Box, FaceInfo

#: Intersection over union from which an assignment belongs to a face.
SAME = 0.3
#: Faces in frames of a video that are at most this many seconds apart can be the same face.
MOMENT = 0.05


class Assignment(Struct, frozen=True):
    """The user's assignment of a face to a character, or its rejection (`yes` is false)."""

    id: int
    character: int
    name: str
    yes: bool
    box: Box
    time: float | None
    reference: bool


class Seen(Struct):
    """A face with its assignments."""

    picture: int
    box: Box
    id: int | None = None
    time: float | None = None
    confidence: float | None = None
    engine: str = ""
    producer: int = 0
    assignments: list[Assignment] = []  # never changed in place
    turn: int = 0

    @property
    def yes(self) -> Assignment | None:
        return next((assignment for assignment in self.assignments if assignment.yes), None)

    def info(self) -> FaceInfo:
        yes = self.yes
        shown = yes or (self.assignments[0] if self.assignments else None)
        return FaceInfo(
            self.picture,
            self.box,
            self.id,
            shown.id if shown else None,
            self.time,
            self.confidence,
            self.engine,
            yes.character if yes else None,
            yes.name if yes else None,
            [assignment.character for assignment in self.assignments if not assignment.yes],
            bool(yes and yes.reference),
            self.turn,
        )


def overlap(box: Box, other: Box) -> float:
    """Return the intersection of two boxes divided by their union."""
    across = min(box[2], other[2]) - max(box[0], other[0])
    down = min(box[3], other[3]) - max(box[1], other[1])
    if across <= 0 or down <= 0:
        return 0.0
    common = across * down
    return common / (area(box) + area(other) - common)


def area(box: Box) -> float:
    """Return the area of a box as a fraction of the picture."""
    return (box[2] - box[0]) * (box[3] - box[1])


def match(picture: int, faces: list[Seen], assignments: Sequence[Assignment]) -> None:
    """Match each assignment to the face that it overlaps most, one face per character; the unmatched become faces."""
    pairs = [
        (-share, not assignment.yes, assignment.id, n, assignment)
        for assignment in assignments
        for n, face in enumerate(faces)
        if (share := _share(face, assignment)) >= SAME
    ]
    matched: set[int] = set()
    for _, _, id, n, assignment in sorted(pairs, key=lambda pair: pair[:4]):
        if id not in matched and not (assignment.yes and faces[n].yes):
            faces[n].assignments = [*faces[n].assignments, assignment]
            matched.add(id)
    for assignment in sorted(assignments, key=lambda assignment: not assignment.yes):
        if assignment.id in matched:
            continue
        home = next((face for face in faces if face.id is None and _share(face, assignment) >= SAME), None)
        if home is None or (assignment.yes and home.yes):
            home = Seen(picture, assignment.box, time=assignment.time, assignments=[])
            faces.append(home)
        home.assignments = [*home.assignments, assignment]


def _share(face: Seen, assignment: Assignment) -> float:
    return overlap(face.box, assignment.box) if _at_once(face.time, assignment.time) else 0.0


def same(face: Seen, other: Seen, share: float) -> bool:
    """Return whether two faces are in the same frame and overlap by at least a share (intersection over union)."""
    return _at_once(face.time, other.time) and overlap(face.box, other.box) >= share


def _at_once(time: float | None, other: float | None) -> bool:
    return time is None or other is None or abs(time - other) <= MOMENT

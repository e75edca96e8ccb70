"""What people recognition contributes to a library: query terms, output kinds, and the part `People`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ..database.connection import Database
from ..database.features import Feature, Lookup, Term
from ..query.views import Views
from ..search.vectors import Likeness
from . import faces, regions
from .clusters import Grouping
from .comparison import Comparing
from .matching import MOMENT, SAME
from .suggestions import Reviewing, Suggesting


def _corner(row: str, n: int) -> str:
    return f"json_extract({row}.box, '$[{n}]')"


def _common(row: str, other: str, low: int, high: int) -> str:
    most = f"min({_corner(row, high)}, {_corner(other, high)})"
    return f"max(0, {most} - max({_corner(row, low)}, {_corner(other, low)}))"


def _size(row: str) -> str:
    return f"({_corner(row, 2)} - {_corner(row, 0)}) * ({_corner(row, 3)} - {_corner(row, 1)})"


_BOTH = f"({_common('w', 'r', 0, 2)} * {_common('w', 'r', 1, 3)})"
#: Whether a detected face overlaps no accepted assignment.
_FREE = f"""
    not exists (
      select 1 from said_who w where w.picture_id = r.picture_id and w.yes and w.box is not null and json_valid(w.box)
        and (w.time is null or r.time is null or abs(w.time - r.time) <= {MOMENT})
        and {_BOTH} >= {SAME} * ({_size("w")} + {_size("r")} - {_BOTH}))
    """
_UNASSIGNED = Lookup(
    "select r.picture_id from active a join region r on r.producer_id = a.producer_id"
    f" where a.kind = 'face' and {_FREE}",
    among="select r.picture_id from carray(:among) k cross join active a cross join region r"
    f" on r.picture_id = k.value and r.producer_id = a.producer_id where a.kind = 'face' and {_FREE}",
)
TERM = Term(
    "faces:unassigned",
    "With an unassigned face",
    lambda value: _UNASSIGNED,
    ("pictures", "regions", "tags", "characters"),
)


class People:
    """Recognizes the people in one library. `revisions()` returns the writer's revisions by topic."""

    def __init__(self, db: Database, views: Views, likeness: Likeness, revisions: Callable[[], Any]) -> None:
        comparing = Comparing(db, views, likeness, revisions)
        self.suggesting, self.reviewing, self.grouping = (
            Suggesting(comparing),
            Reviewing(comparing),
            Grouping(comparing),
        )

    def close(self) -> None:
        self.grouping.close()


FEATURE = Feature(
    "faces",
    terms=(TERM,),
    outputs=(replace(regions.FACES, agree=faces.agree), regions.REGIONS),
)

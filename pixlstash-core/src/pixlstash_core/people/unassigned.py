"""The query term `faces:unassigned`: pictures with a detected face that is not assigned to a character."""

from __future__ import annotations

from ..database.features import Lookup, Term
from .matching import MOMENT, SAME


def _corner(row: str, n: int) -> str:
    return f"json_extract({row}.box, '$[{n}]')"


def _common(row: str, other: str, low: int, high: int) -> str:
    most = f"min({_corner(row, high)}, {_corner(other, high)})"
    return f"max(0, {most} - max({_corner(row, low)}, {_corner(other, low)}))"


def _size(row: str) -> str:
    return f"({_corner(row, 2)} - {_corner(row, 0)}) * ({_corner(row, 3)} - {_corner(row, 1)})"


_BOTH = f"({_common('w', 'r', 0, 2)} * {_common('w', 'r', 1, 3)})"
#: Pictures with a detected face that overlaps no accepted assignment.
_UNASSIGNED = f"""
    select r.picture_id from active a join region r on r.producer_id = a.producer_id where a.kind = 'face'
      and not exists (
        select 1 from said_who w where w.picture_id = r.picture_id and w.yes and w.box is not null and json_valid(w.box)
          and (w.time is null or r.time is null or abs(w.time - r.time) <= {MOMENT})
          and {_BOTH} >= {SAME} * ({_size("w")} + {_size("r")} - {_BOTH}))
    """
TERM = Term(
    "faces:unassigned",
    "With a face that is nobody's",
    lambda value: Lookup(_UNASSIGNED, {}),
    ("pictures", "regions", "tags", "characters"),
)

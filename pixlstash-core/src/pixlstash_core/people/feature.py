"""What people recognition contributes to a library: a query term, output kinds, and the part `People`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ..database.connection import Database
from ..database.features import Feature
from ..query.views import Views
from ..search.vectors import Likeness
from . import faces, regions, unassigned
from .clusters import Grouping
from .comparison import Comparing
from .review import Reviewing
from .suggestions import Suggesting


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
    terms=(unassigned.TERM,),
    outputs=(replace(regions.FACES, agree=faces.agree), regions.REGIONS),
)

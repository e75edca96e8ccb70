"""Compares faces and pictures with those assigned to characters, and groups unassigned faces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..database.connection import Database
from ..query.views import Views
from ..search.vectors import Likeness
from .clusters import Grouping
from .comparing import Comparing
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

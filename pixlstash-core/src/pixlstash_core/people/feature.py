"""Who may be in a picture: faces and pictures compared with what was said of others, and faces that are nobody's."""

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
    """Those of one library. `revisions()` gives the writer's, by noun."""

    def __init__(self, db: Database, views: Views, likeness: Likeness, revisions: Callable[[], Any]) -> None:
        known = Comparing(db, views, likeness, revisions)
        self.suggesting, self.reviewing, self.grouping = Suggesting(known), Reviewing(known), Grouping(known)

    def close(self) -> None:
        self.grouping.close()

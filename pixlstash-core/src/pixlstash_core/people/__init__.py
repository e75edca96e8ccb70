"""Who may be in a picture: faces and pictures compared with what was said of others, and faces that are nobody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..db import Database
from ..features.likeness import Likeness
from ..views import Views
from .comparing import Comparing
from .grouping import Grouping
from .reviewing import Reviewing
from .suggesting import Suggesting


class People:
    """Those of one library. `revisions()` gives the door's, by noun."""

    def __init__(self, db: Database, views: Views, likeness: Likeness, revisions: Callable[[], Any]) -> None:
        known = Comparing(db, views, likeness, revisions)
        self.suggesting, self.reviewing, self.grouping = Suggesting(known), Reviewing(known), Grouping(known)

    def close(self) -> None:
        self.grouping.close()

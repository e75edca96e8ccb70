"""How many pictures wait for a decision, for the sidebar.

The masks of two query terms are kept in memory and brought up to date with the pictures that have changed. If there is
no such mask, as after a start, it is created on the follow-up thread, and the sidebar has no count until then.
"""

from __future__ import annotations

from collections.abc import Callable

from ..query.views import Views
from ..types import OWNER, HideAndBlur, Reader
from ..types import Waiting as Counts

FACES, TAGS = "faces:unassigned", "is:suggested"


class Waiting:
    """The counts of one library. `request()` requests `keep` on the follow-up thread."""

    def __init__(self, views: Views, request: Callable[[], None]) -> None:
        self._views, self._request = views, request

    def counts(self, reader: Reader, hide_and_blur: HideAndBlur | None) -> Counts | None:
        """Return the counts without hidden pictures; None for readers who cannot decide on all pictures."""
        if not (reader.may("write") and reader.scope.all):
            return None
        faces, tags = (self._count(reader, text, hide_and_blur) for text in (FACES, TAGS))
        if faces is None or tags is None:
            self._request()
        return Counts(faces, tags)

    def _count(self, reader: Reader, text: str, hide_and_blur: HideAndBlur | None) -> int | None:
        fresh = self._views.keeps(reader, text)
        return self._views.kept_count(reader, text, hide_and_blur, fresh=fresh)

    def keep(self) -> None:
        """Create the masks that are missing."""
        for text in (FACES, TAGS):
            if not self._views.keeps(OWNER, text):
                self._views.count(OWNER, text)

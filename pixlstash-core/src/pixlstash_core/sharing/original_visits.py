"""What a stranger finds in the originals that a link offers; and that others are refused."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping

from ..context import Context
from ..errors import Abandoned, Cancelled, PixlStashError
from ..media.strip import stripped
from ..pictures.operations import picture as detail_of
from ..types import OWNER, OriginalsFound, PictureDetail
from . import inspection
from .link_keys import Link
from .originals import LARGEST, stripped_of
from .renditions import Renditions
from .stranger import Answer

#: The statuses of answers that show nothing.
REFUSED = (401, 403, 404, 405)


class OriginalsVisit:
    """The part of a visit of one link that is about originals. `ask(method, path)` asks for something of the link."""

    def __init__(
        self,
        context: Context,
        link: Link,
        ask: Callable[[str, str], Answer],
        problem: Callable[[str], None],
        is_shared: Callable[[str], bool],
    ) -> None:
        self._context, self._link, self._ask = context, link, ask
        self._problem, self._is_shared = problem, is_shared
        self._counts: Counter[str] = Counter()

    def look(self, name: str, picture: int, words: set[str], usual: Mapping[str, str], *, read: bool) -> None:
        """Ask for one original. `read`: also read a stripped one as an import would, which finds hidden texts."""
        path = f"/pictures/{name}/original"
        if self._link.offered == "none":
            if self._ask("GET", path).status not in REFUSED:
                self._problem("An original is offered although it is not allowed.")
            return
        detail = detail_of(self._context, OWNER, picture)
        large = self._link.offered == "untouched" and detail.size > LARGEST
        answer = self._ask("HEAD" if large else "GET", path)
        if answer.status != 200:
            self._counts["absent"] += self._is_shared(name)  # it may have been deleted meanwhile
            return
        self._counts["fetched"] += 1
        if self._link.offered == "untouched":
            tells = self._untouched(answer, detail, large)
        else:
            tells = self._stripped(answer, picture, words, read=read)
        if inspection.headers_tell(answer, usual, words) or any(word.encode() in answer.body for word in _long(words)):
            tells.add("name")
        for what in tells:
            self._counts[what] += 1
            if self._link.offered == "stripped":
                self._problem(f"An original is sent with {inspection.TELLS[what]}.")

    def summary(self) -> OriginalsFound | None:
        """Return what the originals hold; None if originals are not offered."""
        if self._link.offered == "none":
            return None
        counts = self._counts
        return OriginalsFound(
            untouched=self._link.offered == "untouched",
            fetched=counts["fetched"],
            absent=counts["absent"],
            places=counts["place"],
            prompts=counts["prompt"],
            names=counts["name"],
            others=counts["other"],
        )

    def _untouched(self, answer: Answer, detail: PictureDetail, large: bool) -> set[str]:
        """Return what an untouched original tells; of a large one, what is known of it."""
        if large:
            return inspection.facts_of(detail)
        if hashlib.sha256(answer.body).hexdigest() != detail.sha256:
            self._problem("An original has other bytes than the picture that is shared.")
        try:
            return inspection.facts_of(self._context.part(Renditions).read(answer.body))
        except PixlStashError:
            return inspection.facts_of(detail)

    def _stripped(self, answer: Answer, picture: int, words: set[str], *, read: bool) -> set[str]:
        try:
            expected = stripped_of(self._context, picture).body
        except (Abandoned, Cancelled):
            raise
        except PixlStashError:  # deleted or moved meanwhile
            expected = answer.body
        if answer.body != expected:
            self._problem("An original has other bytes than were made for it.")
        try:
            plain = stripped(answer.body) == answer.body
        except PixlStashError:
            plain = False
        renditions = self._context.part(Renditions)
        if not plain:
            return inspection.metadata_in(renditions, answer.body, words)
        return inspection.facts_of(renditions.read(answer.body)) if read else set()


def _long(words: set[str]) -> list[str]:
    """Return the words that are not in a file by chance."""
    return [word for word in words if len(word) > 5]

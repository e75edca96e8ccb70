"""Changes to a library for tests of what follows from them."""

from __future__ import annotations

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, Done, ScorePictures


def live(library: Library) -> list[int]:
    """The ids of all pictures, the scrapheap's as well."""
    return [id for (id,) in library.db.read("select id from picture order by id")]


def score(library: Library, ids: list[int], stars: int) -> Done:
    return library.score(OWNER, ScorePictures(ids=ids, score=stars))


def background(library: Library, sql: str, *bindings: object) -> None:
    """A change nobody can undo, as an engine or a plugin makes it."""
    library.derive(lambda write: write.execute(sql, bindings))

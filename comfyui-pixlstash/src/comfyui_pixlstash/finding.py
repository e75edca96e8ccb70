"""What a loading node loads: a query and groups, or ids; and the state by which its cache is renewed."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from . import freshness
from .captions import captions_of
from .channel import LibraryError
from .groups import Group, has_alternatives, narrowed
from .loading import find_ids, parse_ids, state_of
from .operations import Operations


class Search(NamedTuple):
    """A request for pictures. With `ids`, the query is not used."""

    query: str
    limit: int
    sort: str = ""
    ids: str = ""
    captions: str = ""

    def find(self, library: Operations) -> list[int]:
        """Return the ids of the pictures to load. Raises LibraryError where there are none."""
        if self.ids.strip():
            return parse_ids(self.ids)
        ids = find_ids(library, self.query, self.limit, self.sort)
        if not ids:
            text = f"No pictures match {self.query!r}" if self.query else "The library has no pictures"
            raise LibraryError(f"{text}: change the query, or choose another project, set or character.")
        return ids

    def state(self, library: Operations) -> str:
        """Return what is different whenever another run would load something else."""
        info = library.info()

        def compute() -> str:
            ids = parse_ids(self.ids) if self.ids.strip() else find_ids(library, self.query, self.limit, self.sort)
            texts = captions_of(library, ids, self.captions) if self.captions else ()
            return hashlib.sha256(f"{info.public_id} {ids} {state_of(library, ids)} {texts}".encode()).hexdigest()

        return freshness.once_per_revision(library, info.public_id, info.revision, self, compute)


def chosen(query: str, limit: int, sort: str, ids: str, *groups: Group | None) -> Search:
    """Return the search for the inputs of a node."""
    return Search(narrowed(query, groups), limit, sort, ids)


def quoted(text: str) -> str:
    """Return a value as the query language quotes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ranked(among: str, likeness: str, limit: int, threshold: float) -> str:
    """Return a query for the pictures of `among` that are most similar, at least by the threshold."""
    if has_alternatives(among):
        among = f"({among})"
    bound = f"likeness:>={threshold:.4g}" if threshold > 0 else f"top:{limit}"
    return f"{among} {likeness} {bound}".strip()

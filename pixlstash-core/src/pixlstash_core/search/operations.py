"""Searching with a picture that is not in the library, and saying why a picture was found."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from ..collections.operations import Groups
from ..errors import Invalid
from ..query.language import LONGEST
from ..types import Alike, Combine, Held, Reader, Why
from .explain import Reasons
from .query_images import KEPT, MOST
from .search import Search as Searching


class Search(Groups):
    search: Searching
    incoming: Path

    def hold(self, reader: Reader, name: str, path: Path) -> Held:
        """Keep a picture for an hour to search with, without taking it in: `like:upload:TOKEN`."""
        if path.stat().st_size > MOST:
            raise Invalid(f"A picture to search with has at most {MOST >> 20} MiB.")
        kept = self.intake.temporary(name)
        if path.parent == self.incoming:
            path.rename(kept)
        else:
            shutil.copyfile(path, kept)
        token = self.search.held.hold(reader.principal, kept, name)
        return Held(token, datetime.fromtimestamp(int(time.time() + KEPT), UTC))

    def alike(self, reader: Reader, q: str, limit: int = 100) -> list[Alike]:
        """How alike the pictures are that a query with `like:` or `face:` finds, in its order."""
        if not 0 < limit <= 1_000_000:
            raise Invalid("limit must be between 1 and 1,000,000.")
        return self.views.alike(reader, q, limit)

    def gauge(self, reader: Reader, character: int, tokens: list[str], combine: Combine = "mean") -> list[float | None]:
        """How alike the faces in held pictures are to those a character is told by; None where there is no face.

        Of a picture the likest face counts, as the cosine that the engine gives.
        """
        return self.search.gauge(reader, self.find_character(reader, character).id, tokens, combine)

    def why(self, reader: Reader, id: int, q: str = "") -> Why:
        """Why a query finds a picture: which words, which engine, what it is like."""
        told = self.views.explain(reader, q[:LONGEST], id)
        engine = self.search.engine(told.ranked) if told.ranked is not None else ""
        return Reasons(self.db, reader, id, engine).of(told)

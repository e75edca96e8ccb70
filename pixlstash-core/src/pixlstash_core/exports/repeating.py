"""An export made again from a manifest: the same pictures with the same names and captions, whatever changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ..database.connection import Database
from ..types import ExportOptions, Reader
from . import reading
from .manifest import Line
from .plan import DRAWN_AS, EXTENSIONS, Item, LeftOut, Plan, drawn_size
from .reading import Source


class Repeated:
    """The items of a manifest's lines, in their order."""

    def __init__(self, db: Database, reader: Reader, lines: Sequence[Line], options: ExportOptions) -> None:
        self._db, self._reader, self._options = db, reader, options
        self.lines = [line for line in lines if line.source is not None]
        self._plan = Plan(db, reader, [], options)

    def items(self) -> Iterator[Item | LeftOut]:
        remaining = iter(self.lines)
        while page := list(islice(remaining, reading.PAGE)):
            sources = self._sources(page)
            for line in page:
                source = sources.get(line.source or "")
                if source is None:
                    yield LeftOut(line.name, "The library no longer has this picture.")
                else:
                    yield self._item(source, line)

    def _item(self, source: Source, line: Line) -> Item:
        if not self._plan.draws(source):
            return Item(source, line.name, line.text)
        format = self._options.format
        if format == "original":
            format = DRAWN_AS.get(source.format, "png")  # type: ignore[assignment]
        assert format in EXTENSIONS
        return Item(source, line.name, line.text, line.box, drawn_size(source, line.box, self._options), format)

    def _sources(self, page: Sequence[Line]) -> Mapping[str, Source]:
        ids = reading.by_hash(self._db, {line.source for line in page if line.source is not None})
        return {source.sha256.hex(): source for source in reading.sources(self._db, self._reader, ids)}

"""Manifests: what an export was made from, as JSON lines, and an export made again from one.

The first line has the query, options and versions, each further one a file, the last the number of files and the
SHA-256 of all lines before. A manifest without its last line is that of an export which was interrupted.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..database.connection import Database
from ..errors import Invalid, NotThere, PixlStashError
from ..storage.files import open_within
from ..types import ExportDiff, ExportOptions, Reader
from . import metadata, reading
from .plan import DRAWN_AS, EXTENSIONS, Box, Item, LeftOut, Plan, drawn_size
from .reading import Annotations, Source

NAME = "manifest.jsonl"
FORMAT, VERSION = "pixlstash-export", 1
#: Bytes of one line, and files of one manifest, at most.
LONGEST, MOST = 1 << 20, 5_000_000
#: Names that a diff lists.
LISTED = 100


class Header(Struct, frozen=True):
    """What an export was made from. `query` is None for a selection; `versions` by name of the software."""

    format: str
    version: int
    library: str
    query: str | None
    options: ExportOptions
    versions: dict[str, str]


class Line(Struct, frozen=True, omit_defaults=True):
    """One file. Of a picture, `source` is the SHA-256 of its original, `text` its caption, and `box` the part shown."""

    name: str
    sha256: str
    size: int
    source: str | None = None
    text: str | None = None
    box: Box | None = None


class End(Struct, frozen=True):
    """The last line: the number of files, and the SHA-256 of the lines before."""

    files: int
    lines: str


def encoded(value: Header | Line | End) -> bytes:
    """A line of a manifest."""
    return msgspec.json.encode(value) + b"\n"


class Writer:
    """Writes a manifest line by line."""

    def __init__(self, file: IO[bytes], header: Header) -> None:
        self._file, self._hash, self.files = file, hashlib.sha256(), 0
        self._write(encoded(header))

    def add(self, line: Line) -> None:
        self.files += 1
        self._write(encoded(line))

    def end(self) -> None:
        self._file.write(encoded(End(self.files, self._hash.hexdigest())))

    def _write(self, line: bytes) -> None:
        self._hash.update(line)
        self._file.write(line)


class ManifestReader:
    """Reads a manifest that may come from anybody. `Invalid` if it is none, incomplete, or was changed."""

    def __init__(self, file: IO[bytes], name: str = "The manifest") -> None:
        self._file, self._name, self._hash = file, name, hashlib.sha256()
        self.header = self._decoded(self._line(), Header)
        if self.header.format != FORMAT or self.header.version != VERSION:
            raise Invalid(f"{name} was made by another version of PixlStash, or by another program.")

    def lines(self) -> Iterator[Line]:
        """Yield its files. Whether it is whole is known at the end."""
        count = 0
        while True:
            raw = self._line(hashed=False)
            if raw.startswith(b'{"files":'):
                end = self._decoded(raw, End)
                if end != End(count, self._hash.hexdigest()) or self._file.read(1):
                    raise Invalid(f"{self._name} was changed after it was written.")
                return
            self._hash.update(raw)
            line = self._decoded(raw, Line)
            demand_name(line.name)
            count += 1
            if count > MOST:
                raise Invalid(f"{self._name} has more than {MOST:,} files.")
            yield line

    def _line(self, *, hashed: bool = True) -> bytes:
        raw = self._file.readline(LONGEST)
        if not raw.endswith(b"\n"):
            raise Invalid(f"{self._name} is incomplete: the export was interrupted, or the file was cut off.")
        if hashed:
            self._hash.update(raw)
        return raw

    def _decoded(self, raw: bytes, type: Any) -> Any:
        try:
            return msgspec.json.decode(raw, type=type)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"{self._name} is not a manifest of an export: {error}.") from error


def demand_name(name: str) -> None:
    """`Invalid` unless a name stays below the folder of its export on every system."""
    parts = name.split("/")
    if len(parts) > 16 or any(
        not part or part[0] == "." or len(part.encode(errors="replace")) > 255 or set(part) & set('\\:*?"<>|\0')
        for part in parts
    ):
        raise Invalid(f"{name[:100]!r} is not a name that exports give to files.")


@contextmanager
def opened(path: Path) -> Iterator[ManifestReader]:
    """Open the manifest of an export: of its folder, of its zip file, or the file itself."""
    try:
        if path.is_dir():
            with open_within(path, NAME) as file:
                yield ManifestReader(file, str(path / NAME))
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive, archive.open(NAME) as member:
                yield ManifestReader(member, f"{path}: {NAME}")
        else:
            with path.open("rb") as file:
                yield ManifestReader(file, str(path))
    except (NotThere, KeyError) as error:
        raise NotThere(f"{path} has no {NAME}: it is not an export, or the export was interrupted.") from error
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise PixlStashError(f"{path} cannot be read: {error}.") from error


def diff(before: Path, after: Path) -> ExportDiff:
    """Compare the manifests of two exports."""
    with opened(before) as reader:
        header, files = reader.header, {line.name: line.sha256 for line in reader.lines()}
    added, changed, same = [], [], 0
    with opened(after) as reader:
        settings = _settings(header, reader.header)
        for line in reader.lines():
            sha256 = files.pop(line.name, None)
            if sha256 is None:
                added.append(line.name)
            elif sha256 != line.sha256:
                changed.append(line.name)
            else:
                same += 1
    names = {"added": added[:LISTED], "removed": list(files)[:LISTED], "changed": changed[:LISTED]}
    return ExportDiff(len(added), len(files), len(changed), same, names, settings)


def _settings(before: Header, after: Header) -> list[str]:
    """What differs besides files, as sentences."""

    def values(header: Header) -> dict[str, Any]:
        options = msgspec.to_builtins(header.options)
        return {"library": header.library, "query": header.query, **options, **header.versions}

    old, new = values(before), values(after)
    return [
        f"{name}: {old.get(name)!r} → {new.get(name)!r}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


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
            notes = self._notes(sources)
            for line in page:
                source = sources.get(line.source or "")
                if source is None:
                    yield LeftOut(line.name, "The library no longer has this picture.")
                else:
                    yield replace(self._item(source, line), metadata=notes.get(source.id))

    def _item(self, source: Source, line: Line) -> Item:
        if not self._plan.draws(source):
            return Item(source, line.name, line.text)
        format = self._options.format
        if format == "original":
            format = DRAWN_AS.get(source.format, "png")  # type: ignore[assignment]
        assert format in EXTENSIONS
        return Item(source, line.name, line.text, line.box, drawn_size(source, line.box, self._options), format)

    def _notes(self, sources: Mapping[str, Source]) -> dict[int, bytes]:
        """The files of metadata: those of now, because a manifest does not hold them."""
        if not self._options.metadata or self._options.faces:
            return {}
        notes = reading.notes_of(self._db, self._reader, [source.id for source in sources.values()])
        return {source.id: metadata.encoded(source, notes.get(source.id, Annotations())) for source in sources.values()}

    def _sources(self, page: Sequence[Line]) -> Mapping[str, Source]:
        ids = reading.by_hash(self._db, {line.source for line in page if line.source is not None})
        return {source.sha256.hex(): source for source in reading.sources(self._db, self._reader, ids)}

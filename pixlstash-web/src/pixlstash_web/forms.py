"""Reads forms with files (multipart/form-data), streaming the files to the library's disk, within limits."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from msgspec import Struct
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from pixlstash_core.errors import Invalid
from pixlstash_core.search.query_images import MOST

from .answers import TooLarge, WrongMedia, run_in_threadpool
from .table import Call
from .uploads import (
    GATHER,
    create,
    demand_room,
    demand_whole,
    foresee_length,
    gathered,
    settle,
    too_large,
    translated_errors,
)

#: Maximum number of files and of other fields in a form; maximum bytes of a field.
FILES, FIELDS, FIELD = 1000, 100, 1 << 16
#: Maximum number of files in a form for a search, whose size is limited like that of held pictures.
SEARCHED = 16
#: Maximum bytes of a form besides its files.
FRAME = FIELDS * FIELD
ANY = 1 << 62
BROKEN = "The form is broken: it is not multipart/form-data as its Content-Type says."


class Form(Struct):
    """A form: fields by name, and files as (name, durable path)."""

    fields: dict[str, str]
    files: list[tuple[str, Path]]


class Limits(Struct, frozen=True):
    """Limits of a form: the number of files, and the bytes of each."""

    files: int
    size: int


@asynccontextmanager
async def receive(call: Call, name: str, *, searching: bool = False) -> AsyncIterator[Form]:
    """Receive a form with files in fields `name`, for the duration of the block. Then the remaining files are deleted.

    `searching`: the files are only searched with, which every reader may do. Otherwise they are imported, for which the
    reader must see the whole library.
    """
    limits = Limits(SEARCHED, MOST) if searching else Limits(FILES, call.site.upload_limit)
    if not searching:
        demand_whole(call)
    sentence = f"A search takes at most {SEARCHED} files of {MOST >> 20} MiB."
    foresee_length(call, SEARCHED * MOST + FRAME if searching else ANY, sentence)
    form = Form({}, [])
    try:
        with translated_errors():
            await _Reader(call, name, form, limits).read()
        yield form
    finally:
        for _, path in form.files:
            path.unlink(missing_ok=True)


class _Part(Struct):
    name: str
    file: str | None


class _Reader:
    """Collects the parser's callbacks, and writes the files on another thread afterwards."""

    def __init__(self, call: Call, name: str, form: Form, limits: Limits) -> None:
        self._call, self._name, self._form, self._limits = call, name, form, limits
        self._pieces: list[_Part | bytes | None] = []
        self._header = self._value = self._disposition = b""
        self._part: _Part | None = None
        self._file: BinaryIO | None = None
        self._gathered = bytearray()
        self._size = 0
        self._ended = False

    async def read(self) -> None:
        kind, options = parse_options_header(self._call.request.headers.get("content-type"))
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise WrongMedia("The body must be a form with files: multipart/form-data.")
        try:
            parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._on_begin,
                    "on_header_field": self._on_header,
                    "on_header_value": self._on_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers,
                    "on_part_data": lambda data, start, end: self._pieces.append(data[start:end]),
                    "on_part_end": lambda: self._pieces.append(None),
                    "on_end": self._on_end,
                },
            )
            async for block in gathered(self._call):
                parser.write(block)
                await self._keep()
            parser.finalize()
        except FormParserError as error:
            raise Invalid(BROKEN) from error
        finally:
            if self._file is not None:
                await run_in_threadpool(self._file.close)
        if not self._ended:
            raise Invalid("The form ends too early.")

    # -- what the parser says ------------------------------------------------------------------------------------------

    def _on_begin(self) -> None:
        self._disposition = b""

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise Invalid("A part of the form has no name.")
        # Some clients encode a name that is not ASCII only as in RFC 8187.
        wide = re.search(rb"filename\*=\s*utf-8''([^;\s]*)", self._disposition, re.IGNORECASE)
        file = unquote_to_bytes(wide[1]) if wide else options.get(b"filename")
        self._pieces.append(_Part(_text(options[b"name"]), None if file is None else _text(file)))

    def _on_end(self) -> None:
        self._ended = True

    # -- what is done about it -----------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        for item in self._pieces:
            if isinstance(item, _Part):
                await self._begin(item)
            elif item is None:
                await self._end()
            else:
                self._gathered += item
                await self._flush(GATHER)
        self._pieces.clear()

    async def _begin(self, part: _Part) -> None:
        self._part, self._size = part, 0
        if part.name == self._name:
            if len(self._form.files) >= self._limits.files:
                raise Invalid(f"A form may have at most {self._limits.files} files. Send them in several.")
            path = self._call.library.intake.temporary(part.file or "")
            self._file = await run_in_threadpool(create, path)
            self._form.files.append((part.file or "", path))
        elif part.file is not None:
            raise Invalid(f"Files are expected in the field {self._name!r}, not {part.name!r}.")
        elif len(self._form.fields) >= FIELDS:
            raise Invalid(f"A form may have at most {FIELDS} fields.")

    async def _flush(self, beyond: int) -> None:
        if self._file is None:
            if len(self._gathered) > FIELD:
                raise TooLarge("A field of the form is too long.")
        elif len(self._gathered) >= beyond:
            self._size += len(self._gathered)
            if self._size > self._limits.size:
                raise too_large(self._call, self._limits.size)
            demand_room(self._call, len(self._gathered))
            await run_in_threadpool(self._file.write, bytes(self._gathered))
            self._gathered.clear()

    async def _end(self) -> None:
        assert self._part is not None, "a part ends after it began"
        await self._flush(0)
        if self._file is None:
            self._form.fields[self._part.name] = _text(self._gathered)
        else:
            await run_in_threadpool(settle, self._file)
            await run_in_threadpool(self._file.close)
        self._file = None
        self._gathered.clear()


def _text(raw: bytes | bytearray) -> str:
    """Decode UTF-8, as browsers send it, or else Latin-1."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")

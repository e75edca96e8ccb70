"""Requests to import files, and their results."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

#: Milliseconds since 1970, up to the year 9999.
Moment = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]


class Refusal(Struct, frozen=True):
    path: str
    reason: str


class ImportReport(Struct, frozen=True):
    imported: int
    duplicates: int
    refused: list[Refusal]
    seconds: float


class UploadedFile(Struct, frozen=True):
    """The result of importing one of several files. `name` includes its folders in a zip file."""

    name: str
    status: Literal["imported", "duplicate", "scrapheaped", "refused"]
    id: int | None = None
    reason: str | None = None


class Archive(Struct, frozen=True):
    """The results for the files in a zip file so far. `results` are the first 1,000, once it is finished."""

    upload: str
    finished: bool
    files: int | None
    imported: int
    duplicates: int
    refused: int
    results: list[UploadedFile] = []


class Uploaded(Struct, frozen=True):
    """The result of importing a file. A readable zip file has the results of its files in `archive`."""

    status: Literal["imported", "duplicate", "scrapheaped", "refused", "archive"]
    id: int | None = None
    reason: str | None = None
    archive: Archive | None = None


class BeginUpload(Struct, frozen=True):
    """Begin the upload of a file of `size` bytes in pieces. `key` is the client's own name for it.

    `modified`: when it was last changed, in milliseconds since 1970, for pictures that do not say when they were made.
    """

    name: Annotated[str, Meta(max_length=1024)]
    size: Annotated[int, Meta(ge=0)]
    key: Annotated[str, Meta(max_length=200)] = ""
    modified: Moment | None = None


class Upload(Struct, frozen=True):
    """An upload in pieces. The first `received` bytes are stored durably."""

    id: str
    name: str
    size: int
    received: int
    state: Literal["receiving", "taking", "done"]
    expires: datetime
    result: Uploaded | None = None


CaptionMeaning = Literal["tags", "description", "ignore"]


class CaptionRule(Struct, frozen=True):
    """What the text files beside pictures are. `suffix`: what follows the picture's name, such as `_tags.txt`."""

    suffix: Annotated[str, Meta(min_length=2, max_length=40)]
    means: CaptionMeaning


Captions = Annotated[list[CaptionRule], Meta(max_length=20)]


class CaptionPattern(Struct, frozen=True):
    """A naming pattern of text files beside pictures in a folder. `means` is a guess from the sample.

    `files`: how many there are; `name` is one of them, `sample` the beginning of its text, empty if it cannot be read.
    """

    suffix: str
    files: int
    name: str
    sample: str
    means: CaptionMeaning


class ImportPaths(Struct, frozen=True):
    """Import files and folders of the server's machine. `in_place`: index them without copying.

    `captions`: what the text files beside pictures are; others named `x.txt` become tags or a description.
    """

    paths: list[str]
    in_place: bool = False
    captions: Captions = []

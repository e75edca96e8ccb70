"""Downloads and exports."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Selection

#: What lies beside each picture: nothing, its caption in a `.txt`, or all metadata in a `.json`.
Beside = Literal["none", "captions", "metadata"]


Layout = Literal["plain", "kohya", "ai-toolkit", "onetrainer"]
ImageFormat = Literal["original", "png", "jpeg", "webp"]
#: Whose tags `{tags}` has: everybody's, those that a person assigned or accepted, or those that an engine suggested.
TagsBy = Literal["all", "people", "engines"]
#: Of several captions: the first there is, each picture's next one in turn, or all of them, one per line.
Several = Literal["first", "turn", "all"]
Template = Annotated[str, Meta(max_length=2000)]
TagNames = Annotated[list[str], Meta(max_length=1000)]


class ExportOptions(Struct, frozen=True, kw_only=True):
    """How pictures are exported; docs/export.md describes each option.

    `side`: the longest side in pixels at most; `bucket`: crop to resolution buckets of this side instead; `faces`:
    export crops of faces instead of whole pictures, each with `margin` of its size around it. Without these and with
    `format` "original", files stay as they are, except that `strip` removes their metadata.

    `text`: write a caption file beside each picture, made from `template`; `jsonl`: also write `metadata.jsonl`;
    `metadata`: write a `.json` file with all that is known beside each picture.
    `captions`: whose captions `{caption}` has, by preference: "you" or the id of an engine (empty: as displayed).
    """

    layout: Layout = "plain"
    side: Annotated[int, Meta(ge=16, le=16_384)] | None = None
    bucket: Annotated[int, Meta(ge=128, le=4096)] | None = None
    faces: bool = False
    margin: Annotated[float, Meta(ge=0, le=4)] = 0.3
    format: ImageFormat = "original"
    quality: Annotated[int, Meta(ge=1, le=100)] = 95
    strip: bool = False
    text: bool = True
    jsonl: bool = False
    metadata: bool = False
    template: Template = "{caption}"
    trigger: Annotated[str, Meta(max_length=200)] = ""
    class_word: Annotated[str, Meta(max_length=200)] = ""
    repeats: Annotated[int, Meta(ge=1, le=10_000)] = 10
    captions: Annotated[list[str], Meta(max_length=100)] = []
    several: Several = "first"
    tags_by: TagsBy = "all"
    without: TagNames = []
    underscores: bool = False
    name: Template = "{name}"


class MakeExport(Selection, frozen=True, kw_only=True):
    """Which pictures to export to where: a selection, or the pictures of a query `q`, in its order.

    `path`: a new or empty folder, an earlier export of this library, or a new file whose name ends in `.zip`. With
    `again`, the path of a manifest, its pictures are exported again with its options, names and captions.
    """

    path: str
    q: Annotated[str, Meta(max_length=10_000)] | None = None
    options: ExportOptions = ExportOptions()
    again: str | None = None


class ExportReport(Struct, frozen=True):
    """The result of an export. `written`: new or changed files, of `bytes` in all; `deleted`: files of the previous
    export that are in this one no more.

    `problems`: the first hundred of the `left_out` pictures, with reasons; `differs`: the first hundred files of an
    export from a manifest whose bytes are not the same.
    """

    path: str
    pictures: int
    files: int
    written: int
    bytes: int
    deleted: int
    left_out: int
    problems: list[str]
    differs: list[str] = []


class PreviewExport(Selection, frozen=True, kw_only=True):
    """Preview an export of a selection, or of the pictures of a query `q`.

    Tokens are those of CLIP, or of the `tokenizer`: the path of a model's tokenizer.json on the server, for its owner.
    """

    q: Annotated[str, Meta(max_length=10_000)] | None = None
    options: ExportOptions = ExportOptions()
    tokenizer: Annotated[str, Meta(max_length=4096)] | None = None


class ExportSample(Struct, frozen=True):
    """One picture as it would be exported. `text` is its caption, or None."""

    id: int
    name: str
    text: str | None
    tokens: int
    width: int
    height: int


class TagTotal(Struct, frozen=True):
    """How many exported captions can have a tag."""

    name: str
    pictures: int


class BucketTotal(Struct, frozen=True):
    """The number of pictures of one resolution bucket."""

    width: int
    height: int
    pictures: int


class ExportPreview(Struct, frozen=True):
    """What an export would have: the first 20 pictures, the 200 most frequent tags, and all resolution buckets.

    `empty`: pictures whose caption would be empty; `long`: those with more than 75 tokens, which are estimated unless
    `exact`; `left_out`: moving pictures, which cannot be resized.
    """

    pictures: int
    empty: int
    long: int
    left_out: int
    samples: list[ExportSample]
    tags: list[TagTotal]
    buckets: list[BucketTotal]
    layout: list[str]
    exact: bool


class ExportDiff(Struct, frozen=True):
    """Two manifests compared: the first hundred names each of files that were added, removed and changed.

    `settings`: options, queries and versions that differ, as sentences.
    """

    added: int
    removed: int
    changed: int
    same: int
    names: dict[str, list[str]]
    settings: list[str]


class PrepareDownload(Selection, frozen=True, kw_only=True):
    """Which originals to download: a selection, or the pictures of a query `q`, in its order.

    `beside`: files to add beside each picture. `name` is that of the zip file, without its extension. With `options`,
    the zip file is an export with them, and `beside` is ignored.
    """

    q: Annotated[str, Meta(max_length=10_000)] | None = None
    beside: Beside = "none"
    name: Annotated[str, Meta(max_length=200)] = "pictures"
    options: ExportOptions | None = None


class Download(Struct, frozen=True):
    """A prepared download, to be fetched within an hour. `bytes`: the sum of the originals' sizes."""

    id: str
    name: str
    pictures: int
    bytes: int

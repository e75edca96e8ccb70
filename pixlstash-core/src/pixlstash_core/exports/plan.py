"""What an export consists of: one item for each file, with its name and caption; and its preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from .. import threads
from ..captions.tokens import Counter as TokenCounter
from ..database.connection import Database
from ..media.file_names import honest_name
from ..people import faces
from ..types import BucketTotal, ExportOptions, ExportPreview, ExportSample, Reader, TagTotal
from . import layouts, metadata, reading
from .captions import Captioner, Namer, UniqueNames
from .reading import Annotations, Source

Box = tuple[float, float, float, float]
EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp"}
#: Formats that trainers read; whatever else has to be drawn becomes PNG.
DRAWN_AS = {"jpeg": "jpeg", "webp": "webp"}
#: Formats whose metadata can be removed without touching the pixels.
STRIPPED = frozenset({"jpeg", "png"})
SAMPLES, TAGS = 20, 200
#: Tokens that CLIP's text encoders read of a caption.
TOKENS = 75


class Item(Struct, frozen=True):
    """One exported file. `box`: the part of the picture that it shows, as fractions; `size` in pixels if it is drawn.

    `format` is None for an original that is copied, without its metadata if the export says so. `metadata` is the
    content of the file of metadata beside it, if there is to be one.
    """

    source: Source
    name: str
    text: str | None
    box: Box | None = None
    size: tuple[int, int] | None = None
    format: str | None = None
    tags: tuple[str, ...] = ()
    metadata: bytes | None = None


class LeftOut(Struct, frozen=True):
    """A picture that cannot be exported, and why."""

    name: str
    why: str


class Plan:
    """The items of an export, read page by page. `folder` is put in front of all names."""

    def __init__(
        self, db: Database, reader: Reader, ids: Sequence[int], options: ExportOptions, folder: str = ""
    ) -> None:
        self._db, self._reader, self.ids, self._options, self._folder = db, reader, ids, options, folder
        self.captioner, self._namer = Captioner(options), Namer(options, len(ids))

    def items(self) -> Iterator[Item | LeftOut]:
        """Yield the items in the order of the pictures; the same library always gives the same."""
        names = UniqueNames(stems=True, reserved=RESERVED)
        number = 0
        for start in range(0, len(self.ids), reading.PAGE):
            page = list(self.ids[start : start + reading.PAGE])
            notes_of = reading.notes_of(self._db, self._reader, page)
            boxes_of = self._boxes(page)
            for source in reading.sources(self._db, self._reader, page):
                number += 1
                notes = notes_of.get(source.id) or Annotations()
                if self.draws(source) and source.moving:
                    yield LeftOut(source.name, "It is a video or animation, and those are exported as they are only.")
                    continue
                name = self._folder + self._namer.name(source, notes, number)
                text = self.captioner.text(source, notes, number - 1) if self._wants_text else None
                tags = tuple(self.captioner.tags(notes))
                if not self._options.faces:
                    item = self._item(names, source, name, text, None, tags)
                    yield replace(item, metadata=metadata.encoded(source, notes)) if self._options.metadata else item
                for count, box in enumerate(boxes_of.get(source.id, []), 1):
                    yield self._item(names, source, f"{name}-face{count}", text, box, tags)

    def draws(self, source: Source) -> bool:
        """Whether a picture is decoded and drawn anew, rather than copied."""
        options = self._options
        if options.faces or options.bucket or options.format not in ("original", source.format):
            return True
        if options.side is not None and max(source.width, source.height) > options.side:
            return True
        return options.strip and source.format not in STRIPPED

    @property
    def _wants_text(self) -> bool:
        return self._options.text or self._options.jsonl

    def _item(
        self, names: UniqueNames, source: Source, name: str, text: str | None, box: Box | None, tags: tuple[str, ...]
    ) -> Item:
        if not self.draws(source):
            end = honest_name(source.name, source.mime).rpartition(".")[2]
            return Item(source, names.take(f"{name}.{end}"), text, tags=tags)
        format = self._options.format
        if format == "original":
            format = DRAWN_AS.get(source.format, "png")  # type: ignore[assignment]
        return Item(
            source,
            names.take(f"{name}.{EXTENSIONS[format]}"),
            text,
            box,
            drawn_size(source, box, self._options),
            format,
            tags,
        )

    def _boxes(self, page: Sequence[int]) -> Mapping[int, list[Box]]:
        if not self._options.faces:
            return {}
        with self._db.reading() as connection:
            found_faces = faces.of_pictures(connection, page)
        return {
            picture: [widened(face.box, self._options.margin) for face in of_one if face.time is None]
            for picture, of_one in found_faces.items()
        }


#: Names that an export uses itself.
RESERVED = ("manifest.jsonl", "metadata.jsonl", "dataset.toml", "ai-toolkit.yaml", "concepts.json")


def widened(box: Box, margin: float) -> Box:
    """A box with a margin on each side, as a share of its longer side, within the picture."""
    left, top, right, bottom = box
    across, down = (right - left) * margin, (bottom - top) * margin
    return max(0.0, left - across), max(0.0, top - down), min(1.0, right + across), min(1.0, bottom + down)


def drawn_size(source: Source, box: Box | None, options: ExportOptions) -> tuple[int, int]:
    """The size in pixels of a drawn picture, turned as it is shown."""
    width, height = source.width, source.height
    if box is not None:  # boxes are of the picture before a person turned it
        if source.turn % 2:
            width, height = height, width
        width, height = max(1, round((box[2] - box[0]) * width)), max(1, round((box[3] - box[1]) * height))
        if source.turn % 2:
            width, height = height, width
    if options.bucket is not None:
        return layouts.choose(width, height, options.bucket)
    return layouts.fit(width, height, options.side)


def preview(plan: Plan, options: ExportOptions, counter: TokenCounter) -> ExportPreview:
    """Return what the items of a plan come to."""
    count = empty = too_long = left_out = 0
    samples: list[ExportSample] = []
    tags: Counter[str] = Counter()
    sizes: Counter[tuple[int, int]] = Counter()
    for item in plan.items():
        threads.check_canceled()
        if isinstance(item, LeftOut):
            left_out += 1
            continue
        count += 1
        tokens = counter.count(item.text or "")
        empty += not item.text
        too_long += tokens > TOKENS
        tags.update(item.tags)
        size = size_of(item)
        sizes[layouts.choose(*size, options.bucket or options.side or layouts.RESOLUTION)] += 1
        if len(samples) < SAMPLES:
            samples.append(ExportSample(item.source.id, item.name, item.text, tokens, *size))
    frequent = sorted(tags.items(), key=lambda pair: (-pair[1], pair[0]))[:TAGS]
    return ExportPreview(
        count,
        empty,
        too_long,
        left_out,
        samples,
        [TagTotal(name, pictures) for name, pictures in frequent],
        [
            BucketTotal(*size, pictures)
            for size, pictures in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
        [name for name, _ in layouts.settings(options)],
        counter.exact,
    )


def size_of(item: Item) -> tuple[int, int]:
    """The size in pixels of an exported picture."""
    return item.size or (max(1, item.source.width), max(1, item.source.height))

"""The classes a plugin author subclasses for `kinds`, `readers`, `stores` and `importers`.

They hold no state of the library and import nothing heavy. Objects are yielded from the hooks in `hookspecs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from msgspec import Struct

from ..types import Embedded, Fact, Facts, Format, KnownPicture

if TYPE_CHECKING:
    from PIL.Image import Image


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a plugin object: a typo in one is an error, and its JSON Schema is the settings form."""


class Media:
    """One opened file, as a kind sees it inside the decoder process.

    Set `width` and `height` (pixels, upright), `orientation` (EXIF 1..8, as found), `moving`, `seconds`,
    `created` (ms UTC or None), `facts` and `embedded`; `still` draws it, `frames` draws it at given times.
    `background` is what transparent pixels are to be laid on; `precise`: it is drawn for an engine, whose results
    hang on how it is made smaller. A kind without loss sets `pixels` when it has drawn: the image as it is stored, in
    which tools may have hidden texts.
    """

    background: str = "white"
    precise: bool = False

    width: int = 0
    height: int = 0
    orientation: int = 1
    moving: bool = False
    seconds: float | None = None
    created: int | None = None
    facts: tuple[Fact, ...] = ()
    embedded: Embedded | None = None
    pixels: Image | None = None

    def still(self, short: int, long: int) -> Image:
        """One upright RGB image, short side <= `short` and long side <= `long` pixels, never enlarged.

        Raise any exception when it cannot be drawn: the picture is refused with its text.
        """
        raise NotImplementedError

    def frames(self, times: Sequence[float], short: int, long: int) -> Iterator[Image]:
        """For each time (seconds from the start, ascending) the frame shown then, drawn as `still` draws; beyond the
        end the last one. Asked only of what is `moving`, and in place of `still`."""
        raise NotImplementedError


class Kind:
    """A media kind: recognises its formats by their first bytes and opens them. Runs in the limited decoder process.

    Set `id`; its pictures are of that kind unless `kind` says another (`heif` adds a format to the kind `image`).
    `open` gets a seekable file holding all bytes; whatever it raises refuses the file.
    """

    id: ClassVar[str]
    kind: ClassVar[str] = ""

    def recognise(self, head: bytes, name: str) -> Format | None:
        """The format, from the first 4,096 bytes (fewer in a smaller file) and the file's name; None: not mine."""
        raise NotImplementedError

    def open(self, file: BinaryIO, format: Format) -> Media:
        raise NotImplementedError


class FactReader:
    """Reads embedded facts: pure, bytes to data, no I/O. Set `id` and `revision` (changes when the answer would).

    Readers of a higher `priority` come first, and later ones only fill in what is missing. The built-in ones have 0.
    """

    id: ClassVar[str]
    revision: ClassVar[str] = "1"
    priority: ClassVar[int] = 0

    def lift(self, pixels: Image) -> Mapping[str, str]:
        """The texts that are hidden in these pixels, by keyword: each reader finds them in `embedded.text`."""
        return {}

    def read(self, embedded: Embedded) -> Facts | None:
        """What this reader knows about it, or None. Several readers may answer; later ones fill blanks."""
        raise NotImplementedError


class Stat(Struct, frozen=True):
    """Size in bytes and modification time in ns since 1970, or None where the store does not know."""

    size: int | None
    mtime: int | None = None


class Opened:
    """A connected store. Errors: `StoreUnreachable` (retry, mark nothing) or `NotThere`; nothing else on purpose."""

    writable: bool = False
    #: False: bytes are made on demand and do not hash to the picture's SHA-256.
    verbatim: bool = True
    #: The folder that all paths of `local` lie in, if there is one: no link below it is followed when they are opened.
    local_root: Path | None = None

    def read(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """The bytes from `start` up to (not including) `end`, or to the last."""
        raise NotImplementedError

    def put(self, key: str, file: BinaryIO) -> None:
        """Keep these bytes; return when they are durable. Repeating it is harmless."""
        raise NotImplementedError

    def delete(self, key: str) -> None:
        """Forget these bytes; harmless when they are gone already."""
        raise NotImplementedError

    def stat(self, key: str) -> Stat:
        raise NotImplementedError

    def list(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        """Every key below the prefix, in no particular order."""
        raise NotImplementedError

    def name(self, key: str) -> str:
        """What the file is called: by default, the last part of its key."""
        return key.rpartition("/")[2]

    def known(self, key: str) -> KnownPicture | None:
        """Return a picture's metadata, with which it is added without reading its file; it is drawn on first view.

        None: the file is read.
        """
        return None

    def local(self, key: str) -> Path | None:
        """A path to read the bytes from, where there is one: readers may then skip a copy."""
        return None


class Store:
    """A place that keeps picture bytes. Set `scheme` (`file`) and `Params`; `connect` must be cheap."""

    scheme: ClassVar[str]
    Params: ClassVar[type[Params]] = Params

    def connect(self, params: Any) -> Opened:
        raise NotImplementedError


class Found(Struct, frozen=True):
    """A file an importer found. `key` names it within the source for ever; `open` yields its bytes."""

    key: str
    name: str
    open: Callable[[], BinaryIO]
    size: int | None = None
    mtime: int | None = None


class Importer:
    """A source of pictures, copied into the library. Set `id`, `label` and `Params`."""

    id: ClassVar[str]
    label: ClassVar[str] = ""
    Params: ClassVar[type[Params]] = Params

    def scan(self, params: Any) -> Iterable[Found]:
        """Everything there is now. What is known already costs the library one look-up."""
        raise NotImplementedError

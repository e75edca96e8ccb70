"""Base classes for the hooks `kinds`, `readers`, `stores`, `importers`, `sharers` and `rendition_steps`.

They have no state of the library, and import nothing that loads slowly.

They get neither paths nor originals nor the library: only renditions, from which all metadata was removed.
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
    """Base of settings: unknown names are errors, and the JSON Schema defines the settings form."""


class Media:
    """An opened file of a media kind, in the decoder process.

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
        """Return an upright RGB image, short side <= `short` and long side <= `long` pixels, never enlarged.

        If this raises, the picture is refused with the text of the exception.
        """
        raise NotImplementedError

    def frames(self, times: Sequence[float], short: int, long: int) -> Iterator[Image]:
        """Yield the frame at each time (seconds from the start, ascending), drawn as by `still`.

        Times beyond the end give the last frame. Called instead of `still`, only if `moving`."""
        raise NotImplementedError


class Kind:
    """A media kind: recognizes files by their first bytes and opens them, in the sandboxed decoder process.

    Set `id`; its pictures are of that kind unless `kind` says another (`heif` adds a format to the kind `image`).
    `open` gets a seekable file holding all bytes; whatever it raises refuses the file.
    """

    id: ClassVar[str]
    kind: ClassVar[str] = ""

    def recognise(self, head: bytes, name: str) -> Format | None:
        """Return the format of a file by its first 4,096 bytes and its name; None if it is not of this kind."""
        raise NotImplementedError

    def open(self, file: BinaryIO, format: Format) -> Media:
        raise NotImplementedError


class FactReader:
    """Reads metadata from embedded bytes, without I/O. Set `id`, and `revision`, which changes with the results.

    Readers of a higher `priority` come first, and later ones only fill in what is missing. The built-in ones have 0.
    """

    id: ClassVar[str]
    revision: ClassVar[str] = "1"
    priority: ClassVar[int] = 0

    def lift(self, pixels: Image) -> Mapping[str, str]:
        """Return texts that are hidden in pixels, by keyword. All readers get them in `embedded.text`."""
        return {}

    def read(self, embedded: Embedded) -> Facts | None:
        """Return metadata, or None. Later readers only add what earlier ones did not find."""
        raise NotImplementedError


class Stat(Struct, frozen=True):
    """Size in bytes and modification time in ns since 1970 (None: unknown)."""

    size: int | None
    mtime: int | None = None


class Opened:
    """A connected store. Its methods raise `StoreUnreachable` (to retry later) or `NotThere`."""

    writable: bool = False
    #: False: files are generated on demand, and their hash is not the picture's SHA-256.
    verbatim: bool = True
    #: The folder with all paths of `local`, if any: links below it are not followed.
    local_root: Path | None = None

    def read(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Open a file at `start`, limited to the bytes before `end` if given."""
        raise NotImplementedError

    def put(self, key: str, file: BinaryIO) -> None:
        """Store a file durably. Can be repeated."""
        raise NotImplementedError

    def delete(self, key: str) -> None:
        """Delete a file, if it exists."""
        raise NotImplementedError

    def stat(self, key: str) -> Stat:
        raise NotImplementedError

    def list(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        """Yield all keys with a prefix, in any order."""
        raise NotImplementedError

    def name(self, key: str) -> str:
        """Return the file name of a key: by default its last part."""
        return key.rpartition("/")[2]

    def known(self, key: str) -> KnownPicture | None:
        """Return a picture's metadata, with which it is added without reading its file; it is drawn on first view.

        None: the file is read.
        """
        return None

    def local(self, key: str) -> Path | None:
        """Return a local path of the file, or None; with one, readers need no copy."""
        return None


class Store:
    """A kind of storage for picture files. Set `scheme` (`file`), `label` and `Params`; `connect` must be fast.

    `hidden`: people cannot add one; the plugin does.
    """

    scheme: ClassVar[str]
    label: ClassVar[str] = ""
    hidden: ClassVar[bool] = False
    Params: ClassVar[type[Params]] = Params

    def connect(self, params: Any) -> Opened:
        raise NotImplementedError


class Found(Struct, frozen=True):
    """A file that an importer found. `key` identifies it permanently in its source; `open` opens it."""

    key: str
    name: str
    open: Callable[[], BinaryIO]
    size: int | None = None
    mtime: int | None = None


class Importer:
    """A source of pictures to copy. Set `id`, `label`, `Params`, and in `reaches` the machines that it connects to."""

    id: ClassVar[str]
    label: ClassVar[str] = ""
    reaches: ClassVar[str] = ""
    Params: ClassVar[type[Params]] = Params

    def scan(self, params: Any) -> Iterable[Found]:
        """Yield all files of the source. Files that were imported before cost one lookup each."""
        raise NotImplementedError


class Rendition(Struct, frozen=True):
    """What a recipient gets of one picture: new JPEGs of its pixels, without any metadata.

    `name` ("0001.jpg") is unique within a share and says nothing about the original. `width` and `height` are those of
    `image` in pixels; `preview` is a smaller JPEG of the same.
    """

    name: str
    width: int
    height: int
    image: bytes
    preview: bytes


class Shared(Struct, frozen=True):
    """Where something was published, in words for people, and what `revoke` needs to take it back."""

    where: str
    state: str = ""


class Sharer:
    """Publishes renditions somewhere. Set `id`, `label` and `Params`.

    Raise a `PixlStashError` whose text says what went wrong. Never overwrite or delete what was there before.
    """

    id: ClassVar[str]
    label: ClassVar[str] = ""
    Params: ClassVar[type[Params]] = Params

    def share(self, title: str, renditions: Iterable[Rendition], params: Any) -> Shared:
        """Publish. `renditions` is iterated once; each is made when it is needed. If that raises, leave nothing behind.

        `title` may be empty.
        """
        raise NotImplementedError

    def revoke(self, state: str) -> None:
        """Take back what `share` published; harmless if it is gone. Raise if something of it may still be there."""
        raise NotImplementedError


class RenditionStep:
    """Changes the pixels of renditions. Set `id` and `Params`, and a new `revision` when results change.

    `marks`: it burns a watermark in. Its results are decoded again, and a picture that does not show it is not shared.
    """

    id: ClassVar[str]
    revision: ClassVar[str] = "1"
    marks: ClassVar[bool] = False
    Params: ClassVar[type[Params]] = Params

    def check(self, params: Any) -> None:
        """Raise a `PixlStashError` if these settings make no sense. Called before something is shared."""

    def apply(self, image: Image, params: Any) -> Image:
        """Return an RGB image. The given one is upright, in sRGB and opaque, and may be changed in place."""
        raise NotImplementedError

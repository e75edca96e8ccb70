"""Renditions: new JPEGs of a picture's pixels, from which everything else was removed.

The original is decoded in the decoder process to opaque RGB. Only these pixels continue: no metadata, color profile,
alpha channel or container is copied. They are encoded with loss, so that texts hidden in the lowest bits are lost, too.
`media.strip`, which exports use, keeps the exact pixels, and hidden texts with them, so it cannot be used here.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ..database.connection import Database
from ..errors import Invalid, NotFound, NotThere, PixlStashError, Refused, StoreUnreachable, describe
from ..imports import picture_rows
from ..media.pool import DecoderPool
from ..media.thumbnails import Rendered, Thumbnails
from ..pictures.feature import turn_of
from ..plugins.contracts import Opened, Rendition, RenditionStep
from ..plugins.registry import Plugins
from ..types import OWNER, Reading, StepUse
from . import marks

if TYPE_CHECKING:
    from PIL.Image import Image

#: To be increased when renditions are made differently, so that cached ones are not used.
REVISION = 2
#: The longest side of a preview in pixels; the longest side that is decoded, which bounds memory.
PREVIEW, LARGEST = 512, 8192
QUALITY, PREVIEW_QUALITY = 88, 80
#: What is done to each picture unless a share says otherwise.
DEFAULT = (StepUse("resize", {}),)


class Renditions:
    """Makes and caches renditions. Thread-safe. `temporary(name)` returns a new path for a file."""

    def __init__(
        self,
        db: Database,
        pool: DecoderPool,
        thumbnails: Thumbnails,
        plugins: Plugins,
        connect: Callable[[int], Opened],
        temporary: Callable[[str], Path],
    ) -> None:
        self._db, self._pool, self._thumbnails, self._plugins = db, pool, thumbnails, plugins
        self._connect, self._temporary = connect, temporary
        self._slots = threading.BoundedSemaphore(max(1, os.cpu_count() or 1))
        self._lock = threading.Lock()
        self._making: OrderedDict[bytes, threading.Lock] = OrderedDict()
        self._numbers = itertools.count()

    def check(self, steps: Sequence[StepUse]) -> None:
        """Raise `Invalid` unless there are such steps with such settings."""
        for step, params in self._steps(steps):
            try:
                step.check(params)
            except PixlStashError:
                raise
            except Exception as error:  # a plugin may raise anything
                raise Invalid(f"{step.id}: {describe(error)}.") from error

    def sample(self, picture: int, steps: Sequence[StepUse]) -> bytes:
        """Return a preview of a picture with these steps, which is not cached. Raises as `check` and `make` do."""
        self.check(steps)
        image, unmarked = self.drawn(picture, steps)
        return _encoded(image, unmarked).preview

    def format_of(self, picture: int) -> str:
        """Return the format of a picture's original, such as `png`; "" if there is no such picture."""
        return str(self._db.value("select format from picture where id = ?", (picture,), ""))

    def make(self, picture: int, steps: Sequence[StepUse]) -> Rendered:
        """Return a picture's rendition, made now or earlier. Raises `NotFound`, `NotThere` or `Refused`."""
        file = picture_rows.bytes_of(self._db, OWNER, picture)
        turn, sha256 = turn_of(self._db, picture), bytes.fromhex(file.sha256)
        chosen = self._steps(steps)
        key = _key(turn, chosen)
        with self._alone(sha256 + key):
            rendered = self._thumbnails.rendition(sha256, key)
            if rendered is None:
                with self._slots:
                    rendered = _encoded(*self._drawn(file, turn, chosen))
                self._thumbnails.put_rendition(sha256, key, rendered)
        return rendered

    def drawn(self, picture: int, steps: Sequence[StepUse]) -> tuple[Image, Image | None]:
        """Draw a picture anew, without the cache. Return it, and without its watermark if there is one."""
        file = picture_rows.bytes_of(self._db, OWNER, picture)
        with self._slots:
            return self._drawn(file, turn_of(self._db, picture), self._steps(steps))

    def has_mark(self, steps: Sequence[StepUse]) -> bool:
        """Return whether these steps burn a watermark into pictures."""
        return any(step.marks for step, _ in self._steps(steps))

    def read(self, body: bytes) -> Reading:
        """Read a file as an import would, in the decoder process. Raises `Refused`."""
        path = self._temporary(f"rendition-{next(self._numbers)}")
        try:
            path.write_bytes(body)
            reading = self._pool.read(path, "picture")
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        assert isinstance(reading, Reading), "nothing decides against it"
        return reading

    def each(self, pictures: Sequence[int], steps: Sequence[StepUse]) -> Iterator[Rendition]:
        """Make the renditions of these pictures one by one, with names that only number them."""
        for number, picture in enumerate(pictures, 1):
            made = self.make(picture, steps)
            yield Rendition(f"{number:04}.jpg", made.width, made.height, made.image, made.preview)

    def _steps(self, steps: Sequence[StepUse]) -> list[tuple[RenditionStep, Any]]:
        by_id = self._plugins.rendition_steps()
        chosen = []
        for use in steps:
            if use.id not in by_id:
                raise Invalid(f"There is no step {use.id!r}, only: {', '.join(sorted(by_id))}.")
            try:
                params = msgspec.convert(use.params, by_id[use.id].Params)
            except msgspec.ValidationError as error:
                raise Invalid(f"{use.id}: {error}.") from error
            chosen.append((by_id[use.id], params))
        return chosen

    def _drawn(
        self, file: picture_rows.Bytes, turn: int, steps: Iterable[tuple[RenditionStep, Any]]
    ) -> tuple[Image, Image | None]:
        """Return the picture, and the same without the steps that mark it; None if there are none."""
        from PIL import Image as pil

        image = self._decoded(file)
        if turn % 4:
            rotations = {1: pil.Transpose.ROTATE_270, 2: pil.Transpose.ROTATE_180, 3: pil.Transpose.ROTATE_90}
            image = image.transpose(rotations[turn % 4])
        unmarked: Image | None = None
        for step, params in steps:
            if step.marks:
                unmarked = image.copy() if unmarked is None else unmarked
            elif unmarked is not None:
                unmarked = _applied(step, params, unmarked)
            image = _applied(step, params, image)
        return image, unmarked

    def _decoded(self, file: picture_rows.Bytes) -> Image:
        """Return the pixels of an original, at most `LARGEST` wide and high."""
        from PIL import Image as pil

        problem: PixlStashError = NotThere("None of this picture's files is there any more.")
        for store, key in file.places:
            target = self._temporary(f"rendition-{next(self._numbers)}")
            files = [target]
            try:
                opened = self._connect(store)
                path, root = opened.local(key), opened.local_root
                if path is None:
                    path, root = target, None
                    with opened.read(key) as source, target.open("wb") as out:
                        while block := source.read(1 << 20):
                            out.write(block)
                pixels = target.with_name(f"{target.name}.pixels")
                expected = bytes.fromhex(file.sha256) if opened.verbatim else b""
                drawn = self._pool.pixels(path, file.name, pixels, root=root, sha256=expected, side=LARGEST)
                files += [image for image, _, _ in drawn]
                first, width, height = drawn[0]
                return pil.frombytes("RGB", (width, height), first.read_bytes())
            except (NotThere, NotFound, StoreUnreachable) as error:
                problem = error
            finally:
                for temporary in files:
                    with suppress(OSError):
                        temporary.unlink(missing_ok=True)
        raise problem

    @contextmanager
    def _alone(self, key: bytes) -> Iterator[None]:
        """Have each rendition be made once, however many ask for it."""
        with self._lock:
            lock = self._making.setdefault(key, threading.Lock())
            self._making.move_to_end(key)
        with lock:
            yield
        with self._lock:
            while len(self._making) > 256:
                self._making.popitem(last=False)


def _key(turn: int, steps: Iterable[tuple[RenditionStep, Any]]) -> bytes:
    used = [(step.id, step.revision, params) for step, params in steps]
    text = msgspec.json.encode((REVISION, turn % 4, used))
    return hashlib.blake2b(text, digest_size=16).digest()


def _applied(step: RenditionStep, params: Any, image: Image) -> Image:
    from PIL import Image as pil

    try:
        image = step.apply(image, params)
        if not isinstance(image, pil.Image) or image.mode != "RGB" or max(image.size) > LARGEST:
            raise TypeError("it returned no RGB image of a reasonable size")
    except Exception as error:  # a plugin may raise anything
        raise Refused(f"The step {step.id} failed: {describe(error)}") from error
    return image


def _encoded(image: Image, unmarked: Image | None) -> Rendered:
    """Encode pixels as a JPEG and a smaller one. Only pixels are copied: `info` of an image may hold metadata.

    If there is an unmarked image, both files are decoded again, and `Refused` is raised if one does not show the mark.
    """
    large, small = _sizes(image)
    rendered = Rendered(*large.size, _jpeg(large, QUALITY), _jpeg(small, PREVIEW_QUALITY))
    if unmarked is None:
        return rendered
    for body, marked, plain in zip((rendered.image, rendered.preview), (large, small), _sizes(unmarked), strict=True):
        if not marks.shows(marked, plain, marks.opened(body)):
            raise Refused("The watermark cannot be seen on this picture. Make it larger or more opaque.")
    return msgspec.structs.replace(rendered, marked=True)


def _sizes(image: Image) -> tuple[Image, Image]:
    """Return a copy of the pixels, and a smaller one for a preview."""
    from PIL import Image as pil

    large = pil.frombytes("RGB", image.size, image.tobytes())
    small = large.copy()
    small.thumbnail((PREVIEW, PREVIEW), pil.Resampling.LANCZOS, reducing_gap=3.0)
    return large, small


def _jpeg(image: Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()

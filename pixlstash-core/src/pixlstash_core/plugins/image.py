"""`Image`: an image or video frame as engines get it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import Struct

from ..types import Facts

if TYPE_CHECKING:
    from PIL.Image import Image as PilImage


class Pictured(Struct, frozen=True):
    """The picture that an image shows; `size` is the original's (width, height) in pixels, upright."""

    id: int
    kind: str
    size: tuple[int, int]


class Image:
    """One still as the host gives it: upright, 8-bit RGB, alpha laid on `background`, longest side <= `image_side`.

    Good while `run` works on it; copy what is to outlive that. `frame` is the time of a moving picture's still in
    seconds, None for what does not move; `frames` are all stills of the picture, this one among them, where an engine
    gets them as one group (captioners). `given` holds what `needs` asked for, `facts` what the file says about itself
    (without its payloads).
    """

    def __init__(
        self,
        picture: Pictured,
        width: int = 0,
        height: int = 0,
        pixels: Any = None,
        *,
        facts: Facts | None = None,
        given: Mapping[str, Any] | None = None,
        frame: float | None = None,
        opens: Callable[[], BinaryIO] | None = None,
    ) -> None:
        self.picture = picture
        self.width, self.height = width, height
        self.facts = facts or Facts(())
        self.given: Mapping[str, Any] = given or {}
        self.frame = frame
        self.frames: Sequence[Image] = (self,)
        self._pixels, self._opens = pixels, opens

    @property
    def area(self) -> int:
        """Number of pixels of this image."""
        return self.width * self.height

    @property
    def buffer(self) -> memoryview:
        """Pixels as `height` × `width` × 3 bytes, row by row, R G B."""
        if self._pixels is None:
            raise ValueError("This engine says `pixels = False`: nothing was decoded for it.")
        return memoryview(self._pixels)[: 3 * self.area].toreadonly()

    @property
    def pil(self) -> PilImage:
        """Return a copy as a Pillow image."""
        from PIL import Image as pil

        return pil.frombytes("RGB", (self.width, self.height), self.buffer)

    @property
    def array(self) -> Any:
        """Pixels as a numpy array of shape (height, width, 3) and type uint8, read-only and not copied."""
        import numpy as np

        return np.frombuffer(self.buffer, np.uint8).reshape(self.height, self.width, 3)

    def open(self) -> BinaryIO:
        """Open the original file."""
        if self._opens is None:
            raise ValueError("The original bytes of this image are not available.")
        return self._opens()

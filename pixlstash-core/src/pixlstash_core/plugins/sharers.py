"""The classes a plugin author subclasses for `sharers` and `rendition_steps`.

They get neither paths nor originals nor the library: only renditions, from which all metadata was removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from .contracts import Params

if TYPE_CHECKING:
    from PIL.Image import Image


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
    """Changes the pixels of renditions. Set `id` and `Params`, and a new `revision` when results change."""

    id: ClassVar[str]
    revision: ClassVar[str] = "1"
    Params: ClassVar[type[Params]] = Params

    def apply(self, image: Image, params: Any) -> Image:
        """Return an RGB image. The given one is upright, in sRGB and opaque, and may be changed in place."""
        raise NotImplementedError

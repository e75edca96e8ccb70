"""Downloads and exports."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from .pictures import Selection

#: What lies beside each picture: nothing, its caption in a `.txt`, or all metadata in a `.json`.
Beside = Literal["none", "captions", "metadata"]


class PrepareDownload(Selection, frozen=True, kw_only=True):
    """Which originals to download: a selection, or the pictures of a query `q`, in its order.

    `beside`: files to add beside each picture. `name` is that of the zip file, without its extension.
    """

    q: Annotated[str, Meta(max_length=10_000)] | None = None
    beside: Beside = "none"
    name: Annotated[str, Meta(max_length=200)] = "pictures"


class Download(Struct, frozen=True):
    """A prepared download, to be fetched within an hour. `bytes`: the sum of the originals' sizes."""

    id: str
    name: str
    pictures: int
    bytes: int

"""A library of painted pictures with captions, tags and a character, to be exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Create,
    ExportOptions,
    ExportReport,
    MakeExport,
    Selection,
    SetCaption,
)

Export = Callable[..., ExportReport]


def upload(library: Library, folder: Path, name: str, size: tuple[int, int], color: Any, **more: Any) -> int:
    """Add a picture of one color; its id."""
    path = folder / f"upload-{name}"
    Image.new("RGB", size, color).save(path, **more)
    id = library.upload(OWNER, name, path).id
    assert id is not None
    return id


@pytest.fixture
def pictures(library: Library, tmp_path: Path) -> list[int]:
    """Three pictures: 200 × 100 PNG, 100 × 200 JPEG, 64 × 64 PNG without annotations."""
    ids = [
        upload(library, tmp_path, "wide sea.png", (200, 100), "red"),
        upload(library, tmp_path, "tall.jpg", (100, 200), "green", quality=90),
        upload(library, tmp_path, "small.png", (64, 64), "blue"),
    ]
    library.set_caption(OWNER, SetCaption(ids=ids[:1], text="a lighthouse"))
    library.add_tags(OWNER, AddTags(ids=ids[:2], tags=["long hair", "sea"]))
    character = library.create_character(OWNER, Create(name="Ann")).id
    assert character is not None
    library.add_to_character(OWNER, character, Selection(ids=ids[:1]))
    return ids


@pytest.fixture
def export(library: Library) -> Export:
    """`export(path, ids=…, template=…)`: everything by default."""

    def export(path: Path, ids: Sequence[int] | None = None, again: Path | None = None, **options: Any) -> ExportReport:
        ask = MakeExport(
            path=str(path),
            q="" if ids is None else None,
            ids=None if ids is None else list(ids),
            options=ExportOptions(**options),
            again=str(again) if again else None,
        )
        return library.export(OWNER, ask)

    return export


def tree(folder: Path) -> dict[str, bytes]:
    """All files of a folder by name."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

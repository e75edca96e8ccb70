"""A plugin that extends the page in every place, as somebody else would write it, and yields modules that are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pixlstash_core import hookimpl
from pixlstash_web import PageModule

FOLDER = Path(__file__).parent / "modules"
GOOD = (
    PageModule("viewer", "swatch", "Note viewer", FOLDER / "swatch.js", "note"),
    PageModule("page", "board", "Board", FOLDER / "board.js"),
    PageModule("menu", "stamp", "Stamp", FOLDER / "stamp.js"),
    PageModule("grid", "broken", "Broken", FOLDER / "broken.js"),
    PageModule("picture", "taken", "Taken", FOLDER / "taken.js"),
)
#: Modules that cannot be used, and a part of the reason.
BAD = (
    ("no module", "is not a PageModule"),
    (PageModule("page", "board", "Again", FOLDER / "board.js"), "is used twice"),
    (PageModule("page", "Board 2", "Again", FOLDER / "board.js"), "lower-case letters"),
    (PageModule("wall", "wall", "Wall", FOLDER / "board.js"), "none of the places"),  # type: ignore[arg-type]
    (PageModule("page", "empty", " ", FOLDER / "board.js"), "the title is missing"),
    (PageModule("viewer", "all", "All", FOLDER / "board.js"), "`kind` is needed"),
    (PageModule("page", "kind", "Kind", FOLDER / "board.js", "note"), "`kind` is needed"),
    (PageModule("page", "python", "Python", Path(__file__)), "such as panel.js"),
    (PageModule("page", "gone", "Gone", FOLDER / "gone.js"), "there is no file"),
)


@hookimpl
def page_modules() -> Iterator[object]:
    yield from GOOD
    for module, _ in BAD:
        yield module
    raise RuntimeError("no more modules")

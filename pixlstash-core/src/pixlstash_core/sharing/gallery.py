"""The sharer `gallery`: a static page in a new folder or zip file, which opens without a server.

It writes only into a folder that is new or empty, and never over a file. Revoking deletes only unchanged files.
"""

from __future__ import annotations

import hashlib
import html
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
from msgspec import Meta, Struct

from ..errors import Conflict, Invalid, PixlStashError
from ..plugins.contracts import Params, Rendition, Shared, Sharer
from ..storage.files import (
    Root,
    fsync_folder,
    make_folder,
    open_below,
    open_within,
    unlink_below,
    writing_new,
    writing_to,
)

PAGE = Path(__file__).parent / "page"
FOLDERS = ("images", "previews")
#: What is needed to open the viewer on a page that is complete.
START = 'showPictures(document.querySelector(".grid"), true);\n'
Put = Callable[[str, bytes], None]


class GalleryParams(Params, frozen=True):
    """`path`: a new or empty folder, or a new file that ends in `.zip`; absolute, on the server."""

    path: Annotated[str, Meta(min_length=1, max_length=4096)]


class State(Struct, frozen=True):
    """The files that were written, relative to `path`, with their SHA-256; for a zip file, only itself."""

    path: str
    files: dict[str, str]


class Gallery(Sharer):
    id = "gallery"
    label = "A folder or zip file"
    Params = GalleryParams

    def share(self, title: str, renditions: Iterable[Rendition], params: Any) -> Shared:
        path = Path(params.path).expanduser()
        if not path.is_absolute():
            raise Invalid("Give the whole path of the gallery, from the root.")
        written = _zip(path, title, renditions) if path.suffix.lower() == ".zip" else _folder(path, title, renditions)
        return Shared(str(path), msgspec.json.encode(State(str(path), written)).decode())

    def revoke(self, state: str) -> None:
        about = msgspec.json.decode(state, type=State)
        path = Path(about.path)
        is_folder = path.suffix.lower() != ".zip"
        root = path if is_folder else path.parent
        changed = [name for name, sha256 in about.files.items() if not _removed(root, name, sha256)]
        if is_folder:
            for folder in (*(path / name for name in FOLDERS), path):
                with suppress(OSError):  # somebody else's files are in it
                    folder.rmdir()
        if changed:
            raise Conflict(f"{root / changed[0]} was changed, so it is still there. Delete it yourself.")


def _removed(root: Path, name: str, sha256: str) -> bool:
    """Delete a file if it has this hash; whether it is gone."""
    with suppress(PixlStashError):
        with open_within(root, name) as file:
            if _digest(file) != sha256:
                return False
        with writing_to(root):
            return unlink_below(Root(root), name)
    return not os.path.lexists(root / name)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _page(title: str, renditions: Iterable[Rendition], put: Put) -> None:
    """Put all files of a gallery, the page last."""
    items: list[str] = []
    for rendition in renditions:
        put(f"images/{rendition.name}", rendition.image)
        put(f"previews/{rendition.name}", rendition.preview)
        items.append(
            f'<li><a href="images/{rendition.name}"><img src="previews/{rendition.name}" loading="lazy"'
            f' alt="Picture {len(items) + 1}"></a></li>\n'
        )
    if not items:
        raise Invalid("None of the pictures could be read, so there is nothing to share.")
    put("viewer.css", (PAGE / "viewer.css").read_bytes())
    put("viewer.js", (PAGE / "viewer.js").read_bytes() + START.encode())
    name = html.escape(title.strip() or "Pictures")
    count = "1 picture" if len(items) == 1 else f"{len(items):,} pictures"
    page = (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<meta name="referrer" content="no-referrer">\n'
        f'<title>{name}</title>\n<link rel="stylesheet" href="viewer.css">\n'
        f"<header><h1>{name}</h1><p>{count}</p></header>\n"
        f'<ol class="grid">\n{"".join(items)}</ol>\n<script src="viewer.js"></script>\n</html>\n'
    )
    put("index.html", page.encode("utf-8", "replace"))


def _folder(path: Path, title: str, renditions: Iterable[Rendition]) -> dict[str, str]:
    written: dict[str, str] = {}
    with _new_folder(path) as root:

        def put(name: str, body: bytes) -> None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with writing_to(path), os.fdopen(open_below(root, name, flags), "wb") as file:
                written[name] = hashlib.sha256(body).hexdigest()
                file.write(body)

        try:
            for folder in FOLDERS:
                (path / folder).mkdir()
            _page(title, renditions, put)
        except BaseException:
            for name in written:  # each was created here, in a folder that was empty
                with suppress(OSError):
                    unlink_below(root, name)
            for folder in FOLDERS:
                with suppress(OSError):
                    (path / folder).rmdir()
            raise
        for folder in (*FOLDERS, ""):
            fsync_folder(path / folder)
    return written


@contextmanager
def _new_folder(path: Path) -> Iterator[Root]:
    """Make a folder, or take an empty one; it is removed again on an error if it was made here."""
    made = not os.path.lexists(path)
    with writing_to(path):
        if path.is_symlink() or (not made and (not path.is_dir() or any(path.iterdir()))):
            raise Conflict(f"{path} exists and is no empty folder. Choose a new folder for the gallery.")
        make_folder(path)
    try:
        yield Root(path)
    except BaseException:
        if made:
            with suppress(OSError):
                path.rmdir()
        raise


def _zip(path: Path, title: str, renditions: Iterable[Rendition]) -> dict[str, str]:
    if not path.parent.is_dir():
        raise Invalid(f"There is no folder {path.parent}.")
    with writing_new(path) as file:
        with zipfile.ZipFile(file, "w") as archive:

            def put(name: str, body: bytes) -> None:
                archive.writestr(zipfile.ZipInfo(f"{path.stem}/{name}"), body)  # without a date

            _page(title, renditions, put)
        file.seek(0)
        digest = _digest(file)
    return {path.name: digest}

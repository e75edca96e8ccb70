"""Folders of the server's machine, for people to choose from: only those that the administrator allows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import Forbidden, Invalid
from ..storage import protected
from ..storage.files import Root, printable, walk
from ..types import FolderSize, ServerFolder, ServerFolders

#: The most folders that are listed; and seconds after which counting stops.
MOST, LONGEST = 2_000, 10.0
#: Output folders of generators: program, folders that it is installed in as a rule, and where its pictures are.
GENERATORS = (
    ("ComfyUI", ("ComfyUI", "comfyui", "ComfyUI_windows_portable/ComfyUI"), "output", "main.py"),
    ("A1111", ("stable-diffusion-webui", "stable-diffusion-webui-forge"), "outputs", "webui.py"),
    ("A1111", ("stable-diffusion-webui", "stable-diffusion-webui-forge"), "output", "webui.py"),
    ("InvokeAI", ("invokeai", "InvokeAI"), "outputs/images", "invokeai.yaml"),
)
#: Folders below the roots in which generators are looked for.
PARENTS = ("", "ai", "AI", "apps", "src", "git", "projects", "Documents", "workspace")


def browse(text: str, library: Path) -> ServerFolders:
    """Return the folders in a folder, or where browsing starts. `Forbidden` outside the allowed roots."""
    roots = protected.roots()
    if not text:
        starts = [ServerFolder(str(root), str(root)) for root in roots if not protected.belongs_to_system(root)]
        starts += [folder for root in roots if protected.belongs_to_system(root) for folder in _inside(root, root)[0]]
        return ServerFolders("", None, starts, suggested=suggested(library))
    path = _allowed(text)
    try:
        folders, more = _inside(path, path)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror or error}.") from error
    parent = str(path.parent) if path not in roots else ""
    return ServerFolders(str(path), parent, folders, more)


def measure(text: str, library: Path) -> FolderSize:
    """Count the files in a folder, for at most ten seconds."""
    path = protected.usable(text, library)
    until, files, size = time.monotonic() + LONGEST, 0, 0
    try:
        for _, status in walk(Root.pinned(path)):
            files += 1
            size += status.st_size
            if files % 256 == 0 and time.monotonic() > until:
                return FolderSize(str(path), files, size, False)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror or error}.") from error
    return FolderSize(str(path), files, size, True)


def suggested(library: Path) -> list[ServerFolder]:
    """Return output folders of generators that exist below the roots."""
    places: dict[str, ServerFolder] = {}
    for root in protected.roots():
        for parent in PARENTS:
            for program, homes, output, sign in GENERATORS:
                for home in homes:
                    base = root / parent / home
                    path = base / output
                    if (base / sign).is_file() and path.is_dir() and _is_usable(path, library):
                        places[str(path.resolve())] = ServerFolder(program, str(path.resolve()), program)
    return list(places.values())


def _is_usable(path: Path, library: Path) -> bool:
    try:
        resolved = protected.usable(str(path), library)
    except (Invalid, Forbidden):
        return False
    return protected.is_allowed(resolved)


def _allowed(text: str) -> Path:
    """Return a folder with its links resolved, if it lies in one of the roots."""
    refusal = Forbidden(f"{text} is outside the folders that may be browsed here.")
    if "\0" in text or not Path(text).is_absolute():
        raise refusal
    try:
        path = Path(text).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise refusal from error
    if not protected.is_allowed(path) or not path.is_dir():
        raise refusal
    return path


def _inside(path: Path, shown: Path) -> tuple[list[ServerFolder], int]:
    """Return the folders in a folder by name, and how many more there are. Links and hidden ones are left out."""
    names = sorted(_names(path), key=str.casefold)
    folders = [ServerFolder(name, str(shown / name)) for name in names[:MOST]]
    return folders, max(0, len(names) - MOST)


def _names(path: Path) -> Iterator[str]:
    with os.scandir(path) as entries:
        for entry in entries:
            hidden = entry.name.startswith(".") or printable(entry.name) != entry.name
            if not hidden and entry.is_dir(follow_symlinks=False) and not entry.is_symlink():
                yield entry.name

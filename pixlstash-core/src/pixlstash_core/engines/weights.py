"""Weights on disk: where they are kept, and whether what lies there is what it should be.

Only safetensors, ONNX and plain data are taken, never a pickle: loading one runs whatever it says.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from ..errors import PixlStashError
from ..plugins.engines import WeightFile, Weights

VARIABLE = "PIXLSTASH_MODELS"
SUFFIXES = frozenset(".safetensors .onnx .json .csv .tsv .txt .model .jinja .gz .data .md".split())
#: Beside the weights: what was found to be right, so that gigabytes are hashed once.
CHECKED = ".checked.json"
_POINTER = b"version https://git-lfs"
_PAGES = (b"<!doc", b"<html")
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")


def folder(environment: Mapping[str, str]) -> Path:
    """Where weights of all libraries are kept: `$PIXLSTASH_MODELS`, else the platform's place for caches."""
    if given := environment.get(VARIABLE, "").strip():
        return Path(given).expanduser()
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "PixlStash" / "models"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/PixlStash/models"
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pixlstash" / "models"


def folder_of(models: Path, engine: str, weights: Weights) -> Path:
    """Where an engine's weights lie. Raises `PixlStashError` where the name of their folder leads elsewhere."""
    parts = (weights.folder or engine).split("/")
    if any(part in ("", ".", "..") or not re.fullmatch(r"[\w.@+-]+", part) for part in parts):
        raise PixlStashError(f"its weights have a folder whose name cannot be one: {weights.folder}")
    return models.joinpath(*parts)


def missing(place: Path, weights: Weights) -> list[str]:
    """The files that are not there, or not of the right size."""
    found = []
    for file in weights.files:
        path = place_of(place, file.path)
        if not path.is_file() or (file.size and path.stat().st_size != file.size):
            found.append(file.path)
    return found


def is_right(path: Path, file: WeightFile) -> bool:
    """Whether a file is there and what it should be."""
    try:
        verify(path, file)
    except PixlStashError:
        return False
    return True


def checked(models: Path, engine: str, weights: Weights) -> Path:
    """The folder with an engine's weights, all of them as they should be. Raises `PixlStashError` with what is not."""
    place = folder_of(models, engine, weights)
    known = _known(place)
    found: dict[str, list[object]] = {}
    for file in weights.files:
        path = place_of(place, file.path)
        try:
            about = path.stat()
        except OSError:
            raise PixlStashError(
                f"its weights are not here: {file.path} is missing{_size(file.size)}. Put it at {path}; it comes"
                f" from {file.url}, and `pixlstash engine fetch {engine}` brings it."
            ) from None
        before = known.get(file.path, [0, 0, ""])
        right = file.sha256.lower() or str(before[2])  # of one that nobody knew beforehand: what it was at first
        mark: list[object] = [about.st_size, about.st_mtime_ns, right]
        if not right or before != mark:
            mark[2] = verify(path, WeightFile(file.url, file.path, file.size, right))
        found[file.path] = mark
    if found != known:
        _remember(place, found)
    return place


def place_of(place: Path, path: str) -> Path:
    """Where a file of weights lies. Raises `PixlStashError` where it leads elsewhere, or is of an unsafe kind."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or not pure.name:
        raise PixlStashError(f"its weights have a path that leads out of their folder: {path}")
    if pure.suffix.lower() not in SUFFIXES:
        raise PixlStashError(
            f"its weights are of a kind that is not loaded, because it may hold a program: {path}. Only safetensors,"
            " ONNX and plain data are."
        )
    return place.joinpath(*pure.parts)


def verify(path: Path, file: WeightFile) -> str:
    """The SHA-256 of a file. Raises `PixlStashError` with why it is not what it should be."""
    name, size = file.path, file.size
    try:
        with path.open("rb") as opened:
            head = opened.read(64)
            if head.startswith(_POINTER):
                raise PixlStashError(f"{name} is a Git LFS pointer, not the file itself: fetch it with `git lfs pull`.")
            if head.startswith(_PICKLES):
                raise PixlStashError(f"{name} is a pickle, which may hold a program: it is not loaded.")
            if head.lstrip()[:5].lower() in _PAGES:
                raise PixlStashError(f"{name} is a web page, and not the file itself: fetch it again.")
            if size and (there := path.stat().st_size) != size:
                what = "cut short" if there < size else "too long"
                raise PixlStashError(f"{name} is {what}: {there:,} bytes instead of {size:,}. Fetch it again.")
            opened.seek(0)
            found = hashlib.file_digest(opened, "sha256").hexdigest()
            if file.sha256 and found != file.sha256.lower():
                raise PixlStashError(f"{name} is not what it should be: its SHA-256 differs. Fetch it again.")
            return found
    except OSError as error:
        raise PixlStashError(f"{name} cannot be read: {error.strerror or error}.") from error


def _known(place: Path) -> dict[str, list[object]]:
    try:
        return msgspec.json.decode((place / CHECKED).read_bytes(), type=dict[str, list[object]])
    except (OSError, ValueError):
        return {}


def _remember(place: Path, found: dict[str, list[object]]) -> None:
    target = place / f"{CHECKED}.{os.getpid()}"
    try:
        target.write_bytes(msgspec.json.encode(found))
        target.replace(place / CHECKED)
    except OSError:  # a folder that is only read is checked again each time
        target.unlink(missing_ok=True) if os.access(place, os.W_OK) else None


def _size(size: int) -> str:
    """In brackets, where it is known."""
    return f" ({size / 1e9:.1f} GB)" if size >= 1e9 else f" ({size / 1e6:.1f} MB)" if size else ""

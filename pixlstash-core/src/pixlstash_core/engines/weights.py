"""Weights on disk: their folder, and the verification of their files.

Only safetensors, ONNX and plain data are accepted. Pickles are not, because loading one can run any code.
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
#: A file beside the weights with size, time and hash of verified files, so that they are hashed only once.
CHECKED = ".checked.json"
_POINTER = b"version https://git-lfs"
_PAGES = (b"<!doc", b"<html")
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")


def folder(environment: Mapping[str, str]) -> Path:
    """Return the folder of the weights of all libraries: `$PIXLSTASH_MODELS`, or one in the platform's cache folder."""
    if configured := environment.get(VARIABLE, "").strip():
        return Path(configured).expanduser()
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "PixlStash" / "models"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/PixlStash/models"
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pixlstash" / "models"


def folder_of(models: Path, engine: str, weights: Weights) -> Path:
    """Return the folder of an engine's weights. Raises `PixlStashError` if its name is not a relative path."""
    parts = (weights.folder or engine).split("/")
    if any(part in ("", ".", "..") or not re.fullmatch(r"[\w.@+-]+", part) for part in parts):
        raise PixlStashError(f"its weights have a folder whose name cannot be one: {weights.folder}")
    return models.joinpath(*parts)


def missing(place: Path, weights: Weights) -> list[str]:
    """Return the paths of the files that are missing or have the wrong size."""
    paths = []
    for file in weights.files:
        path = place_of(place, file.path)
        if not path.is_file() or (file.size and path.stat().st_size != file.size):
            paths.append(file.path)
    return paths


def is_right(path: Path, file: WeightFile) -> bool:
    """Return whether a file exists and is the expected one."""
    try:
        verify(path, file)
    except PixlStashError:
        return False
    return True


def checked(models: Path, engine: str, weights: Weights) -> Path:
    """Return the folder with an engine's verified weights. Raises `PixlStashError` naming what is wrong."""
    place = folder_of(models, engine, weights)
    before = _read_checked(place)
    now: dict[str, list[object]] = {}
    for file in weights.files:
        path = place_of(place, file.path)
        try:
            about = path.stat()
        except OSError:
            raise PixlStashError(
                f"its weights are not here: {file.path} is missing{_size(file.size)}. Put it at {path}; it comes"
                f" from {file.url}, and `pixlstash engine fetch {engine}` brings it."
            ) from None
        recorded = before.get(file.path, [0, 0, ""])
        right = file.sha256.lower() or str(recorded[2])  # without a published hash, the one of the first check
        mark: list[object] = [about.st_size, about.st_mtime_ns, right]
        if not right or recorded != mark:
            mark[2] = verify(path, WeightFile(file.url, file.path, file.size, right))
        now[file.path] = mark
    if now != before:
        _remember(place, now)
    return place


def place_of(place: Path, path: str) -> Path:
    """Return the path of a weights file. Raises `PixlStashError` if it is outside the folder or has an unsafe type."""
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
    """Return the SHA-256 of a file in hexadecimal. Raises `PixlStashError` if it is not the expected file."""
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
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            if file.sha256 and digest != file.sha256.lower():
                raise PixlStashError(f"{name} is not what it should be: its SHA-256 differs. Fetch it again.")
            return digest
    except OSError as error:
        raise PixlStashError(f"{name} cannot be read: {error.strerror or error}.") from error


def _read_checked(place: Path) -> dict[str, list[object]]:
    try:
        return msgspec.json.decode((place / CHECKED).read_bytes(), type=dict[str, list[object]])
    except (OSError, ValueError):
        return {}


def _remember(place: Path, checked: dict[str, list[object]]) -> None:
    target = place / f"{CHECKED}.{os.getpid()}"
    try:
        target.write_bytes(msgspec.json.encode(checked))
        target.replace(place / CHECKED)
    except OSError:  # in a read-only folder, files are verified each time
        target.unlink(missing_ok=True) if os.access(place, os.W_OK) else None


def _size(size: int) -> str:
    """Return a size in parentheses, or an empty string if it is unknown."""
    return f" ({size / 1e9:.1f} GB)" if size >= 1e9 else f" ({size / 1e6:.1f} MB)" if size else ""

"""Which folders of this machine may be indexed or imported from, and whether one can be reached."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from ..errors import Forbidden, Invalid

#: Folders of the operating system, with everything in them.
SYSTEM = (
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run", "/sbin", "/sys", "/usr"),
    *("/System", "/Library", "/private/etc", "/private/var/db"),
    *("C:/Windows", "C:/Program Files", "C:/Program Files (x86)", "C:/ProgramData"),
)
#: Folders in which disks are mounted, although they are in one of the system's.
MOUNTED = ("/run/media",)
#: Folders that hold everybody's or the system's files; those in them may be used.
SHARED = ("/", "/home", "/root", "/Users", "/var", "/var/lib", "/var/log", "/var/cache", "/private", "/private/var")
#: Where the folder browser starts if $PIXLSTASH_ROOTS does not say so.
USUAL = ("/mnt", "/media", "/run/media", "/srv", "/data", "/pictures", "/Volumes")
#: Names the folders that people may choose from, separated as in $PATH.
VARIABLE = "PIXLSTASH_ROOTS"

Reach = Literal["ok", "missing", "unmounted", "empty", "unreadable"]


def usable(text: str, library: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder, with links in its path resolved.

    `Invalid` if it is not a folder, belongs to the system, or lies within the library or around it; `Forbidden` if the
    administrator allows only others.
    """
    path = Path(text).expanduser() if "\0" not in text else None
    if path is None or not path.is_absolute():
        raise Invalid(f"{text!r} must be an absolute path.")
    try:
        path = path.resolve(strict=True)
        is_folder = path.is_dir()
    except OSError as error:
        raise Invalid(f"{text} cannot be reached: {error.strerror or error}.") from error
    except RuntimeError as error:  # links that lead in a circle
        raise Invalid(f"{text} cannot be reached: its links lead in a circle.") from error
    if not is_folder:
        raise Invalid(f"{path} is not a folder.")
    if belongs_to_system(path):
        raise Invalid(f"{path} is a system folder. Choose the folder that holds your pictures.")
    library = library.resolve()
    if path.is_relative_to(library) or library.is_relative_to(path):
        raise Invalid(f"{path} and the library at {library} lie within each other. Choose another folder.")
    if environment.get(VARIABLE) and not is_allowed(path, environment):
        raise Forbidden(f"{path} is outside the folders that this server allows ({VARIABLE}).")
    return path


def belongs_to_system(path: Path) -> bool:
    if path == Path(path.anchor) or path in map(Path, SHARED):
        return True
    return not _is_in(path, MOUNTED, below=True) and _is_in(path, SYSTEM)


def roots(environment: Mapping[str, str] = os.environ) -> list[Path]:
    """Return the folders that people may choose from, of those that exist."""
    named = environment.get(VARIABLE)
    texts = named.split(os.pathsep) if named else [str(Path.home()), *USUAL]
    paths = []
    for text in texts:
        path = Path(text).expanduser()
        if path.is_absolute() and path.is_dir() and path.resolve() not in paths:
            paths.append(path.resolve())
    return paths


def is_allowed(path: Path, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a resolved path is one of the roots or lies in one."""
    return _is_in(path, roots(environment))


def reach(root: Path, device: str | None) -> tuple[Reach, str]:
    """Return the state of a folder with a sentence about it. `device` is the disk it was last on."""
    try:
        number = device_of(root)
        with os.scandir(root) as entries:
            is_empty = next(entries, None) is None
    except (FileNotFoundError, NotADirectoryError):
        return "missing", f"{root} does not exist any more. Relocate the folder if it was moved."
    except OSError as error:
        return "unreadable", f"{root} cannot be read: {error.strerror or error}."
    if is_empty and device is not None and number != device:
        return "unmounted", f"{root} is empty, and not on the disk it was on: mount the disk."
    if is_empty:
        return "empty", f"{root} is empty: is its disk mounted?"
    return "ok", ""


def device_of(root: Path) -> str:
    """Return what identifies the disk of a folder, until it is mounted again. OSError if it cannot be reached."""
    return str(os.stat(root).st_dev)


def _is_in(path: Path, folders: Iterable[str | Path], *, below: bool = False) -> bool:
    return any(path.is_relative_to(folder) and not (below and path == Path(folder)) for folder in folders)

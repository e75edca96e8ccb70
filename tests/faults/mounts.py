"""Small disks and disks that cannot be written to. They need root on Linux; elsewhere a test says what it lacks."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest


@contextmanager
def small(folder: Path, size: int) -> Iterator[Path]:
    """An empty disk of `size` bytes, until the end of the block."""
    _demand()
    folder.mkdir(exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """The folder as if it lay on a disk that cannot be written to."""
    _demand()
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def bind(folder: Path, at: Path) -> None:
    """Show a folder at another place as well, as a disk is mounted, until `unmount`."""
    _demand()
    _mount("--bind", str(folder), str(at))


def unmount(at: Path) -> None:
    """At once, whoever still has files of it open."""
    subprocess.run(["umount", "-l", str(at)], check=True)


def free(folder: Path) -> int:
    """Bytes left on the disk of a folder."""
    return shutil.disk_usage(folder).free


def fill(ballast: Path, left: int) -> None:
    """Write a file until so many bytes are left on its disk, or none: others write to it meanwhile."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while (more := free(ballast.parent) - left) > 0:
            file.write(bytes(min(more, 1 << 16)))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def _demand() -> None:
    if why := why_not():
        pytest.skip(why)


@cache
def why_not() -> str:
    """Why nothing can be mounted here; empty where it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        return "mounting a disk needs root on Linux"
    done = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True)
    return f"disks cannot be mounted here: {done.stderr.strip()}" if done.returncode else ""

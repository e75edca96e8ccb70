"""Folders with pictures and sidecars for tests: adding them with a policy, and waiting until all are compared."""

from __future__ import annotations

import os
from pathlib import Path

from faults import sources
from libraries import finish, until

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import AddFolder, ReferenceFolder, SidecarPolicy

#: 2026-01-02 UTC, in seconds.
LONG_AGO = 1_767_312_000


def paint(folder: Path, *names: str) -> None:
    """Write pictures with these names."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, path) in enumerate(
        zip(names, sources.paint(folder / "made", len(names), len(os.listdir(folder)) + 1), strict=True)
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        path.replace(folder / name)
        sources.date(folder / name, number)
    for inside in (folder / "made" / "below", folder / "made"):
        if inside.is_dir():
            inside.rmdir()


def write(path: Path, text: str | bytes, later: int = 0) -> None:
    """Write a sidecar that has settled. `later`: seconds by which its time is later than that of others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (LONG_AGO + later, LONG_AGO + later))


def settle(path: Path) -> None:
    """Give a file that another program wrote a time in the past."""
    os.utime(path, (LONG_AGO + 99, LONG_AGO + 99))


def add(library: Library, path: Path, policy: SidecarPolicy | None = None, *, watch: bool = False) -> ReferenceFolder:
    """Add a folder with a policy, and wait until it is scanned and its sidecars are compared."""
    folder = library.add_folder(OWNER, AddFolder(str(path), watch=watch, sidecars=policy or SidecarPolicy()))
    assert folder.job is not None
    assert finish(library, library.job(OWNER, folder.job)).state == "done"
    if policy is not None:
        compare(library)
    return library.folders(OWNER)[-1]


def scan(library: Library, folder: int = 0) -> None:
    """Scan a folder, and wait until its sidecars are compared."""
    id = library.folders(OWNER)[folder].id
    assert finish(library, library.scan_folder(OWNER, id)).state == "done"
    compare(library)


def compare(library: Library) -> None:
    """Wait until the job has compared everything that is due and can be."""
    library.follow_ups.catch_up()
    ended = until(lambda: [row for row in jobs(library) if row[1] == "waiting"])[0][2]
    library.queue.hasten("sidecars", 0)
    until(lambda: [row for row in jobs(library) if row[1] == "waiting" and row[2] != ended])
    error = library.hub.value("select error from job where kind = 'sidecars'")
    assert error is None, error


def jobs(library: Library) -> list[tuple[int, str, int | None]]:
    """Return (id, state, when it ended) of the job, if there is one."""
    return library.hub.read("select id, state, finished from job where kind = 'sidecars'")


def tags(library: Library, picture: int = 1) -> set[str]:
    return {tag.name for tag in library.picture_tags(OWNER, picture) if tag.state in ("yours", "accepted")}


def caption(library: Library, picture: int = 1) -> str | None:
    return library.caption(OWNER, picture).own


def picture(library: Library, name: str) -> int:
    return int(library.db.value("select id from picture where name = ?", (name,)))


def conflicts(library: Library) -> list[tuple[str, str, str, str]]:
    found = library.conflicts(OWNER)
    assert library.find(OWNER, q="is:conflict").total == len({conflict.picture for conflict in found})
    return [(conflict.name, conflict.field, conflict.mine, conflict.theirs) for conflict in found]

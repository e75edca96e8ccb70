"""How far long work on snapshots is: told as it goes on, and shown on a terminal."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from core.snapshots.test_restores import back, disturb, organize, take
from libraries import fill, until

from pixlstash_core.cli import watch
from pixlstash_core.library import Library
from pixlstash_core.session import Session
from pixlstash_core.snapshots import feature as snapshots
from pixlstash_core.snapshots import merge
from pixlstash_core.snapshots import operations as restores_of
from pixlstash_core.snapshots import restore as restores
from pixlstash_core.types import OWNER, MakeBackup, Resource, RestoreResources, ScorePictures, SnapshotsChanged

#: How far a restore is when it has been worked out what changes.
COMPARING = restores_of.READ + (1 - restores_of.READ) * restores.COMPARED


@pytest.fixture
def told(library: Library, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[float]]:
    """What was told of a kind of work since it was asked last, each time somebody would have heard."""
    heard: list[tuple[str, float]] = []
    monkeypatch.setattr(snapshots, "ANNOUNCE", 0.0)

    def hear(event: object) -> None:
        work = library.snapshot_status(OWNER).active_job
        if isinstance(event, SnapshotsChanged) and work is not None:
            heard.append((work.kind, work.progress))

    library.subscribe(hear)

    def of(kind: str) -> list[float]:
        found = [progress for one, progress in heard if one == kind]
        heard.clear()
        return found

    return of


def goes_on(found: list[float]) -> bool:
    """Whether it begins at 0, never goes back, stops nowhere for long, and comes near its end."""
    steps = [after - before for before, after in zip(found, found[1:], strict=False)]
    return found[0] == 0 and min(steps) >= 0 and max(steps) < 0.4 and found[-1] > 0.75


def test_a_restore_tells_how_far_it_is(library: Library, told: Callable[[str], list[float]]) -> None:
    made = organize(library)
    id = take(library)
    disturb(library, made)
    told("")
    library.restore_resources(OWNER, id, RestoreResources([Resource("picture", made["ids"][0])], True))
    assert goes_on(told("RESTORE"))
    back(library, id)
    assert goes_on(told("RESTORE"))


def test_progress_does_not_stand_still_in_a_large_table(
    library: Library, told: Callable[[str], list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "SLICE", 50)
    ids = fill(library, 1000)
    library.score(OWNER, ScorePictures(ids=ids, score=3))
    id = take(library)
    library.score(OWNER, ScorePictures(ids=ids, score=5))
    told("")
    back(library, id)
    whole = told("RESTORE")
    assert goes_on(whole) and len({one for one in whole if one > COMPARING}) >= 20, (
        "each 50 of 1,000 scores are told of"
    )
    assert {library.picture(OWNER, one).score for one in ids[::99]} == {3}


@pytest.mark.parametrize("name", ["folder", "packed.zip"])
def test_a_backup_tells_how_far_it_is(
    library: Library, told: Callable[[str], list[float]], tmp_path: Path, name: str
) -> None:
    organize(library)
    library.backup(OWNER, MakeBackup(str(tmp_path / name)))
    assert goes_on(told("BACKUP"))


@pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX's")
def test_a_terminal_shows_it(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    said = bytearray()

    def listen() -> None:
        with suppress(OSError):  # the other end is closed
            while block := os.read(ours, 1000):
                said.extend(block)

    threading.Thread(target=listen, daemon=True).start()
    with os.fdopen(theirs, "w") as terminal, monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", terminal)
        with library.restore_points.working("RESTORE", 1), watch.shown(Session(library)):
            library.restore_points.telling()(42, 100)
            until(lambda: b"42%  Restoring" in said)
        until(lambda: said.endswith(b"\r\x1b[K"))

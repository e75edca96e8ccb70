"""The disk fills up while a backup is made: a sentence, and the backup before it is whole."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from conftest import Effort
from core.backups.test_backups import backed_up, restored, said
from core.snapshots.test_snapshots_full import KIB, refused
from faults import mounts
from libraries import fill
from PIL import Image

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ScorePictures

pytestmark = pytest.mark.attack


def test_a_disk_that_fills_up(tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    Library.create(tmp_path / "library")
    count, full, wrong = effort.of(4, 20), 0, {}
    with Library.open(tmp_path / "library", work=False) as library:
        library.restore_points.set_automatic(False)
        fill(library, 300)
        for n in range(count + 1):
            grow(library, tmp_path, n, rng)
            left = rng.randrange(2600 * n // (count + 1), 2600 * (n + 1) // (count + 1)) * KIB
            for name in ("backup", "backup.zip"):
                found, hit = trial(library, tmp_path / f"disk{n}{name}", name, left, rng)
                full += hit
                if found:
                    wrong[f"{name}, {left // KIB} KiB left"] = found
    print(f"\n{2 * count + 2} disks, {full} filled up, {len(wrong)} with problems")
    assert wrong == {} and full


def grow(library: Library, folder: Path, number: int, rng: random.Random) -> None:
    """Another picture of some 100 kB, and a score for it."""
    path = folder / f"noise {number}.png"
    Image.frombytes("RGB", (180, 180), rng.randbytes(180 * 180 * 3)).save(path)
    id = library.upload(OWNER, path.name, path).id
    assert id is not None
    library.score(OWNER, ScorePictures(ids=[id], score=1 + number % 5))


def trial(library: Library, disk: Path, name: str, left: int, rng: random.Random) -> tuple[list[str], bool]:
    wrong: list[str] = []
    with mounts.small(disk, 24 << 20):
        assert backed_up(library, disk / name).lost == 300  # those have no files
        state = said(library)
        grow(library, disk.parent, rng.randrange(1 << 40), rng)
        ballast = disk / "ballast"
        mounts.fill(ballast, left)
        hit = refused(lambda: backed_up(library, disk / name), wrong)
        ballast.unlink()
        target = disk.with_name(f"{disk.name} again")
        wrong += restored(disk / name, target)
        with Library.open(target, work=False) as again:
            if said(again) != (state if hit else said(library)):
                wrong.append("the backup is neither that before nor that after")
        if backed_up(library, disk / name).lost != 300:
            wrong.append("the next run did not go on")
        if list((library.path / "snapshots" / "scratch").iterdir()) or list(disk.glob("*.new")):
            wrong.append("files are left")
    return wrong, hit

"""The disk fills up while a snapshot is taken: a sentence, those before stay sound, and nothing is left behind."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from conftest import Effort
from faults import mounts
from libraries import fill, truth

from pixlstash_core.errors import DiskFull, PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.snapshots.packs import DIGEST, Packing
from pixlstash_core.types import OWNER, AddTags, RestoreSnapshot, ScorePictures, TakeSnapshot

pytestmark = pytest.mark.attack
KIB = 1 << 10


def test_a_disk_that_fills_up(tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    count, full, wrong = effort.of(4, 20), 0, {}
    for number in range(count):
        left = rng.randrange(2000 * number // count, 2000 * (number + 1) // count) * KIB
        found, hit = trial(tmp_path / f"disk{number}", left)
        full += hit
        if found:
            wrong[f"{left // KIB} KiB left"] = found
    print(f"\n{count} disks, {full} filled up, {len(wrong)} with problems")
    assert wrong == {} and full


def trial(disk: Path, left: int) -> tuple[list[str], bool]:
    wrong: list[str] = []
    with mounts.small(disk, 24 << 20):
        Library.create(disk / "library")
        with Library.open(disk / "library", work=False) as library:
            ids = fill(library, 1500)
            first = library.take_snapshot(OWNER, TakeSnapshot("first"))
            library.score(OWNER, ScorePictures(ids=ids, score=3))
            library.add_tags(OWNER, AddTags(ids=ids, tags=["river", "stone"]))
            ballast = disk / "ballast"
            mounts.fill(ballast, left)
            before = truth(library)
            hit = refused(lambda: library.take_snapshot(OWNER, TakeSnapshot("second")), wrong)
            restore = RestoreSnapshot(allow_missing_files=True)
            again = refused(lambda: library.restore_snapshot(OWNER, first.id, restore), wrong)
            if again and truth(library) != before:
                wrong.append("a restore that was refused changed something")
            if not hit and len(library.snapshots(OWNER)) < 2:
                wrong.append("what was acknowledged is not there")
            ballast.unlink()
            folder = disk / "library" / "snapshots"
            if left_over := [*folder.rglob("*.new"), *(folder / "scratch").iterdir()]:
                wrong.append(f"{left_over[0].name} is left")
            wrong += [one.problem for one in library.verify_snapshots(OWNER) if one.problem]
            taken = library.take_snapshot(OWNER, TakeSnapshot("with room again"))
            wrong += [one for one in library.check(OWNER).problems if "napshot" in one]
            wrong += [library.verify_snapshot(OWNER, taken.id).problem or ""] if not taken.is_compatible else []
    return wrong, hit


def refused(work: object, wrong: list[str]) -> bool:
    """Whether the disk was too full for it; that must be said in a sentence."""
    try:
        work()  # type: ignore[operator]
        return False
    except PixlStashError as error:
        if "disk is full" not in str(error):
            wrong.append(f"it says {error!r}")
        return True


def test_a_pack_whose_last_bytes_found_no_room_is_deleted(tmp_path: Path) -> None:
    """Closing the file writes the buffered bytes once more, and fails once more."""
    with mounts.small(tmp_path / "disk", 1 << 20) as disk:
        packing = Packing(disk, 4096, {}, 1)
        packing.add(b"n" * DIGEST, b"page" * 1024)
        mounts.fill(disk / "ballast", 0)
        with pytest.raises(DiskFull):
            packing.finish()
        packing.give_up()
        assert [path.name for path in disk.iterdir()] == ["ballast"]

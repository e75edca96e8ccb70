"""kill -9 while snapshots are taken and let go: those acknowledged are there and sound, and nothing stays behind."""

from __future__ import annotations

import os
import random
import shutil
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import Effort
from core.database.test_kill import Attack, Lab, report
from faults import killing
from libraries import fill

from pixlstash_core.library import Library
from pixlstash_core.snapshots import packs, repository
from pixlstash_core.types import OWNER, ScorePictures, TakeSnapshot

pytestmark = [pytest.mark.attack, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("kill-snapshots"), 1)


@pytest.fixture(scope="module")
def attack(lab: Lab) -> Attack:
    """On a library of 1,500 pictures that has two snapshots."""
    template = lab.folder / "template"
    Library.create(template)
    with Library.open(template, work=False) as library:
        fill(library, 1500)
        for label in "00":
            library.take_snapshot(OWNER, TakeSnapshot(label))
    return lab.attack("snapshots", lambda path: shutil.copytree(template, path))[0]  # type: ignore[arg-type, return-value]


def test_snapshots_survive_kill(lab: Lab, attack: Attack, effort: Effort, rng: random.Random) -> None:
    kills = attack.kills(effort.of(3, 150), rng)
    wrong: dict[str, list[str]] = {}
    hit = 0
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        found: list[str] = []
        with Library.open(path, work=False) as library:
            found += lost(library, ran) + unsound(library) + left_behind(library)
            before = {one.id for one in library.snapshots(OWNER)}
            if library.take_snapshot(OWNER, TakeSnapshot("after")).id in before:
                found.append("an id was used twice")
            found += unsound(library)
        if found:
            wrong[f"snapshots {kill}"] = found
    report("snapshots", kills, hit, wrong)


def lost(library: Library, ran: killing.Ran) -> list[str]:
    """What was acknowledged and is not so."""
    there = {one.id for one in library.snapshots(OWNER)}
    taken = {receipt["taken"] for receipt in ran.receipts if "taken" in receipt} | {1, 2}
    asked = [receipt["deleting"] for receipt in ran.receipts if "deleting" in receipt]
    acknowledged = sum("deleted" in receipt for receipt in ran.receipts)
    wrong = [f"snapshot {id} was acknowledged and is gone" for id in taken - there - set(asked)]
    wrong += [f"snapshot {id} was deleted and is back" for id in set(asked[:acknowledged]) & there]
    return wrong + (["more are there than were begun"] if len(there - taken) > 1 else [])


def unsound(library: Library) -> list[str]:
    """Every snapshot can be read back, and is of the instant that its label says."""
    wrong = [f"{one.id}: {one.problem}" for one in library.verify_snapshots(OWNER) if one.problem]
    wrong += library.snapshot_status(OWNER).problems
    for one in library.snapshots(OWNER):
        if one.label is not None and one.label.isdigit():
            out = library.path / "out.db"
            library.export_snapshot(OWNER, one.id, out)
            with closing(repository.opened(out)) as database:
                score = database.execute("select coalesce(sum(score), 0) from score where picture_id = 1").fetchall()
                if score != [(int(one.label),)]:
                    wrong.append(f"{one.id} says {one.label} and holds {score}")
            out.unlink()
    return wrong


def left_behind(library: Library) -> list[str]:
    """Files nobody needs, once something was tidied; half written ones already at the start."""
    folder = library.path / "snapshots"
    wrong = [f"{path.name} is left" for path in (*folder.rglob("*.new"), *(folder / "scratch").glob("*"))]
    library.restore_points.prune()
    named = {name for one in library.restore_points.repository.listed()[0] for name, _ in one.packs}
    return wrong + [f"pack {name} is nobody's" for name in packs.names(folder / "packs") - named]


class Stopped(BaseException):
    """In place of a kill."""


def stop_after(steps: int, patched: pytest.MonkeyPatch) -> None:
    """Have the call after so many that change a name not come through, nor any later one."""
    left = [steps]

    def stopping(real: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Stopped
            return real(*given, **named)

        return call

    for name in ("replace", "unlink"):
        patched.setattr(os, name, stopping(getattr(os, name)))


def test_a_sweep_survives_kill_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each single change of a name that letting go of three of five makes."""
    Library.create(tmp_path / "template")
    with Library.open(tmp_path / "template", work=False) as library:
        ids = fill(library, 2000)
        for turn in range(5):
            library.score(OWNER, ScorePictures(ids=ids[turn::5], score=1 + turn))
            library.take_snapshot(OWNER, TakeSnapshot())
    steps = 0
    while True:
        path = tmp_path / f"library-{steps}"
        shutil.copytree(tmp_path / "template", path)
        finished = False
        with Library.open(path, work=False) as library, monkeypatch.context() as patched, suppress(Stopped):
            stop_after(steps, patched)
            for id in (1, 2, 3):
                library.delete_snapshot(OWNER, id)
            finished = True
        with Library.open(path, work=False) as library:
            assert unsound(library) == [] and left_behind(library) == [], f"at step {steps}"
            assert {4, 5} <= {one.id for one in library.snapshots(OWNER)}
        shutil.rmtree(path)
        if finished:
            break
        steps += 1
    assert steps > 6


@pytest.mark.skipif(bool(killing.why_not()), reason="calls cannot be seen here")
def test_a_name_comes_after_its_bytes(attack: Attack, tmp_path: Path) -> None:
    """For power cuts: a file is synced before it gets its name, its folder after, and all packs before a manifest."""
    library = tmp_path / "library"
    attack.begin(library)
    calls = killing.finished("snapshots", library)
    named = [(at, old, new) for at, (call, old, new) in enumerate(calls) if call == "rename" and "/snapshots/" in new]
    assert {Path(new).suffix for _, _, new in named} == {".zst", ".snapshot"}
    for at, old, new in named:
        assert ("fsync", old, "") in calls[:at], f"{new} got its name before its bytes were safe"
        folder = ("fsync", str(Path(new).parent), "")
        assert folder in calls[at:], f"the name of {new} is never made safe"
        if new.endswith(".snapshot"):
            packed = [when for when, _, name in named if when < at and name.endswith(".zst")]
            assert not packed or ("fsync", str(library / "snapshots" / "packs"), "") in calls[packed[-1] : at]

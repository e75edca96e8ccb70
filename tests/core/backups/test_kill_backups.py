"""kill -9 while backups are made and restored: the one before is whole, or the new one is, and the next run goes on."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from conftest import Effort
from core.backups.test_backups import restored
from core.database.test_kill import Lab, report
from core.imports.test_intake import paint
from faults import killing
from faults.worker import BACKUPS, backups, beside

from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER

pytestmark = [pytest.mark.attack, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]


def begin(template: Path, path: Path) -> None:
    shutil.copytree(template, path)
    for left in path.parent.glob(f"{path.name}.[pa]*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def test_backups_survive_kill(tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    template = tmp_path / "template"
    Library.create(template)
    with Library.open(template, work=False) as library:
        library.restore_points.set_automatic(False)
        for n in range(10):
            source = paint(tmp_path / "up" / f"{n}.png", n)
            assert library.upload(OWNER, source.name, source).status == "imported"
    lab = Lab(tmp_path, 1)
    attack, whole = lab.attack("backups", lambda path: begin(template, path))
    assert found_wrong(whole, killing.Ran(False, [{"backed": name, "score": 3} for name in BACKUPS], "")) == []
    kills = attack.kills(effort.of(3, 150), rng)
    wrong: dict[str, list[str]] = {}
    hit = 0
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        if found := [*found_wrong(path, ran), *gone_on(path)]:
            wrong[f"backups {kill}"] = found
        begin_again(path)
    report("backups", kills, hit, wrong)


def begin_again(path: Path) -> None:
    for left in path.parent.glob(f"{path.name}.*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def found_wrong(path: Path, ran: killing.Ran) -> list[str]:
    """What is wrong with the backups that a killed run left: each acknowledged one, or the one begun after it."""
    wrong: list[str] = []
    for name in BACKUPS:
        backed = [receipt["score"] for receipt in ran.receipts if receipt.get("backed") == name]
        begun = [receipt["score"] for receipt in ran.receipts if receipt.get("backing") == name]
        allowed = {*backed[-1:], *begun[-1:]}
        try:
            scores = read_back(beside(path, name), beside(path, f"look-{name}"))
        except PixlStashError as error:
            if backed:
                wrong.append(f"{name} was acknowledged and cannot be restored: {error}")
            continue
        if scores not in [[one] for one in allowed]:
            wrong.append(f"{name} holds {scores}, of {allowed}")
    for turn in (receipt["again"] for receipt in ran.receipts if "again" in receipt):
        with Library.open(beside(path, f"again{turn}"), work=False) as library:
            wrong += library.check(OWNER, verify=True).problems
    return wrong


def read_back(backup: Path, target: Path) -> list[int]:
    """The score of the first picture of a backup, once a library was made of it in which all is as it should be."""
    problems = restored(backup, target)
    with Library.open(target, work=False) as library:
        problems += library.check(OWNER, verify=True).problems
        scores = [row[0] for row in library.db.read("select score from score where picture_id = 1")]
    shutil.rmtree(target)
    if problems:
        raise PixlStashError(f"{problems}")
    return scores


def gone_on(path: Path) -> list[str]:
    """What is wrong once the same is done again and let finish, over what was left."""
    for turn in range(1, 4):
        target = beside(path, f"again{turn}")
        if (target / "library.db").exists():
            shutil.rmtree(target)
    with Library.open(path, work=False) as library:
        wrong = [f"{one} is left" for one in (path / "snapshots" / "scratch").glob("*")]
        wrong += [one for one in library.check(OWNER).problems if "missing" not in one]
    backups(path, lambda **receipt: None)
    return wrong + found_wrong(path, killing.Ran(False, [{"backed": name, "score": 3} for name in BACKUPS], ""))


@pytest.mark.skipif(bool(killing.why_not()), reason="calls cannot be seen here")
def test_a_name_comes_after_its_bytes(tmp_path: Path) -> None:
    """For power cuts: each file is synced before it gets its name, and originals are safe before what names them is."""
    library = tmp_path / "library"
    Library.create(library)
    with Library.open(library, work=False) as opened:
        for n in range(4):
            source = paint(tmp_path / "up" / f"{n}.png", n)
            assert opened.upload(OWNER, source.name, source).status == "imported"
    calls = killing.finished("backups", library)
    places = tuple(str(beside(library, name)) for name in ("plain", "packed.zip", "again"))
    named = [(at, old, new) for at, (call, old, new) in enumerate(calls) if call == "rename" and new.startswith(places)]
    assert sum(new.endswith("/library.db") for _, _, new in named) == 6  # three backups and three libraries
    assert sum(new.endswith("packed.zip") for _, _, new in named) == 3
    for at, old, new in named:
        if not new.endswith(".restoring"):  # of which nothing counts yet
            assert ("fsync", old, "") in calls[:at], f"{new} got its name before its bytes were safe"
            assert ("fsync", str(Path(new).parent), "") in calls[at:], f"the name of {new} is never made safe"
        if new.endswith("/library.db"):
            folder = str(Path(new).parent)
            for when, _, other in named:
                if when < at and other.startswith(f"{folder}/media/"):
                    assert ("fsync", str(Path(other).parent), "") in calls[when:at], f"{other} is not safe by {new}"

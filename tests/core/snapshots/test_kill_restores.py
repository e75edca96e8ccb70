"""kill -9 while everything, or one picture, is restored: it is as before or as it was, and never anything between."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest
from conftest import Effort
from core.database.test_kill import Lab, report
from core.snapshots.test_restores import Rows, disturb, living, organize, plain, take
from libraries import check_derived

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ScorePictures

pytestmark = [pytest.mark.attack, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]


def prepared(template: Path) -> dict[int, Rows]:
    """A library whose first picture is another in each of its two snapshots; what they hold."""
    Library.create(template)
    with Library.open(template, work=False) as library:
        made = organize(library)
        held = {take(library): plain(library)}
        disturb(library, made)
        library.score(OWNER, ScorePictures(ids=living(library), score=2))
        held[take(library)] = plain(library)
    return held


def test_restores_survive_kill(tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    template = tmp_path / "template"
    held = prepared(template)
    lab = Lab(tmp_path, 1)
    attack, whole = lab.attack("restores", lambda path: shutil.copytree(template, path))  # type: ignore[arg-type, return-value]
    with Library.open(whole, work=False) as library:
        assert plain(library) == held[2]
    kills = attack.kills(effort.of(3, 150), rng)
    wrong: dict[str, list[str]] = {}
    hit = between = 0
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        restored = [receipt["restored"] for receipt in ran.receipts if "restored" in receipt]
        settled = not ran.receipts or "restored" not in ran.receipts[-1]
        found: list[str] = []
        with Library.open(path, work=False) as library:
            now, before = plain(library), restored[-1] if restored else 2
            allowed = [held[before], held[3 - before]] if settled else [held[before]]
            # One picture may be restored, or not yet undone.
            if now not in allowed and (settled or not one_apart(now, held[before], held[3 - before])):
                found.append(f"after {restored} it is in no state it should be in")
            between += now not in list(held.values())
            check_derived(library)
            if library.hub.read("select kind from intent"):
                found.append("an intent is left")
            if library.db.read("pragma integrity_check") != [("ok",)]:
                found.append("the database is damaged")
            if broken := [one.problem for one in library.verify_snapshots(OWNER) if one.problem]:
                found += broken
            if list((path / "snapshots").rglob("*.new")) or list((path / "snapshots" / "scratch").iterdir()):
                found.append("files are left")
            if now == held[3 - before] and settled and restored and library.history(OWNER)[0].undoable:
                found.append("the history goes on although everything was restored")
        if found:
            wrong[f"restores {kill}"] = found
    print(f"\n{between} between restoring one picture and its undo")
    report("restores", kills, hit, wrong)


def one_apart(now: Rows, base: Rows, other: Rows) -> bool:
    """Whether only rows of the first picture, and what it belongs to, are the other snapshot's."""
    return all(set(now[name]) - set(base[name]) <= set(other[name]) for name in base if name != "setting")

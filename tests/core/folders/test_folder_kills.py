"""kill -9 while folders are followed: nothing announced is lost or half there, and the next start catches up."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from pathlib import Path

import pytest
from conftest import Effort
from core.database.test_kill import Lab, opened, report
from faults import killing, oracle, sources

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER

pytestmark = [pytest.mark.attack, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]


def test_following_a_folder_survives_kill(
    tmp_path_factory: pytest.TempPathFactory, effort: Effort, rng: random.Random
) -> None:
    lab = Lab(tmp_path_factory.mktemp("follow"), 6)
    attack, whole = lab.attack("follow", Library.create, lab.source)
    with Library.open(whole, work=False) as library:
        expected = set(oracle.contents(library))
    assert len(expected) == 6
    kills, hit, wrong = attack.kills(effort.of(2, 100), rng), 0, {}
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        problems: list[str] = []
        with opened(path, problems) as library:
            ids = oracle.pictures(library)
            problems += [
                f"picture {id} was announced and is gone"
                for receipt in ran.receipts
                for id in receipt.get("added", [])
                if id not in ids
            ]
        killing.run("follow", path, lab.source)  # the next start
        with opened(path, problems) as library:
            if set(oracle.contents(library)) != expected:
                problems.append("not every file is in the library after the next start")
        if problems:
            wrong[str(kill)] = problems
        assert sources.tree(lab.source) == lab.before
    report("follow", kills, hit, wrong)


def hashes(folder: Path) -> set[str]:
    return {hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*") if file.is_file()}


def test_importing_and_deleting_survives_kill(
    tmp_path_factory: pytest.TempPathFactory, effort: Effort, rng: random.Random
) -> None:
    """At every moment, each file is in the folder or in the library, with its own bytes."""
    lab = Lab(tmp_path_factory.mktemp("inbox"), 6)
    attack, whole = lab.attack("inbox", Library.create, lab.source)
    with Library.open(whole, work=False) as library:
        expected = set(oracle.contents(library))
        assert library.find(OWNER, q="tag:new").total == len(expected) == 6
    kills, hit, wrong = attack.kills(effort.of(3, 100), rng), 0, {}
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        problems: list[str] = []
        own = path.with_name(f"{path.name}-inbox")
        if own.exists():
            with opened(path, problems) as library:
                present = set(oracle.contents(library)) & hashes(path / "media")
            present |= hashes(own)
            if not expected <= present:
                problems.append(f"{len(expected - present)} files are neither in the folder nor in the library")
        killing.run("inbox", path, lab.source)  # the next start
        with opened(path, problems) as library:
            if set(oracle.contents(library)) != expected or library.find(OWNER, q="tag:new").total != 6:
                problems.append("not every file is in the library after the next start")
        if {file.name for file in own.rglob("*") if file.is_file()} != {"broken 1.png"}:
            problems.append(f"left in the folder: {sorted(own.rglob('*'))}")
        if problems:
            wrong[str(kill)] = problems
        shutil.rmtree(own)
        assert sources.tree(lab.source) == lab.before
    report("inbox", kills, hit, wrong)

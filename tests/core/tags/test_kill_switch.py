"""kill -9 while a new threshold is prepared for all tags: people see the old answer or the new one, never a mixture."""

from __future__ import annotations

import random
import shutil
import struct
from collections import Counter
from pathlib import Path

import pytest
from conftest import Effort
from core.database.test_kill import Lab, lab, pytestmark, report
from faults import oracle, worker
from libraries import fill, until
from tagged import check_tags, store

from pixlstash_core.library import Library
from pixlstash_core.tags import rules
from pixlstash_core.tags.entries import threshold as smallest

__all__ = ["lab", "pytestmark"]  # the fixture, and what is marked
FIRST, TAGS = 0.5, 40


def prepare(path: Path, pictures: int) -> dict[float, Counter[str]]:
    """A library whose pictures have 12 tags each; how many pictures have each, by threshold."""
    pick = random.Random(1)
    Library.create(path)
    with Library.open(path, work=False) as library:
        ids = fill(library, pictures)
        producer = library.outputs.register("tag", "synthetic", "1", {})
        library.outputs.activate(producer, FIRST)
        names = [f"tag {n}" for n in range(TAGS)]
        store(library, producer, {id: [(name, pick.random()) for name in pick.sample(names, 12)] for id in ids})
        while rules.refresh_slice(library.writer) is not None:
            pass
        known = dict(library.db.read("select id, name from tag"))
        entries = [
            entry
            for (body,) in library.db.read("select body from tag_output")
            for entry in struct.iter_unpack("<IH", body)
        ]
    return {
        at: Counter(known[tag] for tag, sure in entries if sure >= smallest(at)) for at in (FIRST, *worker.THRESHOLDS)
    }


def seen(library: Library) -> Counter[str]:
    """How many pictures have each tag, as people see it; without what they said themselves."""
    sql = "select t.name, count(*) from derived_tagged d join tag t on t.id = d.tag_id where effective group by t.id"
    return Counter({name: count for name, count in library.db.read(sql) if name != "meanwhile"})


@pytest.mark.attack
def test_a_new_threshold_survives_kill(lab: Lab, effort: Effort, rng: random.Random) -> None:
    template = lab.folder / "weigh-template"
    answers = prepare(template, effort.of(1200, 3000))
    steps = [answers[at] for at in (FIRST, *worker.THRESHOLDS)]
    attack, whole = lab.attack("weigh", lambda path: shutil.copytree(template, path))
    with Library.open(whole, work=False) as library:
        assert seen(library) == steps[-1]
        check_tags(library)
    kills = attack.kills(effort.of(3, 80), rng)
    wrong: dict[str, list[str]] = {}
    hit = 0
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        asked = 1 + max((receipt["threshold"] for receipt in ran.receipts if "threshold" in receipt), default=-1)
        settled = 1 + max((receipt["settled"] for receipt in ran.receipts if "settled" in receipt), default=-1)
        said = {receipt["said"] for receipt in ran.receipts if "said" in receipt}
        found: list[str] = []
        with Library.open(path, work=False) as library:
            found += oracle.damage(library)
            if seen(library) not in steps[settled : asked + 2]:
                found.append(f"people see neither of the answers {settled} to {asked + 1}")
        with Library.open(path) as library:
            until(lambda: not rules.slices_pending(library.writer), 60)
            check_tags(library)
            if seen(library) not in steps[asked : asked + 2]:
                found.append("going on led elsewhere than to what was asked for")
            tagged = {id for (id,) in library.db.read("select picture_id from said_tag")}
            if not said <= tagged:
                found.append(f"what was said of {sorted(said - tagged)} is gone")
        if found:
            wrong[f"weigh {kill}"] = found
    report("a new threshold", kills, hit, wrong)

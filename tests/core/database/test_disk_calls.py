"""Any one call to the system fails, in a real process: it says so in a sentence, and nothing is lost or half there."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from conftest import Effort
from faults import killing, oracle, sources, worker
from faults.killing import Ran

from pixlstash_core.library import Library

pytestmark = [pytest.mark.attack, pytest.mark.skipif(bool(killing.why_not()), reason=killing.why_not() or "-")]


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_call_that_fails(error: str, tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    source = tmp_path / "source"
    sources.paint(source, 6)
    Library.create(tmp_path / "whole")
    found = killing.calls("copy", tmp_path / "whole", source)
    with Library.open(tmp_path / "whole", work=False) as library:
        expected = oracle.contents(library)
    wrong: dict[str, list[str]] = {}
    kills = [kill._replace(error=error) for kill in killing.points(found, effort.of(2, 60), rng)]
    for number, kill in enumerate(kills):
        path = tmp_path / f"library{number}"
        Library.create(path)
        ran = killing.run("copy", path, source, kill=kill)
        if problems := [*said(ran), *after(path, ran, source, expected)]:
            wrong[str(kill)] = problems
        shutil.rmtree(path)
    print(f"\n{error}: {len(kills)} calls failed, {len(wrong)} with problems")
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def said(ran: Ran) -> list[str]:
    """What the process ended with, or the job in it, must be a sentence."""
    texts = [receipt["error"] for receipt in ran.receipts if receipt.get("error")]
    if not any(receipt.get("end") for receipt in ran.receipts):
        last = (ran.error.strip().splitlines() or ["nothing"])[-1]
        kind, _, text = last.partition(": ")
        if not kind.startswith("pixlstash_core.errors."):
            return [f"it ended with {last!r}"]
        texts.append(text)
    odd = [text for text in texts if not (text[0].isupper() or text[0] == "/") or text[-1] != "." or "Error:" in text]
    return [f"not a sentence: {text!r}" for text in odd]


def after(path: Path, ran: Ran, source: Path, expected: dict[str, oracle.Content]) -> list[str]:
    with Library.open(path, work=False) as library:
        wrong = oracle.problems(library)
        known, found = oracle.pictures(library), oracle.contents(library)
    wrong += [f"{one.name} is not whole" for sha, one in found.items() if one != expected.get(sha)]
    announced = {id for receipt in ran.receipts for id in receipt.get("added", [])}
    if lost := announced - set(known):
        wrong.append(f"announced and gone: {sorted(lost)}")
    worker.copy(path, lambda **_: None, source)
    with Library.open(path, work=False) as library:
        if oracle.problems(library) or oracle.contents(library) != expected:
            wrong.append("importing again did not lead to the same library")
    return wrong

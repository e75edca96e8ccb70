"""kill -9 of a real process at any moment: what was acknowledged is there, nothing is half there, and it goes on."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import Effort
from faults import killing, oracle, sources, worker
from faults.killing import Kill

from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER

pytestmark = [pytest.mark.attack, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]
IMPORTS = ("scan", "copy", "upload", "pieces", "zipped")
OPENS_WITHIN = 5.0
Contents = dict[str, oracle.Content]


class Attack(NamedTuple):
    """One verb of the worker, what it works on, and how it goes when nobody interrupts it."""

    verb: str
    begin: Callable[[Path], None]
    arguments: tuple[Path, ...]
    calls: dict[str, list[int]]
    seconds: float

    def kills(self, count: int, rng: random.Random) -> list[Kill]:
        """Half at calls to the system, half at random times; all at times where calls cannot be counted."""
        counted = killing.points(self.calls, (count + 1) // 2, rng)
        return counted + killing.moments(self.seconds, count - len(counted), rng)


class Lab:
    """A folder for trials, and pictures to import."""

    def __init__(self, folder: Path, pictures: int) -> None:
        self.folder, self.source = folder, folder / "source"
        sources.paint(self.source, pictures)
        sources.spoil(self.source)
        self.before = sources.tree(self.source)

    def attack(self, verb: str, begin: Callable[[Path], None], *arguments: Path) -> tuple[Attack, Path]:
        """The attack, and the library of the run that was let finish."""
        library = self.folder / f"{verb}-whole"
        begin(library)
        started = time.monotonic()
        calls: dict[str, list[int]] = {}
        if killing.why_not():
            killing.run(verb, library, *arguments)
        else:
            calls = killing.calls(verb, library, *arguments)
        return Attack(verb, begin, arguments, calls, time.monotonic() - started), library

    def trials(self, attack: Attack, kills: list[Kill]) -> Iterator[tuple[Kill, Path, killing.Ran]]:
        for number, kill in enumerate(kills):
            library = self.folder / f"{attack.verb}-{number}"
            attack.begin(library)
            ran = killing.run(attack.verb, library, *attack.arguments, kill=kill, mark=str(library))
            assert killing.left_over(str(library)) == [], f"{kill}: processes outlived the library's"
            yield kill, library, ran
            shutil.rmtree(library)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, effort: Effort) -> Lab:
    return Lab(tmp_path_factory.mktemp("kill"), effort.of(6, 24))


def test_calls_can_be_counted() -> None:
    """Otherwise all kills are at random times, and this says so."""
    if why := killing.why_not():
        pytest.skip(f"only timed kills: {why}")


def opened(path: Path, wrong: list[str]) -> Library:
    """The library as its next start finds it; what took too long or does not hold is added to `wrong`."""
    began = time.monotonic()
    library = Library.open(path, work=False)
    if (took := time.monotonic() - began) > OPENS_WITHIN:
        wrong.append(f"opening took {took:.1f} s")
    wrong += oracle.problems(library)
    return library


def report(kind: str, kills: list[Kill], hit: int, wrong: dict[str, list[str]]) -> None:
    print(f"\n{kind}: {len(kills)} kills ({hit} hit), {len(wrong)} with problems")
    assert wrong == {}
    assert hit >= len(kills) // 3, "most kills came too late to mean anything"


@pytest.mark.parametrize("verb", IMPORTS)
def test_an_import_survives_kill(verb: str, lab: Lab, effort: Effort, rng: random.Random) -> None:
    """D25."""
    attack, whole = lab.attack(verb, Library.create, lab.source)
    with Library.open(whole, work=False) as library:
        expected = oracle.contents(library)
        assert len(expected) == len(lab.before) - 1 and oracle.problems(library) == []
    kills = attack.kills(effort.of(1 if verb in ("pieces", "zipped") else 2, 40), rng)
    wrong: dict[str, list[str]] = {}
    hit = 0
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        if found := [*after_import(path, ran, expected), *gone_on(verb, path, lab.source, expected)]:
            wrong[f"{verb} {kill}"] = found
        assert sources.tree(lab.source) == lab.before
    report(verb, kills, hit, wrong)


def after_import(path: Path, ran: killing.Ran, expected: Contents) -> list[str]:
    wrong: list[str] = []
    with opened(path, wrong) as library:
        found, known = oracle.contents(library), oracle.pictures(library)
        wrong += unkept_pieces(library, ran)
    wrong += [
        f"{one.name} differs from an uninterrupted import" for sha, one in found.items() if one != expected.get(sha)
    ]
    by_name = {one.name: sha for sha, one in expected.items()}
    for receipt in ran.receipts:
        for id in receipt.get("added", []):
            if id not in known:
                wrong.append(f"picture {id} was announced and is gone")
        if receipt.get("status") == "imported" and known.get(receipt["id"]) != by_name[receipt["uploaded"]]:
            wrong.append(f"{receipt['uploaded']} was acknowledged and is gone")
    return wrong


def unkept_pieces(library: Library, ran: killing.Ran) -> list[str]:
    """Uploads of which less is here than was acknowledged."""
    return [
        f"{receipt['received']} bytes were acknowledged, {found} are here"
        for receipt in ran.receipts
        if "received" in receipt and (found := kept(library, receipt["upload"])) < receipt["received"]
    ]


def kept(library: Library, upload: str) -> int:
    found = library.find_upload(OWNER, upload)
    path = library.incoming / "partial" / upload
    return found.received if found.state == "done" else min(found.received, path.stat().st_size)


def gone_on(verb: str, path: Path, source: Path, expected: Contents) -> list[str]:
    """What is wrong after the same import is done again and let finish."""
    worker.VERBS[verb](path, lambda **_: None, source)
    with Library.open(path, work=False) as library:
        wrong = [f"after resuming: {one}" for one in oracle.problems(library)]
        if oracle.contents(library) != expected:
            wrong.append("resuming did not lead to the same library")
        wrong += [f"job left: {job.kind} {job.state}" for job in library.queue.running()]
    return wrong


def test_a_purge_survives_kill(lab: Lab, effort: Effort, rng: random.Random) -> None:
    template, begin = lab.folder / "purge-template", lambda path: shutil.copytree(lab.folder / "purge-template", path)
    worker.prepare(template, lab.source, throw=2 * worker.BATCH - 1)
    with Library.open(template, work=False) as library:
        before, known = oracle.contents(library), oracle.pictures(library)
        thrown = [id for (id,) in library.db.read("select picture_id from scrapheap order by picture_id")]
    batches = [thrown[start : start + worker.BATCH] for start in range(0, len(thrown), worker.BATCH)]
    attack, _ = lab.attack("purge", begin)
    kills = attack.kills(effort.of(2, 40), rng)
    wrong: dict[str, list[str]] = {}
    hit = 0
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        acknowledged = sum("purged" in receipt for receipt in ran.receipts)
        found: list[str] = []
        with opened(path, found) as library:
            left = set(oracle.pictures(library))
            done = next((n for n in range(len(batches), -1, -1) if not left & {i for b in batches[:n] for i in b}), 0)
            gone = {known[id] for batch in batches[:done] for id in batch}
            if done not in (acknowledged, acknowledged + 1) or len(left) != len(known) - len(gone):
                found.append(f"{acknowledged} purges acknowledged, {len(known) - len(left)} pictures gone")
            if oracle.contents(library) != {sha: one for sha, one in before.items() if sha not in gone}:
                found.append("pictures that were not purged have changed")
            if {sha.hex() for (sha,) in library.hub.read("select sha256 from purged")} != gone:
                found.append("the ledger does not name what was purged")
            if any(library.thumbnails.get(bytes.fromhex(sha)) for sha in gone):
                found.append("the still of a purged picture is left")
        worker.purge(path, lambda **_: None)
        with opened(path, found) as library:
            if set(oracle.pictures(library)) != set(known) - set(thrown):
                found.append("purging the rest left something else")
        if found:
            wrong[f"purge {kill}"] = found
    report("purge", kills, hit, wrong)


def test_undo_survives_kill(lab: Lab, effort: Effort, rng: random.Random) -> None:
    template, begin = lab.folder / "undo-template", lambda path: shutil.copytree(lab.folder / "undo-template", path)
    steps = 6
    worker.prepare(template, lab.source, say=steps)
    states = every_state(template, lab.folder / "undo-states", steps)
    attack, _ = lab.attack("undo", begin)
    kills = attack.kills(effort.of(2, 40), rng)
    wrong: dict[str, list[str]] = {}
    hit = 0
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        acknowledged = max((receipt.get("step", 0) for receipt in ran.receipts), default=0)
        found: list[str] = []
        with opened(path, found) as library:
            allowed = range(acknowledged, min(acknowledged + 1, 2 * steps) + 1)
            step = next((n for n in allowed if state(library) == states[n]), None)
            if step is None:
                found.append(f"after {acknowledged} acknowledged steps it is in the state of none of {list(allowed)}")
            else:
                for n in range(step, 2 * steps):
                    library.undo(OWNER) if n < steps else library.redo(OWNER)
                if state(library) != states[-1] or oracle.problems(library):
                    found.append("undoing and redoing the rest led somewhere else")
        if found:
            wrong[f"undo {kill}"] = found
    report("undo", kills, hit, wrong)


def every_state(template: Path, copy: Path, steps: int) -> list[Any]:
    shutil.copytree(template, copy)
    with Library.open(copy, work=False) as library:
        states = [state(library)]
        for step in range(2 * steps):
            library.undo(OWNER) if step < steps else library.redo(OWNER)
            states.append(state(library))
    return states


def state(library: Library) -> Any:
    return oracle.contents(library), oracle.history(library)


def test_making_a_library_survives_kill(lab: Lab, effort: Effort, rng: random.Random) -> None:
    """Whoever is told that it is not a library yet makes it again, with the same words as before."""
    attack, _ = lab.attack("create", lambda path: None)
    kills = attack.kills(effort.of(2, 40), rng)
    wrong: dict[str, list[str]] = {}
    hit = 0
    for kill, path, ran in lab.trials(attack, kills):
        hit += ran.killed
        path.mkdir(exist_ok=True)
        try:
            if not (path / "library.db").exists():
                Library.create(path)
            worker.upload(path, lambda **_: None, lab.source)
            with Library.open(path, work=False) as library:
                found = oracle.problems(library)
                if len(oracle.contents(library)) != len(lab.before) - 1:
                    found.append("it does not take pictures")
        except PixlStashError as error:
            found = [f"neither made nor opened: {error}"]
        if found:
            wrong[f"create {kill}"] = found
    report("create", kills, hit, wrong)

"""Undo and redo in any order, among scores, the scrapheap and purges, against a model in memory."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable

import pytest
from changing import live, score
from conftest import Effort
from libraries import add, check_derived, invented

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict
from pixlstash_core.library import Library
from pixlstash_core.types import DeletePictures, Done, RestorePictures, Selection

pytestmark = pytest.mark.usefixtures("read_as")

#: What is said of a picture: its score, and whether it is in the scrapheap.
Said = tuple[int, bool]
#: What a change did: every picture it changed, before and after.
Change = dict[int, tuple[Said, Said]]
PICTURES = 6


class Desk:
    """A person at one library, and the model of all that was said there."""

    def __init__(self, library: Library, rng: random.Random, counted: Counter[str]) -> None:
        self.library, self.rng, self.counted = library, rng, counted
        ids = add(library, *map(invented, range(PICTURES)))
        self.places = dict(enumerate(ids))  # the number of a picture's bytes, and its id now
        self.said: dict[int, Said] = dict.fromkeys(ids, (0, False))
        self.done: list[Change] = []
        self.undone: list[Change] = []

    def some(self) -> list[int]:
        known = sorted(self.said)
        return sorted(self.rng.sample(known, self.rng.randint(1, len(known)))) if known else []

    def say(self, wanted: dict[int, Said], answer: Done) -> None:
        changed = {id: (self.said[id], said) for id, said in wanted.items() if self.said[id] != said}
        assert answer.undoable == bool(changed)
        if changed:
            self.done.append(changed)
            self.undone.clear()
        self.said.update(wanted)
        self.counted["changes"] += bool(changed)

    def score(self) -> None:
        ids, stars = [id for id in self.some() if not self.said[id][1]], self.rng.randrange(6)
        self.say({id: (stars, self.said[id][1]) for id in ids}, score(self.library, ids, stars))

    def throw(self) -> None:
        ids = self.some()
        self.say({id: (self.said[id][0], True) for id in ids}, self.library.delete(OWNER, DeletePictures(ids=ids)))

    def take_back(self) -> None:
        ids = self.some()
        self.say({id: (self.said[id][0], False) for id in ids}, self.library.restore(OWNER, RestorePictures(ids=ids)))

    def purge(self) -> None:
        ids = self.some()[:2]
        gone = {id for id in ids if self.said[id][1]}
        assert self.library.purge(OWNER, Selection(ids=ids)) == len(gone)
        self.said = {id: said for id, said in self.said.items() if id not in gone}
        self.places = {number: id for number, id in self.places.items() if id not in gone}
        self.counted["pictures purged"] += len(gone)

    def take_in_again(self) -> None:
        for number in set(range(PICTURES)) - self.places.keys():
            [self.places[number]] = add(self.library, invented(number))
            self.said[self.places[number]] = (0, False)

    def undo(self) -> None:
        self.step(self.library.undo, self.done, self.undone, 0)

    def redo(self) -> None:
        self.step(self.library.redo, self.undone, self.done, 1)

    def step(self, call: Callable[..., Done], source: list[Change], target: list[Change], side: int) -> None:
        """Undo or redo the nearest change of which a picture is left; skip those whose pictures were deleted."""
        passed = 0
        while source and self.said.keys().isdisjoint(source[-1]):
            source.pop()
            passed += 1
        self.counted["passed over"] += passed
        if not source:
            with pytest.raises(Conflict, match=r"permanently deleted\.$" if passed else r"do\.$"):
                call(OWNER)
            return
        target.append(source.pop())
        left = {id: both[side] for id, both in target[-1].items() if id in self.said}
        told = call(OWNER).sentence
        partly = len(left) < len(target[-1])
        assert ("but for" in told) == partly and ("Passed over" in told) == bool(passed)
        self.said.update(left)
        self.counted["undone or redone"] += 1
        self.counted["of these in part"] += partly

    def check(self) -> None:
        db = self.library.db
        assert live(self.library) == sorted(self.said)
        scores = {id: stars for id, (stars, _) in self.said.items() if stars}
        assert dict(db.read("select picture_id, score from score")) == scores
        thrown = {id for id, (_, thrown) in self.said.items() if thrown}
        assert {id for (id,) in db.read("select picture_id from scrapheap")} == thrown
        check_derived(self.library)


@pytest.mark.attack
def test_random_sequences(open_library: Callable[..., Library], effort: Effort, rng: random.Random) -> None:
    counted: Counter[str] = Counter()
    verbs = [Desk.score, Desk.throw, Desk.take_back, Desk.purge, Desk.take_in_again, Desk.undo, Desk.redo]
    rounds = effort.of(10, 500)
    wanted = ("changes", "undone or redone", "of these in part", "pictures purged", "passed over")
    for number in itertools.count():
        # Few sequences may miss one of these by chance: go on until each was reached.
        if number >= rounds and all(counted[one] for one in wanted) or number >= 20 * rounds:
            break
        trace: list[str] = []
        with open_library(f"random-{number}", work=False) as library:
            desk = Desk(library, random.Random(rng.random()), counted)
            for _ in range(effort.of(30, 60)):
                verb = rng.choices(verbs, [4, 4, 2, 3, 1, 8, 5])[0]
                trace.append(verb.__name__)
                try:
                    verb(desk)
                    desk.check()
                except BaseException as error:
                    error.add_note(f"sequence {number}: {' '.join(trace)}")
                    raise
    print(f"\nhistory: {number} sequences, {dict(counted)}")
    assert all(counted[one] for one in wanted)

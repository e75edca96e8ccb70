"""Sets, characters and projects made, filled, dropped, deleted, undone and redone at random, beside a simple model."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from libraries import check_derived, fill

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import (
    ArrangeSet,
    Create,
    DeletePictures,
    Done,
    DropOnProject,
    Edit,
    EditSet,
    RestorePictures,
    Selection,
    TakeFromProject,
)

pytestmark = pytest.mark.usefixtures("read_as")

PICTURES = 8


class State:
    """What a library should hold: names, members in order, and what is in a project."""

    def __init__(self) -> None:
        self.sets: dict[int, tuple[str, list[int]]] = {}
        self.characters: dict[int, tuple[str, list[int]]] = {}
        self.projects: dict[int, tuple[str, dict[str, set[int]]]] = {}
        self.dead: set[int] = set()

    def live(self, ids: Any) -> list[int]:
        return [id for id in ids if id not in self.dead]

    def of_project(self, id: int) -> list[int]:
        held = self.projects[id][1]
        found = set(held["pictures"])
        for one in held["sets"]:
            found |= set(self.sets[one][1])
        for one in held["characters"]:
            found |= set(self.characters[one][1])
        return sorted(self.live(found))


class Player:
    """Does one thing at random to the library and to the model, and compares them."""

    def __init__(self, library: Library, rng: random.Random) -> None:
        self.library, self.rng = library, rng
        self.ids = fill(library, PICTURES)
        self.state = State()
        self.done: list[State] = []
        self.undone: list[State] = []
        self.count = 0
        self.used: set[tuple[str, int]] = set()

    def step(self) -> str:
        moves: list[Callable[[], Done | None]] = [
            *(self.make, self.rename, self.fill, self.fill, self.empty, self.arrange, self.drop, self.drop),
            *(self.take, self.remove, self.throw, self.undo, self.undo, self.redo),
        ]
        move = self.rng.choice(moves)
        before = deepcopy(self.state)
        done = move()
        if done is not None and done.undoable:
            self.done.append(before)
            self.undone.clear()
        return move.__name__

    def some(self) -> list[int]:
        among = self.state.live(self.ids) or self.ids
        return sorted(self.rng.sample(among, min(len(among), 1 + self.rng.randrange(2))))

    def any(self, *nouns: str) -> tuple[str, int] | None:
        known = [(noun, id) for noun in nouns for id in getattr(self.state, f"{noun}s")]
        return self.rng.choice(known) if known else None

    def make(self) -> Done:
        noun = self.rng.choice(["set", "character", "project"])
        self.count += 1
        name = f"{noun} {self.count}"
        made = getattr(self.library, f"create_{noun}")(OWNER, Create(name=name))
        assert (noun, made.id) not in self.used
        self.used.add((noun, made.id))
        held: Any = {"sets": set(), "characters": set(), "pictures": set()} if noun == "project" else []
        getattr(self.state, f"{noun}s")[made.id] = (name, held)
        return made  # type: ignore[no-any-return]

    def rename(self) -> Done | None:
        if (found := self.any("set", "character", "project")) is None:
            return None
        noun, id = found
        self.count += 1
        kept = getattr(self.state, f"{noun}s")
        kept[id] = (f"renamed {self.count}", kept[id][1])
        ask = (EditSet if noun == "set" else Edit)(name=kept[id][0])
        return getattr(self.library, f"edit_{noun}")(OWNER, id, ask)  # type: ignore[no-any-return]

    def fill(self) -> Done | None:
        if (found := self.any("set", "character")) is None or not self.state.live(self.ids):
            return None
        noun, id = found
        members, chosen = getattr(self.state, f"{noun}s")[id][1], self.some()
        members += [one for one in chosen if one not in members]
        return getattr(self.library, f"add_to_{noun}")(OWNER, id, Selection(ids=chosen))  # type: ignore[no-any-return]

    def empty(self) -> Done | None:
        if (found := self.any("set", "character")) is None:
            return None
        noun, id = found
        name, members = getattr(self.state, f"{noun}s")[id]
        chosen = self.some()
        getattr(self.state, f"{noun}s")[id] = (name, [one for one in members if one not in chosen])
        return getattr(self.library, f"take_from_{noun}")(OWNER, id, Selection(ids=chosen))  # type: ignore[no-any-return]

    def arrange(self) -> Done | None:
        if (found := self.any("set")) is None or len(self.state.sets[found[1]][1]) < 2:
            return None
        name, members = self.state.sets[found[1]]
        moved, before = self.rng.sample(members, 2)
        rest = [one for one in members if one != moved]
        rest.insert(rest.index(before), moved)
        self.state.sets[found[1]] = (name, rest)
        return self.library.arrange_set(OWNER, found[1], ArrangeSet(ids=[moved], before=before))

    def drop(self) -> Done | None:
        project, held = self.any("project"), self.any("set", "character")
        if project is None or held is None:
            return None
        noun, id = held
        add = self.rng.random() < 0.5
        pictures = self.some() if self.rng.random() < 0.3 and self.state.live(self.ids) else []
        before = {one: set(self.state.of_project(one)) for one in self.state.projects}
        for one, (_, kept) in self.state.projects.items():
            if one == project[1]:
                kept[f"{noun}s"].add(id)
                kept["pictures"] |= set(pictures)
            elif not add:
                kept[f"{noun}s"].discard(id)
                kept["pictures"] -= set(pictures)
        ask = DropOnProject(**{f"{noun}s": [id]}, pictures=pictures, add=add)  # type: ignore[arg-type]
        done = self.library.drop_on_project(OWNER, project[1], ask)
        after = {one: set(self.state.of_project(one)) for one in self.state.projects}
        assert done.came == len(after[project[1]] - before[project[1]])
        gone = [before[one] - after[one] for one in before if one != project[1]]
        assert done.left == len(set[int]().union(*gone))
        return done

    def take(self) -> Done | None:
        project, held = self.any("project"), self.any("set", "character")
        if project is None or held is None:
            return None
        self.state.projects[project[1]][1][f"{held[0]}s"].discard(held[1])
        ask = TakeFromProject(**{f"{held[0]}s": [held[1]]})  # type: ignore[arg-type]
        return self.library.take_from_project(OWNER, project[1], ask)

    def remove(self) -> Done | None:
        if self.rng.random() < 0.5 or (found := self.any("set", "character", "project")) is None:
            return None
        noun, id = found
        del getattr(self.state, f"{noun}s")[id]
        if noun != "project":
            for _, held in self.state.projects.values():
                held[f"{noun}s"].discard(id)
        return getattr(self.library, f"delete_{noun}")(OWNER, id)  # type: ignore[no-any-return]

    def throw(self) -> Done:
        chosen = self.rng.sample(self.ids, 2)
        if self.rng.random() < 0.5:
            self.state.dead |= set(chosen)
            return self.library.delete(OWNER, DeletePictures(ids=chosen))
        self.state.dead -= set(chosen)
        return self.library.restore(OWNER, RestorePictures(ids=chosen))

    def undo(self) -> None:
        if self.done:
            self.undone.append(self.state)
            self.state = self.done.pop()
            self.library.undo(OWNER)

    def redo(self) -> None:
        if self.undone:
            self.done.append(self.state)
            self.state = self.undone.pop()
            self.library.redo(OWNER)

    def compare(self) -> None:
        library, state = self.library, self.state
        assert {one.id: one.name for one in library.sets(OWNER)} == {id: name for id, (name, _) in state.sets.items()}
        for id, (_, members) in state.sets.items():
            assert library.set_members(OWNER, id).ids == state.live(members)
        for id, (_, members) in state.characters.items():
            assert library.character_members(OWNER, id).ids == sorted(state.live(members))
        shown = {one.id: one for one in library.projects(OWNER)}
        assert shown.keys() == state.projects.keys()
        for id, (_, held) in state.projects.items():
            assert library.project_members(OWNER, id).ids == state.of_project(id)
            assert (set(shown[id].sets), set(shown[id].characters)) == (held["sets"], held["characters"])
        check_derived(library)


@pytest.mark.attack
def test_random_sequences(open_library: Callable[..., Library], effort: Any, rng: random.Random) -> None:
    for number in range(effort.of(3, 100)):
        with open_library(f"random-{number}", work=False) as library:
            player = Player(library, rng)
            told: list[str] = []
            for _ in range(effort.of(60, 200)):
                told.append(player.step())
                try:
                    player.compare()
                except AssertionError as error:
                    raise AssertionError(f"after {' '.join(told[-12:])}") from error

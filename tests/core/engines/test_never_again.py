"""Never again: what was given to somebody shows nothing else, whatever is restored, made anew or lost meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from conftest import Effort
from core.snapshots.test_restores import back
from libraries import add, invented

from pixlstash_core.errors import NotFound, PixlStashError, ViewGone
from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    Create,
    CreateToken,
    DeletePictures,
    Reader,
    SaveQuery,
    Scope,
    Selection,
    StackPictures,
    TakeSnapshot,
)

#: What somebody may be given, each known by an id and a random public one.
SORTS = ("picture", "picture_set", "character", "project", "saved_query", "stack")


class Run:
    """A library; the public id that each id ever stood for; views, and pictures lent one by one."""

    def __init__(self, library: Library, rng: random.Random) -> None:
        self.library, self.rng = library, rng
        self.known: dict[tuple[str, int], str] = {}
        self.views: list[tuple[str, str]] = []
        self.number = 0

    def look(self) -> None:
        """No id stands for anything else than it did, and who was lent a picture sees that one or nothing."""
        db = self.library.db
        for sort in SORTS:
            for id, public_id in db.read(f"select id, public_id from {sort}"):
                assert self.known.setdefault((sort, id), public_id) == public_id, f"{sort} {id} is another"
        there = {row[0] for row in db.read("select id from picture")}
        for sort, id in self.known:
            if sort != "picture":
                continue
            reader = Reader("share:test", "read", Scope(frozenset([id])))
            if id in there:
                assert self.library.picture(reader, id).public_id == self.known["picture", id]
            else:
                with pytest.raises(NotFound):
                    self.library.picture(reader, id)
                assert self.library.count(reader).total == 0 == self.library.info(reader).pictures
        for epoch, view in self.views:
            if epoch != self.library.epoch:
                with pytest.raises(ViewGone):
                    self.library.block(OWNER, view, 0)

    def step(self) -> None:
        library, rng = self.library, self.rng
        ids = [row[0] for row in library.db.read("select id from picture order by id")]
        some = rng.sample(ids, min(len(ids), 3))
        name = f"{rng.choice('abc')}{rng.randrange(3)}"
        groups = [
            (verb, row[0])
            for verb, sort in (("delete_set", "picture_set"), ("delete_character", "character"))
            for row in library.db.read(f"select id from {sort}")
        ]
        acts: list[Callable[[], Any]] = [
            lambda: self.imported(),
            lambda: library.create_set(OWNER, Create(name=name)),
            lambda: library.create_character(OWNER, Create(name=name)),
            lambda: library.create_project(OWNER, Create(name=name)),
            lambda: library.save_query(OWNER, SaveQuery(name, "score:1")),
            lambda: library.stack(OWNER, StackPictures(ids=some)),
            lambda: library.delete(OWNER, DeletePictures(ids=some)),
            lambda: library.purge(OWNER, Selection(ids=some)),
            lambda: groups and getattr(library, (chosen := rng.choice(groups))[0])(OWNER, chosen[1]),
            lambda: library.undo(OWNER),
            lambda: library.redo(OWNER),
            lambda: library.take_snapshot(OWNER, TakeSnapshot()),
            lambda: self.restore(),
            lambda: self.restore(),
        ]
        try:
            rng.choice(acts)()
        except PixlStashError:
            pass

    def imported(self) -> None:
        # The same bytes come again, too.
        there = {row[0] for row in self.library.db.read("select sha256 from picture")}
        again, new = invented(self.rng.randrange(self.number + 1)), invented(self.number + 1)
        add(self.library, *(one for one in (again, new) if one.sha256 not in there))
        self.number += 1

    def restore(self) -> None:
        taken = [one.id for one in self.library.snapshots(OWNER)]
        if taken:
            self.views.append((self.library.epoch, self.library.view(OWNER).header.view))
            back(self.library, self.rng.choice(taken), keep_added=self.rng.random() < 0.5)


@pytest.mark.attack
def test_in_every_order(open_library: Callable[..., Library], effort: Effort, rng: random.Random) -> None:
    for number in range(effort.of(2, 30)):
        run = Run(open_library(f"library{number}", work=False), rng)
        for turn in range(60):
            run.step()
            run.look()
            if turn % 20 == 19:  # what is remembered in memory alone would not do
                run.library.close()
                for left in run.library.path.glob("hub.db*") if turn == 39 else ():
                    left.unlink()  # nor is what only the hub remembers needed for it
                run.library = Library.open(run.library.path, work=False)
                run.views.clear()
        run.library.close()


def test_without_the_hub(open_library: Callable[..., Library]) -> None:
    """Whoever deletes it has the pictures, what is known of them, and the snapshots; and nobody has a login."""
    library = open_library(work=False)
    add(library, *(invented(n) for n in range(3)))
    token = library.create_token(OWNER, CreateToken("read", "given away")).token
    taken = library.take_snapshot(OWNER, TakeSnapshot("kept")).id
    library.create_set(OWNER, Create(name="Since"))
    library.close()
    for left in library.path.glob("hub.db*"):
        left.unlink()
    with Library.open(library.path, work=False) as again:
        assert [(one.id, one.label) for one in again.snapshots(OWNER)] == [(taken, "kept")]
        assert again.access.reader_of(token) is None and again.tokens(OWNER) == []
        assert again.verify_snapshot(OWNER, taken).problem is None
        with again.as_of(OWNER, taken) as then:
            assert then.count(OWNER).total == 3 and then.sets(OWNER) == []
        back(again, taken)
        assert again.count(OWNER).total == 3
        assert again.take_snapshot(OWNER, TakeSnapshot()).id > taken

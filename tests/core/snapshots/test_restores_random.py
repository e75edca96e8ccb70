"""Any sequence of edits, imports, snapshots and restores leads where a plain record of the rows says."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from conftest import Effort
from core.snapshots.test_restores import Rows, back, plain
from libraries import add, check_derived, invented
from tagged import check_tags

from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.snapshots import merge
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Create,
    CreateToken,
    DeletePictures,
    EditSet,
    RemoveTags,
    RenameTag,
    Resource,
    RestorePictures,
    RestoreResources,
    ScorePictures,
    Selection,
    StackPictures,
    TakeSnapshot,
)

pytestmark = pytest.mark.attack
TAGS = ("river", "stone", "brook", "sky", "night")
#: Tables that say something of pictures, and which column names these.
OF_PICTURES = {"score": 0, "said_tag": 0, "said_caption": 0, "scrapheap": 0, "stack_member": 0, "correction": 0}


class Run:
    """A library, and what its snapshots hold."""

    def __init__(self, library: Library, rng: random.Random) -> None:
        self.library, self.rng = library, rng
        self.held: dict[int, Rows] = {}
        self.number = 0
        self.imported()

    def some(self) -> list[int]:
        ids = [row[0] for row in self.library.db.read("select id from picture order by id")]
        return self.rng.sample(ids, min(len(ids), self.rng.randrange(1, 8))) if ids else [1]

    def group(self, table: str) -> int:
        ids = [row[0] for row in self.library.db.read(f"select id from {table} order by id")]
        return self.rng.choice(ids) if ids else 1

    def step(self) -> None:
        library, rng = self.library, self.rng
        act: Callable[[], object] = rng.choice(
            [
                lambda: library.score(OWNER, ScorePictures(ids=self.some(), score=rng.randrange(6))),
                lambda: library.add_tags(OWNER, AddTags(ids=self.some(), tags=[rng.choice(TAGS)])),
                lambda: library.remove_tags(OWNER, RemoveTags(ids=self.some(), tags=[rng.choice(TAGS)])),
                lambda: library.rename_tag(OWNER, RenameTag(rng.choice(TAGS), rng.choice(TAGS))),
                lambda: library.create_set(OWNER, Create(name=rng.choice("abcdef"))),
                lambda: library.edit_set(OWNER, self.group("picture_set"), EditSet(name=rng.choice("abcdef"))),
                lambda: library.delete_set(OWNER, self.group("picture_set")),
                lambda: library.add_to_set(OWNER, self.group("picture_set"), Selection(ids=self.some())),
                lambda: library.take_from_set(OWNER, self.group("picture_set"), Selection(ids=self.some())),
                lambda: library.create_character(OWNER, Create(name=rng.choice("abcdef"))),
                lambda: library.add_to_character(OWNER, self.group("character"), Selection(ids=self.some())),
                lambda: library.create_project(OWNER, Create(name=rng.choice("abc"))),
                lambda: library.add_to_project(OWNER, self.group("project"), Selection(ids=self.some())),
                lambda: library.delete_project(OWNER, self.group("project")),
                lambda: library.stack(OWNER, StackPictures(ids=self.some())),
                lambda: library.unstack(OWNER, Selection(ids=self.some())),
                lambda: library.delete(OWNER, DeletePictures(ids=self.some())),
                lambda: library.restore(OWNER, RestorePictures(ids=self.some())),
                lambda: library.undo(OWNER),
                lambda: library.redo(OWNER),
                self.imported,
            ]
        )
        try:
            act()
        except PixlStashError:
            pass

    def imported(self) -> None:
        add(self.library, *(invented(self.number + n) for n in range(4)))
        self.number += 4

    def take(self) -> None:
        id = self.library.take_snapshot(OWNER, TakeSnapshot()).id
        self.held[id] = plain(self.library)
        for one in self.rng.sample(list(self.held), min(2, len(self.held))):
            self.look(one)

    def look(self, id: int) -> None:
        """The past is what it was, and what differs since is what a comparison of the rows says."""
        held, now = self.held[id], plain(self.library)
        with self.library.as_of(OWNER, id) as then:
            for name, rows in held.items():
                if name not in ("setting", "scrapheap"):
                    assert sorted(then.db.read(f"select * from {name}"), key=repr) == rows, name
        expected: dict[str, list[int]] = {}
        for table in self.library.writer.tables():
            if table.topic is not None and table.name not in ("setting", "scrapheap"):
                keys = self.library.db.read("select pk from pragma_table_info(?)", (table.name,))
                old, new = (by_key(rows[table.name], [at for (at,) in keys]) for rows in (held, now))
                changed = sum(old[key] != new[key] for key in old.keys() & new.keys())
                counts = [len(new.keys() - old.keys()), len(old.keys() - new.keys()), changed]
                topic = table.topic or table.noun
                expected[topic] = [sum(pair) for pair in zip(counts, expected.get(topic, [0, 0, 0]), strict=True)]
        found = {
            one.topic: [one.added, one.removed, one.changed] for one in self.library.diff_snapshot(OWNER, id).topics
        }
        found.pop("scrapheap", None)
        found.pop("settings", None)
        assert found == {topic: counts for topic, counts in expected.items() if any(counts)}

    def restore(self) -> None:
        id = self.rng.choice(list(self.held))
        keep, before = self.rng.random() < 0.6, plain(self.library)
        expected = self.library.preview_restore(OWNER, id, keep).summary
        back(self.library, id, keep_added=keep)
        self.compare(id, keep, before)
        check_derived(self.library)
        check_tags(self.library)
        again = self.library.preview_restore(OWNER, id, keep).summary
        changes = (again.pictures_to_revert, again.sets_to_revert, again.sayings_to_revert, again.tags_to_revert)
        assert changes == (0, 0, 0, 0) and again.pictures_to_recreate == again.pictures_to_delete == 0
        assert expected.pictures_to_delete == 0 or not keep

    def part(self) -> None:
        """What a restore of a few things would do is the same, whether the snapshot is read in packs or in a file."""
        id, restores = self.rng.choice(list(self.held)), self.library.restores
        chosen = [Resource("picture", one) for one in self.some()]
        chosen += [Resource("picture_set", self.group("picture_set"))] * self.rng.randrange(2)
        restores.drop_idle(0)
        in_packs = self.library.preview_resources(OWNER, id, RestoreResources(chosen))
        with restores.opened(id) as old:
            assert old.path is not None
        assert self.library.preview_resources(OWNER, id, RestoreResources(chosen)) == in_packs

    def without_hub(self) -> None:
        """Whoever deletes it loses logins, history and settings of the installation, and nothing else."""
        before = plain(self.library), self.library.snapshots(OWNER), self.library.epoch
        token = self.library.create_token(OWNER, CreateToken("read", "given away")).token
        path = self.library.path
        self.library.close()
        for left in path.glob("hub.db*"):
            left.unlink()
        self.library = Library.open(path, work=False)
        assert (plain(self.library), self.library.snapshots(OWNER), self.library.epoch) == before
        assert self.library.access.reader_of(token) is None and self.library.tokens(OWNER) == []
        logged = {row[0] for row in self.library.db.read("select revision from derived_outbox")}
        assert {one.revision for one in self.library.history(OWNER)} <= logged, "only what the hub had not all of"
        for one in self.held:
            self.look(one)

    def compare(self, id: int, keep: bool, before: Rows) -> None:
        held, now = self.held[id], plain(self.library)
        if not keep:
            # Words that were made since are known from then on, and bare: nothing is said with them.
            known = {row[0] for row in held["tag"]}
            now["tag"] = [row for row in now["tag"] if row[0] in known]
            now["implication"] = [row for row in now["implication"] if row[0] in known]
            assert now == held
            return
        pictures = {row[0] for row in held["picture"]}
        for name, column in OF_PICTURES.items():
            assert [row for row in now[name] if row[column] in pictures] == held[name], name
            added = [row for row in before[name] if row[column] not in pictures]
            assert name == "stack_member" or [row for row in now[name] if row[column] not in pictures] == added, name
        sets = {row[0] for row in held["picture_set"]}
        assert [row for row in now["picture_set"] if row[0] in sets] == held["picture_set"]
        assert [row for row in now["set_member"] if row[0] in sets and row[1] in pictures] == held["set_member"]
        assert {row[0] for row in now["picture"]} == pictures | {row[0] for row in before["picture"]}


def by_key(rows: list[tuple[object, ...]], keys: list[int]) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Rows by their primary key, given each column's place in it."""
    return {tuple(value for value, key in zip(row, keys, strict=True) if key): row for row in rows}


def test_random_sequences(
    open_library: Callable[..., Library], effort: Effort, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(effort.of(2, 30)):
        monkeypatch.setattr(merge, "GAPS", (1000, 0)[number % 2])  # pictures are known by their ids, or by all hashes
        monkeypatch.setattr(merge, "SLICE", (20_000, 2)[number % 2])
        run = Run(open_library(f"library{number}", work=False), rng)
        files = {run.library.path / "media" / f"{name}.png": rng.randbytes(99) for name in "ab"}
        for path, body in files.items():
            path.write_bytes(body)
        for turn in range(90):
            run.step()
            if turn % 9 == 4:
                run.take()
            if turn % 13 == 12:
                run.part()
                run.restore()
            if turn % 40 == 39:
                run.without_hub()
        assert run.library.db.read("pragma integrity_check") == [("ok",)]
        left = [path for path in (run.library.path / "media").rglob("*") if path.is_file()]
        assert {path: path.read_bytes() for path in left} == files  # no restore touches a file
        run.library.close()

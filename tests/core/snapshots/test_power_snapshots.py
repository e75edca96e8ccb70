"""The power fails while snapshots are taken and let go, restored from, and while backups are made and restored."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from conftest import Effort
from core.backups.test_backups import restored, said
from core.database.test_power import checkpointing, pytestmark, redo, score, some, undo, upload
from core.snapshots.test_kill_snapshots import left_behind
from core.snapshots.test_restores import Rows, back, plain
from faults import oracle
from faults.recording import Disk, Op, Recording

from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Create,
    MakeBackup,
    Resource,
    RestoreResources,
    RestoreSnapshot,
    Selection,
    TakeSnapshot,
)

__all__ = ["pytestmark"]
TAGS = ("river", "stone", "sky")
#: Where backups lie, and whether logins and history are in them.
PLACES = {"plain": False, "deep/er/whole": True, "packed.zip": True}


class Moment(NamedTuple):
    """What there was when so much of the log was written and an action had just been acknowledged.

    `now`: rows, epoch and history; `snapshots`: the hash of what each holds, by id; `backups`, `made`: what is known in
    each backup, and in each library made of one.
    """

    logged: int
    what: str
    now: Any
    snapshots: dict[int, str]
    backups: dict[str, Rows]
    made: dict[str, Rows]


class Life:
    """A library, its backups in a folder and a file, and libraries made of these, on one disk that is recorded."""

    def __init__(self, root: Path, rng: random.Random) -> None:
        self.recording, self.root, self.rng = Recording(root), root, rng
        self.moments: list[Moment] = []
        self.backups: dict[str, Rows] = {}
        self.made: dict[str, Rows] = {}

    @property
    def log(self) -> list[Op]:
        return self.recording.log

    def live(self, openings: int, actions: int) -> None:
        self.root.mkdir()
        with checkpointing(), self.recording.running():
            Library.create(self.root / "library")
            for opening in range(openings):
                with Library.open(self.root / "library", work=False) as library:
                    library.restore_points.set_automatic(False)
                    self.acknowledge(library, "open")
                    verbs = self.rng.choices(list(VERBS), list(VERBS.values()), k=actions)
                    for number, verb in enumerate([arrive, take, *verbs] if opening == 0 else verbs):
                        verb(self, library)
                        self.acknowledge(library, f"{number} {verb.__name__}")

    def acknowledge(self, library: Library, what: str) -> None:
        held = {one.id: one.sha256 for one in library.restore_points.repository.listed()[0]}
        moment = Moment(len(self.log), what, present(library), held, dict(self.backups), dict(self.made))
        self.moments.append(moment)

    def taken(self, library: Library) -> int | None:
        known = [one.id for one in library.snapshots(OWNER)]
        return self.rng.choice(known) if known else None


def present(library: Library) -> Any:
    rows = plain(library)
    used = {tag for _, tag, *_ in rows["said_tag"]}
    rows["tag"] = [row for row in rows["tag"] if row[0] in used]  # a word is known before it is said of a picture
    return rows, library.db.setting("epoch"), oracle.history(library)


# --- what happens -----------------------------------------------------------------------------------------------------


def arrive(life: Life, library: Library) -> None:
    upload(library, life.recording, life.rng)


def change(life: Life, library: Library) -> None:
    score(library, life.recording, life.rng)


def tag(life: Life, library: Library) -> None:
    ids = some(library, life.rng)
    if ids:
        library.add_tags(OWNER, AddTags(ids=ids, tags=[life.rng.choice(TAGS)]))


def gather(life: Life, library: Library) -> None:
    sets = [one.id for one in library.sets(OWNER)]
    if sets and life.rng.random() < 0.6:
        library.add_to_set(OWNER, life.rng.choice(sets), Selection(ids=some(library, life.rng)))
    else:
        library.create_set(OWNER, Create(name=f"set {len(life.moments)}"))


def undone(life: Life, library: Library) -> None:
    undo(library, life.recording, life.rng)


def redone(life: Life, library: Library) -> None:
    redo(library, life.recording, life.rng)


def take(life: Life, library: Library) -> None:
    library.take_snapshot(OWNER, TakeSnapshot())


def let_go(life: Life, library: Library) -> None:
    if (id := life.taken(library)) is not None:
        library.delete_snapshot(OWNER, id)


def restore(life: Life, library: Library) -> None:
    if (id := life.taken(library)) is not None:
        library.restore_snapshot(OWNER, id, RestoreSnapshot())


def restore_some(life: Life, library: Library) -> None:
    id, ids = life.taken(library), some(library, life.rng)
    if id is not None:
        try:
            library.restore_resources(OWNER, id, RestoreResources([Resource("picture", one) for one in ids], True))
        except PixlStashError:  # the snapshot has not all of them
            pass


def back_up(life: Life, library: Library) -> None:
    name = life.rng.choice(list(PLACES))
    library.backup(OWNER, MakeBackup(str(life.root / name), access=PLACES[name]))
    life.backups[name] = said(library)


def restore_backup(life: Life, library: Library) -> None:
    if life.backups:
        name, target = life.rng.choice(sorted(life.backups)), f"made {len(life.made)}"
        restored(life.root / name, life.root / target, PLACES[name])
        life.made[target] = life.backups[name]


#: What happens, and how often.
VERBS: dict[Callable[[Life, Library], None], int] = {
    **dict.fromkeys((arrive, take, back_up), 4),
    **dict.fromkeys((change, tag, let_go, restore, restore_some, gather), 2),
    **dict.fromkeys((undone, redone, restore_backup), 1),
}


# --- what is left of it -----------------------------------------------------------------------------------------------


def wrong_after(life: Life, log: list[Op], disk: Path, rng: random.Random) -> list[str]:
    """What does not hold of what is left when the power failed after so many calls."""
    Disk(log, rng).write_to(disk)
    shown_by_then = [moment for moment in life.moments if moment.logged <= len(log)]
    before, after = shown_by_then[-1], life.moments[min(len(shown_by_then), len(life.moments) - 1)]
    try:
        with Library.open(disk / "library", work=False) as library:
            found = [
                *(one for one in oracle.problems(library) if "has no still" not in one),
                *wrong_library(library, before, after),
                *wrong_snapshots(
                    library, before, after, max(id for one in shown_by_then for id in (0, *one.snapshots))
                ),
                *wrong_backups(library, before, after, disk),
                *wrong_made(before, after, disk),
            ]
    except Exception as error:  # anything at all is the finding
        found = [f"{type(error).__name__}: {error}"]
    return [f"between {before.what!r} and {after.what!r}: {one}" for one in found]


def wrong_library(library: Library, before: Moment, after: Moment) -> list[str]:
    return [] if present(library) in (before.now, after.now) else ["the library is as neither left it"]


def wrong_snapshots(library: Library, before: Moment, after: Moment, highest: int) -> list[str]:
    """`highest`: no snapshot had a higher id by then."""
    known = {**before.snapshots, **after.snapshots}
    held = {one.id: one.sha256 for one in library.restore_points.repository.listed()[0]}
    found = [f"snapshot {id} is gone" for id in before.snapshots.keys() & after.snapshots.keys() - held.keys()]
    found += [f"snapshot {id} is another" for id in held if id in known and held[id] != known[id]]
    if len(held.keys() - known.keys()) > 1:  # a safety snapshot is one
        found.append(f"snapshots {held.keys() - known.keys()} are there")
    found += [f"{one.id}: {one.problem}" for one in library.verify_snapshots(OWNER) if one.problem]
    found += library.snapshot_status(OWNER).problems + left_behind(library)
    taken = library.take_snapshot(OWNER, TakeSnapshot()).id
    if taken <= highest:
        found.append(f"id {taken} of a snapshot was given before")
    back(library, min(held, default=taken))
    return found


def wrong_backups(library: Library, before: Moment, after: Moment, disk: Path) -> list[str]:
    found = []
    for name in {**before.backups, **after.backups}:
        allowed = [moment.backups[name] for moment in (before, after) if name in moment.backups]
        try:
            there = content(disk / name, disk / "look")
        except PixlStashError as error:
            if name in before.backups:
                found.append(f"the backup {name} cannot be restored: {error}")
        else:
            if there not in allowed:
                found.append(f"the backup {name} is neither the one before nor the new one")
        if before.backups.get(name) != after.backups.get(name):  # and it can be made again
            library.backup(OWNER, MakeBackup(str(disk / name), access=PLACES[name]))
            if content(disk / name, disk / "look") != said(library):
                found.append(f"the backup {name} made again is not of this library")
    return found


def content(backup: Path, target: Path) -> Rows:
    """What a library made of a backup says of pictures; it is sound, and every original is there."""
    shutil.rmtree(target, ignore_errors=True)
    if problems := restored(backup, target):
        raise PixlStashError(f"{problems}")
    return shown(target)


def shown(path: Path) -> Rows:
    with Library.open(path, work=False) as library:
        if problems := library.check(OWNER, verify=True).problems:
            raise PixlStashError(f"{problems}")
        return said(library)


def wrong_made(before: Moment, after: Moment, disk: Path) -> list[str]:
    found = []
    for name, expected in after.made.items():
        if name in before.made or (disk / name / "library.db").exists():
            if shown(disk / name) != expected:
                found.append(f"{name} is not the library it was made as")
    return found


def cuts(life: Life, count: int, rng: random.Random) -> Iterator[int]:
    """So many places in the log: a third anywhere, the others within a few calls of an acknowledgement or a name."""
    first = life.moments[0].logged
    named = [
        at for at, op in enumerate(life.log) if op.kind in ("rename", "unlink", "settle", "create") and at >= first
    ]
    for number in range(count):
        near = (rng.randrange(first, len(life.log)), rng.choice(life.moments).logged, rng.choice(named))[number % 3]
        yield min(near + rng.randrange(4), len(life.log))


def test_a_power_cut_loses_no_snapshot_and_no_backup(tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    wrong: dict[str, list[str]] = {}
    calls = acknowledged = 0
    lives, each = effort.of(1, 10), effort.of(8, 50)
    for number in range(lives):
        life = Life(tmp_path / f"disk {number}", rng)
        life.live(2, effort.of(6, 25))
        calls, acknowledged = calls + len(life.log), acknowledged + len(life.moments)
        for cut in cuts(life, each, rng):
            if found := wrong_after(life, life.log[:cut], tmp_path / "crashed", rng):
                wrong[f"life {number}, at {cut} of {len(life.log)}"] = found
    print(f"\n{lives * each} cuts in {calls} calls, {acknowledged} acknowledged; {len(wrong)} with problems")
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def test_the_model_sees_what_is_written_beside_databases(tmp_path: Path, rng: random.Random) -> None:
    """With the syncs of snapshots left out, and those of backups, the same cuts do lose some."""
    life = Life(tmp_path / "disk", rng)
    life.live(1, 0)
    with checkpointing(), life.recording.running(), Library.open(life.root / "library", work=False) as library:
        for verb in (arrive, change, take, arrive, take, back_up):
            verb(life, library)
            life.acknowledge(library, verb.__name__)
    assert not wrong_after(life, life.log, tmp_path / "crashed", rng)
    backups = {*life.backups, *(str(Path(one).parent) for one in life.backups)}
    for folders in (("library/snapshots",), tuple(backups)):
        deaf = [op if not in_one(op, folders) else Op("sync", "", -1) for op in life.log]
        found = [wrong_after(life, deaf, tmp_path / "crashed", rng) for _ in range(3)]
        assert any(found), folders


def in_one(op: Op, folders: tuple[str, ...]) -> bool:
    return op.kind in ("sync", "settle") and op.path.startswith(folders)

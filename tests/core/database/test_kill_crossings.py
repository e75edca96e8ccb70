"""kill -9 exactly between what is committed to one file and what is done to another next, for each action.

Nothing spans `library.db`, `hub.db`, the stills, the originals, the snapshots and a backup in one step. `ACTIONS` in
`faults/crossing.py` are all that commit to two of them; here is what each crosses.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import zstandard
from conftest import Effort, default_seed
from core.database.test_kill import opened
from core.database.test_upgrade import first_of
from core.snapshots.test_kill_snapshots import left_behind
from core.snapshots.test_power_snapshots import content, shown
from faults import computed, crossing, killing, oracle, sources, worker
from tagged import check_tags

from pixlstash_core.errors import PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, DeletePictures, ImportPaths, MakeBackup, ScorePictures, Selection, TakeSnapshot

pytestmark = [
    pytest.mark.attack,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="files are known by their names in /proc"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LIBRARY, HUB, STILLS, MEDIA = "library.db", "hub.db", "thumbnails.db", "media"
#: By action, from which file to which other it goes: at least these.
CROSSED: dict[str, set[str]] = {
    "make": {f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "upload": {f"{HUB} > {MEDIA}", f"{MEDIA} > {HUB}", f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}", f"{STILLS} > {HUB}"},
    "upload_in_pieces": {f"{HUB} > {MEDIA}", f"{MEDIA} > {HUB}", f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "import_in_place": {f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}", f"{HUB} > {STILLS}"},
    "import_copies": {f"{HUB} > {MEDIA}", f"{LIBRARY} > {HUB}", f"{HUB} > {STILLS}"},
    "score": {f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "undo": {f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "purge": {
        f"{HUB} > {LIBRARY}",
        f"{LIBRARY} > {HUB}",
        f"{HUB} > {STILLS}",
        f"{STILLS} > {MEDIA}",
        f"{MEDIA} > {HUB}",
    },
    "bring_back": {f"{HUB} > {MEDIA}", f"{MEDIA} > {HUB}", f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "take": {f"{HUB} > {LIBRARY}", f"{HUB} > packs", "packs > manifests"},
    "let_go": {"manifests > packs", "packs > manifests"},
    "prune": {"manifests > packs", "packs > manifests"},
    "restore": {
        *(f"{HUB} > packs", "packs > manifests", f"manifests > {HUB}", f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"),
        *(f"{HUB} > manifests", "manifests > packs"),
    },
    "restore_some": {f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "back_up": {f"backup/{HUB} > backup/{LIBRARY}", f"backup/{LIBRARY} > backup/{HUB}"},
    "restore_backup": {f"made/{LIBRARY} > made/media", f"made/media > made/{HUB}", f"made/{HUB} > made/{LIBRARY}"},
    "run_engine": {f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "move_threshold": {f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "redraw": {f"{HUB} > {STILLS}", f"{STILLS} > {HUB}", f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "note": {f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "restore_notes": {f"manifests > {HUB}", f"{HUB} > {LIBRARY}", f"{LIBRARY} > {HUB}"},
    "close": {f"{STILLS} > {HUB}", f"{HUB} > {LIBRARY}"},
    "upgrade": {f"{LIBRARY} > {STILLS}", f"{HUB} > {LIBRARY}"},
    "start_after_upload": {f"{MEDIA} > {HUB}"},
    "start_after_purge": {f"{LIBRARY} > {HUB}", f"{HUB} > {STILLS}", f"{MEDIA} > {HUB}"},
    "start_after_restore": {f"{HUB} > {LIBRARY}"},
    "start_after_score": {f"{HUB} > {LIBRARY}"},
}
#: Actions that are tried in `make test`.
SAMPLE = 9
#: What leads to the same when it is done again.
AGAIN = {"make", "upload", "import_in_place", "import_copies", "purge", "back_up", "restore_backup"}
AGAIN |= {"upgrade", "run_engine", "move_threshold", "redraw", *crossing.STARTS}
IMPORTS = ("import_in_place", "import_copies", "upload_in_pieces")
#: What is done picture by picture.
PARTS = (*IMPORTS, "run_engine")


class Seen(NamedTuple):
    """What there is, but for what differs from run to run. `pictures`: with what was computed about each; `world`:
    history, and whether the epoch is another.
    """

    pictures: dict[str, tuple[oracle.Content, Any]]
    world: Any
    snapshots: dict[int, tuple[str, str | None]]
    beside: dict[str, Any]


class Lab:
    """A template to copy, in a folder with its backups, and pictures to bring."""

    def __init__(self, folder: Path) -> None:
        self.source, self.template = folder / "source", folder / "template"
        sources.paint(self.source / "old", 6)
        sources.paint(self.source / "new", 2, seed=2)
        (self.source / "purged.png").write_bytes(sources.png(random.Random(3), 3, 48))
        self.template.mkdir()
        path = self.template / "library"
        Library.create(path)
        with Library.open(path) as library:
            library.restore_points.set_automatic(False)
            worker.finish(library, library.import_paths(OWNER, ImportPaths([str(self.source / "old")])).id)
        with Library.open(path, work=False) as library:
            crossing.send(library, self.source / "purged.png")
            self._live(library, max(oracle.pictures(library)))
            self.epoch = library.epoch

    def _live(self, library: Library, purged: int) -> None:
        library.delete(OWNER, DeletePictures(ids=[purged]))
        library.purge(OWNER, Selection(ids=[purged]))
        for number in range(3):
            pad(library, number)
            library.score(OWNER, ScorePictures(ids=[1, 2 + number], score=1 + number))
            library.take_snapshot(OWNER, TakeSnapshot(f"manual {number}"))
        for number in range(9):
            pad(library, min(3 + number, 5))
            library.restore_points.take("DAILY", None)
        library.backup(OWNER, MakeBackup(str(self.template / "plain"), access=True))
        library.delete(OWNER, DeletePictures(ids=[3, 4]))
        library.score(OWNER, ScorePictures(ids=[1, 5], score=5))

    def begin(self, action: str, base: Path) -> Path:
        """The library that an action is done to; for one that makes it, where."""
        if action == "make":
            base.mkdir()
        else:
            shutil.copytree(self.begun(action), base)
        if action == "upgrade":
            first_of(base / "library")
        return base / "library"

    def begun(self, action: str) -> Path:
        """The template, or a copy in which another action was killed, for a start that finishes it, or that is
        prepared.
        """
        prepare = computed.PREPARED.get(action)
        if prepare is None and action not in crossing.STARTS:
            return self.template
        base = self.template.with_name(action)
        if not base.exists():
            shutil.copytree(self.template, base)
            if prepare:
                prepare(base / "library", self.source.with_name("prepared"))
            else:
                before, place = map(Path, crossing.STARTS[action])
                assert killing.run("cross", base / "library", self.source, before, place).killed
        return base


def pad(library: Library, number: int) -> None:
    """Many pages that differ from one snapshot to the next, so that letting one go writes packs anew."""
    body = zstandard.ZstdCompressor().compress(random.Random(number).randbytes(300_000))
    put = "insert or replace into payload(picture_id, name, body) values (1, 'padding', ?)"
    library.write(OWNER, "Padded", lambda write: write.execute(put, (body,)))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("crossings"))


def seen(lab: Lab, base: Path, action: str, wrong: list[str]) -> Seen:
    """What the next start finds; what does not hold of it is added to `wrong`."""
    with opened(base / "library", wrong) as library:
        said = computed.of(library)
        pictures = {sha: (one._replace(drawn=True), said.get(sha)) for sha, one in oracle.contents(library).items()}
        history = [] if action in IMPORTS else oracle.history(library)
        wrong += [f"{one.id}: {one.problem}" for one in library.verify_snapshots(OWNER) if one.problem]
        wrong += library.snapshot_status(OWNER).problems
        snapshots = {one.id: (str(one.kind), one.label) for one in library.snapshots(OWNER)}
        world = (history, library.epoch == lab.epoch)
        undrawn = {name for (name,) in library.db.read("select name from picture where cause = 'pixels'")}
    told = [one for one in wrong if not any(one == f"{name} has no facts" for name in undrawn)]
    wrong[:] = told  # what was not drawn was not read
    return Seen(pictures, world, snapshots, dict(beside(base, action, wrong)))


def beside(base: Path, action: str, wrong: list[str]) -> Iterator[tuple[str, Any]]:
    """What the backup holds, and the library that was made of it."""
    if action not in ("back_up", "restore_backup"):
        return
    try:
        yield "plain", content(base / "plain", base / "look")
    except PixlStashError as error:
        wrong.append(f"the backup: {error}")
    if (base / "again" / LIBRARY).exists():
        yield "again", shown(base / "again")


def between(action: str, before: Seen, after: Seen, now: Seen) -> Iterator[str]:
    """What is neither as it was before nor as it is after."""
    known = [one.pictures for one in (before, after)]
    if action in PARTS:
        if before.pictures.keys() - now.pictures or any(
            one not in [some.get(sha) for some in known] for sha, one in now.pictures.items()
        ):
            yield "a picture is there in part"
    elif action == "move_threshold":  # it counts once it was asked for, and for all pictures at once
        if now.pictures not in known or now.world not in (before.world, after.world):
            yield "some tags count as before, and some as after"
    elif (now.pictures, now.world) not in [(one.pictures, one.world) for one in (before, after)]:
        yield "pictures, history and epoch are neither as before nor as after"
    kept, both = before.snapshots.items() & after.snapshots.items(), before.snapshots.items() | after.snapshots.items()
    if not kept <= now.snapshots.items() <= both:
        yield f"the snapshots are {now.snapshots}"
    for name in {**before.beside, **after.beside, **now.beside}:
        if now.beside.get(name) not in [one.beside.get(name) for one in (before, after)]:
            yield f"{name} is neither as before nor as after"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All actions in `make torture`; a sample of them in `make test`, another one for each commit."""
    if "action" in metafunc.fixturenames:
        actions = list(crossing.ACTIONS)
        if not metafunc.config.getoption("--torture"):
            seed = int(os.environ.get("SEED") or default_seed(False))
            actions = sorted(random.Random(seed).sample(actions, SAMPLE))
        metafunc.parametrize("action", actions)


def test_killed_between_two_files(action: str, lab: Lab, tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    wrong: list[str] = []
    empty = Seen({}, None, {}, {})
    before = empty if action == "make" else seen(lab, lab.begin(action, tmp_path / "before").parent, action, wrong)
    places = crossing.run(action, lab.begin(action, tmp_path / "whole"), lab.source)
    after = seen(lab, tmp_path / "whole", action, wrong)
    assert wrong == []
    crossed = {place.rpartition(" ")[0] for place in places}
    assert CROSSED[action] <= crossed, f"{action} crosses {sorted(crossed)}"
    problems: dict[str, list[str]] = {}
    killed: list[str] = []
    for number, place in enumerate(rng.sample(places, len(places))):
        if len(killed) < effort.of(1, len(places)):
            base = tmp_path / str(number)
            path = lab.begin(action, base)
            if killing.run("cross", path, lab.source, Path(action), Path(place)).killed:
                killed.append(place)
                if found := list(left(lab, base, action, before, after)):
                    problems[place] = found
            shutil.rmtree(base)
    print(f"\n{action}: killed at {len(killed)} of {len(places)} crossings: {', '.join(sorted(crossed))}")
    assert not problems, problems
    assert killed or not places


def left(lab: Lab, base: Path, action: str, before: Seen, after: Seen) -> Iterator[str]:
    """What does not hold of what a kill left, nor once the same is done again."""
    wrong: list[str] = []
    path = base / "library"
    if path.joinpath(LIBRARY).exists():
        yield from between(action, before, after, seen(lab, base, action, wrong))
    done = base / "again" if action == "restore_backup" else path
    if action in AGAIN and not (action in ("make", "restore_backup") and (done / LIBRARY).exists()):
        crossing.run(action, path, lab.source)
    if action in AGAIN:
        now = seen(lab, base, action, wrong)
        if (now.pictures, now.beside) != (after.pictures, after.beside):
            yield "done again, it leads elsewhere"
    with Library.open(path, work=False) as library:
        wrong += left_behind(library)
        check_tags(library)
    yield from wrong

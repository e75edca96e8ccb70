"""The power fails: whatever was not synced is lost, kept, reordered or torn. kill -9 cannot show this."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import libraries
import pytest
from conftest import Effort
from faults import killing, oracle, sources
from faults.recording import Disk, Op, Recording

from pixlstash_core.errors import Conflict
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, CreateToken, DeletePictures, RestorePictures, ScorePictures, Selection

pytestmark = [
    pytest.mark.attack,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="folders that are synced are known from /proc"),
    # SQLite tries to lock a file that it has opened for reading only, and shrugs; a VFS in Python has to mention it.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Acknowledged(NamedTuple):
    """What the library showed when so much of the log was written and an action had just been acknowledged."""

    logged: int
    what: str
    state: Any
    ids: dict[str, int]


class Life(NamedTuple):
    log: list[Op]
    moments: list[Acknowledged]


@pytest.fixture
def life(tmp_path: Path, effort: Effort, rng: random.Random) -> Life:
    """A library's life, from its making on: pictures come and go, are scored, undone and redone; it is closed twice."""
    recording = Recording(tmp_path / "library")
    moments: list[Acknowledged] = []
    with checkpointing(), recording.running():
        Library.create(recording.root)
        for _ in range(3):
            with Library.open(recording.root, work=False) as library:
                live(library, recording, rng, effort.of(15, 60), moments)
    return Life(recording.log, moments)


class checkpointing:
    """Every connection moves its log into the database after 25 pages, not 1000: a short life sees it often."""

    def __enter__(self) -> None:
        apsw.connection_hooks.append(self._hook)

    def __exit__(self, *error: object) -> None:
        apsw.connection_hooks.remove(self._hook)

    @staticmethod
    def _hook(connection: apsw.Connection) -> None:
        connection.set_busy_timeout(1000)
        connection.wal_autocheckpoint(25)


def live(library: Library, recording: Recording, rng: random.Random, actions: int, moments: list[Acknowledged]) -> None:
    def acknowledged(what: str) -> None:
        shown = state(library), oracle.ids(library)
        moments.append(Acknowledged(len(recording.log), what, *shown))

    acknowledged("open")
    verbs = random.Random(rng.random())
    for number in range(actions):
        verb = verbs.choices([upload, score, delete, restore, undo, redo, purge, token], [6, 4, 3, 1, 3, 2, 2, 1])[0]
        verb(library, recording, rng)
        acknowledged(f"{number} {verb.__name__}")


def upload(library: Library, recording: Recording, rng: random.Random) -> None:
    path = library.intake.temporary("picture.png")
    recording.put(path, sources.png(rng, rng.randrange(1000), 16))
    os.utime(path, (sources.START, sources.START))
    assert library.upload(OWNER, f"picture {rng.randrange(1000)}.png", path).status == "imported"


def some(library: Library, rng: random.Random, where: str = "1") -> list[int]:
    known = [id for (id,) in library.db.read(f"select id from picture where {where} order by id")]
    return sorted(rng.sample(known, min(len(known), 3)))


def score(library: Library, recording: Recording, rng: random.Random) -> None:
    there = some(library, rng, "id not in (select picture_id from scrapheap)")
    library.score(OWNER, ScorePictures(ids=there, score=rng.randrange(6)))


def delete(library: Library, recording: Recording, rng: random.Random) -> None:
    library.delete(OWNER, DeletePictures(ids=some(library, rng)))


def restore(library: Library, recording: Recording, rng: random.Random) -> None:
    library.restore(OWNER, RestorePictures(ids=some(library, rng)))


def purge(library: Library, recording: Recording, rng: random.Random) -> None:
    library.purge(OWNER, Selection(ids=some(library, rng, "id in (select picture_id from scrapheap)")[:2]))


def undo(library: Library, recording: Recording, rng: random.Random) -> None:
    attempt(lambda: library.undo(OWNER))


def redo(library: Library, recording: Recording, rng: random.Random) -> None:
    attempt(lambda: library.redo(OWNER))


def token(library: Library, recording: Recording, rng: random.Random) -> None:
    library.create_token(OWNER, CreateToken("read", f"token {rng.randrange(1000)}"))


def attempt(work: Callable[[], Any]) -> None:
    try:
        work()
    except Conflict:  # nothing to undo
        pass


def state(library: Library) -> Any:
    tokens = sorted((token.id, token.label) for token in library.tokens(OWNER))
    stills = {sha: content._replace(drawn=False) for sha, content in oracle.contents(library).items()}
    return stills, oracle.history(library), tokens


def crashes(life: Life, count: int, rng: random.Random) -> Iterator[int]:
    """So many places in the log: half anywhere, half within a few calls of an acknowledgement."""
    first = life.moments[0].logged
    for number in range(count):
        if number % 2:
            yield rng.randrange(first, len(life.log) + 1)
        else:
            near = rng.choice(life.moments).logged + rng.randrange(0, 4)
            yield min(max(near, first), len(life.log))


def test_a_power_cut_loses_nothing(life: Life, tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    wrong: dict[str, list[str]] = {}
    count = effort.of(40, 600)
    for crash in crashes(life, count, rng):
        Disk(life.log[:crash], rng).write_to(tmp_path / "crashed")
        if found := after(life, crash, tmp_path / "crashed"):
            wrong[f"at {crash} of {len(life.log)}"] = found
    print(
        f"\npower: {count} cuts in {len(life.log)} calls, {len(life.moments)} acknowledged; {len(wrong)} with problems"
    )
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())


def after(life: Life, crash: int, folder: Path) -> list[str]:
    """What does not hold of the library that is left when the power failed after so many calls."""
    before = [number for number, moment in enumerate(life.moments) if moment.logged <= crash]
    last = before[-1]
    try:
        library = Library.open(folder, work=False)
    except Exception as error:  # anything at all is the finding
        return [f"after {life.moments[last].what!r} it does not open: {type(error).__name__}: {error}"]
    with library:
        wrong = [one for one in oracle.problems(library) if not one.endswith("has no still, and nothing says why")]
        allowed = life.moments[last : last + 2]
        if state(library) not in [moment.state for moment in allowed]:
            wrong.append(f"it is neither as {allowed[0].what!r} nor as {allowed[-1].what!r} left it")
        return wrong + reused(library, life.moments[last].ids)


def reused(library: Library, shown: dict[str, int]) -> list[str]:
    """Ids and revisions given now that were given before."""
    [picture] = libraries.add(library, libraries.invented(random.Random(library.revision).randrange(1 << 30)))
    done = library.score(OWNER, ScorePictures(ids=[picture], score=4))
    location = library.db.value("select max(id) from location")
    fresh = {"picture": picture, "location": location, "revision": done.revision - 1}
    return [
        f"{name} {fresh[name]} was given before (up to {shown[name]})" for name in fresh if fresh[name] <= shown[name]
    ]


def test_an_older_file_put_back_reuses_nothing(life: Life, tmp_path: Path, effort: Effort, rng: random.Random) -> None:
    """`library.db` as it was at one moment beside `hub.db` as it was later: a copy put back by hand, say."""
    for _ in range(effort.of(3, 60)):
        early, late = sorted(rng.choice(life.moments[1:]).logged for _ in range(2))
        folder = tmp_path / "mixed"
        Disk(life.log[:late], rng).write_to(folder)
        disk = Disk(life.log[:early], rng)
        for name in ("library.db", "library.db-wal"):
            (folder / name).unlink(missing_ok=True)
            if name in disk.files:
                (folder / name).write_bytes(disk.files[name])
        shown = [moment.ids for moment in life.moments if moment.logged <= late][-1]
        with Library.open(folder, work=False) as library:
            assert reused(library, shown) == []


@pytest.mark.skipif(bool(killing.why_not()), reason=killing.why_not() or "-")
def test_copies_are_durable_before_they_get_their_names(tmp_path: Path) -> None:
    """The decoder process writes copies, out of a recording's sight: so the calls of a whole import are read here."""
    sources.paint(tmp_path / "source", 6)
    Library.create(tmp_path / "library")
    done = killing.finished("copy", tmp_path / "library", tmp_path / "source")
    media = str(tmp_path / "library/media")
    named = 0
    for place, (call, path, to) in enumerate(done):
        if call == "rename" and path.startswith(f"{media}/incoming/"):
            named += 1
            assert ("fsync", path, "") in done[:place], f"{path} was not durable"
            assert ("fsync", os.path.dirname(to), "") in done[place:], f"{to} can lose its name"
    assert named == 6


def test_the_model_notices_a_missing_sync(tmp_path: Path, rng: random.Random) -> None:
    """The same cuts with syncs left out do lose what was acknowledged: the model is no rubber stamp."""
    recording = Recording(tmp_path / "library")
    with recording.running():
        recording.root.mkdir()
        connection = apsw.Connection(str(recording.root / "a.db"))
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "normal")
        connection.execute("create table t(a)").fetchall()
        counts = []
        for number in range(30):
            connection.execute("insert into t values (randomblob(3000))").fetchall()
            counts.append((len(recording.log), number + 1))
        lost = 0
        log = list(recording.log)
        connection.close()
    for number in range(30):
        cut, rows = rng.choice(counts)
        Disk(log[:cut], rng).write_to(tmp_path / f"crashed {number}")
        connection = apsw.Connection(str(tmp_path / f"crashed {number}" / "a.db"))
        try:
            lost += connection.execute("select count(*) from t").get < rows
        except apsw.SQLError:  # not even the table
            lost += 1
        connection.close()
    assert lost > 5

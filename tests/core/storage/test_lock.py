"""One process holds a library; two libraries live in one process without knowing of each other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import sources
from libraries import add, fill, finish, invented

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict, Invalid, LibraryInUse, NotFound
from pixlstash_core.library import Library
from pixlstash_core.storage import lock
from pixlstash_core.storage.lock import Lock
from pixlstash_core.types import DeletePictures, ImportPaths, ScorePictures, TakeSnapshot

pytestmark = pytest.mark.slow

HOLDER = """
import sys
from pathlib import Path
from pixlstash_core.library import Library
library = Library.open(Path(sys.argv[1]), work=False)
if len(sys.argv) > 2:
    library.announce(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
library.close()
"""


class Holder:
    """Another process that holds a library until it is let go."""

    def __init__(self, path: Path, *url: str) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path), *url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stdout is not None and self.process.stdout.readline() == "held\n"

    def let_go(self) -> None:
        self.process.communicate(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)


def test_a_second_process_is_refused_by_name(open_library: Callable[..., Library], tmp_path: Path) -> None:
    open_library().close()
    holder = Holder(tmp_path / "library", "http://127.0.0.1:8020")
    try:
        with pytest.raises(LibraryInUse) as caught:
            open_library()
        assert f"Process {holder.process.pid}" in str(caught.value)
        assert "http://127.0.0.1:8020" in str(caught.value)
        found = lock.read(tmp_path / "library" / "lock")
        assert found is not None and found.pid == holder.process.pid and found.secret
    finally:
        holder.let_go()
    assert lock.read(tmp_path / "library" / "lock") is None
    assert open_library().info(OWNER).pictures == 0


def test_a_killed_holder_holds_nothing(open_library: Callable[..., Library], tmp_path: Path) -> None:
    open_library().close()
    Holder(tmp_path / "library").kill()
    assert lock.read(tmp_path / "library" / "lock") is None
    with open_library() as library:
        fill(library, 1)


def test_within_one_process_as_well(open_library: Callable[..., Library]) -> None:
    library = open_library()
    with pytest.raises(LibraryInUse, match=f"Process {os.getpid()}"):
        open_library()
    fill(library, 1)
    library.close()
    assert open_library().info(OWNER).pictures == 1


def test_closing_twice_is_harmless(library: Library) -> None:
    library.close()
    library.close()
    with pytest.raises(Conflict):
        library.score(OWNER, ScorePictures(ids=[], score=1))


def test_what_fails_to_open_is_not_held(open_library: Callable[..., Library], tmp_path: Path) -> None:
    open_library().close()
    whole = (tmp_path / "library/library.db").read_bytes()
    (tmp_path / "library/library.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(Exception, match="not a PixlStash database"):
        open_library()
    (tmp_path / "library/library.db").write_bytes(whole)
    open_library().close()


def test_the_lock_is_for_its_owner_only(library: Library, tmp_path: Path) -> None:
    if os.name == "posix":
        for name in ("lock", "hub.db"):
            assert (tmp_path / "library" / name).stat().st_mode & 0o077 == 0


def test_looking_at_a_lock_does_not_take_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert lock.read(path) is None
    held = Lock(path)
    assert lock.read(path) == lock.Holder(os.getpid())
    held.tell(lock.Holder(1, "http://[::1]:1", "secret"))
    held.tell(lock.Holder(1))  # shorter than before
    assert lock.read(path) == lock.Holder(1)
    held.release()
    assert lock.read(path) is None
    path.write_bytes(b"\0what is this")
    assert lock.read(path) is None


def test_two_libraries_in_one_process(tmp_path: Path) -> None:
    for name in ("one", "two"):
        Library.create(tmp_path / name)
    with Library.open(tmp_path / "one") as one, Library.open(tmp_path / "two") as two:
        assert one.public_id != two.public_id and one.epoch != two.epoch
        ids = fill(one, 3)
        (other,) = add(two, invented(9))
        one.score(OWNER, ScorePictures(ids=ids, score=3))
        view = one.view(OWNER).header.view
        assert (one.view(OWNER).header.count, two.view(OWNER).header.count) == (3, 1)
        with pytest.raises(Exception, match="no longer kept"):
            two.block(OWNER, view, 0)
        with pytest.raises(Conflict, match="nothing to undo"):
            two.undo(OWNER)
        two.delete(OWNER, DeletePictures(ids=[other]))
        assert one.info(OWNER).pictures == 3 and two.info(OWNER).pictures == 0
        one.handle("mine", lambda task: None)
        assert finish(one, one.queue.put("mine", "Mine", {})).state == "done"
        assert finish(two, two.queue.put("mine", "Mine", {})).state == "failed"
        one.undo(OWNER)
        assert one.access.local_secret != two.access.local_secret
        assert two.access.reader_of(one.access.local_secret) is None


def test_a_moved_library_opens(open_library: Callable[..., Library], tmp_path: Path) -> None:
    with open_library() as library:
        ids = fill(library, 2)
        key = library.picture(OWNER, ids[0]).locations[0].key
    (tmp_path / "library" / "media" / key).parent.mkdir()
    (tmp_path / "library" / "media" / key).write_bytes(b"x" * 1000)
    (tmp_path / "library").rename(tmp_path / "elsewhere")
    with open_library("elsewhere") as library:
        with library.original(OWNER, ids[0]).open(0, None) as file:
            assert file.read() == b"x" * 1000


def test_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="init` makes one"):
        Library.open(tmp_path / "nowhere")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("a")
    with pytest.raises(Invalid, match="not empty"):
        Library.create(tmp_path / "full")
    Library.create(tmp_path / "made")
    with pytest.raises(Conflict, match="already"):
        Library.create(tmp_path / "made")


def test_a_library_of_the_future_is_refused(open_library: Callable[..., Library], tmp_path: Path) -> None:
    import apsw

    open_library().close()
    connection = apsw.Connection(str(tmp_path / "library/library.db"))
    connection.pragma("user_version", 999)
    connection.close()
    with pytest.raises(Conflict, match="newer PixlStash"):
        open_library()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("media", [False, True], ids=["inside", "elsewhere"])
def test_other_users_of_the_machine_read_nothing_of_a_library(tmp_path: Path, media: bool) -> None:
    """Also where its folders were made beforehand, for everybody to read."""
    old = os.umask(0o022)
    try:
        (tmp_path / "library").mkdir()
        (tmp_path / "media").mkdir()
        sources.paint(tmp_path / "pictures", 2)
        Library.create(tmp_path / "library", media=tmp_path / "media" if media else None)
        with Library.open(tmp_path / "library") as library:
            job = library.import_paths(OWNER, ImportPaths([str(tmp_path / "pictures")], False))
            assert finish(library, job).state == "done"
            library.take_snapshot(OWNER, TakeSnapshot())
    finally:
        os.umask(old)
    for folder in (tmp_path / "library", tmp_path / "media"):
        for path in folder.rglob("*"):
            assert path.stat().st_mode & 0o077 == 0 or path.parent.stat().st_mode & 0o077 == 0, path
            if path.name.endswith((".db", ".db-wal", ".db-shm")):
                assert path.stat().st_mode & 0o077 == 0, path


def test_originals_kept_elsewhere(tmp_path: Path) -> None:
    Library.create(tmp_path / "library", media=tmp_path / "disk")
    with Library.open(tmp_path / "library") as library:
        assert library.stores.own()[1].root == tmp_path / "disk"
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    with Library.open(tmp_path / "library") as library:  # what needs no originals still works
        assert library.info(OWNER).stores[0].state == "unreachable"
    assert not (tmp_path / "disk").exists()

"""No id and no revision is ever used twice: what pointed at a purged picture never reaches another one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from libraries import add, fill, invented

from pixlstash_core import OWNER
from pixlstash_core.errors import NotFound, ViewGone
from pixlstash_core.library import Library
from pixlstash_core.query.grid import NO_LOCATION, NO_STILL
from pixlstash_core.types import CreateToken, DeletePictures, Reader, Scope, ScorePictures, Selection


def purge(library: Library, ids: list[int]) -> None:
    library.delete(OWNER, DeletePictures(ids=ids))
    assert library.purge(OWNER, Selection(ids=ids)) == len(ids)


def test_nothing_that_pointed_at_a_purged_picture_reaches_the_next(library: Library) -> None:
    (x,) = fill(library, 1)
    library.thumbnails.put([(invented(0).sha256, b"the still of X")])
    assert library.thumbnail(OWNER, x) == b"the still of X"
    view = library.view(OWNER).header.view
    scoped = Reader("token:x", "write", Scope(frozenset([x])))
    public_id = library.picture(OWNER, x).public_id
    purge(library, [x])
    (y,) = add(library, invented(1))
    library.thumbnails.put([(invented(1).sha256, b"the still of Y")])
    assert y > x and library.picture(OWNER, y).public_id != public_id
    for call in (library.picture, library.thumbnail, library.original):
        with pytest.raises(NotFound):
            call(OWNER, x)
    block = library.block(OWNER, view, 0)
    assert int.from_bytes(block[:4], "little") == x and list(block[6:]) == [NO_STILL | NO_LOCATION, 0]
    assert library.details(OWNER, view, 0).rows == []
    assert library.pictures(scoped) == [] == library.details(scoped, library.view(scoped).header.view, 0).rows
    done = library.score(OWNER, ScorePictures(view=view, ranges=[(0, 1)], score=5))
    assert done.changed == 0 and library.picture(OWNER, y).score == 0
    for id in (x, y):  # the one is gone, the other was never theirs: they cannot tell
        with pytest.raises(NotFound, match=f"There is no picture {id}"):
            library.score(scoped, ScorePictures(ids=[id], score=5))


def test_the_same_bytes_come_back_as_another_picture(library: Library) -> None:
    (x,) = fill(library, 1)
    library.score(OWNER, ScorePictures(ids=[x], score=5))
    purge(library, [x])
    (y,) = fill(library, 1)
    assert y > x and library.picture(OWNER, y).score == 0


def test_after_a_restart(open_library: Callable[..., Library]) -> None:
    with open_library() as library:
        ids = fill(library, 3)
        purge(library, ids)
        revision = library.revision
    with open_library() as library:
        assert library.revision == revision
        (y,) = add(library, invented(9))
        assert y == ids[-1] + 1 and library.revision == revision + 1


def test_an_older_copy_of_the_library_put_back(open_library: Callable[..., Library], tmp_path: Path) -> None:
    with open_library() as library:
        fill(library, 2)
        before = library.info(OWNER).revision
    shutil.copy(tmp_path / "library/library.db", tmp_path / "older.db")
    with open_library() as library:
        ids = add(library, invented(10), invented(11))
        view = library.view(OWNER).header.view
        library.score(OWNER, ScorePictures(ids=ids, score=3))
        revision = library.revision
    shutil.copy(tmp_path / "older.db", tmp_path / "library/library.db")
    with open_library() as library:
        assert library.info(OWNER).pictures == 2 and library.revision >= revision > before
        (y,) = add(library, invented(12))
        assert y > max(ids) and library.revision > revision
        with pytest.raises(ViewGone):
            library.block(OWNER, view, 0)
        assert library.view(OWNER).header.view != view
        assert library.check(OWNER).problems == [
            f"Library files: {_key(n)} is missing." for n in sorted((0, 1, 12), key=_key)
        ]  # their invented bytes, and nothing else


def _key(number: int) -> str:
    name = invented(number).sha256.hex()
    return f"{name[:2]}/{name}.png"


def test_without_its_hub(open_library: Callable[..., Library], tmp_path: Path) -> None:
    with open_library() as library:
        ids = fill(library, 3)
        purge(library, ids[1:])
        token = library.create_token(OWNER, CreateToken("write")).token
        revision = library.revision
    for left in (tmp_path / "library").glob("hub.db*"):
        left.unlink()
    with open_library() as library:
        assert [one.id for one in library.pictures(OWNER)] == ids[:1]
        assert library.access.reader_of(token) is None
        (y,) = add(library, invented(9))
        assert y > max(ids) and library.revision > revision
        assert library.events_since(library.revision) == []


def test_tokens(library: Library) -> None:
    first = library.create_token(OWNER, CreateToken("write"))
    library.revoke_token(OWNER, first.id)
    second = library.create_token(OWNER, CreateToken("read"))
    assert second.id > first.id
    assert library.access.reader_of(first.token) is None and library.access.reader_of(second.token) is not None
    with pytest.raises(NotFound):
        library.revoke_token(OWNER, first.id)


CRASH = """
import os, signal, sys
from pathlib import Path
from libraries import add, invented
from pixlstash_core import OWNER
from pixlstash_core.library import Library
library = Library.open(Path(sys.argv[1]))
ids = add(library, *map(invented, range(int(sys.argv[2]), int(sys.argv[3]))))
print(max(ids), library.revision, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_a_crash_leaves_marks_high_enough(open_library: Callable[..., Library], tmp_path: Path) -> None:
    open_library().close()
    path = tmp_path / "library"
    done = subprocess.run(
        [sys.executable, "-c", CRASH, path, "0", "5"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    newest, revision = map(int, done.stdout.split())
    shutil.copy(path / "library.db", tmp_path / "crashed.db")
    shutil.copy(path / "library.db-wal", tmp_path / "crashed.db-wal")
    # Even with an older database file than the one that crashed, nothing is given out again.
    for left in path.glob("library.db*"):
        left.unlink()
    shutil.copy(tmp_path / "crashed.db", path / "library.db")
    with open_library() as library:
        (y,) = add(library, invented(99))
        assert y > newest and library.revision > revision


def test_a_store_that_is_gone_does_not_block_the_start(open_library: Callable[..., Library]) -> None:
    """An intent of a crash may name a store that an older copy of the library does not know."""
    with open_library() as library:
        library.hub.write("insert into intent(kind, body, at) values ('keep', '77 ab/abcd.png', 0)")
    with open_library() as library:
        assert library.info(OWNER).pictures == 0

"""A library that is only read compares and previews like any other, and nothing is written to its folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from core.snapshots.test_past import disturb
from core.snapshots.test_restores import organize, take, with_older
from libraries import fill

from pixlstash_core.database import connection as db
from pixlstash_core.errors import Forbidden, ReadOnly
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, Reader, Resource, RestoreResources, RestoreSnapshot, ScorePictures


def answers(library: Library, first: int, second: int) -> list[Any]:
    picked = RestoreResources([Resource("picture", 3), Resource("picture", 5)])
    return [
        library.diff_snapshot(OWNER, first),
        library.diff_snapshot(OWNER, first, second),
        library.preview_restore(OWNER, first),
        library.preview_restore(OWNER, first, False, ["tags"]),
        library.preview_resources(OWNER, first, picked),
        library.restore_snapshot(OWNER, first, RestoreSnapshot(dry_run=True)),
    ]


def files(path: Path) -> dict[str, bytes]:
    """All files, without those SQLite shares between processes."""
    shared = ("-shm", "-wal")
    return {str(one): one.read_bytes() for one in path.rglob("*") if one.is_file() and not one.name.endswith(shared)}


@pytest.mark.parametrize("mode", ["mode=ro", "immutable=1", "mode=ro&vfs=unix-none"])  # by what the folder allows
def test_a_read_only_library_compares_and_previews(
    library: Library, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    made = organize(library)
    first = take(library)
    disturb(library, made)
    second = take(library)
    library.score(OWNER, ScorePictures(ids=made["ids"][:4], score=2))
    expected, path = answers(library, first, second), library.path
    library.close()
    before = files(path)
    if sys.platform != "win32":
        monkeypatch.setattr(db, "_reading_mode", lambda path: mode)
    shutil.rmtree(path / "snapshots" / "scratch")  # it is not needed
    with Library.open(path, read_only=True) as closed:
        assert answers(closed, first, second) == expected
        with pytest.raises(ReadOnly):
            closed.restore_snapshot(OWNER, first, RestoreSnapshot())
        with pytest.raises(Forbidden):
            closed.diff_snapshot(Reader("someone", "write"), first)
    assert files(path) == before


def test_a_read_only_library_looks_at_a_snapshot_of_an_older_schema(library: Library) -> None:
    fill(library, 6)
    with with_older(library) as anew:
        path = anew.path
        expected = anew.preview_restore(OWNER, 1)
        anew.restores.drop_idle(0)
    before = files(path)
    with Library.open(path, read_only=True) as closed:
        assert closed.preview_restore(OWNER, 1) == expected
        with closed.as_of(OWNER, 1) as then:
            assert len(then.pictures(OWNER)) == 6
    assert files(path) == before

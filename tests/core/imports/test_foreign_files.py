"""Files that we did not make stay where they are, wherever somebody puts them beside ours."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import libraries
import pytest

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict, Invalid, PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.library.library import UNFINISHED
from pixlstash_core.storage.files import writing_new
from pixlstash_core.types import TakeSnapshot

#: Names close to those we give.
NAMES = ("film.mkv", "x.part", "x.new", "0123.new", "notes.db", "holiday.zst", "1-a-0.png", ".hidden", "put-1-x.png")


def place(*folders: Path) -> dict[Path, bytes]:
    """Put a file of each name into each folder; all of them, with their bytes."""
    files = {}
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (folder / name).write_bytes(str(folder / name).encode())
            files[folder / name] = (folder / name).read_bytes()
    return files


def read(files: dict[Path, bytes]) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in files if path.is_file()}


def test_in_the_folders_of_a_library(open_library: Callable[..., Library]) -> None:
    with open_library(work=False) as library:
        libraries.fill(library, 5)
        library.take_snapshot(OWNER, TakeSnapshot())
        own = [library.path, library.incoming, library.incoming.parent]
        own += [library.path / "snapshots" / name for name in (".", "packs", "scratch")]
        files = place(*own)
        library.restore_points.prune()
    with Library.open(library.path, work=False) as library:
        library.restore_points.prune()
        library.delete_snapshot(OWNER, library.snapshots(OWNER)[0].id)
        assert library.check(OWNER) is not None
    assert read(files) == files


def test_behind_links_with_names_of_ours(open_library: Callable[..., Library], tmp_path: Path) -> None:
    files = place(tmp_path / "elsewhere")
    target = tmp_path / "elsewhere" / "film.mkv"
    with open_library(work=False) as library:
        library.take_snapshot(OWNER, TakeSnapshot())
        os.symlink(target, library.incoming / "1-a-01234567.png")
        os.symlink(target, library.path / "snapshots" / f"{'0' * 16}.new")
    with Library.open(library.path, work=False) as library:
        library.restore_points.prune()
    assert read(files) == files


def test_the_empty_folders_of_a_library_are_made_again(open_library: Callable[..., Library], tmp_path: Path) -> None:
    """Some programs copy no empty folders."""
    with open_library(work=False) as library:
        snapshot = library.take_snapshot(OWNER, TakeSnapshot())
    (library.path / "snapshots" / "scratch").rmdir()
    library.incoming.rmdir()
    with Library.open(library.path, work=False) as library:
        library.export_snapshot(OWNER, snapshot.id, tmp_path / "snapshot.db")


@pytest.mark.parametrize("inside", ["", "incoming", "ab"])
def test_a_new_library_takes_no_folder_with_files_for_its_originals(tmp_path: Path, inside: str) -> None:
    files = place(tmp_path / "nas" / inside)
    with pytest.raises(Invalid, match="nas is not empty"):
        Library.create(tmp_path / "library", media=tmp_path / "nas")
    assert read(files) == files and not (tmp_path / "library").exists()


def test_beside_a_library_whose_creation_was_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "library"
    path.mkdir()
    (path / UNFINISHED).write_bytes(b"")
    for name in ("hub.db.before-upgrade", f"{UNFINISHED}-mine.txt"):
        (path / name).write_bytes(b"mine")
        with pytest.raises(Invalid, match="not empty"):
            Library.create(path)
        assert (path / name).read_bytes() == b"mine"
        (path / name).unlink()
    Library.create(path)


def test_beside_an_exported_snapshot(library: Library, tmp_path: Path) -> None:
    snapshot = library.take_snapshot(OWNER, TakeSnapshot())
    beside = tmp_path / "snapshot.db.new"
    beside.write_bytes(b"mine")
    library.export_snapshot(OWNER, snapshot.id, tmp_path / "snapshot.db")
    assert beside.read_bytes() == b"mine"
    with pytest.raises(Conflict, match="exists already"):
        library.export_snapshot(OWNER, snapshot.id, beside)
    assert beside.read_bytes() == b"mine"


@pytest.mark.parametrize("disk", ["files without names", "hard links", "neither"])
def test_a_file_that_appears_while_another_is_written(
    tmp_path: Path, disk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "snapshot.db"
    if disk != "files without names":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    if disk == "neither":
        monkeypatch.setattr(os, "link", _no_links)
    with pytest.raises(Conflict, match="exists already"), writing_new(path) as file:
        file.write(b"ours")
        path.write_bytes(b"mine")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("snapshot.db", b"mine")]
    path.unlink()
    with writing_new(path) as file:
        file.write(b"ours")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("snapshot.db", b"ours")]


def _no_links(*arguments: object, **options: object) -> None:
    raise PermissionError


def test_a_link_in_place_of_the_lock_is_not_written_to(open_library: Callable[..., Library], tmp_path: Path) -> None:
    with open_library(work=False) as library:
        path = library.path
    (path / "lock").unlink(missing_ok=True)
    (tmp_path / "outside").write_bytes(b"mine")
    os.symlink(tmp_path / "outside", path / "lock")
    with pytest.raises(PixlStashError, match="cannot be written to"):
        Library.open(path)
    assert (tmp_path / "outside").read_bytes() == b"mine"

"""Import folders: what is in them is copied into the library, with what the rules say, and nothing is lost."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults import sources
from libraries import finish, until

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict, Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import (
    AddFolder,
    AddImportFolder,
    Create,
    DeletePictures,
    EditImportFolder,
    EditSet,
    ImportFolder,
    ImportPaths,
    ImportRule,
    Selection,
)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder with six pictures, two of them in a folder below."""
    sources.paint(tmp_path / "inbox", 6)
    return tmp_path / "inbox"


def add(library: Library, path: Path, **more: Any) -> ImportFolder:
    """Add a folder without watching it, and wait until its files are imported."""
    folder = library.add_import_folder(OWNER, AddImportFolder(str(path), **{"watch": False, **more}))
    assert folder.job is not None
    assert finish(library, library.job(OWNER, folder.job)).state == "done"
    return shown(library, folder.id)


def shown(library: Library, id: int = 1) -> ImportFolder:
    return next(folder for folder in library.import_folders(OWNER) if folder.id == id)


def scan(library: Library, id: int = 1) -> None:
    job = finish(library, library.scan_import_folder(OWNER, id))
    assert job.state == "done", job.error


def count(library: Library, q: str = "") -> int:
    return library.find(OWNER, q=q).total


def test_files_are_copied_once_and_stay(library: Library, inbox: Path) -> None:
    (inbox / "picture 1-000.txt").write_text("a red fox, snow")
    sources.spoil(inbox)
    before = sources.tree(inbox)
    folder = add(library, inbox)
    assert (folder.imported, folder.refused, folder.left, folder.state) == (6, 1, 0, "ok")
    assert [problem.path for problem in folder.problems] == ["broken 1.png"]
    assert count(library) == 6 and count(library, "tag:snow") == 1
    own = library.stores.own()[0]
    assert library.db.value("select count(*) from location where store_id = ?", (own,)) == 6
    assert sources.tree(inbox) == before
    jobs = len(library.jobs(OWNER))
    scan(library)
    report = library.jobs(OWNER)[0].report
    assert report is not None and (report.imported, report.duplicates, report.refused) == (0, 0, [])
    assert len(library.jobs(OWNER)) == jobs + 1 and shown(library).imported == 6


def test_what_was_deleted_does_not_come_back(library: Library, inbox: Path) -> None:
    add(library, inbox)
    ids = [picture.id for picture in library.pictures(OWNER)]
    library.delete(OWNER, DeletePictures(ids=ids[:2]))
    library.purge(OWNER, Selection(ids=ids[:1]))
    for path in inbox.rglob("*.png"):  # the same bytes under other names
        path.rename(path.with_name(f"new {path.name}"))
    scan(library)
    assert count(library) == 4 and count(library, "is:scrapheap") == 1
    assert shown(library).refused == 1 and "permanently deleted" in shown(library).problems[0].reason


def test_sets_tags_and_a_project_by_rule(library: Library, inbox: Path) -> None:
    library.create_set(OWNER, Create(name="Foxes"))
    library.create_set(OWNER, Create(name="Locked"))
    library.create_project(OWNER, Create(name="Film"))
    foxes, locked = library.sets(OWNER)
    (film,) = library.projects(OWNER)
    library.edit_set(OWNER, locked.id, EditSet(locked=True))
    rules = [
        ImportRule(tags=["fox", "Snow "], set=foxes.id),
        ImportRule(below="below", tags=["deep"], project=film.id),
        ImportRule(below="belo", tags=["never"]),
        ImportRule(set=locked.id),
    ]
    add(library, inbox, rules=rules, subfolders="sets")
    assert count(library, "tag:fox tag:snow set:Foxes") == 6
    assert count(library, "tag:deep project:Film set:below") == 2 == count(library, "tag:deep")
    assert count(library, "tag:never") == count(library, "set:Locked") == 0
    library.edit_import_folder(OWNER, 1, EditImportFolder(rules=[], subfolders="tags"))
    (inbox / "Winter" / "old").mkdir(parents=True)
    (inbox / "Winter" / "old" / "a.png").write_bytes(sources.png(random.Random(9), 9, 40))
    scan(library)
    assert count(library, "tag:winter tag:old") == 1 and count(library, "tag:fox") == 6
    with pytest.raises(NotFound):
        library.edit_import_folder(OWNER, 1, EditImportFolder(rules=[ImportRule(set=99)]))
    for rule in (ImportRule(below="../x"), ImportRule(tags=["\u202e"])):
        with pytest.raises(Invalid):
            library.edit_import_folder(OWNER, 1, EditImportFolder(rules=[rule]))


def test_a_set_that_is_gone_or_locked_later_stops_no_import(library: Library, inbox: Path) -> None:
    library.create_set(OWNER, Create(name="Foxes"))
    (foxes,) = library.sets(OWNER)
    add(library, inbox, rules=[ImportRule(tags=["fox"], set=foxes.id)])
    library.edit_set(OWNER, foxes.id, EditSet(locked=True))
    shutil.copy(inbox / "picture 1-000.png", inbox / "the same.png")  # in the locked set: it does not change
    sources.paint(inbox, 1, seed=2)
    scan(library)
    assert count(library, "tag:fox") == 7 and count(library, "set:Foxes") == 6
    library.edit_set(OWNER, foxes.id, EditSet(locked=False))
    library.delete_set(OWNER, foxes.id)
    sources.paint(inbox, 1, seed=3)
    scan(library)
    assert count(library, "tag:fox") == 8


def test_patterns_are_ignored(library: Library, inbox: Path) -> None:
    for name in ("tmp.png", "drafts/a.png", "x/Drafts/b.png", "out/keep.png", "out/grids/c.png"):
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(sources.png(random.Random(name), 1, 30))
    add(library, inbox, ignore=["tmp*", "drafts", "out/grids/*", "picture*", "*" * 40 + "z"])
    assert [picture.name for picture in library.pictures(OWNER)] == ["keep.png"]


def test_links_hidden_files_and_libraries_in_it_are_left_alone(library: Library, inbox: Path, tmp_path: Path) -> None:
    sources.paint(tmp_path / "outside", 1, seed=5)
    (inbox / "link.png").symlink_to(tmp_path / "outside" / "picture 5-000.png")
    (inbox / "folder").symlink_to(tmp_path / "outside")
    (inbox / ".hidden.png").write_bytes(sources.png(random.Random(6), 1, 30))
    Library.create(inbox / "other library")
    with Library.open(inbox / "other library") as other:
        finish(other, other.import_paths(OWNER, ImportPaths([str(tmp_path / "outside")])))
    add(library, inbox, delete=True)
    assert count(library) == 6 and {path.name for path in inbox.glob("*.png")} == {"link.png", ".hidden.png"}
    assert len(list((inbox / "other library" / "media").rglob("*.png"))) == 1


def test_what_cannot_be_imported_from_is_refused(library: Library, inbox: Path, tmp_path: Path) -> None:
    for path in ("/", "/etc", "/proc/self", library.path, library.path / "media", tmp_path, "relative", "a\0b"):
        with pytest.raises(Invalid):
            library.add_import_folder(OWNER, AddImportFolder(str(path)))
    Library.create(tmp_path / "second")
    for inside in ("second", "second/media"):
        with pytest.raises(Invalid, match="is a library of PixlStash"):
            library.add_import_folder(OWNER, AddImportFolder(str(tmp_path / inside)))
    assert library.import_folders(OWNER) == []
    add(library, inbox)
    for path in (inbox, inbox / "below"):
        with pytest.raises(Conflict, match="imported already"):
            library.add_import_folder(OWNER, AddImportFolder(str(path)))
        with pytest.raises(Conflict, match="Remove that folder first"):
            library.add_folder(OWNER, AddFolder(str(path)))
    sources.paint(tmp_path / "photos", 1, seed=4)
    library.add_folder(OWNER, AddFolder(str(tmp_path / "photos"), watch=False))
    with pytest.raises(Conflict, match="indexed in place"):
        library.add_import_folder(OWNER, AddImportFolder(str(tmp_path / "photos")))


def test_named_edited_and_removed(library: Library, inbox: Path) -> None:
    folder = add(library, inbox)
    assert folder.name == "inbox"
    edited = library.edit_import_folder(OWNER, folder.id, EditImportFolder(name="Output", ignore=["*.tmp"]))
    assert (edited.name, edited.ignore, edited.delete) == ("Output", ["*.tmp"], False)
    done = library.remove_import_folder(OWNER, folder.id)
    assert done.sentence == "Removed import folder Output; its pictures stay"
    assert library.import_folders(OWNER) == [] and count(library) == 6 and len(list(inbox.rglob("*.png"))) == 6
    for call in (library.scan_import_folder, library.remove_import_folder):
        with pytest.raises(NotFound):
            call(OWNER, folder.id)
    assert add(library, inbox).imported == 6 and count(library) == 6  # duplicates


def test_a_file_is_imported_when_it_has_settled(library: Library, inbox: Path) -> None:
    add(library, inbox, watch=True)
    until(lambda: library.import_folders(OWNER)[0].watching == "live")
    data = sources.png(random.Random(4), 1, 200)
    with (inbox / "slow.png").open("wb") as file:
        for at in range(0, len(data), len(data) // 4 + 1):
            file.write(data[at : at + len(data) // 4 + 1])
            file.flush()
            until(lambda: True)
            assert count(library) == 6
    until(lambda: count(library) == 7)
    assert shown(library).refused == 0


def test_an_empty_folder_is_followed_and_a_missing_one_is_not_forgotten(
    library: Library, inbox: Path, tmp_path: Path
) -> None:
    add(library, inbox, watch=True, delete=True)
    until(lambda: not list(inbox.rglob("*.png")))
    assert shown(library).state == "ok"
    sources.paint(inbox, 1, seed=2)
    until(lambda: count(library) == 7)
    inbox.rename(tmp_path / "away")
    until(lambda: shown(library).state == "missing")
    (tmp_path / "away").rename(inbox)
    sources.paint(inbox, 1, seed=3)
    until(lambda: count(library) == 8)


def test_many_new_files_are_a_job_and_threads_end(
    open_library: Callable[..., Library], inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixlstash_core.folders.import_folders.FEW", 3)
    with open_library() as library:
        add(library, inbox, watch=True)
        watcher = library.importing.watcher(1)
        sources.paint(inbox, 5, seed=3)
        until(lambda: count(library) == 11)
        assert [job.kind for job in library.jobs(OWNER)].count("import-folder") >= 2
    assert not watcher.is_alive()
    sources.paint(inbox, 1, seed=4)
    with open_library() as library:  # what happened while nobody looked
        until(lambda: count(library) == 12)
        library.edit_import_folder(OWNER, 1, EditImportFolder(watch=False))
        assert shown(library).watching == "off"


def test_a_disk_that_is_not_mounted_forgets_nothing(library: Library, inbox: Path, tmp_path: Path) -> None:
    add(library, inbox)
    library.hub.write("update import_folder set device = '0'")
    inbox.rename(tmp_path / "away")
    inbox.mkdir()
    job = finish(library, library.scan_import_folder(OWNER, 1))
    assert job.state == "failed" and "mount the disk" in str(job.error)
    sources.paint(inbox, 1, seed=8)  # another disk, or none
    scan(library)
    assert library.hub.value("select count(*) from import_file") == 7 and count(library) == 7
    assert os.listdir(tmp_path / "away")

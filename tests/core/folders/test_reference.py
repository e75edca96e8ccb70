"""Reference folders as people manage them: added, named, browsed, relocated and removed, and what is refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from faults import mounts, sources
from libraries import finish, until

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict, Forbidden, Invalid, Locked, NotFound, StoreUnreachable
from pixlstash_core.folders import server
from pixlstash_core.library import Library
from pixlstash_core.storage import protected
from pixlstash_core.types import (
    AddFolder,
    Create,
    DeletePictures,
    EditFolder,
    EditSet,
    ImportPaths,
    ReferenceFolder,
    RelocateFolder,
    ScorePictures,
    Selection,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with six pictures, two of them in a folder below."""
    sources.paint(tmp_path / "photos", 6)
    return tmp_path / "photos"


def add(library: Library, path: Path, name: str = "") -> ReferenceFolder:
    """Add a folder without watching it, and wait until it is scanned."""
    folder = library.add_folder(OWNER, AddFolder(str(path), name, watch=False))
    assert folder.job is not None
    assert finish(library, library.job(OWNER, folder.job)).state == "done"
    return next(other for other in library.folders(OWNER) if other.id == folder.id)


def states(library: Library) -> dict[str, str]:
    return dict(library.db.read("select key, state from location where store_id > 1"))


def test_a_folder_is_added_named_and_browsed(library: Library, photos: Path) -> None:
    before = sources.tree(photos)
    folder = add(library, photos)
    assert (folder.name, folder.path, folder.state, folder.problem) == ("photos", str(photos), "ok", "")
    assert (folder.pictures, folder.missing, folder.watch) == (6, 0, False) and folder.scanned is not None
    edited = library.edit_folder(OWNER, folder.id, EditFolder(name="Pictures of 2026"))
    assert edited.name == "Pictures of 2026"
    assert library.find(OWNER, q='folder:"Pictures of 2026/below"').total == 2
    tree = library.folder_tree(OWNER, folder.id)
    assert (tree.here, [(branch.path, branch.pictures, branch.has_folders) for branch in tree.branches]) == (
        4,
        [("below", 2, False)],
    )
    assert library.folder_tree(OWNER, folder.id, "below").here == 2
    library.undo(OWNER)  # the name, which is part of the library
    assert library.folders(OWNER)[0].name == "photos"
    assert sources.tree(photos) == before


def test_the_tree_counts_pictures_and_not_files(library: Library, tmp_path: Path) -> None:
    (first,) = sources.paint(tmp_path / "photos" / "a" / "b", 1)
    for name in ("a/b/copy.png", "a/copy.png", "a b/x_y%/copy.png", "a.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(first, tmp_path / "photos" / name)
    folder = add(library, tmp_path / "photos")
    tree = library.folder_tree(OWNER, folder.id)
    assert [(branch.path, branch.pictures, branch.has_folders) for branch in tree.branches] == [
        ("a", 1, True),
        ("a b", 1, True),
    ]
    assert [branch.path for branch in library.folder_tree(OWNER, folder.id, "a").branches] == ["a/b"]
    assert library.folder_tree(OWNER, folder.id, "a b/x_y%").here == 1
    assert library.folder_tree(OWNER, folder.id, "../..").branches == []
    (picture,) = library.pictures(OWNER)
    library.delete(OWNER, DeletePictures(ids=[picture.id]))
    assert library.folder_tree(OWNER, folder.id).branches == []


def test_what_cannot_be_indexed_is_refused(library: Library, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").symlink_to("/etc")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in ("/", "/etc", "/usr/share", "/proc/self", "/home", str(tmp_path / "etc"), str(tmp_path / "loop")):
        for ask in (AddFolder(path), ImportPaths([path], in_place=True)):
            with pytest.raises(Invalid):
                library.add_folder(OWNER, ask) if isinstance(ask, AddFolder) else library.import_paths(OWNER, ask)
    for path in (library.path, library.path / "media", tmp_path, "relative", photos / "nothing", "a\0b"):
        with pytest.raises(Invalid):
            library.add_folder(OWNER, AddFolder(str(path)))
    assert library.folders(OWNER) == []
    folder = add(library, photos / "below", "below")
    with pytest.raises(Conflict, match="Remove it first"):
        library.add_folder(OWNER, AddFolder(str(photos)))
    (photos / "below" / "deeper").mkdir()
    with pytest.raises(Conflict, match="indexed already"):
        library.add_folder(OWNER, AddFolder(str(photos / "below" / "deeper")))
    assert library.add_folder(OWNER, AddFolder(str(photos / "below"))).id == folder.id  # the same one
    for name in ("a/b", " ", "a\\b"):
        with pytest.raises(Invalid, match="needs a name"):
            library.edit_folder(OWNER, folder.id, EditFolder(name=name))
    with pytest.raises(NotFound):
        library.edit_folder(OWNER, 1, EditFolder(name="Originals"))  # the library's own


def test_names_are_told_apart(library: Library, tmp_path: Path) -> None:
    for number, parent in enumerate(("a", "b")):
        sources.paint(tmp_path / parent / "output", 1, seed=number)
    assert [add(library, tmp_path / parent / "output").name for parent in "ab"] == ["output", "output 2"]
    with pytest.raises(Conflict, match="called OUTPUT already"):
        library.edit_folder(OWNER, library.folders(OWNER)[1].id, EditFolder(name="OUTPUT"))


def test_the_administrator_limits_the_folders(
    library: Library, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "allowed").mkdir()
    (tmp_path / "allowed" / "out").symlink_to(photos)
    monkeypatch.setenv(protected.VARIABLE, str(tmp_path / "allowed"))
    for path in (photos, tmp_path / "allowed" / "out"):
        with pytest.raises(Forbidden):
            library.add_folder(OWNER, AddFolder(str(path)))
        with pytest.raises(Forbidden):
            library.measure_folder(OWNER, str(path))


def test_relocated_where_the_files_are(library: Library, photos: Path, tmp_path: Path) -> None:
    folder = add(library, photos)
    ids = [picture.id for picture in library.pictures(OWNER)]
    library.score(OWNER, ScorePictures(ids=ids, score=5))
    other = tmp_path / "elsewhere"
    shutil.copytree(photos, other)  # with new times
    for path in other.rglob("*.png"):
        os.utime(path)
    other.joinpath("below").rename(other / "renamed")
    done = library.relocate_folder(OWNER, folder.id, RelocateFolder(str(other)))
    assert done.sentence == f"Relocated folder photos to {other}"
    shutil.rmtree(photos)
    until(lambda: finish(library, library.scan_folder(OWNER, folder.id)).state == "done")
    assert [picture.id for picture in library.pictures(OWNER, q="score:5 NOT is:missing")] == ids
    assert states(library)["renamed/picture 1-002.png"] == "present"
    assert library.folders(OWNER)[0].missing == 0
    assert library.original(OWNER, ids[0]).local == other / Path(library.picture(OWNER, ids[0]).locations[0].key)
    shutil.copytree(other, photos)
    library.undo(OWNER)  # whatever was opened before, the files are read where they were
    assert library.folders(OWNER)[0].path == str(photos)
    assert str(library.original(OWNER, ids[0]).local).startswith(str(photos))


def test_not_relocated_to_another_folder(library: Library, photos: Path, tmp_path: Path) -> None:
    folder = add(library, photos)
    other = tmp_path / "other"
    sources.paint(other, 6, seed=2)
    with pytest.raises(Conflict, match="Only 0 of the 6 files"):
        library.relocate_folder(OWNER, folder.id, RelocateFolder(str(other)))
    shutil.rmtree(other)
    other.mkdir()
    with pytest.raises(StoreUnreachable, match="is empty"):
        library.relocate_folder(OWNER, folder.id, RelocateFolder(str(other), force=True))
    shutil.copytree(photos, other, dirs_exist_ok=True)
    for path in other.rglob("*.png"):
        data = path.read_bytes()
        path.write_bytes(data[:-20] + bytes(20))  # the same names and sizes
    with pytest.raises(Conflict, match="another file than the library knows"):
        library.relocate_folder(OWNER, folder.id, RelocateFolder(str(other), force=True))
    with pytest.raises(Invalid):
        library.relocate_folder(OWNER, folder.id, RelocateFolder("/etc"))
    assert library.folders(OWNER)[0].path == str(photos) and set(states(library).values()) == {"present"}


def test_removed_with_its_pictures_in_the_scrapheap(library: Library, photos: Path, tmp_path: Path) -> None:
    before = sources.tree(photos)
    folder = add(library, photos)
    ids = sorted(picture.id for picture in library.pictures(OWNER))
    shutil.copy(photos / "picture 1-000.png", tmp_path / "copy.png")
    finish(library, library.import_paths(OWNER, ImportPaths([str(tmp_path / "copy.png")])))
    preview = library.preview_remove_folder(OWNER, folder.id)
    assert (preview.pictures, preview.only_here, preview.locked) == (6, 5, 0)
    done = library.remove_folder(OWNER, folder.id)
    assert done.sentence == "Removed folder photos; 5 pictures moved to the scrapheap" and done.undoable
    assert library.folders(OWNER) == [] and library.find(OWNER).total == 1
    assert library.find(OWNER, q="is:scrapheap").total == 5
    assert library.db.value("select count(*) from location") == 1
    library.undo(OWNER)
    assert library.find(OWNER).total == 6 and library.folders(OWNER)[0].pictures == 6
    assert sorted(library.db.read("select distinct picture_id from location")) == [(id,) for id in ids]
    library.redo(OWNER)
    folder = add(library, photos, "again")
    assert sources.tree(photos) == before


def test_removed_and_its_pictures_stay(library: Library, photos: Path) -> None:
    folder = add(library, photos)
    library.remove_folder(OWNER, folder.id, keep=True)
    assert library.find(OWNER, q="is:missing").total == 6
    with pytest.raises(NotFound):
        library.scan_folder(OWNER, folder.id)
    again = add(library, photos)  # with what was said about them
    assert again.pictures == 6 and library.find(OWNER, q="is:missing").total == 0


def test_a_locked_set_keeps_a_folder(library: Library, photos: Path) -> None:
    folder = add(library, photos)
    library.create_set(OWNER, Create(name="Training"))
    (group,) = library.sets(OWNER)
    library.add_to_set(OWNER, group.id, Selection(ids=[library.pictures(OWNER)[0].id]))
    library.edit_set(OWNER, group.id, EditSet(locked=True))
    assert library.preview_remove_folder(OWNER, folder.id).locked == 1
    with pytest.raises(Locked):
        library.remove_folder(OWNER, folder.id)
    assert library.folders(OWNER)[0].pictures == 6 and library.find(OWNER).total == 6
    with pytest.raises(NotFound):
        library.remove_folder(OWNER, library.stores.own()[0])  # never the library's own originals


@pytest.mark.parametrize("way", ["missing", "empty", "unreadable", *([] if mounts.why_not() else ["unmounted"])])
def test_out_of_reach_marks_the_folder_and_not_its_pictures(
    library: Library, photos: Path, tmp_path: Path, way: str
) -> None:
    root = photos
    if way == "unmounted":
        root = tmp_path / "mounted"
        root.mkdir()
        mounts.bind(photos, root)
    folder = add(library, root)
    try:
        if way == "unmounted":
            mounts.unmount(root)
            library.hub.write("update folder set device = '0'")  # a bind mount is on the same disk
        elif way == "unreadable":
            if os.geteuid() == 0:
                pytest.skip("root reads every folder")
            photos.chmod(0)
        else:
            photos.rename(tmp_path / "away")
            if way == "empty":
                photos.mkdir()
        (shown,) = library.folders(OWNER)
        assert (shown.state, shown.pictures, shown.missing) == (way, 6, 0) and str(root) in shown.problem
        assert finish(library, library.scan_folder(OWNER, folder.id)).state == "failed"
        assert set(states(library).values()) == {"present"} and library.find(OWNER, q="is:missing").total == 0
    finally:
        photos.chmod(0o755) if photos.exists() else None


def test_people_choose_from_allowed_folders(
    library: Library, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (photos / ".hidden").mkdir()
    (photos / "link").symlink_to(tmp_path)
    comfy = tmp_path / "photos" / "ComfyUI"
    (comfy / "output").mkdir(parents=True)
    (comfy / "main.py").touch()
    monkeypatch.setenv(protected.VARIABLE, f"{photos}{os.pathsep}{tmp_path / 'nothing'}")
    top = library.server_folders(OWNER)
    assert [folder.path for folder in top.folders] == [str(photos)] and top.parent is None
    assert [(folder.program, folder.path) for folder in top.suggested] == [("ComfyUI", str(comfy / "output"))]
    inside = library.server_folders(OWNER, str(photos))
    assert [folder.name for folder in inside.folders] == ["below", "ComfyUI"] and inside.parent == ""
    assert library.server_folders(OWNER, str(photos / "below")).parent == str(photos)
    for path in (tmp_path, photos / ".." / "library", photos / "link", "/etc", "below", "/nothing", "a\0"):
        with pytest.raises(Forbidden):
            library.server_folders(OWNER, str(path))
    size = library.measure_folder(OWNER, str(photos))
    assert size.files == 7 and size.bytes == sum(path.stat().st_size for path in photos.rglob("*.png"))
    assert size.complete
    monkeypatch.setattr(server, "MOST", 1)
    assert library.server_folders(OWNER, str(photos)).more == 1


def test_without_a_list_of_roots_the_system_is_left_out(monkeypatch: pytest.MonkeyPatch, library: Library) -> None:
    monkeypatch.delenv(protected.VARIABLE, raising=False)
    assert not any(Path("/") == Path(folder.path) for folder in library.server_folders(OWNER).folders)
    with pytest.raises(Forbidden):
        library.server_folders(OWNER, "/etc")


def test_links_in_a_folder_lead_nowhere(library: Library, photos: Path, tmp_path: Path) -> None:
    sources.paint(tmp_path / "outside", 2, seed=5)
    (photos / "out").symlink_to(tmp_path / "outside")
    (photos / "round").symlink_to(photos)
    (photos / "one.png").symlink_to(tmp_path / "outside" / "picture 5-000.png")
    assert add(library, photos).pictures == 6


def test_names_that_are_no_text_and_folders_a_hundred_levels_deep(library: Library, tmp_path: Path) -> None:
    (picture,) = sources.paint(tmp_path / "source", 1)
    deep = tmp_path / "photos" / Path(*["d"] * 100)
    deep.mkdir(parents=True)
    shutil.copy(picture, deep / "deep.png")
    odd = os.path.join(os.fsencode(tmp_path / "photos"), b"caf\xe9")
    os.mkdir(odd)
    sources.paint(tmp_path / "second", 1, seed=3)[0].rename(Path(os.fsdecode(odd)) / "odd.png")
    folder = add(library, tmp_path / "photos")
    assert folder.pictures == 2
    names = {branch.name: branch for branch in library.folder_tree(OWNER, folder.id).branches}
    assert len(names) == 2 and names["d"].pictures == 1


def test_two_libraries_on_one_folder(open_library: Callable[..., Library], photos: Path) -> None:
    first, second = open_library("first"), open_library("second")
    before = sources.tree(photos)
    folders = add(first, photos), add(second, photos)
    first.remove_folder(OWNER, folders[0].id)
    assert second.folders(OWNER)[0].pictures == 6 and sources.tree(photos) == before

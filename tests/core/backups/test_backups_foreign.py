"""A backup deletes and overwrites nothing that it did not make, whatever lies where it is to go."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from core.backups.test_backups import backed_up, home, restored, tree  # noqa: F401

from pixlstash_core.backups import places
from pixlstash_core.errors import Conflict, Invalid
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, DeletePictures, Selection

#: Files of other people, with names that are close to ours, and one that is exactly that of an original.
FOREIGN = (
    "media/tv/film.mkv",
    "media/incoming/x.part",
    "media/incoming/0123456789abcdef.new.part",
    "my.new.car.txt",
    "library.db.new.txt",
    f"media/ab/ab{'0' * 62}.png",
    "media/ab/notes.txt",
    "lock",
)


def place(folder: Path, *names: str) -> dict[str, bytes]:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"mine: {name}".encode())
    return tree(folder)


def test_a_folder_that_is_not_empty_is_refused(home: Library, tmp_path: Path) -> None:  # noqa: F811
    """Whatever is in it, even if that is an empty folder."""
    for number, name in enumerate((*FOREIGN, "")):
        nas = tmp_path / f"nas{number}"
        (nas / "media" / "tv").mkdir(parents=True)
        before = place(nas, name) if name else {}
        with pytest.raises(Conflict, match="neither empty nor a backup"):
            backed_up(home, nas)
        assert tree(nas) == before


def test_files_that_were_added_to_a_backup_stay(home: Library, tmp_path: Path) -> None:  # noqa: F811
    """Even one with the name of an original that no backup ever named, and what a link leads to."""
    backed_up(home, tmp_path / "nas")
    outside = place(tmp_path / "outside", "film.mkv")
    foreign = set(place(tmp_path / "nas", *FOREIGN[:-1])) & set(FOREIGN)
    os.symlink(tmp_path / "outside" / "film.mkv", tmp_path / "nas" / "media" / "incoming" / f"{'0' * 16}.new")
    os.symlink(tmp_path / "outside", tmp_path / "nas" / "media" / "cd")
    gone = min(home.find(OWNER).ids)
    home.delete(OWNER, DeletePictures(ids=[gone]))
    home.purge(OWNER, Selection(ids=[gone]))
    assert backed_up(home, tmp_path / "nas").dropped == 1
    after = tree(tmp_path / "nas")
    assert {name: after.get(name) for name in foreign} == {name: f"mine: {name}".encode() for name in foreign}
    assert tree(tmp_path / "outside") == outside


def test_linked_folders_are_refused(home: Library, tmp_path: Path) -> None:  # noqa: F811
    outside = place(tmp_path / "outside", "tv/film.mkv", f"{'0' * 16}.new", f"ab/ab{'0' * 62}.png")
    backed_up(home, tmp_path / "made before")
    for name in ("new", "made before"):
        for folder in (tmp_path / name / "media" / "incoming", tmp_path / name / "media"):
            folder.parent.mkdir(parents=True, exist_ok=True)
            if folder.exists():
                folder.rename(tmp_path / f"moved {name} {folder.name}")
            os.symlink(tmp_path / "outside", folder)
            with pytest.raises(Conflict, match="link"):
                backed_up(home, tmp_path / name)
            folder.unlink()
    assert tree(tmp_path / "outside") == outside


def test_an_original_is_not_written_through_a_linked_folder(home: Library, tmp_path: Path) -> None:  # noqa: F811
    """Of the folders with originals, one was swapped for a link between two backups."""
    backed_up(home, tmp_path / "nas")
    folder = next((tmp_path / "nas" / "media").glob("[0-9a-f][0-9a-f]"))
    folder.rename(tmp_path / "outside")
    before = dict.fromkeys(tree(tmp_path / "outside"), b"mine")
    for name in before:
        (tmp_path / "outside" / name).write_bytes(b"mine")
    os.symlink(tmp_path / "outside", folder)
    with pytest.raises(Exception, match="written to|link"):
        backed_up(home, tmp_path / "nas")
    assert tree(tmp_path / "outside") == before


def test_a_link_with_the_name_of_an_original_is_not_replaced(home: Library, tmp_path: Path) -> None:  # noqa: F811
    backed_up(home, tmp_path / "nas")
    outside = place(tmp_path / "outside", "film.mkv")
    original = next((tmp_path / "nas" / "media").glob("[0-9a-f][0-9a-f]/*"))
    original.unlink()
    os.symlink(tmp_path / "outside" / "film.mkv", original)
    with pytest.raises(Conflict, match="no plain file"):
        backed_up(home, tmp_path / "nas")
    assert original.is_symlink() and tree(tmp_path / "outside") == outside


def test_an_interrupted_first_backup_continues(
    home: Library,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(places.Folder, "finish", stop)
        with pytest.raises(KeyboardInterrupt):
            backed_up(home, tmp_path / "nas")
    assert (tmp_path / "nas" / places.MARK).exists() and not (tmp_path / "nas" / "library.db").exists()
    Library.create(tmp_path / "other")
    with Library.open(tmp_path / "other", work=False) as other, pytest.raises(Conflict, match="nor a backup of this"):
        backed_up(other, tmp_path / "nas")
    report = backed_up(home, tmp_path / "nas")
    assert (report.copied, report.originals) == (0, 8)
    assert not (tmp_path / "nas" / places.MARK).exists()
    assert restored(tmp_path / "nas", tmp_path / "again") == []


def test_a_first_backup_that_lost_power_at_its_first_file_continues(
    home: Library,  # noqa: F811
    tmp_path: Path,
) -> None:
    for number, torn in enumerate((b"", b'{"backup of', bytes(30))):
        nas = tmp_path / f"nas{number}"
        nas.mkdir()
        (nas / places.MARK).write_bytes(torn)
        assert backed_up(home, nas).originals == 8


def test_a_file_named_new_beside_a_backup_in_a_file_stays(home: Library, tmp_path: Path) -> None:  # noqa: F811
    left, outside = tmp_path / "backup.zip.new", tmp_path / "outside"
    outside.write_bytes(b"mine")
    for content in (b"mine", b"PK\x03\x04 mine", None):
        if content is None:
            os.symlink(outside, left)
        else:
            left.write_bytes(content)
        with pytest.raises(Conflict, match="backup.zip.new is in the way"):
            backed_up(home, tmp_path / "backup.zip")
        assert left.read_bytes() == content or (left.is_symlink() and outside.read_bytes() == b"mine")
        assert not (tmp_path / "backup.zip").exists()
        left.unlink()


def test_an_interrupted_backup_in_a_file_is_made_again(
    home: Library,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = tmp_path / "backup.zip.new"

    def stop(place: places.Archive, *arguments: object) -> None:
        place._file.flush()
        (tmp_path / "copy").write_bytes(left.read_bytes())
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(places.Archive, "finish", stop)
        with pytest.raises(KeyboardInterrupt):
            backed_up(home, tmp_path / "backup.zip")
    whole = (tmp_path / "copy").read_bytes()
    assert len(whole) > 1000 and not left.exists()
    for size in (0, 1, 40, len(whole) // 2, len(whole)):
        left.write_bytes(whole[:size])
        assert backed_up(home, tmp_path / "backup.zip").originals == 8
        assert not left.exists()
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        assert archive.testzip() is None
    left.write_bytes(whole)
    Library.create(tmp_path / "other")
    with Library.open(tmp_path / "other", work=False) as other, pytest.raises(Conflict, match="in the way"):
        backed_up(other, tmp_path / "backup.zip")


def test_no_backup_into_a_reference_folder(home: Library, tmp_path: Path) -> None:  # noqa: F811
    before = tree(tmp_path / "reference")
    os.symlink(tmp_path / "reference", tmp_path / "link")
    for folder in (tmp_path / "reference", tmp_path / "link"):
        for name in ("backup", "backup.zip", "inner/backup"):
            with pytest.raises(Invalid, match="holds pictures of the library"):
                backed_up(home, folder / name)
    assert tree(tmp_path / "reference") == before

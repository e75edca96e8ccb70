"""Backups: whole, verified, made again for what is new only; a folder that is a library, or a file; and back."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from core.imports.test_intake import paint
from libraries import check_derived, finish, truth

from pixlstash_core.backups import places, restore
from pixlstash_core.errors import Conflict, DiskFull, Invalid, NotFound, NotThere, PixlStashError
from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    AddTags,
    BackupReport,
    Create,
    CreateToken,
    DeletePictures,
    HideAndBlur,
    ImportPaths,
    MakeBackup,
    SaveQuery,
    ScorePictures,
    Selection,
    SetCaption,
    StackPictures,
)

#: What differs in a backup: where originals lie, and what a library is called by.
OTHERS = {"location", "store", "setting"}


def backed_up(library: Library, path: Path, query: str = "", access: bool = False) -> BackupReport:
    return library.backup(OWNER, MakeBackup(str(path), query, access))


def restored(backup: Path, target: Path, access: bool = False) -> list[str]:
    return restore.restore(backup, target, access, lambda done, total: None)[1]


def said(library: Library) -> dict[str, list[tuple[object, ...]]]:
    """What is known, but for what differs in a backup."""
    return {name: rows for name, rows in truth(library).items() if name not in OTHERS}


def bytes_of(library: Library) -> dict[int, str]:
    """The hash of what each picture's original reads as."""
    found = {}
    for id in library.find(OWNER).ids:
        with library.original(OWNER, id).open(0, None) as file:
            found[id] = hashlib.sha256(file.read()).hexdigest()
    return found


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def home(open_library: Callable[..., Library], tmp_path: Path) -> Library:
    """Six pictures of its own, three in a reference folder, one in both; tags, a set, a stack, a saved query."""
    library = open_library()
    for n in range(6):
        assert library.upload(OWNER, f"own {n}.png", paint(tmp_path / "up" / f"own {n}.png", n)).status == "imported"
    for n in range(5, 8):
        paint(tmp_path / "reference" / "inner" / f"theirs {n}.png", n)
    job = library.import_paths(OWNER, ImportPaths([str(tmp_path / "reference")], True))
    assert finish(library, job).state == "done"
    ids = sorted(library.find(OWNER).ids)
    assert len(ids) == 8
    library.score(OWNER, ScorePictures(ids=ids[:3], score=5))
    library.add_tags(OWNER, AddTags(ids=ids[:2], tags=["river"]))
    library.add_tags(OWNER, AddTags(ids=ids[4:], tags=["secret project"]))
    library.set_caption(OWNER, SetCaption(ids=ids[:1], text="A river at noon"))
    best = library.create_set(OWNER, Create(name="Best")).id
    library.add_to_set(OWNER, best, Selection(ids=ids[1:4]))
    private = library.create_set(OWNER, Create(name="Private")).id
    library.add_to_set(OWNER, private, Selection(ids=ids[7:]))
    library.stack(OWNER, StackPictures(ids=[ids[2], ids[6]]))
    library.save_query(OWNER, SaveQuery("Secret", "tag:secret"))
    library.set_veil(OWNER, HideAndBlur("tag:hidden", ""))
    return library


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_there_and_back(home: Library, tmp_path: Path, name: str) -> None:
    """Everything comes back, each original with its bytes, and what lay in a reference folder is the library's own."""
    before, media, known = bytes_of(home), tree(home.path / "media"), truth(home)
    report = backed_up(home, tmp_path / name)
    assert (report.pictures, report.originals, report.copied, report.lost, report.missing) == (8, 8, 8, 0, [])
    assert truth(home) == known and tree(home.path / "media") == media
    state = said(home)
    home.close()
    (tmp_path / "reference").rename(tmp_path / "elsewhere")
    assert restored(tmp_path / name, tmp_path / "again") == []
    with Library.open(tmp_path / "again", work=False) as library:
        assert said(library) == state and bytes_of(library) == before
        assert library.public_id == home.public_id and library.epoch != home.epoch
        assert library.check(OWNER, verify=True).problems == []
        assert [store.scheme for store in library.info(OWNER).stores] == ["file"]
        assert library.db.setting("backup") is None and library.tokens(OWNER) == []
        check_derived(library)
        assert library.upload(OWNER, "new.png", paint(tmp_path / "up" / "new.png", 99)).status == "imported"


def test_a_folder_is_a_library(home: Library, tmp_path: Path) -> None:
    """It can be opened where it lies, also without PixlStash; from then on it is no backup to write to."""
    state = said(home)
    backed_up(home, tmp_path / "backup")
    assert sorted(one.name for one in (tmp_path / "backup").iterdir()) == ["library.db", "media"]
    database = sqlite3.connect(f"file:{tmp_path / 'backup' / 'library.db'}?immutable=1", uri=True)
    for key, sha256 in database.execute("select l.key, p.sha256 from location l join picture p on p.id = l.picture_id"):
        assert hashlib.sha256((tmp_path / "backup" / "media" / key).read_bytes()).digest() == sha256
    database.close()
    backed_up(home, tmp_path / "backup")
    with Library.open(tmp_path / "backup", work=False) as library:
        assert said(library) == state
        assert library.check(OWNER, verify=True).problems == []
        with pytest.raises(PixlStashError):
            backed_up(home, tmp_path / "backup")
        library.score(OWNER, ScorePictures(ids=library.find(OWNER).ids, score=1))
        state = said(library)
    with pytest.raises(Conflict, match="used as a library"):
        backed_up(home, tmp_path / "backup")
    with Library.open(tmp_path / "backup", work=False) as library:
        assert said(library) == state


def test_only_what_is_new_is_copied(home: Library, tmp_path: Path) -> None:
    assert backed_up(home, tmp_path / "backup").copied == 8
    again = backed_up(home, tmp_path / "backup")
    assert (again.copied, again.bytes, again.originals, again.dropped) == (0, 0, 8, 0)
    added = home.upload(OWNER, "new.png", paint(tmp_path / "up" / "new.png", 99)).id
    gone = min(home.find(OWNER).ids)
    home.delete(OWNER, DeletePictures(ids=[gone]))
    home.purge(OWNER, Selection(ids=[gone]))
    third = backed_up(home, tmp_path / "backup")
    assert added and (third.copied, third.originals, third.dropped) == (1, 8, 1)
    restored(tmp_path / "backup", tmp_path / "again")
    with Library.open(tmp_path / "again", work=False) as library:
        assert said(library) == said(home) and library.check(OWNER, verify=True).problems == []


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_a_query_makes_a_library_of_just_these(home: Library, tmp_path: Path, name: str) -> None:
    """What is left out is nowhere in it, not even by name: it may be given away."""
    report = backed_up(home, tmp_path / name, "score:5")
    ids = sorted(home.find(OWNER).ids)
    # A stack goes along as a whole.
    chosen = sorted({*ids[:3], *(one for one in home.picture_stack(OWNER, ids[2]).ids)})
    assert (report.pictures, report.originals) == (len(chosen), len(chosen)) == (4, 4)
    names = [home.picture(OWNER, id).name for id in ids if id not in chosen]
    restored(tmp_path / name, tmp_path / "again")
    raw = (tmp_path / "again" / "library.db").read_bytes()
    for word in ("Private", "Secret", "tag:hidden", *names):
        assert word.encode() not in raw, word
    with Library.open(tmp_path / "again", work=False) as library:
        assert sorted(row[0] for row in library.db.read("select id from picture")) == chosen
        assert [one.name for one in library.sets(OWNER)] == ["Best"]
        assert {tag.name for tag in library.tags(OWNER)} == {"river", "secret project"}  # one of the stack has it
        assert library.queries(OWNER) == [] and library.veil(OWNER) == HideAndBlur("", "")
        assert library.check(OWNER, verify=True).problems == []
        assert len(list((tmp_path / "again" / "media").glob("??/*"))) == 4
        check_derived(library)
    with pytest.raises(Conflict, match="holds a backup of what"):
        backed_up(home, tmp_path / name)


def test_tags_of_nothing_stay_behind(home: Library, tmp_path: Path) -> None:
    home.unstack(OWNER, Selection(ids=home.find(OWNER).ids))
    backed_up(home, tmp_path / "backup", "score:5")
    restored(tmp_path / "backup", tmp_path / "again")
    assert b"secret project" not in (tmp_path / "again" / "library.db").read_bytes()
    with Library.open(tmp_path / "again", work=False) as library:
        assert [tag.name for tag in library.tags(OWNER)] == ["river"]
        assert library.find(OWNER, "tag:river").total == 2


def test_logins_go_along_only_when_asked_for(home: Library, tmp_path: Path) -> None:
    token = home.create_token(OWNER, CreateToken("owner", "kept secret"))
    backed_up(home, tmp_path / "plain")
    backed_up(home, tmp_path / "whole", access=True)
    backed_up(home, tmp_path / "whole.zip", access=True)
    assert not (tmp_path / "plain" / "hub.db").exists()
    assert all(b"kept secret" not in body for body in tree(tmp_path / "plain").values())
    assert (tmp_path / "whole" / "hub.db").stat().st_mode & 0o77 == 0
    for source in ("whole", "whole.zip"):
        restored(tmp_path / source, tmp_path / f"with {source}", access=True)
        with Library.open(tmp_path / f"with {source}", work=False) as library:
            assert [one.label for one in library.tokens(OWNER)] == ["kept secret"]
            assert library.access.reader_of(token.token) is not None
            assert len(library.history(OWNER)) == len(home.history(OWNER))
        restored(tmp_path / source, tmp_path / f"without {source}")
        with Library.open(tmp_path / f"without {source}", work=False) as library:
            assert library.tokens(OWNER) == []
    with pytest.raises(Conflict, match="logins"):
        backed_up(home, tmp_path / "whole")
    with pytest.raises(NotThere, match="no hub"):
        restored(tmp_path / "plain", tmp_path / "none", access=True)
    assert not (tmp_path / "none").exists()


def test_a_first_backup_that_was_cut_between_its_databases_goes_on(home: Library, tmp_path: Path) -> None:
    """And nobody else's folder with a hub alone is taken for one."""
    backed_up(home, tmp_path / "whole", access=True)
    (tmp_path / "whole" / "library.db").unlink()
    with pytest.raises(Conflict, match="neither empty nor a backup"):
        backed_up(home, tmp_path / "whole", access=True)
    (tmp_path / "whole" / "library.db.new").write_bytes(b"cut short")
    with pytest.raises(Conflict, match="neither empty nor a backup"):
        backed_up(home, tmp_path / "whole", access=True)
    (tmp_path / "whole" / places.MARK).write_bytes(places.mark(home.public_id))
    assert backed_up(home, tmp_path / "whole", access=True).copied == 0
    assert restored(tmp_path / "whole", tmp_path / "again", access=True) == []


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_originals_that_are_not_what_they_were_are_named(home: Library, tmp_path: Path, name: str) -> None:
    """Bytes that changed are never taken for the picture; an earlier copy in the backup is kept."""
    for earlier in ("earlier", "earlier.zip"):
        backed_up(home, tmp_path / earlier)
    files = sorted((home.path / "media").glob("??/*"))
    files[0].chmod(0o600)
    files[0].write_bytes(b"x" * files[0].stat().st_size)
    (tmp_path / "reference" / "inner" / "theirs 7.png").unlink()
    report = backed_up(home, tmp_path / name)
    assert (report.lost, report.originals, len(report.missing)) == (2, 6, 2) and "theirs 7.png" in report.missing
    for earlier in ("earlier", "earlier.zip"):
        assert backed_up(home, tmp_path / earlier).lost == 0
        assert restored(tmp_path / earlier, tmp_path / f"from {earlier}") == []
    assert restored(tmp_path / name, tmp_path / "again") == []
    with Library.open(tmp_path / "again", work=False) as library:
        assert library.db.value("select count(*) from location where state = 'missing'") == 2
        assert library.info(OWNER).pictures == 8
        check_derived(library)


def test_places_that_are_not_for_it(home: Library, tmp_path: Path) -> None:
    full = tmp_path / "full"
    paint(full / "holiday.png", 1)
    before = tree(full)
    other = tmp_path / "other"
    Library.create(other)
    for wrong, error in (
        (full, Conflict),
        (other, Conflict),
        (full / "holiday.png", Conflict),
        (home.path / "backup", Invalid),
        (home.path.parent, Invalid),
        (tmp_path / "nowhere" / "backup.zip", NotFound),
        (Path("backup"), Invalid),
    ):
        with pytest.raises(error):
            backed_up(home, wrong)
    assert tree(full) == before
    with pytest.raises(PixlStashError):
        backed_up(home, home.path)


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_a_backup_of_another_library_is_left_alone(home: Library, tmp_path: Path, name: str) -> None:
    backed_up(home, tmp_path / name)
    Library.create(tmp_path / "other")
    with Library.open(tmp_path / "other", work=False) as other, pytest.raises(Conflict, match="another library"):
        backed_up(other, tmp_path / name)


def test_somebodys_own_zip_file_is_left_alone(home: Library, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "holiday.zip", "w") as archive:
        archive.writestr("library.db", b"mine")
    (tmp_path / "text.zip").write_text("mine")
    for name in ("holiday.zip", "text.zip"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(Conflict, match="no backup"):
            backed_up(home, tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_a_damaged_backup_is_told(home: Library, tmp_path: Path, name: str) -> None:
    backed_up(home, tmp_path / name)
    if name == "backup":
        files = sorted((tmp_path / name / "media").glob("??/*"))
        files[0].unlink()
        body = bytearray(files[1].read_bytes())
        body[30] ^= 1
        files[1].write_bytes(body)
        problems = restored(tmp_path / name, tmp_path / "again")
        assert len(problems) == 2 and any("not what they were" in one for one in problems)
    else:
        body = bytearray((tmp_path / name).read_bytes())
        with zipfile.ZipFile(tmp_path / name) as archive:
            place = next(one for one in archive.infolist() if one.filename.startswith("media/"))
        body[place.header_offset + 150] ^= 1
        (tmp_path / name).write_bytes(body)
        problems = restored(tmp_path / name, tmp_path / "again")
        assert len(problems) == 1
        (tmp_path / name).write_bytes(body[: len(body) // 2])
        with pytest.raises(PixlStashError, match="no backup"):
            restored(tmp_path / name, tmp_path / "third")


def test_what_is_no_backup_is_refused(home: Library, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("../../library.db", b"x")
    (tmp_path / "empty").mkdir()
    Library.create(tmp_path / "library of another")
    for wrong in ("text.zip", "other.zip", "empty", "library of another"):
        with pytest.raises(PixlStashError):
            restored(tmp_path / wrong, tmp_path / f"to {wrong}")
    backed_up(home, tmp_path / "backup")
    with pytest.raises(Conflict, match="library already"):
        restored(tmp_path / "backup", tmp_path / "library of another")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    with pytest.raises(Invalid, match="not empty"):
        restored(tmp_path / "backup", tmp_path / "taken")
    assert (tmp_path / "taken" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["backup", "backup.zip"])
def test_a_full_disk_leaves_the_backup_before(
    home: Library, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(home, tmp_path / name)
    state = said(home)
    home.upload(OWNER, "new.png", paint(tmp_path / "up" / "new.png", 99))
    real = os.replace

    def full(source: str, target: str, **folders: int | None) -> None:
        if str(target).endswith(("library.db", "backup.zip")):
            raise OSError(28, "No space left on device")
        real(source, target, **folders)

    with monkeypatch.context() as patched:
        patched.setattr(places.os, "replace", full)
        with pytest.raises(DiskFull):
            backed_up(home, tmp_path / name)
    assert restored(tmp_path / name, tmp_path / "again") == []
    with Library.open(tmp_path / "again", work=False) as library:
        assert said(library) == state
    assert backed_up(home, tmp_path / name).originals == 9
    assert list((home.path / "snapshots" / "scratch").iterdir()) == []


def test_restoring_goes_on_where_it_was_cut_short(
    home: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(home, tmp_path / "backup")

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore.restore(tmp_path / "backup", tmp_path / "again", False, stop)
    with pytest.raises(NotFound):
        Library.open(tmp_path / "again")
    assert restored(tmp_path / "backup", tmp_path / "again") == []
    with Library.open(tmp_path / "again", work=False) as library:
        assert said(library) == said(home) and library.check(OWNER, verify=True).problems == []

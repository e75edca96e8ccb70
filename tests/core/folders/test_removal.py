"""Files that are deleted after they were imported: only those, and never the only copy of anything."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from core.folders.test_import_folders import add, count, scan, shown
from faults import oracle, sources
from libraries import until

from pixlstash_core import OWNER
from pixlstash_core.folders import removal
from pixlstash_core.library import Library
from pixlstash_core.storage.files import Root
from pixlstash_core.types import AddImportFolder, DeletePictures, EditImportFolder

pytestmark = pytest.mark.skipif(not removal.is_supported(), reason="files are not deleted on this system")
ELSEWHERE = removal.Identity(0, 0)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    sources.paint(tmp_path / "inbox", 6)
    return tmp_path / "inbox"


def originals(library: Library) -> set[str]:
    """The SHA-256 of all files in the library's own folder."""
    root = library.stores.own()[1].root
    return {
        hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*.png") if "incoming" not in path.parts
    }


def stored(library: Library, picture: int) -> Path:
    local = library.original(OWNER, picture).local
    assert local is not None
    return local


def test_imported_files_are_deleted_and_foreign_ones_stay(library: Library, inbox: Path) -> None:
    expected = {sha256 for sha256, _ in sources.tree(inbox).values()}
    (inbox / "notes.txt").write_text("mine")
    (inbox / "picture 1-000.txt").write_text("fox, snow")
    sources.spoil(inbox)
    (inbox / "below" / "empty").mkdir()
    folder = add(library, inbox, delete=True)
    assert originals(library) == expected and count(library) == 6
    assert {path.name for path in inbox.rglob("*")} == {
        "notes.txt",
        "picture 1-000.txt",
        "broken 1.png",
        "below",
        "empty",
    }
    assert (folder.imported, folder.left, folder.refused) == (6, 0, 1)
    assert library.hub.read("select state from import_file") == [("refused",)]
    sources.paint(inbox, 1)  # again, as a duplicate
    scan(library)
    assert count(library) == 6 and not list(inbox.glob("picture*.png")) and oracle.problems(library) == []


def test_without_a_sound_copy_in_the_library_nothing_is_deleted(library: Library, inbox: Path) -> None:
    add(library, inbox)
    first, second, third, *_ = [picture.id for picture in library.pictures(OWNER)]
    damaged = stored(library, first)
    body = damaged.read_bytes()
    damaged.chmod(0o600)
    damaged.write_bytes(body[:-20] + bytes(20))
    library.delete(OWNER, DeletePictures(ids=[second]))
    lost = stored(library, third)
    lost.unlink()
    library.hub.write("delete from import_file")
    library.edit_import_folder(OWNER, 1, EditImportFolder(delete=True))
    scan(library)
    left = list(inbox.rglob("*.png"))
    assert len(left) == 2 and {hashlib.sha256(path.read_bytes()).hexdigest() for path in left} >= {
        hashlib.sha256(body).hexdigest()
    }
    assert shown(library).left == 1 and "damaged" in shown(library).problems[0].reason
    assert lost.exists()  # it was copied again
    damaged.write_bytes(body)
    scan(library)  # tried again
    assert shown(library).left == 0 and len(list(inbox.rglob("*.png"))) == 1  # that in the scrapheap


def test_only_what_was_imported_while_it_was_on_is_deleted(library: Library, inbox: Path) -> None:
    add(library, inbox)
    library.edit_import_folder(OWNER, 1, EditImportFolder(delete=True))
    sources.paint(inbox, 1, seed=2)
    scan(library)
    assert len(list(inbox.rglob("*.png"))) == 6 and count(library) == 7


# -- one file ----------------------------------------------------------------------------------------------------------

BODY = sources.png(random.Random(1), 1, 30)
OTHER = BODY[:-30] + bytes(30)
SHA256 = hashlib.sha256(BODY).digest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    path = tmp_path / "in" / "sub" / "a.png"
    path.write_bytes(BODY)
    sources.date(path, 1)
    return path


def attempt(file: Path, remember: Callable[[str | None], None] = lambda aside: None, **more: Any) -> str:
    """Try to delete a file; return why it was left, or nothing."""
    root = file.parent.parent
    try:
        removal.remove(Root.pinned(root), f"sub/{file.name}", SHA256, more.get("stored", ELSEWHERE), remember)
    except removal.Left as reason:
        return str(reason)
    return ""


def test_a_file_is_deleted_under_a_recorded_name(file: Path) -> None:
    names: list[str | None] = []
    assert attempt(file, names.append) == "" and not file.exists()
    assert len(names) == 1 and str(names[0]).startswith(".pixlstash-") and os.listdir(file.parent) == []
    assert attempt(file) == ""  # somebody else was faster


def replace_by(file: Path, way: str) -> None:
    """Put something else in the place of a file."""
    if way == "other bytes, size and time alike":
        file.write_bytes(OTHER)
        sources.date(file, 1)
        return
    file.unlink()
    match way:
        case "another file":
            file.write_bytes(b"the only copy")
        case "a link":
            file.symlink_to(file.parent.parent.parent / "precious.png")
        case "a link to a folder":
            file.symlink_to(file.parent.parent.parent)
        case "a folder":
            file.mkdir()
            (file / "precious.png").write_bytes(b"the only copy")
        case "a hard link":
            os.link(file.parent.parent.parent / "precious.png", file)
        case "a pipe":
            os.mkfifo(file)


WAYS = (
    *("other bytes, size and time alike", "another file", "a link", "a link to a folder", "a folder", "a hard link"),
    "a pipe",
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_what_replaced_it_stays(
    file: Path, tmp_path: Path, way: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replaced before the look, right before the renaming, or under the new name."""
    precious = tmp_path / "precious.png"
    precious.write_bytes(b"the only copy")
    rename = os.rename

    def renamed(source: str, target: str, **folders: int) -> None:
        rename(source, target, **folders)
        if moment == "after" and target.startswith(".pixlstash-"):
            replace_by(file.parent / target, way)

    monkeypatch.setattr(os, "rename", renamed)
    if moment == "before":
        replace_by(file, way)
    reason = attempt(file, lambda aside: replace_by(file, way) if aside and moment == "between" else None)
    assert reason.startswith("It was")
    assert precious.read_bytes() == b"the only copy" and os.listdir(file.parent) == ["a.png"]
    if way == "other bytes, size and time alike":
        assert file.read_bytes() == OTHER
    elif way.startswith("a link"):
        assert file.is_symlink()
    elif way == "a folder":
        assert (file / "precious.png").read_bytes() == b"the only copy"
    elif way != "a pipe":
        assert file.read_bytes() == b"the only copy"


def test_a_new_file_of_its_name_stays_too(file: Path) -> None:
    def attack(aside: str | None) -> None:
        if aside:
            file.write_bytes(OTHER)

    rename = os.rename
    reason = ""

    def renamed(source: str, target: str, **folders: int) -> None:
        rename(source, target, **folders)
        if target.startswith(".pixlstash-"):
            file.write_bytes(b"new")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "rename", renamed)
        reason = attempt(file, attack)
    assert "changed" in reason
    assert file.read_bytes() == b"new" and (file.parent / "a (2).png").read_bytes() == OTHER
    assert len(os.listdir(file.parent)) == 2


def test_no_folder_on_the_way_may_be_a_link(file: Path, tmp_path: Path) -> None:
    file.parent.rename(tmp_path / "moved")
    file.parent.symlink_to(tmp_path / "moved")
    assert "cannot be deleted" in attempt(file) and (tmp_path / "moved" / "a.png").read_bytes() == BODY
    root = Root.pinned(tmp_path / "in")
    (tmp_path / "in").rename(tmp_path / "in before")
    shutil.copytree(tmp_path / "moved", tmp_path / "in" / "sub")
    with pytest.raises(removal.Left):
        removal.remove(root, "sub/a.png", SHA256, ELSEWHERE, lambda aside: None)
    for path in ("../moved/a.png", "/etc/passwd", ""):
        try:
            removal.remove(Root.pinned(tmp_path / "in"), path, SHA256, ELSEWHERE, lambda aside: None)
        except removal.Left:
            pass
    assert file.read_bytes() == BODY and (tmp_path / "moved" / "a.png").exists()


def test_the_library_s_own_copy_under_another_name_stays(file: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.png"
    os.link(file, own)
    assert "own copy" in attempt(file, stored=removal.Identity.of(own.stat())) and file.exists()
    name = SHA256.hex()
    media = tmp_path / "in" / name[:2]  # the originals of some library, mounted here
    media.mkdir()
    original = media / f"{name}.png"
    original.write_bytes(BODY)
    with pytest.raises(removal.Left, match="an original"):
        removal.remove(Root.pinned(tmp_path / "in"), f"{name[:2]}/{name}.png", SHA256, ELSEWHERE, lambda aside: None)
    assert original.exists()


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")])
@pytest.mark.parametrize("call", ["rename", "unlink"])
def test_a_disk_that_refuses(file: Path, error: OSError, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **named: Any) -> None:
        raise error

    names: list[str | None] = []
    monkeypatch.setattr(os, call, refuse)
    assert str(error.strerror) in attempt(file, names.append)
    assert file.read_bytes() == BODY
    if call == "rename":
        assert names[-1] is None and os.listdir(file.parent) == ["a.png"]
    else:  # it has its recorded name as well, until the next scan
        assert (file.parent / str(names[-1])).read_bytes() == BODY


# -- after a crash -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["renamed", "not yet renamed", "deleted", "changed", "copy damaged"])
@pytest.mark.parametrize("then", ["scan", "remove"])
def test_what_was_set_aside_when_it_stopped(library: Library, inbox: Path, state: str, then: str) -> None:
    file, aside = inbox / "picture 1-000.png", inbox / ".pixlstash-0123456789abcdef0123456789abcdef"
    add(library, inbox)
    body = file.read_bytes()
    library.edit_import_folder(OWNER, 1, EditImportFolder(delete=True))
    library.hub.write(
        "update import_file set state = 'remove', aside = ? where key = ?", (aside.name, "picture 1-000.png")
    )
    if state != "not yet renamed":
        file.rename(aside)
    if state == "deleted":
        aside.unlink()
    elif state == "changed":
        aside.write_bytes(OTHER)
    elif state == "copy damaged":
        (picture,) = library.db.read("select id from picture where sha256 = ?", (hashlib.sha256(body).digest(),))
        stored(library, picture[0]).write_bytes(OTHER)
    if then == "remove":
        library.remove_import_folder(OWNER, 1)
        assert not aside.exists() and file.exists() == (state != "deleted")
        return
    scan(library)
    assert not aside.exists()
    assert library.hub.read("select key from import_file where aside is not null") == []
    if state == "copy damaged":
        assert file.read_bytes() == body and shown(library).left == 1
    elif state == "changed":  # imported as what it is now, and deleted then: or refused, and left
        assert OTHER in [path.read_bytes() for path in inbox.glob("*.png")] or count(library) == 7
    else:
        assert not file.exists() and hashlib.sha256(body).hexdigest() in originals(library)


# -- written meanwhile -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", ["as the system sets them", "always old"])
@pytest.mark.parametrize("watch", [True, False])
def test_a_file_that_is_being_written_is_not_deleted_before_it_is_complete(
    library: Library, inbox: Path, times: str, watch: bool
) -> None:
    """Also where times do not tell: another machine's clock, or a program that sets them."""
    data = sources.png(random.Random(8), 8, 150)
    slow = inbox / "slow.png"

    def write() -> None:
        with slow.open("wb", buffering=0) as file:
            for at in range(0, len(data), len(data) // 8 + 1):
                file.write(data[at : at + len(data) // 8 + 1])
                if times == "always old":
                    sources.date(slow, 5)
                assert slow.exists(), "deleted while it was written"
                time.sleep(0.5)

    thread = threading.Thread(target=write)
    thread.start()
    until(slow.exists)
    add(library, inbox, delete=True, watch=watch)
    thread.join()
    assert not slow.exists() or slow.read_bytes() == data
    if times == "always old":
        sources.date(slow, 6)  # its time when it was complete
    if not watch:
        scan(library)
    until(lambda: not slow.exists())
    assert hashlib.sha256(data).hexdigest() in originals(library)


# -- two at once -------------------------------------------------------------------------------------------------------


def test_two_libraries_on_one_folder_lose_nothing(library: Library, inbox: Path, tmp_path: Path) -> None:
    sources.paint(inbox, 24, seed=7)
    expected = {sha256 for sha256, _ in sources.tree(inbox).values()}
    Library.create(tmp_path / "second")
    with Library.open(tmp_path / "second") as second:
        both = (library, second)
        threads = [
            threading.Thread(
                target=lambda each=each: each.add_import_folder(OWNER, AddImportFolder(str(inbox), delete=True))
            )
            for each in both
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until(lambda: not [path for path in inbox.rglob("*") if path.is_file()])
        until(
            lambda: all(job.state == "done" for each in both for job in each.jobs(OWNER) if job.kind == "import-folder")
        )
        assert originals(library) | originals(second) == expected
        for each in both:
            assert oracle.problems(each) == []

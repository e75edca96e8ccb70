"""Attacks on sidecars: what cannot be read is never overwritten, links lead nowhere, and nothing of others is lost."""

from __future__ import annotations

import hashlib
import os
import random
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import beside
import pytest
from beside import compare, picture, scan, tags
from faults import mounts

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.storage import replacing
from pixlstash_core.storage.files import Root
from pixlstash_core.storage.replacing import Changed, Version, read_below, remove_leftover, replace_below
from pixlstash_core.types import AddTags, SidecarPolicy

pytestmark = [pytest.mark.attack, pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")]
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
XXE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'


def link_out(path: Path) -> None:
    target = path.parent.parent / "secret.txt"
    target.write_text("a secret")
    path.symlink_to(target)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "link": link_out,
    "dangling": lambda path: path.symlink_to(path.parent.parent / "created.txt"),
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "binary": lambda path: beside.write(path, random.Random(1).randbytes(5000)),
    "zeros": lambda path: beside.write(path, bytes(5000)),
    "latin": lambda path: beside.write(path, "Köln, Straße".encode("latin-1")),
    "long": lambda path: beside.write(path, b"fox, " * (2 << 20)),
    "control": lambda path: beside.write(path, "fox, \x07bell"),
    "endless": lambda path: beside.write(path, "x" * 300),
}


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_what_cannot_be_read_is_left_alone(kind: str, library: Library, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    beside.paint(photos, "a.png", "b.png")
    HOSTILE[kind](photos / "a.txt")
    before = describe(photos / "a.txt")
    beside.add(library, photos, SidecarPolicy("write", ["txt"]))
    for name in ("a.png", "b.png"):
        library.add_tags(OWNER, AddTags(tags=["river"], ids=[picture(library, name)]))
    compare(library)
    assert describe(photos / "a.txt") == before and (photos / "b.txt").read_text() == "river\n"
    assert tags(library, picture(library, "a.png")) == {"river"}
    (problem,) = library.sidecar_problems(OWNER, library.folders(OWNER)[0].id)
    assert problem.file == "a.txt" and problem.problem.startswith("It ") or "tag" in problem.problem
    assert library.folders(OWNER)[0].sidecar_state.problems == 1
    assert not (tmp_path / "created.txt").exists()
    assert sorted(os.listdir(photos)) == ["a.png", "a.txt", "b.png", "b.txt"]


@pytest.mark.parametrize("text", [BOMB, XXE, "<x" * 1000, "fox", '{"a": NaN}', "[" * 100_000, "[1]"])
@pytest.mark.parametrize("format", ["xmp", "json"])
def test_hostile_documents_are_left_alone(format: str, text: str, library: Library, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    beside.paint(photos, "a.png")
    beside.write(photos / f"a.png.{format}", text)
    beside.add(library, photos, SidecarPolicy("write", [format]))  # type: ignore[list-item]
    library.add_tags(OWNER, AddTags(tags=["river"], ids=[1]))
    compare(library)
    assert (photos / f"a.png.{format}").read_text() == text
    assert len(library.sidecar_problems(OWNER, library.folders(OWNER)[0].id)) == 1
    beside.write(photos / f"a.png.{format}", "", later=9)  # it is emptied, and can be written
    scan(library)
    assert b"river" in (photos / f"a.png.{format}").read_bytes()
    assert not library.sidecar_problems(OWNER, library.folders(OWNER)[0].id)


def test_a_folder_that_becomes_a_link_is_not_followed(library: Library, tmp_path: Path) -> None:
    photos, outside, mirror = tmp_path / "photos", tmp_path / "outside", tmp_path / "mirror"
    beside.paint(photos, "below/a.png")
    for folder in (outside, mirror):
        folder.mkdir()
    (mirror / "below").symlink_to(outside)
    beside.add(library, photos, SidecarPolicy("mirror", ["txt"], mirror=str(mirror)))
    library.add_tags(OWNER, AddTags(tags=["river"], ids=[1]))
    compare(library)
    assert os.listdir(outside) == [] and library.folders(OWNER)[0].sidecar_state.due == 1
    assert library.folders(OWNER)[0].sidecar_state.problems == 1
    (mirror / "below").unlink()
    compare(library)
    assert (mirror / "below" / "a.txt").read_text() == "river\n"
    assert library.folders(OWNER)[0].sidecar_state == library.folders(OWNER)[0].sidecar_state.__class__()


def test_a_disk_that_cannot_be_written_to_keeps_all_due(library: Library, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    beside.paint(photos, "a.png")
    with mounts.read_only(photos):
        beside.add(library, photos, SidecarPolicy("write", ["txt"]))
        library.add_tags(OWNER, AddTags(tags=["river"], ids=[1]))
        compare(library)
        state = library.folders(OWNER)[0].sidecar_state
        assert state.due == 1 and "Read-only file system" in state.problem and "mirror" in state.problem
    compare(library)
    assert (photos / "a.txt").read_text() == "river\n" and library.folders(OWNER)[0].sidecar_state.due == 0


def test_a_full_disk_loses_nothing(library: Library, tmp_path: Path) -> None:
    with mounts.small(tmp_path / "photos", 1 << 20) as photos:
        beside.paint(photos, "a.png")
        beside.write(photos / "a.txt", "fox")
        beside.add(library, photos, SidecarPolicy("write", ["txt"]))
        mounts.fill(photos / "ballast", 0)
        library.add_tags(OWNER, AddTags(tags=["river"], ids=[1]))
        with pytest.raises(AssertionError, match="full"):
            compare(library)
        assert (photos / "a.txt").read_text() == "fox"
        assert "full" in library.folders(OWNER)[0].sidecar_state.problem
        (photos / "ballast").unlink()
        compare(library)
        assert (photos / "a.txt").read_text() == "fox, river\n"
        assert [name for name in os.listdir(photos) if name.startswith(".")] == []


def test_a_swap_at_any_moment_keeps_the_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, root = tmp_path / "a.txt", Root.pinned(tmp_path)

    def swap() -> None:
        (tmp_path / "new").write_bytes(b"theirs")
        os.replace(tmp_path / "new", path)

    def after(name: str) -> Callable[..., object]:
        real = getattr(replacing, name)

        def call(*arguments: object) -> object:
            result = real(*arguments)
            swap()
            return result

        return call

    for name in ("_written", "_demand"):  # while it is written, and in the last moment before it gets its name
        for exists in (True, False):
            path.unlink(missing_ok=True)
            before = None
            if exists:
                path.write_bytes(b"before")
                before = Version.of(path.stat())
            with monkeypatch.context() as patch:
                patch.setattr(replacing, name, after(name))
                with pytest.raises(Changed):
                    replace_below(root, "a.txt", b"ours", before)
            assert path.read_bytes() == b"theirs" and os.listdir(tmp_path) == ["a.txt"]


def test_what_a_kill_left_is_deleted_only_if_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before and after the exchange of two files: the leftover is our new file, or the one it replaced."""
    path, root = tmp_path / "a.txt", Root.pinned(tmp_path)
    sha256 = {body: hashlib.sha256(body).digest() for body in (b"ours", b"before", b"theirs")}

    def exchange(new: str, old: str, folder: int | None, before: Version) -> None:
        assert replacing._exchange(new, old, folder)
        raise KeyboardInterrupt

    for step in (Mock(side_effect=KeyboardInterrupt), exchange):
        path.write_bytes(b"before")
        with monkeypatch.context() as patch:
            patch.setattr(replacing, "_put_in_place", step)
            patch.setattr(os, "unlink", lambda *arguments, **more: None)  # a killed process cleans nothing up
            with pytest.raises(KeyboardInterrupt):
                replace_below(root, "a.txt", b"ours", Version.of(path.stat()))
        (left,) = [name for name in os.listdir(tmp_path) if name != "a.txt"]
        for content in (b"theirs", b"ours and more", b""):
            original = (tmp_path / left).read_bytes()
            (tmp_path / left).write_bytes(content)
            remove_leftover(root, "a.txt", sha256[b"ours"], [sha256[b"ours"], sha256[b"before"]], 1 << 20)
            assert (tmp_path / left).read_bytes() == content
            (tmp_path / left).write_bytes(original)
        remove_leftover(root, "b.txt", sha256[b"ours"], [sha256[b"ours"], sha256[b"before"]], 1 << 20)
        remove_leftover(root, "a.txt", sha256[b"theirs"], [sha256[b"ours"], sha256[b"before"]], 1 << 20)
        assert (tmp_path / left).exists()
        remove_leftover(root, "a.txt", sha256[b"ours"], [sha256[b"ours"], sha256[b"before"]], 1 << 20)
        assert os.listdir(tmp_path) == ["a.txt"]


def test_a_foreign_file_with_the_name_of_ours_stays(tmp_path: Path) -> None:
    root, kept = Root.pinned(tmp_path), tmp_path / "kept"
    kept.write_bytes(b"kept")
    ours = hashlib.sha256(b"ours").digest()
    name = replacing._temporary("a.txt", "a.txt", ours)
    for link in (False, True):
        (tmp_path / name).unlink(missing_ok=True)
        if link:
            (tmp_path / name).symlink_to(kept)
        else:
            (tmp_path / name).write_bytes(b"theirs")
        (tmp_path / "a.txt").unlink(missing_ok=True)
        replace_below(root, "a.txt", b"ours", None)
        remove_leftover(root, "a.txt", ours, [ours, hashlib.sha256(b"kept").digest()], 1 << 20)
        assert sorted(os.listdir(tmp_path)) == [name, "a.txt", "kept"]
        assert (tmp_path / name).read_bytes() == (b"kept" if link else b"theirs") and kept.read_bytes() == b"kept"


def test_two_programs_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each adds a line to what it read: at the end all lines that were written are there."""
    root = Root.pinned(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"")
    written: list[list[bytes]] = [[], []]

    def add(number: int) -> None:
        for count in range(60):
            present = read(root)
            line = b"%d-%d\n" % (number, count)
            try:
                replace_below(root, "a.txt", present[0] + line, present[1])
            except (Changed, FileNotFoundError):
                continue
            written[number].append(line)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((tmp_path / "a.txt").read_bytes().splitlines(True)) == sorted(sum(written, []))
    assert sum(map(len, written)) > 20 and os.listdir(tmp_path) == ["a.txt"]


def read(root: Root) -> tuple[bytes, Version]:
    while True:
        try:
            if present := read_below(root, "a.txt", 1 << 20):
                return present
        except Changed:
            continue


def describe(path: Path) -> tuple[int, str, bytes]:
    status = path.lstat()
    target = os.readlink(path) if path.is_symlink() else ""
    body = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
    return status.st_mode, target, body

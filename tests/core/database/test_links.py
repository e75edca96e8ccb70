"""A folder that is swapped for a link while its pictures are read: nothing outside is ever read through the link."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Effort
from libraries import finish
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.errors import NotThere, StoreUnreachable
from pixlstash_core.imports import sidecars
from pixlstash_core.library import Library
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.plugins.contracts import Stat
from pixlstash_core.storage import files
from pixlstash_core.storage.files import Root, open_below, open_within, walk
from pixlstash_core.storage.local import Folder
from pixlstash_core.types import ImportPaths, Job

COUNT = 12
#: Swaps a folder for a link and back until it is ended: folder, where it is kept meanwhile, target of the link.
SWAPPER = """
import os, random, sys, time
folder, held, outside = sys.argv[1:]
choice = random.Random(1)
print("swapping", flush=True)
while True:
    os.rename(folder, held)
    os.symlink(outside, folder)
    time.sleep(choice.random() / 200)
    os.unlink(folder)
    os.rename(held, folder)
    time.sleep(choice.random() / 200)
"""


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A folder with pictures in `inner/deep`, and another one, outside, with other pictures under the same names."""
    folder, outside = tmp_path / "pictures", tmp_path / "outside"
    for number in range(COUNT):
        for place, shade in ((folder / "inner" / "deep", 10), (outside / "deep", 200)):
            place.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (60, 40), (number, shade, 40)).save(place / f"{number}.png")
            (place / f"{number}.txt").write_text("secret, private" if shade == 200 else "fox, snow")
    Image.new("RGB", (60, 40), (99, 99, 40)).save(folder / "first.png")
    return folder, outside


@pytest.fixture(params=[True, False], ids=["descriptors", "paths"])
def by_descriptor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """As on systems whose folders have descriptors, and as on those without (Windows)."""
    if request.param and not files.BY_DESCRIPTOR:
        pytest.skip("this system cannot open files relative to folders")
    monkeypatch.setattr(files, "BY_DESCRIPTOR", request.param)
    return bool(request.param)


def swap(folder: Path, outside: Path) -> Path:
    """Put a link in the place of a folder; where the folder is now."""
    held = folder.parent.parent / "held"
    folder.rename(held)
    folder.symlink_to(outside)
    return held


def take(library: Library, path: Path, in_place: bool = False) -> Job:
    return finish(library, library.import_paths(OWNER, ImportPaths([str(path)], in_place)))


def hashes(folder: Path) -> set[bytes]:
    return {hashlib.sha256(path.read_bytes()).digest() for path in folder.rglob("*.png")}


def taken(library: Library) -> set[bytes]:
    return {sha256 for (sha256,) in library.db.read("select sha256 from picture")}


def words(library: Library) -> set[str]:
    return {name for (name,) in library.db.read("select name from tag")}


# --- each step on its own ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("swapped", ["inner", "inner/deep"])
def test_a_folder_swapped_while_it_is_listed(places: tuple[Path, Path], by_descriptor: bool, swapped: str) -> None:
    folder, outside = places
    target = outside if swapped == "inner" else outside / "deep"
    # Of the levels above, everything was read when the first file comes; those below are opened afterwards.
    if swapped == "inner/deep":
        Image.new("RGB", (60, 40)).save(folder / "inner" / "second.png")
    listing = walk(folder)
    found = [next(listing)[0]] if swapped == "inner" else [next(listing)[0], next(listing)[0]]
    swap(folder / swapped, target)
    found += [path for path, _ in listing]
    expected = ["first.png"] if swapped == "inner" else ["first.png", "inner/second.png"]
    assert sorted(os.path.relpath(path, folder) for path in found) == expected


@pytest.mark.parametrize("key", ["inner/deep/0.png", "inner/deep", "link.png", "linked/0.png"])
def test_nothing_is_opened_through_a_link(places: tuple[Path, Path], by_descriptor: bool, key: str) -> None:
    folder, outside = places
    (folder / "link.png").symlink_to(outside / "deep" / "0.png")
    (folder / "linked").symlink_to(outside / "deep")
    swap(folder / "inner", outside)
    with pytest.raises(NotThere):
        open_within(folder, key)
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        open_below(Root(folder), key)
    with pytest.raises(NotThere):
        Folder(folder).read(key)


def test_a_folder_swapped_between_checking_and_opening(
    places: tuple[Path, Path], by_descriptor: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right before each call that opens something, by either way."""
    folder, outside = places
    key = "inner/deep/0.png"
    with open_within(folder, key) as file:
        inside = file.read()
    opening = os.open
    calls: list[str] = []

    def counting(path: object, *arguments: object, **more: object) -> int:
        calls.append(str(path))
        if len(calls) == at:
            swap(folder / "inner", outside)
        return opening(path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", counting)
    steps = 4 if by_descriptor else 1
    for at in range(1, steps + 1):
        calls.clear()
        try:
            with open_within(folder, key) as file:
                assert file.read() == inside  # it was opened before the swap
        except NotThere:
            pass
        assert len(calls) >= at
        (folder / "inner").unlink()
        (folder.parent / "held").rename(folder / "inner")


def test_the_decoder_follows_no_link_below_its_root(places: tuple[Path, Path], tmp_path: Path) -> None:
    folder, outside = places
    path = folder / "inner" / "deep" / "0.png"
    with DecoderPool(1, plugins=False) as pool:
        assert pool.read(path, path.name, root=folder)
        swap(folder / "inner", outside)
        with pytest.raises(NotThere):
            pool.read(path, path.name, root=folder)
        with pytest.raises(NotThere):
            pool.read(path, path.name, root=folder, copy_to=tmp_path / "copy")
        assert not (tmp_path / "copy").exists()
        with pytest.raises(NotThere):
            pool.thumbnail(path, path.name, root=folder)
        with pytest.raises(NotThere):
            pool.pixels(path, path.name, tmp_path / "raw", root=folder, sha256=b"", side=64)
        with pytest.raises(NotThere):
            pool.read(outside / "deep" / "0.png", path.name, root=folder)


def test_a_text_is_not_read_through_a_link(places: tuple[Path, Path], by_descriptor: bool) -> None:
    folder, outside = places
    path = folder / "inner" / "deep" / "0.png"
    assert sidecars.read(path, folder) == sidecars.Words(["fox", "snow"], None)
    swap(folder / "inner", outside)
    assert sidecars.read(path, folder) is None
    (folder / "inner").unlink()
    (folder.parent / "held").rename(folder / "inner")
    (path.with_suffix(".txt")).unlink()
    (path.with_suffix(".txt")).symlink_to(outside / "deep" / "0.txt")
    assert sidecars.read(path, folder) is None


def test_a_root_that_was_replaced(places: tuple[Path, Path], by_descriptor: bool) -> None:
    folder, outside = places
    root = Root.pinned(folder)
    key = "inner/deep/0.png"
    os.close(open_below(root, key))
    folder.rename(folder.parent / "moved")
    (outside / "inner").mkdir()
    (outside / "deep").rename(outside / "inner" / "deep")
    folder.symlink_to(outside)
    with pytest.raises(files.RootReplaced):
        open_below(root, key)
    with pytest.raises(files.RootReplaced):
        list(walk(root))
    with pytest.raises(NotADirectoryError):
        Root.pinned(folder, follow=False)
    assert len(list(walk(folder))) == 2 * COUNT  # named as it is, a root may be a link


class Swapped(Folder):
    """A reference folder in which something is swapped once it has been listed."""

    then: Callable[[], object]

    def list(self, prefix: str = "") -> Iterator[tuple[str, Stat]]:
        yield from super().list(prefix)
        self.then()


@pytest.mark.parametrize("whole", [False, True], ids=["a folder", "the root"])
def test_a_folder_swapped_between_listing_and_reading(library: Library, places: tuple[Path, Path], whole: bool) -> None:
    folder, outside = places
    inside = hashes(folder)
    store = library.add_store(OWNER, "folder", "Folder", {"path": str(folder)})
    opened = Swapped(folder)
    if whole:
        (outside / "inner").mkdir()
        (outside / "deep").rename(outside / "inner" / "deep")
    opened.then = lambda: swap(folder if whole else folder / "inner", outside)
    library.stores._opened[store] = opened
    job = finish(library, library.scan(OWNER, store))
    if whole:
        assert job.state == "failed" and job.error is not None and "no longer the same folder" in job.error
    else:
        assert job.report is not None and (job.report.imported, len(job.report.refused)) == (1, COUNT)
        assert {refusal.reason for refusal in job.report.refused} == {
            "The file is not there any more, or is reached through a link."
        }
    assert taken(library) <= inside
    assert words(library).isdisjoint({"secret", "private"})


def test_copying_follows_no_link(library: Library, places: tuple[Path, Path]) -> None:
    """A folder named for copying, and a folder in it, that became links after they were listed."""
    folder, outside = places
    root = Root.pinned(folder)
    swap(folder / "inner", outside)
    path = folder / "inner" / "deep" / "0.png"
    with pytest.raises(NotThere):
        library.intake.keep(*library.stores.own(), path, path.name, root=root, mtime=1)
    folder.rename(folder.parent / "moved")
    folder.symlink_to(outside)
    with pytest.raises(StoreUnreachable):
        library.intake.keep(*library.stores.own(), path, path.name, root=root, mtime=1)
    assert taken(library) == set()
    assert list(library.incoming.iterdir()) == []


# --- many rounds ------------------------------------------------------------------------------------------------------


@pytest.mark.attack
@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("swapped", ["inner", "inner/deep"])
def test_folders_swapped_for_links_while_they_are_imported(
    library: Library, places: tuple[Path, Path], tmp_path: Path, effort: Effort, in_place: bool, swapped: str
) -> None:
    folder, outside = places
    inside = hashes(folder)
    target = outside if swapped == "inner" else outside / "deep"
    command = [sys.executable, "-c", SWAPPER, str(folder / swapped), str(tmp_path / "held"), str(target)]
    deep = os.open(folder / "inner" / "deep", os.O_RDONLY)  # wherever it is
    rounds, refused, turn = effort.of(6, 500), 0, 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as swapper:
        try:
            assert swapper.stdout is not None and swapper.stdout.readline()
            while turn < rounds or refused < rounds and turn < 50 * rounds:  # until the swaps met some files
                turn += 1
                for number in range(COUNT):
                    os.utime(f"{number}.png", (turn, turn), dir_fd=deep)  # or a scan would not read it again
                job = take(library, folder, in_place)
                assert job.state == "done" and job.report is not None, job.error
                refused += len(job.report.refused)
                assert taken(library) <= inside
                assert words(library).isdisjoint({"secret", "private"})
            assert swapper.poll() is None
        finally:
            swapper.terminate()
            os.close(deep)
    print(f"{refused} files were out of reach when they were read")

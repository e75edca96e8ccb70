"""Removing for good: what was really removed is what is said, whatever fails or happens at the same time."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from changing import live
from faults import sources
from faults.failing import Disk
from libraries import fill, until

from pixlstash_core import OWNER, PicturesRemoved
from pixlstash_core.database.hub import PURGED
from pixlstash_core.errors import DiskFull, PixlStashError
from pixlstash_core.imports.intake import File
from pixlstash_core.library import Library
from pixlstash_core.storage.local import Folder
from pixlstash_core.types import DeletePictures, RestorePictures, Selection, Uploaded


def throw(library: Library, ids: list[int]) -> None:
    library.delete(OWNER, DeletePictures(ids=ids))


def send(library: Library, data: bytes) -> Uploaded:
    path = library.intake.temporary("picture.png")
    path.write_bytes(data)
    return library.upload(OWNER, "picture.png", path)


def ledger(library: Library) -> set[bytes]:
    return {sha256 for (sha256,) in library.hub.read("select sha256 from purged")}


def hashes(library: Library) -> set[bytes]:
    return {sha256 for (sha256,) in library.db.read("select sha256 from picture")}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError])
def test_a_disk_that_fails_once_the_rows_are_gone(
    open_library: Callable[..., Library], error: type[apsw.Error], rng: random.Random
) -> None:
    with Disk().mounted() as disk:
        with open_library(work=False) as library:
            ids = [send(library, sources.png(rng, number, 16)).id or 0 for number in range(3)]
            throw(library, ids[:2])
            library.subscribe(
                lambda event: disk.arm(1, error, for_ever=True) if isinstance(event, PicturesRemoved) else None
            )
            with pytest.raises(DiskFull if error is apsw.FullError else PixlStashError) as told:
                library.purge(OWNER, Selection(ids=ids))
            disk.repair()
            assert "2 pictures are permanently deleted, but files may be left: the next start deletes them." in str(
                told.value
            )
            assert "othing was" not in str(told.value) and live(library) == ids[2:]
        with open_library(work=False) as library:
            assert live(library) == ids[2:] and len(ledger(library)) == 2
            assert len([path for path in (library.path / "media").rglob("*") if path.is_file()]) == 1
            assert library.hub.read("select * from intent") == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_disk_that_fails_before(open_library: Callable[..., Library]) -> None:
    """At every write until the rows are gone: what is said to be there still is."""
    kept, condemned = set(), set()
    told: set[str] = set()
    with Disk().mounted() as disk:
        with open_library(work=False) as library:
            every = fill(library, 80)
            for nth, ids in enumerate(zip(every[::2], every[1::2]), 1):
                throw(library, list(ids))
                disk.arm(nth, apsw.FullError, for_ever=True)
                with pytest.raises(DiskFull) as full:
                    library.purge(OWNER, Selection(ids=list(ids)))
                disk.repair()
                told.add(str(full.value))
                if not {*ids} & {*live(library)}:
                    break
                library.restore(OWNER, RestorePictures(ids=[ids[0]]))
                throw(library, [ids[0]])  # again, and nobody has asked to remove it since
                kept.add(ids[0])
                (condemned if "next start" in str(full.value) else kept).add(ids[1])
        with open_library(work=False) as library:
            assert kept <= {*live(library)} and not condemned & {*live(library)}
    begun = "The disk is full. Nothing is removed yet. The next start does it, unless they are taken back before."
    gone = "The disk is full. 2 pictures are permanently deleted, but files may be left: the next start deletes them."
    assert told == {"The disk is full. Nothing was changed; free some space and try again.", begun, gone} and condemned


def test_what_was_taken_back_meanwhile_is_not_counted(library: Library) -> None:
    ids = fill(library, 3)
    throw(library, ids)
    hold, held = threading.Event(), threading.Event()
    writer = library.writer.submit(lambda write: (held.set(), hold.wait(20)))
    held.wait(20)
    answers: list[Any] = []
    calls: list[Callable[[], Any]] = [
        lambda: library.restore(OWNER, RestorePictures(ids=ids[:2])).changed,
        lambda: library.purge(OWNER, Selection(ids=ids)),
    ]
    threads = []
    for number, call in enumerate(calls, 1):  # in this order behind the writer
        threads.append(threading.Thread(target=lambda call=call: answers.append(call())))  # type: ignore[misc]
        threads[-1].start()
        until(lambda number=number: len(library.writer._queue) == number)  # type: ignore[misc]
    hold.set()
    for thread in threads:
        thread.join(20)
    writer.result(20)
    assert answers == [2, 1] and live(library) == ids[:2]
    assert library.history(OWNER)[0].sentence == "1 picture permanently deleted"


def test_nothing_is_said_of_a_purge_that_removed_nothing(library: Library) -> None:
    ids = fill(library, 1)
    throw(library, ids)
    library.restore(OWNER, RestorePictures(ids=ids))
    assert library.purge(OWNER, Selection(ids=ids)) == 0
    assert library.history(OWNER)[0].sentence == "1 picture taken out of the scrapheap"


def test_an_upload_while_the_same_bytes_are_purged(
    library: Library, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row comes after the purge has looked for one, and before the purge has written its ledger."""
    data = sources.png(rng, 1, 16)
    old = send(library, data).id
    assert old is not None
    throw(library, [old])
    sent: list[Uploaded] = []
    upload = threading.Thread(target=lambda: sent.append(send(library, data)))
    read = library.db.read

    def slowly(sql: str, bindings: Any = None) -> Any:
        found = read(sql, bindings)
        if sql == "select 1 from picture where sha256 = ?" and threading.current_thread() is threading.main_thread():
            upload.start()
            upload.join(1)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(library.db, "read", slowly)
        assert library.purge(OWNER, Selection(ids=[old])) == 1
    upload.join(20)
    assert sent[0].status == "imported" and live(library) == [sent[0].id]
    assert ledger(library) & hashes(library) == set()
    assert library.check(OWNER, verify=True).problems == []


def test_a_kill_between_row_and_ledger(open_library: Callable[..., Library], rng: random.Random) -> None:
    """Bytes that are wanted again are struck off the ledger at the next start, if it could not be done at once."""
    with open_library(work=False) as library:
        data = sources.png(rng, 1, 16)
        old = send(library, data).id or 0
        throw(library, [old])
        library.purge(OWNER, Selection(ids=[old]))
        purged = ledger(library)
        send(library, data)
        [(store, key)] = library.db.read("select store_id, key from location")
        library.hub.write("insert into purged values (?, 1)", tuple(purged))
        library.hub.write("insert into intent(kind, body, at) values ('keep', ?, 1)", (f"{store} {key}",))
    with open_library(work=False) as library:
        assert ledger(library) == set() and len(live(library)) == 1


def test_in_place_nothing_purged_slips_in(library: Library, tmp_path: Path, rng: random.Random) -> None:
    """A file that is being read in a folder while the same bytes are permanently deleted stays out."""
    data = sources.png(rng, 1, 16)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one.png").write_bytes(data)
    store = library.add_store(OWNER, "folder", "Folder", {"path": str(tmp_path / "folder")})
    hold, held = threading.Event(), threading.Event()
    library.writer.submit(lambda write: (held.set(), hold.wait(20)))
    held.wait(20)
    failed: list[BaseException] = []

    def index() -> None:
        try:
            library.intake.index(store, Folder(tmp_path / "folder"), File("one.png", "one.png", len(data), 1))
        except PixlStashError as error:
            failed.append(error)

    thread = threading.Thread(target=index)
    thread.start()
    until(lambda: len(library.writer._queue) == 1)  # it was read: nobody knew the bytes
    library.hub.write("insert into purged values (?, 1)", (hashlib.sha256(data).digest(),))
    hold.set()
    thread.join(20)
    assert [str(error) for error in failed] == [PURGED] and live(library) == []

"""Snapshots: one instant while writers go on, verified, shared between them, private, listed without the hub."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from libraries import fill, truth, until

from pixlstash_core.errors import Conflict, Forbidden, Invalid, NotFound, PixlStashError, ReadOnly
from pixlstash_core.library import Library
from pixlstash_core.snapshots import packs, repository
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Create,
    CreateToken,
    EditSnapshot,
    Reader,
    ScorePictures,
    Selection,
    Snapshot,
    SnapshotsChanged,
    TakeSnapshot,
)

pytestmark = pytest.mark.filterwarnings("error")


def take(library: Library, label: str | None = None) -> Snapshot:
    return library.take_snapshot(OWNER, TakeSnapshot(label))


def exported(library: Library, id: int, tmp_path: Path) -> apsw.Connection:
    path = tmp_path / f"{id}-{os.urandom(4).hex()}.db"
    library.export_snapshot(OWNER, id, path)
    return repository.opened(path)


def rows(library: Library, id: int, tmp_path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every recorded table, as a snapshot has it."""
    with closing(exported(library, id, tmp_path)) as database:
        return {
            name: sorted(database.execute(f"select * from {name}").fetchall(), key=repr)
            for name in library.writer.table_names()
        }


def test_one_holds_what_there_was(library: Library, tmp_path: Path) -> None:
    ids = fill(library, 40)
    library.add_tags(OWNER, AddTags(ids=ids[:10], tags=["river"]))
    made = library.create_set(OWNER, Create(name="Best"))
    library.add_to_set(OWNER, made.id, Selection(ids=ids[:5]))
    before = truth(library)
    taken = take(library, "before  big\ncleanup")
    library.score(OWNER, ScorePictures(ids=ids, score=2))
    assert truth(library) != before
    assert rows(library, taken.id, tmp_path) == before
    assert (taken.kind, taken.label, taken.picture_count, taken.picture_set_count) == (
        "MANUAL",
        "before big cleanup",
        40,
        1,
    )
    assert taken.is_compatible and taken.byte_size > 10_000
    assert (taken.created_at.tzinfo is not None) and taken.created_at.microsecond == 0
    assert library.snapshots(OWNER) == [taken] == [library.snapshot(OWNER, taken.id)]
    assert library.verify_snapshot(OWNER, taken.id).problem is None


def test_it_is_one_instant_while_writers_go_on(library: Library, tmp_path: Path) -> None:
    """Two pictures always have the same score: a copy that mixes instants shows two."""
    ids = fill(library, 400)
    done = threading.Event()

    def write() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            pairs = [ids[turn % 200], ids[200 + turn % 200]]
            library.score(OWNER, ScorePictures(ids=pairs, score=1 + turn % 5))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until(lambda: library.revision > 20)
        taken = [take(library).id for _ in range(4)]
    finally:
        done.set()
        writer.join()
    seen = set()
    for id in taken:
        with closing(exported(library, id, tmp_path)) as database:
            scores = dict(database.execute("select picture_id, score from score").fetchall())
            assert all(scores.get(ids[n]) == scores.get(ids[200 + n]) for n in range(200))
            assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
            seen.add(tuple(sorted(scores.items())))
    assert len(seen) > 1, "nothing was written meanwhile"


def test_a_reader_of_an_older_instant_is_no_obstacle(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log cannot be emptied while somebody reads what is only in it, so a copy is made."""
    monkeypatch.setattr("pixlstash_core.snapshots.frozen_state.TRIES", 2)
    ids = fill(library, 30)
    library.score(OWNER, ScorePictures(ids=ids, score=3))
    with library.db.reading() as reader:
        assert reader.execute("select count(*) from score").fetchall() == [(30,)]
        library.score(OWNER, ScorePictures(ids=ids[:5], score=1))
        before = truth(library)
        taken = take(library)
    assert rows(library, taken.id, tmp_path) == before
    assert list((library.path / "snapshots" / "scratch").iterdir()) == []


def test_a_log_that_grows_too_much_is_let_go(library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What was stored by a try that was given up is not stored again, and the last try is patient."""
    fill(library, 600)
    monkeypatch.setattr(repository, "GROWTH", -1)
    taken = take(library)
    assert library.verify_snapshot(OWNER, taken.id).problem is None
    sizes = [path.stat().st_size for path in (library.path / "snapshots" / "packs").iterdir()]
    assert sum(sizes) < 1.3 * taken.byte_size
    assert rows(library, taken.id, tmp_path) == truth(library)


def test_the_next_one_stores_what_changed(library: Library) -> None:
    ids = fill(library, 3000)
    first = take(library)
    size = library.snapshot_status(OWNER).size
    library.score(OWNER, ScorePictures(ids=ids[100:110], score=4))
    second = take(library)
    grown = library.snapshot_status(OWNER).size - size
    assert grown < 0.15 * first.byte_size
    assert second.byte_size == pytest.approx(first.byte_size, rel=0.1)
    frees = {one.id: one.frees for one in library.snapshots(OWNER)}
    assert frees[first.id] < 0.15 * first.byte_size and 0 < frees[second.id] < 0.15 * first.byte_size
    again = take(library)
    assert library.snapshot(OWNER, again.id).frees == 0, "nothing changed, so nothing is its own"


def test_deleting_frees_what_was_promised(library: Library, tmp_path: Path) -> None:
    ids = fill(library, 3000)
    first = take(library)
    for turn in range(5):
        library.add_tags(OWNER, AddTags(ids=ids, tags=[f"tag {turn}"]))
        library.score(OWNER, ScorePictures(ids=ids, score=1 + turn))
    library.delete_snapshot(OWNER, take(library).id)
    second = take(library)
    before = rows(library, second.id, tmp_path)
    promised, size = library.snapshot(OWNER, first.id).frees, library.snapshot_status(OWNER).size
    library.delete_snapshot(OWNER, first.id)
    assert size - library.snapshot_status(OWNER).size == pytest.approx(promised, rel=0.1, abs=5_000)
    assert [one.id for one in library.snapshots(OWNER)] == [second.id]
    assert rows(library, second.id, tmp_path) == before
    library.delete_snapshot(OWNER, second.id)
    assert library.snapshot_status(OWNER).size == 0
    with pytest.raises(NotFound):
        library.snapshot(OWNER, first.id)
    with pytest.raises(NotFound):
        library.delete_snapshot(OWNER, first.id)


def test_pages_that_move_to_other_packs_stay_the_same(library: Library, tmp_path: Path) -> None:
    ids = fill(library, 3000)
    kept = {}
    for turn in range(6):
        library.score(OWNER, ScorePictures(ids=ids[turn * 400 : turn * 400 + 600], score=1 + turn % 5))
        kept[take(library).id] = truth(library)
    names = packs.names(library.path / "snapshots" / "packs")
    for gone in list(kept)[:-1:2]:
        del kept[gone]
        library.delete_snapshot(OWNER, gone)
    assert packs.names(library.path / "snapshots" / "packs") - names, "nothing was written anew"
    assert {one.id: one.problem for one in library.verify_snapshots(OWNER)} == dict.fromkeys(kept)
    assert {id: rows(library, id, tmp_path) for id in kept} == kept


def test_no_id_is_used_twice(library: Library) -> None:
    fill(library, 3)
    ids = [take(library).id for _ in range(2)]
    library.delete_snapshot(OWNER, ids[1])
    assert take(library).id > ids[1] > ids[0]


def test_files_are_private_and_hold_no_secret(library: Library, tmp_path: Path) -> None:
    """D26."""
    fill(library, 5)
    token = library.create_token(OWNER, CreateToken("owner", "x")).token
    library.access.set_password(OWNER, "correct horse battery staple")
    (digest,) = library.hub.read("select password from owner")[0]
    digests = [row[0] for row in library.hub.read("select digest from token")]
    taken = take(library)
    folder = library.path / "snapshots"
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    out = tmp_path / "out.db"
    library.export_snapshot(OWNER, taken.id, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    whole = out.read_bytes() + b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"picture 3.png" in whole
    for secret in (token.encode(), token.partition("_")[2].encode() or token.encode(), digest.encode(), *digests):
        assert secret not in whole


def test_they_are_listed_without_the_hub(library: Library) -> None:
    fill(library, 5)
    before = [take(library, f"number {n}") for n in range(3)]
    path = library.path
    library.close()
    for left in path.glob("hub.db*"):
        left.unlink()
    with Library.open(path, work=False) as anew:
        assert anew.snapshots(OWNER) == before[::-1] or [one.id for one in anew.snapshots(OWNER)] == [3, 2, 1]
        assert [one.label for one in anew.snapshots(OWNER)] == ["number 2", "number 1", "number 0"]
        assert take(anew).id > before[-1].id


def test_a_label_can_be_changed(library: Library, tmp_path: Path) -> None:
    fill(library, 5)
    taken = take(library, "a")
    assert library.edit_snapshot(OWNER, taken.id, EditSnapshot("b")).label == "b"
    assert library.edit_snapshot(OWNER, taken.id, EditSnapshot(None)).label is None
    assert library.verify_snapshot(OWNER, taken.id).problem is None
    for wrong in ("x" * 201,):
        with pytest.raises(Invalid):
            library.edit_snapshot(OWNER, taken.id, EditSnapshot(wrong))
        with pytest.raises(Invalid):
            take(library, wrong)
    assert len(library.snapshots(OWNER)) == 1


def test_only_the_owner_may(library: Library, open_library: object) -> None:
    reader = Reader("someone", "write")
    for call in (library.snapshots, library.snapshot_status, library.verify_snapshots):
        with pytest.raises(Forbidden):
            call(reader)
    with pytest.raises(Forbidden):
        library.take_snapshot(reader, TakeSnapshot())
    assert library.snapshots(OWNER) == []


def test_a_read_only_library_lists_them(library: Library, tmp_path: Path) -> None:
    fill(library, 5)
    taken = take(library)
    path = library.path
    library.close()
    with Library.open(path, read_only=True) as closed:
        assert [one.id for one in closed.snapshots(OWNER)] == [taken.id]
        closed.export_snapshot(OWNER, taken.id, tmp_path / "out.db")
        with pytest.raises(ReadOnly):
            take(closed)
        with pytest.raises(ReadOnly):
            closed.delete_snapshot(OWNER, taken.id)


def test_an_export_overwrites_nothing(library: Library, tmp_path: Path) -> None:
    fill(library, 5)
    taken = take(library)
    there = tmp_path / "there.db"
    there.write_bytes(b"mine")
    with pytest.raises(Conflict):
        library.export_snapshot(OWNER, taken.id, there)
    with pytest.raises(PixlStashError):
        library.export_snapshot(OWNER, taken.id, tmp_path / "no" / "such" / "folder.db")
    with pytest.raises(NotFound):
        library.export_snapshot(OWNER, 99, tmp_path / "none.db")
    assert there.read_bytes() == b"mine" and list(tmp_path.glob("*.db")) == [there]


def test_what_a_crash_left_goes(library: Library) -> None:
    fill(library, 30)
    taken = take(library)
    folder = library.path / "snapshots"
    kept = sorted(path for path in folder.rglob("*") if path.is_file())
    (folder / f"{'ab12' * 4}.new").write_bytes(b"half a manifest")
    (folder / "packs" / f"{'ab12' * 4}.new").write_bytes(b"half a pack")
    (folder / "scratch" / f"{'ab12' * 4}.db").write_bytes(b"half a copy")
    orphan = next((folder / "packs").iterdir())
    (folder / "packs" / f"{'0' * 32}.zst").write_bytes(orphan.read_bytes())
    path = library.path
    library.close()
    with Library.open(path, work=False) as anew:
        anew.restore_points.prune()
        assert sorted(one for one in folder.rglob("*") if one.is_file()) == kept
        assert anew.verify_snapshot(OWNER, taken.id).problem is None


def test_taking_is_told(library: Library) -> None:
    heard = []
    library.subscribe(lambda event: heard.append(library.snapshot_status(OWNER).active_job))
    fill(library, 30)
    heard.clear()
    library.subscribe(lambda event: heard.append(event) if isinstance(event, SnapshotsChanged) else None)
    take(library)
    works = [one for one in heard if one is not None and not isinstance(one, SnapshotsChanged)]
    assert {one.kind for one in works} == {"TAKE"}
    assert SnapshotsChanged() in heard and library.snapshot_status(OWNER).active_job is None


def test_a_failure_is_kept_until_one_is_taken(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(library, 5)
    good = take(library)
    assert library.check(OWNER).problems == [] or all("snapshot" not in one for one in library.check(OWNER).problems)
    monkeypatch.setattr(repository, "counts", lambda connection, tables: {})
    with pytest.raises(PixlStashError, match="rows are missing"):
        take(library)
    monkeypatch.undo()
    assert [one.id for one in library.snapshots(OWNER)] == [good.id], "what is not sound is no snapshot"
    failure = library.snapshot_status(OWNER).failure
    assert failure and "rows are missing" in failure.sentence
    assert any("rows are missing" in one for one in library.check(OWNER).problems)
    path = library.path
    library.close()
    with Library.open(path, work=False) as anew:
        assert anew.snapshot_status(OWNER).failure == failure
        take(anew)
        assert anew.snapshot_status(OWNER).failure is None
        assert not any("snapshot" in one for one in anew.check(OWNER).problems)


def test_nothing_is_dropped_while_a_manifest_cannot_be_read(library: Library) -> None:
    ids = fill(library, 500)
    first = take(library)
    library.score(OWNER, ScorePictures(ids=ids, score=4))
    second = take(library)
    manifest = library.path / "snapshots" / f"{first.id}.snapshot"
    body = manifest.read_bytes()
    manifest.write_bytes(body[:-5])
    names = packs.names(library.path / "snapshots" / "packs")
    assert [one.id for one in library.snapshots(OWNER)] == [second.id]
    assert any(f"Snapshot {first.id} is damaged" in one for one in library.check(OWNER).problems)
    library.restore_points.prune()
    assert packs.names(library.path / "snapshots" / "packs") == names
    manifest.write_bytes(body)
    assert library.verify_snapshot(OWNER, first.id).problem is None
    manifest.write_bytes(body[:-5])
    library.delete_snapshot(OWNER, first.id)  # it need not be sound
    assert not any("Snapshot" in one for one in library.check(OWNER).problems)


def test_one_of_another_library_is_said_to_be_none_of_ours(library: Library, tmp_path: Path) -> None:
    fill(library, 5)
    take(library)
    Library.create(tmp_path / "other")
    shutil.copytree(library.path / "snapshots", tmp_path / "other" / "snapshots")
    with Library.open(tmp_path / "other", work=False) as other:
        assert [one.is_compatible for one in other.snapshots(OWNER)] == [False]

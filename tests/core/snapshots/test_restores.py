"""Restoring: everything, by kind or what was chosen becomes what it was; what was added stays; no file is touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import apsw
import pytest
from core.database.test_upgrade import first_of
from libraries import add, check_derived, fill, invented, truth

from pixlstash_core.database.writer import Label
from pixlstash_core.errors import Conflict, Forbidden, NoSafety, NotFound, ViewGone
from pixlstash_core.library import Library
from pixlstash_core.snapshots.frozen_state import Source
from pixlstash_core.snapshots.manifests import Manifest
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Create,
    DeletePictures,
    Edit,
    EditSet,
    Reader,
    RenameTag,
    Resource,
    RestorePictures,
    RestoreReport,
    RestoreResources,
    RestoreSnapshot,
    RestoreSummary,
    SaveQuery,
    ScorePictures,
    Selection,
    SetCaption,
    StackPictures,
    TakeSnapshot,
)

#: Files are invented here, so none of them is where it should be.
ANYWAY = RestoreSnapshot(allow_missing_files=True)
Rows = dict[str, list[tuple[object, ...]]]


def take(library: Library) -> int:
    return library.take_snapshot(OWNER, TakeSnapshot()).id


def back(library: Library, id: int, **ask: Any) -> RestoreReport:
    return library.restore_snapshot(OWNER, id, RestoreSnapshot(allow_missing_files=True, **ask))


def summary(library: Library, id: int, keep_added: bool = True) -> RestoreSummary:
    return library.preview_restore(OWNER, id, keep_added).summary


def plain(library: Library) -> Rows:
    """Everything that is restored: truth but for the epoch and when pictures were thrown away."""
    found = truth(library)
    found["setting"] = [row for row in found["setting"] if row[0] != "epoch"]
    found["scrapheap"] = [row[:1] for row in found["scrapheap"]]
    del found["weighing"]
    return found


def members(library: Library, set_id: int) -> set[int]:
    return set(library.set_members(OWNER, set_id).ids)


def living(library: Library) -> list[int]:
    """All that are not in the scrapheap, also beneath others in stacks."""
    return [id for (id,) in library.db.read("select id from derived_grid where live order by id")]


def organize(library: Library) -> dict[str, Any]:
    """Something of everything."""
    ids = fill(library, 20)
    made = {
        "ids": ids,
        "best": library.create_set(OWNER, Create(name="Best")).id,
        "rest": library.create_set(OWNER, Create(name="Rest")).id,
        "ann": library.create_character(OWNER, Create(name="Ann")).id,
        "trip": library.create_project(OWNER, Create(name="Trip")).id,
    }
    library.add_to_set(OWNER, made["best"], Selection(ids=ids[:6]))
    library.add_to_set(OWNER, made["rest"], Selection(ids=ids[6:9]))
    library.add_to_character(OWNER, made["ann"], Selection(ids=ids[3:8]))
    library.add_to_project(OWNER, made["trip"], Selection(ids=ids[10:12]))
    library.score(OWNER, ScorePictures(ids=ids[:4], score=3))
    library.add_tags(OWNER, AddTags(ids=ids[:5], tags=["river", "stone"]))
    library.set_caption(OWNER, SetCaption(ids=ids[:1], text="A river"))
    library.stack(OWNER, StackPictures(ids=ids[12:15]))
    library.save_query(OWNER, SaveQuery(name="Good", text="score:>=3"))
    library.delete(OWNER, DeletePictures(ids=ids[18:]))
    return made


def disturb(library: Library, made: dict[str, Any]) -> None:
    """Change all of it, without adding anything."""
    ids = made["ids"]
    library.score(OWNER, ScorePictures(ids=ids[:8], score=5))
    library.rename_tag(OWNER, RenameTag("river", "brook"))
    library.add_tags(OWNER, AddTags(ids=ids[8:18], tags=["stone"]))
    library.set_caption(OWNER, SetCaption(ids=ids[:1], text="Something else"))
    library.edit_set(OWNER, made["best"], EditSet(name="Worst", colour="#112233"))
    library.take_from_set(OWNER, made["best"], Selection(ids=ids[:2]))
    library.add_to_set(OWNER, made["best"], Selection(ids=ids[15:18]))
    library.delete_set(OWNER, made["rest"])
    library.edit_character(OWNER, made["ann"], Edit(note="x"))
    library.delete_project(OWNER, made["trip"])
    library.unstack(OWNER, Selection(ids=ids[12:15]))
    library.stack(OWNER, StackPictures(ids=ids[:3]))
    library.delete(OWNER, DeletePictures(ids=ids[10:14]))
    library.restore(OWNER, RestorePictures(ids=ids[18:]))


def test_everything_becomes_what_it_was(library: Library) -> None:
    made = organize(library)
    before, id = plain(library), take(library)
    disturb(library, made)
    disturbed = plain(library)
    assert disturbed != before
    report = back(library, id)
    assert plain(library) == before
    check_derived(library)
    assert (report.snapshot_id, report.resource_type, report.errors) == (id, "full", [])
    assert library.db.read("pragma foreign_key_check") == []
    # And forth again: the safety snapshot that came before holds what was there.
    assert report.safety_snapshot_id is not None
    assert library.snapshot(OWNER, report.safety_snapshot_id).label == f"Before restoring snapshot {id}"
    back(library, report.safety_snapshot_id)
    assert plain(library) == disturbed
    check_derived(library)
    assert {one.id for one in library.snapshots(OWNER)} >= {id, report.safety_snapshot_id}, "D5"


def test_the_preview_counts_what_changes(library: Library) -> None:
    made = organize(library)
    id = take(library)
    seen = summary(library, id)
    assert seen.pictures_unchanged == sum(getattr(seen, field) for field in seen.__struct_fields__) == 20
    library.score(OWNER, ScorePictures(ids=made["ids"][5:7], score=1))
    library.edit_set(OWNER, made["best"], EditSet(name="Worst"))
    library.delete_project(OWNER, made["trip"])
    added = add(library, invented(99))
    before = truth(library)
    preview = library.preview_restore(OWNER, id)
    seen = preview.summary
    assert truth(library) == before
    # Two were scored, and two were in the project.
    assert (seen.pictures_to_revert, seen.pictures_unchanged, seen.pictures_kept) == (4, 16, 1)
    assert (seen.pictures_to_recreate, seen.pictures_to_delete) == (0, 0)
    assert (seen.sets_to_revert, seen.projects_to_recreate, seen.characters_to_revert) == (1, 1, 0)
    assert seen.sayings_to_revert == 2
    fields = {one.id: one.changed_fields for one in preview.resources}
    assert fields[made["ids"][5]] == ["score"] and fields[made["ids"][10]] == ["projects"]
    assert summary(library, id, keep_added=False).pictures_to_delete == len(added)
    back(library, id)
    after = summary(library, id)
    assert (after.pictures_to_revert, after.projects_to_recreate, after.sets_to_revert) == (0, 0, 0)


def test_what_was_added_stays(library: Library) -> None:
    made = organize(library)
    id = take(library)
    added = add(library, invented(50), invented(51))
    library.score(OWNER, ScorePictures(ids=added, score=4))
    library.add_tags(OWNER, AddTags(ids=added, tags=["river", "brand new"]))
    library.add_to_set(OWNER, made["best"], Selection(ids=added))
    new = library.create_set(OWNER, Create(name="New")).id
    library.add_to_set(OWNER, new, Selection(ids=[*added, made["ids"][0]]))
    library.score(OWNER, ScorePictures(ids=made["ids"][:18], score=1))
    back(library, id)
    assert [library.picture(OWNER, one).score for one in added] == [4, 4]
    assert {tag.name for tag in library.picture_tags(OWNER, added[0])} == {"river", "brand new"}
    assert members(library, made["best"]) == {*made["ids"][:6], *added}
    assert members(library, new) == {*added, made["ids"][0]}
    assert library.picture(OWNER, made["ids"][5]).score == 0
    check_derived(library)


def test_what_was_added_goes_if_that_is_asked_for(library: Library) -> None:
    made = organize(library)
    before, id = plain(library), take(library)
    added = add(library, invented(50), invented(51))
    library.create_set(OWNER, Create(name="New"))
    library.save_query(OWNER, SaveQuery(name="New", text="score:1"))
    library.add_to_set(OWNER, made["best"], Selection(ids=added))
    safety = back(library, id, keep_added=False).safety_snapshot_id
    assert plain(library) == before
    check_derived(library)
    assert safety is not None
    back(library, safety)
    assert [library.picture(OWNER, one).name for one in added] == ["picture 0.png", "picture 1.png"]
    assert members(library, made["best"]) >= set(added)
    check_derived(library)


def test_names_that_were_taken_meanwhile(library: Library) -> None:
    """An old name comes back; what has it now gets another, and a tag of that name means the same from then on."""
    made = organize(library)
    id = take(library)
    library.edit_set(OWNER, made["best"], EditSet(name="Other"))
    library.edit_set(OWNER, made["rest"], EditSet(name="Best"))
    library.edit_set(OWNER, made["best"], EditSet(name="Rest"))
    library.delete_set(OWNER, made["rest"])
    usurper = library.create_set(OWNER, Create(name="BEST")).id
    library.rename_tag(OWNER, RenameTag("river", "brook"))
    library.add_tags(OWNER, AddTags(ids=made["ids"][9:10], tags=["river"]))
    back(library, id)
    names = {one.id: one.name for one in library.sets(OWNER)}
    assert names == {made["best"]: "Best", made["rest"]: "Rest", usurper: "BEST (2)"}
    found = {tag.name for tag in library.picture_tags(OWNER, made["ids"][0])}
    assert found == {"river", "stone"}
    check_derived(library)


def test_ids_go_on_above_all_there_ever_were(library: Library) -> None:
    """Never again: what was shared before a restore is not what is made after it."""
    organize(library)
    id = take(library)
    shared = library.create_set(OWNER, Create(name="Shared")).id
    old = library.revision, library.epoch
    back(library, id, keep_added=False)
    with pytest.raises(NotFound):
        library.find_set(OWNER, shared)
    assert library.create_set(OWNER, Create(name="Later")).id > shared
    assert library.revision > old[0] and library.epoch != old[1]
    path = library.path
    epoch = library.epoch
    library.close()
    with Library.open(path, work=False) as anew:
        assert anew.epoch == epoch
        assert anew.create_set(OWNER, Create(name="Much later")).id > shared


def test_views_of_before_are_gone(library: Library) -> None:
    organize(library)
    id = take(library)
    view = library.view(OWNER, "score:3", None, None).header
    back(library, id)
    with pytest.raises(ViewGone):
        library.block(OWNER, view.view, 0)
    anew = library.view(OWNER, "score:3", None, None).header
    assert anew.view != view.view and anew.count == view.count


def test_what_was_removed_for_good_stays_gone(library: Library) -> None:
    """D4."""
    made = organize(library)
    ids, id = made["ids"], take(library)
    library.delete(OWNER, DeletePictures(ids=ids[:2]))
    library.purge(OWNER, Selection(ids=ids[:2]))
    seen = summary(library, id)
    assert (seen.permanently_deleted, seen.pictures_to_recreate) == (2, 0)
    report = back(library, id)
    assert report.permanently_deleted_count == 2
    for gone in ids[:2]:
        with pytest.raises(NotFound):
            library.picture(OWNER, gone)
    assert members(library, made["best"]) == set(ids[2:6])
    check_derived(library)


def test_the_same_bytes_are_the_same_picture(library: Library) -> None:
    """Removed for good and taken in again since: what was said of them holds of the new one."""
    made = organize(library)
    ids, id = made["ids"], take(library)
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    library.purge(OWNER, Selection(ids=ids[:1]))
    library.hub.write("delete from purged")
    (again,) = add(library, invented(0))
    back(library, id)
    assert library.picture(OWNER, again).score == 3
    assert {tag.name for tag in library.picture_tags(OWNER, again)} == {"river", "stone"}
    assert again in members(library, made["best"])
    check_derived(library)


@pytest.mark.parametrize(
    ("kind", "restored"),
    [("scores", {"score"}), ("captions", {"said_caption"}), ("tags", {"tag", "said_tag"})],
)
def test_some_kinds_alone(kind: str, restored: set[str], library: Library) -> None:
    made = organize(library)
    before, id = plain(library), take(library)
    disturb(library, made)
    disturbed = plain(library)
    back(library, id, kinds=[kind])
    after = plain(library)
    changed = {name for name in after if after[name] != disturbed[name]}
    assert changed == restored
    assert all(after[name] == before[name] for name in restored)
    check_derived(library)


def test_history_ends_with_it(library: Library) -> None:
    made = organize(library)
    id = take(library)
    library.score(OWNER, ScorePictures(ids=living(library), score=2))
    back(library, id)
    with pytest.raises(Conflict, match="nothing to undo"):
        library.undo(OWNER)
    library.score(OWNER, ScorePictures(ids=made["ids"][:1], score=2))
    assert library.undo(OWNER).changed == 1


def test_history_ends_although_a_crash_comes_first(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    organize(library)
    id = take(library)
    library.score(OWNER, ScorePictures(ids=living(library), score=2))
    monkeypatch.setattr(library.restores, "finish", lambda: None)
    back(library, id)
    path = library.path
    library.close()
    with Library.open(path, work=False) as anew:
        with pytest.raises(Conflict, match="nothing to undo"):
            anew.undo(OWNER)
        assert anew.hub.read("select * from intent") == []


def test_an_intent_without_its_restore_ends_nothing(library: Library) -> None:
    organize(library)
    library.score(OWNER, ScorePictures(ids=living(library), score=2))
    library.hub.write("insert into intent(kind, body, at) values ('restore', 'never came', 0)")
    path = library.path
    library.close()
    with Library.open(path, work=False) as anew:
        assert anew.undo(OWNER).changed > 0
        assert anew.hub.read("select * from intent") == []


def test_without_a_safety_snapshot_nothing_happens(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """D8."""
    made = organize(library)
    id = take(library)
    disturb(library, made)
    before = truth(library)
    with monkeypatch.context() as broken:
        broken.setattr(
            "pixlstash_core.snapshots.repository.Repository.add",
            lambda *given: (_ for _ in ()).throw(Conflict("The disk is full.")),
        )
        with pytest.raises(NoSafety) as refused:
            back(library, id)
        assert refused.value.status == 412 and truth(library) == before
        back(library, id, allow_without_safety=True)
    assert truth(library) != before
    library.score(OWNER, ScorePictures(ids=living(library), score=2))


def test_one_at_a_time(library: Library) -> None:
    organize(library)
    id = take(library)
    with library.restores.alone(), pytest.raises(Conflict, match="going on"):
        back(library, id)
    back(library, id)


def test_a_disk_that_is_not_there(library: Library) -> None:
    """D6."""
    organize(library)
    id = take(library)
    before = truth(library)
    with pytest.raises(Conflict, match="disk not mounted") as refused:
        library.restore_snapshot(OWNER, id, RestoreSnapshot())
    assert refused.value.more["code"] == "files_missing" and truth(library) == before


def test_a_dry_run_changes_nothing(library: Library) -> None:
    made = organize(library)
    id = take(library)
    disturb(library, made)
    before = truth(library)
    report = back(library, id, dry_run=True)
    assert report.dry_run and report.upserted_count > 0 and truth(library) == before
    assert len(library.snapshots(OWNER)) == 1


def test_the_scrapheap_begins_anew(library: Library) -> None:
    """D7: what a restore puts back there is there from now on."""
    made = organize(library)
    thrown = made["ids"][18:]
    library.writer.run(
        lambda write: write.execute("update scrapheap set at = 5 where 1"), Label("", "", undoable=False)
    )
    id = take(library)
    library.restore(OWNER, RestorePictures(ids=thrown))
    back(library, id)
    assert all(at > 5 for (at,) in library.db.read("select at from scrapheap"))
    assert library.info(OWNER).scrapheap == 2


def test_a_plugins_own_table(library: Library) -> None:
    """It says only that its rows go with a picture: those of pictures of the snapshot become what they were."""
    statement = (
        "create table notes_note(picture_id integer primary key not null references picture(id) on delete cascade,"
        " text text not null)"
    )
    library.adopt("notes", [statement])
    ids = fill(library, 4)

    def note(picture: int, text: str) -> None:
        library.derive(lambda write: write.execute("insert or replace into notes_note values (?, ?)", (picture, text)))

    note(ids[0], "first")
    note(ids[1], "second")
    before, id = plain(library), take(library)
    note(ids[0], "changed")
    library.derive(lambda write: write.execute("delete from notes_note where picture_id = ?", (ids[1],)))
    note(ids[2], "new")
    (added,) = add(library, invented(50))
    note(added, "its own")
    back(library, id)
    assert library.read("select * from notes_note") == [*before["notes_note"], (added, "its own")]


def test_a_table_that_came_later_stays(library: Library) -> None:
    ids = fill(library, 2)
    id = take(library)
    library.adopt(
        "notes", ["create table notes_word(id integer primary key autoincrement not null, text text not null)"]
    )
    library.derive(lambda write: write.execute("insert into notes_word(text) values ('kept')"))
    library.score(OWNER, ScorePictures(ids=ids, score=1))
    back(library, id)
    assert library.read("select text from notes_word") == [("kept",)]
    assert library.picture(OWNER, ids[0]).score == 0


@contextmanager
def with_older(library: Library) -> Iterator[Library]:
    """The library with snapshot 1, as the first release would have taken it, and 2, of a newer schema."""
    today = library.db.version
    library.close()
    first_of(library.path)
    old = apsw.Connection(str(library.path / "library.db"))
    old.execute("vacuum").fetchall()
    size, pages = old.execute("pragma page_size").fetchall()[0][0], old.execute("pragma page_count").fetchall()[0][0]
    old.close()
    body = (library.path / "library.db").read_bytes()
    assert len(body) == size * pages
    source = Source(apsw.Connection(":memory:"), lambda at, amount: body[at : at + amount], len(body), size, lambda: 0)
    with Library.open(library.path, work=False) as anew:
        shelf = anew.restore_points.repository
        shelf.prepare()
        stored = shelf.store(source, lambda done, total: None, patient=True)
        packs = [(pack.name, len(pack)) for pack in stored.packs]
        public_id = str(anew.db.setting("public_id"))
        count = anew.db.value("select count(*) from picture")
        for schema, id in ((1, 1), (today + 1, 2)):
            shelf.add(
                Manifest(
                    *(id, f"x{id}", "MANUAL", None, 0, public_id, "", 0, schema, "0", size, pages, stored.bytes),
                    *(stored.sha256, {"picture": count}, packs),
                ),
                stored.numbers,
            )
        yield anew


def test_one_of_an_older_schema(library: Library) -> None:
    """D11: it is brought up to date aside; one of a newer schema is refused."""
    ids = fill(library, 6)
    library.score(OWNER, ScorePictures(ids=ids[:3], score=4))
    with with_older(library) as anew:
        assert [one.is_compatible for one in anew.snapshots(OWNER)] == [False, True]
        anew.score(OWNER, ScorePictures(ids=ids, score=1))
        assert any("older PixlStash" in one for one in anew.preview_restore(OWNER, 1).warnings)
        with pytest.raises(Conflict, match="newer PixlStash"):
            back(anew, 2)
        back(anew, 1)
        assert [anew.picture(OWNER, one).score for one in ids] == [4, 4, 4, 0, 0, 0]
        anew.restores.drop_idle(0)
        assert list((anew.path / "snapshots" / "scratch").iterdir()) == []
        check_derived(anew)


def test_only_the_owner_restores(library: Library) -> None:
    organize(library)
    id = take(library)
    for right in ("read", "write"):
        reader = Reader("someone", right)  # type: ignore[arg-type]
        with pytest.raises(Forbidden):
            library.restore_snapshot(reader, id, ANYWAY)
        with pytest.raises(Forbidden):
            library.restore_snapshot(reader, id, RestoreSnapshot(dry_run=True))
        with pytest.raises(Forbidden):
            library.restore_resources(reader, id, RestoreResources([Resource("picture", 1)]))
        with pytest.raises(Forbidden):
            library.preview_restore(reader, id)

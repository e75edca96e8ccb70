"""Restoring what was chosen: exactly that, by identity, as one step that can be undone."""

from __future__ import annotations

import pytest
from core.snapshots.test_restores import back, disturb, living, organize, plain, take
from libraries import add, check_derived, invented

from pixlstash_core.errors import Conflict, Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    AddTags,
    DeletePictures,
    EditSet,
    Resource,
    RestoreReport,
    RestoreResources,
    ScorePictures,
    Selection,
)


def some(library: Library, id: int, *chosen: tuple[str, int], complete: bool = False) -> RestoreReport:
    resources = [Resource(type, one) for type, one in chosen]  # type: ignore[arg-type]
    return library.restore_resources(OWNER, id, RestoreResources(resources, complete))


def test_pictures_alone(library: Library) -> None:
    """D9."""
    made = organize(library)
    ids, before, id = made["ids"], plain(library), take(library)
    disturb(library, made)
    library.score(OWNER, ScorePictures(ids=living(library), score=1))
    disturbed = plain(library)
    report = some(library, id, ("picture", ids[0]), ("picture", ids[1]))
    assert (report.snapshot_id, report.upserted_count, report.errors) == (id, 2, [])
    after = plain(library)
    for name, column in (("score", 0), ("said_tag", 0), ("said_caption", 0), ("said_who", 1), ("scrapheap", 0)):
        chosen = [row for row in after[name] if row[column] in ids[:2]]
        others = [row for row in after[name] if row[column] not in ids[:2]]
        assert [row[:3] for row in chosen] == [row[:3] for row in before[name] if row[column] in ids[:2]], name
        assert others == [row for row in disturbed[name] if row[column] not in ids[:2]], name
    members = {(row[0], row[1]) for row in after["set_member"]}
    assert {(made["best"], ids[0]), (made["best"], ids[1])} <= members
    assert after["picture_set"] == disturbed["picture_set"], "a set renamed since keeps its new name"
    assert {name for name in after if after[name] != disturbed[name]} <= {
        *("score", "said_tag", "said_caption", "said_who", "set_member", "stack_member", "project_picture"),
    }
    check_derived(library)


def test_it_is_one_step_that_can_be_undone(library: Library) -> None:
    made = organize(library)
    id = take(library)
    disturb(library, made)
    disturbed, epoch = plain(library), library.epoch
    some(library, id, *(("picture", one) for one in made["ids"][:9]), ("project", made["trip"]), complete=True)
    restored = plain(library)
    assert restored != disturbed and library.epoch == epoch
    assert library.history(OWNER)[0].sentence == f"10 things restored from snapshot {id}"
    library.undo(OWNER)
    assert plain(library) == disturbed
    check_derived(library)
    library.redo(OWNER)
    assert plain(library) == restored
    check_derived(library)


def test_a_set_and_nothing_else(library: Library) -> None:
    made = organize(library)
    ids, before, id = made["ids"], plain(library), take(library)
    added = add(library, invented(77))
    disturb(library, made)
    library.add_to_set(OWNER, made["best"], Selection(ids=added))
    disturbed = plain(library)
    some(library, id, ("picture_set", made["best"]), ("picture_set", made["rest"]))
    after = plain(library)
    assert after["picture_set"] == before["picture_set"]
    assert [row for row in after["set_member"] if row[1] not in added] == before["set_member"]
    assert any(row[1] in added for row in after["set_member"]), "what was added since stays in it"
    assert {name for name in after if after[name] != disturbed[name]} == {"picture_set", "set_member"}
    assert library.picture(OWNER, ids[0]).score == 5
    check_derived(library)


def test_what_they_belong_to_is_asked_for(library: Library) -> None:
    """D10."""
    made = organize(library)
    ids, id = made["ids"], take(library)
    library.delete_set(OWNER, made["rest"])
    library.delete_project(OWNER, made["trip"])
    library.score(OWNER, ScorePictures(ids=living(library), score=1))
    before = plain(library)
    with pytest.raises(Conflict) as asked:
        some(library, id, ("picture", ids[6]), ("picture", ids[10]))
    assert asked.value.more["code"] == "missing_dependencies"
    assert asked.value.more["missing"] == {"picture_sets": [made["rest"]], "characters": [], "projects": [made["trip"]]}
    assert plain(library) == before
    some(library, id, ("picture", ids[6]), ("picture", ids[10]), complete=True)
    assert library.set_members(OWNER, made["rest"]).ids == [ids[6]], "with nothing else that was in it"
    assert library.project_members(OWNER, made["trip"]).ids == [ids[10]]
    check_derived(library)
    some(library, id, ("picture", ids[7]))
    assert library.set_members(OWNER, made["rest"]).ids == [ids[6], ids[7]]


def test_what_the_snapshot_has_not(library: Library) -> None:
    made = organize(library)
    id = take(library)
    (added,) = add(library, invented(77))
    before = plain(library)
    for wrong in (("picture", added), ("picture", 99_999), ("picture_set", 99), ("project", 99)):
        with pytest.raises(NotFound):
            some(library, id, ("picture", made["ids"][0]), wrong)
    with pytest.raises(Invalid):
        some(library, id)
    with pytest.raises(NotFound):
        some(library, 99, ("picture", 1))
    library.delete(OWNER, DeletePictures(ids=made["ids"][:1]))
    library.purge(OWNER, Selection(ids=made["ids"][:1]))
    with pytest.raises(NotFound, match="permanently deleted"):
        some(library, id, ("picture", made["ids"][0]))
    assert {row[0] for row in before["picture"]} - {row[0] for row in plain(library)["picture"]} == {made["ids"][0]}


def test_its_preview_counts_them_alone(library: Library) -> None:
    made = organize(library)
    ids, id = made["ids"], take(library)
    library.score(OWNER, ScorePictures(ids=living(library), score=1))
    library.edit_set(OWNER, made["best"], EditSet(name="Worst"))
    before = plain(library)
    ask = RestoreResources([Resource("picture", ids[0]), Resource("picture", ids[10])])
    seen = library.preview_resources(OWNER, id, ask)
    assert plain(library) == before
    assert (seen.summary.pictures_to_revert, seen.summary.sets_to_revert) == (2, 0)
    assert [one.id for one in seen.resources] == [ids[0], ids[10]]
    group = library.preview_resources(OWNER, id, RestoreResources([Resource("picture_set", made["best"])]))
    assert (group.summary.pictures_to_revert, group.summary.sets_to_revert) == (0, 1)


def test_one_that_went_comes_back(library: Library) -> None:
    """A picture that a restore let go, with everything that was said of it and what its file says."""
    made = organize(library)
    first = take(library)
    (added,) = add(library, invented(77, prompt="a lonely stone"))
    library.score(OWNER, ScorePictures(ids=[added], score=4))
    library.add_tags(OWNER, AddTags(ids=[added], tags=["river"]))
    detail = library.picture(OWNER, added)
    second = take(library)
    back(library, first, keep_added=False)
    with pytest.raises(NotFound):
        library.picture(OWNER, added)
    some(library, second, ("picture", added))
    assert library.picture(OWNER, added) == detail
    assert library.find(OWNER, "lonely").ids == [added]
    assert {tag.name for tag in library.picture_tags(OWNER, added)} == {"river"}
    assert made["ids"][0] != added
    check_derived(library)


def test_only_some_topics_of_a_picture(library: Library) -> None:
    made = organize(library)
    ids, before, id = made["ids"], plain(library), take(library)
    disturb(library, made)
    disturbed = plain(library)
    resources = [Resource("picture", ids[0], ["captions"]), Resource("picture", ids[6], ["scores"])]
    # Nothing is asked about the set that is gone, as nobody wants to be back in it.
    library.restore_resources(OWNER, id, RestoreResources(resources))
    after = plain(library)
    assert after["said_caption"] == before["said_caption"]
    assert {name for name in after if after[name] != disturbed[name]} == {"said_caption", "score"}
    assert set(disturbed["score"]) - set(after["score"]) == {(ids[6], 5)}
    library.undo(OWNER)
    assert plain(library) == disturbed
    with pytest.raises(Invalid, match="nothing called 'colours'"):
        library.restore_resources(OWNER, id, RestoreResources([Resource("picture", ids[0], ["colours"])]))
    # A set that was chosen itself has its pictures back, whatever was asked of them.
    resources = [Resource("picture", ids[0], ["captions"]), Resource("picture_set", made["best"])]
    library.restore_resources(OWNER, id, RestoreResources(resources))
    assert [row for row in plain(library)["set_member"] if row[0] == made["best"]] == [
        row for row in before["set_member"] if row[0] == made["best"]
    ]
    check_derived(library)


def test_a_preview_leaves_out_what_was_not_there(library: Library) -> None:
    made = organize(library)
    ids, id = made["ids"], take(library)
    disturb(library, made)
    (added,) = add(library, invented(77))
    ask = RestoreResources([Resource("picture", added), Resource("picture", ids[6])])
    lost, changed, rest = library.preview_resources(OWNER, id, ask).resources
    assert (lost.type, lost.id, lost.exists_in_live, lost.exists_in_snapshot) == ("picture", added, True, False)
    assert changed.id == ids[6] and lost.name == library.picture(OWNER, added).name
    assert (rest.type, rest.id, rest.name, rest.exists_in_live) == ("picture_set", made["rest"], "Rest", False)
    with pytest.raises(NotFound):
        library.restore_resources(OWNER, id, ask)

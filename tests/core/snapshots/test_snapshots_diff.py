"""What came, went and changed between two snapshots or since one, and what exactly a restore of some things changes."""

from __future__ import annotations

import pytest
from core.snapshots.test_restores import back, disturb, organize, take
from libraries import add, invented, truth

from pixlstash_core.errors import NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Create,
    DeletePictures,
    EditSet,
    RenameTag,
    Resource,
    RestoreResources,
    RestoreSnapshot,
    ScorePictures,
    Selection,
    SetCaption,
    TopicDiff,
)


def topics(library: Library, id: int, against: int | None = None) -> dict[str, TopicDiff]:
    found = library.diff_snapshot(OWNER, id, against)
    assert (found.id, found.against) == (id, against)
    return {one.topic: one for one in found.topics}


def counts(library: Library, id: int, against: int | None = None) -> dict[str, tuple[int, int, int]]:
    return {name: (one.added, one.removed, one.changed) for name, one in topics(library, id, against).items()}


def test_nothing_differs_from_now(library: Library) -> None:
    organize(library)
    id = take(library)
    before = truth(library)
    assert library.diff_snapshot(OWNER, id).topics == []
    assert library.diff_snapshot(OWNER, id, id).topics == []
    assert truth(library) == before


def test_what_changed_since_is_counted_and_named(library: Library) -> None:
    made = organize(library)
    ids = made["ids"]
    first = take(library)
    scored = library.db.read("select count(*) from score where picture_id in (?, ?)", ids[5:7])[0][0]
    old = [library.picture(OWNER, one).score for one in ids[5:7]]
    library.score(OWNER, ScorePictures(ids=ids[5:7], score=1 if 1 not in old else 2))
    library.edit_set(OWNER, made["best"], EditSet(name="Worst"))
    library.delete_project(OWNER, made["trip"])
    new = library.create_set(OWNER, Create(name="New")).id
    library.add_to_set(OWNER, new, Selection(ids=ids[:3]))
    library.set_caption(OWNER, SetCaption(ids=[ids[7]], text="quite another"))
    (added,) = add(library, invented(99))
    found = topics(library, first)
    assert (found["scores"].added, found["scores"].changed) == (2 - scored, scored)
    assert {one.picture for one in found["scores"].examples} == set(ids[5:7])
    (renamed,) = [one for one in found["sets"].examples if one.change == "changed"]
    assert renamed.id == made["best"] and (renamed.old, renamed.new) == ("Best", "Worst")
    assert (found["sets"].added, found["sets"].removed) == (1, 0)
    (gone,) = found["projects"].examples
    assert (gone.change, gone.id, gone.new) == ("removed", made["trip"], None)
    assert found["project_members"].removed > 0 == found["project_members"].added
    assert found["set_members"].added == 3
    assert {(one.picture, one.new) for one in found["set_members"].examples} == {(one, "New") for one in ids[:3]}
    (picture,) = found["pictures"].examples
    assert (picture.change, picture.picture, picture.old) == ("added", added, None)
    caption = next(one for one in found["captions"].examples if one.picture == ids[7])
    assert caption.new == "quite another"
    # From one snapshot to another it says the same, and the other way round the opposite.
    second = take(library)
    assert counts(library, first, second) == {
        name: (one.added, one.removed, one.changed) for name, one in found.items()
    }
    assert counts(library, second, first) == {
        n: (gone, came, so) for n, (came, gone, so) in counts(library, first).items()
    }
    assert counts(library, second) == {}


def test_tags_are_told_by_their_names(library: Library) -> None:
    (one, two) = add(library, *(invented(n) for n in range(2)))
    library.add_tags(OWNER, AddTags(ids=[one], tags=["river"]))
    id = take(library)
    library.add_tags(OWNER, AddTags(ids=[two], tags=["stone"]))
    library.rename_tag(OWNER, RenameTag("river", "stream"))
    found = topics(library, id)
    (said,) = found["tags"].examples
    assert (said.change, said.picture, said.old, said.new) == ("added", two, None, "stone")
    renamed = next(each for each in found["vocabulary"].examples if each.change == "changed")
    assert (renamed.old, renamed.new) == ("river", "stream")


def test_a_picture_that_was_removed_for_good_is_told(library: Library) -> None:
    ids = add(library, *(invented(n) for n in range(3)))
    id, name = take(library), library.picture(OWNER, ids[0]).name
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    library.purge(OWNER, Selection(ids=ids[:1]))
    (gone,) = topics(library, id)["pictures"].examples
    assert (gone.change, gone.picture, gone.name) == ("removed", ids[0], name)


def test_the_same_bytes_under_another_id_are_the_same_picture(library: Library) -> None:
    ids = add(library, *(invented(n) for n in range(3)))
    first = take(library)
    (again,) = add(library, invented(7))
    second = take(library)
    library.restore_snapshot(OWNER, first, RestoreSnapshot(keep_added=False, allow_missing_files=True))
    (other,) = add(library, invented(7))
    assert other > again not in ids
    assert counts(library, second)["pictures"] == (0, 0, 1)  # it was imported at another time


def test_examples_are_few(library: Library) -> None:
    ids = add(library, *(invented(n) for n in range(40)))
    id = take(library)
    library.score(OWNER, ScorePictures(ids=ids, score=3))
    found = topics(library, id)["scores"]
    assert found.added == 40 and len(found.examples) == 5


def test_a_snapshot_that_is_not_there(library: Library) -> None:
    add(library, invented(1))
    id = take(library)
    for wrong in ((99, None), (id, 99)):
        with pytest.raises(NotFound):
            library.diff_snapshot(OWNER, *wrong)


def test_a_preview_says_what_exactly_changes(library: Library) -> None:
    """What becomes of each picture, line by line, as a table shows it before a selective restore."""
    made = organize(library)
    ids, best = made["ids"], made["best"]
    library.score(OWNER, ScorePictures(ids=ids[:1], score=2))
    members = library.set_members(OWNER, best).ids
    inside, outside = members[0], next(one for one in ids if one not in members)
    id = take(library)
    library.score(OWNER, ScorePictures(ids=ids[:1], score=5))
    library.set_caption(OWNER, SetCaption(ids=[ids[0]], text="of today"))
    library.add_to_set(OWNER, best, Selection(ids=[outside]))
    library.take_from_set(OWNER, best, Selection(ids=[inside]))
    library.edit_set(OWNER, best, EditSet(name="Worst"))

    def changes(*chosen: tuple[str, int]) -> dict[tuple[str, int], set[tuple[str, str | None, str | None]]]:
        ask = RestoreResources([Resource(type, one) for type, one in chosen])  # type: ignore[arg-type]
        return {
            (one.type, one.id): {(change.topic, change.now, change.then) for change in one.changes}
            for one in library.preview_resources(OWNER, id, ask).resources
        }

    found = changes(("picture", ids[0]))[("picture", ids[0])]
    assert ("scores", "5", "2") in found
    assert any(topic == "captions" and now == "of today" for topic, now, _ in found)
    found = changes(("picture", inside))[("picture", inside)]
    assert ("set_members", None, "Best") in found
    found = changes(("picture_set", best))[("picture_set", best)]
    assert ("sets", "Worst", "Best") in found
    listed = library.preview_resources(OWNER, id, RestoreResources([Resource("picture_set", best)])).resources
    (group,) = [one for one in listed if one.type == "picture_set"]
    assert (group.name, group.exists_in_live, group.exists_in_snapshot) == ("Worst", True, True)


def test_a_preview_counts_members_that_come_and_go(library: Library) -> None:
    ids = add(library, *(invented(n) for n in range(6)))
    made = library.create_set(OWNER, Create(name="Best")).id
    library.add_to_set(OWNER, made, Selection(ids=ids[:4]))
    id = take(library)
    library.take_from_set(OWNER, made, Selection(ids=ids[:1]))
    library.add_to_set(OWNER, made, Selection(ids=ids[4:]))
    (group,) = [
        one
        for one in library.preview_resources(OWNER, id, RestoreResources([Resource("picture_set", made)])).resources
        if one.type == "picture_set"
    ]
    assert [(one.topic, one.now, one.then) for one in group.changes] == [("set_members", "5", "4")]


def test_a_preview_names_pictures_that_come_back(library: Library) -> None:
    ids = add(library, *(invented(n) for n in range(3)))
    first = take(library)
    (added,) = add(library, invented(7))
    library.score(OWNER, ScorePictures(ids=[added], score=4))
    second = take(library)
    library.restore_snapshot(OWNER, first, RestoreSnapshot(keep_added=False, allow_missing_files=True))
    (seen,) = library.preview_resources(OWNER, second, RestoreResources([Resource("picture", added)])).resources
    assert (seen.id, seen.exists_in_live, seen.exists_in_snapshot) == (added, False, True)
    assert ("scores", None, "4") in {(one.topic, one.now, one.then) for one in seen.changes}
    assert ids


def test_the_preview_counts_by_topic(library: Library) -> None:
    made = organize(library)
    id = take(library)
    disturb(library, made)
    seen = {one.topic: one for one in library.preview_restore(OWNER, id).topics}
    scores = seen["scores"]
    assert (scores.now, scores.change, scores.come, scores.go) == (8, 4, 0, 4)
    assert {(one.now, one.then) for one in scores.examples} == {("5", "3"), ("5", None)}
    sets = seen["sets"]
    assert (sets.now, sets.change, sets.come, sets.go) == (1, 1, 1, 0)
    assert {(one.now, one.then) for one in sets.examples} == {("Worst · #112233", "Best"), (None, "Rest")}
    back(library, id)
    after = {one.topic: one for one in library.preview_restore(OWNER, id).topics}
    assert not any(one.change or one.come or one.go for one in after.values())
    for topic, then in seen.items():
        if then.now is not None:
            assert after[topic].now == then.now + then.come - then.go, topic


def test_the_preview_of_some_kinds(library: Library) -> None:
    made = organize(library)
    id = take(library)
    disturb(library, made)
    seen = library.preview_restore(OWNER, id, kinds=["scores"])
    assert [one.topic for one in seen.topics] == ["scores"]
    assert seen.summary.pictures_to_revert == 8
    assert {field for one in seen.resources for field in one.changed_fields} == {"score"}

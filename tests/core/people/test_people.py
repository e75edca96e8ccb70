"""People: what is said of faces stays, whatever engines find; and who else it may be."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from libraries import fill, until

from pixlstash_core import OWNER
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Forbidden, Invalid, Locked, NotFound
from pixlstash_core.library import Library
from pixlstash_core.people.clustering import clusters
from pixlstash_core.search.matrix import unit
from pixlstash_core.types import (
    AssignFaces,
    Create,
    DecideFaces,
    DrawFace,
    EditSet,
    FaceInfo,
    Faces,
    HideAndBlur,
    MergeCharacters,
    Reader,
    ReferFaces,
    RejectFaces,
    Scope,
    ScorePictures,
    Selection,
    TurnPictures,
)

Box = tuple[float, float, float, float]


def person(number: int, rng: np.random.Generator, length: int = 64) -> bytes:
    """A face of somebody: those of one lie close together."""
    centre = np.random.default_rng(1000 + number).standard_normal(length)
    return unit((centre + 0.4 * rng.standard_normal(length)).astype(np.float32), {})


def face(box: Box, vector: bytes, confidence: float = 0.9, time: float | None = None) -> dict[str, object]:
    return {"label": "", "box": list(box), "confidence": confidence, "vector": vector, "time": time}


def find(library: Library, faces: dict[int, list[dict[str, object]]], revision: str = "1", first: bool = True) -> int:
    """Results of an engine that looks for faces; the producer."""
    producer = library.outputs.register("face", "synthetic faces", revision, {})
    library.outputs.activate(producer, 0, rank=0 if first else None)
    for future in library.outputs.store(producer, [Output(id, value) for id, value in faces.items()]):
        future.result(30)
    return producer


def faces(library: Library, picture: int) -> list[FaceInfo]:
    return library.picture_faces(OWNER, picture)


def who(library: Library, name: str) -> int:
    return library.create_character(OWNER, Create(name=name)).id


def crowd(
    library: Library, pictures: int, each: int = 2, people: int = 5, seed: int = 1
) -> tuple[list[int], dict[int, list[int]]]:
    """Pictures with so many faces beside each other; by picture who they are."""
    rng = np.random.default_rng(seed)
    ids = fill(library, pictures)
    shown = {id: [(n + k) % people for k in range(each)] for n, id in enumerate(ids)}
    find(library, {id: [face(place(k), person(one, rng)) for k, one in enumerate(of)] for id, of in shown.items()})
    return ids, shown


def place(k: int) -> Box:
    return (0.05 + 0.3 * k, 0.2, 0.25 + 0.3 * k, 0.5)


def jittered(box: Box, rng: random.Random, most: float = 0.2) -> Box:
    """Each edge moved by as much as that part of the size."""
    across, down = box[2] - box[0], box[3] - box[1]
    left, top, right, bottom = (
        edge + size * rng.uniform(-most, most) / 2 for edge, size in zip(box, (across, down, across, down))
    )
    return (max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_said_survives_another_run(library: Library, seed: int) -> None:
    ids, shown = crowd(library, 100)
    names = {one: who(library, f"Person {one}") for one in range(5)}
    said: dict[tuple[int, int], tuple[int | None, list[int]]] = {}
    for id in ids:
        for k, one in enumerate(faces(library, id)):
            assert one.id is not None
            if (id + k) % 2:
                library.assign_faces(OWNER, AssignFaces(faces=[one.id], character=names[shown[id][k]]))
                said[id, k] = (names[shown[id][k]], [])
            else:
                wrong = names[(shown[id][k] + 1) % 5]
                library.reject_faces(OWNER, RejectFaces(faces=[one.id], character=wrong))
                said[id, k] = (None, [wrong])
    assert len(said) == 200
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    again = {
        id: [face(jittered(place(k), rng), person(one, numbers)) for k, one in enumerate(of)]
        for id, of in shown.items()
    }
    find(library, again, "2")
    old = library.outputs.find_producer("face", "synthetic faces", "1", {})
    library.derive(lambda write: write.execute("delete from active where producer_id = ?", (old,)))
    for id in ids:
        found = faces(library, id)
        assert [one.id is not None and one.engine for one in found] == ["synthetic faces"] * 2
        assert [(one.character, one.not_characters) for one in found] == [said[id, k] for k in range(2)]
    assert library.count(OWNER, 'character:"Person 1"').total == sum(names[1] == one for one, _ in said.values())


def test_a_saying_without_a_face_stays(library: Library) -> None:
    ids, _ = crowd(library, 3)
    ann = who(library, "Ann")
    (first, second) = faces(library, ids[0])
    assert first.id and second.id
    library.assign_faces(OWNER, AssignFaces(faces=[first.id], character=ann))
    find(library, {ids[0]: []})  # nothing is found any more
    (left,) = faces(library, ids[0])
    assert (left.id, left.box, left.name, left.engine, left.confidence) == (None, first.box, "Ann", "", None)
    assert left.said and library.find(OWNER, "character:Ann").ids == [ids[0]]
    library.forget_faces(OWNER, Faces(said=[left.said]))
    assert faces(library, ids[0]) == [] and library.find(OWNER, "character:Ann").ids == []
    library.undo(OWNER)
    assert faces(library, ids[0]) == [left]


def test_a_face_says_how_its_picture_was_turned(library: Library) -> None:
    ids, _ = crowd(library, 2)
    library.turn(OWNER, TurnPictures(ids=[ids[0]], quarters=-1))
    library.draw_face(OWNER, DrawFace(picture=ids[0], box=(0.7, 0.7, 0.8, 0.9), name="Ann"))
    first, second = (faces(library, id) for id in ids)
    assert [one.turn for one in first] == [3, 3, 3] and [one.turn for one in second] == [0, 0]
    assert [one.box for one in first[:2]] == [one.box for one in second]  # as the file has them
    (ann,) = library.character_faces(OWNER, 1).faces
    assert ann.turn == 3


def test_a_face_is_one_characters(library: Library) -> None:
    (id,), _ = crowd(library, 1, each=1)
    (one,) = faces(library, id)
    assert one.id
    made = library.assign_faces(OWNER, AssignFaces(faces=[one.id], name="Ann"))
    assert made.sentence == "1 face is Ann" and library.find_character(OWNER, made.id).name == "Ann"
    again = library.assign_faces(OWNER, AssignFaces(faces=[one.id], name="ann"))
    assert again.changed == 0 and again.id == made.id
    ben = library.assign_faces(OWNER, AssignFaces(faces=[one.id], name="Ben")).id
    assert [(f.name, f.not_characters) for f in faces(library, id)] == [("Ben", [])]
    library.reject_faces(OWNER, RejectFaces(faces=[one.id], character=ben))
    assert [(f.name, f.not_characters) for f in faces(library, id)] == [(None, [ben])]
    library.assign_faces(OWNER, AssignFaces(faces=[one.id], character=ben))
    assert [(f.name, f.not_characters) for f in faces(library, id)] == [("Ben", [])]
    for _ in range(3):
        library.undo(OWNER)
    assert [(f.name, f.not_characters) for f in faces(library, id)] == [("Ann", [])]
    library.redo(OWNER)
    assert [(f.name, f.not_characters) for f in faces(library, id)] == [("Ben", [])]


def test_drawn_boxes(library: Library) -> None:
    (id, other), _ = crowd(library, 2, each=1)
    drawn = library.draw_face(OWNER, DrawFace(picture=id, box=(0.6, 0.6, 0.9, 0.9), name="Ann"))
    found = faces(library, id)
    assert [(one.name, one.id is None) for one in found] == [(None, False), ("Ann", True)]
    library.draw_face(OWNER, DrawFace(picture=other, box=place(0), character=found[1].character))
    assert [(one.name, one.id is None) for one in faces(library, other)] == [("Ann", False)]
    assert sorted(library.find(OWNER, "character:Ann").ids) == [id, other]
    for box in ((0.5, 0.1, 0.4, 0.9), (-0.1, 0.0, 0.5, 0.5), (0.0, 0.0, 1.1, 0.5)):
        with pytest.raises(Invalid, match="fractions"):
            library.draw_face(OWNER, DrawFace(picture=id, box=box, name="Ann"))
    with pytest.raises(NotFound):
        library.draw_face(OWNER, DrawFace(picture=999, box=place(0), name="Nobody"))
    assert all(one.name != "Nobody" for one in library.characters(OWNER)) and drawn.changed == 1


def test_what_cannot_be_said(library: Library) -> None:
    (id,), _ = crowd(library, 1, each=1)
    ann = who(library, "Ann")
    with pytest.raises(NotFound, match="There is no face 999"):
        library.assign_faces(OWNER, AssignFaces(faces=[999], character=ann))
    with pytest.raises(NotFound):
        library.assign_faces(OWNER, AssignFaces(faces=[1], character=999))
    with pytest.raises(Invalid, match="which character"):
        library.assign_faces(OWNER, AssignFaces(faces=[1]))
    with pytest.raises(Invalid, match="which faces"):
        library.forget_faces(OWNER, Faces())
    with pytest.raises(Invalid, match="Assign this face first"):
        library.refer_faces(OWNER, ReferFaces(faces=[1]))
    locked = library.create_set(OWNER, Create(name="Kept")).id
    library.add_to_set(OWNER, locked, Selection(ids=[id]))
    library.edit_set(OWNER, locked, EditSet(locked=True))
    with pytest.raises(Locked):
        library.assign_faces(OWNER, AssignFaces(faces=[1], character=ann))
    with pytest.raises(Locked):
        library.draw_face(OWNER, DrawFace(picture=id, box=place(0), character=ann))


def test_two_engines_side_by_side(library: Library) -> None:
    (id,), _ = crowd(library, 1, each=1)
    rng = np.random.default_rng(3)
    other = library.outputs.register("face", "another", "1", {})
    library.outputs.activate(other, 0)
    found = [face((0.06, 0.21, 0.26, 0.51), person(0, rng)), face(place(2), person(1, rng))]
    for future in library.outputs.store(other, [Output(id, found)]):
        future.result(10)
    assert [one.engine for one in faces(library, id)] == ["synthetic faces", "another"]


def test_faces_of_moving_pictures_have_a_time(library: Library) -> None:
    (id,) = fill(library, 1)
    rng = np.random.default_rng(1)
    find(library, {id: [face(place(0), person(0, rng), time=1.0), face(place(0), person(1, rng), time=2.0)]})
    first, second = faces(library, id)
    assert (first.time, second.time) == (1.0, 2.0) and first.id and second.id
    library.assign_faces(OWNER, AssignFaces(faces=[first.id], name="Ann"))
    library.assign_faces(OWNER, AssignFaces(faces=[second.id], name="Ben"))
    assert [one.name for one in faces(library, id)] == ["Ann", "Ben"]


def test_merged_characters(library: Library) -> None:
    ids, _ = crowd(library, 4)
    ann, ben, cat = who(library, "Ann"), who(library, "Ben"), who(library, "Cat")
    library.add_to_character(OWNER, ann, Selection(ids=ids[:2]))
    library.add_to_character(OWNER, ben, Selection(ids=ids[1:3]))
    face_of = faces(library, ids[3])[0].id
    assert face_of
    library.assign_faces(OWNER, AssignFaces(faces=[face_of], character=cat))
    done = library.merge_characters(OWNER, MergeCharacters([ben, cat, ann], ann))
    assert done.sentence == "2 characters merged into Ann"
    assert [one.name for one in library.characters(OWNER)] == ["Ann"]
    assert sorted(library.find(OWNER, "character:Ann").ids) == ids
    assert library.characters(OWNER)[0].pictures == 4
    library.undo(OWNER)
    assert [one.name for one in library.characters(OWNER)] == ["Ann", "Ben", "Cat"]
    assert sorted(library.find(OWNER, "character:Ben").ids) == ids[1:3]
    assert library.find(OWNER, "character:Cat").ids == [ids[3]]
    with pytest.raises(NotFound):
        library.merge_characters(OWNER, MergeCharacters([999], ann))


def test_unassigned_faces_are_found(library: Library) -> None:
    ids, _ = crowd(library, 5, each=1)
    assert sorted(library.find(OWNER, "faces:unassigned").ids) == ids
    one = faces(library, ids[2])[0].id
    assert one
    library.assign_faces(OWNER, AssignFaces(faces=[one], name="Ann"))
    assert sorted(library.find(OWNER, "faces:unassigned").ids) == ids[:2] + ids[3:]
    library.undo(OWNER)
    assert sorted(library.find(OWNER, "faces:unassigned").ids) == ids


# -- who else it may be ------------------------------------------------------------------------------------------------


def test_more_pictures_of_a_character(library: Library) -> None:
    ids, shown = crowd(library, 60, each=1, people=4)
    ann = who(library, "Ann")
    theirs = [id for id in ids if shown[id] == [0]]
    first = faces(library, theirs[0])[0].id
    assert first
    library.assign_faces(OWNER, AssignFaces(faces=[first], character=ann))
    found = library.suggest_character(OWNER, ann)
    assert {one.picture.id for one in found} == set(theirs[1:])
    assert all(one.face is not None and one.like == theirs[0] and one.name == "Ann" for one in found)
    assert [one.likeness for one in found] == sorted((one.likeness for one in found), reverse=True)
    assert {one.picture.id for one in library.suggest_character(OWNER, ann, f"name:{theirs[3] - 1}.png")} <= {theirs[3]}
    no = found[0].face
    assert no is not None and no.id is not None
    library.reject_faces(OWNER, RejectFaces(faces=[no.id], character=ann))
    assert no.picture not in {one.picture.id for one in library.suggest_character(OWNER, ann)}
    other = faces(library, theirs[2])[0].id
    assert other
    library.assign_faces(OWNER, AssignFaces(faces=[other], name="Ben"))
    assert theirs[2] not in {one.picture.id for one in library.suggest_character(OWNER, ann)}


def test_without_faces_by_what_they_look_like(library: Library) -> None:
    ids = fill(library, 40)
    rng = np.random.default_rng(1)
    producer = library.outputs.register("vector", "synthetic", "1", {})
    library.outputs.activate(producer)
    values = [Output(id, person(n % 4, rng)) for n, id in enumerate(ids)]
    for future in library.outputs.store(producer, values):
        future.result(10)
    fox = who(library, "Fox")
    assert library.suggest_character(OWNER, fox) == []
    library.add_to_character(OWNER, fox, Selection(ids=[ids[0]]))
    found = library.suggest_character(OWNER, fox)
    assert {one.picture.id for one in found} == set(ids[4::4]) and all(one.face is None for one in found)
    assert {one.like for one in found} == {ids[0]}


def test_what_a_character_is_told_by(library: Library) -> None:
    ids, _ = crowd(library, 30, each=1, people=1)
    every = [faces(library, id)[0].id for id in ids]
    ann = library.assign_faces(OWNER, AssignFaces(faces=[one for one in every if one], name="Ann")).id
    found = library.character_faces(OWNER, ann)
    assert len(found.faces) == 30 and len(found.references) == 10
    library.refer_faces(OWNER, ReferFaces(faces=[every[7]], yes=True))  # type: ignore[list-item]
    assert [one.id for one in library.character_faces(OWNER, ann).references] == [every[7]]
    assert [one.reference for one in faces(library, ids[7])] == [True]
    library.undo(OWNER)
    assert len(library.character_faces(OWNER, ann).references) == 10


def test_clusters_of_faces_that_are_nobodys(library: Library) -> None:
    ids, shown = crowd(library, 60, each=2, people=6)
    found = library.face_clusters(OWNER)
    assert found.ready and found.unassigned == 120 and [one.size for one in found.clusters] == [20] * 6
    for one in found.clusters:
        who_is = {shown[each.picture][round((each.box[0] - 0.05) / 0.3)] for each in one.faces}
        assert len(who_is) == 1
    assert library.face_clusters(OWNER) == found
    some = [each.id for each in found.clusters[0].faces if each.id]
    library.assign_faces(OWNER, AssignFaces(faces=some, name="Ann"))
    after = library.face_clusters(OWNER)
    assert after.unassigned == 100 and len(after.clusters) == 5
    assert library.face_clusters(OWNER, "score:5").clusters == []
    assert len(library.face_clusters(OWNER, limit=2, each=3).clusters[1].faces) == 3 and ids


def test_most_who_are_seen_twice_among_thousands_are_a_group() -> None:
    """They are in different cells more often than not."""
    rng = np.random.default_rng(1)
    pairs, alone = 400, 5200
    centres = np.repeat(rng.standard_normal((pairs, 128)), 2, axis=0)
    rows = np.concatenate((centres + 0.75 * rng.standard_normal(centres.shape), rng.standard_normal((alone, 128))))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    order = rng.permutation(len(rows))
    found = [set(order[group].tolist()) for group in clusters(rows[order], 0.5)]
    together = sum({2 * n, 2 * n + 1} in found for n in range(pairs))
    assert together >= 0.9 * pairs


def test_clusters_follow_what_engines_find(library: Library) -> None:
    rng = np.random.default_rng(4)
    ids = fill(library, 40)
    shown = {id: [face(place(0), person(n % 2, rng))] for n, id in enumerate(ids)}
    find(library, {id: shown[id] for id in ids[:20]})
    assert [one.size for one in library.face_clusters(OWNER).clusters] == [10, 10]
    find(library, {id: shown[id] for id in ids[20:]})
    until(lambda: [one.size for one in library.face_clusters(OWNER).clusters] == [20, 20])
    assert library.face_clusters(OWNER).ready


def test_clusters_of_people_who_are_seldom_seen() -> None:
    """More vectors than are compared with each other: half of them of nobody twice, the others of three each."""
    rng = np.random.default_rng(2)
    of = np.concatenate([np.repeat(np.arange(1000), 3), np.arange(1000, 4000)])
    rows = rng.standard_normal((4000, 128))[of] + 0.5 * rng.standard_normal((6000, 128))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    found = clusters(rows, 0.5)
    assert all(len(set(of[group])) == 1 for group in found)
    assert sum(len(group) == 3 for group in found) > 700


def test_clusters_do_not_hang_on_the_order() -> None:
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((50, 64))
    of = rng.integers(0, 50, 3000)
    rows = centres[of] + 0.4 * rng.standard_normal((3000, 64))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    shuffled = rng.permutation(3000)
    plain = {frozenset(group.tolist()) for group in clusters(rows, 0.5)}
    other = {frozenset(shuffled[group].tolist()) for group in clusters(rows[shuffled], 0.5)}
    assert plain == other == {frozenset(np.flatnonzero(of == n).tolist()) for n in range(50)}
    assert clusters(rows[:0], 0.5) == []


# -- the queue ---------------------------------------------------------------------------------------------------------


def test_doubtful_faces_first(library: Library) -> None:
    ids, shown = crowd(library, 20, each=1, people=2)
    for one in (0, 1):
        id = next(id for id in ids if shown[id] == [one])
        library.assign_faces(OWNER, AssignFaces(faces=[faces(library, id)[0].id], name=f"Person {one}"))  # type: ignore[list-item]
    between = ids[-1]
    mixed = np.frombuffer(person(0, np.random.default_rng(5)), "<f2").astype(np.float32) + np.frombuffer(
        person(1, np.random.default_rng(6)), "<f2"
    ).astype(np.float32)
    find(library, {between: [face(place(0), unit(mixed, {}))]})
    found = library.review_faces(OWNER)
    assert found[0].picture.id == between and found[0].rival is not None
    assert [one.doubt for one in found] == sorted((one.doubt for one in found), reverse=True)
    sure = [one for one in found if one.picture.id != between]
    assert all(one.name == f"Person {shown[one.picture.id][0]}" for one in sure) and len(sure) == 17
    ann = sure[0].character
    waiting = library.review_characters(OWNER)
    assert {one.name: one.waiting for one in waiting} == Counter(one.name for one in found)
    unsure = Counter(one.name for one in found if one.doubt >= 0.6)
    assert {one.name: one.doubtful for one in waiting} == {one.name: unsure[one.name] for one in waiting}
    assert waiting[0].doubtful == max(one.doubtful for one in waiting) > 0
    library.score(OWNER, ScorePictures(ids=[between], score=5))
    assert [(one.name, one.waiting) for one in library.review_characters(OWNER, "score:5")] == [(found[0].name, 1)]
    library.set_veil(OWNER, HideAndBlur(hide="score:<5"))
    assert [(one.name, one.waiting) for one in library.review_characters(OWNER, veil=True)] == [(found[0].name, 1)]
    assert [one.picture.id for one in library.review_faces(OWNER, veil=True)] == [between]
    mine = [one for one in sure if one.character == ann]
    yes = [one.face.id for one in mine[:3] if one.face and one.face.id]
    no = [one.face.id for one in mine[3:5] if one.face and one.face.id]
    done = library.decide_faces(OWNER, DecideFaces(character=ann, yes=Faces(faces=yes), no=Faces(faces=no)))
    assert done.changed == 5
    left = {one.face.id for one in library.review_faces(OWNER, character=ann) if one.face}
    assert not left & {*yes, *no}
    library.undo(OWNER)
    assert {*yes, *no} <= {one.face.id for one in library.review_faces(OWNER, character=ann) if one.face}


def test_a_reader_of_a_scope_is_told_of_no_one_outside(library: Library) -> None:
    ids, _ = crowd(library, 4, each=1)
    library.assign_faces(OWNER, AssignFaces(faces=[faces(library, id)[0].id for id in ids], name="Ann"))  # type: ignore[misc]
    ann = library.characters(OWNER)[0].id
    reader = Reader("token:x", "read", Scope(frozenset(ids[:2])))
    (seen,) = library.picture_faces(reader, ids[0])
    assert seen.id and (seen.character, seen.name, seen.said) == (None, None, None)
    with pytest.raises(NotFound):
        library.picture_faces(reader, ids[3])
    with pytest.raises(NotFound):
        library.character_faces(reader, ann)
    named = Reader("token:x", "read", Scope(frozenset(ids[:2]), frozenset({("character", ann)})))
    assert [one.picture for one in library.character_faces(named, ann).faces] == ids[:2]
    assert library.picture_faces(named, ids[0])[0].name == "Ann"
    for call in (
        lambda: library.suggest_character(named, ann),
        lambda: library.face_clusters(named),
        lambda: library.review_characters(named),
        lambda: library.review_faces(named),
        lambda: library.review_tags(named),
        lambda: library.assign_faces(Reader("x", "write", named.scope), AssignFaces(faces=[1], character=ann)),
    ):
        with pytest.raises(Forbidden):
            call()

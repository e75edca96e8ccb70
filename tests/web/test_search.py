"""Search, people and the review queue over HTTP: the same structs, and nothing beyond the scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import engined
import pytest
from engined import Engined
from libraries import finish
from PIL import Image
from web.conftest import OWNER, Served, serving

from pixlstash_core.client import Client
from pixlstash_core.errors import Forbidden, Invalid, NotFound, PixlStashError, QueryError
from pixlstash_core.library import Library
from pixlstash_core.types import (
    AssignFaces,
    DecideFaces,
    DecideTag,
    DrawFace,
    Faces,
    MergeCharacters,
    Reader,
    ReferFaces,
    RejectFaces,
    RunEngine,
    Scope,
)

#: Every route here that reads.
READS = {"/held", "/pictures/alike", "/pictures/{id}/why", "/pictures/{id}/faces", "/characters/{id}/faces"}
Engines = tuple[Engined, Served]


@pytest.fixture
def served(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engines]:
    desk = engined.make(open_library, tmp_path, monkeypatch)
    with serving(desk.library) as one:
        yield desk, one


def look(desk: Engined, *engines: str) -> list[int]:
    ids = desk.take_in(6)
    for engine in engines:
        assert finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine=engine))).state == "done"
    return ids


def test_searching_with_a_picture(served: Engines, tmp_path: Path) -> None:
    desk, one = served
    ids = look(desk, "odd/meaning", "odd/heads")
    Image.new("RGB", (90, 90), (20, 220, 20)).save(tmp_path / "asked.png")
    held = one.client.hold("asked.png", tmp_path / "asked.png")
    assert (tmp_path / "asked.png").exists()
    text = f"like:upload:{held.token} top:2"
    assert set(one.client.find(text).ids) == {ids[1], ids[4]}
    assert set(one.client.find(f"face:upload:{held.token} top:2").ids) == {ids[1], ids[4]}
    assert one.client.why(ids[1], text) == one.client.why(ids[1], text) and one.client.why(ids[1], text).found
    told = one.client.find("like:blue top:2")
    assert set(told.ids) == {ids[2], ids[5]} and told == desk.library.find(OWNER, "like:blue top:2")
    assert one.client.view("like:blue top:2").header.notes == []
    assert one.client.why(ids[2], "like:blue") == desk.library.why(OWNER, ids[2], "like:blue")
    with Client(one.url, one.token("read")) as other, pytest.raises(QueryError, match="no longer held"):
        other.find(text)
    assert one.client.info().pictures == 6
    (tmp_path / "large.png").write_bytes(bytes(65 << 20))
    with pytest.raises(PixlStashError, match="larger than"):
        one.client.hold("large.png", tmp_path / "large.png")


def test_people(served: Engines) -> None:
    desk, one = served
    ids = look(desk, "odd/heads")
    client, library = one.client, desk.library
    (face,) = client.picture_faces(ids[0])
    assert [face] == library.picture_faces(OWNER, ids[0]) and face.id
    ann = client.assign_faces(AssignFaces(faces=[face.id], name="Ann")).id
    assert client.character_faces(ann) == library.character_faces(OWNER, ann)
    assert client.suggest_character(ann) == library.suggest_character(OWNER, ann)
    assert client.face_clusters() == library.face_clusters(OWNER)
    assert client.review_characters() == library.review_characters(OWNER) != []
    assert client.review_faces(character=ann) == library.review_faces(OWNER, character=ann)
    (other,) = client.picture_faces(ids[1])
    assert other.id
    assert client.reject_faces(RejectFaces(faces=[other.id], character=ann)).changed == 1
    assert client.refer_faces(ReferFaces(faces=[face.id])).changed == 1
    ben = client.draw_face(DrawFace(picture=ids[2], box=(0.7, 0.7, 0.9, 0.9), name="Ben"))
    assert client.picture_faces(ids[2])[1].name == "Ben" and ben.changed == 1
    said = client.picture_faces(ids[2])[1].said
    assert said and client.forget_faces(Faces(said=[said])).changed == 1
    named = {one.name: one.id for one in client.characters()}
    assert client.merge_characters(MergeCharacters([named["Ben"]], ann)).changed == 1
    (third,) = client.picture_faces(ids[3])
    assert third.id
    assert client.decide_faces(DecideFaces(character=ann, yes=Faces(faces=[third.id]))).changed == 1
    with pytest.raises(NotFound):
        client.assign_faces(AssignFaces(faces=[12345], character=ann))
    with pytest.raises(Invalid):
        client.assign_faces(AssignFaces(faces=[face.id]))


def test_the_review_queue(served: Engines) -> None:
    desk, one = served
    ids = look(desk, "odd/colours")
    assert one.client.review_tags() == desk.library.review_tags(OWNER)
    found = one.client.review_tag("red")
    assert found == desk.library.review_tag(OWNER, "red") and found.waiting == 2
    done = one.client.decide_tag(DecideTag(tag="red", yes=[ids[0]], no=[ids[3]]))
    assert done.changed == 2 and one.client.review_tag("red").waiting == 0
    one.client.undo()
    assert one.client.review_tag("red").waiting == 2


def test_within_a_scope(served: Engines) -> None:
    desk, one = served
    ids = look(desk, "odd/heads", "odd/meaning")
    first = desk.library.picture_faces(OWNER, ids[0])[0].id or 0
    ann = desk.library.assign_faces(OWNER, AssignFaces(faces=[first], name="Ann"))
    reader = Reader("share:test", "write", Scope(frozenset(ids[:2])))
    with Client(one.url, desk.library.access.lend(reader)) as scoped:
        assert set(scoped.find(f"like:picture:{ids[0]}").ids) == set(ids[:2])
        (face,) = scoped.picture_faces(ids[0])
        assert (face.name, face.character, face.said) == (None, None, None) and face.id
        assert set(scoped.find(f"face:{face.id}").ids) == set(ids[:2])
        foreign = desk.library.picture_faces(OWNER, ids[5])[0].id
        for text in (f"face:{foreign}", "face:99999"):
            with pytest.raises(QueryError, match="there is no face"):
                scoped.find(text)
        for ask in (
            lambda: scoped.why(ids[5], ""),
            lambda: scoped.picture_faces(ids[5]),
            lambda: scoped.picture_faces(999),
        ):
            with pytest.raises(NotFound, match="There is no such picture"):
                ask()
        with pytest.raises(NotFound):
            scoped.character_faces(ann.id)
        for change in (
            lambda: scoped.assign_faces(AssignFaces(faces=[face.id or 0], name="x")),
            lambda: scoped.face_clusters(),
            lambda: scoped.review_tags(),
            lambda: scoped.decide_tag(DecideTag(tag="x", yes=ids[:1])),
            lambda: scoped.merge_characters(MergeCharacters([1], 2)),
        ):
            with pytest.raises(Forbidden):
                change()

"""Pickers, loaders and savers written for the public PixlStash find their lists here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from core.people.test_people import face, find, person, place
from core.texts import test_texts as texts
from web.asking import API, Peer, bearer
from web.conftest import COUNT, Served, fill, serving

from pixlstash_compat import collections, pictures
from pixlstash_compat.pictures import LIKENESS, MECHANISMS
from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import (
    AddTags,
    Create,
    DropOnProject,
    EditSet,
    Reader,
    RejectTags,
    Scope,
    ScorePictures,
    Selection,
)

VECTOR = person(1, np.random.default_rng(1))
LIVE = list(range(1, COUNT))  # the last one is in the scrapheap


class Desk:
    def __init__(self, served: Served) -> None:
        client = served.client
        self.served, self.peer = served, served.local
        self.set = client.create_set(Create(name="Harbour", icon="anchor", colour="#112233", note="boats")).id
        self.other = client.create_set(Create(name="Other")).id
        self.ann = client.create_character(Create(name="Ann")).id
        self.bob = client.create_character(Create(name="Bob")).id
        self.project = client.create_project(Create(name="Trips")).id
        client.add_to_set(self.set, Selection(ids=[1, 2, 3, 5]))
        client.add_to_character(self.ann, Selection(ids=[3, 4, 5]))
        client.drop_on_project(self.project, DropOnProject(sets=[self.set], characters=[self.ann]))
        client.score(ScorePictures(ids=[4], score=5))

    def ids(self, query: str, peer: Peer | None = None) -> list[int]:
        answer = (peer or self.peer).get(f"/pictures?{query}")
        assert answer.status == 200, answer
        return [one["id"] for one in answer.json]


@pytest.fixture
def desk(served: Served) -> Desk:
    """For a test to change."""
    return Desk(served)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """For tests that change nothing; some of its pictures have tags."""
    folder = tmp_path_factory.mktemp("still")
    Library.create(folder / "library")
    with Library.open(folder / "library") as library, serving(library, fill(library, folder)) as served:
        served.client.add_tags(AddTags(ids=[1, 2], tags=["a cat"]))
        served.client.add_tags(AddTags(ids=[2], tags=["dog"]))
        served.client.reject_tags(RejectTags(ids=[1], tags=["dog"]))
        yield Desk(served)


def test_a_picker_pages_through_pictures(still: Desk) -> None:
    every = still.ids("fields=grid&sort=IMPORTED_AT&descending=true")
    assert every == LIVE[::-1]
    pages = [still.ids(f"fields=grid&limit=3&offset={at}&sort=IMPORTED_AT&descending=true") for at in (0, 3, 6, 9)]
    assert sum(pages, []) == every and len(pages[2]) < 3
    assert still.ids("fields=grid&sort=IMPORTED_AT&descending=false&limit=2") == [1, 2]
    assert still.ids("sort=SCORE&limit=1") == [4]
    once = still.ids("fields=grid&sort=RANDOM&descending=true")
    assert once == still.ids("fields=grid&sort=RANDOM&descending=false") and sorted(once) == LIVE
    assert still.ids("fields=grid&only_deleted=true") == [COUNT]
    shown = still.peer.get("/pictures?fields=grid&limit=1").json[0]
    assert (shown["format"], shown["score"], shown["original_file_name"]) == ("PNG", 0, f"secret-{COUNT - 1}.png")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("set_id={set}", [1, 2, 3, 5]),
        ("character_id={ann}", [3, 4, 5]),
        ("project_id={project}", [1, 2, 3, 4, 5]),
        ("set_id={set}&character_id={ann}", [3, 5]),
        ("set_id={set}&character_id=ALL", [1, 2, 3, 5]),
        ("character_id=UNASSIGNED", [1, 2, 6, 7, 8]),
        ("project_id=UNASSIGNED", [6, 7, 8]),
        ("set_id={set}&character_id=UNASSIGNED", [1, 2]),
        ("set_id={other}", []),
    ],
)
def test_where_pictures_belong(still: Desk, query: str, expected: list[int]) -> None:
    asked = query.format(set=still.set, other=still.other, ann=still.ann, project=still.project)
    assert still.ids(f"fields=grid&sort=IMPORTED_AT&descending=false&{asked}") == expected
    assert still.ids(f"{asked}&limit=1&descending=false") == expected[:1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("min_score=4", [4]),
        ("max_score=4&set_id={set}", [1, 2, 3, 5]),
        ("unscored=true&character_id={ann}", [3, 5]),
        ("format=PNG&min_score=1", [4]),
        ("format=JPEG&format=WEBP", []),
        ("tag=a%20cat&tag=dog", [2]),
        ("tag=a%20cat&character_id=UNASSIGNED", [1, 2]),
        ("rejected_tag=dog", [1]),
        ("tag_confidence_above=dog:0.5", []),
        ("comfyui_model=none%22%20such", []),
        ("face_filter=with_face", []),
        ("face_filter=without_face&min_score=1", [4]),
        ("stack_state=stacked", []),
        ("smart_score_bucket=4-5", []),
        ("smart_score_bucket=Unscored&min_score=1", [4]),
    ],
)
def test_what_narrows_a_list(still: Desk, query: str, expected: list[int]) -> None:
    asked = query.format(set=still.set, ann=still.ann)
    assert still.ids(f"fields=grid&sort=IMPORTED_AT&descending=false&{asked}") == expected


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("fields=grid&smart_score_bucket=3", "smart_score_bucket is one of unscored, 1-2"),
        ("min_score=good", "a number from 0 to 5"),
        ("tag_confidence_above=dog", "how sure the engine is"),
        ("tag_confidence_above=dog:very", "how sure the engine is"),
        ("tag_confidence_below=dog:1.5", "how sure the engine is"),
        ("face_filter=maybe", "with_face, without_face"),
    ],
)
def test_what_cannot_be_asked_is_said(still: Desk, query: str, why: str) -> None:
    answer = still.peer.get(f"/pictures?{query}")
    assert answer.status == 400 and why in answer.json["detail"], answer


def test_text_in_pictures(desk: Desk) -> None:
    read = {1: ["EXIT"], 2: ["a page of text"] * 40, 3: []}
    texts.read(desk.served.library, "reader", read)
    rows = desk.peer.get("/pictures?fields=grid&sort=TEXT_CONTENT&descending=true").json
    assert [row["id"] for row in rows[:2]] == [2, 1]
    scores = {row["id"]: row["text_score"] for row in rows}
    assert 0.5 < scores[2] < 1 and 0 < scores[1] < 0.1 and scores[3] == 0 and scores[4] is None
    assert desk.ids("fields=grid&sort=TEXT_CONTENT&descending=false")[-2:] == [1, 2]
    assert desk.peer.get("/pictures/1/metadata").json["text_score"] == scores[1]
    (row,) = desk.peer.get("/pictures/search?query=exit&threshold=0&sort=TEXT_CONTENT&limit=1").json
    assert (row["id"], row["text_score"]) == (1, scores[1])
    peer = desk.served.scoped()
    assert {row["id"]: row["text_score"] for row in peer.get("/pictures?sort=TEXT_CONTENT").json} == {
        id: scores[id] for id in desk.served.mine
    }


def test_our_own_lists_stay_ours(still: Desk) -> None:
    assert "original_file_name" not in still.peer.get("/pictures?sort=-created").json[0]
    assert still.peer.get("/pictures?sort=score&limit=1").json[0]["name"]
    assert {"pictures", "icon"} <= set(still.peer.get("/characters").json[0])


@pytest.mark.parametrize(
    "query",
    [
        "fields=grid&sort=LIKENESS_GROUPS",
        "fields=grid&offset=-1",
        "fields=grid&limit=-1",
        "fields=grid&limit=x",
        "set_id=x",
        "set_id=-1",
        "character_id=SCRAP",
        "project_id=1%20OR%201",
    ],
)
def test_what_cannot_be_listed(still: Desk, query: str) -> None:
    answer = still.peer.get(f"/pictures?{query}")
    assert answer.status == 400 and answer.json["detail"]


def test_what_is_not_there(still: Desk) -> None:
    for noun in ("project", "set", "character"):
        answer = still.peer.get(f"/pictures?{noun}_id=999")
        assert (answer.status, answer.json["detail"]) == (404, f"There is no such {noun}.")
    for path in ("/picture_sets/999", "/picture_sets/999/members", "/characters/999/reference_pictures"):
        assert still.peer.get(path).status == 404
    assert still.peer.get("/characters?project_id=999").status == 404


def test_loaders_list_sets_characters_and_projects(still: Desk) -> None:
    assert [one["key"] for one in still.peer.get("/sort_mechanisms").json] == [*MECHANISMS, LIKENESS]
    assert next(iter(MECHANISMS)) == "IMPORTED_AT"
    (project,) = still.peer.get("/projects").json
    assert (project["id"], project["name"]) == (still.project, "Trips")
    first, second = still.peer.get("/picture_sets").json
    assert first == {
        "id": still.set,
        "name": "Harbour",
        "picture_count": 4,
        "set_icon": "anchor",
        "set_color": "#112233",
        "locked": False,
        "description": "boats",
        "reference_character": None,
    }
    assert second["name"] == "Other" and still.peer.get(f"/picture_sets/{still.set}").json == first

    def names(path: str) -> list[str]:
        return [one["name"] for one in still.peer.get(path).json]

    assert names(f"/picture_sets?project_id={still.project}") == ["Harbour"]
    assert names("/picture_sets?project_id=UNASSIGNED") == ["Other"]
    assert names("/characters") == ["Ann", "Bob"]
    assert names(f"/characters?project_id={still.project}") == ["Ann"]
    assert names("/characters?project_id=UNASSIGNED") == ["Bob"]
    assert names("/characters?project_id=ALL") == ["Ann", "Bob"]


def test_members_and_faces(desk: Desk) -> None:
    peer, client = desk.peer, desk.served.client
    assert peer.get(f"/picture_sets/{desk.set}/members").json == {"picture_ids": [1, 2, 3, 5]}
    assert peer.post(f"/picture_sets/{desk.set}/members", {"picture_ids": [5, 6]}).json == {
        "added": 1,
        "status": "success",
    }
    assert client.set_members(desk.set).ids == [1, 2, 3, 5, 6]
    assert peer.get(f"/characters/{desk.ann}/reference_pictures").json["reference_picture_ids"][0] == 4
    said = peer.post(f"/characters/{desk.ann}/faces", {"picture_ids": [5, 7]})
    assert said.json == {
        "character_id": desk.ann,
        "face_ids": [],
        "already_assigned_ids": [5],
        "status": "success",
    }
    again = peer.post(f"/characters/{desk.ann}/faces", {"picture_ids": [5, 7]})
    assert again.status == 200 and again.json["already_assigned_ids"] == [5, 7]
    library = desk.served.library
    find(library, {8: [face(place(0), VECTOR)], 2: [face(place(0), VECTOR), face(place(1), VECTOR)]})
    (only,) = library.picture_faces(OWNER, 8)
    said = peer.post(f"/characters/{desk.ann}/faces", {"picture_ids": [8, 2, 6]})
    assert said.status == 200, said.json
    assert said.json["face_ids"] == [only.id] and said.json["already_assigned_ids"] == []
    assert library.picture_faces(OWNER, 8)[0].name == "Ann"
    assert [one.name for one in library.picture_faces(OWNER, 2)] == [None, None]  # which of them nobody said
    assert {2, 6, 8} <= set(client.character_members(desk.ann).ids)
    assert library.undo(OWNER).sentence == "Undone: 1 face is Ann; 2 pictures show Ann"  # one request is one step
    assert not {2, 6, 8} & set(client.character_members(desk.ann).ids)
    library.redo(OWNER)
    assert {2, 6, 8} <= set(client.character_members(desk.ann).ids)
    again = peer.post(f"/characters/{desk.ann}/faces", {"picture_ids": [8]})
    assert again.json["face_ids"] == [] and again.json["already_assigned_ids"] == [8]
    client.edit_set(desk.set, EditSet(locked=True))
    locked = peer.post(f"/picture_sets/{desk.set}/members", {"picture_ids": [8]})
    assert locked.status == 423 and "Harbour" in locked.json["detail"]
    for body in ({"picture_ids": ["x"]}, {}, {"picture_ids": [99999]}):
        assert peer.post(f"/picture_sets/{desk.other}/members", body).status in (400, 404)


def test_a_scoped_reader_is_listed_its_own(still: Desk) -> None:
    mine = still.served.mine
    groups = frozenset({("set", still.set), ("character", still.ann), ("project", still.project)})
    reader = Reader("share:test", "read", Scope(mine, groups))
    peer = bearer(still.served.url, still.served.library.access.lend(reader))
    assert set(still.ids("fields=grid", peer)) == mine == {1, 2, 3}
    assert still.ids(f"set_id={still.set}&character_id={still.ann}", peer) == [3]
    assert still.ids(f"project_id={still.project}&sort=IMPORTED_AT&descending=false&limit=2", peer) == [1, 2]
    assert [one["id"] for one in peer.get("/picture_sets").json] == [still.set]
    assert peer.get(f"/picture_sets/{still.set}").json["picture_count"] == 3
    assert peer.get(f"/picture_sets/{still.set}/members").json == {"picture_ids": [1, 2, 3]}
    assert peer.get(f"/characters/{still.ann}/reference_pictures").json == {"reference_picture_ids": [3]}
    hidden = [
        f"/pictures?set_id={still.other}",
        f"/picture_sets/{still.other}",
        f"/picture_sets/{still.other}/members",
        f"/characters/{still.bob}/reference_pictures",
    ]
    for path in hidden:
        foreign, absent = peer.get(path), peer.get(path.replace(f"{still.other}", "999").replace(f"{still.bob}", "999"))
        assert (foreign.status, foreign.body) == (absent.status, absent.body) and foreign.status == 404, path
    for path, body in (
        (f"/picture_sets/{still.set}/members", {"picture_ids": [1]}),
        (f"/characters/{still.ann}/faces", {"picture_ids": [1]}),
    ):
        assert peer.post(path, body).status == 403


def test_every_row_reads_or_writes_as_it_says() -> None:
    routes = (*pictures.ROUTES, *collections.ROUTES)
    rights: dict[str, Any] = {route.method: set() for route in routes}
    for route in routes:
        rights[route.method].add(route.right)
    assert rights == {"GET": {"read"}, "POST": {"write"}, "PATCH": {"write"}}


def test_sets_and_characters_are_moved_between_projects(empty: Served) -> None:
    library, peer = empty.library, bearer(empty.url, empty.token("write"))
    one, two = (library.create_project(OWNER, Create(name=name)).id for name in ("One", "Two"))
    for path, made in (
        ("/picture_sets", library.create_set(OWNER, Create(name="Harbour")).id),
        ("/characters", library.create_character(OWNER, Create(name="Ann")).id),
    ):

        def within(project: int, path: str = path) -> list[int]:
            return [row["id"] for row in peer.get(f"{path}?project_id={project}").json]

        for project, others in ((one, two), (two, one)):
            assert peer.ask("PATCH", f"{API}{path}/{made}", {"project_id": project}).status == 200
            assert (within(project), within(others)) == ([made], [])
        changed = {"project_id": None, "name": "Renamed"}
        assert peer.ask("PATCH", f"{API}{path}/{made}", changed).status == 200
        assert (within(one), within(two)) == ([], [])
        assert "Renamed" in [row["name"] for row in peer.get(path).json]
        assert peer.ask("PATCH", f"{API}{path}/{made}", {"project_id": 99}).status == 404
        assert peer.ask("PATCH", f"{API}{path}/99", {"project_id": one}).status == 404
        assert peer.ask("PATCH", f"{API}{path}/{made}", {"name": "Alone"}).status == 200
    described = peer.ask("PATCH", f"{API}/picture_sets/1", {"description": "By the sea"}).json
    assert (described["name"], described["description"]) == ("Alone", "By the sea")

"""Searches by nodes and chats written for the public PixlStash: by words, pictures, faces, and characters' gates."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import engined
import pytest
from engined import Engined
from libraries import add, finish, invented
from PIL import Image
from web.asking import Answer, Peer, bearer
from web.conftest import OWNER, Served, serving

from pixlstash_compat.search import share
from pixlstash_core.library import Library
from pixlstash_core.types import AssignFaces, Create, Reader, RunEngine, Scope, ScorePictures, Selection

RED, GREEN, BLUE, BLACK = (200, 30, 30), (30, 200, 30), (30, 30, 200), (0, 0, 0)
BOUNDARY = "a-boundary"


class Desk:
    def __init__(self, desk: Engined, served: Served) -> None:
        self.library, self.served, self.peer = desk.library, served, served.local
        self.ids = desk.take_in(6)
        for engine in ("odd/meaning", "odd/heads"):
            assert finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine=engine))).state == "done"

    def send(
        self,
        path: str,
        *colours: Any,
        peer: Peer | None = None,
        fields: Mapping[str, str] = {},
        **query: Any,
    ) -> Answer:
        """A form with a PNG of each colour, as `requests` sends it."""
        parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
        for n, colour in enumerate(colours):
            data = colour if isinstance(colour, bytes) else png(colour)
            parts.append((f'name="files"; filename="query_{n}.png"', data))
        body = b"".join(
            f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
            for head, data in parts
        )
        asked = f"/pictures/{path}?{urlencode(query, doseq=True)}"
        if not parts:
            return (peer or self.peer).post(asked)
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return (peer or self.peer).post(asked, body + f"--{BOUNDARY}--\r\n".encode(), headers)

    def words(self, query: str) -> list[int]:
        return [row["id"] for row in self.peer.get(f"/pictures/search?query=red&threshold=0&{query}").json]


def png(colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (90, 70), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = engined.make(open_library, tmp_path, monkeypatch)
    with serving(made.library) as one:
        yield Desk(made, one)


def test_by_words(desk: Desk) -> None:
    ids = desk.ids
    rows = desk.peer.get("/pictures/search?query=something+red&limit=2&threshold=0.3").json
    assert {row["id"] for row in rows} == {ids[0], ids[3]}
    assert set(rows[0]) >= {"id", "format", "width", "score", "likeness_score", "created_at", "original_file_name"}
    assert all(0.3 <= row["likeness_score"] <= 1 for row in rows)
    both = desk.words("")
    assert desk.words("limit=1") == both[:1] and desk.words("offset=1&limit=1") == both[1:2]
    assert desk.words("sort=IMPORTED_AT") == sorted(both, reverse=True)
    mine = desk.served.client.create_set(Create(name="Mine")).id
    desk.served.client.add_to_set(mine, Selection(ids=ids[1:3]))
    assert set(desk.words(f"set_id={mine}")) == set(ids[1:3])
    for bad in ("query=", "query=+", "query=x&threshold=2", "query=x&sort=NO", "query=x&set_id=no"):
        assert desk.peer.get(f"/pictures/search?{bad}").status == 400, bad
    assert desk.peer.get("/pictures/search").status == 400


def test_by_pictures(desk: Desk) -> None:
    ids = desk.ids
    answer = desk.send("likeness-search", GREEN, top_n=2)
    assert answer.status == 200 and [set(row) for row in answer.json] == [{"picture_id", "likeness"}] * 2
    assert {row["picture_id"] for row in answer.json} == {ids[1], ids[4]} and answer.json[0]["likeness"] > 0.99
    two = desk.send("likeness-search", RED, GREEN, combine="max", top_n=4).json
    assert {row["picture_id"] for row in two} == {ids[0], ids[1], ids[3], ids[4]}
    for combine in ("mean", "min", "harmonic_mean", "geometric_mean"):
        rows = desk.send("likeness-search", RED, GREEN, combine=combine, top_n=6).json
        assert len(rows) == 6 and [row["likeness"] for row in rows] == sorted(
            (row["likeness"] for row in rows), reverse=True
        )
    stored = desk.peer.post(f"/pictures/likeness-search?source_picture_id={ids[2]}&top_n=2").json
    assert {row["picture_id"] for row in stored} == {ids[2], ids[5]} and stored[0]["likeness"] > 0.999
    several = desk.peer.post(f"/pictures/likeness-search?source_picture_ids={ids[0]}&source_picture_ids={ids[1]}").json
    assert len(several) == 6
    drawn = desk.send("likeness-search", RED, top_n=1, pool_m=3, random="true").json
    assert len(drawn) == 1
    assert len(desk.send("likeness-search", RED, threshold=0.95).json) == 2
    assert desk.library.info(OWNER).pictures == 6
    bad = [
        desk.send("likeness-search", RED, combine="often"),
        desk.send("likeness-search", b"no picture"),
        desk.send("likeness-search"),
        desk.send("likeness-search", RED, top_n=501),
    ]
    assert [answer.status for answer in bad] == [400] * 4, bad


def test_by_faces(desk: Desk) -> None:
    ids, client = desk.ids, desk.served.client
    rows = desk.send("face-search", BLUE, top_n=2).json
    assert {row["picture_id"] for row in rows} == {ids[2], ids[5]} and all(row["face_id"] for row in rows)
    face = client.picture_faces(ids[0])[0].id
    assert {row["picture_id"] for row in desk.send("face-search", source_face_id=face, top_n=2).json} == {
        ids[0],
        ids[3],
    }
    ann = client.assign_faces(AssignFaces(faces=[face or 0], name="Ann")).id
    found = desk.send("face-search", source_character_id=ann, top_n=2, exclude_character_id=ann).json
    assert ids[0] not in {row["picture_id"] for row in found} and found[0]["picture_id"] == ids[3]
    assert desk.send("face-search", BLACK).status == 422
    assert desk.send("face-search", RED, source_picture_id=ids[0]).status == 400


def test_what_narrows_a_search(desk: Desk) -> None:
    ids, client = desk.ids, desk.served.client
    first, second = (client.create_set(Create(name=name)).id for name in ("First", "Second"))
    client.add_to_set(first, Selection(ids=[*ids[:3], ids[5]]))
    client.add_to_set(second, Selection(ids=ids[2:4]))
    nothing = client.create_set(Create(name="Nothing")).id
    client.score(ScorePictures(ids=ids[:2], score=4))
    client.add_to_character(ann := client.create_character(Create(name="Ann")).id, Selection(ids=ids[1:4]))
    named = frozenset({("set", first), ("set", second), ("character", ann)})
    guest = bearer(
        desk.served.url, desk.library.access.lend(Reader("share:x", "read", Scope(frozenset(ids[:3]), named)))
    )
    both = [first, second]
    cases: list[tuple[dict[str, Any], set[int]]] = [
        ({"set_ids": both}, {*ids[:4], ids[5]}),
        ({"set_ids": both, "set_mode": "intersection"}, {ids[2]}),
        ({"set_ids": both, "set_mode": "difference", "base_set_id": second}, {ids[3]}),
        ({"set_ids": both, "set_mode": "xor"}, {ids[0], ids[1], ids[3], ids[5]}),
        ({"set_ids": both, "character_ids": ann}, set(ids[1:4])),
        ({"set_id": first, "character_id": "UNASSIGNED", "unscored": "true"}, {ids[5]}),
        ({"set_id": nothing}, set()),
        ({"min_score": 4, "format": ["PNG", "WEBP"]}, set(ids[:2])),
        ({"id": [ids[1], ids[4]]}, {ids[1], ids[4]}),
        ({"tag": "none"}, set()),
        ({"stack_state": "stacked"}, set()),
        ({"include_reference_scores": "true", "set_id": second}, set(ids[2:4])),
    ]
    for peer, seen in ((desk.peer, set(ids)), (guest, set(ids[:3]))):
        for query, expected in cases:
            if peer is guest and query.get("set_id") == nothing:
                continue
            for path in ("likeness-search", "face-search"):
                answer = desk.send(path, RED, peer=peer, **query)
                assert answer.status == 200, answer
                assert {row["picture_id"] for row in answer.json} == expected & seen, (path, query)
            answer = peer.get(f"/pictures/search?{urlencode({'query': 'red', 'threshold': 0, **query}, doseq=True)}")
            assert {row["id"] for row in answer.json} == expected & seen, query
    # The best of what is left, not what is left of the best.
    assert [row["picture_id"] for row in desk.send("likeness-search", RED, set_ids=second, top_n=1).json] == [ids[3]]
    found = desk.send("face-search", GREEN, exclude_character_id=ann, top_n=1).json
    assert [row["picture_id"] for row in found] == [ids[4]]
    assert desk.send("likeness-search", RED, set_ids=999).status == 404
    assert desk.send("likeness-search", RED, peer=guest, set_ids=nothing).status == 404


def test_a_gate_of_a_character(desk: Desk) -> None:
    ids, client = desk.ids, desk.served.client
    ann = client.assign_faces(AssignFaces(faces=[client.picture_faces(ids[0])[0].id or 0], name="Ann")).id
    fields = {"reference_character_id": str(ann), "combine": "mean"}
    reader = Reader("token:read", "read")
    for peer in (desk.peer, bearer(desk.served.url, desk.library.access.lend(reader))):
        answer = desk.send("score_character_likeness", RED, BLUE, BLACK, peer=peer, fields=fields)
        assert answer.status == 200, answer
        first, second, third = answer.json["results"]
        assert first["character_likeness"] > 0.99 > second["character_likeness"] and first["eligible"]
        assert third == {"index": 2, "character_likeness": None, "eligible": False}
    assert desk.send("score_character_likeness", RED, fields={"reference_character_id": "999"}).status == 404
    assert desk.send("score_character_likeness", RED).status == 400
    assert desk.peer.get(f"/characters/{ann}/reference_pictures").json == {"reference_picture_ids": [ids[0]]}


def test_a_search_without_a_text_engine_keeps_to_its_threshold(open_library: Callable[..., Library]) -> None:
    """Pictures that have only "a" or "by" in common with the query are not found, and do not fill up the limit."""
    library = open_library()
    prompts = ["a red car by the sea", "a red house", "a dog by a tree", "by a lake", "a cat"]
    ids = add(library, *(invented(n, prompt=text) for n, text in enumerate(prompts)))
    with serving(library) as served:

        def rows(query: str, **more: Any) -> dict[int, float]:
            answer = served.local.get(f"/pictures/search?{urlencode({'query': query, **more})}")
            assert answer.status == 200, answer
            return {row["id"]: row["likeness_score"] for row in answer.json}

        everything = rows("a red car by a hut", threshold=0)
        assert list(everything) == ids[:2]  # although the others have "a" or "by"
        assert all(0 < one < 1 for one in everything.values())
        least = min(everything.values())
        assert rows("a red car by a hut", threshold=least) == everything
        assert list(rows("a red car by a hut", threshold=least + 1e-5)) == ids[:1]
        assert rows("a red car by a hut", threshold=0.9) == {}
        assert len(rows("a red car by a hut", threshold=0, limit=1)) == 1


def test_before_anything_was_looked_at(served: Served) -> None:
    assert served.local.post("/pictures/likeness-search?source_picture_id=1").status == 503
    assert served.local.post("/pictures/face-search?source_picture_id=1").status == 503
    rows = served.local.get("/pictures/search?query=canary3").json
    assert [row["id"] for row in rows] == [3]


def test_within_a_scope(desk: Desk) -> None:
    ids = desk.ids
    peer = bearer(desk.served.url, desk.library.access.lend(Reader("share:x", "read", Scope(frozenset(ids[:2])))))
    assert {row["id"] for row in peer.get("/pictures/search?query=blue&threshold=0").json} <= set(ids[:2])
    assert {row["picture_id"] for row in desk.send("likeness-search", BLUE, peer=peer).json} == set(ids[:2])
    assert {row["picture_id"] for row in desk.send("face-search", BLUE, peer=peer).json} == set(ids[:2])
    assert peer.post(f"/pictures/likeness-search?source_picture_id={ids[4]}").status == 404
    assert peer.post("/pictures/face-search?source_character_id=1").status == 400


def test_a_source_picture_that_is_not_there(desk: Desk) -> None:
    for query in ("source_picture_id=99999", f"source_picture_ids={desk.ids[0]}&source_picture_ids=99999"):
        assert desk.peer.post(f"/pictures/likeness-search?{query}").status == 404


def test_likeness_is_at_most_one() -> None:
    assert [share(value) for value in (1.0000002, 1.0, 0.4999996, None)] == [1.0, 1.0, 0.5, 0.0]


def test_sorted_by_likeness_to_a_character(desk: Desk) -> None:
    """The most similar face first, in parts as in a whole, and narrowed."""
    face = desk.library.picture_faces(OWNER, desk.ids[0])[0].id
    ann = desk.library.assign_faces(OWNER, AssignFaces(faces=[face], name="Ann")).id
    asked = f"sort=CHARACTER_LIKENESS&reference_character_id={ann}&fields=grid"
    listed = [row["id"] for row in desk.peer.get(f"/pictures?{asked}").json]
    assert listed and listed == desk.library.find(OWNER, f"face:character:{ann} top:all").ids
    parts = [desk.peer.get(f"/pictures?{asked}&limit=1&offset={n}").json for n in range(len(listed))]
    assert [rows[0]["id"] for rows in parts] == listed
    desk.library.score(OWNER, ScorePictures(ids=listed[-1:], score=5))
    assert [row["id"] for row in desk.peer.get(f"/pictures?{asked}&min_score=5").json] == listed[-1:]
    assert desk.peer.get("/pictures?sort=CHARACTER_LIKENESS").status == 400
    assert desk.peer.get("/pictures?sort=CHARACTER_LIKENESS&reference_character_id=99").status == 404
    assert "CHARACTER_LIKENESS" in {row["key"] for row in desk.peer.get("/sort_mechanisms").json}

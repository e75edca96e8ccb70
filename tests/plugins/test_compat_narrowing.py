"""What clients of the public PixlStash narrow by means the same in lists, counts and searches, and to every reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

import pytest
from web.asking import Peer, bearer
from web.conftest import COUNT, Served, fill, serving

from pixlstash_compat.filters import KEYS, REFUSED
from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, Create, DropOnProject, Reader, Scope, ScorePictures, Selection, StackPictures

THROWN = COUNT
LIVE = frozenset(range(1, COUNT)) - {8}  # 8 lies beneath 7
SETS = [frozenset({1, 2, 3, 5}), frozenset({2, 3, 6, 7}), frozenset({3, 4, 7, THROWN})]
CHARACTERS = [frozenset({3, 4, 5}), frozenset({1, 5, 7, THROWN}), frozenset({2, 3, 7})]
MODES = ["union", "overlap", "intersection", "difference", "unique", "xor"]
MINE = frozenset({1, 2, 3, 4, 5})


def together(mode: str, sets: Sequence[frozenset[int]]) -> set[int]:
    """Plain set arithmetic, picture by picture."""
    counts = Counter(id for one in sets for id in one)
    if mode == "difference":
        return {id for id in sets[0] if counts[id] == 1}
    wanted = {"overlap": {len(sets)}, "intersection": {len(sets)}, "unique": {1}, "xor": {1}}
    return {id for id, count in counts.items() if count in wanted.get(mode, {1, 2, 3})}


class Desk:
    def __init__(self, served: Served) -> None:
        client = served.client
        self.served = served
        self.sets = [client.create_set(Create(name=f"Set {n}")).id for n in range(len(SETS))]
        self.characters = [client.create_character(Create(name=f"Who {n}")).id for n in range(len(CHARACTERS))]
        self.hidden = client.create_set(Create(name="Hidden")).id
        client.restore(Selection(ids=[THROWN]))
        for id, ids in zip(self.sets, SETS, strict=True):
            client.add_to_set(id, Selection(ids=sorted(ids)))
        for id, ids in zip(self.characters, CHARACTERS, strict=True):
            client.add_to_character(id, Selection(ids=sorted(ids)))
        client.delete(Selection(ids=[THROWN]))
        self.project = client.create_project(Create(name="Trips")).id
        client.drop_on_project(self.project, DropOnProject(sets=self.sets[:1]))
        client.stack(StackPictures(ids=[7, 8], leader=7))
        client.score(ScorePictures(ids=[4, 5], score=5))
        client.add_tags(AddTags(ids=[2, 5], tags=["cat"]))
        named = {("set", id) for id in self.sets} | {("character", id) for id in self.characters}
        self.scope = Scope(MINE, frozenset(named | {("project", self.project)}))

    @property
    def owner(self) -> Peer:
        return self.served.local

    @property
    def guest(self) -> Peer:
        return bearer(self.served.url, self.served.library.access.lend(Reader("share:test", "read", self.scope)))

    def found(self, peer: Peer, query: str) -> set[int]:
        """What the list, the count and the search agree upon."""
        listed, counted = peer.get(f"/pictures?sort=IMPORTED_AT&{query}"), peer.get(f"/pictures/count?{query}")
        searched = peer.get(f"/pictures/search?query=shore&{query}")
        assert {listed.status, counted.status, searched.status} == {200}, (listed, counted, searched)
        ids = [one["id"] for one in listed.json]
        assert sorted(ids) == sorted(one["id"] for one in searched.json)
        assert counted.json == {"count": len(ids), "total": len(ids)} and len(set(ids)) == len(ids)
        return set(ids)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Nothing here changes it."""
    folder = tmp_path_factory.mktemp("narrowing")
    Library.create(folder / "library", name="Narrowing")
    with Library.open(folder / "library") as library, serving(library, fill(library, folder)) as served:
        yield Desk(served)


def repeated(key: str, ids: Sequence[int]) -> str:
    return "&".join(f"{key}={id}" for id in ids)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("noun", "held"), [("set", SETS), ("character", CHARACTERS)])
def test_several_go_together(desk: Desk, noun: str, held: list[frozenset[int]], mode: str) -> None:
    known = getattr(desk, f"{noun}s")
    for count in (1, 2, 3):
        for chosen in permutations(range(3), count):
            asked = f"{repeated(f'{noun}_ids', [known[n] for n in chosen])}&{noun}_mode={mode}"
            expected = together(mode, [held[n] for n in chosen])
            assert desk.found(desk.owner, asked) == expected & LIVE, asked
            assert desk.found(desk.guest, asked) == expected & MINE, asked
    thrown = f"{repeated(f'{noun}_ids', known)}&{noun}_mode={mode}&only_deleted=true"
    assert desk.found(desk.owner, thrown) == together(mode, held) & {THROWN}


def test_what_several_mean_without_a_mode(desk: Desk) -> None:
    first, second, third = desk.sets
    everything = desk.found(desk.owner, repeated("set_ids", [first, second]))
    assert everything == (SETS[0] | SETS[1]) & LIVE
    twice = f"set_ids={first}&set_ids={first}&set_mode="
    assert desk.found(desk.owner, twice + "xor") == desk.found(desk.owner, twice + "difference") == SETS[0]
    for peer, seen in ((desk.owner, LIVE), (desk.guest, MINE)):
        asked = f"{repeated('set_ids', desk.sets)}&set_mode=difference&base_set_id={third}"
        assert desk.found(peer, asked) == (SETS[2] - SETS[0] - SETS[1]) & seen


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("set_ids={0}&set_ids={1}&set_mode=xor&character_ids={a}&character_ids={b}", {1, 5, 7}),
        ("set_id={0}&set_ids={1}", {2, 3}),
        ("set_id={0}&character_ids={a}&character_ids={b}&character_mode=overlap", {5}),
        ("set_ids={1}&character_id=UNASSIGNED", {6}),
        ("character_ids={b}&set_id=UNASSIGNED", set()),
        ("set_ids={1}&set_ids={2}&project_id={project}", {2, 3}),
        ("project_id=UNASSIGNED&set_ids={1}", {6, 7}),
        ("set_ids={0}&set_id=ALL&character_id=ALL&project_id=ALL", {1, 2, 3, 5}),
        ("set_ids={0}&min_score=5", {5}),
        ("set_ids={0}&unscored=true&tag=cat", {2}),
        ("set_ids={0}&unscored=0&max_score=0", {1, 2, 3}),
        ("set_ids={0}&format=PNG&format=WEBP&comfyui_model=none", set()),
        ("set_ids={0}&comfyui_lora=none", set()),
        ("tag_confidence_above=cat:0.5", set()),
        ("tag_confidence_below=cat:0.5", set()),
        ("face_filter=with_face", set()),
        ("stack_state=stacked", {7, 8}),
        ("stack_state=unstacked&set_ids={1}", {2, 3, 6}),
        ("id=1&id=6&id=6&id=999", {1, 6}),
        ("id=1&id=8", {1, 8}),
        ("id=1&id=8&fields=grid", {1}),
        ("id=1&id=4&set_ids={0}", {1}),
        ("id=4&id=8&set_id=UNASSIGNED", {8}),
        ("only_deleted=false&set_ids={2}", {3, 4, 7}),
    ],
)
def test_all_of_it_must_hold(desk: Desk, query: str, expected: set[int]) -> None:
    names = {"project": desk.project, "a": desk.characters[0], "b": desk.characters[1]}
    asked = query.format(*desk.sets, **names)
    assert desk.found(desk.owner, asked) == expected
    assert desk.found(desk.guest, asked) == expected & MINE


def test_the_scrapheap(desk: Desk) -> None:
    assert desk.found(desk.owner, "only_deleted=True") == desk.found(desk.owner, "character_id=SCRAPHEAP") == {THROWN}
    assert desk.found(desk.owner, f"id={THROWN}&id=1&only_deleted=1") == {THROWN}
    for noun in ("set", "character"):  # it is in one
        assert desk.found(desk.owner, f"only_deleted=true&{noun}_id=UNASSIGNED") == set()
    assert desk.found(desk.owner, "only_deleted=true&project_id=UNASSIGNED") == {THROWN}
    assert desk.found(desk.guest, "only_deleted=true") == set()
    answer = desk.guest.get(f"/pictures?only_deleted=true&set_ids={desk.sets[0]}")
    assert answer.status == 400 and "Of a share" in answer.json["detail"]


def test_lists_are_paged_and_ordered_as_ever(desk: Desk) -> None:
    asked = f"set_ids={desk.sets[0]}&set_ids={desk.sets[1]}&sort=IMPORTED_AT&descending=false"
    for peer, expected in ((desk.owner, [1, 2, 3, 5, 6, 7]), (desk.guest, [1, 2, 3, 5])):
        rows = [peer.get(f"/pictures?{asked}&offset={at}&limit=2").json for at in range(0, 8, 2)]
        assert [one["id"] for page in rows for one in page] == expected
        searched = peer.get(f"/pictures/search?query=shore&{asked}&offset=1&limit=2").json
        assert [one["id"] for one in searched] == expected[1:3]
        counted = peer.get(f"/pictures/count?{asked}&offset=1&limit=2&fields=grid").json
        assert counted["count"] == len(expected)


def test_both_kinds_of_clients_count(desk: Desk) -> None:
    assert desk.owner.get("/pictures/count").json == {"count": len(LIVE), "total": len(LIVE)}
    assert desk.owner.get("/pictures/count?q=score:5").json == {"total": 2}
    assert desk.owner.get("/pictures/count?veil=true").json == {"total": len(LIVE)}
    assert desk.served.client.count().total == len(LIVE)
    mixed = desk.owner.get("/pictures/count?q=score:5&min_score=5")
    assert mixed.status == 400 and "alone" in mixed.json["detail"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("set_ids=1&set_mode=most", "set_mode is one of union"),
        ("character_mode=most", "character_mode is one of union"),
        ("set_ids=1&set_mode=difference&base_set_id=2", "one of set_ids"),
        ("base_set_id=1", "one of set_ids"),
        ("set_ids=x", "set_ids takes numbers"),
        ("set_ids=-1", "set_ids takes numbers"),
        ("set_ids=ALL", "set_ids takes numbers"),
        ("character_ids=UNASSIGNED", "character_ids takes numbers"),
        (f"id={10**15}", "id takes numbers"),
        ("base_set_id=x&set_ids=1", "base_set_id takes numbers"),
        (repeated("set_ids", range(1, 102)), "At most 100 sets"),
        ("only_deleted=perhaps", "only_deleted is one of"),
        ("stack_state=unresolved", "stack_state is one of"),
        ("unheard=1&fields=grid", "listed by unheard: ask with q"),
        *((f"{key}=1&fields=grid", f"listed by {key}: {why}") for key, why in REFUSED.items()),
    ],
)
def test_what_cannot_be_said_is_refused(desk: Desk, query: str, why: str) -> None:
    for peer in (desk.owner, desk.guest):
        asked = [peer.get(f"/pictures{path}{query}") for path in ("?", "/count?", "/search?query=shore&")]
        asked += [peer.post(f"/pictures/{path}-search?source_picture_id=1&{query}") for path in ("likeness", "face")]
        for answer in asked:
            assert answer.status == 400 and why in answer.json["detail"], answer


@pytest.mark.parametrize("key", ["set_id", "set_ids", "character_id", "character_ids", "project_id"])
def test_what_is_not_there(desk: Desk, key: str) -> None:
    noun = key.split("_")[0]
    for path in ("?", "/count?", "/search?query=shore&"):
        known: Any = {"set": desk.sets, "character": desk.characters, "project": [desk.project]}[noun][0]
        for more in ("", f"&{noun}_ids={known}" if noun != "project" else ""):
            answer = desk.owner.get(f"/pictures{path}{key}=999{more}")
            assert (answer.status, answer.json["detail"]) == (404, f"There is no such {noun}."), path


def test_a_share_says_nothing_of_what_it_does_not_name(desk: Desk) -> None:
    for path in ("?", "/count?", "/search?query=shore&"):
        for more in ("", f"&set_ids={desk.sets[0]}", "&id=1", "&set_mode=xor"):
            foreign = desk.guest.get(f"/pictures{path}set_ids={desk.hidden}{more}")
            absent = desk.guest.get(f"/pictures{path}set_ids=999{more}")
            assert (foreign.status, foreign.body) == (absent.status, absent.body) and foreign.status == 404
    assert desk.found(desk.guest, "id=1&id=6&id=8&id=999") == {1}
    assert desk.found(desk.guest, "character_id=UNASSIGNED") == set()
    assert desk.found(desk.guest, f"project_id=UNASSIGNED&set_ids={desk.sets[2]}") == {4}
    assert desk.found(desk.owner, "rejected_tag=cat") == set()
    answer = desk.guest.get("/pictures?rejected_tag=cat")
    assert answer.status == 400 and "Readers of a share" in answer.json["detail"]


def test_each_key_is_told_from_our_own(desk: Desk) -> None:
    for key in (*KEYS, *REFUSED):
        if key != "q":
            rows = desk.owner.get(f"/pictures?{key}=1")
            assert rows.status != 200 or all("original_file_name" in row for row in rows.json), key
            counted = desk.owner.get(f"/pictures/count?{key}=1")
            assert counted.status == rows.status and (rows.status != 200 or "count" in counted.json), key

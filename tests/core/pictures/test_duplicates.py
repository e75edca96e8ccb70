"""Duplicates: found by how they look, kept by rule, the keeper inherits, the others can come back; and emptying."""

from __future__ import annotations

import random
import time
from itertools import combinations
from typing import Any

import pytest
from libraries import DAY, add, check_derived, fill, invented, truth

from pixlstash_core import OWNER, Fact
from pixlstash_core.errors import Conflict, Forbidden, Invalid, Locked, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import (
    Create,
    DatePictures,
    DeletePictures,
    EditSet,
    EmptyScrapheap,
    HideAndBlur,
    NotDuplicates,
    PreviewEmpty,
    Reader,
    ResolveDuplicates,
    RestorePictures,
    Scope,
    ScorePictures,
    Selection,
)
from pixlstash_core.types.stacks import MOST, NEAR

BASE = 0x8C3A_51F0_96E2_4B7D


def flip(value: int, *bits: int) -> int:
    for bit in bits:
        value ^= 1 << bit
    return value


def alike(library: Library, *hashes: int, **given: Any) -> list[int]:
    """Pictures with these hashes, each larger than the one before."""
    readings = [
        invented(number, phash=phash, aspect=128, width=100 + number, height=100, **given)
        for number, phash in enumerate(hashes)
    ]
    return add(library, *readings)


def groups(library: Library, rule: Any = "larger", distance: int = 4) -> list[list[int]]:
    return library.duplicates(OWNER, rule, distance).groups


def test_variants_of_a_generated_picture_are_not_near(library: Library) -> None:
    """Another prompt or seed made another picture, however alike they look; a copy may have lost either."""

    def made(number: int, prompt: str | None, *seeds: str) -> Any:
        facts = tuple(Fact("Generation", "seed", "Seed", seed) for seed in seeds)
        return invented(number, phash=BASE, aspect=128, width=100 + number, prompt=prompt, facts=facts)

    def found(*readings: Any, distance: int = NEAR) -> list[list[int]]:
        ids = add(library, *readings)
        mine = [[ids.index(id) for id in group if id in ids] for group in groups(library, distance=distance)]
        library.delete(OWNER, DeletePictures(ids=ids))
        return [sorted(group) for group in mine if len(group) > 1]

    assert found(made(1, "a cat", "7"), made(2, "a cat", "7")) == [[0, 1]]
    assert found(made(3, "a cat", "7"), made(4, "a dog", "7")) == []
    assert found(made(5, "a cat", "7"), made(6, "a cat", "8")) == []
    assert found(made(7, "a cat", "7"), made(8, "a cat", "8"), distance=NEAR + 1) == [[0, 1]]
    assert found(made(9, "a cat", "7"), made(10, "a cat", "9", "7")) == [[0, 1]]  # enlarged with another seed
    assert found(made(11, "a cat", "7"), made(12, "a cat")) == [[0, 1]]
    assert found(made(13, "a cat", "7"), made(14, None)) == [[0, 1]]


def test_same_and_near(library: Library) -> None:
    far = BASE ^ 0xFFFF_0000_FFFF
    a, b, c, d, e = alike(library, BASE, BASE, flip(BASE, 3, 17, 40), flip(BASE, 1, 2, 3, 4, 5, 6), far)
    assert groups(library, distance=0) == [[b, a]]
    assert groups(library, distance=2) == [[b, a]]
    assert groups(library, distance=3) == [[c, b, a]]
    assert groups(library, distance=6) == [[d, b, a, c]] or groups(library, distance=6) == [[d, b, a]]
    found = library.duplicates(OWNER, distance=3)
    assert (found.total, found.pictures) == (1, 3) and e not in found.groups[0]
    library.delete(OWNER, DeletePictures(ids=[c]))
    assert groups(library, distance=3) == [[b, a]]


def test_the_sets_of_duplicates(library: Library) -> None:
    a, b, c, d = alike(library, BASE, BASE, BASE, BASE ^ 0xFFFF_0000_FFFF)
    trip = library.create_set(OWNER, Create(name="Trip")).id
    best = library.create_set(OWNER, Create(name="Best")).id
    library.add_to_set(OWNER, trip, Selection(ids=[a, b, d]))
    library.add_to_set(OWNER, best, Selection(ids=[b]))
    assert library.duplicates(OWNER).sets == {a: [trip], b: [trip, best]}
    library.resolve_duplicates(OWNER, ResolveDuplicates(groups=[[c, a, b]]))
    assert library.duplicates(OWNER).sets == {}


def test_under_the_veil_what_is_hidden_is_no_duplicate(library: Library) -> None:
    """And is not thrown away by who does not see it."""
    a, b, c, d, e = alike(library, BASE, BASE, BASE, ~BASE & (1 << 64) - 1, ~BASE & (1 << 64) - 1)
    library.score(OWNER, ScorePictures(ids=[c, d], score=1))
    library.set_veil(OWNER, HideAndBlur(hide="score:1", blur="width:101"))
    assert groups(library) == [[c, b, a], [e, d]]
    assert library.duplicates(OWNER, veil=True).groups == [[b, a]]
    assert library.preview_duplicates(OWNER, ResolveDuplicates(veil=True)).thrown == 1
    assert library.preview_duplicates(OWNER, ResolveDuplicates(groups=[[e, d]], veil=True)).thrown == 1
    library.resolve_duplicates(OWNER, ResolveDuplicates(veil=True))
    assert library.find(OWNER, "is:scrapheap").ids == [a]


def test_what_says_too_little_is_no_duplicate(library: Library) -> None:
    alike(library, 0, 0, 1, 1, (1 << 64) - 1, (1 << 64) - 1, 0b11111, 0b11111)
    assert groups(library) == []
    add(library, invented(50, phash=BASE, aspect=100), invented(51, phash=BASE, aspect=140))
    assert groups(library) == []  # another shape
    add(library, invented(52, phash=BASE, aspect=128, why="broken"), invented(53, phash=BASE, aspect=128))
    assert groups(library) == []  # nobody knows what it looks like
    assert library.duplicates(Reader("t", "read")).groups == []


def test_each_is_near_the_one_that_is_kept(library: Library) -> None:
    """In a chain of small steps, the ends are different pictures."""
    chain = [flip(BASE, *range(3 * step)) for step in range(5)]
    ids = alike(library, *chain)
    for group in groups(library, distance=3):
        keeper = chain[ids.index(group[0])]
        assert all((keeper ^ chain[ids.index(one)]).bit_count() <= 3 for one in group)


def test_all_pairs_are_found(rng: random.Random) -> None:
    """Against comparing everything with everything."""
    import numpy as np

    from pixlstash_core.pictures.duplicates import pairs

    for distance in range(MOST + 1):
        hashes = [rng.getrandbits(64) for _ in range(60)]
        hashes += [flip(one, *rng.sample(range(64), rng.randint(1, 10))) for one in hashes for _ in range(3)]
        hashes = list(dict.fromkeys(hashes))
        expected = {
            (a, b) for a, b in combinations(range(len(hashes)), 2) if (hashes[a] ^ hashes[b]).bit_count() <= distance
        }
        low, high = pairs(np.array(hashes, np.uint64), np.zeros(len(hashes), np.int64), distance)
        assert set(zip(low.tolist(), high.tolist(), strict=True)) == expected


def test_a_hundred_thousand_are_quick(rng: random.Random) -> None:
    import numpy as np

    from pixlstash_core.pictures.duplicates import pairs

    hashes = np.array([rng.getrandbits(64) for _ in range(90_000)] + [BASE] * 10_000, np.uint64)
    start = time.perf_counter()
    low, _ = pairs(hashes, np.zeros(len(hashes), np.int64), 4)
    assert len(low) >= 9_999
    assert time.perf_counter() - start < 10  # about one second where nothing else runs


@pytest.mark.parametrize("rule", ["larger", "score", "older", "set"])
def test_rules(library: Library, rule: str) -> None:
    ids = alike(library, BASE, BASE, BASE, BASE)
    smallest, second, third, largest = ids
    library.score(OWNER, ScorePictures(ids=[second], score=4))
    library.date(OWNER, DatePictures(ids=[third], shift=-100 * DAY // 1000))
    one = library.create_set(OWNER, Create(name="Harbour")).id
    library.add_to_set(OWNER, one, Selection(ids=[smallest]))
    expected = {"larger": largest, "score": second, "older": third, "set": smallest}[rule]
    found = groups(library, rule)
    assert found[0][0] == expected and sorted(found[0]) == ids


def test_the_keeper_inherits(library: Library) -> None:
    small, large = alike(library, BASE, BASE)
    one = library.create_set(OWNER, Create(name="Harbour")).id
    who = library.create_character(OWNER, Create(name="Ann")).id
    project = library.create_project(OWNER, Create(name="Trips")).id
    library.add_to_set(OWNER, one, Selection(ids=[small]))
    library.add_to_character(OWNER, who, Selection(ids=[small]))
    library.add_to_project(OWNER, project, Selection(ids=[small]))
    library.score(OWNER, ScorePictures(ids=[small], score=5))
    library.score(OWNER, ScorePictures(ids=[large], score=2))
    before = truth(library)
    preview = library.preview_duplicates(OWNER, ResolveDuplicates())
    assert (preview.kept, preview.thrown, preview.bytes) == (1, 1, 1000)
    assert preview.sentence == "1 picture kept, 1 picture moved to the scrapheap"
    assert truth(library) == before
    done = library.resolve_duplicates(OWNER, ResolveDuplicates())
    assert done.sentence == "1 duplicate of 1 picture moved to the scrapheap"
    assert library.find(OWNER).ids == [large] and library.picture(OWNER, large).score == 5
    for members in (library.set_members(OWNER, one), library.character_members(OWNER, who)):
        assert members.ids == [large]
    assert library.project_members(OWNER, project).ids == [large]
    check_derived(library)
    library.undo(OWNER)
    assert truth(library) == before
    check_derived(library)
    library.redo(OWNER)
    assert library.find(OWNER).ids == [large]


def test_a_higher_score_of_the_keeper_stays(library: Library) -> None:
    small, large = alike(library, BASE, BASE)
    library.score(OWNER, ScorePictures(ids=[small], score=1))
    library.score(OWNER, ScorePictures(ids=[large], score=3))
    library.resolve_duplicates(OWNER, ResolveDuplicates(groups=[[large, small]]))
    assert library.picture(OWNER, large).score == 3


def test_chosen_groups(library: Library) -> None:
    ids = alike(library, BASE, BASE, BASE)
    before = truth(library)
    for chosen, kind in (
        ([[ids[0]]], Invalid),
        ([[ids[0], ids[1]], [ids[1], ids[2]]], Invalid),
        ([[ids[0], ids[0]]], Invalid),
        ([[ids[0], 999]], NotFound),
    ):
        with pytest.raises(kind):
            library.resolve_duplicates(OWNER, ResolveDuplicates(groups=chosen))
    assert truth(library) == before
    library.resolve_duplicates(OWNER, ResolveDuplicates(groups=[[ids[0], ids[2]]]))
    with pytest.raises(Conflict, match="scrapheap"):
        library.resolve_duplicates(OWNER, ResolveDuplicates(groups=[[ids[0], ids[2]]]))
    assert groups(library) == [[ids[1], ids[0]]]
    one = library.create_set(OWNER, Create(name="Harbour")).id
    library.add_to_set(OWNER, one, Selection(ids=[ids[0]]))
    library.edit_set(OWNER, one, EditSet(locked=True))
    with pytest.raises(Locked, match="Harbour"):
        library.resolve_duplicates(OWNER, ResolveDuplicates())


def test_not_duplicates_is_remembered(library: Library) -> None:
    a, b, c = alike(library, BASE, BASE, BASE)
    done = library.not_duplicates(OWNER, NotDuplicates([c, a]))
    assert done.sentence == "2 pictures marked as not duplicates of each other"
    assert groups(library) == [[c, b]]
    library.not_duplicates(OWNER, NotDuplicates([c, b]))
    assert [sorted(one) for one in groups(library)] in ([[a, b]], [])
    library.undo(OWNER)
    library.undo(OWNER)
    assert groups(library) == [[c, b, a]]
    for ids, kind in (([a], Invalid), ([a, a], Invalid), ([a, 999], NotFound)):
        with pytest.raises(kind):
            library.not_duplicates(OWNER, NotDuplicates(ids))


def test_a_scoped_reader_asks_for_none(library: Library) -> None:
    ids = alike(library, BASE, BASE)
    with pytest.raises(Forbidden):
        library.duplicates(Reader("share:x", "read", Scope(frozenset(ids))))


# -- emptying ----------------------------------------------------------------------------------------------------------


def referenced(library: Library, ids: list[int]) -> None:
    """These lie in a folder that is never written to."""

    def work(write: Any) -> None:
        store = write.value(
            "insert into store(public_id, scheme, name, params)"
            " values ('x', 'folder', 'Photos', '{\"path\":\"/nowhere\"}') returning id"
        )
        write.many("update location set store_id = ? where picture_id = ?", [(store, id) for id in ids])

    library.derive(work)


def test_empty_with_a_preview(library: Library) -> None:
    ids = fill(library, 6)
    referenced(library, ids[3:5])
    library.delete(OWNER, DeletePictures(ids=ids[:5]))
    seen = library.preview_empty(OWNER, PreviewEmpty())
    assert (seen.pictures, seen.files, seen.forgotten, seen.locked) == (5, 3, 2, 0)
    assert seen.bytes == 1000 + 1001 + 1002 and seen.sentence == "3 files deleted, 2 only forgotten"
    done = library.empty_scrapheap(OWNER, EmptyScrapheap(seen.token))
    assert done.sentence == "5 pictures permanently deleted: 3 files deleted, 2 only forgotten"
    assert (done.changed, done.undoable) == (5, False)
    assert library.find(OWNER).ids == ids[5:] and library.info(OWNER).scrapheap == 0
    newest = library.history(OWNER)[0]
    assert (newest.sentence, newest.undoable) == ("5 pictures permanently deleted", False)
    with pytest.raises(Conflict):
        library.empty_scrapheap(OWNER, EmptyScrapheap(seen.token))


def test_only_the_selected_part_of_the_scrapheap_is_deleted(library: Library) -> None:
    ids = fill(library, 6)
    locked = library.create_set(OWNER, Create(name="Harbour")).id
    library.add_to_set(OWNER, locked, Selection(ids=ids[1:2]))
    library.delete(OWNER, DeletePictures(ids=ids[:4]))
    library.edit_set(OWNER, locked, EditSet(locked=True))
    some = ids[1:3] + ids[5:]  # one in a locked set, one, and one that is not in the scrapheap
    seen = library.preview_empty(OWNER, PreviewEmpty(ids=some))
    assert (seen.pictures, seen.files, seen.bytes, seen.locked) == (1, 1, 1002, 1)
    for other in (EmptyScrapheap(seen.token), EmptyScrapheap(seen.token, ids=ids[:3])):
        with pytest.raises(Conflict, match="nothing was deleted"):
            library.empty_scrapheap(OWNER, other)
    assert library.info(OWNER).scrapheap == 4
    view = library.view(OWNER, "is:scrapheap sort:imported")
    place = library.find(OWNER, "is:scrapheap sort:imported").ids.index(ids[2])
    done = library.empty_scrapheap(OWNER, EmptyScrapheap(seen.token, ids=some))
    assert done.changed == 1 and library.find(OWNER, "is:scrapheap").total == 3
    assert sorted(library.find(OWNER).ids) == ids[4:]
    seen = library.preview_empty(OWNER, PreviewEmpty(view=view.header.view, ranges=[(place, place + 1)]))
    assert (seen.pictures, seen.locked) == (0, 0), "what a view shows and is gone since is passed over"


def test_a_token_is_good_for_its_preview_only(library: Library) -> None:
    ids = fill(library, 5)
    library.delete(OWNER, DeletePictures(ids=ids[:2]))
    changes: list[Any] = [
        lambda: library.delete(OWNER, DeletePictures(ids=ids[2:3])),
        lambda: library.restore(OWNER, RestorePictures(ids=ids[:1])),
        lambda: library.undo(OWNER),
        lambda: library.derive(lambda write: write.execute("update location set key = 'x/y' where picture_id = 1")),
        lambda: referenced(library, ids[:1]),
    ]
    for change in changes:
        token = library.preview_empty(OWNER, PreviewEmpty()).token
        assert library.preview_empty(OWNER, PreviewEmpty()).token == token
        change()
        before = truth(library)
        for bad in (token, "", "x" * 64, "\N{SNOWMAN}"):
            with pytest.raises(Conflict, match="nothing was deleted"):
                library.empty_scrapheap(OWNER, EmptyScrapheap(bad))
        assert truth(library) == before


def test_a_token_is_good_after_a_restart(open_library: Any) -> None:
    with open_library() as library:
        library.delete(OWNER, DeletePictures(ids=fill(library, 2)))
        token = library.preview_empty(OWNER, PreviewEmpty()).token
    with open_library() as library:
        assert library.empty_scrapheap(OWNER, EmptyScrapheap(token)).changed == 2


def test_what_a_locked_set_holds_stays(library: Library) -> None:
    """D12."""
    ids = fill(library, 3)
    one = library.create_set(OWNER, Create(name="Harbour")).id
    library.add_to_set(OWNER, one, Selection(ids=ids[:1]))
    library.delete(OWNER, DeletePictures(ids=ids[:2]))
    library.edit_set(OWNER, one, EditSet(locked=True))
    seen = library.preview_empty(OWNER, PreviewEmpty())
    assert (seen.pictures, seen.locked) == (1, 1)
    assert seen.sentence == "1 file deleted, 0 only forgotten; 1 picture in a locked set stay"
    library.empty_scrapheap(OWNER, EmptyScrapheap(seen.token))
    assert library.info(OWNER).scrapheap == 1


def test_pictures_of_a_locked_set_are_not_deleted_permanently(library: Library) -> None:
    """D12."""
    ids = fill(library, 2)
    one = library.create_set(OWNER, Create(name="Harbour")).id
    library.add_to_set(OWNER, one, Selection(ids=ids[:1]))
    library.delete(OWNER, DeletePictures(ids=ids))
    library.edit_set(OWNER, one, EditSet(locked=True))
    with pytest.raises(Locked, match="1 of these pictures is in Harbour"):
        library.purge(OWNER, Selection(ids=ids))
    assert library.info(OWNER).scrapheap == 2
    assert library.purge(OWNER, Selection(ids=ids[1:])) == 1


def test_an_empty_scrapheap(library: Library) -> None:
    seen = library.preview_empty(OWNER, PreviewEmpty())
    assert seen.pictures == 0
    assert library.empty_scrapheap(OWNER, EmptyScrapheap(seen.token)).changed == 0

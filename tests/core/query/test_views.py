"""Views: the order of a query, frozen under a key, its bytes, and when it is forgotten."""

from __future__ import annotations

import itertools
import random
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from libraries import add, fill, invented

from pixlstash_core import OWNER
from pixlstash_core.errors import Invalid, QueryError, ViewGone
from pixlstash_core.library import Library
from pixlstash_core.query import blocks as blocks_module
from pixlstash_core.query import sorting, views
from pixlstash_core.query.language import SORTS
from pixlstash_core.query.views import BLOCK, DETAILS
from pixlstash_core.types import (
    AddTags,
    DeletePictures,
    Reader,
    RemoveTags,
    RestorePictures,
    Scope,
    ScorePictures,
    Selection,
)

NAMES = [
    "img",
    "IMG",
    "Zebra",
    "_under",
    "émile",
    "Émile",
    "{",
    "9lives",
    "99",
    "apple",
    "Äpfel",
    "äpfel",
    "",
    "[x]",
    "雪",
    "😀",
]


def varied(library: Library, rng: random.Random, count: int) -> list[int]:
    """Pictures whose every sortable column repeats and whose names begin with anything."""
    readings = [
        invented(n, created=rng.randrange(1_600_000_000_000, 1_700_000_000_000, 40 * 86_400_000), size=rng.randrange(5))
        for n in range(count)
    ]
    names = [rng.choice(NAMES) + str(rng.randrange(100)) for _ in range(count)]
    ids = add(library, *readings, names=lambda n: names[n])
    for score in range(1, 6):
        library.score(OWNER, ScorePictures(ids=rng.sample(ids, count // 8), score=score))
    return ids


def ids_of(library: Library, text: str = "", sort: str | None = None) -> list[int]:
    header = library.view(OWNER, text, sort).header
    ids: list[int] = []
    for number in range(-(-header.count // BLOCK)):
        block = library.block(OWNER, header.view, number)
        rows = min(BLOCK, header.count - number * BLOCK)
        assert len(block) == rows * 8
        ids += struct.unpack(f"<{rows}I", block[: rows * 4])
    return ids


def nocase(text: str) -> str:
    """How SQLite's `nocase` compares: only ASCII letters are alike."""
    return "".join(c.lower() if c.isascii() else c for c in text)


KEYS: dict[str, Callable[[Any], tuple[object, ...]]] = {
    "created": lambda g: (g.created, g.id),
    "imported": lambda g: (g.imported, g.id),
    "score": lambda g: (g.score, g.created, g.id),
    "name": lambda g: (nocase(g.name).encode(), g.id),
    "size": lambda g: (g.size, g.id),
    "pixels": lambda g: (g.width * g.height, g.id),
}


def label(sort: str, one: Any) -> str | None:
    """The section a picture belongs to."""
    if sort in ("created", "imported"):
        return str(getattr(one, sort).strftime("%Y-%m"))
    if sort == "score":
        return str(one.score)
    if sort == "name":
        first = nocase(one.name)[:1]
        return "#" if first < "a" else first.upper() if first.isascii() else first
    return None


@pytest.mark.parametrize("sort", [f"{way}{key}" for key in KEYS for way in ("", "-")])
def test_order_and_sections_equal_a_plain_sort(library: Library, rng: random.Random, sort: str) -> None:
    varied(library, rng, 300)
    every = library.pictures(OWNER, limit=1000)
    name = sort.lstrip("-")
    expected = sorted(every, key=KEYS[name], reverse=sort.startswith("-"))
    assert ids_of(library, sort=sort) == [one.id for one in expected]
    assert [one.id for one in library.pictures(OWNER, sort=sort, limit=1000)] == [one.id for one in expected]
    assert [one.id for one in library.pictures(OWNER, sort=sort, offset=7, limit=5)] == [
        one.id for one in expected[7:12]
    ]
    labels = [label(name, one) for one in expected]
    starts = [(text, at) for at, text in enumerate(labels) if text is not None and (at == 0 or labels[at - 1] != text)]
    header = library.view(OWNER, sort=sort).header
    assert [(section.label, section.start) for section in header.sections] == starts
    assert header.sort == sort


def test_every_sort_is_tried_here() -> None:
    assert set(SORTS) == {f"{way}{key}" for key in KEYS for way in ("", "-")} | {
        "random",
        "relevance",
        "rarity",
        "-rarity",
        "likeness",  # of what pictures are like: test_search
        "outlier",
        "-outlier",
        "text",  # what is read in pictures: test_texts
        "-text",
        "smart",  # of engines that learn: test_learning
        "-smart",
        "hand",  # of sets: test_sets
    }


def test_a_random_order_is_the_seeds(library: Library, rng: random.Random) -> None:
    varied(library, rng, 200)
    first = ids_of(library, sort="random.7")
    assert first == ids_of(library, sort="random.7") != ids_of(library, sort="random.8")
    assert sorted(first) == sorted(ids_of(library)) != first
    new = add(library, invented(5000))
    after = ids_of(library, sort="random.7")
    assert [one for one in after if one not in new] == first  # what is added moves no two others past each other


def test_by_rarity(library: Library) -> None:
    ids = add(library, *(invented(n) for n in range(5)))
    library.add_tags(OWNER, AddTags(ids=ids[:4], tags=["sky"]))
    library.add_tags(OWNER, AddTags(ids=ids[1:3], tags=["comet"]))
    library.add_tags(OWNER, AddTags(ids=ids[2:3], tags=["lion"]))
    assert ids_of(library, sort="rarity") == [ids[2], ids[1], ids[0], ids[3], ids[4]]
    assert ids_of(library, sort="-rarity") == [ids[4], ids[3], ids[0], ids[1], ids[2]]
    library.remove_tags(OWNER, RemoveTags(ids=ids[2:3], tags=["lion", "comet"]))
    assert ids_of(library, sort="rarity") == [ids[1], ids[0], ids[2], ids[3], ids[4]]


def test_by_relevance(library: Library) -> None:
    prompts = ["a long text in which a river is one word of very many others", "river", "river river river", "hill"]
    ids = add(library, *(invented(n, prompt=prompt) for n, prompt in enumerate(prompts)))
    assert set(ids_of(library, "river", "relevance")) == set(ids[:3])
    assert ids_of(library, "river", "relevance")[-1] == ids[0]
    # Without words, or with words that not everything found has, what has none comes last and newest first.
    assert ids_of(library, "", "relevance") == ids_of(library, "", "-created")
    assert ids_of(library, "-hill", "relevance") == ids_of(library, "-hill", "-created")


def test_sections_of_many_runs_are_bounded(library: Library) -> None:
    readings = [
        invented(n, created=int(datetime(1900 + n // 12, n % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000))
        for n in range(700)
    ]
    add(library, *readings)
    sections = library.view(OWNER, sort="created").header.sections
    assert 1 < len(sections) <= 400 and [s.start for s in sections] == sorted({s.start for s in sections})
    assert all(section.label == f"{1900 + section.start // 12}-{section.start % 12 + 1:02}" for section in sections)


def test_the_bytes_of_a_view(library: Library) -> None:
    readings = [
        invented(0, aspect=10, colour=0x1234, moving=True),
        invented(1, aspect=200, colour=0xFFFF, why="Truncated", still=None),
        invented(2, aspect=128, colour=0),
    ]
    ids = add(library, *readings)
    library.score(OWNER, ScorePictures(ids=ids[:1], score=5))
    library.derive(lambda write: write.execute("update location set state = 'missing' where picture_id = ?", (ids[2],)))
    answer = library.view(OWNER, sort="created")
    assert answer.aspects == bytes([10, 200, 128])
    expected = struct.pack("<3I3H6B", *ids, 0x1234, 0xFFFF, 0, 5 + 8, 32, 64, 0, 0, 0)
    assert answer.block == expected == library.block(OWNER, answer.header.view, 0)
    header = answer.header
    assert (header.count, header.at_index, header.at_block, header.revision) == (3, None, 0, library.revision)
    assert (header.query, header.sort) == ("sort:created", "created")


def test_details_of_a_view(library: Library) -> None:
    add(library, *(invented(n, seconds=62.5 + n, why="Why" if n else None) for n in range(2)))
    view = library.view(OWNER, sort="created").header.view
    rows = library.details(OWNER, view, 0).rows
    assert [(row.name, row.badge, row.why) for row in rows] == [
        ("picture 0.png", "1:02", None),
        ("picture 1.png", "1:03", "Why"),
    ]
    assert library.details(OWNER, view, 1).rows == [] == library.details(OWNER, view, -1).rows


def test_more_than_one_block(library: Library) -> None:
    ids = fill(library, BLOCK + 10)
    anchor = ids[BLOCK + 3]
    answer = library.view(OWNER, sort="created", at=anchor)
    assert (answer.header.at_index, answer.header.at_block) == (BLOCK + 3, 1)
    assert answer.block == library.block(OWNER, answer.header.view, 1) and len(answer.block) == 80
    assert ids_of(library, sort="created") == ids and len(answer.aspects) == len(ids)
    last = library.details(OWNER, answer.header.view, BLOCK // DETAILS).rows
    assert [row.id for row in last] == ids[BLOCK:]
    for number in (2, -1, 1 << 40):
        with pytest.raises(Invalid):
            library.block(OWNER, answer.header.view, number)


def test_blocks_from_the_table_and_from_memory_are_the_same(
    library: Library, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(library, 40)
    view = library.view(OWNER, sort="created").header.view
    scoped = Reader("token:x", "read", Scope(frozenset(ids[3:30])))
    narrow = library.view(scoped, sort="created").header.view

    def blocks(looks: int) -> tuple[bytes, bytes]:
        with monkeypatch.context() as patch:
            patch.setattr(blocks_module, "LOOKS", looks)
            return library.block(OWNER, view, 0), library.block(scoped, narrow, 0)

    for _ in range(12):
        library.score(OWNER, ScorePictures(ids=rng.sample(library.find(OWNER).ids, 3), score=rng.randrange(6)))
        thrown = rng.sample(library.find(OWNER).ids, 1)
        library.delete(OWNER, DeletePictures(ids=thrown))
        if rng.random() < 0.5:
            assert library.purge(OWNER, Selection(ids=thrown)) == 1
        add(library, invented(100 + library.revision))
        assert blocks(1 << 30) == blocks(-1) == blocks(1 << 30)
    gone = library.find(OWNER, "is:scrapheap").ids
    library.restore(OWNER, RestorePictures(ids=gone))
    assert blocks(1 << 30) == blocks(-1)


def test_an_empty_view(library: Library) -> None:
    answer = library.view(OWNER, "nothing", at=5)
    assert (answer.header.count, answer.header.at_index, answer.header.sections) == (0, None, [])
    assert answer.aspects == answer.block == b"" == library.block(OWNER, answer.header.view, 0)


@pytest.mark.parametrize("at", [0, -1, 999, 1 << 33, 1 << 70])
def test_an_anchor_that_is_not_there(library: Library, at: int) -> None:
    fill(library, 3)
    header = library.view(OWNER, at=at).header
    assert (header.at_index, header.at_block) == (None, 0)


def test_the_order_is_frozen(library: Library) -> None:
    ids = fill(library, 6)
    library.score(OWNER, ScorePictures(ids=ids[:3], score=3))
    old = library.view(OWNER, "score:3", "created").header
    library.score(OWNER, ScorePictures(ids=ids[:1], score=5))
    add(library, invented(50))
    block = library.block(OWNER, old.view, 0)
    assert struct.unpack("<3I", block[:12]) == tuple(ids[:3])
    assert list(block[18:21]) == [5, 3, 3]  # what it shows is true, its order is as it was
    assert [row.score for row in library.details(OWNER, old.view, 0).rows] == [5, 3, 3]
    assert library.views.select(OWNER, Selection(view=old.view, ranges=[(0, 1), (2, 3)])) == [ids[0], ids[2]]
    new = library.view(OWNER, "score:3", "created").header
    assert new.view != old.view and new.count == 2


def test_the_key_is_that_of_what_is_shown(library: Library) -> None:
    """A block's address may be kept for ever: it changes with anything the block shows, and only then."""
    ids = fill(library, 3)
    first = library.view(OWNER, sort="size").header.view
    assert library.view(OWNER, sort="size").header.view == first == library.view(OWNER, "sort:size").header.view
    library.score(OWNER, ScorePictures(ids=ids[:1], score=1))
    second = library.view(OWNER, sort="size").header.view
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    third = library.view(OWNER, sort="size").header.view
    add(library, invented(9))
    fourth = library.view(OWNER, sort="size").header.view
    assert len({first, second, third, fourth}) == 4
    library.adopt("lab", ("create table lab_row(id integer primary key autoincrement not null)",))
    library.derive(lambda write: write.execute("insert into lab_row values (1)"))
    assert library.view(OWNER, sort="size").header.view == fourth


def test_what_was_undone_has_a_key_of_its_own(library: Library) -> None:
    ids = fill(library, 3)
    before = library.view(OWNER).header.view
    library.score(OWNER, ScorePictures(ids=ids[:1], score=1))
    library.undo(OWNER)
    assert library.view(OWNER).header.view != before


def test_spellings_of_one_query_share_an_order(library: Library) -> None:
    fill(library, 3)
    keys = {
        library.view(OWNER, text).header.view for text in ("score:>=0  river", 'score:>=0 "river"', " score:>=0 river ")
    }
    assert len(keys) == 1


def test_forgotten_views_are_gone(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(library, 100)
    view = library.view(OWNER).header.view
    library.block(OWNER, view, 0)
    monkeypatch.setattr(sorting, "BUDGET", 1500)
    kept = [library.view(OWNER, f"name:{n}").header.view for n in range(20)]
    for call in (
        lambda: library.block(OWNER, view, 0),
        lambda: library.details(OWNER, view, 0),
        lambda: library.score(OWNER, ScorePictures(view=view, ranges=[(0, 1)], score=1)),
    ):
        with pytest.raises(ViewGone):
            call()
    library.block(OWNER, kept[-1], 0)
    assert library.view(OWNER).header.view == view  # the same state has the same key
    library.block(OWNER, view, 0)
    monkeypatch.setattr(views, "IDLE", 0)
    library.views.drop_idle()
    with pytest.raises(ViewGone):
        library.block(OWNER, view, 0)


@pytest.mark.parametrize("view", ["", ".", "nonsense", "0" * 24 + ".00000000", "x" * 10_000])
def test_a_made_up_key(library: Library, view: str) -> None:
    with pytest.raises(ViewGone):
        library.block(OWNER, view, 0)


@pytest.mark.parametrize(
    "ask",
    [
        {},
        {"ids": [1], "view": "x", "ranges": [(0, 1)]},
        {"view": "VIEW"},
        {"view": "VIEW", "ranges": [(0, 99)]},
        {"view": "VIEW", "ranges": [(2, 1)]},
        {"view": "VIEW", "ranges": [(-1, 1)]},
    ],
)
def test_selections_that_make_no_sense(library: Library, ask: dict[str, Any]) -> None:
    fill(library, 3)
    given = {name: library.view(OWNER).header.view if value == "VIEW" else value for name, value in ask.items()}
    with pytest.raises(Invalid):
        library.score(OWNER, ScorePictures(**given, score=1))
    assert library.db.read("select * from score") == []


def test_a_hundred_thousand_ids_at_once(library: Library) -> None:
    ids = fill(library, 50)
    assert library.score(OWNER, ScorePictures(ids=list(range(100_000)), score=4)).changed == 50
    assert library.views.select(OWNER, Selection(ids=[*ids, *ids])) == ids


def test_pages_are_bounded(library: Library) -> None:
    for offset, limit in ((-1, 5), (0, -1), (0, 100_001), (1 << 33, 1)):
        with pytest.raises(Invalid):
            library.pictures(OWNER, offset=offset, limit=limit)
    with pytest.raises(QueryError):
        library.pictures(OWNER, sort="sideways")


def test_one_build_however_many_ask(library: Library) -> None:
    fill(library, 200)
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(library.view(OWNER, "kind:image").header.view)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(answers) == 8 and len(set(answers)) == 1
    assert library.views._orders._building == {}


def test_a_view_is_never_older_than_its_key(library: Library) -> None:
    """Under constant change, what a key holds is what that revision was: the count of pictures scored so far."""
    ids = fill(library, 60)
    seen: dict[str, int] = {}
    wrong: list[object] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            header = library.view(OWNER, "score:1").header
            if seen.setdefault(header.view, header.count) != header.count:
                wrong.append(header)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for count, picture in enumerate(ids, 1):
            done = library.score(OWNER, ScorePictures(ids=[picture], score=1))
            header = library.view(OWNER, "score:1").header
            assert header.count == count and header.revision == done.revision
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert wrong == []


def test_readers_do_not_wait_for_writers(library: Library) -> None:
    fill(library, 20)
    begun, release = threading.Event(), threading.Event()

    def slow(write: Any) -> None:
        begun.set()
        release.wait(10)

    future = library.writer.submit(slow)
    assert begun.wait(10)
    try:
        assert library.view(OWNER).header.count == 20 and len(library.pictures(OWNER)) == 20
    finally:
        release.set()
    future.result(10)


def test_who_may_look(library: Library) -> None:
    fill(library, 2)
    for right in ("read", "write", "owner"):
        assert library.view(Reader(f"token:{right}", right)).header.count == 2  # type: ignore[arg-type]
    assert list(itertools.islice(library.pictures(Reader("token:r")), 1))[0].id == 2

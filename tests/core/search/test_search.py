"""Search by likeness and meaning: in any query, in any scope, by what third-party engines know; and why."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from engined import Engined, make
from libraries import add, finish, invented
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Invalid, NotFound, QueryError
from pixlstash_core.library import Library, background
from pixlstash_core.query.language import parse
from pixlstash_core.query.ranking import WAYS
from pixlstash_core.search.combining import combined, fused, usual
from pixlstash_core.search.matrix import unit
from pixlstash_core.types import (
    AddTags,
    Create,
    DeletePictures,
    Reader,
    RunEngine,
    Scope,
    ScorePictures,
    Selection,
    SetCaption,
    SetEngine,
    StackPictures,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engined]:
    yield make(open_library, tmp_path, monkeypatch)


def looked_at(desk: Engined, engine: str, count: int = 6) -> list[int]:
    """Red, green, blue, red … pictures that an engine has looked at."""
    ids = desk.take_in(count)
    job = finish(desk.library, desk.library.run_engine(OWNER, RunEngine(engine=engine)))
    assert (job.state, job.error) == ("done", None)
    return ids


def turned(library: Library, count: int, *readings: object, producer: str = "synthetic") -> list[int]:
    """Pictures whose vectors turn from the first to the last."""
    ids = add(library, *[invented(n) for n in range(count)])
    number = library.outputs.register("vector", producer, "1", {})
    library.outputs.activate(number)
    turns = np.linspace(0, np.pi / 2, count)
    for future in library.outputs.store(
        number, [Output(id, unit([np.cos(t), np.sin(t)], {})) for id, t in zip(ids, turns)]
    ):
        future.result(10)
    return ids


def found(library: Library, text: str, reader: Reader = OWNER, sort: str | None = None) -> list[int]:
    return library.find(reader, text, sort).ids


# -- the language ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("like:picture:12", "like:picture:12"),
        ("like:picture:12 sort:likeness", "like:picture:12"),
        ("like:picture:12 sort:-created", "like:picture:12 sort:-created"),
        ('like:"red dress on a beach"', 'like:"red dress on a beach"'),
        ("like:set:3*0.5 like:upload:ab_c-1 combine:min", "like:set:3*0.5 like:upload:ab_c-1 combine:min"),
        ('like:"set:Old town*2" top:all', 'like:"set:Old town*2" top:all'),
        ("face:12 likeness:>=0.5 score:>=3", "face:12 likeness:>=0.5 score:>=3"),
        ("face:character:Ann", "face:character:Ann"),
        ("sort:outlier set:3", "set:3 sort:outlier"),
    ],
)
def test_one_form(text: str, canonical: str) -> None:
    parsed = parse(text)
    assert str(parsed) == canonical and parse(canonical) == parsed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("like:picture:x", "the number of a picture"),
        ("like:", "expected"),
        ("like:cat*0", "weight above 0"),
        ("score:1 OR like:picture:1", "beside the other conditions"),
        ("-like:picture:1", "beside the other conditions"),
        ("union(set:1, like:picture:1)", "expected"),
        ("like:picture:1 face:1", "either like: or face:"),
        ("combine:mean", "beside combine:"),
        ("like:picture:1 combine:often", "one of mean"),
        ("like:picture:1 combine:min combine:max", "combine: once"),
        ("like:picture:1 top:0", "a number from 1"),
        ("like:picture:1 likeness:>=2", "from 0 to 1"),
        ("like:picture:99", "no picture|not been looked"),
        ("face:cat", "number of a face"),
        ("like:upload:nothing", "no longer held"),
        ("sort:likeness", "something to be like"),
        ("sort:outlier", None),
    ],
)
def test_what_cannot_be_asked(library: Library, text: str, message: str | None) -> None:
    turned(library, 3)
    if message is None or "not been" in message:
        library.find(OWNER, text)
        return
    with pytest.raises(Invalid, match=message) as caught:
        library.find(OWNER, text)
    assert isinstance(caught.value, QueryError) or "faces are known" in str(caught.value)


def test_nothing_is_known_yet(library: Library) -> None:
    add(library, invented(1))
    with pytest.raises(Invalid, match="visual-descriptor"):
        library.find(OWNER, "like:picture:1")
    with pytest.raises(Invalid, match="No faces"):
        library.find(OWNER, "face:1")
    with pytest.raises(Invalid, match="visual-descriptor"):
        library.find(OWNER, "sort:outlier")
    told = library.find(OWNER, "like:picture")
    assert told.ids == [1] and "words only" in told.notes[0]  # its name


# -- likeness ----------------------------------------------------------------------------------------------------------


def test_in_any_query(library: Library) -> None:
    ids = turned(library, 40)
    assert found(library, f"like:picture:{ids[0]}") == ids
    assert set(found(library, f"like:picture:{ids[9]} top:3")) == set(ids[8:11])
    library.score(OWNER, ScorePictures(ids=ids[30:33], score=5))
    assert found(library, f"like:picture:{ids[0]} score:5") == ids[30:33]
    assert found(library, f"like:picture:{ids[0]} top:5 sort:-created") == ids[4::-1]
    assert library.count(OWNER, f"like:picture:{ids[0]} top:5").total == 5
    library.delete(OWNER, DeletePictures(ids=[ids[1]]))
    assert found(library, f"like:picture:{ids[0]} top:2") == [ids[0], ids[2]]
    library.stack(OWNER, StackPictures(ids=[ids[2], ids[3]]))
    leader = library.find(OWNER, "is:stacked -is:covered").ids
    assert found(library, f"like:picture:{ids[0]} top:3") == [ids[0], *leader, ids[4]]
    header = library.view(OWNER, f"like:picture:{ids[0]} top:3").header
    assert (header.count, header.sort, header.beneath, header.notes) == (3, "likeness", 0, [])
    assert library.find(OWNER, f"like:picture:{ids[0]} likeness:>=0.9").total < 20


def test_of_sets_and_several_with_weights(library: Library) -> None:
    ids = turned(library, 41)
    low, high = library.create_set(OWNER, Create(name="Low")).id, library.create_set(OWNER, Create(name="Old town")).id
    library.add_to_set(OWNER, low, Selection(ids=ids[:5]))
    library.add_to_set(OWNER, high, Selection(ids=ids[36:]))
    ann = library.create_character(OWNER, Create(name="Ann")).id
    library.add_to_character(OWNER, ann, Selection(ids=[ids[20]]))
    assert found(library, f"like:set:{low}")[0] == ids[2] and found(library, 'like:"set:Old town"')[0] == ids[38]
    assert found(library, f"like:set:{low} like:set:{high}")[0] == ids[20]
    assert found(library, "like:character:Ann")[0] == ids[20]
    heavy = found(library, f"like:picture:{ids[0]}*9 like:picture:{ids[40]}")[0]
    assert ids[0] < heavy < ids[10]
    assert found(library, f"like:picture:{ids[0]} like:picture:{ids[40]} combine:min")[0] == ids[20]
    ends = found(library, f"like:picture:{ids[0]} like:picture:{ids[40]} combine:max top:4")
    assert set(ends) == {ids[0], ids[1], ids[39], ids[40]}
    weighted = found(library, f"like:picture:{ids[0]} like:picture:{ids[40]}*0.5 combine:max top:5")
    assert set(weighted) == set(ids[:5])
    library.add_to_set(OWNER, low, Selection(ids=ids[5:9]))
    assert found(library, f"like:set:{low}")[0] == ids[4]  # a set is what it is now


def test_combinations() -> None:
    rng = np.random.default_rng(1)
    parts = [rng.uniform(-0.2, 1, 50).astype(np.float32) for _ in range(3)]
    halves = [(one.astype(float) + 1) / 2 for one in parts]
    plain = {
        "mean": sum(parts) / 3,
        "min": np.minimum.reduce(parts),
        "max": np.maximum.reduce(parts),
        "harmonic": 2 * 3 / sum(1 / one for one in halves) - 1,
        "geometric": 2 * np.prod(halves, axis=0) ** (1 / 3) - 1,
    }
    assert set(plain) == set(WAYS)
    for how, wanted in plain.items():
        assert np.allclose(combined(parts, [1.0] * 3, how), wanted, atol=1e-5), how
        assert np.allclose(combined(parts[:1], [0.3], how), parts[0], atol=1e-5), how
    heavy = combined(parts, [1000.0, 1.0, 1.0], "mean")
    assert np.abs(heavy - parts[0]).max() < 0.01


def test_one_scale() -> None:
    rng = np.random.default_rng(1)
    scale = usual(rng.normal(0.2, 0.05, 1000).astype(np.float32))
    values = scale.likeness(np.asarray([-1, 0.2, 0.3, 0.4, 0.8, 1], np.float32))
    assert (np.diff(values) >= 0).all() and values[0] == values[1] == 0 or values[1] < 0.05
    assert values[-1] == 1 and 0.3 < values[2] < 0.5
    for likeness in (0.1, 0.5, 0.9):
        assert abs(float(scale.likeness(np.asarray([scale.cosine(likeness)], np.float32))[0]) - likeness) < 1e-3


def test_ranks_made_one() -> None:
    one, other = np.asarray([5, 3, 9], np.uint32), np.asarray([3, 7], np.uint32)
    assert fused([(one, 1.0), (other, 1.0)], 10).tolist()[0] == 3
    assert fused([(one, 1.0), (other, 0.0001)], 10).tolist()[:3] == [5, 3, 9]


def test_outliers(library: Library) -> None:
    ids = turned(library, 21)
    mine = library.create_set(OWNER, Create(name="Mine")).id
    library.add_to_set(OWNER, mine, Selection(ids=[*ids[:8], ids[20]]))
    order = found(library, f"set:{mine} sort:outlier")
    assert order[0] == ids[20] and len(order) == 9
    assert found(library, f"set:{mine} sort:-outlier") == order[::-1]
    (bare,) = add(library, invented(99))
    library.add_to_set(OWNER, mine, Selection(ids=[bare]))
    assert found(library, f"set:{mine} sort:outlier")[-1] == bare


def test_views_follow_what_changes(library: Library) -> None:
    ids = turned(library, 6)
    text = f"like:picture:{ids[0]} top:2"
    before = library.view(OWNER, text).header.view
    assert library.view(OWNER, text).header.view == before
    producer = library.likeness.active()
    assert producer is not None
    for future in library.outputs.store(producer, [Output(ids[5], unit([1.0, 0.001], {}))]):
        future.result(10)
    assert library.view(OWNER, text).header.view != before and found(library, text) == [ids[0], ids[5]]


def test_a_saved_query_may_rank(library: Library) -> None:
    from pixlstash_core.types import SaveQuery

    ids = turned(library, 9)
    library.score(OWNER, ScorePictures(ids=ids[::2], score=4))
    library.save_query(OWNER, SaveQuery("Like it", f"like:picture:{ids[0]} top:3"))
    assert found(library, 'query:"Like it" score:4', sort="likeness") == [ids[0], ids[2], ids[4]]


# -- meaning -----------------------------------------------------------------------------------------------------------


def test_words_by_what_they_mean(desk: Engined) -> None:
    ids = looked_at(desk, "odd/meaning")
    library = desk.library
    told = library.find(OWNER, 'like:"something red"')
    assert set(told.ids[:2]) == {ids[0], ids[3]} and told.notes == []
    library.set_caption(OWNER, SetCaption(ids=[ids[1]], text="a letter, something unread"))
    assert ids[1] in library.find(OWNER, 'like:"something red"').ids[:3]  # words count as well
    why = library.why(OWNER, ids[0], 'like:"something red"')
    assert why.found and [one.kind for one in why.reasons] == ["meaning"]
    assert why.reasons[0].engine == "odd/meaning" and why.reasons[0].text == "something red"
    library.find(OWNER, 'like:"something red"')
    assert len(desk.notes("text")) == 1  # vectors of words are kept
    mixed = library.find(OWNER, f"like:red like:picture:{ids[0]}").ids
    assert set(mixed[:2]) == {ids[0], ids[3]}
    assert set(library.find(OWNER, f"like:green like:picture:{ids[1]}*0.1 combine:min").ids[:2]) == {ids[1], ids[4]}


def test_an_engine_that_knows_no_words(desk: Engined) -> None:
    ids = looked_at(desk, "visual-descriptor")
    told = desk.library.find(OWNER, "like:0001")
    assert told.ids == [ids[1]]
    assert told.notes == [
        "Searched words only: the engine visual-descriptor knows what pictures look like, but no words."
    ]
    mixed = desk.library.find(OWNER, f"like:0001 like:picture:{ids[0]}")
    assert mixed.ids[:2] in (ids[:2], ids[1::-1])  # with the picture it was compared
    assert mixed.notes[0].startswith("Words were searched by themselves only: the engine visual-descriptor ")


def test_stop_words_find_nothing_by_themselves(library: Library) -> None:
    """Otherwise a search fills up with pictures that have only "a" or "by" in common with it."""
    prompts = ("a harbour by night", "a dog by a tree", "red harbour", "by")
    ids = add(library, *(invented(n, prompt=text) for n, text in enumerate(prompts)))
    assert set(found(library, 'like:"a harbour by the sea" top:all')) == {ids[0], ids[2]}
    assert set(found(library, 'like:"by" top:all')) == {ids[0], ids[1], ids[3]}  # it has no other words
    shares = {one.picture: one.words or 0 for one in library.alike(OWNER, 'like:"red harbour at sea" top:all')}
    assert shares.keys() == {ids[0], ids[2]} and 0 < shares[ids[0]] < shares[ids[2]] < 1
    assert found(library, 'like:"red harbour" likeness:>=0.5') == [ids[2]]  # in the prompt a word counts half
    assert found(library, 'like:"red harbour" likeness:>=0.6') == []


@pytest.mark.parametrize("what", ["raise", "leave", "slow"])
def test_an_engine_that_fails_at_words(desk: Engined, what: str) -> None:
    ids = looked_at(desk, "odd/meaning", 3)
    library = desk.library
    params = {"slow": 30.0} if what == "slow" else {"what": what}
    library.set_engine(OWNER, SetEngine(engine="odd/meaning", params=params))
    library.host.interactive.patience = 3.0 if what == "slow" else 30.0
    since = time.monotonic()
    told = library.find(OWNER, "like:0002")
    assert told.ids == [ids[2]] and told.notes[0].startswith("Searched words only.") and time.monotonic() - since < 20
    assert {"raise": "no such word", "leave": "process", "slow": "Try again soon"}[what] in told.notes[0]
    if what == "raise":
        library.set_engine(OWNER, SetEngine(engine="odd/meaning", params={"what": ""}))
        assert library.find(OWNER, "like:red").notes == []  # not kept for ever


def test_nobody_waits_for_a_run(desk: Engined) -> None:
    ids = looked_at(desk, "odd/meaning", 3)
    desk.library.find(OWNER, "like:red")  # the model is there
    job = desk.put("odd/colours", {"slow": 20.0})
    since = time.monotonic()
    assert ids[0] in desk.library.find(OWNER, "like:blue").ids and time.monotonic() - since < 15
    assert desk.library.queue.get(job.id).state in ("waiting", "running")
    desk.library.queue.cancel(job.id)


# -- what is not in the library ----------------------------------------------------------------------------------------


def test_a_picture_that_is_not_imported(desk: Engined, tmp_path: Path) -> None:
    ids = looked_at(desk, "visual-descriptor")
    library = desk.library
    Image.new("RGB", (300, 200), (30, 200, 30)).save(tmp_path / "asked.jpg")
    held = library.hold(OWNER, "asked.jpg", tmp_path / "asked.jpg")
    assert (tmp_path / "asked.jpg").exists()
    assert set(found(library, f"like:upload:{held.token}")[:2]) == {ids[1], ids[4]}
    assert library.info(OWNER).pictures == 6
    reasons = library.why(OWNER, ids[1], f"like:upload:{held.token}").reasons
    assert "the picture sent" in reasons[0].sentence
    with pytest.raises(QueryError, match="no longer held"):
        found(library, f"like:upload:{held.token}", Reader("token:other", "read"))
    (tmp_path / "no.jpg").write_bytes(b"no picture at all")
    broken = library.hold(OWNER, "no.jpg", tmp_path / "no.jpg")
    with pytest.raises(Exception, match="."):
        found(library, f"like:upload:{broken.token}")
    library.search.held._held[held.token].until = 0
    background.tidy(library)
    with pytest.raises(QueryError, match="no longer held"):
        found(library, f"like:upload:{held.token}")


def test_faces(desk: Engined, tmp_path: Path) -> None:
    ids = looked_at(desk, "odd/heads")
    library = desk.library
    face = library.picture_faces(OWNER, ids[0])[0]
    assert set(found(library, f"face:{face.id} top:2")) == {ids[0], ids[3]}
    assert set(found(library, f"face:picture:{ids[1]} top:2")) == {ids[1], ids[4]}
    Image.new("RGB", (90, 90), (20, 20, 220)).save(tmp_path / "asked.png")
    held = library.hold(OWNER, "asked.png", tmp_path / "asked.png")
    assert set(found(library, f"face:upload:{held.token} top:2")) == {ids[2], ids[5]}
    from pixlstash_core.types import AssignFaces

    library.assign_faces(OWNER, AssignFaces(faces=[face.id], name="Ann"))  # type: ignore[list-item]
    assert set(found(library, "face:character:Ann top:2")) == {ids[0], ids[3]}
    assert found(library, "face:character:Ann -character:Ann top:1") == [ids[3]]
    (reason,) = [one for one in library.why(OWNER, ids[3], "face:character:Ann").reasons if one.kind == "face"]
    assert reason.picture == ids[0] and reason.like == face.id and reason.face is not None
    assert reason.face.picture == ids[3] and reason.engine == "odd/heads"
    Image.new("RGB", (90, 90), (0, 0, 0)).save(tmp_path / "black.png")
    none = library.hold(OWNER, "black.png", tmp_path / "black.png")
    told = library.find(OWNER, f"face:upload:{none.token}")
    assert told.ids == [] and "No face is known" in told.notes[0]


# -- why ---------------------------------------------------------------------------------------------------------------


def test_why_a_picture_is_there(library: Library) -> None:
    ids = turned(library, 5)
    library.add_tags(OWNER, AddTags(ids=[ids[2]], tags=["red hair"]))
    library.set_caption(OWNER, SetCaption(ids=[ids[2]], text="a harbour at night"))
    mine = library.create_set(OWNER, Create(name="Mine")).id
    library.add_to_set(OWNER, mine, Selection(ids=ids[1:4]))
    text = f"harbour red score:0 like:set:{mine} like:picture:{ids[0]}"
    why = library.why(OWNER, ids[2], text)
    assert why.found
    words = {(one.text, one.place) for one in why.reasons if one.kind == "words"}
    assert words == {("harbour", "caption"), ("red", "tag")}
    assert [one.text for one in why.reasons if one.kind == "condition"] == ["score:0"]
    likes = [one for one in why.reasons if one.kind == "likeness"]
    assert [one.picture for one in likes] == [ids[2], ids[0]] and all(one.engine == "synthetic" for one in likes)
    assert likes[0].score == pytest.approx(1, abs=1e-3) and likes[0].likeness == pytest.approx(1, abs=0.01)
    assert all(one.sentence for one in why.reasons)
    other = library.why(OWNER, ids[1], text)
    assert not other.found and {one.kind for one in other.reasons} == {"condition", "likeness"}
    with pytest.raises(NotFound):
        library.why(OWNER, 999, text)


# -- inside a scope ----------------------------------------------------------------------------------------------------

WORDS = ["harbour", "river", "fox", "night", "red", "boat", "snow", "tower"]


def worded(library: Library, numbers: list[int], seed: int) -> list[int]:
    """Pictures with random words and vectors, that hang on their numbers only."""
    readings = []
    for n in numbers:
        rng = random.Random(seed * 10_000 + n)
        readings.append(invented(n, prompt=" ".join(rng.sample(WORDS, 3))))
    ids = add(library, *readings, names=lambda place: f"{numbers[place]}.png")
    producer = library.outputs.register("vector", "synthetic", "1", {})
    library.outputs.activate(producer)
    values = []
    for n, id in zip(numbers, ids):
        values.append(
            Output(id, unit(np.random.default_rng(seed * 10_000 + n).standard_normal(16).astype(np.float32), {}))
        )
        words = random.Random(seed * 20_000 + n).sample(WORDS, 2)
        library.set_caption(OWNER, SetCaption(ids=[id], text=" ".join(words)))
    for future in library.outputs.store(producer, values):
        future.result(10)
    return ids


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_scope_is_as_a_library_of_its_own(open_library: Callable[..., Library], seed: int) -> None:
    """What a reader of a scope is told is what a library with only those pictures would tell."""
    rng = random.Random(seed)
    every, inside = list(range(60)), sorted(rng.sample(range(60), 15))
    whole, own = open_library("whole"), open_library("own")
    all_ids, own_ids = worded(whole, every, seed), worded(own, inside, seed)
    number = dict(zip(all_ids, every)) | {}
    number_own = dict(zip(own_ids, inside))
    reader = Reader("share:x", "read", Scope(frozenset(all_ids[n] for n in inside)))
    one, two = rng.sample(inside, 2)
    texts = [
        "like:picture:{0}",
        "like:picture:{0} like:picture:{1}*0.5 combine:min top:6",
        "like:picture:{0} likeness:>=0.3",
        'like:"red fox harbour"',
        'like:"red fox" like:picture:{0}',
        'like:"night boat" likeness:>=0.5 top:4',
        "red",
        "red fox",
        "river OR snow",
        "",
    ]
    for text in texts:
        for sort in (None, "relevance", "outlier"):
            asked = text.format(all_ids[one], all_ids[two])
            here = [number[id] for id in whole.find(reader, asked, sort).ids]
            told = own.find(OWNER, text.format(own_ids[inside.index(one)], own_ids[inside.index(two)]), sort)
            assert here == [number_own[id] for id in told.ids], (text, sort)
            assert whole.find(reader, asked, sort).notes == told.notes
    asked, there = f"like:picture:{all_ids[one]} red", f"like:picture:{own_ids[inside.index(one)]} red"
    for n in inside:
        here_why = whole.why(reader, all_ids[n], asked)
        own_why = own.why(OWNER, own_ids[inside.index(n)], there)
        assert [(r.kind, r.score, r.likeness) for r in here_why.reasons] == [
            (r.kind, r.score, r.likeness) for r in own_why.reasons
        ]
    outside = next(id for id, n in number.items() if n not in inside)
    with pytest.raises(QueryError, match="no picture"):
        whole.find(reader, f"like:picture:{outside}")
    with pytest.raises(NotFound):
        whole.why(reader, outside, "")
    assert "words only" in whole.find(reader, "like:set:1").notes[0]  # a reader of a scope has no sets: these are words

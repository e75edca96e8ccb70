"""Tags: what people say and engines find, what follows from both, and that it follows after do, undo and redo alike."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from libraries import add, fill, invented, truth
from tagged import check_tags, names, store

from pixlstash_core import OWNER
from pixlstash_core.errors import Conflict, Forbidden, Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import AcceptTags, AddTags, DeletePictures, Reader, RejectTags, RemoveTags, Scope, Selection

pytestmark = pytest.mark.usefixtures("read_as")


def tagger(library: Library, engine: str = "synthetic", threshold: float = 0.5) -> int:
    producer = library.outputs.register("tag", engine, "1", {})
    library.outputs.activate(producer, threshold)
    return producer


def states(library: Library, picture: int) -> dict[str, str]:
    return {tag.name: tag.state for tag in library.picture_tags(OWNER, picture)}


def test_many_pictures_are_tagged_in_one_step(library: Library) -> None:
    ids = fill(library, 14)
    before = truth(library)
    done = library.add_tags(OWNER, AddTags(ids=ids, tags=["cat"]))
    assert (done.changed, done.sentence, done.undoable) == (14, "14 pictures tagged cat", True)
    assert all(names(library, picture) == {"cat"} for picture in ids)
    assert library.add_tags(OWNER, AddTags(ids=ids, tags=["CAT"])).changed == 0
    check_tags(library)
    library.undo(OWNER)
    after = truth(library)
    assert after.pop("tag") and not before.pop("tag")  # the word stays known
    assert after == before and not any(names(library, picture) for picture in ids)
    check_tags(library)
    library.redo(OWNER)
    assert all(names(library, picture) == {"cat"} for picture in ids)
    check_tags(library)


def test_several_tags_at_once(library: Library) -> None:
    ids = fill(library, 3)
    library.add_tags(OWNER, AddTags(ids=ids[:1], tags=["a"]))
    done = library.add_tags(OWNER, AddTags(ids=ids, tags=["a", "b", "c", "d", "B"]))
    assert (done.changed, done.sentence) == (3, "3 pictures tagged a, b, c and 2 more")
    done = library.remove_tags(OWNER, RemoveTags(ids=ids[1:], tags=["a", "d"]))
    assert (done.changed, done.sentence) == (2, "2 pictures no longer tagged a, d")
    assert [names(library, picture) for picture in ids] == [set("abcd"), set("bc"), set("bc")]
    check_tags(library)


def test_what_an_engine_finds_and_what_is_said_of_it(library: Library) -> None:
    ids = fill(library, 2)
    engine = tagger(library)
    found = [("cat", 0.9), ("dog", 0.7), ("fox", 0.2), ("owl", 0.6)]
    store(library, engine, dict.fromkeys(ids, found))
    library.add_tags(OWNER, AddTags(ids=ids[:1], tags=["cat", "mine"]))
    library.reject_tags(OWNER, RejectTags(ids=ids[:1], tags=["dog"]))
    wanted = {"cat": "accepted", "mine": "yours", "dog": "rejected", "fox": "unsure", "owl": "suggested"}
    assert states(library, ids[0]) == wanted
    assert names(library, ids[0]) == {"cat", "mine", "owl"} and names(library, ids[1]) == {"cat", "dog", "owl"}
    shown = {tag.name: tag for tag in library.picture_tags(OWNER, ids[0])}
    assert shown["cat"].confidence == 0.9 and shown["mine"].confidence is None
    assert [(one.engine, one.confidence, one.above) for one in shown["fox"].engines] == [("synthetic", 0.2, False)]
    # What it finds later changes nothing about what was said.
    store(library, engine, {ids[0]: [("dog", 1.0), ("mine", 0.1)]})
    assert states(library, ids[0]) == {"cat": "yours", "mine": "accepted", "dog": "rejected"}
    check_tags(library)


def test_accepting_what_is_suggested(library: Library) -> None:
    ids = fill(library, 3)
    engine = tagger(library)
    store(library, engine, {picture: [("cat", 0.9), ("dog", 0.6), ("fox", 0.4)] for picture in ids[:2]})
    library.reject_tags(OWNER, RejectTags(ids=ids[:1], tags=["dog"]))
    done = library.accept_tags(OWNER, AcceptTags(ids=ids, tags=["cat"]))
    assert done.changed == 2
    done = library.accept_tags(OWNER, AcceptTags(ids=ids))
    assert done.changed == 1  # only the second picture's dog is left to decide on
    assert states(library, ids[0]) == {"cat": "accepted", "dog": "rejected", "fox": "unsure"}
    assert states(library, ids[1]) == {"cat": "accepted", "dog": "accepted", "fox": "unsure"}
    library.outputs.deactivate(engine)
    assert names(library, ids[1]) == {"cat", "dog"}  # what was said outlives the engine
    check_tags(library)


def test_removing_what_an_engine_would_bring_back(library: Library) -> None:
    ids = fill(library, 2)
    store(library, tagger(library), {ids[0]: [("cat", 0.9)]})
    library.add_tags(OWNER, AddTags(ids=ids, tags=["cat"]))
    library.remove_tags(OWNER, RemoveTags(ids=ids, tags=["cat"]))
    assert states(library, ids[0]) == {"cat": "rejected"} and states(library, ids[1]) == {}
    assert library.remove_tags(OWNER, RemoveTags(ids=ids, tags=["cat"])).changed == 0
    check_tags(library)


def test_undo_after_an_engine_wrote_to_the_same_pictures(library: Library) -> None:
    ids = fill(library, 4)
    engine = tagger(library)
    library.add_tags(OWNER, AddTags(ids=ids, tags=["cat", "new"]))
    store(library, engine, {picture: [("cat", 0.8), ("new", 0.9), ("dog", 0.9)] for picture in ids[:2]})
    library.undo(OWNER)
    assert (
        states(library, ids[0]) == dict.fromkeys(("cat", "new", "dog"), "suggested") and states(library, ids[3]) == {}
    )
    check_tags(library)
    store(library, engine, {picture: [] for picture in ids[:1]})
    library.redo(OWNER)
    assert states(library, ids[0]) == dict.fromkeys(("cat", "new"), "yours")
    assert states(library, ids[1])["cat"] == "accepted"
    check_tags(library)


def test_a_threshold_decides_afterwards(library: Library) -> None:
    ids = fill(library, 3)
    engine = tagger(library, threshold=0.6)
    store(library, engine, {picture: [("cat", 0.1 + n * 0.4)] for n, picture in enumerate(ids)})
    for threshold, wanted in ((0.6, 1), (0.5, 2), (0.05, 3), (0.95, 0), (0.9, 1), (1, 0), (0, 3)):
        library.outputs.activate(engine, threshold)
        assert sum(map(bool, (names(library, picture) for picture in ids))) == wanted
        check_tags(library)
    for bad in (-0.1, 1.1, float("nan")):
        with pytest.raises(Invalid, match="between 0 and 1"):
            library.outputs.activate(engine, bad)


@pytest.mark.parametrize(
    ("combine", "wanted"), [("union", {"a", "b", "c"}), ("vote", {"a", "b"}), ("preferred", {"a", "c"})]
)
def test_engines_together(library: Library, combine: str, wanted: set[str]) -> None:
    (picture,) = fill(library, 1)
    says = {"one": {"a": 0.9, "c": 0.9}, "two": {"a": 0.9, "b": 0.9}, "three": {"a": 0.2, "b": 0.7, "c": 0.1}}
    for engine, found in says.items():
        store(library, tagger(library, engine), {picture: found.items()})
    found = lambda: {name for name in "abc" if library.count(OWNER, f"tag:{name}").total}  # noqa: E731
    assert found() == {"a", "b", "c"}
    library.set_tagging(OWNER, combine)
    assert names(library, picture) == found() == wanted
    check_tags(library)


def test_a_tie_of_votes_is_no_majority(library: Library) -> None:
    """Of two engines that processed the picture, one alone does not decide; of three, two do."""
    (picture,) = fill(library, 1)
    library.set_tagging(OWNER, "vote")
    store(library, tagger(library, "one"), {picture: [("a", 0.9)]})
    assert names(library, picture) == {"a"}
    store(library, tagger(library, "two"), {picture: [("b", 0.9)]})
    assert names(library, picture) == set()
    store(library, tagger(library, "three"), {picture: [("a", 0.9)]})
    assert names(library, picture) == {"a"}
    check_tags(library)


def test_preferring_engines_that_have_looked(library: Library) -> None:
    ids = fill(library, 2)
    first, second = tagger(library, "first"), tagger(library, "second")
    library.set_tagging(OWNER, "preferred")
    store(library, second, {picture: [("b", 0.9)] for picture in ids})
    store(library, first, {ids[0]: []})
    assert [names(library, picture) for picture in ids] == [set(), {"b"}]  # an empty answer is one
    library.undo(OWNER)
    assert [names(library, picture) for picture in ids] == [{"b"}, {"b"}]
    check_tags(library)
    with pytest.raises(Invalid, match="union, vote or preferred"):
        library.set_tagging(OWNER, "loudest")


NAMES = ("x" * 200, "猫", "קטן", "👩\u200d👩\u200d👧", '"quoted" : name', "a:b", "^_^", "C'est ça", "1girl (solo)")


@pytest.mark.parametrize("name", NAMES)
def test_names_are_kept_as_typed(library: Library, name: str) -> None:
    (picture,) = fill(library, 1)
    library.add_tags(OWNER, AddTags(ids=[picture], tags=[f"  {name} "]))
    assert names(library, picture) == {name}
    library.remove_tags(OWNER, RemoveTags(ids=[picture], tags=[name.upper()]))
    assert names(library, picture) == set()
    check_tags(library)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "needs a name"),
        (" \t ", "needs a name"),
        ("x" * 10_000, "at most 200 characters, and this one has 10,000"),
        ("a\x00b", r"U\+0000"),
        ("a\x07", r"U\+0007"),
        ("a\u202eb", r"U\+202E"),
        ("\ud800", r"U\+D800"),
    ],
)
def test_names_that_are_none(library: Library, name: str, why: str) -> None:
    ids = fill(library, 1)
    before, revision = truth(library), library.revision
    for act in (
        lambda: library.add_tags(OWNER, AddTags(ids=ids, tags=["good", name])),
        lambda: library.reject_tags(OWNER, RejectTags(ids=ids, tags=[name])),
        lambda: library.remove_tags(OWNER, RemoveTags(ids=ids, tags=[name])),
    ):
        with pytest.raises(Invalid, match=why):
            act()
    assert truth(library) == before and library.revision == revision


def test_spaces_underscores_and_case_do_not_matter(library: Library) -> None:
    ids = fill(library, 1)
    for name in ("Red  hair", "red_hair", "RED HAIR"):
        library.add_tags(OWNER, AddTags(ids=ids, tags=[name]))
    assert names(library, ids[0]) == {"Red hair"}


def test_unknown_tags_and_pictures(library: Library) -> None:
    ids = fill(library, 1)
    with pytest.raises(NotFound, match="no tag “ghost”"):
        library.remove_tags(OWNER, RemoveTags(ids=ids, tags=["ghost"]))
    with pytest.raises(NotFound, match="no picture 999999"):
        library.add_tags(OWNER, AddTags(ids=[*ids, 999_999], tags=["cat"]))
    assert library.picture_tags(OWNER, ids[0]) == []
    library.delete(OWNER, DeletePictures(ids=ids))
    with pytest.raises(Conflict, match="scrapheap"):
        library.add_tags(OWNER, AddTags(ids=ids, tags=["cat"]))
    with pytest.raises(NotFound):
        library.picture_tags(OWNER, 999_999)
    check_tags(library)


def test_who_may(library: Library) -> None:
    ids = fill(library, 2)
    store(library, tagger(library), {picture: [("cat", 0.9), ("dog", 0.1)] for picture in ids})
    library.reject_tags(OWNER, RejectTags(ids=ids, tags=["rude"]))
    reader = Reader("token:r", "read", Scope(frozenset(ids[:1])))
    assert [tag.name for tag in library.picture_tags(reader, ids[0])] == ["cat"]
    with pytest.raises(NotFound):
        library.picture_tags(reader, ids[1])
    with pytest.raises(Forbidden):
        library.add_tags(reader, AddTags(ids=ids, tags=["x"]))
    writer = Reader("token:w", "write", Scope(frozenset(ids[:1])))
    with pytest.raises(NotFound, match=f"no picture {ids[1]}"):
        library.add_tags(writer, AddTags(ids=ids, tags=["x"]))
    assert library.add_tags(writer, AddTags(ids=ids[:1], tags=["x"])).changed == 1


def test_removed_pictures_leave_nothing(library: Library) -> None:
    """D23."""
    ids = fill(library, 2)
    store(library, tagger(library), {picture: [("cat", 0.9)] for picture in ids})
    library.add_tags(OWNER, AddTags(ids=ids, tags=["x"]))
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    library.purge(OWNER, Selection(ids=ids[:1]))
    check_tags(library)
    assert library.db.value("select count(*) from derived_tagged") == 2


def test_a_successor_inherits_what_was_said(library: Library, tmp_path: Path) -> None:
    old, new = fill(library, 2)
    engine = tagger(library)
    store(library, engine, {old: [("found", 0.9)]})
    library.add_tags(OWNER, AddTags(ids=[old], tags=["mine"]))
    library.reject_tags(OWNER, RejectTags(ids=[old], tags=["wrong"]))
    from pixlstash_core.library.features import FEATURES

    statements = [statement for feature in FEATURES for statement in feature.inherits]
    library.derive(lambda write: [write.execute(one, {"old": old, "new": new}) for one in statements])
    assert states(library, new) == {"mine": "yours", "wrong": "rejected"}
    check_tags(library)


def test_engines_that_say_what_cannot_be(library: Library) -> None:
    (picture,) = fill(library, 1)
    engine = tagger(library)
    for bad in (float("nan"), -0.1, 1.5):
        with pytest.raises(Invalid, match="not between 0 and 1"):
            store(library, engine, {picture: [("cat", bad)]})
    store(library, engine, {picture: [("", 0.9), ("a\nb", 0.9), ("x" * 300, 0.9), ("c\x00", 0.9), ("fine", 0.9)]})
    assert names(library, picture) == {"a b", "fine"}  # what is no name is left out, the rest is kept
    store(library, engine, {999: [("cat", 0.9)]})
    assert library.outputs.missing(engine) == []
    check_tags(library)


def test_what_is_missing(library: Library) -> None:
    from pixlstash_core.engines.outputs import Output

    ids = fill(library, 4)
    engine = tagger(library)
    library.delete(OWNER, DeletePictures(ids=ids[3:]))
    for future in library.outputs.store(engine, [Output(ids[0]), Output(ids[1], error="It cannot be drawn.")]):
        future.result(10)
    assert library.outputs.missing(engine) == [ids[2]]
    assert library.db.read("select picture_id, error from done order by 1") == [
        (ids[0], None),
        (ids[1], "It cannot be drawn."),
    ]
    assert library.outputs.register("tag", "synthetic", "1", {}) == engine
    assert library.outputs.register("tag", "synthetic", "1", {"top": 2}) != engine


class Desk(RuleBasedStateMachine):
    """A person says, unsays, undoes and redoes while engines find; the model keeps what was said, step by step."""

    make: Callable[..., Library]
    count = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).count += 1
        self.library = type(self).make(f"desk-{type(self).count}")
        self.ids = add(self.library, *map(invented, range(6)))
        self.engines = [tagger(self.library, name, 0.5) for name in ("one", "two")]
        self.done: list[list[tuple[Any, ...]]] = []
        self.undone: list[list[tuple[Any, ...]]] = []

    def teardown(self) -> None:
        self.library.close()

    def said(self) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for table in ("said_tag", "tag", "implication"):
            rows += [(table, *row) for row in self.library.db.read(f"select * from {table}")]
        # A tag stays known when what was first said of it is undone.
        return [row for row in rows if row[0] != "tag" or row[5] is not None or row[6]]

    some = st.sets(st.integers(0, 5), min_size=1)
    tags = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3)

    @rule(which=some, tags=tags, act=st.sampled_from(["add", "remove", "accept", "reject"]))
    def say(self, which: set[int], tags: list[str], act: str) -> None:
        ask = {"add": AddTags, "remove": RemoveTags, "accept": AcceptTags, "reject": RejectTags}[act]
        before = self.said()
        try:
            chosen = ask(ids=[self.ids[n] for n in which], tags=tags)
            done = getattr(self.library, f"{act}_tags")(OWNER, chosen)
        except NotFound:
            return
        assert done.undoable == (self.said() != before)
        if done.undoable:
            self.done.append(before)
            self.undone.clear()

    @rule(which=some, tags=tags, engine=st.integers(0, 1), sure=st.integers(0, 10))
    def find(self, which: set[int], tags: list[str], engine: int, sure: int) -> None:
        found = [(tag, abs(sure - n) / 10) for n, tag in enumerate(tags)]
        store(self.library, self.engines[engine], {self.ids[n]: found for n in which})

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        self.undone.append(self.said())
        self.library.undo(OWNER)
        assert sorted(self.said(), key=repr) == sorted(self.done.pop(), key=repr)

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        self.done.append(self.said())
        self.library.redo(OWNER)
        assert sorted(self.said(), key=repr) == sorted(self.undone.pop(), key=repr)

    @invariant()
    def as_worked_out(self) -> None:
        check_tags(self.library)


@pytest.mark.attack
def test_random_sequences(open_library: Callable[..., Library], effort: Any, rng: random.Random) -> None:
    Desk.make = open_library
    chosen = settings(
        max_examples=effort.of(5, 300),
        stateful_step_count=effort.of(25, 60),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(rng.getrandbits(32))(Desk), settings=chosen)

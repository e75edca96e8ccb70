"""Stacks: by hand and by rule, who leads, what lies beneath, and bulk actions on whole stacks."""

from __future__ import annotations

import random
from typing import Any

import pytest
from libraries import add, check_derived, fill, invented, truth

from pixlstash_core import OWNER, Fact
from pixlstash_core.errors import Conflict, Forbidden, Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.query.grid import STACKED
from pixlstash_core.types import (
    ArrangeStack,
    Create,
    DeletePictures,
    HideAndBlur,
    Reader,
    RestorePictures,
    Scope,
    ScorePictures,
    Selection,
    StackByRule,
    StackPictures,
)

T = 1_750_000_000_000


def stacked(library: Library, picture: int) -> list[int]:
    return library.picture_stack(OWNER, picture).ids


def shown(library: Library, q: str = "") -> list[int]:
    return library.find(OWNER, q, "created").ids


def flag(library: Library, picture: int) -> bool:
    return bool(library.db.value("select flags from derived_grid where id = ?", (picture,)) & STACKED)


def test_a_view_says_how_many_lie_beneath(library: Library) -> None:
    """And a list of sets counts those of both kinds."""
    ids = fill(library, 6)
    held = library.create_set(OWNER, Create(name="Held")).id
    library.add_to_set(OWNER, held, Selection(ids=ids[:4]))
    library.stack(OWNER, StackPictures(ids=ids[1:5], leader=ids[1]))
    for text, shown_, beneath in (("", 3, 3), ("set:Held", 2, 2), ("is:stacked", 4, 0)):
        header = library.view(OWNER, text).header
        assert (header.count, header.beneath) == (shown_, beneath), text
    for text in ("", "set:Held"):
        header, bar = library.view(OWNER, text).header, library.sidebar(OWNER)
        assert header.count + header.beneath == (bar.sets[0].pictures if text else bar.pictures)
    library.set_veil(OWNER, HideAndBlur(hide="set:Held is:covered"))
    header, bar = library.view(OWNER, veil=True).header, library.sidebar(OWNER, True)
    assert header.count + header.beneath == bar.pictures == 4


def test_a_stack_shows_its_leader(library: Library) -> None:
    ids = fill(library, 5)
    library.score(OWNER, ScorePictures(ids=ids[2:3], score=4))
    before = truth(library)
    done = library.stack(OWNER, StackPictures(ids=ids[1:4]))
    assert (done.sentence, done.changed) == ("3 pictures stacked", 3)
    assert stacked(library, ids[1]) == [ids[2], ids[3], ids[1]]  # the best first, then the larger
    assert shown(library) == [ids[0], ids[2], ids[4]] and flag(library, ids[2]) and not flag(library, ids[1])
    assert shown(library, "is:stacked") == ids[1:4] and shown(library, "is:covered") == [ids[1], ids[3]]
    assert shown(library, f"stack:{done.id}") == ids[1:4]
    check_derived(library)
    library.undo(OWNER)
    assert truth(library) == before and shown(library) == ids
    check_derived(library)
    library.redo(OWNER)
    assert shown(library) == [ids[0], ids[2], ids[4]]
    check_derived(library)
    library.unstack(OWNER, Selection(ids=ids[1:2]))
    assert shown(library) == ids and truth(library)["stack"] == []
    check_derived(library)


def test_who_leads(library: Library) -> None:
    ids = fill(library, 4)
    made = library.stack(OWNER, StackPictures(ids=ids[:3], leader=ids[1])).id
    assert stacked(library, ids[0])[0] == ids[1] and shown(library) == [ids[1], ids[3]]
    library.arrange_stack(OWNER, made, ArrangeStack([ids[2], ids[0], ids[1]]))
    assert stacked(library, ids[0]) == [ids[2], ids[0], ids[1]] and shown(library) == [ids[2], ids[3]]
    check_derived(library)
    for order in ([ids[2]], [*ids[:3], ids[3]], [ids[0]] * 3):
        with pytest.raises(Conflict):
            library.arrange_stack(OWNER, made, ArrangeStack(order))
    with pytest.raises(NotFound):
        library.arrange_stack(OWNER, 99, ArrangeStack(ids[:2]))
    with pytest.raises(Invalid, match="leader"):
        library.stack(OWNER, StackPictures(ids=ids[2:], leader=999))
    for chosen, kind in ((ids[3:], Invalid), ([ids[3], 999], NotFound)):
        with pytest.raises(kind):
            library.stack(OWNER, StackPictures(ids=chosen))


def test_a_thrown_away_leader_makes_room(library: Library) -> None:
    ids = fill(library, 3)
    library.stack(OWNER, StackPictures(ids=ids, leader=ids[0]))
    order = stacked(library, ids[0])
    library.delete(OWNER, DeletePictures(ids=order[:1]))
    assert shown(library) == [order[1]] and flag(library, order[1])
    check_derived(library)
    library.delete(OWNER, DeletePictures(ids=order[1:2]))
    assert shown(library) == [order[2]] and not flag(library, order[2])  # nothing lies beneath it any more
    assert shown(library, "is:scrapheap") == sorted(order[:2])
    check_derived(library)
    library.restore(OWNER, RestorePictures(ids=order[:1]))
    assert shown(library) == [order[0]]
    check_derived(library)
    library.delete(OWNER, DeletePictures(ids=order[:1]))
    library.purge(OWNER, Selection(ids=order))
    check_derived(library)


def test_stacks_join_and_come_apart(library: Library) -> None:
    ids = fill(library, 6)
    library.stack(OWNER, StackPictures(ids=ids[:2]))
    library.stack(OWNER, StackPictures(ids=ids[2:4]))
    library.stack(OWNER, StackPictures(ids=[ids[1], ids[2], ids[4]], leader=ids[4]))
    assert sorted(stacked(library, ids[0])) == ids[:5] and shown(library) == ids[4:]
    assert library.db.value("select count(*) from stack") == 1
    check_derived(library)
    done = library.take_from_stack(OWNER, Selection(ids=[ids[4], ids[5]]))
    assert done.sentence == "1 picture taken out of its stack"
    assert sorted(stacked(library, ids[0])) == ids[:4]
    check_derived(library)
    library.take_from_stack(OWNER, Selection(ids=ids[:3]))  # one alone is no stack
    assert truth(library)["stack_member"] == [] == truth(library)["stack"]
    check_derived(library)
    with pytest.raises(NotFound, match="not in a stack"):
        library.picture_stack(OWNER, ids[0])


def test_actions_say_whether_they_take_the_whole_stack(library: Library) -> None:
    ids = fill(library, 4)
    library.stack(OWNER, StackPictures(ids=ids[:3], leader=ids[0]))
    view = library.view(OWNER, sort="created").header
    alone = library.score(OWNER, ScorePictures(view=view.view, ranges=[(0, 1)], score=2))
    whole = library.score(OWNER, ScorePictures(view=view.view, ranges=[(0, 1)], score=3, stacks=True))
    assert (alone.changed, whole.changed) == (1, 3)
    assert library.delete(OWNER, DeletePictures(ids=ids[2:3], stacks=True)).changed == 3
    writer = Reader("token:x", "write", Scope(frozenset(ids[1:2])))
    assert library.restore(writer, RestorePictures(ids=ids[1:2], stacks=True)).changed == 1


def test_a_scoped_reader_sees_its_part_of_a_stack(library: Library) -> None:
    ids = fill(library, 4)
    library.stack(OWNER, StackPictures(ids=ids[:3], leader=ids[0]))
    reader = Reader("share:x", "read", Scope(frozenset([ids[1], ids[3]])))
    assert library.picture_stack(reader, ids[1]).ids == [ids[1]]
    said = set()
    for id in (ids[0], ids[2], 999):
        with pytest.raises(NotFound) as caught:
            library.picture_stack(reader, id)
        said.add(str(caught.value))
    assert said == {"There is no such picture."}
    with pytest.raises(Forbidden):
        library.preview_stacks(reader, StackByRule(rule="raw"))


def test_rules_pass_by_what_is_hidden(library: Library) -> None:
    words = (Fact("Generation", "model", "Model", "flux"),)
    ids = add(library, *(invented(n, facts=words, prompt="a river") for n in range(4)))
    library.score(OWNER, ScorePictures(ids=ids[:2], score=1))
    library.set_veil(OWNER, HideAndBlur(hide="score:1"))
    assert library.preview_stacks(OWNER, StackByRule(rule="prompt")).pictures == 4
    for which in ({}, {"ids": ids}):
        ask = StackByRule(rule="prompt", veil=True, **which)  # type: ignore[arg-type]
        assert library.preview_stacks(OWNER, ask).examples == [[ids[3], ids[2]]]
    library.stack_by_rule(OWNER, StackByRule(rule="prompt", veil=True))
    assert set(shown(library, "is:stacked")) == set(ids[2:])


# -- rules -------------------------------------------------------------------------------------------------------------


class Bench:
    """Pictures as the rules see them, by a name of the test's own."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.ids: dict[str, int] = {}
        self.store = library.writer.run(
            lambda write: write.value(
                "insert into store(public_id, scheme, name, params)"
                " values ('x', 'folder', 'Photos', '{\"path\":\"/p\"}') returning id"
            ),
            lambda made: _label(),
        ).result

    def put(self, name: str, key: str | None = None, **given: Any) -> int:
        facts = tuple(Fact("Camera", k, k, v) for k, v in given.pop("facts", {}).items())
        (id,) = add(
            self.library,
            invented(1000 + len(self.ids), facts=facts, **{"created": T, **given}),
            names=lambda number: (key or name).rpartition("/")[2],
        )
        if key is not None:
            self.library.derive(
                lambda write: write.execute(
                    "update location set store_id = ?, key = ? where picture_id = ?", (self.store, key, id)
                )
            )
        self.ids[name] = id
        return id

    def found(self, rule: str) -> set[tuple[str, ...]]:
        names = {id: name for name, id in self.ids.items()}
        ask = StackByRule(rule=rule)  # type: ignore[arg-type]
        preview = self.library.preview_stacks(OWNER, ask)
        assert (preview.stacks, preview.pictures) == (len(preview.examples), sum(map(len, preview.examples)))
        before = truth(self.library)
        done = self.library.stack_by_rule(OWNER, ask)
        assert done.changed == preview.pictures
        if preview.stacks:
            for one in preview.examples:
                assert stacked(self.library, one[-1]) == one
            check_derived(self.library)
            assert self.library.preview_stacks(OWNER, ask).stacks == 0  # what is stacked stays so
            self.library.undo(OWNER)
        assert truth(self.library) == before
        return {tuple(names[id] for id in one) for one in preview.examples}


def _label() -> Any:
    from pixlstash_core.database.writer import Label

    return Label("", "", undoable=False)


@pytest.fixture
def bench(library: Library) -> Bench:
    return Bench(library)


def test_raw_and_jpeg(bench: Bench) -> None:
    raw = {"format": "raw", "extension": "cr2"}
    jpeg = {"format": "jpeg", "extension": "jpg"}
    bench.put("raw", "2024/IMG_1.CR2", **raw)
    bench.put("jpeg", "2024/img_1.jpg", **jpeg, width=6000, height=4000)
    bench.put("small", "2024/img_1.heic", format="heic", created=T + 1500)
    bench.put("elsewhere", "2025/IMG_1.jpg", **jpeg)
    bench.put("other name", "2024/IMG_2.jpg", **jpeg)
    bench.put("later", "2024/IMG_1.jpeg", **jpeg, created=T + 60_000)
    bench.put("png", "2024/IMG_1.png")
    bench.put("kept raw", "x/DSC_7.NEF", **raw)
    bench.put("kept jpeg", "y/DSC_7.JPG", **jpeg)
    assert bench.found("raw") == {("jpeg", "small", "raw")}
    own = bench.library.stores.own()[0]
    for name in ("kept raw", "kept jpeg"):
        bench.library.derive(
            lambda write, id=bench.ids[name]: write.execute(  # type: ignore[misc]
                "update location set store_id = ?, key = ? where picture_id = ?", (own, f"ab/{id}", id)
            )
        )
    assert bench.found("raw") == {("jpeg", "small", "raw"), ("kept jpeg", "kept raw")}  # by name, where keys are hashes


def test_live_photos(bench: Bench) -> None:
    clip = {"format": "mov", "kind": "video", "moving": True, "seconds": 2.0}
    bench.put("still", "a/IMG_1.HEIC", format="heic")
    bench.put("clip", "a/IMG_1.MOV", **clip, created=T - 7_200_000 + 1000)  # the still's clock is two hours ahead
    bench.put("another still", "a/IMG_2.JPG", format="jpeg")
    bench.put("another clip", "a/IMG_2.MOV", **clip, created=T + 400_000)
    bench.put("lone clip", "a/IMG_3.MOV", **clip)
    assert bench.found("live") == {("still", "clip")}


def test_bursts(bench: Bench) -> None:
    for number, (at, camera) in enumerate(
        [(0, "A"), (800, "A"), (1600, "A"), (3000, "A"), (100, "B"), (900, "B"), (50_000, "B")]
    ):
        bench.put(
            f"{camera}{number}", f"x/{camera}{number}.jpg", created=T + at, facts={"camera": camera}, format="jpeg"
        )
    bench.put("raw", "x/P1.cr2", created=T + 90_000, facts={"camera": "A"}, format="raw")
    bench.put("jpeg", "x/P1.jpg", created=T + 90_000, facts={"camera": "A"}, format="jpeg")
    bench.put("no camera", "x/n.jpg", created=T)
    bench.library.score(OWNER, ScorePictures(ids=[bench.ids["A1"]], score=5))
    found = bench.found("burst")
    assert {frozenset(one) for one in found} == {frozenset({"A0", "A1", "A2"}), frozenset({"B4", "B5"})}
    assert any(one[0] == "A1" for one in found)


def test_variants(bench: Bench) -> None:
    def made(name: str, prompt: str | None, model: str, seed: str) -> None:
        bench.put(name, prompt=prompt, facts={"model": model, "seed": seed})

    made("a1", "a river", "flux", "1")
    made("a2", "a river", "flux", "2")
    made("a1 again", "a river", "flux", "1")
    made("b", "a river", "sdxl", "1")
    made("c", "a lake", "flux", "1")
    made("no prompt", None, "flux", "1")
    bench.put("no facts", prompt="a river")
    assert {frozenset(one) for one in bench.found("prompt")} == {frozenset({"a1", "a2", "a1 again"})}
    assert {frozenset(one) for one in bench.found("seed")} == {frozenset({"a1", "a1 again"})}


def test_edits(bench: Bench) -> None:
    for name in ("old", "new", "newest", "alone"):
        bench.put(name)
    ids = bench.ids
    for one, before in (("new", "old"), ("newest", "new"), ("alone", "gone")):
        bench.library.derive(
            lambda write, one=one, before=before: write.execute(  # type: ignore[misc]
                "update picture set predecessor_id = ? where id = ?", (ids.get(before, 99), ids[one])
            )
        )
    assert bench.found("edit") == {("newest", "new", "old")}
    library = bench.library
    view = library.view(OWNER).header
    shown_ = StackByRule(rule="edit", view=view.view, ranges=[(0, view.count)])
    assert library.preview_stacks(OWNER, shown_) == library.preview_stacks(OWNER, StackByRule(rule="edit"))
    assert library.preview_stacks(OWNER, StackByRule(rule="edit", view=view.view, ranges=[(0, 1)])).stacks == 0
    with pytest.raises(Invalid):
        library.preview_stacks(OWNER, StackByRule(rule="edit", view=view.view))
    chosen = StackByRule(rule="edit", ids=[ids["new"], ids["old"]])
    assert bench.library.preview_stacks(OWNER, chosen).examples == [[ids["new"], ids["old"]]]


@pytest.mark.attack
def test_random_stacks(library: Library, effort: Any, rng: random.Random) -> None:
    """Stacking, taking, throwing away and undoing at random keeps the grid equal to a fresh one."""
    ids = fill(library, 9)
    for _ in range(effort.of(60, 1500)):
        chosen = rng.sample(ids, rng.randint(1, 4))
        act = rng.choice(["stack", "take", "unstack", "delete", "restore", "lead", "undo", "redo"])
        live = [id for id in chosen if library.db.value("select live from derived_grid where id = ?", (id,))]
        try:
            if act == "stack":
                library.stack(OWNER, StackPictures(ids=live))
            elif act == "take":
                library.take_from_stack(OWNER, Selection(ids=chosen))
            elif act == "unstack":
                library.unstack(OWNER, Selection(ids=chosen[:1]))
            elif act == "delete":
                library.delete(OWNER, DeletePictures(ids=chosen[:2]))
            elif act == "restore":
                library.restore(OWNER, RestorePictures(ids=chosen, stacks=True))
            elif act == "lead":
                found = library.picture_stack(OWNER, chosen[0])
                library.arrange_stack(OWNER, found.id, ArrangeStack(found.ids[::-1]))
            else:
                getattr(library, act)(OWNER)
        except (Invalid, Conflict, NotFound):
            pass
        check_derived(library)

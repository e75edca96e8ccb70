"""Engines that learn from tags: what they learn from, and tags and pictures that change meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from libraries import fill, finish, until

from pixlstash_core import OWNER, Tag, Tagger
from pixlstash_core.engines import decisions, training
from pixlstash_core.engines.outputs import Output
from pixlstash_core.errors import Invalid
from pixlstash_core.library import Library
from pixlstash_core.tags.engine_results import check
from pixlstash_core.types import (
    AddTags,
    AliasTags,
    DecideTag,
    DeletePictures,
    Job,
    MergeTags,
    NeverTags,
    RejectTags,
    RemoveTags,
    RenameTag,
    RestoreSnapshot,
    RunEngine,
    Selection,
    SetEngine,
    TakeSnapshot,
    TrainEngine,
)

LEARNED = "learned/tags"
OUTFIT = "second outfit"
COUNT, DECIDED = 80, 50


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Iterator[Library]:
    yield open_library()


def embed(library: Library, ids: Sequence[int], yes: Sequence[bool], engine: str = "eyes", seed: int = 0) -> None:
    """Give pictures vectors, in two clusters."""
    random = np.random.default_rng(seed)
    rows = 0.2 * random.standard_normal((len(ids), 12)).astype(np.float32)
    rows[:, seed % 12] += np.where(yes, 1, -1)
    library.outputs.keep("vector", engine, "1", dict(zip(ids, rows)), 0.0)


def wears(ids: Sequence[int]) -> list[bool]:
    """Whether each picture has the tag: every other one."""
    return [n % 2 == 0 for n in range(len(ids))]


def decide(library: Library, ids: Sequence[int], yes: Sequence[bool], tag: str = OUTFIT) -> None:
    accepted = [id for id, right in zip(ids, yes) if right]
    library.decide_tag(OWNER, DecideTag(tag=tag, yes=accepted, no=[id for id in ids if id not in set(accepted)]))


def prepared(library: Library, decided: int = DECIDED) -> list[int]:
    ids = fill(library, COUNT)
    embed(library, ids, wears(ids))
    decide(library, ids[:decided], wears(ids)[:decided])
    return ids


def train(library: Library) -> Job:
    job = finish(library, library.train_engine(OWNER, TrainEngine(LEARNED)))
    settle(library)
    assert job.state == "done", job.error
    return job


def settle(library: Library) -> None:
    until(lambda: not [job for job in library.queue.running() if job.kind in ("train", "engine")])


def suggested(library: Library, tag: str = OUTFIT) -> set[int]:
    return {picture.picture.id for picture in library.review_tag(OWNER, tag, limit=100).found if picture.effective}


def examples(library: Library) -> dict[tuple[int, str], bool]:
    """The decisions of the only training, by picture and tag."""
    ((producer,),) = library.db.read("select producer_id from training")
    stored = training.load(library.db, producer)
    assert stored is not None
    names: dict[int, str] = dict(library.db.read("select id, name from tag"))
    return {(key >> decisions.BITS, names[decisions.tag_of(key)]): bool(yes) for key, yes in stored.values.items()}


def test_suggests_a_tag_that_no_other_tagger_has(library: Library) -> None:
    ids = prepared(library)
    train(library)
    right = {id for id, yes in zip(ids[DECIDED:], wears(ids)[DECIDED:]) if yes}
    assert suggested(library) == right
    info = library.trained_engine(OWNER, LEARNED)
    assert (info.subject, info.count, info.learned, info.fewest, info.of_each) == ("tags", DECIDED, "eyes", 30, 5)
    (report,) = info.report["tags"]
    assert report["name"] == OUTFIT and report["learned"] and report["precision"][0] > 0.9
    assert report["brier"] < 0.5 * report["prior"]
    engine = next(engine for engine in library.engines(OWNER) if engine.id == LEARNED)
    assert engine.learns == "tags" and engine.done == COUNT and not engine.outdated


def test_says_what_is_missing(library: Library) -> None:
    ids = fill(library, 40)

    def refused() -> str:
        with pytest.raises(Invalid) as refusal:
            library.train_engine(OWNER, TrainEngine(LEARNED))
        return str(refusal.value)

    assert "engine run visual-descriptor" in refused()
    embed(library, ids, wears(ids))
    assert "No tag has any so far" in refused()
    decide(library, ids[:2], [True, False])
    assert "a tag with 30 decisions" in refused() and f"“{OUTFIT}” has 1 and 1 so far" in refused()
    decide(library, ids[:34], [True] * 30 + [False] * 4)
    assert f"“{OUTFIT}” has 30 and 4 so far" in refused()
    (tag,) = library.trained_engine(OWNER, LEARNED).tags
    assert (tag.name, tag.yes, tag.no, tag.enough) == (OUTFIT, 30, 4, False)
    decide(library, ids[34:35], [False])
    (tag,) = library.trained_engine(OWNER, LEARNED).tags
    assert tag.enough
    with pytest.raises(Invalid, match="has not learned yet"):
        library.run_engine(OWNER, RunEngine(engine=LEARNED))


def test_learns_only_from_people(library: Library) -> None:
    ids = prepared(library, 36)
    library.outputs.keep("tag", "other tagger", "1", {id: [Tag(OUTFIT, 0.9), Tag("sea", 0.9)] for id in ids}, 0.35)
    train(library)
    before = examples(library)
    assert before == {(id, OUTFIT): yes for id, yes in zip(ids[:36], wears(ids))}
    assert library.trained_engine(OWNER, LEARNED).examples == 36  # its own suggestions are no examples
    first = next(iter(suggested(library)))
    decide(library, [first], [True])
    assert library.trained_engine(OWNER, LEARNED).examples == 37  # an accepted one is a decision
    library.remove_tags(OWNER, RemoveTags(ids=[ids[0]], tags=[OUTFIT]))  # the other tagger assigns it: a rejection
    train(library)
    assert examples(library) == {**before, (first, OUTFIT): True, (ids[0], OUTFIT): False}


def test_of_two_decisions_the_later_counts_under_any_name(library: Library) -> None:
    ids = prepared(library)
    library.alias_tags(OWNER, AliasTags(tags=["outfit 2"], of=OUTFIT))
    library.add_tags(OWNER, AddTags(ids=[ids[1]], tags=["outfit 2"]))
    library.reject_tags(OWNER, RejectTags(ids=[ids[0]], tags=["outfit 2"]))
    train(library)
    expected = {(id, OUTFIT): yes for id, yes in zip(ids[:DECIDED], wears(ids))}
    assert examples(library) == {**expected, (ids[0], OUTFIT): False, (ids[1], OUTFIT): True}


def test_a_renamed_tag_keeps_its_classifier(library: Library, open_library: Callable[..., Library]) -> None:
    ids = prepared(library)
    train(library)
    right = suggested(library)
    library.rename_tag(OWNER, RenameTag(OUTFIT, "red dress"))
    job = next(job for job in library.jobs(OWNER) if job.kind == "engine")
    library.revert_job(OWNER, job.id)
    assert not suggested(library, "red dress")
    library.close()
    again = open_library()  # in which no name was resolved yet
    assert finish(again, again.run_engine(OWNER, RunEngine(engine=LEARNED))).state == "done"
    assert suggested(again, "red dress") == right and len(ids) == COUNT
    assert not again.db.read("select 1 from tag where folded = ?", (OUTFIT,))
    assert [tag.name for tag in again.trained_engine(OWNER, LEARNED).tags] == ["red dress"]


def test_suggestions_follow_a_merged_tag(library: Library) -> None:
    prepared(library)
    train(library)
    right = suggested(library)
    library.outputs.keep("tag", "other tagger", "1", {}, 0.35)
    library.add_tags(OWNER, AddTags(ids=library.find(OWNER, "").ids[:1], tags=["dress"]))
    library.merge_tags(OWNER, MergeTags(tags=[OUTFIT], into="dress"))
    assert right - suggested(library, "dress") <= {library.find(OWNER, "").ids[0]}
    train(library)
    assert {tag for _, tag in examples(library)} == {"dress"} and suggested(library, "dress") <= right


@pytest.mark.parametrize("what", ["merge", "never", "delete", "embedder"])
def test_what_changes_while_it_learns_is_not_learned_from(
    library: Library, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    ids = prepared(library)
    decide(library, ids[:DECIDED], wears(ids)[:DECIDED], "other")
    library.add_tags(OWNER, AddTags(ids=ids[-1:], tags=["dress"]))
    learn, first = library.host.train, threading.Event()

    def changing(*arguments: object) -> object:
        result = learn(*arguments)  # type: ignore[arg-type]
        if first.is_set():
            return result
        first.set()
        if what == "merge":
            library.merge_tags(OWNER, MergeTags(tags=[OUTFIT], into="dress"))
        elif what == "never":
            library.never_tags(OWNER, NeverTags(tags=[OUTFIT]))
        elif what == "delete":
            library.delete(OWNER, DeletePictures(ids=ids[:3]))
        elif what == "embedder":
            embed(library, ids, wears(ids), "other eyes", seed=5)
            other = library.db.value("select id from producer where engine = 'other eyes'")
            library.outputs.activate(other, rank=-5)
        return result

    monkeypatch.setattr(library.host, "train", changing)
    train(library)
    names = {"merge": {"dress", "other"}, "never": {"other"}}.get(what, {OUTFIT, "other"})
    left = ids[3:DECIDED] if what == "delete" else [*ids[:DECIDED], *(ids[-1:] if what == "merge" else [])]
    assert {tag for _, tag in examples(library)} == names
    assert {picture for picture, _ in examples(library)} == set(left)
    info = library.trained_engine(OWNER, LEARNED)
    assert info.learned == ("other eyes" if what == "embedder" else "eyes")
    assert suggested(library, "other") == set(ids[DECIDED::2])


def test_deleted_purged_and_damaged_pictures_are_no_examples(library: Library) -> None:
    ids = prepared(library)
    library.delete(OWNER, DeletePictures(ids=ids[:4]))
    library.purge(OWNER, Selection(ids=ids[:2]))
    damaged = np.full(12, np.nan, "<f2").tobytes()
    sql = "update vector_output set body = ? where picture_id in (?, ?)"
    library.writer.submit(lambda write: write.execute(sql, (damaged, ids[4], ids[79]))).result(30)
    train(library)
    assert {picture for picture, _ in examples(library)} == set(ids[5:DECIDED])
    errors = dict(library.db.read("select picture_id, error from done where error is not null"))
    assert set(errors) == {ids[4], ids[79]} and "run the embedder again" in errors[ids[79]]
    library.purge(OWNER, Selection(ids=[ids[2]]))
    assert not library.db.read("select 1 from said_tag where picture_id = ?", (ids[2],))


def test_learns_by_itself_once_the_person_pauses(library: Library) -> None:
    ids = fill(library, COUNT)
    embed(library, ids, wears(ids))
    library.set_engine(OWNER, SetEngine(engine=LEARNED, policy="all"))
    for n in range(0, 40, 2):
        decide(library, ids[n : n + 2], [True, False])
    assert not library.db.read("select 1 from training")  # it waits
    until(lambda: library.trained_engine(OWNER, LEARNED).count == 40, 60)
    settle(library)
    assert len([job for job in library.jobs(OWNER) if job.kind == "train"]) == 1
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    until(lambda: library.trained_engine(OWNER, LEARNED).count == 39, 60)
    settle(library)


def test_suggestions_can_be_reverted_and_decisions_stay(library: Library) -> None:
    ids = prepared(library)
    train(library)
    before = suggested(library)
    job = next(job for job in library.jobs(OWNER) if job.kind == "engine")
    library.revert_job(OWNER, job.id)
    assert suggested(library) == set() and before
    states = [tag.state for id in ids[:2] for tag in library.picture_tags(OWNER, id)]
    assert states == ["yours", "rejected"]
    assert finish(library, library.run_engine(OWNER, RunEngine(engine=LEARNED))).state == "done"
    assert suggested(library) == before


def test_trainings_come_back_with_snapshots(library: Library) -> None:
    ids = prepared(library)
    train(library)
    before, state = suggested(library), examples(library)
    snapshot = library.take_snapshot(OWNER, TakeSnapshot())
    decide(library, ids[:60], [not yes for yes in wears(ids)[:60]])
    train(library)
    assert suggested(library) != before and examples(library) != state
    library.restore_snapshot(OWNER, snapshot.id, RestoreSnapshot(allow_missing_files=True))
    assert suggested(library) == before and library.trained_engine(OWNER, LEARNED).examples == DECIDED
    train(library)
    assert suggested(library) == before and library.trained_engine(OWNER, LEARNED).count == DECIDED


def test_the_review_can_ask_what_teaches_most(library: Library) -> None:
    ids = fill(library, COUNT)
    random = np.random.default_rng(2)
    rows = 0.2 * random.standard_normal((COUNT, 12)).astype(np.float32)
    rows[:, 0] = np.linspace(-1, 1, COUNT)[random.permutation(COUNT)]
    library.outputs.keep("vector", "eyes", "1", dict(zip(ids, rows)), 0.0)
    library.outputs.keep("tag", "other tagger", "1", {id: [Tag(OUTFIT, 0.36)] for id in ids}, 0.35)
    assert not library.review_tag(OWNER, OUTFIT).learned
    noisy = rows[:DECIDED, 0] + 0.4 * random.standard_normal(DECIDED) > 0
    decide(library, ids[:DECIDED], noisy.tolist())
    train(library)
    found = {order: library.review_tag(OWNER, OUTFIT, limit=100, order=order) for order in ("teaching", "likely")}
    assert found["teaching"].learned

    def sure(order: str) -> list[float]:
        return [
            next(engine.confidence for engine in picture.engines if engine.engine == LEARNED)
            for picture in found[order].found  # type: ignore[index]
        ]

    assert sure("teaching") == sorted(sure("teaching"), key=lambda value: abs(value - 0.5))
    assert 0.2 < sure("teaching")[0] < 0.8
    confidences = [picture.confidence for picture in found["likely"].found]
    assert confidences == sorted(confidences, reverse=True) and len(confidences) == COUNT - DECIDED


def test_each_set_of_decisions_is_a_version(library: Library) -> None:
    ids = prepared(library)

    def versions() -> list[str]:
        return [
            row[0] for row in library.db.read("select revision from producer where engine = ? order by id", (LEARNED,))
        ]

    train(library)
    train(library)  # from the same decisions
    (first,) = versions()
    assert first.startswith("1+") and len(first) == 14
    decide(library, ids[DECIDED : DECIDED + 1], [True])
    train(library)
    assert len(set(versions())) == 2


@pytest.mark.parametrize("report", ["{}", '{"tags": "x"}', '{"tags": ["x", 1, null, [], {}]}', '{"tags": {"id": 1}}'])
def test_odd_reports_do_no_harm(library: Library, report: str) -> None:
    prepared(library)
    train(library)
    assert library.review_tag(OWNER, OUTFIT).learned
    library.writer.submit(lambda write: write.execute("update training set report = ?", (report,))).result(30)
    assert not library.review_tag(OWNER, OUTFIT).learned
    assert library.trained_engine(OWNER, LEARNED).count == DECIDED


def test_only_engines_that_learn_from_tags_give_ids() -> None:
    plain, learning = Tagger[None](), Tagger[None]()
    learning.learns = "tags"
    assert check(learning, [Tag("a", 0.5, id=7)], {}) == [("a", 0.5, "", 7)]
    for engine, id in ((plain, 7), (learning, -1), (learning, "7")):
        with pytest.raises(ValueError, match="only engines that learn from tags give ids"):
            check(engine, [Tag("a", 0.5, id=id)], {})  # type: ignore[arg-type]


def test_an_id_that_is_no_tag_is_dropped(library: Library) -> None:
    (id,) = fill(library, 1)
    producer = library.outputs.register("tag", LEARNED, "1", {})
    (stored,) = library.outputs.store(producer, [Output(id, [("a", 0.9, "", 4711), ("b", 0.9, "", 0)])])
    stored.result(30)
    library.outputs.activate(producer, 0.5)
    assert [tag.name for tag in library.picture_tags(OWNER, id)] == ["b"]
    assert not library.db.read("select 1 from tag where name = 'a'")

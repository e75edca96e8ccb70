"""Engines that learn from people's scores: when they do, what from, what counts meanwhile, and what is deleted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from libraries import fill, finish, until

from pixlstash_core import OWNER
from pixlstash_core.engines import training
from pixlstash_core.errors import Invalid, NotFound
from pixlstash_core.library import Library
from pixlstash_core.types import (
    DeletePictures,
    Job,
    Reader,
    RestorePictures,
    RestoreSnapshot,
    RunEngine,
    Scope,
    ScorePictures,
    Selection,
    SetEngine,
    TakeSnapshot,
    TrainEngine,
)

SMART = "smart-score"
COUNT = 60


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Iterator[Library]:
    yield open_library()


def vectors(count: int, length: int = 12, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, length)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def embed(library: Library, ids: Sequence[int], engine: str = "eyes", seed: int = 0) -> np.ndarray:
    rows = vectors(len(ids), seed=seed)
    library.outputs.keep("vector", engine, "1", dict(zip(ids, rows)), 0.0)
    return rows


def score_by(library: Library, ids: Sequence[int], rows: np.ndarray) -> dict[int, int]:
    """Score pictures by the first number of their vectors."""
    stars = 1 + np.searchsorted(np.quantile(rows[:, 0], [0.2, 0.4, 0.6, 0.8]), rows[:, 0])
    for star in range(1, 6):
        chosen = [id for id, given in zip(ids, stars.tolist()) if given == star]
        library.score(OWNER, ScorePictures(ids=chosen, score=star))
    return dict(zip(ids, stars.tolist()))


def train(library: Library, engine: str = SMART) -> Job:
    job = finish(library, library.train_engine(OWNER, TrainEngine(engine)))
    settle(library)
    return job


def settle(library: Library) -> None:
    until(lambda: not [job for job in library.queue.running() if job.kind in ("train", "engine")])


def smart(library: Library) -> dict[int, float]:
    """The active smart scores by picture."""
    sql = """
        select o.picture_id, o.value from active a join measure_output o on o.producer_id = a.producer_id
        where a.kind = 'measure'
        """
    return dict(library.db.read(sql))


def trained(library: Library, count: int = COUNT, scored: int = 40) -> tuple[list[int], np.ndarray]:
    ids = fill(library, count)
    rows = embed(library, ids)
    score_by(library, ids[:scored], rows[:scored])
    job = train(library)
    assert job.state == "done", job.error
    return ids, rows


def test_learns_from_scores_and_scores_every_picture_with_a_vector(library: Library) -> None:
    ids, rows = trained(library)
    scores = smart(library)
    assert sorted(scores) == ids and all(1 <= score <= 5 for score in scores.values())
    others = [scores[id] for id in ids[40:]]
    assert np.corrcoef(others, rows[40:, 0])[0, 1] > 0.7  # on pictures it has not learned from
    info = library.trained_engine(OWNER, SMART)
    assert (info.count, info.examples, info.learned, info.fewest) == (40, 40, "eyes", 20)
    assert info.report["rank"] > 0.5 and sum(map(sum, info.report["cells"])) == 40
    engine = next(engine for engine in library.engines(OWNER) if engine.id == SMART)
    assert engine.active and engine.done == COUNT and not engine.outdated


def test_queries_sorts_and_statistics_know_the_smart_score(library: Library) -> None:
    ids, _ = trained(library, 50)
    scores = smart(library)
    fresh = fill_more(library, ids)
    high = library.find(OWNER, "measure:smart>3.5").ids
    assert set(high) == {id for id, score in scores.items() if score > 3.5} and 0 < len(high) < 50
    order = list(library.find(OWNER, "sort:-smart").ids)
    assert [scores[id] for id in order[:50]] == sorted(scores.values(), reverse=True) and order[50:] == [fresh]
    panel = next(panel for panel in library.statistics(OWNER).panels if panel.name == "smart")
    assert sum(bar.count for bar in panel.bars) == 51
    for bar in panel.bars:
        assert bar.query is not None and len(library.find(OWNER, bar.query).ids) == bar.count, bar


def fill_more(library: Library, ids: Sequence[int]) -> int:
    """Add another picture, without a vector."""
    from libraries import add, invented

    return add(library, invented(10_000 + len(ids)))[0]


def test_says_what_is_missing_before_it_can_learn(library: Library) -> None:
    ids = fill(library, 30)
    with pytest.raises(Invalid, match="have not been compared yet"):
        library.train_engine(OWNER, TrainEngine(SMART))
    rows = embed(library, ids)
    with pytest.raises(Invalid, match="It has 0 so far: score 20 more"):
        library.train_engine(OWNER, TrainEngine(SMART))
    score_by(library, ids[:2], rows[:2])
    with pytest.raises(Invalid, match="It has 2 so far: score 18 more"):
        library.train_engine(OWNER, TrainEngine(SMART))
    with pytest.raises(Invalid, match="has not learned yet"):
        library.run_engine(OWNER, RunEngine(engine=SMART))
    with pytest.raises(Invalid, match="does not learn"):
        library.train_engine(OWNER, TrainEngine("sharpness"))
    assert library.trained_engine(OWNER, SMART).learned == "" and smart(library) == {}


def test_equal_scores_teach_nothing_and_contradictory_ones_give_the_mean(library: Library) -> None:
    ids = fill(library, 40)
    embed(library, ids)
    library.score(OWNER, ScorePictures(ids=ids[:25], score=3))
    job = finish(library, library.train_engine(OWNER, TrainEngine(SMART)))
    assert job.state == "failed" and "all pictures that you scored have 3 stars" in (job.error or "")
    same = dict.fromkeys(ids, vectors(1)[0])
    library.outputs.keep("vector", "eyes", "1", same, 0.0)
    library.score(OWNER, ScorePictures(ids=ids[:20], score=1))
    library.score(OWNER, ScorePictures(ids=ids[20:], score=5))
    assert train(library).state == "done"
    assert set(smart(library).values()) == {3.0} and library.trained_engine(OWNER, SMART).report["rank"] == 0


def test_damaged_vectors_are_left_out(library: Library) -> None:
    ids = fill(library, 45)
    rows = embed(library, ids)
    score_by(library, ids[:30], rows[:30])
    damaged = np.full(12, np.nan, "<f2").tobytes()
    library.writer.submit(
        lambda write: write.execute(
            "update vector_output set body = ? where picture_id in (?, ?)", (damaged, ids[0], ids[44])
        )
    ).result(30)
    assert train(library).state == "done"
    assert library.trained_engine(OWNER, SMART).count == 29 and set(smart(library)) == set(ids[1:44])
    errors = dict(library.db.read("select picture_id, error from done where error is not null"))
    assert set(errors) == {ids[0], ids[44]} and "run the embedder again" in errors[ids[0]]


def test_a_new_training_replaces_the_earlier_one_when_it_has_caught_up(library: Library) -> None:
    ids, rows = trained(library)
    first = library.db.read("select producer_id from training")
    score_by(library, ids[:60], -rows[:60])
    assert train(library).state == "done"
    ((second,),) = library.db.read("select producer_id from training")
    assert (second,) not in first
    assert {producer for (producer,) in library.db.read("select producer_id from measure_output")} == {second}
    assert np.corrcoef([smart(library)[id] for id in ids], rows[:, 0])[0, 1] < -0.7
    before = smart(library)
    assert train(library).state == "done" and smart(library) == before  # the same examples: the same training
    assert library.db.value("select count(*) from training") == 1


def test_learns_again_by_itself_when_enough_scores_changed(library: Library) -> None:
    ids = fill(library, COUNT)
    rows = embed(library, ids)
    library.set_engine(OWNER, SetEngine(engine=SMART, policy="all"))
    score_by(library, ids[:19], rows[:19])
    library.queue.hasten("learn", 0)
    assert not smart(library)
    score_by(library, ids[:30], rows[:30])
    until(lambda: library.trained_engine(OWNER, SMART).count == 30, 60)  # perhaps after one of fewer scores
    until(lambda: len(smart(library)) == COUNT, 60)
    library.delete(OWNER, DeletePictures(ids=ids[:1]))
    until(lambda: library.trained_engine(OWNER, SMART).count == 29, 60)
    settle(library)
    assert library.db.value("select count(*) from training") == 1


def test_deleted_and_purged_pictures_are_no_examples(library: Library) -> None:
    ids, _ = trained(library)
    library.delete(OWNER, DeletePictures(ids=ids[:10]))
    assert library.trained_engine(OWNER, SMART).examples == 30
    library.restore(OWNER, RestorePictures(ids=ids[:5]))
    assert library.trained_engine(OWNER, SMART).examples == 35
    library.purge(OWNER, Selection(ids=ids[5:10]))
    assert train(library).state == "done"
    values = training.load(library.db, library.db.value("select producer_id from training"))
    assert values is not None and set(values.values) == {*ids[:5], *ids[10:40]}
    assert not set(smart(library)) & set(ids[5:10])


def test_a_picture_deleted_while_it_learns_is_left_out(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = fill(library, COUNT)
    rows = embed(library, ids)
    score_by(library, ids[:40], rows[:40])
    learn, first = library.host.train, threading.Event()

    def deleting(*arguments: object) -> object:
        result = learn(*arguments)  # type: ignore[arg-type]
        if not first.is_set():
            first.set()
            library.delete(OWNER, DeletePictures(ids=ids[:3]))
        return result

    monkeypatch.setattr(library.host, "train", deleting)
    assert train(library).state == "done"
    assert library.trained_engine(OWNER, SMART).count == 37 and library.db.value("select count(*) from training") == 1


def test_an_embedder_switched_while_it_learns_is_learned_from(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = fill(library, COUNT)
    rows = embed(library, ids)
    score_by(library, ids[:40], rows[:40])
    learn, first = library.host.train, threading.Event()

    def switching(*arguments: object) -> object:
        result = learn(*arguments)  # type: ignore[arg-type]
        if not first.is_set():
            first.set()
            embed(library, ids, "other eyes", seed=5)
            other = library.db.value("select id from producer where engine = 'other eyes'")
            library.outputs.activate(other, rank=-5)
        return result

    monkeypatch.setattr(library.host, "train", switching)
    assert train(library).state == "done"
    assert library.trained_engine(OWNER, SMART).learned == "other eyes" and len(smart(library)) == COUNT


def test_a_training_can_be_canceled(library: Library) -> None:
    ids = fill(library, COUNT)
    rows = embed(library, ids)
    score_by(library, ids[:40], rows[:40])
    job = library.train_engine(OWNER, TrainEngine(SMART))
    library.queue.cancel(job.id)
    assert finish(library, job).state in ("cancelled", "done")
    settle(library)
    assert train(library).state == "done"


def test_liked_shows_the_most_similar_pictures_with_scores(library: Library) -> None:
    ids, rows = trained(library)
    scores = {id: library.picture(OWNER, id).score for id in ids}
    liked = library.liked(OWNER, ids[50])
    assert liked.smart == smart(library)[ids[50]]
    cosines = {id: float(rows[50] @ rows[n]) for n, id in enumerate(ids)}
    good = sorted((id for id in ids if (scores[id] or 0) >= 4), key=lambda id: -cosines[id])
    assert [similar.picture.id for similar in liked.good] == good[:4]
    assert all((scores[similar.picture.id] or 0) <= 2 for similar in liked.bad) and len(liked.bad) == 4


def test_liked_shows_a_reader_only_pictures_in_scope(library: Library) -> None:
    ids, _ = trained(library)
    reader = Reader("token:scoped", "read", Scope(frozenset([*ids[:8], ids[50]])))
    liked = library.liked(reader, ids[50])
    assert {similar.picture.id for similar in (*liked.good, *liked.bad)} <= set(ids[:8])
    with pytest.raises(NotFound):
        library.liked(reader, ids[51])


def test_results_can_be_reverted_and_computed_again(library: Library) -> None:
    trained(library)
    before = smart(library)
    job = next(job for job in library.jobs(OWNER) if job.kind == "engine")
    library.revert_job(OWNER, job.id)
    assert smart(library) == {}
    assert finish(library, library.run_engine(OWNER, RunEngine(engine=SMART))).state == "done"
    assert smart(library) == before


def test_trainings_are_in_snapshots_and_come_back_with_them(library: Library) -> None:
    ids, rows = trained(library)
    before = smart(library)
    snapshot = library.take_snapshot(OWNER, TakeSnapshot())
    score_by(library, ids[:60], -rows[:60])
    assert train(library).state == "done" and smart(library) != before
    library.restore_snapshot(OWNER, snapshot.id, RestoreSnapshot(allow_missing_files=True))
    scores = {id: library.picture(OWNER, id).score or 0 for id in ids}
    assert sum(score > 0 for score in scores.values()) == 40
    assert library.trained_engine(OWNER, SMART).examples == 40
    assert smart(library) == before

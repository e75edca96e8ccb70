"""The tagger that learns: how good its classifiers are, whether they know it, and what they do with odd decisions."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
import pytest

from pixlstash_core import DecidedTag, Examples, Image, Trained
from pixlstash_core.plugins.image import Pictured
from pixlstash_core.plugins.training import TimeUp
from pixlstash_core.testing import check
from pixlstash_learned import LEAST, Learned, classifier, quality

Array = Any
ENGINE = Learned()
PARAMS = Learned.Params()
LENGTH = 48


class World(NamedTuple):
    """Vectors, and whether each has a tag: by one direction of the vectors, and noise."""

    vectors: Array
    yes: Array


def world(count: int, noise: float, seed: int, share: float = 0.5) -> World:
    """Pictures in two clusters that overlap; `noise` is the deviation against the distance of 1 between them."""
    random = np.random.default_rng(seed)
    yes = random.random(count) < share
    rows = 0.3 * random.standard_normal((count, LENGTH)).astype(np.float32)
    rows[:, 0] = yes + noise * random.standard_normal(count)
    return World(rows / np.linalg.norm(rows, axis=1, keepdims=True), yes)


def trained(*worlds: World) -> Trained:
    """Train with one tag per world; they have different pictures."""
    vectors, tags, start = np.concatenate([world.vectors for world in worlds]), [], 0
    for number, (_, yes) in enumerate(worlds, 1):
        tags.append(DecidedTag(number, f"tag {number}", start + np.arange(len(yes)), yes))
        start += len(yes)
    return ENGINE.train(examples(vectors, tags), PARAMS)


def examples(vectors: Array, tags: list[DecidedTag], seconds: float = 60.0) -> Examples:
    return Examples(np.arange(1, len(vectors) + 1), vectors, np.zeros(0, np.float32), seconds, tags=tags)


def predicted(training: Trained, vectors: Array, tag: int = 1) -> Array:
    """Return the confidence of a tag for each vector; 0 if it is too low to be given."""
    images = [Image(Pictured(n, "image", (8, 8)), 8, 8, None, given={"vector": row}) for n, row in enumerate(vectors)]
    model = ENGINE.restore(None, training.state, PARAMS)
    return np.array(
        [{one.id: one.confidence for one in tags}.get(tag, 0.0) for tags in ENGINE.run(model, images, PARAMS)]
    )


def test_it_fulfills_the_contract() -> None:
    check(ENGINE)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.5, 0.25])
def test_thirty_decisions_are_better_than_the_prior(seed: int, share: float) -> None:
    known, fresh = world(30, 0.25, seed, share), world(400, 0.25, 100 + seed, share)
    if known.yes.sum() < 5:
        known.yes[:5] = True
    training = trained(known)
    (report,) = training.report["tags"]
    assert report["learned"] and report["brier"] < 0.7 * report["prior"]
    sure = predicted(training, fresh.vectors)
    prior = float(known.yes.mean())
    assert np.mean((sure - fresh.yes) ** 2) < 0.7 * np.mean((prior - fresh.yes) ** 2)
    counts = sure >= ENGINE.threshold
    assert counts.any() and fresh.yes[counts].mean() > 1.2 * fresh.yes.mean()  # the precision, against the prior's


@pytest.mark.parametrize("noise", [0.1, 0.4, 1.0])
@pytest.mark.parametrize("share", [0.5, 0.15])
def test_five_hundred_decisions_are_calibrated(noise: float, share: float) -> None:
    """The reported error is 0.05 at most, and about as high on pictures that nobody decided about.

    It is the mean of several libraries: that of perfect probabilities differs from zero by chance, too.
    """
    reported, real = [], []
    for seed in range(4):
        training = trained(world(500, noise, seed, share))
        (report,) = training.report["tags"]
        value, low, high = report["error"]
        assert low <= value <= high
        reported.append(value)
        fresh = world(4000, noise, 50 + seed, share)
        if report["learned"]:
            sure = predicted(training, fresh.vectors)
            above = sure >= LEAST
            real.append(quality.calibration(sure[above], fresh.yes[above], quality.binned(sure[above])))
    assert np.mean(reported) <= 0.05 and np.mean(real) <= 0.06


def test_the_report_agrees_with_pictures_that_were_not_learned_from() -> None:
    training = trained(world(600, 0.4, 3))
    (report,) = training.report["tags"]
    fresh = world(4000, 0.4, 77)
    counts = predicted(training, fresh.vectors) >= 0.5
    precision, recall = fresh.yes[counts].mean(), counts[fresh.yes].mean()
    for (value, low, high), real in ((report["precision"], precision), (report["recall"], recall)):
        assert low <= value <= high and high - low < 0.12 and low - 0.03 <= real <= high + 0.03
    assert sum(count for _, _, count in report["bins"]) == 600 == report["yes"] + report["no"]


def test_intervals_are_wider_for_fewer_decisions() -> None:
    few, many = (trained(world(count, 0.5, 1)).report["tags"][0] for count in (40, 800))
    for name in ("precision", "recall", "error"):
        assert few[name][2] - few[name][1] > 2 * (many[name][2] - many[name][1])


def test_contradictory_decisions_teach_nothing() -> None:
    random = np.random.default_rng(4)
    same = World(np.repeat(world(1, 0.1, 0).vectors, 60, axis=0), np.arange(60) % 2 == 0)
    guessed = World(world(200, 0.1, 5).vectors, random.random(200) < 0.5)
    training = trained(same, guessed, world(60, 0.1, 6))
    learned = [report["learned"] for report in training.report["tags"]]
    assert learned == [False, False, True]
    assert set(predicted(training, world(50, 0.1, 7).vectors, tag=1)) == {0.0}
    nothing = trained(same)
    assert set(predicted(nothing, same.vectors)) == {0.0}


def test_few_of_one_kind_and_many_decisions() -> None:
    rare = world(400, 0.1, 8, share=0.02)
    rare.yes[:] = False
    rare.yes[:5], rare.vectors[:5] = True, world(40, 0.1, 9, share=1).vectors[:5]
    many = world(6_000, 0.3, 10, share=0.3)
    training = trained(rare, many)
    assert [report["yes"] for report in training.report["tags"]] == [5, pytest.approx(600, abs=40)]
    assert sum(training.report["tags"][1][kind] for kind in ("yes", "no")) == classifier.MOST
    used = classifier.newest(many.yes)
    assert many.yes[used].mean() == pytest.approx(many.yes.mean(), abs=0.01) and used.min() > 0  # the newest


def test_the_same_decisions_give_the_same_state_and_others_another() -> None:
    one, other = world(60, 0.3, 1), world(60, 0.3, 2)
    assert trained(one).state == trained(one).state != trained(other).state
    flipped = World(one.vectors, one.yes.copy())
    flipped.yes[0] ^= True
    assert trained(flipped).state != trained(one).state


def test_a_picture_without_a_vector_is_an_error_and_time_is_limited() -> None:
    training = trained(world(60, 0.1, 1))
    model = ENGINE.restore(None, training.state, PARAMS)
    blank = Image(Pictured(1, "image", (8, 8)), 8, 8, None, given={})
    with pytest.raises(ValueError, match="run the embedder again"):
        list(ENGINE.run(model, [blank], PARAMS))
    vectors, yes = world(60, 0.1, 1)
    with pytest.raises(TimeUp):
        ENGINE.train(examples(vectors, [DecidedTag(1, "a", np.arange(60), yes)], seconds=0.0), PARAMS)


def test_a_thousand_decisions_take_less_than_a_second_of_one_core() -> None:
    known = world(1_000, 0.4, 1)
    best = 1e9
    for _ in range(3):
        since = time.thread_time()
        trained(known)
        best = min(best, time.thread_time() - since)
    assert best < 1.0, best

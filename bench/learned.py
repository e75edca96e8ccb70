"""How fast the plugin `learned` learns a tag, and how good it is from 30 to 1,000 decisions.

    python bench/learned.py

One thread, as the engine's process has. Vectors are made up: two overlapping clusters of 768 numbers, a share of 30 %
with the tag. With $PIXLSTASH_CORPUS, tags by two rules over the built-in descriptor of its pictures are learned as
well; a tenth of these decisions is random.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is loaded

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _measure import Figure, median, ms, report
from PIL import Image as pil

from pixlstash_core import DecidedTag, Examples
from pixlstash_core.engines.builtin.descriptor import describe
from pixlstash_learned import Learned, classifier, quality

LENGTH, SHARE, SEEDS, FRESH = 768, 0.3, 8, 4_000
#: Deviation of the clusters, for the distance of 1 between them.
NOISE = 0.4


class World(NamedTuple):
    vectors: Any
    yes: Any


class Quality(NamedTuple):
    """Of other pictures: precision, the share with the tag, and calibration error. `reported`: by cross-validation."""

    precision: float
    prior: float
    error: float
    reported: float


def made(count: int, seed: int) -> World:
    random = np.random.default_rng(seed)
    yes = random.random(count) < SHARE
    rows = (1 / LENGTH**0.5) * random.standard_normal((count, LENGTH)).astype(np.float32)
    rows[:, 0] = yes + NOISE * random.standard_normal(count)
    return World(rows / np.linalg.norm(rows, axis=1, keepdims=True), yes)


def train(known: World) -> Any:
    tag = DecidedTag(1, "tag", np.arange(len(known.yes)), known.yes)
    ids = np.arange(1, len(known.yes) + 1)
    return Learned().train(Examples(ids, known.vectors, np.zeros(0, np.float32), 60.0, tags=[tag]), None)


def plain(known: World) -> Any:
    """The baseline: one logistic regression on all numbers by Newton's method, without any cross-validation."""
    rows = np.hstack([known.vectors, np.ones((len(known.yes), 1), np.float32)])
    weights = np.zeros(rows.shape[1])
    for _ in range(8):
        sure = quality.logistic(rows @ weights)
        curve = (rows.T * (sure * (1 - sure)).astype(np.float32)) @ rows + 0.1 * np.eye(len(weights))
        weights -= np.linalg.solve(curve, rows.T @ (sure - known.yes) + 0.1 * weights)
    return weights


def judged(known: World, fresh: World) -> Quality:
    training = train(known)
    (tag,) = training.report["tags"]
    model = Learned().restore(None, training.state, None)
    rows = classifier.Space(model["mean"], model["axes"]).rows(fresh.vectors)
    share = float(fresh.yes.mean())
    if not len(model["ids"]):
        return Quality(share, share, 0.0, tag["error"][0])
    sure = classifier.probabilities(rows, model["weights"])[:, 0]
    counts = sure >= Learned.threshold
    precision = float(fresh.yes[counts].mean()) if counts.any() else share
    return Quality(precision, share, quality.calibration(sure, fresh.yes, quality.binned(sure)), tag["error"][0])


def mean(qualities: Sequence[Quality]) -> Quality:
    return Quality(*np.mean(qualities, axis=0).tolist())


def worst(qualities: Sequence[Quality]) -> float:
    return max(one.reported for one in qualities)


def of_corpus(corpus: Path) -> Any:
    """Return the descriptors of the corpus's pictures."""
    vectors = []
    warnings.simplefilter("ignore")  # about files that are odd on purpose
    for path in sorted(corpus.rglob("*")):
        try:
            with pil.open(path) as image:
                if image.format == "TIFF" or image.width * image.height > 30_000_000 or min(image.size) < 16:
                    continue
                image.draft("RGB", (900, 900))
                small = image.convert("RGB")
        except Exception:  # no picture, or one that is damaged on purpose
            continue
        small.thumbnail((768, 768))
        vector = describe(small)
        vectors.append(vector / np.linalg.norm(vector))
    return np.array(vectors, np.float32)


def by_rules(vectors: Any) -> Figure:
    """Learn two tags from half of the pictures, and judge them on the other half."""
    colors = vectors[:, :150].reshape(-1, 6, 5, 5)
    warm = colors[:, :, 3:, 3:].sum((1, 2, 3)) - colors[:, :, :2, :2].sum((1, 2, 3))
    rules = {"subject": vectors @ vectors[7], "palette": warm}
    parts, kept = [], True
    for name, values in rules.items():
        real = values > np.quantile(values, 0.7)
        judgments = []
        for seed in range(SEEDS):
            random = np.random.default_rng(seed)
            order = random.permutation(len(real))
            known, left = order[: len(order) // 2], order[len(order) // 2 :]
            said = np.where(random.random(len(known)) < 0.1, random.random(len(known)) < 0.3, real[known])
            judgments.append(judged(World(vectors[known], said), World(vectors[left], real[left])))
        now = mean(judgments)
        kept = kept and now.precision > 1.5 * now.prior
        parts.append(f"{name} {now.precision:.0%} (prior {now.prior:.0%})")
    return Figure(
        "learned tags by two rules over the built-in descriptor, a tenth of the decisions random",
        "better than the prior",
        f"precision by {', by '.join(parts)}; learned from {len(vectors) // 2} files of the test corpus, {SEEDS} seeds",
        "the prior",
        kept,
    )


def main() -> int:
    known = made(1_000, 1)
    now, bare = median(lambda: train(known), 7), median(lambda: plain(known), 7)
    figures = [
        Figure(
            f"a tag learned from 1,000 decisions, vectors of {LENGTH}",
            "≤ 1 s",
            f"{ms(now)}, {now / bare:.1f} times the baseline; state of {len(train(known).state):,} bytes",
            f"one regression without cross-validation {ms(bare)}",
            now <= 1.0,
        )
    ]
    for count in (30, 100, 500, 1_000):
        judgments = [judged(made(count, seed), made(FRESH, 1_000 + seed)) for seed in range(SEEDS)]
        quality_now = mean(judgments)
        promise = "precision above the prior" if count < 500 else "calibration error ≤ 0.05"
        better = quality_now.precision > quality_now.prior and (count < 500 or quality_now.reported <= 0.05)
        figures.append(
            Figure(
                f"a learned tag, {count:,} decisions",
                promise,
                f"precision {quality_now.precision:.0%}; calibration error reported {quality_now.reported:.3f} (worst"
                f" {worst(judgments):.3f}), on other pictures {quality_now.error:.3f}; mean of {SEEDS} seeds",
                f"the prior {quality_now.prior:.0%}",
                better,
            )
        )
    corpus = os.environ.get("PIXLSTASH_CORPUS")
    if corpus:
        figures.append(by_rules(of_corpus(Path(corpus))))
    else:
        print("SKIPPED learned tags by two rules: $PIXLSTASH_CORPUS is not set", flush=True)
    return report(figures)


if __name__ == "__main__":
    sys.exit(main())

"""`check` tells what is wrong with the training of an engine, and the host survives it."""

from __future__ import annotations

import bad_learners
import pytest

from pixlstash_core.plugins.engines import fault
from pixlstash_core.plugins.training import Examples, checked
from pixlstash_core.testing import check
from pixlstash_core.testing.training import examples


@pytest.mark.parametrize(
    ("learner", "problem"),
    [
        ("Guessing", "another state for the same examples"),
        ("Silent", "never calls `examples.progress`"),
        ("Backwards", "progress of `train` goes backwards"),
        ("Stateless", "a state has 1 to 16,777,216 bytes"),
        ("Plain", "must return `Trained`"),
        ("Unequal", "fails on equal values with ZeroDivisionError"),
        ("Forgetful", "`restore` fails: KeyError"),
        ("Contradicted", "fails on contradictory decisions with ZeroDivisionError"),
        ("Nameless", "only engines that learn from tags give ids"),
        ("Remembering", "keeps state in `Remembering.seen`"),
    ],
)
def test_a_problem_is_named(learner: str, problem: str) -> None:
    with pytest.raises(AssertionError) as wrong:
        check(getattr(bad_learners, learner)())
    assert problem in str(wrong.value) and str(wrong.value).count(";") <= 1


def test_an_engine_that_fulfills_the_contract_passes() -> None:
    check(bad_learners.Learner())
    check(bad_learners.TagLearner())


def test_wrong_attributes_are_refused() -> None:
    learner = bad_learners.Learner()
    learner.learns = "votes"
    assert "it is one of scores" in (fault(learner) or "")
    learner.learns, learner.fewest = "scores", 0
    assert "a whole number from 1" in (fault(learner) or "")


def test_a_report_must_be_json_and_small() -> None:
    from pixlstash_core import Trained

    for report in ({"a": object()}, {"a": "x" * 200_000}):
        with pytest.raises(ValueError, match="the report of a training"):
            checked(Trained(b"x", report))


def test_progress_is_limited_to_what_it_means() -> None:
    parts: list[float] = []
    learned: Examples = examples(8, parts.append)
    for part in (-1, 0.5, 7):
        learned.progress(part)
    assert parts == [0.0, 0.5, 1.0]

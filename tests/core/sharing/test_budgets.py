"""Budgets of links: what is used is refilled at a rate, for each link by itself."""

from __future__ import annotations

import pytest

from pixlstash_core.errors import TooMany
from pixlstash_core.sharing import budgets
from pixlstash_core.sharing.budgets import BYTES, BYTES_AT_ONCE, WORK, WORK_AT_ONCE, Budgets


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def wait(budget: Budgets, link: int) -> int:
    """Seconds that a recipient must wait; 0 if not at all."""
    try:
        budget.demand(link)
    except TooMany as error:
        return error.seconds
    return 0


def test_bytes_are_refilled_at_their_rate() -> None:
    clock = Clock()
    budget = Budgets(clock)
    assert wait(budget, 1) == 0
    budget.charge(1, sent=BYTES_AT_ONCE + 10 * BYTES)
    assert wait(budget, 1) == 10 and wait(budget, 2) == 0, "other links have their own"
    clock.now += 9.5
    assert wait(budget, 1) == 1
    clock.now += 1
    assert wait(budget, 1) == 0
    clock.now += 1e9
    budget.charge(1, sent=BYTES_AT_ONCE)
    assert wait(budget, 1) == 1, "no more than the most is saved up"


def test_work_is_refilled_at_its_rate() -> None:
    clock = Clock()
    budget = Budgets(clock)
    budget.charge(1, worked=WORK_AT_ONCE - 1)
    assert wait(budget, 1) == 0
    budget.charge(1, worked=6)
    assert wait(budget, 1) == 5 / WORK
    clock.now -= 100
    assert wait(budget, 1) == 5 / WORK, "a clock that is set back gives nothing and takes nothing"


def test_few_links_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "REMEMBERED", 3)
    budget = Budgets(Clock())
    for link in range(10):
        budget.charge(link, sent=BYTES_AT_ONCE + BYTES)
    assert len(budget._buckets) == 3
    assert [wait(budget, link) for link in (7, 8, 9)] == [1, 1, 1]

"""The scrubber's labels start exactly where the order changes, however the look-ups skip through it."""

from __future__ import annotations

import random

import pytest

from pixlstash_core.query.blocks import _letter, _runs


def runs(labels: list[str], limit: int = 400) -> list[tuple[str, int]]:
    found = _runs(len(labels), lambda indexes: [labels[index] for index in indexes], limit)
    return [(section.label, section.start) for section in found]


def every_change(labels: list[str]) -> list[tuple[str, int]]:
    return [(label, at) for at, label in enumerate(labels) if at == 0 or label != labels[at - 1]]


@pytest.mark.parametrize("round", range(200))
def test_every_change_is_found(rng: random.Random, round: int) -> None:
    words = ["".join(rng.choices("aAbZz09_[~é日É😀ß", k=rng.randrange(3))) for _ in range(rng.randint(1, 300))]
    # As SQLite's NOCASE sorts: only ASCII letters are folded.
    ordered = sorted(words, key=lambda word: "".join(c.lower() if c.isascii() else c for c in word))
    for names in (ordered, ordered[::-1]):
        labels = [_letter(name) for name in names]
        assert runs(labels) == every_change(labels)
        assert runs(labels, limit=3) == every_change(labels)[:3]


def test_a_view_of_one_or_all_alike() -> None:
    assert runs(["2026-11"]) == [("2026-11", 0)]
    assert runs(["2026-11"] * 5000) == [("2026-11", 0)]

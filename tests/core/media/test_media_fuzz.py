"""The core's readers of metadata against real embedded texts, bent."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from bending import bend_texts, rounds, specimens, splice
from conftest import Corpus, Effort

from pixlstash_core.media.builtin import readers
from pixlstash_core.media.facts import credentials

READERS = {reader.id: reader for reader in readers()}


@pytest.mark.attack
@pytest.mark.parametrize("id", READERS)
def test_bent_texts(id: str, corpus: Corpus, effort: Effort, rng: random.Random) -> None:
    bend_texts(READERS[id], specimens(corpus, READERS[id]), rng, effort)


@pytest.mark.attack
def test_bent_credentials(effort: Effort, rng: random.Random) -> None:
    whole = b"jumdc2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71 trainedAlgorithmicMedia"

    def attack(random: random.Random) -> None:
        data = random.randbytes(random.randint(0, 3_000)) + whole + random.randbytes(random.randint(0, 3_000))
        found = credentials(BytesIO(splice(random, data) if random.random() < 0.8 else data))
        assert {one.name for one in found.facts} <= {"c2pa", "origin"}

    rounds("credentials", rng, effort, attack)

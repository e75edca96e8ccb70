"""The readers of generators' texts against real ones, bent; and pixels that hide bent ones."""

from __future__ import annotations

import gzip
import random
import time

import pytest
from bending import SLOW, bend_texts, rounds, specimens, splice
from conftest import Corpus, Effort
from embedding import hide
from PIL import Image

from pixlstash_core.media.text_cleaning import PAYLOAD_BYTES
from pixlstash_generation import readers
from pixlstash_generation.stealth import hidden

READERS = {reader.id: reader for reader in readers()}


@pytest.mark.attack
@pytest.mark.parametrize("id", READERS)
def test_bent_texts(id: str, corpus: Corpus, effort: Effort, rng: random.Random) -> None:
    bend_texts(READERS[id], specimens(corpus, READERS[id]), rng, effort)


@pytest.mark.attack
def test_bent_pixels(effort: Effort, rng: random.Random) -> None:
    text = b"a fox\nSteps: 20, Seed: 1"

    def attack(random: random.Random) -> None:
        mark = random.choice([b"stealth_pnginfo", b"stealth_pngcomp", b"stealth_rgbinfo", b"stealth_rgbcomp"])
        data = gzip.compress(text) if mark.endswith(b"comp") else text
        if random.random() < 0.9:
            data = splice(random, data)
        length = 8 * len(data) + random.choice([0, 0, 1, 8, -8, 2**31]) if random.random() < 0.9 else 0
        size = random.choice([(1, 900), (40, 40), (900, 1), (random.randint(1, 60), random.randint(1, 60))])
        mode = "RGBA" if b"png" in mark else random.choice(["RGB", "RGBA"])
        image = hide(Image.new(mode, size), mark, data, length=length % 2**32)
        start = time.process_time()
        found = hidden(image)
        assert time.process_time() - start < SLOW
        assert found is None or len(found.encode()) <= PAYLOAD_BYTES

    rounds("stealth", rng, effort, attack)

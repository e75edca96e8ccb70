"""Generated pictures of the world, checked by hand against what is read from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Corpus

from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Reading

GOLDEN: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("golden_gen.json").read_text("utf-8"))


NUMBERED = {"seed", "steps", "cfg", "guidance", "lora"}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2) as one:
        yield one


def table(reading: Reading) -> dict[str, Any]:
    """What was read from a file as `golden_gen.json` has it: each value was compared with the file's own text."""
    facts: dict[str, Any] = {}
    for one in reading.facts:
        facts.setdefault(one.name, []).append([one.value, one.number] if one.name == "lora" else one.value)
    return {
        "facts": {name: found[0] if len(found) == 1 else found for name, found in facts.items()},
        "prompt": reading.prompt,
        "negative": reading.negative,
        "payloads": sorted(reading.payloads),
    }


@pytest.mark.parametrize("name", GOLDEN)
def test_generated_pictures(corpus: Corpus, pool: DecoderPool, name: str) -> None:
    path = next((one.path for one in corpus if one.row["path"] == name), None)
    if path is None:
        pytest.skip(f"the corpus has no {name}")
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    assert table(reading) == GOLDEN[name]
    for one in reading.facts:
        assert (one.number is not None) == (one.name in NUMBERED), one
        assert one.number is None or one.name == "lora" or float(one.value) == pytest.approx(one.number, rel=1e-9), one


def test_every_generated_picture_is_in_the_table(corpus: Corpus) -> None:
    generated = {one.row["path"] for one in corpus.kind("gen")}
    if generated.isdisjoint(GOLDEN):
        pytest.skip("another corpus than the one the table is about")
    assert generated - set(GOLDEN) == set()

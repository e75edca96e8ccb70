"""Real files from everywhere, broken ones above all: each gets its answer, in time, and no process is lost over it."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import Corpus, Effort, Specimen

from pixlstash_core.errors import Refused
from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Reading

OURS = {"JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP", "JPEG2000"}
OURS |= {"HEIF"} if find_spec("pillow_heif") else set()
OURS |= {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi"} if find_spec("av") else set()


def sample(corpus: Corpus, effort: Effort, rng: random.Random) -> list[Specimen]:
    """What the built-in kind reads first of all, small files before large ones; everything in torture."""
    if effort.torture:
        return list(corpus)
    ours = [one for one in corpus if one.row["format"] in OURS and one.path.stat().st_size < 400_000]
    others = [one for one in corpus if one.row["format"] not in OURS and one.path.stat().st_size < 400_000]
    return rng.sample(ours, min(90, len(ours))) + rng.sample(others, min(30, len(others)))


@pytest.mark.attack
def test_every_file_gets_its_answer(corpus: Corpus, effort: Effort, rng: random.Random, tmp_path: Path) -> None:
    chosen = sample(corpus, effort, rng)
    slowest = 0.0

    def answer(at: int) -> Reading | Refused:
        nonlocal slowest
        start = time.monotonic()
        try:
            reading = pool.read(chosen[at].path, chosen[at].path.name, copy_to=tmp_path / f"{at}")
            assert isinstance(reading, Reading)
            return reading
        except Refused as refused:
            assert not (tmp_path / f"{at}").exists()
            return refused
        finally:
            (tmp_path / f"{at}").unlink(missing_ok=True)
            slowest = max(slowest, time.monotonic() - start)

    with DecoderPool(2, plugins=False) as pool, ThreadPoolExecutor(4) as threads:
        answers = dict(zip((one.row["path"] for one in chosen), threads.map(answer, range(len(chosen))), strict=True))
        assert sum(child.tasks for child in pool._live) == len(chosen)  # no process was lost
    refused = {path: one for path, one in answers.items() if isinstance(one, Refused)}
    print(f"{len(chosen)} files, {len(refused)} refused, the slowest took {slowest:.2f} s")
    assert {one.more["cause"] for one in refused.values()} <= {"unsupported", "damaged", "pixels", "empty"}
    assert not [str(one) for one in refused.values() if len(str(one)) > 300 or "object at" in str(one)]
    read = [(one, answers[one.row["path"]]) for one in chosen if one.row["format"] in OURS]
    assert [one.row["path"] for one, got in read if one.decodes and isinstance(got, Refused)] == []
    assert [o.row["path"] for o, got in read if not o.decodes and isinstance(got, Reading)] == []
    strangers = [(one, answers[one.row["path"]]) for one in chosen if one.decodes and one.row["format"] not in OURS]
    assert {got.more["cause"] for _, got in strangers if isinstance(got, Refused)} <= {"unsupported"}
    for one in answers.values():
        if isinstance(one, Reading):
            assert one.still or one.why
            assert one.kind in ("image", "video")


@pytest.mark.attack
def test_flipped_bits(corpus: Corpus, effort: Effort, rng: random.Random, tmp_path: Path) -> None:
    """Real files with a few bytes changed: read or refused, never a lost process."""
    seeds = [
        one for one in corpus if one.decodes and one.row["format"] in OURS and 0 < one.path.stat().st_size < 60_000
    ]
    if not seeds:
        pytest.skip("the corpus has no small pictures")
    path = tmp_path / "flipped"
    with DecoderPool(1, plugins=False) as pool:
        for _ in range(effort.of(60, 20_000)):
            data = bytearray(rng.choice(seeds).path.read_bytes())
            for _ in range(rng.choice((1, 3, 10))):
                data[rng.randrange(len(data))] = rng.randrange(256)
            path.write_bytes(data)
            try:
                pool.read(path, path.name)
            except Refused as refused:
                if refused.more["cause"] in ("crash", "time"):
                    kept = Path(os.environ.get("TMPDIR", "/tmp")) / f"pixlstash-crash-{rng.random()}"
                    kept.write_bytes(data)
                    pytest.fail(f"{refused} The file is {kept}.")

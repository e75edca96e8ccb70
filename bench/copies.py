"""Copies found by their looks: of pictures that were cut, made smaller and compressed again, how many find theirs.

    python bench/copies.py --pictures 1000 --trials 3000

Among painted pictures of the demo, where sixteen neighbours share few scenes and some are of one burst, and the
photographs and generated pictures of `PIXLSTASH_CORPUS`, where there are some. A copy keeps 80% of the area or of each
side, anywhere in the picture; it is made up to a third as large, and a JPEG of quality 40 to 85. Three thousand trials,
since of one thousand the share that is found differs by half a percent from seed to seed.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import sys
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as many processes as cores do the work

import numpy as np
from _measure import KEPT, Figure, report
from PIL import Image

from pixlstash_core.engines.builtin.descriptor import Descriptor, describe

SHARES = {"the area": 0.8**0.5, "each side": 0.8}
PROMISED = 0.99
#: Of two files that are so much alike, one is a copy of the other.
SAME = 0.97
FOLDERS = ("photo", "photo-face", "gen")


def painted(number: int, folder: Path) -> Path:
    """A demo picture of at most 640 pixels, kept for the next time."""
    from pixlstash_demo.art.scene import draw
    from pixlstash_demo.recipe import recipe

    path = folder / f"{number:05}.png"
    if not path.exists():
        image = draw(recipe(number)).convert("RGB")
        image.thumbnail((640, 640), Image.Resampling.LANCZOS)
        image.save(path.with_suffix(".part"), "PNG")
        path.with_suffix(".part").replace(path)
    return path


def load(path: Path) -> Image.Image | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(path).convert("RGB")
    except (OSError, ValueError, SyntaxError):
        return None
    image.thumbnail((640, 640))
    return image if min(image.size) >= 64 else None


def vector(image: Image.Image) -> Any:
    """As the library has it: decoded at the side that the engine wants, of length 1."""
    small = image.copy()
    small.thumbnail((Descriptor.image_side or 128,) * 2, Image.Resampling.BICUBIC)
    found = describe(small)
    return (found / np.linalg.norm(found)).astype(np.float16)


def known(path: Path) -> Any:
    image = load(path)
    return None if image is None else vector(image)


def copied(path: Path, seed: int, share: float) -> Any:
    """The vector of a copy."""
    rng = random.Random(seed)
    image = load(path)
    assert image is not None
    width, height = round(image.width * share), round(image.height * share)
    left, top = rng.randint(0, image.width - width), rng.randint(0, image.height - height)
    scale = rng.uniform(0.3, 1.0)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    copy = image.crop((left, top, left + width, top + height)).resize(size, Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    copy.save(packed, "JPEG", quality=rng.randint(40, 85))
    return vector(Image.open(packed).convert("RGB"))


def once(found: Sequence[tuple[Path, Any]]) -> list[tuple[Path, Any]]:
    """Without what is in the corpus twice: of two files of one picture, neither is the wrong answer."""
    kept: list[tuple[Path, Any]] = []
    for path, one in found:
        painting = path.parent.name == "copies"
        if painting or all(float(one.astype("f4") @ other.astype("f4")) < SAME for _, other in kept):
            kept.append((path, one))
    return kept


def places(vectors: Any, queries: Sequence[Any], picks: Sequence[int]) -> Any:
    """How many others come before each original."""
    scores = np.stack(queries).astype(np.float32) @ vectors.astype(np.float32).T
    own = scores[np.arange(len(picks)), list(picks)]
    return (scores > own[:, None] + 1e-6).sum(axis=1)


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=1000)
    ask.add_argument("--trials", type=int, default=3000)
    ask.add_argument("--seed", type=int, default=7)
    options = ask.parse_args()
    folder = KEPT / "copies"
    folder.mkdir(parents=True, exist_ok=True)
    corpus = os.environ.get("PIXLSTASH_CORPUS")
    files = sorted(one for name in FOLDERS for one in Path(corpus, name).rglob("*") if one.is_file()) if corpus else []
    figures = []
    with ProcessPoolExecutor() as pool:
        paths = [*pool.map(painted, range(options.pictures), repeat(folder), chunksize=10), *files]
        found = once([(path, one) for path, one in zip(paths, pool.map(known, paths, chunksize=20)) if one is not None])
        vectors = np.stack([one for _, one in found])
        rng = random.Random(options.seed)
        picks = [rng.randrange(len(found)) for _ in range(options.trials)]
        chosen = [found[n][0] for n in picks]
        for what, share in SHARES.items():
            queries = list(pool.map(copied, chosen, range(len(picks)), repeat(share), chunksize=20))
            before = places(vectors, queries, picks)
            first, five = float((before == 0).mean()), float((before < 5).mean())
            figures.append(
                Figure(
                    f"A copy with 80% of {what}, by its looks",
                    f">= {PROMISED:.0%} at rank 1",
                    f"{first:.1%} at rank 1, {five:.1%} within five",
                    f"{options.trials:,} trials among {len(found):,} pictures, seed {options.seed}",
                    first >= PROMISED,
                )
            )
    return report(figures)


if __name__ == "__main__":
    sys.exit(main())

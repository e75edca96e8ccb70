"""How far two hashes may differ before "duplicates" stops being true: precision and recall by distance, on real pairs.

    PIXLSTASH_CORPUS=FOLDER python bench/duplicates.py

Each picture of the folders exif, gen, odd, photo and photo-face of a corpus of real files is encoded again, resized,
cropped and brightened: those are pairs of the same picture. Pairs of different pictures are all others, and quarters of
one large picture against each other, which have its colors and grain. Two originals that look alike at 32 × 32 pixels
(correlation above 0.9) are left out: which they are cannot be told without a person. Precision depends on how many
pairs of each sort there are. A library holds more different pictures for each duplicate than this set does, so each
wrong pair is counted ten times.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _measure import Figure, report, unmeasured
from PIL import Image, ImageEnhance, ImageOps

from pixlstash_core.media.draw import aspect, drawn
from pixlstash_core.pictures.duplicates import SHAPE, TELLING
from pixlstash_core.types.stacks import LOOSE, MOST, NEAR

FOLDERS = ("exif", "gen", "odd", "photo", "photo-face")
SMALLEST = 160
#: A picture at least this large also gives four others: its quarters.
QUARTERED = 900
ALIKE = 0.9
#: How often each wrong pair is counted.
WEIGHT = 10


class Hashed(NamedTuple):
    """One version of a picture. `parent`: the picture that it is a quarter of."""

    source: int
    parent: int
    phash: int
    aspect: int
    exact: bool


def encoded(format: str, **options: Any) -> Callable[[Image.Image], Image.Image]:
    def encode(image: Image.Image) -> Image.Image:
        out = io.BytesIO()
        image.save(out, format, **options)
        return Image.open(out).convert("RGB")

    return encode


def resized(share: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.resize((max(64, round(image.width * share)), max(64, round(image.height * share))))


def cropped(share: float) -> Callable[[Image.Image], Image.Image]:
    """Take so much off the left and the top."""
    return lambda image: image.crop((round(image.width * share), round(image.height * share), *image.size))


#: How the same picture comes to lie in a library twice: without an edit, and with one.
EXACT = (
    encoded("JPEG", quality=85),
    encoded("JPEG", quality=40),
    encoded("WEBP", quality=70),
    resized(0.5),
    resized(0.2),
)
EDITED = (cropped(0.02), cropped(0.05), cropped(0.1), lambda image: ImageEnhance.Brightness(image).enhance(1.25))


def pictures(corpus: Path) -> Iterator[tuple[Image.Image, int]]:
    """Real pictures and the quarters of large ones, each with the number of its parent, or -1."""
    number = 0
    for path in sorted(path for folder in FOLDERS for path in (corpus / folder).rglob("*") if path.is_file()):
        try:
            image: Image.Image = Image.open(path)
            if min(image.size) < SMALLEST or image.width * image.height > 60_000_000:
                continue
            image = ImageOps.exif_transpose(image).convert("RGB")
        except Exception:
            continue  # of a format that needs a decoder of its own, or damaged
        image.thumbnail((2048, 2048))
        yield image, -1
        parent, number = number, number + 1
        if min(image.size) >= QUARTERED:
            x, y = image.width // 2, image.height // 2
            for left, top in ((0, 0), (x, 0), (0, y), (x, y)):
                yield image.crop((left, top, left + x, top + y)), parent
                number += 1


def hashed(image: Image.Image, source: int, parent: int, exact: bool) -> Hashed:
    return Hashed(source, parent, drawn(image).phash, aspect(*image.size), exact)


def small(image: Image.Image) -> Any:
    pixels = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX), np.float64).ravel()
    pixels -= pixels.mean()
    return pixels / (np.linalg.norm(pixels) or 1.0)


class Counts(NamedTuple):
    """Pairs at each distance: of the same picture without an edit, with one, and of different ones; and all of them."""

    exact: Any
    edited: Any
    different: Any
    all_exact: int
    all_edited: int
    all_different: int


def count(corpus: Path) -> tuple[Counts, int]:
    rows: list[Hashed] = []
    shapes: list[Any] = []
    for source, (image, parent) in enumerate(pictures(corpus)):
        rows.append(hashed(image, source, parent, True))
        rows += [hashed(change(image), source, parent, True) for change in EXACT]
        rows += [hashed(change(image), source, parent, False) for change in EDITED]
        shapes.append(small(image))
    if not rows:
        return Counts(0, 0, 0, 0, 0, 0), 0
    alike = np.stack(shapes) @ np.stack(shapes).T > ALIKE
    source, parent, aspects = (np.array([row[at] for row in rows]) for at in (0, 1, 3))
    hashes = np.array([row.phash for row in rows], np.uint64)
    exact = np.array([row.exact for row in rows])
    bits = np.bitwise_count(hashes)
    telling = (bits >= TELLING) & (bits <= 64 - TELLING)
    pairs = {name: np.zeros(65, np.int64) for name in ("exact", "edited", "different")}
    totals = dict.fromkeys(pairs, 0)
    for at in range(len(rows)):
        after = slice(at + 1, None)
        same = source[after] == source[at]
        related = (parent[after] == source[at]) | (source[after] == parent[at]) | alike[source[at], source[after]]
        sorts = {"exact": same & exact[after] & exact[at], "different": ~same & ~related}
        sorts["edited"] = same & ~sorts["exact"]
        shown = telling[after] & telling[at] & (np.abs(aspects[after] - aspects[at]) <= SHAPE)
        distance = np.bitwise_count(hashes[after] ^ hashes[at])
        for name, sort in sorts.items():
            totals[name] += int(sort.sum())
            pairs[name] += np.bincount(distance[sort & shown], minlength=65)
    within = {name: np.cumsum(values) for name, values in pairs.items()}
    return Counts(**within, **{f"all_{name}": total for name, total in totals.items()}), len(shapes)


def precision(counts: Counts, distance: int) -> float:
    same = counts.exact[distance] + counts.edited[distance]
    return float(same / max(1, same + WEIGHT * counts.different[distance]))


def main() -> int:
    corpus = Path(os.environ.get("PIXLSTASH_CORPUS", "/nonexistent"))
    warnings.simplefilter("ignore")
    counts, number = count(corpus)
    if number < 50:
        return unmeasured("duplicates", f"{number} usable pictures in PIXLSTASH_CORPUS; 50 are needed")
    print("distance  precision  same, encoded or resized  same, edited  wrong per million different pairs")
    for distance in range(MOST + 1):
        exact, edited = counts.exact[distance] / counts.all_exact, counts.edited[distance] / counts.all_edited
        wrong = 1e6 * counts.different[distance] / counts.all_different
        print(f"{distance:8}  {precision(counts, distance):9.4f}  {exact:24.3f}  {edited:12.3f}  {wrong:10.2f}")
    return report([figure("near", NEAR, 0.99, counts, number), figure("loose", LOOSE, 0.9, counts, number)])


def figure(name: str, distance: int, least: float, counts: Counts, number: int) -> Figure:
    reached = precision(counts, distance)
    exact, edited = counts.exact[distance] / counts.all_exact, counts.edited[distance] / counts.all_edited
    wrong = 1e6 * counts.different[distance] / counts.all_different
    shown = counts.exact[distance] + counts.edited[distance] + counts.different[distance]
    return Figure(
        f"duplicates, {name} ({distance} bits): pairs that are the same picture",
        f">= {least:.0%} of the pairs shown",
        f"{reached:.2%} of {shown:,} pairs, wrong ones counted {WEIGHT} times;"
        f" finds {exact:.0%} of copies encoded again or resized, {edited:.0%} of edited ones",
        f"{wrong:.1f} wrong per million of {counts.all_different:,} different pairs, {number:,} pictures",
        reached >= least,
    )


if __name__ == "__main__":
    sys.exit(main())

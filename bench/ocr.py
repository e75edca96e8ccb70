"""How well the plugin `ocr` reads text that is rendered on photographs, which pictures it skips, and how fast it is.

Photographs come from $PIXLSTASH_CORPUS, fonts from the system and $PIXLSTASH_FONTS (a folder with unpacked Debian
packages). The rendered text is plain, level and in contrast to what is behind it: photographs of text are harder.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from _measure import Figure, report, unmeasured
from PIL import Image as pil
from PIL import ImageDraw, ImageFont

SIZES = (16, 20, 24, 32, 48, 64)
#: Photographs of the corpus that have no text themselves.
PHOTOGRAPHS = (
    "brick.png camera.png coffee.png horse.png retina.jpg cyclamen_persicum.jpg denali.webp notocactus_minimus.jpg"
    " orychophragmus_violaceus.jpg polemonium_reptans.jpg portrait.jpg prairie_falcon.jpg silver_fir.jpg"
    " thompson-springs.jpg hubble_deep_field.jpg"
).split()
LATIN = (
    "DejaVuSans.ttf DejaVuSerif-Bold.ttf LiberationSans-Regular.ttf LiberationSerif-Italic.ttf"
    " LiberationMono-Regular.ttf Roboto-Regular.ttf OpenSans-Light.ttf Lato-Black.ttf Carlito-Regular.ttf"
    " Caladea-Bold.ttf FreeSerif.ttf Inter-Regular.otf FiraCode-Regular.ttf Hack-Regular.ttf ComicNeue-Regular.otf"
    " Play-Regular.ttf Jura-Regular.ttf EBGaramond12-Regular.otf Quattrocento-Regular.ttf CourierPrime-Regular.ttf"
    " LinLibertine_R.otf NotoSans-Regular.ttf NotoSerif-Regular.ttf"
).split()
CHINESE, JAPANESE = ("wqy-zenhei.ttc", "uming.ttc"), ("ipag.ttf", "VL-Gothic-Regular.ttf")
WORDS = {
    "Latin": "STOP sign Harbour 1984 Exit open SALE 50% Welcome coffee Platform January Menu closed Bakery Straße naïve"
    " Museum ticket £12.50 evening Library quick brown jumps over lazy dogs Ocean Drive".split(),
    "Chinese": "出口 欢迎光临 请勿吸烟 营业时间 中国银行 图书馆 今日特价 注意安全".split(),
    "Japanese": "非常口 いらっしゃいませ コーヒー 東京駅 営業中 ありがとう 図書館 お知らせ".split(),
}


class Placed(NamedTuple):
    text: str
    box: tuple[float, float, float, float]


def fonts(names: Sequence[str]) -> list[Path]:
    folders = ["/usr/share/fonts", os.environ.get("PIXLSTASH_FONTS", "/nonexistent")]
    there = {path.name: path for folder in folders for path in Path(folder).rglob("*.[ot]t[fc]")}
    return [there[name] for name in names if name in there]


def photographs(corpus: Path, side: int) -> list[Any]:
    pictures = []
    for path in sorted(corpus.rglob("*")):
        if path.name in PHOTOGRAPHS and "photo" in path.parts:
            with pil.open(path) as image:
                picture = image.convert("RGB")
            if max(picture.size) < side:
                scale = side / max(picture.size)
                picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
            picture.thumbnail((side, side))
            pictures.append(picture)
    return pictures


def render(
    picture: Any, words: Sequence[str], font: Path, pixels: int, dice: random.Random
) -> tuple[Any, list[Placed]]:
    """Return a copy with up to four texts of one to three words, one below the other."""
    copy, placed = picture.copy(), []
    draw, type = ImageDraw.Draw(copy), ImageFont.truetype(str(font), pixels)
    top = dice.randint(4, 40)
    for _ in range(4):
        text = " ".join(dice.sample(words, dice.randint(1, 3)))
        left, up, right, down = draw.textbbox((0, 0), text, font=type)
        if right > copy.width - 20:
            text = text.split()[0]
            left, up, right, down = draw.textbbox((0, 0), text, font=type)
        if right > copy.width - 20 or top + down > copy.height - 8:
            break
        x = dice.randint(8, max(8, int(copy.width - right - 10)))
        box = (x + left, top + up, x + right, top + down)
        light = copy.crop(tuple(map(int, box))).convert("L").resize((1, 1)).getpixel((0, 0))
        draw.text((x, top), text, font=type, fill=(250, 250, 245) if light < 128 else (10, 10, 20))
        placed.append(Placed(text, box))
        top += int(down + pixels * dice.uniform(1, 2.5))
    return copy, placed


def distance(text: str, other: str) -> int:
    """Return the edit distance."""
    row = list(range(len(other) + 1))
    for n, a in enumerate(text, 1):
        row, before = [n], row
        for m, b in enumerate(other, 1):
            row.append(min(row[-1] + 1, before[m] + 1, before[m - 1] + (a != b)))
    return row[-1]


class Score:
    """Counts of characters and words that were read."""

    def __init__(self) -> None:
        self.characters = self.wrong = self.words = self.right = 0

    def add(self, placed: Sequence[Placed], lines: Sequence[Any], size: tuple[int, int]) -> None:
        for truth in placed:
            left, up, right, down = truth.box
            inside = [
                line
                for line in lines
                if left - 4 <= (line.box[0] + line.box[2]) / 2 * size[0] <= right + 4
                and up - 4 <= (line.box[1] + line.box[3]) / 2 * size[1] <= down + 4
            ]
            text = " ".join(line.text for line in sorted(inside, key=lambda line: line.box[0]))
            wanted, got = truth.text.replace(" ", ""), text.replace(" ", "")
            self.characters += len(wanted)
            self.wrong += min(len(wanted), distance(wanted, got))
            for word in truth.text.split():
                self.words += 1
                self.right += word in text

    def __str__(self) -> str:
        return f"{1 - self.wrong / max(1, self.characters):.1%}"


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("part", nargs="?", choices=("accuracy", "skipping", "speed"), help="all of them by default")
    part = ask.parse_args().part
    corpus = Path(os.environ.get("PIXLSTASH_CORPUS", "/nonexistent"))
    if importlib.util.find_spec("rapidocr") is None:
        return unmeasured("text in pictures", "the plugin ocr is not installed")
    if not corpus.is_dir() or len(fonts(LATIN)) < 2:
        return unmeasured("text in pictures", "no photographs in $PIXLSTASH_CORPUS, or no fonts")
    pictures, dice = photographs(corpus, 1280), random.Random(18)
    figures = []
    if part in (None, "accuracy"):
        figures += accuracy(pictures, dice)
    if part in (None, "skipping"):
        figures.append(skipping(pictures, dice))
    if part in (None, "speed"):
        figures.append(speed(pictures[:6]))
    return report(figures)


def loaded() -> tuple[Any, Any]:
    from pixlstash_ocr import PpOcr, Settings

    return PpOcr(), PpOcr().load("cpu", None, Settings())


def image(picture: Any) -> Any:
    from pixlstash_core import Image, Pictured

    return Image(Pictured(1, "image", picture.size), *picture.size, picture.tobytes())


def accuracy(pictures: Sequence[Any], dice: random.Random) -> Iterator[Figure]:
    """Read rendered text, and count characters and words by script and size."""
    from pixlstash_ocr import Settings

    engine, model = loaded()
    for script, names in (("Latin", LATIN), ("Chinese", CHINESE), ("Japanese", JAPANESE)):
        faces = fonts(names)[:20]
        scores: dict[int, Score] = defaultdict(Score)
        for pixels, font in itertools.product(SIZES, faces):
            picture, placed = render(dice.choice(pictures), WORDS[script], font, pixels, dice)
            (lines,) = engine.run(model, [image(picture)], Settings(everything=True))
            scores[pixels].add(placed, lines, picture.size)
        if not faces:
            continue
        shown = ", ".join(f"{pixels} px {scores[pixels]}" for pixels in SIZES)
        chosen = [scores[pixels] for pixels in SIZES if pixels >= 24]
        right, words = sum(score.right for score in chosen), sum(score.words for score in chosen)
        yield Figure(
            f"text read in pictures, {script}",
            "≥ 95% of words from 24 px on" if script == "Latin" else "none",
            f"characters: {shown}; words from 24 px on {right / words:.1%} of {words}; {len(faces)} fonts,"
            " on photographs of 1,280 px",
            "none",
            script != "Latin" or right >= 0.95 * words,
        )


def skipping(pictures: Sequence[Any], dice: random.Random) -> Figure:
    """How many pictures with text are skipped; the text is rendered on smooth ones, as others are read anyway."""
    import numpy as np

    from pixlstash_ocr import looks_written

    passed = count = 0
    for pixels, font, contrast in itertools.product(SIZES, fonts(LATIN)[:20], (100, 150, 255)):
        back = dice.randint(0, 255 - contrast)
        smooth = pil.new("RGB", (640, 480), (back + contrast * dice.randint(0, 1),) * 3)
        dark = smooth.getpixel((0, 0))[0] == back
        ink = (back + contrast if dark else back,) * 3
        word = dice.choice([word for word in WORDS["Latin"] if len(word) > 3])
        ImageDraw.Draw(smooth).text((40, 200), word, fill=ink, font=ImageFont.truetype(str(font), pixels))
        passed += looks_written(np.asarray(smooth))
        count += 1
    textless = sum(looks_written(np.asarray(picture)) for picture in pictures)
    start = time.perf_counter()
    for picture in pictures:
        looks_written(np.asarray(picture))
    each = (time.perf_counter() - start) / len(pictures)
    return Figure(
        "pictures with text that are read by default",
        "≥ 99%",
        f"{passed / count:.1%} of {count} with a word on a plain background, contrast 100 to 255 of 255; looking takes"
        f" {each * 1000:.0f} ms for a photograph of 1,280 px; {textless} of {len(pictures)} textured photographs"
        " without text are read as well",
        "none",
        passed >= 0.99 * count,
    )


def speed(pictures: Sequence[Any]) -> Figure:
    """Compare the engine with the bare library call on the same pixels, in turns."""
    import numpy as np

    from pixlstash_ocr import Settings

    engine, model = loaded()
    images = [image(picture) for picture in pictures]
    list(engine.run(model, images[:1], Settings()))  # what is loaded once is not what is measured
    bare = ours = 0.0
    for each in images:
        pixels = np.ascontiguousarray(each.array[:, :, ::-1])
        start = time.perf_counter()
        model(pixels)
        bare += time.perf_counter() - start
        start = time.perf_counter()
        list(engine.run(model, [each], Settings()))
        ours += time.perf_counter() - start
    count = len(images)
    return Figure(
        "reading text, photographs of 1,280 px",
        "≥ 90% of the bare library call",
        f"{count / ours:.2f} pictures/s, {bare / ours:.0%} of the bare call, {count} pictures",
        f"{count / bare:.2f} pictures/s by the bare call",
        bare >= 0.9 * ours,
    )


if __name__ == "__main__":
    sys.exit(main())

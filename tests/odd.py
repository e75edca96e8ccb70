"""Engines for tests: some that work, one that does whatever can go wrong. A plugin: `extra=("odd",)` loads it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pixlstash_core import (
    LOAD,
    RUN,
    Captioner,
    Detector,
    Embedder,
    Face,
    FaceExtractor,
    Image,
    Measurer,
    Params,
    Region,
    Secret,
    Tag,
    Tagger,
    WeightFile,
    Weights,
    hookimpl,
)


def note(**what: Any) -> None:
    """Leave a line for the test, whichever process this is."""
    if log := os.environ.get("ODD_LOG"):
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps({"pid": os.getpid(), **what}) + "\n")


def colour(image: Image) -> tuple[int, int, int]:
    found = image.pil.resize((1, 1)).getpixel((0, 0))
    assert isinstance(found, tuple)
    return found[0], found[1], found[2]


class Colours(Tagger[str]):
    """Names the channel that is strongest, and says what it was given."""

    id, revision, label, lane, batch_size = "odd/colours", "1", "Colours", "cpu", 4
    image_side = 32

    class Params(Params):
        prefix: str = ""
        slow: Annotated[float, RUN] = 0.0
        model: Annotated[str, LOAD] = "small"
        key: Secret = Secret()

    def load(self, device: str, folder: object, params: Any) -> str:
        note(did="load", device=device, model=params.model, key=params.key.reveal())
        return str(params.model)

    def run(self, model: str, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        note(did="run", images=[image.picture.id for image in images], sizes=[(i.width, i.height) for i in images])
        for image in images:
            time.sleep(params.slow)
            rgb = colour(image)
            name = ("red", "green", "blue")[rgb.index(max(rgb))]
            yield [Tag(params.prefix + name, 0.9, "colour"), Tag("noise", 0.1)]


class Trouble(Tagger[None]):
    """Does what `what` says when it comes to a picture of `on`; to all, when that is empty."""

    id, revision, lane, batch_size = "odd/trouble", "1", "cpu", 4

    class Params(Params):
        what: str = ""
        on: list[int] = []
        load: Annotated[str, LOAD] = ""
        key: Secret = Secret()

    def load(self, device: str, folder: object, params: Any) -> None:
        note(did="load")
        self._do(params.load)

    def run(self, model: None, images: Sequence[Image], params: Any) -> Any:
        note(did="run", images=[image.picture.id for image in images])
        hit = [image for image in images if image.picture.id in params.on or not params.on]
        if params.what == "crowd" and len(images) > 1:
            raise MemoryError("there are too many")
        if params.what == "nothing" and hit:
            return None
        if params.what == "few" and hit:
            return [[Tag("fine", 1.0)] for image in images if image not in hit]
        if params.what == "many" and hit:
            return [[Tag("fine", 1.0)]] * (len(images) + 1)
        if params.what == "blab" and hit:
            raise ValueError(f"{params.key.reveal()} is refused")
        if params.what == "tell" and hit:
            os.write(2, f"\x1b[2J I tell you {params.key.reveal()}\n".encode())
            os._exit(3)
        return self._each(images, hit, params.what)

    def _each(self, images: Sequence[Image], hit: list[Image], what: str) -> Iterator[Any]:
        for image in images:
            if image in hit:
                print("nobody is to see this")
                os.write(1, b"nor this")
                if (odd := self._do(what)) is not None:
                    yield odd
                    continue
            yield [Tag("fine", 1.0)]

    def _do(self, what: str) -> Any:
        if what == "raise":
            raise KeyError("no such thing")
        if what == "escape":
            raise ValueError("\x1b[2J it is \N{RIGHT-TO-LEFT OVERRIDE} gone")
        if what == "hang":
            time.sleep(600)
        if what == "noise":  # 10 MB, as a chatty library writes them
            for n in range(100):
                os.write(2, f"warning {n}: {'x' * 38}\n".encode().ljust(49) * 2000)
        if what == "exit":
            sys.exit(3)
        if what == "leave":
            os._exit(3)
        if what == "crash":
            import ctypes

            ctypes.string_at(0)
        if what == "grow":
            held = []
            while True:
                held.append(bytearray(32 << 20))
        if what == "memory":
            raise MemoryError("there is too little")
        if what == "device":
            raise RuntimeError("CUDA error: device lost")
        wrong = {
            "type": "a text",
            "number": 7,
            "nan": [Tag("x", float("nan"))],
            "over": [Tag("x", 1.5)],
            "flood": [Tag("x", 0.5)] * 100_001,
            "struct": [{}],
            "names": [Tag("good", 0.9), Tag("x" * 1_000_000, 0.9), Tag("a\x1b[2Jb", 0.9), Tag(" ", 0.9)],
        }
        return wrong.get(what)


class Words(Captioner[None]):
    """Says how many frames it saw, and what it was given."""

    id, revision, lane, frames, image_side = "odd/words", "1", "cpu", 3, 64

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[str]:
        for image in images:
            times = ", ".join("still" if one.frame is None else f"{one.frame:g}" for one in image.frames)
            yield f"{image.picture.kind} at {times}, {image.facts.prompt or 'no prompt'}"


class Outcome(Captioner[None]):
    """Repeats the tags that are there; looks at no pixels, and opens the file."""

    id, revision, lane, pixels, needs = "odd/told", "1", "cpu", False, ("tag",)

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[str]:
        for image in images:
            with image.open() as file:
                size = len(file.read())
            yield f"{', '.join(sorted(tag[0] for tag in image.given['tag']))}; {size} bytes"


class Vectors(Embedder[None]):
    id, revision, lane, image_side = "odd/vectors", "1", "cpu", 16

    class Params(Params):
        what: str = ""

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[Any]:
        from array import array

        for n in range(len(images)):
            odd = {"nan": [float("nan"), 1.0], "zero": [0.0, 0.0], "longer": [1.0] * (3 + n % 2), "text": "abc"}
            yield odd.get(params.what) or array("f", [3.0, 4.0, 0.0])


class Meaning(Embedder[None]):
    """Knows red, green and blue, in pictures and in words; words lie apart from pictures, as they do with real ones."""

    id, revision, lane, image_side = "odd/meaning", "1", "cpu", 16

    class Params(Params):
        slow: Annotated[float, RUN] = 0.0
        what: Annotated[str, RUN] = ""

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[list[float]]:
        for image in images:
            yield [*(one / 255 for one in colour(image)), 0.3]

    def text(self, model: None, words: Sequence[str], params: Any) -> Iterator[list[float]]:
        note(did="text", words=list(words))
        time.sleep(params.slow)
        if params.what == "raise":
            raise KeyError("no such word")
        if params.what == "leave":
            os._exit(3)
        for one in words:
            yield [*(0.1 + 0.2 * (name in one) for name in ("red", "green", "blue")), -0.5]


class MeaningTwo(Meaning):
    """Another embedder that knows words."""

    id = "odd/meaning-two"


class Heads(FaceExtractor[None]):
    """One face for each image, of the colour it has; none in a black one."""

    id, revision, lane, image_side = "odd/heads", "1", "cpu", 16

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[list[Face]]:
        for image in images:
            found = colour(image)
            yield [Face((0.2, 0.2, 0.6, 0.6), 0.9, [one / 255 for one in found])] if max(found) > 20 else []


class Boxes(Detector[None]):
    id, revision, lane, image_side = "odd/boxes", "1", "cpu", 16

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[list[Region]]:
        for _ in images:
            yield [Region("thing", (0.1, 0.2, 0.5, 1.2), 0.7), Region("other", (0.0, 0.0, 0.1, 0.1), 0.6)]


class Faces(FaceExtractor[None]):
    id, revision, lane, image_side = "odd/faces", "1", "cpu", 16

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[list[Face]]:
        for _ in images:
            yield [Face((0.1, 0.2, 0.5, 0.6), 0.8, [0.0, 2.0], [(0.2, 0.3)])]


class Redness(Measurer[None]):
    id, revision, lane, image_side, measure = "odd/redness", "1", "cpu", 16, "redness"

    def run(self, model: None, images: Sequence[Image], params: Any) -> Iterator[float]:
        for image in images:
            yield colour(image)[0] / 255


class Weighed(Tagger[str]):
    """Needs a file, whose text becomes its tag."""

    id, revision, lane = "odd/weighed", "1", "cpu"

    class Params(Params):
        file: Annotated[str, LOAD] = "model.onnx"

    def weights(self, params: Any) -> Weights:
        digest = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"  # of the letter a
        return Weights((WeightFile("https://example.org/model.onnx", params.file, 1, digest),), "Apache-2.0")

    def load(self, device: str, folder: Any, params: Any) -> str:
        return (folder / params.file).read_text()  # type: ignore[no-any-return]

    def run(self, model: str, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for _ in images:
            yield [Tag(model, 1.0)]


@hookimpl
def taggers() -> Iterator[Tagger[Any]]:
    yield Colours()
    yield Trouble()
    yield Weighed()


@hookimpl
def captioners() -> Iterator[Captioner[Any]]:
    yield Words()
    yield Outcome()


@hookimpl
def embedders() -> Iterator[Embedder[Any]]:
    yield Vectors()
    yield Meaning()
    yield MeaningTwo()


@hookimpl
def detectors() -> Iterator[Detector[Any]]:
    yield Boxes()


@hookimpl
def face_extractors() -> Iterator[FaceExtractor[Any]]:
    yield Faces()
    yield Heads()


@hookimpl
def measurers() -> Iterator[Measurer[Any]]:
    yield Redness()

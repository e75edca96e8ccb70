"""The conformance kit: good engines pass, and each way to be wrong is told."""

from __future__ import annotations

import random
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import odd
import pytest
from libraries import PLUGIN

from pixlstash_core import Image, Measurer, Sends, Tag, Tagger, WeightFile, Weights
from pixlstash_core.engines.builtin import captioners, embedders, measurers, taggers
from pixlstash_core.testing import check

pytestmark = pytest.mark.slow

BUILT_IN = [*taggers(), *captioners(), *embedders(), *measurers()]


@pytest.mark.parametrize("engine", BUILT_IN, ids=lambda engine: engine.id)
def test_the_built_in_ones_pass(engine: Any) -> None:
    check(engine)


@pytest.mark.parametrize(
    "engine",
    [odd.Colours(), odd.Words(), odd.Vectors(), odd.Boxes(), odd.Faces(), odd.Redness()],
    ids=lambda one: one.id,
)
def test_engines_of_every_kind_pass(engine: Any) -> None:
    check(engine)


def test_the_fifteen_lines_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PLUGIN.parent / "colours"))
    from pixlstash_colours import Colours  # type: ignore[import-not-found]

    check(Colours(), params={"top": 2})
    del sys.modules["pixlstash_colours"]


def test_weights_are_looked_at_and_loaded_where_they_are(tmp_path: Path) -> None:
    check(odd.Weighed())
    (tmp_path / "model.onnx").write_bytes(b"a")
    check(odd.Weighed(), folder=tmp_path)


def test_weights_with_a_hash_and_no_size_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    file = WeightFile("https://example.org/model.onnx", "model.onnx", 0, "0f" * 32)
    monkeypatch.setattr(odd.Weighed, "weights", lambda self, params: Weights((file,), "Apache-2.0"))
    check(odd.Weighed())


class Base(Tagger[Any]):
    id, revision = "base", "1"

    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for image in images:
            yield [Tag(f"{image.width}", 0.5)]


class Sorted(Base):
    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        return super().run(model, sorted(images, key=lambda image: image.picture.id), params)


class Moody(Base):
    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for _ in images:
            yield [Tag("x", random.random())]


class Crowded(Base):
    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for _ in images:
            yield [Tag("alone" if len(images) == 1 else "among others", 0.5)]


class Skipping(Base):
    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        return super().run(model, [image for image in images if image.width > 1], params)


class Unsure(Base):
    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for _ in images:
            yield [Tag("x", 7.0)]


class Fragile(Base):
    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        for image in images:
            yield [Tag("x", 1 / image.height * (image.width - 1) / (image.width - 1))]


class Endless(Base):
    def run(self, model: Any, images: Sequence[Image], params: Any) -> Iterator[list[Tag]]:
        yield from super().run(model, images, params)
        yield [Tag("more", 1.0)]


class Calling(Base):
    def load(self, device: str, folder: Any, params: Any) -> None:
        try:
            socket.create_connection(("127.0.0.1", 9), 0.1)
        except OSError:
            pass


class Listing(Base):
    def run(self, model: Any, images: Sequence[Image], params: Any) -> list[list[Tag]]:  # type: ignore[override]
        return list(super().run(model, images, params))


class Writing(Base):
    def load(self, device: str, folder: Any, params: Any) -> None:
        Path("left-behind.txt").write_text("x")


class Reading(Base):
    """Reads where people are; what is not there was only looked for."""

    def load(self, device: str, folder: Any, params: Any) -> None:
        Path("settings.ini").read_text()
        with suppress(FileNotFoundError):
            Path("other.ini").read_text()


class Careful(Base):
    """Reads its weights, its package and a temporary file of its own."""

    def weights(self, params: Any) -> Weights:
        return Weights((WeightFile("https://example.org/a.json", "a.json"),), "CC0")

    def load(self, device: str, folder: Any, params: Any) -> None:
        assert (folder / "a.json").read_text() == "{}"
        assert Path(msgspec.__file__).with_name("py.typed").read_bytes() == b""
        with tempfile.TemporaryFile("w+") as file:
            file.write("x")


class Asking(Base):
    lane = "net"

    def sends(self, params: Any) -> Sends:
        return Sends(("127.0.0.1",), "pictures")

    def load(self, device: str, folder: Any, params: Any) -> None:
        for host in ("127.0.0.1", "127.0.0.2"):
            try:
                socket.create_connection((host, 9), 0.1)
            except OSError:
                pass


class Silent(Base):
    lane = "net"


class Pickled(Base):
    def weights(self, params: Any) -> Weights:
        return Weights((WeightFile("http://example.org/a.bin", "a.bin", 0, "?"),))


class Nameless(Measurer[Any]):
    id, revision = "nameless", "1"


WRONG: list[tuple[Any, str]] = [
    (Sorted(), "not in the order"),
    (Moody(), "other results the second time"),
    (Crowded(), "alone gives another result"),
    (Skipping(), "gave 5 results for 6 images"),
    (Unsure(), "not between 0 and 1"),
    (Fragile(), "ZeroDivisionError"),
    (Endless(), "gave 7 results for 6 images"),
    (Calling(), "asks the network for 127.0.0.1"),
    (Listing(), "in one piece"),
    (Writing(), "writes the file .*left-behind.txt"),
    (Reading(), "reads the file .*settings.ini, which is none of its weights"),
    (Asking(), "asks the network for 127.0.0.2, and does not name it in `sends`"),
    (Silent(), "does not say to which hosts"),
    (Pickled(), "no path of safetensors"),
    (Pickled(), "licence"),
    (Nameless(), "`measure`"),
]


@pytest.mark.parametrize(("engine", "said"), WRONG, ids=lambda one: type(one).__name__)
def test_what_is_wrong_is_told(engine: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "settings.ini").write_text("x")
    with pytest.raises(AssertionError, match=said):
        check(engine)


def test_what_may_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.json").write_text("{}")
    check(Careful(), folder=tmp_path / "weights")


def test_heavy_imports_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import numpy\nfrom pixlstash_core import Tagger\nclass Heavy(Tagger):\n    id, revision = 'heavy', '1'\n"
    (tmp_path / "heavy_engine.py").write_text(
        code + "    def run(self, *given):\n        return []\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    from heavy_engine import Heavy  # type: ignore[import-not-found]

    with pytest.raises(AssertionError, match="loads numpy"):
        check(Heavy())
    del sys.modules["heavy_engine"]


def test_the_network_is_there_again_afterwards() -> None:
    before = socket.socket.connect
    check(Base())
    assert socket.socket.connect is before

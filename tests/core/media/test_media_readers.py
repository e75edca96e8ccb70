"""Readers of plugins: asked by priority, and shown the pixels in which texts may be hidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from sites import Site, forgetting

from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import Reading

READER = """
from pixlstash_core import Fact, FactReader, Facts, hookimpl
class Own(FactReader):
    id, priority = "{id}", {priority}
    def read(self, embedded):
        return Facts((Fact("Own", "heard", "Heard", "{id}"),), prompt="{id}")
@hookimpl
def readers():
    yield Own()
"""
PIXELS = """
from pixlstash_core import Fact, FactReader, Facts, hookimpl
class Corner(FactReader):
    id = "corner"
    def lift(self, pixels):
        return {"corner": f"{pixels.mode} {pixels.size} {pixels.getpixel((0, 0))}", "Author": "Bob"}
    def read(self, embedded):
        return None
class Broken(Corner):
    id = "broken"
    def lift(self, pixels):
        raise RuntimeError("no pixels for me")
class Odd(Corner):
    id = "odd"
    def lift(self, pixels):
        return 7
class Told(FactReader):
    id, priority = "told", 5
    def read(self, embedded):
        texts = (f"{key}={embedded.text[key]}" for key in ("corner", "Author") if key in embedded.text)
        return Facts(tuple(Fact("Own", "heard", "Heard", text) for text in texts))
@hookimpl
def readers():
    yield from (Broken(), Odd(), Corner(), Told())
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    site = Site(tmp_path / "site")
    monkeypatch.syspath_prepend(str(site.path))
    with forgetting(tmp_path):
        yield site


def taken(path: Path) -> Reading:
    with DecoderPool(1) as pool:
        reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    return reading


def test_readers_are_asked_by_priority(installed: Site, tmp_path: Path) -> None:
    installed.add("aa-none", READER.format(id="none", priority=0))
    installed.add("bb-late", READER.format(id="late", priority=-1))
    installed.add("cc-first", READER.format(id="first", priority=1_000))
    installed.add("dd-odd", READER.format(id="odd", priority="'soon'"))
    plugins = Plugins.load()
    ids = [reader.id for reader in plugins.fact_readers()]
    own = ["exif", "xmp", "iptc"]
    generators = [id for id in ids if id not in {*own, "none", "late", "first"}]
    assert ids == ["first", *generators, *own, "none", "late"]
    (problem,) = {info.name: info for info in plugins.infos()}["dd-odd"].problems
    assert "odd needs a whole number as its `priority`" in problem
    path = tmp_path / "plain.png"
    Image.new("RGB", (8, 8)).save(path)
    reading = taken(path)
    assert (reading.prompt, [fact.value for fact in reading.facts]) == ("first", ["first"])


@pytest.mark.parametrize("suffix", ["png", "webp", "jpg"])
def test_a_reader_lifts_what_is_hidden_in_pixels_for_all(installed: Site, tmp_path: Path, suffix: str) -> None:
    """Only where pixels are stored without loss; one that fails costs the others nothing."""
    installed.add("pixels", PIXELS)
    path = tmp_path / f"hidden.{suffix}"
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Ann")
    options = {"png": {"pnginfo": info}, "webp": {"lossless": True}, "jpg": {}}[suffix]
    Image.new("RGBA" if suffix == "png" else "RGB", (60, 40), (1, 2, 3)).save(path, **options)
    heard = [fact.value for fact in taken(path).facts]
    mode, corner = ("RGBA", (1, 2, 3, 255)) if suffix == "png" else ("RGB", (1, 2, 3))
    assert heard == ([] if suffix == "jpg" else [f"corner={mode} (60, 40) {corner}", "Author=Bob"])

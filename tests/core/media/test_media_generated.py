"""Generated pictures and photographs of the world, checked by hand against what is read from them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Corpus
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Facts, Reading

GOLDEN: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("golden_gen.json").read_text("utf-8"))
NUMBERED = {"seed", "steps", "cfg", "guidance", "lora"}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(2, plugins=False) as one:
        yield one


def values(found: Facts | Reading | None) -> dict[str, Any]:
    """Facts by name: the number where there is one; several of a name as a list."""
    assert found is not None
    answer: dict[str, Any] = {}
    for one in found.facts:
        value = one.value if one.number is None or one.name in ("lora", "exposure", "aperture", "focal") else one.number
        answer[one.name] = value if one.name not in answer else [*_listed(answer[one.name]), value]
    return answer


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


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


def test_a_photograph(pool: DecoderPool, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Canon", "Canon EOS R5", "Lightroom 13"
    exif.get_ifd(0x8769).update(
        {
            0x829A: IFDRational(1, 250),
            0x829D: IFDRational(28, 10),
            0x8827: 400,
            0x920A: IFDRational(85, 1),
            0x9003: "2024:05:06 12:34:56",
            0x9011: "+02:00",
            0x9291: "25",
            0xA434: "RF85mm F1.2 L USM",
        }
    )
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 24.0), 3: "E", 4: (151.0, 12.5, 0.0)})
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (60, 40)).save(path, exif=exif)
    reading = pool.read(path, path.name)
    assert isinstance(reading, Reading)
    assert values(reading) == {
        "camera": "Canon EOS R5",
        "lens": "RF85mm F1.2 L USM",
        "tool": "Lightroom 13",
        "exposure": "1/250 s",
        "aperture": "f/2.8",
        "iso": 400,
        "focal": "85 mm",
        "place": "-33.85667, 151.20833",
    }
    assert {one.name: one.number for one in reading.facts if one.name in ("exposure", "aperture", "focal")} == {
        "exposure": 0.004,
        "aperture": 2.8,
        "focal": 85,
    }
    assert reading.created == 1_714_991_696_250


def test_places_and_cameras_of_the_corpus(corpus: Corpus, pool: DecoderPool) -> None:
    """Every picture that the manifest says has a place gets one, unless the tag is empty."""
    located = [one for one in corpus if one.decodes and one.row["gps"] == "1" and one.row["format"] in ("JPEG", "PNG")]
    if not located:
        pytest.skip("the corpus has no located pictures")
    found = [pool.read(one.path, one.path.name) for one in located]
    places = [values(one).get("place") for one in found if isinstance(one, Reading)]
    assert sum(place is not None for place in places) >= len(located) // 2

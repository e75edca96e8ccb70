"""Photographs of the world, checked by hand against what is read from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Corpus
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from pixlstash_core.media.pool import DecoderPool
from pixlstash_core.types import Facts, Reading


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

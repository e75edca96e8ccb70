"""Facts are found by their names: as texts, as numbers however they are written, and words in a column of their own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from libraries import add, invented
from sources import ROOT

from pixlstash_core import OWNER, Fact
from pixlstash_core.errors import QueryError
from pixlstash_core.library import Library
from pixlstash_core.library.features import FEATURES
from pixlstash_core.query.language import RANKING
from pixlstash_core.query.terms import TERMS
from pixlstash_core.types.files import KNOWN


def fact(name: str, value: str, number: float | None = None) -> Fact:
    return Fact("Any", name, name.title(), value, number)


PICTURES = {
    "0.jpg": {
        "facts": (
            fact("camera", "X-T5"),
            fact("lens", "XF 35mm"),
            fact("exposure", "1/250 s", 0.004),
            fact("aperture", "f/1.78", 1.7799999713880652),
            fact("iso", "400", 400),
            fact("focal", "35 mm", 35.2),
            fact("bias", "-0.33 EV", -1 / 3),
            fact("place", "59.32930, 18.06860"),
            fact("altitude", "-12 m", -12),
            fact("title", "A day out"),
            fact("keyword", "sea"),
            fact("keyword", "old harbour"),
            fact("description", "By the quay"),
            fact("rating", "4", 4),
            fact("creator", "Ann"),
            fact("c2pa", "present, not verified"),
        ),
    },
    "1.png": {
        "facts": (
            fact("model", "flux1-dev"),
            fact("lora", "ink 50", 0.8),
            fact("lora_hash", "ink 50: 0123456789"),
            fact("seed", "18446744073709551615", 1.8446744073709552e19),
            fact("cfg", "6.5", 6.5),
            fact("steps", "20", 20),
            fact("guidance", "3.5", 3.5),
            fact("resolution", "1024x768"),
            fact("tool", "ComfyUI"),
        ),
        "prompt": "an old man by a river",
        "negative": "fog, quay",
    },
    "2.mp4": {"facts": (fact("duration", "1:30", 90.02), fact("fps", "23.98", 24000 / 1001), fact("codec", "h264"))},
    "3.png": {
        "facts": (fact("exposure", "1/30 s", 1 / 33), fact("seed", "18446744073709551614", 1.8446744073709552e19))
    },
}
NAMES = list(PICTURES)


@pytest.fixture(scope="module")
def filled(blank: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = shutil.copytree(blank, tmp_path_factory.mktemp("facts") / "library")
    with Library.open(path, work=False) as library:
        add(library, *(invented(n, **given) for n, given in enumerate(PICTURES.values())), names=lambda n: NAMES[n])
        yield library


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # as they are shown, and plain
        ("exposure:1/250", [0]),
        ("exposure:0.004", [0]),
        ('exposure:"1/250 s"', [0]),
        ('exposure:="1/250 s"', [0]),
        ('exposure:="1/30 s"', [3]),  # rounded: no number between
        ("exposure:>1/250", [3]),
        ("exposure:<=1/250", [0]),
        ("exposure:1/500..1/125", [0]),
        ("exposure:1/125..1/500", [0]),
        ("aperture:f/1.78", [0]),
        ("aperture:1.78", [0]),
        ("aperture:=1.78", []),
        ("aperture:f/1.4..f/2.8", [0]),
        ("aperture:<2", [0]),
        ("iso:400", [0]),
        ("iso:100..800", [0]),
        ("-iso:400", [1, 2, 3]),
        ("focal:35mm", [0]),
        ('focal:="35 mm"', [0]),
        ("focal:35", []),
        ("bias:-0.33", [0]),
        ("bias:<0", [0]),
        ("altitude:<0", [0]),
        ("rating:>=4", [0]),
        ("duration:1:30", [2]),
        ("duration:>=1:00", [2]),
        ("duration:<90", []),
        ("duration:0:30..2:00", [2]),
        ("fps:23.98", [2]),
        ("fps:23..24", [2]),
        ("fps:24", []),
        ("cfg:6.5", [1]),
        ("cfg:=6.5", [1]),
        ("cfg:6", []),
        ("steps:20", [1]),
        ("guidance:>3", [1]),
        ("seed:18446744073709551615", [1]),
        ("seed:=18446744073709551614", [3]),
        ("seed:>=1000", [1, 3]),
        # texts stay texts
        ("lora:50", [1]),
        ("lora:ink", [1]),
        ("lora:0.8", []),
        ("lora_hash:0123456789", [1]),
        ("lens:35", [0]),
        ("resolution:1024x768", [1]),
        ("resolution:1024", [1]),
        ("place:59.3", [0]),
        ("tool:comfyui", [1]),
        ("c2pa:present", [0]),
        ("creator:=ann", [0]),
        ('title:"day out"', [0]),
        ("keyword:harbour", [0]),
        ("keyword:=sea", [0]),
        ("codec:h264", [2]),
        # no picture has it, and yet it is known
        ("model_hash:12ab", []),
        ("origin:camera", []),
        # words
        ("harbour", [0]),
        ('"day out"', [0]),
        ("quay", [0]),
        ("negative:quay", [1]),
        ("negative:fo", [1]),
        ("-negative:fog", [0, 2, 3]),
        ("fog", []),
        ("prompt:river", [1]),
        ('prompt:"old man"', [1]),
        ("prompt:harbour", []),
        ("old", [0, 1]),
        ("old -negative:fog", [0]),
    ],
)
def test_what_a_text_finds(filled: Library, text: str, expected: list[int]) -> None:
    assert sorted(NAMES.index(one.name) for one in filled.pictures(OWNER, q=text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "iso:many",
        "iso:",
        "exposure:1/0",
        "aperture:f/",
        "steps:>=x",
        "duration:1:3",
        "negative:%",
        "model:>flux",
        "iso:1..x",
    ],
)
def test_what_is_no_number_says_so(filled: Library, text: str) -> None:
    with pytest.raises(QueryError, match="expected"):
        filled.pictures(OWNER, q=text)


def test_every_fact_that_is_shown_finds_its_picture(filled: Library) -> None:
    for one in filled.pictures(OWNER):
        for shown in filled.picture(OWNER, one.id).facts:
            assert shown.query is not None
            assert one.id in [found.id for found in filled.pictures(OWNER, q=shown.query)], shown


def test_relevance_takes_words_of_every_column(filled: Library) -> None:
    found = filled.pictures(OWNER, q="old sort:relevance")
    assert {one.name for one in found} == {"0.jpg", "1.png"}


def test_the_page_names_every_name() -> None:
    page = (ROOT / "docs" / "query.md").read_text(encoding="utf-8")
    table = page[page.index("\nNames:\n") : page.index("## Combining groups")]
    named = set(re.findall(r"`([a-z0-9_]+)`", re.sub(r"\([^)]*\)", "", table)))
    terms = {"query", *RANKING} | {  # these are the language's own
        term.name
        for term in (*TERMS, *(term for feature in FEATURES for term in feature.terms))
        if ":" not in term.name
    }
    assert {one.name for one in KNOWN} <= named
    assert named - terms == set() == terms - named

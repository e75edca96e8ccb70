"""Whose captions and tags an export has, and how they are written."""

from __future__ import annotations

import pytest

from pixlstash_core.exports.captions import Captioner, Namer
from pixlstash_core.exports.reading import Annotations, Source, TagUse
from pixlstash_core.types import ExportOptions

SOURCE = Source(
    7, "ab" * 16, "sea.png", "image", "png", "image/png", 64, 64, 99, 1_700_000_000_000, False, 0, 3, b"\x12" * 32, []
)
NOTES = Annotations(
    tags=[
        TagUse("blue_eyes", "", 0.0, True, False),
        TagUse("^_^", "", 0.9, False, True),
        TagUse("1girl", "", 0.5, True, True),
    ],
    own="mine",
    captions={"engine:a": "first\nof a", "engine:b": "of b"},
    characters=["Ann", "Bob"],
    sets=["Trips/Rome"],
    lines=["NO ENTRY", "a/b", "..", "Keep left"],
)


def text(index: int = 0, notes: Annotations = NOTES, **options: object) -> str | None:
    return Captioner(ExportOptions(**options)).text(SOURCE, notes, index)  # type: ignore[arg-type]


def test_captions_by_source() -> None:
    assert text() == "mine"
    assert text(notes=Annotations(captions=NOTES.captions)) == "first\nof a"
    assert text(captions=["engine:b", "you"]) == "of b"
    assert text(captions=["engine:c"]) is None
    assert [text(n, several="turn") for n in range(4)] == ["mine", "first\nof a", "of b", "mine"]
    assert text(several="all", template="x, {caption}") == "x, mine\nx, first of a\nx, of b"
    assert text(several="all", captions=["engine:b", "you"]) == "of b\nmine"
    assert text(several="all", notes=Annotations(), template="{caption}, {tags}") is None


def test_tags_by_who_assigned_them() -> None:
    assert text(template="{tags}") == "blue eyes, ^_^, 1girl"
    assert text(template="{tags}", underscores=True) == "blue_eyes, ^_^, 1girl"
    assert text(template="{tags}", tags_by="people") == "blue eyes, 1girl"
    assert text(template="{tags}", tags_by="engines") == "^_^, 1girl"
    assert text(template="{tags:2}", without=["Blue Eyes"]) == "^_^, 1girl"


def test_other_fields() -> None:
    template = "{trigger} {class} | {character:1} | {set} | {score} | {created} | {name}"
    expected = "mira woman | Ann | Trips/Rome | 3 | 2023-11-14 | sea"
    assert text(template=template, trigger="mira", class_word="woman") == expected


def test_text_in_pictures() -> None:
    assert text(template="a sign, {text:1}") == "a sign, NO ENTRY"
    assert text(template="{text}") == "NO ENTRY a/b .. Keep left"
    assert text(template="{caption}, {text}", notes=Annotations(own="mine")) == "mine"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{text:2}", "NO ENTRY a_b"),
        ("{name}", "sea"),
        ("{set}/{number:2}", "Trips_Rome/05"),
        ("{character:1}/{id}", f"Ann/{'ab' * 16}"),
        ("{sha256:6}-{score}", "121212-3"),
        ("/{name}//", "sea"),
        ("../..", "picture"),
    ],
)
def test_names(template: str, expected: str) -> None:
    assert Namer(ExportOptions(name=template), 10).name(SOURCE, NOTES, 5) == expected

"""Names of exported files: fit for any file system, and none twice."""

from __future__ import annotations

import random
import unicodedata

import pytest

from pixlstash_core.exports.captions import UniqueNames
from pixlstash_core.media.file_names import safe_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sea.png", "sea.png"),
        ("../../etc/passwd", "_._etc_passwd"),
        ("..", "picture"),
        ("", "picture"),
        (".hidden.png", "hidden.png"),
        ("a/b\\c:d.png", "a_b_c_d.png"),
        ("nul.png", "_nul.png"),
        ("COM1", "_COM1"),
        ("a\n\x00\u202eb.png", "ab.png"),
        ("x" * 500 + ".jpeg", "x" * 120 + ".jpeg"),
        ("写" * 500 + ".png", "写" * 66 + ".png"),
        ("e\u0301.png", "é.png"),
    ],
)
def test_a_name_is_fit_for_any_file_system(name: str, expected: str) -> None:
    assert safe_name(name) == expected


def test_the_same_name_is_not_used_twice() -> None:
    names = UniqueNames()
    taken = [names.take(name) for name in ("a.png", "A.PNG", "a.png", "a (2).png", "a.jpg", "b/a.png")]
    assert taken == ["a.png", "A (2).PNG", "a (3).png", "a (2) (2).png", "a.jpg", "b/a.png"]


def test_files_that_share_a_caption_file_are_kept_apart() -> None:
    names = UniqueNames(stems=True)
    assert [names.take(name) for name in ("a.png", "a.jpg", "noend", "noend")] == [
        "a.png",
        "a (2).jpg",
        "noend",
        "noend (2)",
    ]


def test_random_names_stay_apart_and_a_hundred_thousand_equal_ones_are_fast(rng: random.Random) -> None:
    names = UniqueNames(stems=True, reserved=("NOT INCLUDED.txt",))
    letters = ["a", "A", "é", "e\u0301", "(2)", " ", ".", "1", "ß", "ss"]
    taken = [names.take("".join(rng.choices(letters, k=rng.randint(1, 4))) + ".png") for _ in range(3000)]
    folded = [unicodedata.normalize("NFKC", name).casefold() for name in taken]
    assert len({unicodedata.normalize("NFC", name) for name in folded}) == 3000
    equal = {names.take("same.png") for _ in range(100_000)}
    assert len(equal) == 100_000

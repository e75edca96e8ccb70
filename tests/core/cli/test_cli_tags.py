"""The verbs of tags and captions, on a library opened here and on one that is served."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from core.cli.test_cli import Server, say
from libraries import fill

from pixlstash_core.library import Library


@pytest.fixture(params=["here", "served"])
def path(request: pytest.FixtureRequest, blank: Path, tmp_path: Path) -> Iterator[Path]:
    """A library of four pictures."""
    place = Path(shutil.copytree(blank, tmp_path / "library"))
    with Library.open(place, work=False) as library:
        fill(library, 4)
    if request.param == "here":
        yield place
        return
    server = Server(place)
    try:
        yield place
    finally:
        server.stop()


def test_tags(path: Path, tmp_path: Path) -> None:
    def ok(*words: object) -> str:
        done = say(path, *words)
        assert (done.code, done.err) == (0, ""), (words, done)
        return done.out

    assert ok("tag", "add", "cat", "red hair", "-q", "") == "4 pictures tagged cat, red hair.\n"
    assert ok("tag", "add", "dog", "--id", 1, "--id", 2) == "2 pictures tagged dog.\n"
    assert ok("tag", "remove", "CAT", "--id", 1) == "1 picture no longer tagged CAT.\n"
    assert ok("tag", "reject", "fox", "--id", 1) == "1 picture not fox.\n"
    assert ok("tag", "accept", "dog", "--id", 1) == "0 pictures accepted as dog.\n"
    assert [line.split()[0] for line in ok("tag", "list").splitlines()[1:]] == ["4", "3", "2", "0"]
    assert "rejected" in ok("tag", "list", 1)
    assert ok("tag", "rename", "dog", "hound") == "“dog” renamed to “hound”.\n"
    assert ok("tag", "merge", "hound", "--into", "cat") == "hound merged into cat.\n"
    assert ok("tag", "alias", "ginger", "--of", "red hair") == "ginger standing for red hair.\n"
    assert ok("tag", "imply", "cat", "animal") == "cat implying animal.\n"
    assert ok("tag", "never", "blurry") == "blurry never taken from engines.\n"
    assert ok("tag", "category", "looks", "red hair") == "red hair put into the category looks.\n"
    assert "red hair (ginger)" in ok("tag", "complete", "gin")
    file = tmp_path / "tags.csv"
    file.write_text('sea,0,1,"ocean,deep"\n,0\n', encoding="utf-8")
    assert ok("tag", "import", file).splitlines() == [
        "3 new tags, 2 aliases, 0 implications, 1 categories; 1 left out.",
        "  Line 2: A tag needs a name.",
    ]
    known: Any = say(path, "tag", "list", "--json").json
    assert {"sea", "cat", "animal"} <= {one["name"] for one in known}


def test_captions(path: Path) -> None:
    def ok(*words: object) -> str:
        done = say(path, *words)
        assert (done.code, done.err) == (0, ""), (words, done)
        return done.out

    assert ok("caption", "show", 1) == "No caption.\n"
    assert ok("caption", "set", "a cat", "--id", 1, "--id", 2) == "2 pictures captioned.\n"
    shown = ok("caption", "edit", "--find", "cat", "--replace", "dog", "-q", "", "--preview")
    assert shown.splitlines()[:3] == ["2 captions would change.", "picture 0.png", "  - a cat"]
    assert ok("caption", "show", 1) == "a cat\n"
    assert ok("caption", "edit", "--find", "cat", "--prefix", "ohwx", "-q", "") == "4 pictures captioned anew.\n"
    assert ok("caption", "show", 1) == "ohwx, a\n" and ok("caption", "show", 3) == "ohwx\n"
    assert ok("caption", "lint", "--trigger", "sks", "--id", 1).splitlines() == [
        "1 picture: 0 without a caption, 1 without the trigger word, 0 against their tags, 0 too long.",
        "  picture 0.png: “sks” is missing.",
    ]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["tag", "add", "cat"], "either --query or --id"),
        (["tag", "add", "cat", "-q", "", "--id", "1"], "either --query or --id"),
        (["tag", "remove", "ghost", "-q", ""], "There is no tag “ghost”."),
        (["tag", "add", "a\x07", "-q", ""], "U+0007"),
        (["tag", "rename", "ghost", "x"], "There is no tag “ghost”."),
        (["tag", "import", "/nowhere/tags.csv"], "does not exist"),
    ],
)
def test_errors_are_sentences(blank: Path, words: list[str], why: str) -> None:
    done = say(blank, *words)
    assert done.code != 0 and why in done.err

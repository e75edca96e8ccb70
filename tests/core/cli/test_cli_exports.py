"""`pixlstash export`, with and without a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from core.cli.test_cli import Server, say
from core.exports.conftest import tree
from core.imports.test_intake import paint

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, SetCaption


@pytest.fixture
def alone(open_library: Callable[..., Library], tmp_path: Path) -> Path:
    """A library of three pictures, one with a caption."""
    with open_library(work=False) as library:
        for n in range(3):
            source = paint(tmp_path / f"picture-{n}.png", n)
            library.upload(OWNER, source.name, source)
        library.set_caption(OWNER, SetCaption(ids=[1], text="a sea"))
    return tmp_path / "library"


@pytest.fixture(params=["alone", "served"])
def path(request: pytest.FixtureRequest, alone: Path) -> Any:
    server = Server(alone) if request.param == "served" else None
    yield alone
    if server is not None:
        server.stop()


def test_exports_are_made_previewed_repeated_and_compared(path: Path, tmp_path: Path) -> None:
    def told(*words: object) -> str:
        answer = say(path, "export", *words)
        assert answer.code == 0, answer
        return answer.out

    assert "3 pictures: 2 without a caption" in told("--preview")
    assert not (tmp_path / "out").exists()
    assert "3 pictures, 7 files, 7 of them written now" in told("--to", tmp_path / "out")
    assert (tmp_path / "out" / "picture-0.txt").read_text(encoding="utf-8") == "a sea"
    assert json.loads((tmp_path / "out" / "picture-0.json").read_bytes())["caption"] == "a sea"
    assert "1 picture, 1 file" in told("name:picture-1", "--to", tmp_path / "some", "--no-text")
    assert "2 pictures" in told("-name:picture-1", "--to", tmp_path / "not", "--format", "webp")
    assert "1 picture, 1 file" in told("--id", 2, "--to", tmp_path / "one.zip")
    told("--again", tmp_path / "out", "--to", tmp_path / "again")
    assert tree(tmp_path / "again") == tree(tmp_path / "out")
    compared = told("diff", tmp_path / "out", tmp_path / "some")
    assert "0 added, 6 removed, 0 changed, 1 the same." in compared
    assert "query: '' → 'name:picture-1'" in compared and "text: True → False" in compared
    assert say(path, "export", "diff", tmp_path / "out", tmp_path / "one.zip", "--json").json["removed"] == 6


def test_mistakes_say_what_to_do(path: Path, tmp_path: Path) -> None:
    for words, sentence in (
        ((), "--to PATH"),
        (("--id", 1, "name:x", "--to", tmp_path / "x"), "Say which pictures"),
        (("--to", tmp_path / "x", "--template", "{nothing}"), "There is no field {nothing}"),
        (("--to", path), "library's folder"),
        (("diff", tmp_path, tmp_path), "is not an export"),
        (("--again", tmp_path, "--to", tmp_path / "x"), "is not an export"),
    ):
        answer = say(path, "export", *words)
        assert answer.code != 0 and sentence in answer.err, answer
    assert not (tmp_path / "x").exists()


def test_a_picture_that_cannot_be_exported_is_an_error(alone: Path, tmp_path: Path) -> None:
    for file in (alone / "media").rglob("*.png"):
        file.unlink()
        break
    answer = say(alone, "export", "--to", tmp_path / "out")
    assert answer.code == 1 and "2 pictures" in answer.out
    again = say(alone, "export", "--again", tmp_path / "out", "--to", tmp_path / "again", "--json")
    assert again.code == 0 and again.json["pictures"] == 2

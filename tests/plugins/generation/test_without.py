"""A core without the package: a generated picture comes in, says what is missing, and is read once that is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from dialects import graph
from libraries import finish, until
from PIL import Image, PngImagePlugin

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.media.texts import NOTE
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import ImportPaths, PictureDetail, ScorePictures

GRAPH = json.dumps(graph())
Open = Callable[..., Library]


def generated(path: Path, size: tuple[int, int] = (256, 256), **texts: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    info = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        info.add_text(keyword, text)
    Image.linear_gradient("L").resize(size).save(path, pnginfo=info)
    return path


def taken(library: Library, path: Path) -> PictureDetail:
    finish(library, library.import_paths(OWNER, ImportPaths([str(path)], True)))
    return library.picture(OWNER, library.pictures(OWNER)[0].id)


def without() -> Plugins:
    return Plugins.load(disabled=["generation"])


def facts(picture: PictureDetail) -> dict[str, str]:
    return {fact.name: fact.value for fact in picture.facts}


def settled(library: Library) -> list[str]:
    """The states of all jobs that read pictures again, once they have ended."""
    until(lambda: not [job for job in library.queue.running() if job.kind == "redraw"])
    return [job.state for job in library.jobs(OWNER) if job.kind == "redraw"]


def test_it_is_noted_and_read_when_the_package_is_there(open_library: Open, tmp_path: Path) -> None:
    path = generated(tmp_path / "pictures" / "made.png", prompt=GRAPH, workflow='{"nodes": []}', Author="Ann")
    with open_library(plugins=without()) as library:
        before = taken(library, path.parent)
        library.score(OWNER, ScorePictures(ids=[before.id], score=4))
        assert facts(before) == {NOTE.name: NOTE.value} and before.prompt is None
        assert "pixlstash-generation" in NOTE.value
        assert sorted(before.payloads) == ["prompt", "workflow"]
        assert library.payload(OWNER, before.id, "prompt") == GRAPH
        assert [one.id for one in library.pictures(OWNER, q='generation:"not read"')] == [before.id]
        assert settled(library) == []
    library = open_library()
    assert settled(library) == ["done"]
    after = library.picture(OWNER, before.id)
    assert (after.prompt, facts(after)["model"], after.score) == ("a fox", "base", 4)
    assert NOTE.name not in facts(after)
    library.close()
    assert settled(open_library()) == ["done"]  # nothing is left to do


def test_what_was_read_stays_searchable_without_it(open_library: Open, tmp_path: Path) -> None:
    path = generated(tmp_path / "pictures" / "made.png", prompt=GRAPH)
    with open_library() as library:
        before = taken(library, path.parent)
    library = open_library(plugins=without())
    assert library.picture(OWNER, before.id) == before
    assert [one.id for one in library.pictures(OWNER, q="model:base seed:5 prompt:fox")] == [before.id]
    assert settled(library) == []


def test_what_has_no_reader_is_left_alone_while_its_file_is_away(open_library: Open, tmp_path: Path) -> None:
    path = generated(tmp_path / "pictures" / "made.png", prompt=GRAPH)
    with open_library(plugins=without()) as library:
        id = taken(library, path.parent).id
    away = path.rename(tmp_path / "away.png")
    with open_library() as library:
        assert settled(library) == ["done"]
        assert facts(library.picture(OWNER, id)) == {NOTE.name: NOTE.value}
    away.rename(path)
    library = open_library()
    assert settled(library) == ["done", "done"] and library.picture(OWNER, id).prompt == "a fox"


@pytest.mark.parametrize(
    ("texts", "noted"),
    [
        ({"parameters": "a fox\nSteps: 20, Seed: 1"}, True),
        ({"Comment": '{"uc": "", "steps": 28, "scale": 5}'}, True),
        ({"Description": "a fox\nSteps: 20, Seed: 1"}, True),
        ({"Comment": "Steps: see the manual"}, False),
        ({"Comment": '{"exposure": 3}'}, False),
        ({"Author": "Ann", "Description": "A day by the sea"}, False),
        ({"prompt": "  "}, False),
    ],
)
def test_only_generators_texts_are_noted(
    open_library: Open, tmp_path: Path, texts: dict[str, str], noted: bool
) -> None:
    library = open_library(plugins=without())
    picture = taken(library, generated(tmp_path / "pictures" / "made.png", **texts).parent)
    assert (facts(picture).get(NOTE.name) == NOTE.value) == noted
    assert set(picture.payloads) == (set(texts) if noted else set())


def test_one_that_is_refused_now_is_not_tried_again(
    open_library: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = generated(tmp_path / "pictures" / "made.png", (1200, 1000), prompt=GRAPH)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])  # too large to be drawn, so nobody noticed
    monkeypatch.setenv("PIXLSTASH_MEGAPIXELS", "1")
    with open_library(plugins=without()) as library:
        id = taken(library, path.parent).id
        assert facts(library.picture(OWNER, id)) == {NOTE.name: NOTE.value}
    monkeypatch.setenv("PIXLSTASH_MEGAPIXELS", "2")
    for _ in range(2):
        with open_library() as library:
            assert settled(library) == ["done"]
            picture = library.picture(OWNER, id)
            assert facts(picture) == {} and "cut short" in str(picture.why)

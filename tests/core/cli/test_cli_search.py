"""The verbs of search, people and the review queue, on a library opened here and on one that is served."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from core.cli.test_cli import Server, say
from core.people.test_people import face, find, person, place
from libraries import add, invented

from pixlstash_core.engines.outputs import Output
from pixlstash_core.library import Library
from pixlstash_core.search.matrix import unit


@pytest.fixture(params=["here", "served"])
def path(request: pytest.FixtureRequest, blank: Path, tmp_path: Path) -> Iterator[Path]:
    """A library of six pictures with vectors, faces of two people, and a suggested tag."""
    folder = Path(shutil.copytree(blank, tmp_path / "library"))
    rng = np.random.default_rng(1)
    with Library.open(folder) as library:
        ids = add(library, *[invented(n) for n in range(6)])
        find(library, {id: [face(place(0), person(n % 2, rng))] for n, id in enumerate(ids)})
        vectors = library.outputs.register("vector", "synthetic", "1", {})
        library.outputs.activate(vectors)
        tags = library.outputs.register("tag", "a tagger", "1", {})
        library.outputs.activate(tags, 0.35)
        turns = [Output(id, unit([np.cos(n / 6), np.sin(n / 6)], {})) for n, id in enumerate(ids)]
        found = [Output(id, [("cat", 0.3 + n / 10)]) for n, id in enumerate(ids)]
        for future in [*library.outputs.store(vectors, turns), *library.outputs.store(tags, found)]:
            future.result(30)
    if request.param == "here":
        yield folder
        return
    server = Server(folder)
    try:
        yield folder
    finally:
        server.stop()


def test_from_likeness_to_people_and_the_queue(path: Path) -> None:
    def ok(*words: object) -> str:
        done = say(path, *words)
        assert (done.code, done.err) == (0, ""), (words, done)
        return done.out

    def told(*words: object) -> Any:
        return json.loads(ok(*words, "--json"))

    assert [one["picture"]["id"] for one in told("similar", 1, "--limit", 2)["found"]] == [2, 3]
    assert told("find", "like:picture:1", "top:3")["ids"] == [1, 2, 3]
    assert "like picture 1" in ok("why", 2, "like:picture:1")
    words = say(path, "similar", "--words", "picture 3")
    assert "words only" in words.err and words.code == 0
    assert say(path, "similar").code == 2

    (one,) = told("face", "list", 1)
    assert told("face", "assign", "Ann", "--face", one["id"])["sentence"] == "1 face is Ann"
    assert "Ann" in ok("face", "list", 1)
    assert {one["picture"]["id"] for one in told("character", "suggest", "Ann")} == {3, 5}
    assert ok("face", "reject", "Ann", "--face", told("face", "list", 3)[0]["id"]).startswith("1 face is not Ann")
    assert ok("face", "refer", "--face", one["id"]).startswith("1 face chosen")
    assert ok("face", "draw", "Ben", 2, 0.7, 0.7, 0.9, 0.9).startswith("1 picture shows Ben")
    assert ok("character", "merge", "Ben", "--into", "Ann").startswith("1 character merged into Ann")
    assert told("face", "clusters")["unassigned"] == 5 and "faces" in ok("face", "clusters")
    assert ok("face", "forget", "--face", one["id"]).startswith("1 face is unassigned")

    (tag,) = told("review", "tags")
    assert (tag["name"], tag["waiting"]) == ("cat", 6) and "cat" in ok("review", "tags")
    assert told("review", "tag", "cat")["waiting"] == 6 and "doubt" in ok("review", "tag", "cat")
    assert ok("review", "decide", "cat", "--yes", 5, "--yes", 6, "--no", 1).startswith("cat: 2 pictures accepted, 1")
    assert told("review", "tag", "cat")["waiting"] == 3
    assert told("review", "characters") == [] and "doubtful" in ok("review", "characters")
    assert "character" in ok("review", "faces") and told("review", "faces", "--character", "Ann") == []

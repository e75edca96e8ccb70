"""The verbs of engines, on a library opened here and on one that is served, with a plugin that is installed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from core.cli.test_cli import Server, say
from libraries import PLUGIN, finish, install
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import ImportPaths


@pytest.fixture(params=["here", "served"])
def path(
    request: pytest.FixtureRequest, blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A library of three pictures, red, green and blue, and the engine `dominant-colour`."""
    site = install(tmp_path / "site", PLUGIN.parent / "colours")
    install(site, PLUGIN.parent / "broken")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep))
    place = Path(shutil.copytree(blank, tmp_path / "library"))
    for n, colour in enumerate(("red", "lime", "blue")):
        Image.new("RGB", (20 + n, 20), colour).save(tmp_path / f"{colour}.png")
    with Library.open(place) as library:
        given = [str(tmp_path / f"{colour}.png") for colour in ("red", "lime", "blue")]
        assert finish(library, library.import_paths(OWNER, ImportPaths(given))).state == "done"
    if request.param == "here":
        yield place
        return
    server = Server(place)
    try:
        yield place
    finally:
        server.stop()


def test_an_engine_from_the_first_look_to_the_last(path: Path) -> None:
    def ok(*words: object) -> str:
        done = say(path, *words)
        assert (done.code, done.err) == (0, ""), (words, done)
        return done.out

    def told(*words: object) -> Any:
        return json.loads(ok(*words, "--json"))

    assert "dominant-colour" in ok("engine", "list") and "taggers: dominant-colour" in ok("plugin", "list")
    assert "top = 3  How many to name" in ok("engine", "show", "dominant-colour")
    rehearsed = ok("engine", "rehearse", "dominant-colour", "-q", "name:red.png")
    assert "red.png: #ff0000 100%" in rehearsed and "for 1 picture, measured on 1;" in rehearsed
    assert "No tag of these pictures was accepted or rejected yet." in rehearsed
    assert "people do not say what its results should be" in ok("engine", "rehearse", "sharpness", "--count", 1)
    assert told("engine", "rehearse", "dominant-colour", "--count", 2)["tried"] == 2
    assert told("find", "tag:#ff0000")["total"] == 0
    assert ok("engine", "run", "dominant-colour", "-q", "name:red.png").startswith("1 picture, ")
    assert told("find", "tag:#ff0000")["total"] == 1
    job = told("engine", "run", "dominant-colour")
    assert (job["state"], job["done"], job["total"]) == ("done", 2, 2)
    assert told("find", "tag:#0000ff")["total"] == 1
    (one,) = [one for one in told("engine", "list") if one["id"] == "dominant-colour"]
    assert (one["done"], one["errors"], one["active"], one["outdated"]) == (3, 0, True, 0)
    assert "default" in ok("engine", "set", "dominant-colour", "--default", "-p", "top=1")
    assert "3 outdated results" in ok("engine", "show", "dominant-colour")
    assert told("engine", "run", "--kind", "tag", "--outdated")["done"] == 3
    assert told("engine", "show", "dominant-colour")["params"] == {"top": 1}
    assert told("engine", "set", "dominant-colour", "-p", "top=")["default"]
    assert told("engine", "show", "dominant-colour")["params"] == {"top": 3}
    assert ok("job", "revert", job["id"]).startswith("What dominant-colour found in 2 pictures was taken back")


def test_what_failed_is_said_where_it_ran(path: Path) -> None:
    """With settings for once, too: nothing else would show what went wrong."""
    failed = say(path, "engine", "run", "broken-measure", "-p", "on=2", "--id", 1, "--id", 2, "--id", 3)
    assert (failed.code, failed.err) == (0, "")
    first, second, third = failed.out.splitlines()
    assert first.startswith("3 pictures, ") and second.startswith("  It failed on 1: `pixlstash job retry ")
    assert third.startswith("  ! 2 ") and third.endswith(": no such colour")
    job = second.split("`")[1].split()[-1]
    listed = say(path, "job", "list").out
    assert "failed on 1: no such colour" in listed
    again = say(path, "job", "retry", job)
    assert again.code == 0 and again.out.startswith("1 picture, ") and "It failed on 1" in again.out
    assert say(path, "engine", "run", "broken-measure", "-p", "on=2").out.startswith("Nothing to do: ")
    assert "This job ran no engine." in say(path, "job", "retry", 1).err
    ran = say(path, "engine", "run", "broken-measure", "-p", "on=0", "--json")
    done = json.loads(ran.out)
    assert (done["failed"], done["reason"], done["done"]) == (0, None, 3)
    assert "failed nowhere" in say(path, "job", "retry", done["id"]).err


def test_what_cannot_be_done(path: Path) -> None:
    for words, said in (
        (("engine", "run", "nobody"), "No installed plugin offers the engine 'nobody'"),
        (("engine", "run"), "Say which engine"),
        (("engine", "run", "dominant-colour", "-p", "top=9"), "Expected `int` <= 8 - at `$.top`"),
        (("engine", "run", "dominant-colour", "-p", "top"), "'top' is no setting"),
        (("engine", "run", "dominant-colour", "--failed", "-p", "top=1"), "selection by itself"),
        (("engine", "show", "nobody"), "No installed plugin offers"),
        (("engine", "allow", "dominant-colour", "example.org"), "sends nothing to other machines"),
        (("engine", "rehearse", "dominant-colour", "-q", "name:none"), "is for none of these pictures"),
        (("engine", "set", "dominant-colour", "--policy", "never"), "'never' is not one of"),
    ):
        done = say(path, *words)
        assert done.code and said in done.err, (words, done)

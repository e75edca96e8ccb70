"""What authors of plugins are given: a package to begin with, a check, and hooks that third parties' packages use."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from libraries import PLUGIN, finish, install
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.cli import pixlstash
from pixlstash_core.cli.template import KINDS, files
from pixlstash_core.library import Library
from pixlstash_core.testing import check
from pixlstash_core.types import ImportPaths, RunEngine

pytestmark = pytest.mark.slow


def say(*words: object) -> Result:
    return CliRunner().invoke(pixlstash, [str(word) for word in words])


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_of_each_kind_passes_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    name = f"of-a-{kind}"
    made = files(name, kind)
    assert set(made) == {"pyproject.toml", "README.md", f"pixlstash_of_a_{kind.replace('-', '_')}.py"} | {
        f"test_pixlstash_of_a_{kind.replace('-', '_')}.py"
    }
    for path, text in made.items():
        assert "<" not in text.replace("<kind>", "<") or path == "README.md"
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    (module,) = [path for path in made if path.startswith("pixlstash_")]
    spec = importlib.util.spec_from_file_location(module[:-3], tmp_path / module)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    (engine,) = getattr(loaded, KINDS[kind].hook)()
    check(engine)
    assert [node.name for node in ast.parse(made[f"test_{module}"]).body if isinstance(node, ast.FunctionDef)]


def test_from_a_name_to_an_engine_that_was_checked(tmp_path: Path) -> None:
    done = say("plugin", "new", "night-owl", "--in", tmp_path)
    assert done.exit_code == 0 and "plugin check night-owl" in done.output
    place = tmp_path / "pixlstash-night-owl"
    site = install(tmp_path / "site", place)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command], cwd=place, env=environment, capture_output=True, text=True, timeout=120
        )

    told = run("-c", "from pixlstash_core.cli import main; main()", "plugin", "check", "night-owl")
    assert (told.returncode, told.stdout) == (0, "night-owl: fine\n"), told.stderr
    tested = run("-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={place}")
    assert tested.returncode == 0 and "1 passed" in tested.stdout, tested.stdout


@pytest.mark.parametrize("name", ["", "Owl", "night_owl", "-owl", "owl-", "../owl", "night--owl", "1owl"])
def test_what_is_no_name(tmp_path: Path, name: str) -> None:
    done = say("plugin", "new", "--in", tmp_path, "--", name)
    assert done.exit_code and "is no name for a plugin" in done.output and list(tmp_path.iterdir()) == []


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "pixlstash-owl").mkdir()
    done = say("plugin", "new", "pixlstash-owl", "--in", tmp_path)
    assert done.exit_code and "is there already" in done.output and not list((tmp_path / "pixlstash-owl").iterdir())


def test_a_check_tells_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "owl"
    place.mkdir()
    for path, text in files("owl", "tagger").items():
        (place / path).write_text(text.replace('"tall", 0.9', '"tall", 9.0'), encoding="utf-8")
    monkeypatch.syspath_prepend(str(install(tmp_path / "site", place)))
    done = say("plugin", "check", "owl")
    assert done.exit_code and "not between 0 and 1" in done.output and "1 thing is wrong" in done.output
    assert say("plugin", "check", "pixlstash-owl").output == done.output  # by its package's name as well
    assert "No plugin called 'nobody'" in say("plugin", "check", "nobody").output


def test_our_own_plugins_are_checked_as_far_as_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXLSTASH_MODELS", str(tmp_path))
    done = say("plugin", "check", "wd-tagger")
    assert done.exit_code == 0 and done.output.count("as far as can be said without its weights") == 5
    done = say("plugin", "check", "joycaption")
    assert done.exit_code == 0 and "joycaption/endpoint: fine, as far as can be said without asking" in done.output


@pytest.fixture
def spots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_library: Callable[..., Library]) -> Library:
    """A library with a third party's detector and measurer, installed from their folder."""
    site = install(tmp_path / "site", PLUGIN.parent / "spots")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep))
    image = Image.new("RGB", (80, 40), "black")
    image.paste((255, 255, 255), (20, 10, 40, 30))
    image.save(tmp_path / "spot.png")
    Image.new("RGB", (80, 40), (51, 51, 51)).save(tmp_path / "dark.png")
    library = open_library()
    paths = [str(tmp_path / "spot.png"), str(tmp_path / "dark.png")]
    assert finish(library, library.import_paths(OWNER, ImportPaths(paths))).state == "done"
    return library


def test_a_third_party_s_detector_and_measurer(spots: Library) -> None:
    def run(engine: str) -> Any:
        job = finish(spots, spots.run_engine(OWNER, RunEngine(engine=engine)))
        assert (job.state, job.error, job.done) == ("done", None, 2)

    there = {one.id: one for one in spots.engines(OWNER)}
    assert (there["bright-spots"].package, there["bright-spots"].version) == ("pixlstash-spots", "0.2.0")
    run("bright-spots")
    run("light")
    rows = spots.db.read("select p.name, r.label, r.confidence from region r join picture p on p.id = r.picture_id")
    assert rows == [("spot.png", "bright spot", 1.0)]
    (box,) = [row[0] for row in spots.db.read("select box from region")]
    assert box and "0.25" in str(box)
    measured = dict(spots.db.read("select p.name, m.value from measure_output m join picture p on p.id = m.picture_id"))
    assert measured["dark.png"] == pytest.approx(20.0) and measured["spot.png"] == pytest.approx(12.5, abs=0.1)
    assert [one.name for one in spots.pictures(OWNER, "measure:light>15")] == ["dark.png"]


def test_they_pass_the_check(spots: Library) -> None:
    sys.modules.pop("pixlstash_spots", None)
    import pixlstash_spots  # type: ignore[import-not-found]

    for engine in (*pixlstash_spots.detectors(), *pixlstash_spots.measurers()):
        check(engine)
    del sys.modules["pixlstash_spots"]

"""Libraries and plugins of earlier commits keep working."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from earlier.describe import describe, differences
from libraries import finish
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pixlstash_core import OWNER
from pixlstash_core.backups.restore import restore
from pixlstash_core.errors import Conflict
from pixlstash_core.library import Library
from pixlstash_core.plugins.registry import Plugins
from pixlstash_core.types import ImportPaths, MakeBackup, RestoreSnapshot, RunEngine, ScorePictures, Selection

HERE = Path(__file__).parent
COMMITS = ("440a7eb",)


@pytest.fixture(params=COMMITS)
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A library that an earlier commit made, and what it held then."""
    with zipfile.ZipFile(HERE / f"{request.param}.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path / "library", json.loads((tmp_path / "description.json").read_text("utf-8"))


def test_an_earlier_library_opens_unchanged(earlier: tuple[Path, dict[str, Any]]) -> None:
    path, before = earlier
    for _ in range(2):
        with Library.open(path, work=False) as library:
            assert differences(before, describe(library)) == []


def test_an_earlier_library_goes_on(earlier: tuple[Path, dict[str, Any]]) -> None:
    path, before = earlier
    with Library.open(path) as library:
        with pytest.raises(Conflict, match="upgraded since"):
            library.redo(OWNER)
        assert differences(before["pictures"], describe(library)["pictures"]) == []
        for engine in ("visual-descriptor", "sharpness", "prompt-tags"):
            job = finish(library, library.run_engine(OWNER, RunEngine(engine=engine)))
            assert (job.state, job.done) == ("done", 0), "results of before are not computed again"
        last = before["snapshots"][0]["id"]
        library.score(OWNER, ScorePictures(ids=[1, 2, 3], score=5))
        library.restore_snapshot(OWNER, last, RestoreSnapshot())
        assert library.picture(OWNER, 3).score == before["pictures"][2]["score"]


def test_an_earlier_backup_is_made_again_and_restored(earlier: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    path, before = earlier
    with Library.open(path, work=False) as library:
        library.purge(OWNER, Selection(ids=[8]))  # it is in the scrapheap
        report = library.backup(OWNER, MakeBackup(str(tmp_path / "backup")))
        assert (report.copied, report.dropped, report.lost) == (0, 1, 0)
    assert restore(tmp_path / "backup", tmp_path / "restored", False, lambda done, total: None) == (7, [])
    with Library.open(tmp_path / "restored", work=False) as library:
        assert differences(before["found"], describe(library)["found"]) == []


@pytest.fixture
def earlier_plugins(open_library: Callable[..., Library], monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.syspath_prepend(str(HERE / "plugins"))
    monkeypatch.setenv("PYTHONPATH", str(HERE / "plugins"))
    return open_library(plugins=Plugins.load(extra=("trap_440a7eb", "colours_440a7eb")))


def test_plugins_written_by_earlier_tutorials_work(earlier_plugins: Library, tmp_path: Path) -> None:
    library, info = earlier_plugins, PngInfo()
    info.add_text("trap", "south gate; -2 C")
    Image.new("RGB", (32, 24), (255, 0, 0)).save(tmp_path / "red.png", pnginfo=info)
    assert finish(library, library.import_paths(OWNER, ImportPaths([str(tmp_path / "red.png")], False))).state == "done"
    assert finish(library, library.run_engine(OWNER, RunEngine(engine="dominant-colour"))).state == "done"
    assert library.find(OWNER, "temperature:<0").total == 1
    assert library.find(OWNER, "tag:#ff0000").total == 1
    assert [plugin.problems for plugin in library.plugin_list(OWNER) if plugin.problems] == []

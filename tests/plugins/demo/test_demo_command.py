"""`pixlstash demo`: what it says, where it makes its library, and what is said where its package is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import importlib_metadata
import pytest
from click.testing import CliRunner, Result
from libraries import finish, until

from pixlstash_core import OWNER, Library, PixlStashError
from pixlstash_core.cli import pixlstash
from pixlstash_core.connect import connect
from pixlstash_core.errors import StoreUnreachable
from pixlstash_core.plugins import precedence
from pixlstash_core.plugins.registry import Plugins
from pixlstash_demo.filling import fill
from pixlstash_demo.store import PAINTED

HELP = """\
Usage: pixlstash demo [OPTIONS]

  Make a demo library of painted pictures (default: a library of its own).

Options:
  --pictures INTEGER RANGE  [default: 200; 1<=x<=1000000]
  --serve                   Serve the library at once, while it still paints.
  --host TEXT               [default: 127.0.0.1]
  --port INTEGER            [default: 8020]
  -h, --help                Show this message and exit.
"""
INSTALL = "pip install pixlstash-demo"


def call(*words: object) -> Result:
    return CliRunner().invoke(pixlstash, [*map(str, words)], prog_name="pixlstash")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it to have the package no longer installed."""

    def entry_points(**which: str) -> Any:
        return [one for one in importlib_metadata.entry_points(**which) if one.name != "demo"]

    class Others:
        def __getattr__(self, name: str) -> Any:
            return entry_points if name == "entry_points" else getattr(importlib_metadata, name)

    return lambda: monkeypatch.setattr(precedence, "importlib_metadata", Others())


def test_its_help() -> None:
    assert call("demo", "--help").output == HELP


def test_it_makes_a_library(tmp_path: Path) -> None:
    path = tmp_path / "demo"
    made = call("-L", path, "demo", "--pictures", "3")
    see = f"See it with: pixlstash -L {path} serve\n"
    assert made.exit_code == 0 and made.output == f"The demo library at {path} has 3 pictures.\n{see}"
    assert len(json.loads(call("-L", path, "list", "--json").output)) == 3
    assert call("-L", path, "check", "--verify").exit_code == 0


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG_DATA_HOME counts on other systems")
def test_its_library_is_not_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIXLSTASH_LIBRARY", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert call("demo", "--pictures", "1").exit_code == 0
    assert [path.name for path in (tmp_path / "pixlstash").iterdir()] == ["demo"]
    monkeypatch.setenv("PIXLSTASH_LIBRARY", str(tmp_path / "named"))
    assert call("demo", "--pictures", "1").exit_code == 0
    assert (tmp_path / "named" / "library.db").exists()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from pixlstash_core.cli import main; main()"]
        + ["-L", str(tmp_path / "demo"), "demo", "--pictures", str(PAINTED + 50), "--serve", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    yield process
    process.terminate()
    process.communicate(timeout=60)


def test_it_serves_while_it_paints(serving: subprocess.Popen[str], tmp_path: Path) -> None:
    assert serving.stdout is not None
    first, link = serving.stdout.readline(), serving.stdout.readline()
    assert first.startswith("PixlStash serves Demo at http://127.0.0.1:") and "/#claim=" in link
    with urlopen(f"{first.split()[-1]}/version", timeout=30) as answer:
        assert answer.status == 200

    def pictures() -> int:
        session = connect(tmp_path / "demo")
        try:
            assert session.url  # the server is asked
            return int(session.info().pictures)
        finally:
            session.close()

    until(lambda: pictures() == PAINTED + 50, 300)


def test_what_was_begun_goes_on(open_library: Callable[..., Library]) -> None:
    with open_library() as library:
        assert finish(library, fill(library, 5)).state == "done"
    library = open_library()
    job = finish(library, fill(library, PAINTED + 700))
    assert (job.state, job.done, job.total) == ("done", PAINTED + 700, PAINTED + 700)
    assert job.report is not None and job.report.imported == PAINTED + 695
    assert library.info(OWNER).demo and library.info(OWNER).pictures == PAINTED + 700
    assert [store.name for store in library.info(OWNER).stores if store.pictures] == ["Demo"]


def test_a_job_of_an_earlier_version_is_done(open_library: Callable[..., Library]) -> None:
    with open_library(work=False) as library:
        store = library.add_store(OWNER, "demo", "Demo", {"pictures": 1_000_000})
        library.queue.put("demo", "Painting the demo library", {"store": store, "pictures": 4})
        library.derive(lambda write: write.execute("insert into setting values ('demo', '4')"))
        assert library.info(OWNER).demo
    library = open_library()
    until(lambda: library.info(OWNER).pictures == 4)


def test_without_the_package_the_command_names_it(without: Callable[[], None], tmp_path: Path) -> None:
    without()
    for words in (("demo",), ("demo", "--pictures", "3", "--serve"), ("demo", "--help")):
        failed = call("-L", tmp_path / "library", *words)
        assert failed.exit_code == 1 and "`pixlstash demo`" in failed.stderr and INSTALL in failed.stderr
    assert "  demo " not in call("--help").output
    assert call("nonsense").exit_code == 2


def test_without_the_package_its_libraries_open(
    open_library: Callable[..., Library], without: Callable[[], None]
) -> None:
    with open_library() as library:
        finish(library, fill(library, PAINTED + 1))
        lazy, painted = library.find(OWNER, "", "imported").ids[-1], library.find(OWNER, "", "imported").ids[0]
        still = library.thumbnail(OWNER, painted)
    without()
    library = open_library()
    assert "demo" not in {plugin.name for plugin in library.plugin_list(OWNER)}
    assert library.info(OWNER).demo and library.info(OWNER).pictures == PAINTED + 1
    assert library.thumbnail(OWNER, painted) == still
    for picture in (lazy, painted):
        with pytest.raises(StoreUnreachable, match=INSTALL):
            library.original(OWNER, picture)
    with pytest.raises(PixlStashError):
        library.thumbnail(OWNER, lazy)
    with pytest.raises(PixlStashError, match=INSTALL):
        library.add_store(OWNER, "demo", "Demo", {"pictures": 3})


def test_switched_off_by_its_former_name(open_library: Callable[..., Library], tmp_path: Path) -> None:
    with open_library() as library:
        finish(library, fill(library, 1))
        library.hub.write("insert into setting values ('plugins.disabled', '[\"pixlstash_core.demo.builtin\"]')")
    library = open_library()
    assert [plugin.enabled for plugin in library.plugin_list(OWNER) if plugin.name == "demo"] == [False]
    with pytest.raises(StoreUnreachable, match="The plugin demo is switched off"):
        library.original(OWNER, library.find(OWNER).ids[0])
    library.close()
    failed = call("-L", tmp_path / "library", "demo")
    assert failed.exit_code == 1 and "switched off" in failed.stderr
    assert Plugins.load(disabled=["pixlstash_core.demo.builtin"]).disabled == ("demo",)

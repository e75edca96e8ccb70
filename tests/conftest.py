"""What every test of every package may use. Fixtures of one package live in the conftest of its folder."""

from __future__ import annotations

import csv
import faulthandler
import os
import random
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import connecting
import libraries
import pytest
import skips
import torture
from _pytest.faulthandler import fault_handler_stderr_fd_key
from sources import ROOT

from pixlstash_core.database import changesets
from pixlstash_core.library import Library

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CI = os.environ.get("PIXLSTASH_CI") == "1"
#: A browser as people use it. The shell, which draws without a window system, comes last: it lacks some behavior.
SHELL = "chromium-headless-shell"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", SHELL)
QUIET = [
    "--headless=new",  # the browser itself without a window, also in versions that still have the old mode
    "--disable-gpu",  # nothing is drawn for a screen
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help="attacks at full length; a new seed unless SEED is set")
    parser.addoption("--integration", action="store_true", help="only the tests that run other people's programs")


def pytest_report_header(config: pytest.Config) -> str:
    browser = find_chromium() or "none"
    if Path(browser).name == SHELL:
        browser += " (a fallback that behaves differently in places; install Chromium to test what people use)"
    return f"pixlstash: SEED={config.stash[SEED]}, corpus: {find_corpus() or 'none'}, browser: {browser}"


SEED = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SEED] = int(os.environ.get("SEED") or default_seed(config.getoption("--torture")))
    if CI:
        config.pluginmanager.register(skips)
    if config.getoption("--torture"):
        config.pluginmanager.register(torture.Rows(config.stash[SEED]))


def default_seed(torture: bool) -> int:
    """A new seed for each torture run; for `make test`, one that the commit decides.

    So each commit tries other samples, everyone who tests a commit tries the same, and a failure can be repeated.
    """
    if torture:
        return secrets.randbelow(1 << 32)
    return int((head_commit() or "1")[:8], 16)


def head_commit() -> str | None:
    """The checked-out commit, or None outside a Git checkout."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--verify", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    integration = config.getoption("--integration")
    items[:] = [item for item in items if (item.get_closest_marker("integration") is not None) == integration]
    # Playwright's sync API keeps an event loop running on this thread for as long as its browser is open, and no test
    # after that could run one of its own.
    items.sort(key=lambda item: ROOT / "tests" / "ui" in item.path.parents)
    for item in items:
        if CI and item.get_closest_marker("browser"):  # docs/decisions/0030
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """Go on watching for a hang: pytest stops as soon as something failed, but what comes after may hang as well."""
    seconds = float(node.config.getini("faulthandler_timeout"))
    if seconds > 0 and isinstance(node, pytest.Item):
        stderr = node.config.stash[fault_handler_stderr_fd_key]
        faulthandler.dump_traceback_later(seconds, file=stderr, exit=True)


@pytest.fixture(autouse=True)
def only_listed_connections() -> Iterator[None]:
    """Fail a test in which the core or the server uses the network without a row of `pixlstash_core.outgoing`."""
    connecting.unlisted.clear()
    yield
    assert connecting.unlisted == []


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Randomness that the seed in the header and the test's own name decide."""
    return random.Random(f"{request.config.stash[SEED]} {request.node.nodeid}")


class Effort(NamedTuple):
    """How hard an attack tries."""

    torture: bool

    def of(self, sample: int, torture: int) -> int:
        return torture if self.torture else sample


@pytest.fixture(scope="session")
def effort(request: pytest.FixtureRequest) -> Effort:
    """`effort.of(20, 10_000)`: rounds in `make test`, and in `make torture`."""
    return Effort(request.config.getoption("--torture"))


class Specimen(NamedTuple):
    """A real file of the corpus and what is known about it."""

    path: Path
    kind: str
    decodes: bool
    row: dict[str, str]


class Corpus(list[Specimen]):
    """Real pictures of every sort, good and bad; `kind` is their folder, e.g. "gen" or "bad"."""

    def kind(self, *kinds: str) -> list[Specimen]:
        return [one for one in self if one.kind in kinds]


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The real files a `MANIFEST.tsv` names: in $PIXLSTASH_CORPUS, or in `shared/corpus` in or beside the checkout."""
    folder = find_corpus()
    if folder is None:
        pytest.skip("no corpus of real files: set PIXLSTASH_CORPUS to a folder with a MANIFEST.tsv")
    with open(folder / "MANIFEST.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return Corpus(Specimen(folder / row["path"], row["kind"], row["expected"] == "decodes", row) for row in rows)


def find_corpus() -> Path | None:
    named = os.environ.get("PIXLSTASH_CORPUS")
    places = [Path(named)] if named else [ROOT / "shared" / "corpus", ROOT.parent / "shared" / "corpus"]
    return next((place for place in places if (place / "MANIFEST.tsv").is_file()), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser, headless; mark tests that use it with `browser`."""
    from playwright.sync_api import sync_playwright

    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium found: install one, or set PIXLSTASH_CHROMIUM to its program")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=QUIET)
        yield browser
        browser.close()


def find_chromium() -> str | None:
    named = os.environ.get("PIXLSTASH_CHROMIUM")
    return named or next((program for name in CHROMIUM if (program := shutil.which(name))), None)


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library as `init` leaves it, to be copied: making one waits for the disk some twenty times."""
    path = tmp_path_factory.mktemp("blank") / "library"
    Library.create(path)
    with Library.open(path, work=False) as library:
        # Else the first is taken whenever the job that takes them comes to it, in the middle of any test.
        library.restore_points.set_automatic(False)
    return path


@pytest.fixture
def open_library(tmp_path: Path, blank: Path) -> Iterator[Callable[..., Library]]:
    """`open_library("name", **options)`: opens (first makes) the library of that name; closed after the test."""
    opened: list[Library] = []

    def open_one(name: str = "library", **options: Any) -> Library:
        path = tmp_path / name
        if not path.exists():
            shutil.copytree(blank, path)
        library = Library.open(path, **options)
        library.host.interactive.patience = 120.0  # a loaded machine takes longer than people wait to load a model
        opened.append(library)
        return library

    yield open_one
    for library in reversed(opened):
        library.close()


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Library:
    """An empty library of its own for this test."""
    return open_library()


@pytest.fixture(params=["rows", "arrays"])
def read_as(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changed is read row by row, as in small changes, and as arrays, as in large ones."""
    if request.param == "arrays":
        monkeypatch.setattr(changesets, "LARGE", 0)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the test plugin installed in it: put it on `sys.path` or `PYTHONPATH` to have the plugin."""
    return libraries.install(tmp_path_factory.mktemp("site"))


@pytest.fixture
def textstills(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test plugin is installed, for this process and those it starts; the folder it lies in."""
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).strip(os.pathsep))
    return site

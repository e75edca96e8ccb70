"""A served library of the test's own, and tabs on it in a real browser that are watched for what they must not do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext
from ui import gallery
from ui.desk import Desk, Guard
from web.conftest import Served, serving

from pixlstash_core.library import Library
from pixlstash_web.site import STATIC


@pytest.fixture(scope="session", autouse=True)
def built() -> None:
    if not (STATIC / "index.html").is_file():
        pytest.skip("the browser UI is not built: make install, or make ui")


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of `gallery.COUNT` pictures, to be copied."""
    return gallery.make(tmp_path_factory.mktemp("gallery") / "library")


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the painted pictures only, to be copied: quicker to draw."""
    folder = tmp_path_factory.mktemp("few") / "library"
    Library.create(folder, name="Few")
    with Library.open(folder) as library:
        gallery.add(library, 0, gallery.PAINTED)
    return folder


@pytest.fixture(scope="session")
def shown(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The gallery, for tests that change nothing of it."""
    with copied(full, tmp_path_factory.mktemp("shown")) as served:
        yield served


@pytest.fixture
def tabs() -> list[BrowserContext]:
    """What this test has open. Closed before the server stops, or every page would say that it has lost it."""
    return []


@pytest.fixture
def served(few: Path, tmp_path: Path, tabs: list[BrowserContext]) -> Iterator[Served]:
    """The painted pictures, for this test to change."""
    with copied(few, tmp_path) as served:
        yield served
        close(tabs)


@pytest.fixture
def large(full: Path, tmp_path: Path, tabs: list[BrowserContext]) -> Iterator[Served]:
    """The gallery, for this test to change."""
    with copied(full, tmp_path) as served:
        yield served
        close(tabs)


@pytest.fixture
def empty(library: Library, tabs: list[BrowserContext]) -> Iterator[Served]:
    """A library without pictures."""
    with serving(library) as served:
        yield served
        close(tabs)


@contextmanager
def copied(template: Path, folder: Path) -> Iterator[Served]:
    shutil.copytree(template, folder / "copy")
    with Library.open(folder / "copy") as library, serving(library) as served:
        yield served


def close(tabs: list[BrowserContext]) -> None:
    while tabs:
        tabs.pop().close()


Sit = Callable[..., Desk]


@pytest.fixture
def sit(chromium: Browser, tabs: list[BrowserContext]) -> Iterator[Sit]:
    """`sit(served, width=1200, height=760, **context options)`: the owner's empty tab, logged in unless `anonymous`."""
    guards: list[Guard] = []

    def sit_down(
        served: Served, *, width: int = 1200, height: int = 760, anonymous: bool = False, **options: Any
    ) -> Desk:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(15_000)
        tabs.append(context)
        guards.append(Guard(context, served.url))
        if not anonymous:
            log_in(context, served)
        return Desk(context.new_page(), served.url, guards[-1])

    yield sit_down
    close(tabs)
    assert [problem for guard in guards for problem in guard.unexpected()] == []


def log_in(context: BrowserContext, served: Served) -> None:
    name, _, value = served.browser().headers["Cookie"].partition("=")
    context.add_cookies([{"name": name, "value": value, "url": served.url, "httpOnly": True, "sameSite": "Strict"}])


@pytest.fixture(scope="session")
def seat(chromium: Browser, shown: Served) -> Iterator[Desk]:
    """A tab on the gallery that tests use one after the other, which is three times as fast as one for each."""
    context = chromium.new_context(viewport={"width": 1200, "height": 760})
    context.set_default_timeout(15_000)
    guard = Guard(context, shown.url)
    log_in(context, shown)
    yield Desk(context.new_page(), shown.url, guard)
    context.close()


@pytest.fixture
def desk(seat: Desk) -> Iterator[Desk]:
    """A tab on the gallery, at its first picture; change nothing."""
    yield seat.go()
    seat.page.evaluate("localStorage.clear()")
    found = seat.guard.unexpected()
    seat.guard.problems.clear()
    seat.guard.expected.clear()
    assert found == []

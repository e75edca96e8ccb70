"""A served library of the test's own, and tabs on it in a real browser that are watched for what they must not do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from conftest import QUIET, find_chromium
from playwright.sync_api import Browser, BrowserContext, Page, expect
from ui import gallery
from ui.desk import Desk, Guard, furnish
from web.conftest import OWNER, Served, serving

from pixlstash_core.library import Library
from pixlstash_core.types import Create, DropOnProject, SaveQuery, Selection
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
        library.restore_points.set_automatic(False)
    return folder


@pytest.fixture(scope="session")
def shown(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The gallery, for tests that change nothing of it."""
    with copied(full, tmp_path_factory.mktemp("shown")) as served:
        yield served


Close = Callable[[], None]
#: What a tab can be told; everything else takes a new one.
MEDIA = {"color_scheme", "reduced_motion"}


@pytest.fixture
def tabs() -> list[Close]:
    """How to close what this test has open: before the server stops, or every page would say that it has lost it."""
    return []


@pytest.fixture
def served(few: Path, tmp_path: Path, tabs: list[Close]) -> Iterator[Served]:
    """The painted pictures, for this test to change."""
    with copied(few, tmp_path) as served:
        yield served
        close(tabs)


@pytest.fixture
def ordered(served: Served) -> Served:
    """The painted pictures in two sets, with a character, two projects and a saved query; ids are 1 to 16."""
    order(served.library)
    return served


def order(library: Library) -> None:
    """Put its pictures into the groups of `ordered`."""

    def make(kind: str, name: str, ids: list[int]) -> None:
        made = getattr(library, f"create_{kind}")(OWNER, Create(name=name)).id
        getattr(library, f"add_to_{kind}")(OWNER, made, Selection(ids=ids))

    make("set", "Harbour", [1, 2, 3, 4])
    make("set", "Trips/Norway", [3, 4, 5])
    make("character", "Ann", [4, 5, 6])
    make("project", "Calendar", [1, 2])
    make("project", "Prints", [])
    library.drop_on_project(OWNER, 1, DropOnProject(sets=[1]))
    library.save_query(OWNER, SaveQuery("to sort", "score:0"))


@pytest.fixture
def large(full: Path, tmp_path: Path, tabs: list[Close]) -> Iterator[Served]:
    """The gallery, for this test to change."""
    with copied(full, tmp_path) as served:
        yield served
        close(tabs)


@pytest.fixture
def empty(library: Library, tabs: list[Close]) -> Iterator[Served]:
    """A library without pictures."""
    with serving(library) as served:
        yield served
        close(tabs)


@contextmanager
def copied(template: Path, folder: Path) -> Iterator[Served]:
    shutil.copytree(template, folder / "copy")
    with Library.open(folder / "copy") as library, serving(library) as served:
        yield served


def close(tabs: list[Close]) -> None:
    while tabs:
        tabs.pop()()


Sit = Callable[..., Desk]
Axe = Callable[..., list[str]]
FAULTS = """async every => {
  // Menus and toasts lie over the page, outside of its landmarks.
  const rules = { region: { enabled: false } };
  const { violations } = await axe.run(document, { resultTypes: ['violations'], rules });
  const found = violations.filter(one => every || ['serious', 'critical'].includes(one.impact)).flatMap(one =>
    one.nodes.map(node => `${one.id}: ${node.target} ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''}`));
  const wide = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  return wide > innerWidth ? [...found, `${wide} pixels wide on a screen of ${innerWidth}`] : found;
}"""


@pytest.fixture(scope="session")
def seat(chromium: Browser) -> Iterator[Page]:
    """The tab that every test begins with: a browser window of its own costs more than most tests."""
    context = chromium.new_context()
    yield furnish(context)
    context.close()


@pytest.fixture
def sit(chromium: Browser, seat: Page, tabs: list[Close], request: pytest.FixtureRequest) -> Iterator[Sit]:
    """`sit(served, width=1200, height=760, **context options)`: the owner's empty tab, logged in unless `anonymous`.

    It is the seat where that will do; the second tab of a test, and one that must be `fresh`, is of a new profile.
    Nothing is animated there unless the test is marked `motion`.
    """
    guards: list[Guard] = []
    motion = "no-preference" if request.node.get_closest_marker("motion") else "reduce"

    def sit_down(
        served: Served,
        *,
        width: int = 1200,
        height: int = 760,
        anonymous: bool = False,
        fresh: bool = False,
        **options: Any,
    ) -> Desk:
        size = {"width": width, "height": height}
        options = {"reduced_motion": motion, **options}
        if fresh or guards or options.keys() - MEDIA:
            context = chromium.new_context(viewport=size, **options)  # type: ignore[arg-type]
            page = furnish(context)
            tabs.append(context.close)
        else:
            page = seat
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(**{name: options.get(name, "null") for name in MEDIA})
            tabs.append(lambda: leave(seat))
        guards.append(Guard(page.context, served.url))
        tabs.append(guards[-1].stop)
        if not anonymous:
            log_in(page.context, served)
        return Desk(page, served.url, guards[-1])

    yield sit_down
    close(tabs)
    assert [problem for guard in guards for problem in guard.unexpected()] == []


def leave(seat: Page) -> None:
    """Make the tab as good as new. What a page stored belongs to the port of its server, so nobody meets it again."""
    for page in seat.context.pages:
        if page != seat:
            page.close()
    seat.unroute_all()
    seat.goto("about:blank")
    seat.context.clear_cookies()


def log_in(context: BrowserContext, served: Served) -> None:
    name, _, value = served.browser().headers["Cookie"].partition("=")
    context.add_cookies([{"name": name, "value": value, "url": served.url, "httpOnly": True, "sameSite": "Strict"}])


@pytest.fixture(scope="session")
def axe() -> Axe:
    """`axe(page)`: what keeps somebody from using the page, and whether it is wider than the screen.

    With `every`, all that axe finds.
    """
    script = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

    def look(page: Page, every: bool = False) -> list[str]:
        expect(page.locator(".late")).to_have_count(0)  # dimmed for a moment, while it is read again
        if not page.evaluate("'axe' in window"):
            page.evaluate(script)
        found: list[str] = page.evaluate(FAULTS, every)
        return found

    return look


@pytest.fixture
def desk(sit: Sit, shown: Served) -> Iterator[Desk]:
    """A tab on the gallery, at its first picture; change nothing."""
    desk = sit(shown).go()
    yield desk
    desk.page.evaluate("localStorage.clear()")


@pytest.fixture
def distant(chromium: Browser, served: Served) -> Iterator[Desk]:
    """A tab that reaches the server by a name, over plain http: for the browser that is no secure context."""
    name = "pictures.example"
    served.library.access.set_password(OWNER, "correct horse battery")  # or it would be asked for first
    arguments = [*QUIET, f"--host-resolver-rules=MAP {name} 127.0.0.1"]
    browser = chromium.browser_type.launch(executable_path=find_chromium(), chromium_sandbox=False, args=arguments)
    with serving(served.library, public_url=f"http://{name}") as other:
        url = other.url.replace("127.0.0.1", name)
        context = browser.new_context()
        guard = Guard(context, url)
        guard.expected = ["Cross-Origin-Opener-Policy header has been ignored"]  # it means nothing over plain http
        yield Desk(furnish(context), url, guard)
        browser.close()
        assert guard.unexpected() == []

"""The page as somebody at the keyboard sees it, and a guard over what it must never do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, FloatRect, Locator, Page, Request, expect

T = TypeVar("T")
#: (width in pixels, theme): each width and each theme once. All four are for the page everybody sees first.
LOOKS = [(1440, "dark"), (390, "light")]
expect.set_options(timeout=15_000)  # like all waiting here: a busy machine is no failure
#: Whether every picture on the screen has been drawn.
DRAWN = """() => {
  const images = [...document.querySelectorAll('.tile > img')];
  return images.length > 0 && images.every(one => one.complete && one.naturalWidth > 0);
}"""
#: Of every tile in the page: what it is and where it stands.
TILES = """() => [...document.querySelectorAll('.tile')].map(tile => {
  const { left, top, width, height } = tile.getBoundingClientRect();
  return { index: +tile.dataset.index, id: +tile.id.slice(5), chosen: tile.ariaSelected === 'true', left, top, width,
    height, stars: +(tile.querySelector('.stars')?.style.getPropertyValue('--s') ?? 0), label: tile.ariaLabel };
}).sort((a, b) => a.index - b.index)"""
REPORT = """document.addEventListener('securitypolicyviolation', event =>
  console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`))"""


def furnish(context: BrowserContext) -> Page:
    """A tab whose policy violations are heard of, and that does not wait for ever."""
    context.set_default_timeout(15_000)
    context.add_init_script(REPORT)
    return context.new_page()


class Guard:
    """Collects what a page must not do: errors, violations of its policy, requests that leave the server's origin."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.problems: list[str] = []
        #: Parts of console messages that a test brings about.
        self.expected: list[str] = []
        self._context = context
        self._origin = urlsplit(url).netloc
        self._listeners: dict[Any, Callable[[Any], None]] = {
            "request": self._request,
            "console": self._console,
            "weberror": lambda error: self.problems.append(f"uncaught: {error.error}"),
        }
        for event, listener in self._listeners.items():
            context.on(event, listener)

    def stop(self) -> None:
        """See no more of it: what comes after is not the test's."""
        for event, listener in self._listeners.items():
            self._context.remove_listener(event, listener)

    def unexpected(self) -> list[str]:
        return [one for one in self.problems if not any(part in one for part in self.expected)]

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.netloc != self._origin:
            self.problems.append(f"left the origin: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.type}: {message.text} {message.location.get('url', '')}")


class Desk:
    """One tab."""

    def __init__(self, page: Page, url: str, guard: Guard) -> None:
        self.page = page
        self.url = url
        self.guard = guard
        self.grid = page.get_by_role("grid")
        self.search = page.get_by_role("combobox", name="Search")
        self.viewer = page.locator(".viewer")
        self._entered = 0.0

    # -- going -----------------------------------------------------------------------------------------------------

    def go(self, path: str = "/") -> Desk:
        """Load a page of the UI and wait for its pictures."""
        self.page.goto(self.url + path)
        return self.seen()

    def seen(self) -> Desk:
        self.until(lambda: self.page.evaluate(DRAWN))
        return self

    def drawn(self) -> None:
        """Wait for two frames: what the wheel does before a page's first one is lost in Chromium."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def until(self, look: Callable[[], T], seconds: float = 15) -> T:
        """What `look` finds as soon as it is something; the page goes on meanwhile."""
        limit = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < limit, f"nothing after {seconds} s on {self.page.url}"
            self.page.wait_for_timeout(15)
        return found

    def becomes(self, look: Callable[[], Any], value: Any) -> None:
        """Wait until `look` gives `value`; the message names what it gave last."""
        limit = time.monotonic() + 15
        while (found := look()) != value:
            assert time.monotonic() < limit, f"{found!r} and not {value!r}"
            self.page.wait_for_timeout(15)

    def press(self, *keys: str) -> None:
        for key in keys:
            # Less than 150 ms after Enter a letter still belongs to what was typed: people take longer, tests do not.
            if len(key) == 1 or key in ("Enter", "Shift+Enter", "Backspace", "Delete"):
                self.page.wait_for_timeout(max(0.0, 200 - 1000 * (time.monotonic() - self._entered)))
            self.page.keyboard.press(key)
            if key.endswith("Enter"):
                self._entered = time.monotonic()

    def pick(self, *labels: str, key: str | None = None) -> None:
        """Go through the open menu and its submenus to an item, by the pointer or with `key`."""
        for label in labels:
            item = self.page.get_by_role("menuitem", name=label).last
            item.press(key) if key else item.click()

    # -- the table -------------------------------------------------------------------------------------------------

    def tiles(self) -> list[dict[str, Any]]:
        """Every tile in the page, by index: index, id, chosen, stars, label and its box on the screen."""
        found: list[dict[str, Any]] = self.page.evaluate(TILES)
        return found

    def on_screen(self) -> list[dict[str, Any]]:
        """Those of the tiles that can be seen, a part at least."""
        top, bottom = self.frame["y"], self.frame["y"] + self.frame["height"]
        return [one for one in self.tiles() if one["top"] + one["height"] > top and one["top"] < bottom]

    @property
    def frame(self) -> FloatRect:
        """Where the table stands on the screen."""
        box = self.page.locator(".main").bounding_box()
        assert box is not None
        return box

    def square(self) -> bool:
        """Whether tiles are: edges fall on whole pixels, so a side may be one longer than another."""
        sides = [side for one in self.tiles() for side in (one["width"], one["height"])]
        return bool(max(sides) - min(sides) <= 1)

    def tile(self, index: int) -> Locator:
        return self.page.locator(f'.tile[data-index="{index}"]')

    def focus(self, index: int = 0) -> None:
        """Put the keyboard on a picture."""
        self.tile(index).focus()

    @property
    def cursor(self) -> int:
        """Index of the picture that has the focus, -1 when none has."""
        found: int = self.page.evaluate("+(document.activeElement?.dataset.index ?? -1)")
        return found

    @property
    def chosen(self) -> list[int]:
        return [one["index"] for one in self.tiles() if one["chosen"]]

    @property
    def selected(self) -> str:
        """What the selection bar says, empty when there is none."""
        bar = self.page.get_by_role("toolbar", name="Selection").locator("b")
        return bar.inner_text() if bar.count() else ""

    def stars(self, index: int) -> int:
        found: int = next(one["stars"] for one in self.tiles() if one["index"] == index)
        return found

    def says(self, text: str) -> None:
        """Wait for a toast."""
        expect(self.page.locator(".toast", has_text=text).first).to_be_visible()

    def parameter(self, name: str) -> str | None:
        """A parameter of the address."""
        found: str | None = self.page.evaluate("name => new URLSearchParams(location.search).get(name)", name)
        return found

    def open(self, index: int) -> None:
        """Open a picture and wait for its original."""
        self.focus(index)
        self.press("Enter")
        self.developed()

    def developed(self) -> None:
        """Wait for the original, and for the stage to have grown to where it is measured."""
        self.viewer.locator(".original img").wait_for(state="attached")
        self.viewer.locator(".stage").evaluate("one => Promise.all(one.getAnimations().map(one => one.finished))")

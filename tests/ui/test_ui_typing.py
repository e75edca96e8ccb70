"""Typing into a dialog that closes, or stays open: no letter of it is taken for a command."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

pytestmark = pytest.mark.browser
#: Seconds between two keys: of somebody who types, and of somebody who looked up.
FAST, SLOW = 0.06, 0.4
#: In the page: the time of every key press is the one that the test last set.
CLOCK = """moment => {
  window.keyTime = moment;
  Object.defineProperty(KeyboardEvent.prototype, "timeStamp", { get: () => window.keyTime });
}"""


class Typist:
    """Presses keys at times of its own, so that a busy machine makes nobody slower. The page must not be reloaded."""

    def __init__(self, desk: Desk) -> None:
        self._page = desk.page
        # Later than every key pressed before.
        self._moment = desk.page.evaluate("performance.now()") + 60_000
        desk.page.evaluate(CLOCK, self._moment)

    def press(self, key: str, after: float = FAST) -> None:
        self._moment += after * 1000
        self._page.evaluate("moment => { window.keyTime = moment }", self._moment)
        self._page.keyboard.press(key)

    def type(self, text: str) -> None:
        for key in text:
            self.press(key)


@pytest.fixture
def desk(sit: Sit, served: Served) -> Desk:
    """All pictures are selected: what a letter does, it does to all of them."""
    desk = sit(served).go()
    desk.focus(0)
    desk.press("Control+a")
    return desk


def done(served: Served) -> list[str]:
    return [entry.sentence for entry in reversed(served.library.history(OWNER))]


def picker(key: str) -> Callable[[Desk], Locator]:
    def begin(desk: Desk) -> Locator:
        desk.press(key)
        return desk.page.locator("dialog.picker[open]")

    return begin


def label(desk: Desk) -> Locator:
    desk.page.get_by_role("treeitem", name="Snapshots").click()
    desk.page.get_by_role("main", name="Snapshots").wait_for()
    desk.press("n")
    return desk.page.get_by_role("dialog", name="Take a snapshot")


def query_name(desk: Desk) -> Locator:
    desk.page.goto(f"{desk.url}/?q=name:paint")
    desk.seen()
    desk.focus(0)
    desk.press("Control+a")
    desk.page.get_by_role("button", name="Save as a query").click()
    return desk.page.locator("dialog.picker[open]")


DIALOGS = {"set": picker("s"), "character": picker("c"), "project": picker("p"), "saved query": query_name}


@pytest.mark.parametrize("name", DIALOGS)
def test_the_rest_of_a_burst_that_began_in_a_dialog_is_no_command(desk: Desk, served: Served, name: str) -> None:
    dialog = DIALOGS[name](desk)
    expect(dialog).to_be_visible()
    typist = Typist(desk)
    typist.type("fox")
    typist.press("Enter")
    expect(dialog).to_be_hidden()
    # Of a new set and the like the history tells twice: that it was made, and what went into it.
    before = desk.until(lambda: len(done(served)) == (1 if name == "saved query" else 2) and done(served))
    typist.type("kt")
    typist.press("Backspace")
    typist.press("Enter")
    typist.type("k?")
    desk.drawn()
    assert desk.page.locator("dialog[open]").count() == 0, "T asks for tags, ? for the keys"
    assert desk.viewer.count() == 0, "Enter opens a picture"
    typist.press("?", after=SLOW)
    expect(desk.page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert done(served) == before, "K stacks all pictures"


def test_the_rest_of_a_label_is_no_command(desk: Desk, served: Served) -> None:
    dialog = label(desk)
    expect(dialog).to_be_visible()
    typist = Typist(desk)
    typist.type("fox")
    typist.press("Enter")
    expect(dialog).to_be_hidden()
    typist.type("n")
    desk.drawn()
    expect(dialog).to_be_hidden()
    typist.press("n", after=SLOW)
    expect(dialog).to_be_visible()


def test_a_new_name_in_the_sidebar_is_no_command_either(desk: Desk, served: Served) -> None:
    desk.page.get_by_role("button", name="New in Sets").click()
    typist = Typist(desk)
    typist.type("fox")
    typist.press("Enter")
    desk.becomes(lambda: len(done(served)), 1)
    sheet = desk.page.get_by_role("dialog", name="Keys")
    typist.type("k?")
    desk.drawn()
    expect(sheet).to_be_hidden()
    typist.press("?", after=SLOW)
    expect(sheet).to_be_visible()
    assert len(done(served)) == 1


def test_a_key_after_escape_is_a_command_at_once(desk: Desk, served: Served) -> None:
    dialog = picker("s")(desk)
    expect(dialog).to_be_visible()
    typist = Typist(desk)
    typist.type("fo")
    typist.press("Escape")
    expect(dialog).to_be_hidden()
    typist.press("k")
    desk.says("16 pictures stacked")
    assert len(done(served)) == 1


def chips(dialog: Locator) -> list[str]:
    return [text.strip() for text in dialog.locator(".chip").all_inner_texts()]


def test_the_tag_dialog_stays_open_and_shows_what_was_added(desk: Desk, served: Served) -> None:
    dialog = picker("t")(desk)
    desk.page.keyboard.type("fox")
    desk.press("Enter")
    desk.page.keyboard.type("kit")
    desk.press("Enter")
    desk.becomes(lambda: chips(dialog), ["fox", "kit"])
    assert dialog.get_by_role("combobox").input_value() == ""
    expect(dialog.get_by_role("combobox")).to_be_focused()
    desk.press("Enter")  # of somebody who wants to be done: nothing is marked
    desk.page.keyboard.type("red, snow at dusk,")
    desk.becomes(lambda: chips(dialog), ["fox", "kit", "red", "snow at dusk"])
    desk.page.keyboard.type("kit")
    expect(dialog.get_by_role("option").first).to_contain_text("kit")
    desk.press("Shift+Enter")
    desk.becomes(lambda: chips(dialog), ["fox", "red", "snow at dusk", "kit"])
    expect(dialog.locator(".chip.off")).to_have_text("kit")
    expect(dialog.locator("[aria-live]")).to_have_text("Removed kit")
    desk.press("Escape")
    expect(dialog).to_be_hidden()
    assert {tag.name for tag in served.library.picture_tags(OWNER, 1)} == {"fox", "red", "snow at dusk"}
    assert done(served) == [
        "16 pictures tagged fox",
        "16 pictures tagged kit",
        "16 pictures tagged red",
        "16 pictures tagged snow at dusk",
        "16 pictures no longer tagged kit",
    ]
    assert desk.selected == "16 selected"


def test_typing_on_at_full_speed_only_adds_tags(desk: Desk, served: Served) -> None:
    dialog = picker("t")(desk)
    typist = Typist(desk)
    for name in ("skate", "park", "oak"):
        typist.type(name)
        typist.press("Enter")
    desk.becomes(lambda: sorted(chips(dialog)), ["oak", "park", "skate"])
    assert sorted(done(served)) == [f"16 pictures tagged {name}" for name in ("oak", "park", "skate")]


def test_the_tag_dialog_says_nothing_was_added_that_was_not(desk: Desk, served: Served) -> None:
    dialog = picker("t")(desk)
    desk.guard.expected = ["status of 4", "status of 5"]
    desk.page.route(
        "**/pictures/tags/add", lambda route: route.fulfill(status=507, json={"detail": "The disk is full."})
    )
    desk.page.keyboard.type("fox")
    desk.press("Enter")
    desk.says("16 pictures could not be tagged: The disk is full.")
    assert chips(dialog) == []
    expect(dialog).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_the_tag_dialog(sit: Sit, served: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(served, width=width, height=844, color_scheme=theme).go()
    desk.focus(0)
    desk.press("Control+a", "t")
    dialog = desk.page.locator("dialog.picker[open]")
    desk.page.keyboard.type("a rather long name of a tag, another one of the same length, fox")
    desk.press("Enter")
    desk.page.keyboard.type("fox")
    desk.press("Shift+Enter")
    expect(dialog.locator(".chip.off")).to_have_text("fox")
    assert axe(desk.page) == []

"""Toasts cover no key that the page names, and nothing moves for people who asked for that."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui.conftest import Sit
from ui.desk import Desk
from web.conftest import Served

pytestmark = pytest.mark.browser

#: Keys and controls that a toast lies over.
COVERED = """() => {
  const over = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const toasts = [...document.querySelectorAll('.toast')].map(one => one.getBoundingClientRect());
  const named = document.querySelectorAll('kbd, [role=toolbar], .film, .judge, .player, footer');
  return [...named].filter(one => !one.closest('.toast, [inert]') && one.checkVisibility())
    .filter(one => toasts.some(toast => over(toast, one.getBoundingClientRect())))
    .map(one => `${one.tagName} ${one.className} ${one.textContent}`);
}"""


def score(desk: Desk) -> list[str]:
    """Score a picture, and return what the toast covers."""
    desk.press("4")
    desk.says("scored 4")
    found: list[str] = desk.page.evaluate(COVERED)
    return found


@pytest.mark.parametrize("width", [1440, 1000, 720])
def test_a_toast_covers_no_key(sit: Sit, served: Served, width: int) -> None:
    desk = sit(served, width=width, height=800).go()
    desk.tile(0).click(modifiers=["Control"])
    expect(desk.page.get_by_role("toolbar", name="Selection")).to_be_visible()
    assert score(desk) == []
    desk.press("Escape")
    desk.open(0)
    desk.page.get_by_role("complementary").wait_for()
    assert score(desk) == []
    desk.viewer.focus()
    desk.press("i")
    desk.page.get_by_role("complementary").wait_for(state="detached")
    assert score(desk) == []
    desk.press("Escape")
    desk.press("v")
    expect(desk.page.get_by_role("dialog", name="Review")).to_be_visible()
    assert score(desk) == []


def test_a_toast_on_a_phone_leaves_the_selection_bar_free(sit: Sit, served: Served) -> None:
    desk = sit(served, width=390, height=844, is_mobile=True, has_touch=True).go()
    desk.tile(1).tap(position={"x": 12, "y": 12})
    bar = desk.page.get_by_role("toolbar", name="Selection")
    expect(bar.locator("b")).to_have_text("1 selected")
    bar.get_by_role("button", name="4 stars").tap()
    desk.says("scored 4")
    assert desk.page.evaluate(COVERED) == []


def test_touch_screens_show_no_keys(sit: Sit, served: Served) -> None:
    keys = "[...document.querySelectorAll('kbd, .keyed')].filter(one => one.checkVisibility()).length"
    desk = sit(served, width=390, height=844, is_mobile=True, has_touch=True).go()
    assert desk.page.evaluate(keys) == 0
    desk.tile(0).tap()
    desk.developed()
    desk.viewer.get_by_role("button", name="Information").tap()
    desk.page.get_by_role("complementary").wait_for()
    assert desk.page.evaluate(keys) == 0
    mouse = sit(served).go()
    assert mouse.page.evaluate(keys) > 0


def test_nothing_moves_with_reduced_motion(sit: Sit, served: Served) -> None:
    """`sit` asks for reduced motion, as the setting of the system does."""
    desk = sit(served).go()
    running = "document.getAnimations().length"
    desk.tile(0).click(button="right")
    assert desk.page.evaluate(running) == 0
    desk.press("Escape")
    desk.focus(0)
    desk.press("4")
    desk.says("scored 4")
    assert desk.page.evaluate(running) == 0
    desk.press("Enter")
    desk.viewer.wait_for()
    assert desk.page.evaluate(running) == 0
    desk.press("Control+Enter")
    desk.page.get_by_role("toolbar", name="Slide show").wait_for()
    assert desk.page.evaluate(running) == 0

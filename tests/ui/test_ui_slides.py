"""The viewer: what its buttons do, full screen, and the slide show."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import Create, Selection

pytestmark = pytest.mark.browser


def bar(desk: Desk) -> Locator:
    return desk.page.get_by_role("toolbar", name="Slide show")


def opened(desk: Desk) -> int:
    return int(desk.parameter("open") or 0)


def is_full(desk: Desk) -> bool:
    return bool(desk.page.evaluate("document.fullscreenElement !== null"))


def test_buttons_and_keys_rotate_and_add_to_a_set(sit: Sit, served: Served) -> None:
    served.library.create_set(OWNER, Create(name="Harbour"))
    desk = sit(served).go()
    desk.open(0)
    desk.viewer.get_by_role("button", name="Rotate right").click()
    desk.becomes(lambda: served.library.picture(OWNER, 16).turn, 1)
    desk.viewer.focus()
    desk.press("Control+ArrowLeft")
    desk.becomes(lambda: served.library.picture(OWNER, 16).turn, 0)
    inside = desk.viewer.locator("dd.in")
    expect(inside).to_contain_text("no set")
    desk.viewer.locator("header").get_by_role("button", name="Add to a set").click()
    desk.page.get_by_role("option", name="Harbour").wait_for()
    desk.press("Enter")
    expect(inside.get_by_role("button", name="Harbour")).to_be_visible()
    expect(inside).not_to_contain_text("no set")
    desk.press("Control+z")
    expect(inside).to_contain_text("no set")


def test_in_names_the_groups_and_opens_them(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered)
    desk.page.goto(f"{desk.url}/?open=4")
    desk.developed()
    inside = desk.viewer.locator("dd.in")
    for name in ("Harbour", "Trips/Norway", "Ann", "Calendar"):
        expect(inside.get_by_role("button", name=name)).to_be_visible()
    inside.get_by_role("button", name="Ann").click()
    expect(desk.viewer).to_have_count(0)
    desk.becomes(lambda: {one["id"] for one in desk.tiles()}, {4, 5, 6})


def test_full_screen(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.open(0)
    desk.viewer.get_by_role("button", name="Full screen").click()
    desk.becomes(lambda: is_full(desk), True)
    desk.press("Shift+F")
    desk.becomes(lambda: is_full(desk), False)


def test_a_slide_show_from_the_viewer(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.open(0)
    desk.press("Control+Enter")
    expect(bar(desk)).to_be_visible()
    expect(desk.viewer.locator(".film, .top, .info")).to_have_count(0)
    desk.becomes(lambda: is_full(desk), True)
    bar(desk).get_by_label("Seconds for each picture").select_option("2 s")
    desk.becomes(lambda: opened(desk), 15)  # by itself
    desk.viewer.focus()
    desk.press("Space")
    button = bar(desk).get_by_role("button", name="Play")
    expect(button).to_be_visible()
    at = opened(desk)
    desk.page.wait_for_timeout(2500)
    assert opened(desk) == at, "it is paused"
    desk.press("ArrowLeft")
    desk.becomes(lambda: opened(desk), at + 1)
    button.click()
    desk.becomes(lambda: opened(desk), at)
    desk.viewer.focus()
    desk.press("Escape")
    expect(bar(desk)).to_have_count(0)
    expect(desk.viewer.locator(".film")).to_be_visible()
    desk.becomes(lambda: is_full(desk), False)


def test_a_slide_show_of_the_selection_goes_round(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    for index in (1, 4):
        desk.tile(index).click(modifiers=["Control"])
    ids = [one["id"] for one in desk.tiles()]
    desk.press("Control+Enter")
    expect(bar(desk)).to_be_visible()
    desk.becomes(lambda: opened(desk), ids[1])
    bar(desk).get_by_role("button", name="Next").click()
    desk.becomes(lambda: opened(desk), ids[4])
    bar(desk).get_by_role("button", name="Next").click()
    desk.becomes(lambda: opened(desk), ids[1])
    bar(desk).get_by_role("button", name="End").click()
    expect(bar(desk)).to_have_count(0)


def test_a_slide_show_from_the_menu_on_a_phone(sit: Sit, served: Served) -> None:
    desk = sit(served, width=390, height=844, is_mobile=True, has_touch=True).go()
    desk.page.get_by_role("banner").get_by_role("button", name="More").tap()
    desk.page.get_by_role("menuitem", name="Slide show").tap()
    expect(bar(desk)).to_be_visible()
    expect(bar(desk)).to_contain_text(f"1 of {gallery.PAINTED}")
    bar(desk).get_by_role("button", name="End").tap()
    desk.viewer.get_by_role("button", name="More").tap()
    for label in ("Add to set…", "Slide show"):
        expect(desk.page.get_by_role("menuitem", name=label).last).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(sit: Sit, ordered: Served, axe: Axe, width: int, theme: str) -> None:
    ordered.library.add_to_set(OWNER, 1, Selection(ids=[16]))
    desk = sit(ordered, width=width, height=844, color_scheme=theme).go()
    desk.open(0)
    if width < 641:
        desk.press("i")
    expect(desk.viewer.locator("dd.in").get_by_role("button", name="Harbour")).to_be_attached()
    assert axe(desk.page) == []
    desk.press("Control+Enter")
    expect(bar(desk)).to_be_visible()
    assert axe(desk.page) == []

"""A stack in the grid and in the viewer: its number, opening it, and one total everywhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import HideAndBlur, StackPictures

pytestmark = pytest.mark.browser


@pytest.fixture
def piled(served: Served) -> Served:
    """Pictures 13, 14 and 16 on one stack; 16 is its cover."""
    served.library.stack(OWNER, StackPictures(ids=[13, 14, 16], leader=16))
    return served


def shown(desk: Desk) -> list[int]:
    return sorted(one["id"] for one in desk.tiles())


def test_the_badge_has_the_number_and_opens_the_stack(sit: Sit, piled: Served) -> None:
    desk = sit(piled).go()
    badge = desk.tile(0).locator(".bdg.stack")
    expect(badge).to_have_text("3")
    expect(desk.tile(0)).to_have_accessible_name("paint-015.png, stack of 3")
    badge.click()
    desk.becomes(lambda: shown(desk), [13, 14, 16])
    expect(desk.page.get_by_role("navigation", name="Whereabouts").first).to_contain_text("Stack")
    desk.page.go_back()
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED - 2)
    desk.focus(0)
    desk.press("k")  # one picture of a stack: there is nothing else to do with it
    desk.becomes(lambda: shown(desk), [13, 14, 16])


def test_hidden_pictures_are_not_counted(sit: Sit, piled: Served) -> None:
    piled.library.set_veil(OWNER, HideAndBlur(hide="seed:12"))
    desk = sit(piled).go()
    badge = desk.tile(0).locator(".bdg.stack")
    expect(badge).to_have_text("2")
    desk.open(0)
    button = desk.viewer.get_by_role("button", name="Covers")
    expect(button).to_contain_text("1")
    desk.press("h")
    expect(button).to_contain_text("2")


def test_there_is_one_total(sit: Sit, piled: Served) -> None:
    desk = sit(piled, width=1440).go()
    head = desk.page.get_by_role("navigation", name="Whereabouts").first
    expect(head).to_contain_text(f"{gallery.PAINTED} · 2 in stacks")
    expect(desk.grid).to_have_accessible_name(f"{gallery.PAINTED} pictures")
    expect(desk.page.get_by_role("treeitem", name="All pictures")).to_contain_text(str(gallery.PAINTED))
    desk.focus(0)
    desk.press("g")
    expect(desk.page.get_by_text(f"{gallery.PAINTED} pictures ·")).to_be_visible()


def test_a_cover_in_the_viewer_says_how_many_it_covers(sit: Sit, piled: Served) -> None:
    desk = sit(piled).go()
    desk.open(0)
    desk.viewer.get_by_role("button", name="Covers").click()
    expect(desk.viewer).to_have_count(0)
    desk.becomes(lambda: shown(desk), [13, 14, 16])
    index = [one["id"] for one in desk.tiles()].index(13)
    desk.open(index)
    button = desk.viewer.get_by_role("button", name="In a stack of")
    expect(button).to_contain_text("3")
    expect(button).to_be_disabled()  # it is shown already
    desk.press("Shift+K")
    desk.says("1 stack of 3 pictures dissolved")
    expect(button).to_have_count(0)


def test_k_opens_it_from_the_viewer(sit: Sit, piled: Served) -> None:
    desk = sit(piled).go()
    desk.open(0)
    desk.viewer.get_by_role("button", name="Covers").wait_for()
    desk.press("k")
    desk.becomes(lambda: shown(desk), [13, 14, 16])


def test_a_tap_on_the_badge_opens_it(sit: Sit, piled: Served) -> None:
    desk = sit(piled, width=390, height=844, is_mobile=True, has_touch=True).go()
    box = desk.tile(0).locator(".bdg.stack").bounding_box()
    assert box is not None
    desk.page.touchscreen.tap(box["x"] - 4, box["y"] + box["height"] + 6)  # a finger hits beside it
    desk.becomes(lambda: shown(desk), [13, 14, 16])


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(sit: Sit, piled: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(piled, width=width, height=844, color_scheme=theme).go()
    desk.tile(0).locator(".bdg.stack").wait_for()
    assert axe(desk.page) == []
    desk.open(0)
    desk.viewer.get_by_role("button", name="Covers").wait_for()
    assert axe(desk.page) == []

"""The address says where one is: a reload, a link and a login come back to the very same pictures."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.conftest import Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

pytestmark = pytest.mark.browser


def places(desk: Desk) -> list[tuple[int, int]]:
    """Which pictures are where on the screen."""
    return [(one["id"], round(one["top"])) for one in desk.on_screen()]


def scroll(desk: Desk, by: int) -> list[tuple[int, int]]:
    """Turn the wheel, wait until the address knows, and say what is seen."""
    desk.page.mouse.move(600, 400)
    before, at = places(desk), desk.parameter("at")
    while places(desk) == before:  # a wheel turned before the page has settled moves nothing
        desk.page.mouse.wheel(0, by)
        desk.page.wait_for_timeout(150)
    desk.until(lambda: desk.parameter("at") != at)
    desk.page.wait_for_timeout(120)
    desk.seen()
    return places(desk)


def test_a_reload_comes_back_to_the_pixel(desk: Desk) -> None:
    desk.page.get_by_role("slider", name="Size of the tiles").fill("150")
    before = scroll(desk, 12_345)
    assert before[0][0] < gallery.COUNT - 200
    desk.page.reload()
    desk.seen()
    desk.becomes(lambda: places(desk), before)
    assert desk.parameter("size") == "150"


def test_everything_in_the_address_is_restored(desk: Desk, shown: Served) -> None:
    desk.go("/?q=name:invented&sort=name&mode=square&size=120")
    scroll(desk, 9_000)
    address = desk.page.url
    desk.page.reload()
    desk.seen()
    assert desk.page.url == address
    names = shown.library.pictures(OWNER, "name:invented", "name", limit=gallery.COUNT)
    seen = desk.on_screen()
    assert [one["id"] for one in seen] == [names[one["index"]].id for one in seen]
    assert all(abs(one["width"] - one["height"]) <= 1 for one in seen)
    expect(desk.page.get_by_role("button", name="Name, A to Z")).to_be_visible()


def test_a_link_shows_the_same_picture_on_another_screen(desk: Desk, sit: Sit, shown: Served) -> None:
    scroll(desk, 20_000)
    at = int(desk.parameter("at") or 0)
    other = sit(shown, width=820, height=900).go(desk.page.url.removeprefix(shown.url))
    first = [one for one in other.on_screen() if abs(one["top"] - other.on_screen()[0]["top"]) < 1]
    assert at in [one["id"] for one in first]


def test_fifty_new_pictures_above_move_nothing(sit: Sit, large: Served) -> None:
    desk = sit(large).go()
    before = scroll(desk, 30_000)
    gallery.invent(large.library, 50, newest=True)
    expect(desk.page.locator(".pill")).to_contain_text("50 new")
    assert places(desk) == before
    address = desk.page.url
    desk.page.reload()
    desk.seen()
    assert desk.page.url == address
    # Rows are laid out from the first picture, so neighbours may change rows: the one the address names is on top.
    at = int(desk.parameter("at") or 0)
    top = desk.on_screen()[0]["top"]
    assert at in [one["id"] for one in desk.on_screen() if one["top"] == top]
    expect(desk.grid).to_have_accessible_name(f"{gallery.COUNT + 50:,} pictures")


def test_back_returns_to_where_one_was(desk: Desk) -> None:
    before = scroll(desk, 15_000)
    desk.press("/")
    desk.page.keyboard.type("model:aurora-xl")
    desk.press("Enter")
    desk.becomes(lambda: desk.parameter("q"), "model:aurora-xl")
    desk.seen()
    desk.page.go_back()
    desk.becomes(lambda: desk.parameter("q"), None)
    desk.becomes(lambda: places(desk), before)


def test_a_resized_window_keeps_the_picture_on_top(desk: Desk) -> None:
    scroll(desk, 15_000)
    top = desk.on_screen()[0]
    first = [one["id"] for one in desk.on_screen() if one["top"] == top["top"]]
    size: Any = desk.page.viewport_size
    try:
        desk.page.set_viewport_size({"width": 900, "height": 760})
        desk.until(lambda: desk.on_screen()[-1]["left"] < 900)
        desk.page.wait_for_timeout(200)
        desk.seen()
        row = [one["id"] for one in desk.on_screen() if one["top"] == desk.on_screen()[0]["top"]]
        assert first[0] in row
    finally:
        desk.page.set_viewport_size(size)


def test_nonsense_in_a_link_is_left_out(desk: Desk, shown: Served) -> None:
    desk.go("/?at=abc&size=1e9&mode=spiral&open=-4&at=99999999999")
    assert desk.tiles()[0]["index"] == 0
    assert desk.viewer.count() == 0
    desk.go("/?at=4000000000")
    assert desk.tiles()[0]["index"] == 0

"""One picture: looked at, read about, judged, and never believed to be anything but text."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.conftest import Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

pytestmark = [pytest.mark.browser, pytest.mark.motion]
NEWEST = gallery.PAINTED - 1


def test_it_shows_the_original_and_what_is_known(desk: Desk) -> None:
    desk.open(0)
    drawn = desk.viewer.locator(".original img")
    size = drawn.evaluate("one => [one.naturalWidth, one.naturalHeight]")
    assert tuple(size) == gallery.SHAPES[NEWEST % len(gallery.SHAPES)]
    info = desk.page.get_by_role("complementary")
    for text in (f"paint-{NEWEST:03}.png", "Euler", str(20 + NEWEST), "Locations", "SHA-256"):
        expect(info).to_contain_text(text)


def test_what_a_file_says_is_text(desk: Desk) -> None:
    desk.open(0)
    expect(desk.page.locator(".words").first).to_have_text(gallery.PROMPT.format(NEWEST))
    assert desk.viewer.locator(".words b").count() == 0


def test_arrows_turn_and_ends_hold(desk: Desk) -> None:
    desk.open(0)
    position = desk.viewer.locator(".position")
    desk.press("ArrowRight", "ArrowRight", "ArrowLeft")
    expect(position).to_have_text(f"2 of {gallery.COUNT:,}")
    expect(desk.page.get_by_role("complementary")).to_contain_text(f"paint-{NEWEST - 1:03}.png")
    desk.press("Home", "ArrowLeft")
    expect(position).to_have_text(f"1 of {gallery.COUNT:,}")
    desk.becomes(lambda: desk.parameter("open"), str(gallery.COUNT))


def test_back_closes_it(desk: Desk) -> None:
    desk.open(1)
    desk.page.go_back()
    expect(desk.viewer).to_have_count(0)
    desk.becomes(lambda: desk.cursor, 1)
    desk.page.go_forward()
    desk.developed()
    expect(desk.viewer.locator(".position")).to_have_text(f"2 of {gallery.COUNT:,}")
    desk.press("Escape")
    expect(desk.viewer).to_have_count(0)


def test_zoom_is_exact_and_goes_back(desk: Desk) -> None:
    desk.open(0)
    picture = desk.viewer.locator(".pic")
    whole = picture.bounding_box()
    desk.press("z")
    size = gallery.SHAPES[NEWEST % len(gallery.SHAPES)]
    desk.becomes(lambda: picture.evaluate("one => [one.clientWidth, one.clientHeight]"), list(size))
    desk.press("z")
    desk.becomes(picture.bounding_box, whole)


def test_scores_and_the_scrapheap_from_the_viewer(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    ids = [one["id"] for one in desk.tiles()]
    desk.open(0)
    desk.press("3")
    desk.becomes(lambda: served.library.picture(OWNER, ids[0]).score, 3)
    expect(desk.viewer.get_by_role("button", name="3 stars")).to_have_attribute("aria-pressed", "true")
    desk.press("Shift+5")
    expect(desk.viewer.locator(".position")).to_have_text(f"2 of {gallery.PAINTED}")
    desk.becomes(lambda: served.library.picture(OWNER, ids[0]).score, 5)
    desk.press("Delete")
    expect(desk.viewer.locator(".position")).to_have_text(f"3 of {gallery.PAINTED}")
    desk.becomes(lambda: [one.id for one in served.library.pictures(OWNER, "is:scrapheap")], [ids[1]])
    desk.press("Escape")
    desk.becomes(lambda: [one["id"] for one in desk.tiles()], [ids[0], *ids[2:]])
    desk.becomes(lambda: desk.stars(0), 5)
    desk.becomes(lambda: desk.cursor, 1)
    desk.press("Control+z")
    desk.becomes(lambda: [one["id"] for one in desk.tiles()], ids)


def test_keys_of_the_table_sleep_under_it(desk: Desk) -> None:
    desk.open(2)
    desk.press("Control+a", "Space", "/")
    desk.press("Escape")
    desk.becomes(lambda: desk.cursor, 2)
    assert desk.chosen == []
    assert desk.search.input_value() == ""


def test_a_link_to_a_picture_opens_it_and_escape_shows_where_it_lies(desk: Desk, shown: Served) -> None:
    ids = [one.id for one in shown.library.pictures(OWNER, limit=gallery.COUNT)]
    middle = ids[1500]
    desk.guard.expected = ["status of 404"]  # invented pictures have no original
    desk.page.goto(f"{shown.url}/?open={middle}")
    expect(desk.viewer.locator(".position")).to_have_text(f"1,501 of {gallery.COUNT:,}")
    desk.press("Escape")
    desk.becomes(lambda: desk.cursor, 1500)
    desk.seen()
    assert middle in [one["id"] for one in desk.on_screen()]


def test_copies_the_prompt(sit: Sit, shown: Served) -> None:
    desk = sit(shown, permissions=["clipboard-read", "clipboard-write"]).go()
    desk.open(0)
    desk.page.get_by_role("button", name="Copy prompt").click()
    desk.becomes(lambda: desk.page.evaluate("navigator.clipboard.readText()"), gallery.PROMPT.format(NEWEST))
    desk.page.get_by_role("button", name="Copy seed").click()
    desk.becomes(lambda: desk.page.evaluate("navigator.clipboard.readText()"), str(NEWEST))


def test_copies_the_prompt_over_plain_http_too(distant: Desk, served: Served) -> None:
    distant.go(f"/#claim={served.library.access.claim_link()}")
    assert distant.page.evaluate("[isSecureContext, navigator.clipboard === undefined]") == [False, True]
    distant.open(0)
    distant.page.get_by_role("button", name="Copy prompt").click()
    expect(distant.viewer.get_by_role("status").filter(has_text="Copied").first).to_have_count(1)
    distant.press("Escape", "/", "Control+v")
    distant.becomes(distant.search.input_value, gallery.PROMPT.format(NEWEST))

"""The panel beside the table: its bars say how the view is spread, narrow it when pressed, and follow it."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Locator, expect
from tagged import store
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags, ScorePictures

pytestmark = pytest.mark.browser


@pytest.fixture
def counted(sit: Sit, served: Served) -> Desk:
    """A tab on a library with scores and tags, the panel open."""
    library = served.library
    ids = [one.id for one in library.pictures(OWNER)]
    library.score(OWNER, ScorePictures(ids=ids[:5], score=4))
    library.score(OWNER, ScorePictures(ids=ids[5:7], score=2))
    producer = library.outputs.register("tag", "synthetic", "1", {})
    library.outputs.activate(producer, 0.5)
    tags = {id: [("sea", 0.9), *([("lighthouse", 0.7)] if n < 6 else [])] for n, id in enumerate(ids[:9])}
    store(library, producer, tags)
    desk = sit(served).go()
    desk.press("g")
    expect(panel(desk)).to_be_visible()
    return desk


def panel(desk: Desk) -> Locator:
    return desk.page.get_by_role("complementary", name="About this view")


def bar(desk: Desk, label: str) -> Locator:
    return panel(desk).get_by_role("button", name=re.compile(rf"^{re.escape(label)} ?:"))


def test_bars_say_how_the_view_is_spread(counted: Desk) -> None:
    box = panel(counted)
    expect(box.get_by_text("16 pictures · 31 % with 4+")).to_be_visible()
    expect(bar(counted, "none")).to_have_accessible_name("none: 9 pictures")
    expect(bar(counted, "4")).to_have_accessible_name("4: 5 pictures")
    expect(bar(counted, "3")).to_be_disabled()
    expect(bar(counted, "sea")).to_have_accessible_name(re.compile("9 pictures"))
    expect(bar(counted, "sea + lighthouse")).to_have_accessible_name(re.compile("6 pictures"))
    models = [bar(counted, name).locator(".sum").inner_text() for name in gallery.MODELS]
    assert sum(map(int, models)) == gallery.PAINTED
    best = bar(counted, gallery.MODELS[0])
    expect(best).to_have_accessible_name(re.compile(r"\d+ % ?with 4 or 5 stars of"))


def test_long_tags_stay_within_the_panel(counted: Desk, served: Served) -> None:
    long = ["dunes under a huge pale moon far away", "clear daylight over the whole of the harbour"]
    ids = [one.id for one in served.library.pictures(OWNER)]
    served.library.add_tags(OWNER, AddTags(ids=ids, tags=long))
    both = panel(counted).get_by_role("button", name=re.compile("moon.* \\+ .*harbour|harbour.* \\+ .*moon"))
    expect(both).to_be_visible()
    box, around = both.bounding_box(), panel(counted).bounding_box()
    assert box and around and box["x"] + box["width"] <= around["x"] + around["width"] - 8


def test_a_bar_narrows_the_view_and_widens_it_again(counted: Desk, served: Served) -> None:
    counted.search.fill("lighthouse OR river")
    counted.search.press("Enter")
    counted.becomes(lambda: counted.parameter("q"), "lighthouse OR river")
    bar(counted, "4").click()
    counted.becomes(lambda: counted.parameter("q"), "(lighthouse OR river) score:4")
    counted.becomes(lambda: len(counted.tiles()), 5)
    expect(panel(counted).get_by_text("5 pictures · 100 % with 4+")).to_be_visible()
    expect(bar(counted, "4")).to_have_attribute("aria-pressed", "true")
    model = f"model:={gallery.MODELS[0]}"
    bar(counted, gallery.MODELS[0]).click()
    counted.becomes(lambda: counted.parameter("q"), f"(lighthouse OR river) score:4 {model}")
    bar(counted, "4").click()
    counted.becomes(lambda: len(counted.tiles()), served.library.count(OWNER, f"lighthouse {model}").total)
    bar(counted, gallery.MODELS[0]).click()
    counted.becomes(lambda: len(counted.tiles()), gallery.PAINTED)
    counted.page.go_back()
    counted.becomes(lambda: len(counted.tiles()), served.library.count(OWNER, f"lighthouse {model}").total)


def test_a_tag_and_two_that_come_together(counted: Desk) -> None:
    bar(counted, "lighthouse").click()
    counted.becomes(lambda: len(counted.tiles()), 6)
    bar(counted, "lighthouse").click()
    counted.becomes(lambda: len(counted.tiles()), gallery.PAINTED)
    bar(counted, "sea").click()
    counted.becomes(lambda: len(counted.tiles()), 9)
    bar(counted, "sea + lighthouse").click()
    counted.becomes(lambda: len(counted.tiles()), 6)
    assert counted.parameter("q") == "tag:=sea tag:=lighthouse"


def test_numbers_follow_what_is_done(counted: Desk) -> None:
    expect(bar(counted, "4")).to_have_accessible_name("4: 5 pictures")
    counted.focus(15)
    counted.press("4")
    expect(bar(counted, "4")).to_have_accessible_name("4: 6 pictures")
    counted.press("Control+z")
    expect(bar(counted, "4")).to_have_accessible_name("4: 5 pictures")


def test_a_view_that_changes_often_is_counted_once(counted: Desk, served: Served) -> None:
    counted.page.clock.install()
    counted.page.reload()
    expect(bar(counted, "sea")).to_be_visible()
    asked: list[str] = []
    counted.page.on("request", lambda request: asked.extend([request.url] * ("/statistics" in request.url)))
    counted.focus(0)
    first = counted.tiles()[0]["id"]
    counted.page.clock.pause_at(time.time() + 1)  # however busy the machine is, no time passes between these
    for key in "12345":
        counted.press(key)
        counted.until(lambda: served.library.picture(OWNER, first).score == int(key))  # noqa: B023
    counted.page.wait_for_timeout(500)  # until it has been told of them
    counted.page.clock.resume()
    expect(bar(counted, "5")).to_have_accessible_name("5: 1 picture")
    assert 1 <= len(asked) < 5


def test_what_no_engine_fills_yet_says_so(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.page.get_by_role("button", name="Statistics").click()
    expect(panel(desk).get_by_text("an engine that tags pictures does").first).to_be_visible()


def test_by_keyboard(counted: Desk) -> None:
    """Arrows go about in a panel, which is one stop for Tab; Enter and Space press a bar and no picture."""
    expect(bar(counted, "none")).to_be_visible()
    bar(counted, "none").focus()
    counted.press("ArrowRight")
    counted.press("End", "ArrowLeft", "Home", "Space")
    counted.becomes(lambda: counted.parameter("q"), "score:0")
    assert counted.chosen == []
    counted.press("Enter")
    counted.becomes(lambda: counted.parameter("q"), None)
    counted.press("Tab")
    expect(bar(counted, "sea")).to_be_focused()
    counted.press("Escape")
    expect(panel(counted)).to_be_hidden()
    counted.becomes(lambda: counted.cursor, 0)


def test_open_wide_and_closed_are_remembered(counted: Desk) -> None:
    grip = panel(counted).get_by_role("separator")
    grip.focus()
    for _ in range(4):
        counted.press("ArrowLeft")
    expect(grip).to_have_attribute("aria-valuenow", str(264 + 4 * 16))
    counted.page.reload()
    counted.seen()
    box = panel(counted).bounding_box()
    assert box and round(box["width"]) == 264 + 4 * 16
    right = box["x"]
    assert all(one["left"] + one["width"] <= right for one in counted.tiles())
    counted.press("g")
    counted.page.reload()
    counted.seen()
    expect(panel(counted)).to_be_hidden()


def test_information_about_the_picture_under_the_cursor(counted: Desk) -> None:
    counted.focus(1)
    counted.press("i")
    expect(panel(counted).get_by_role("heading", name="paint-014.png")).to_be_visible()
    counted.press("ArrowRight")
    expect(panel(counted).get_by_role("heading", name="paint-013.png")).to_be_visible()
    counted.page.get_by_role("tab", name="Info").focus()
    counted.press("ArrowLeft")  # to its tags
    expect(panel(counted).get_by_text("lighthouse")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe(counted: Desk, axe: Axe, width: int, theme: str) -> None:
    page = counted.page
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    if width < 640:
        page.get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Statistics").click()
    expect(bar(counted, "4")).to_be_visible()
    bar(counted, "4").click()
    expect(panel(counted).get_by_text("5 pictures · 100 % with 4+")).to_be_visible()
    expect(panel(counted).locator("[aria-busy=true]")).to_have_count(0)
    assert axe(page) == []
    page.get_by_role("tab", name="Info").click()
    expect(panel(counted).get_by_role("heading", name="Locations")).to_be_visible()
    assert axe(page) == []

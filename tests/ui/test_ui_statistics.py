"""The panel beside the table: its bars say how the view is spread, narrow it when pressed, and follow it."""

from __future__ import annotations

import re
import time

import pytest
from libraries import add, invented
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


def confidence(desk: Desk) -> Locator:
    """The threshold of the confidence of a tag, which is opened for it."""
    fold = panel(desk).get_by_role("button", name="Tag confidence")
    expect(fold).to_be_visible()
    if fold.get_attribute("aria-expanded") == "false":
        fold.click()
    return panel(desk).get_by_label("Confidence from")


@pytest.fixture
def unsure(sit: Sit, served: Served) -> Desk:
    """A tab on a library whose pictures have "sea" at 0, 6, 12, … % confidence; those from 50 % on count."""
    library = served.library
    ids = [one.id for one in library.pictures(OWNER)]
    producer = library.outputs.register("tag", "synthetic", "1", {})
    library.outputs.activate(producer, 0.5)
    store(library, producer, {id: [("sea", n * 0.06), ("red hair", 0.8)] for n, id in enumerate(ids)})
    desk = sit(served).go()
    desk.press("g")
    expect(panel(desk)).to_be_visible()
    return desk


def test_confidences_are_asked_for_when_their_section_is_opened(counted: Desk) -> None:
    asked: list[str] = []
    counted.page.on("request", lambda request: asked.extend([request.url] * ("/confidences" in request.url)))
    counted.page.reload()
    expect(bar(counted, "sea")).to_be_visible()
    assert asked == []
    expect(confidence(counted)).to_be_visible()
    assert len(asked) == 1


def test_a_threshold_is_tried_before_it_is_a_filter(unsure: Desk, served: Served) -> None:
    handle = confidence(unsure)
    panel(unsure).get_by_label("Tag", exact=True).select_option("sea")
    status = panel(unsure).get_by_role("status")
    expect(status).to_have_text("7 pictures from 50 % on, 8 below")
    box = handle.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    unsure.page.mouse.move(box["x"] + box["width"] / 2, middle)
    unsure.page.mouse.down()
    unsure.page.mouse.move(box["x"] + 20, middle, steps=4)
    unsure.page.mouse.up()
    low = int(handle.input_value())
    assert 2 <= low <= 10
    handle.focus()
    unsure.press(*["ArrowRight"] * (13 - low))
    expect(status).to_have_text("13 pictures from 13 % on, 2 below")
    expect(handle).to_have_attribute("aria-valuetext", "13 %: 13 pictures")
    assert unsure.parameter("q") is None and len(unsure.tiles()) == gallery.PAINTED  # so far only looked at
    panel(unsure).get_by_role("button", name="Show 13 pictures").click()
    unsure.becomes(lambda: unsure.parameter("q"), "tag:sea>=13%")
    unsure.becomes(lambda: len(unsure.tiles()), 13)
    assert served.library.count(OWNER, "tag:sea>=13%").total == 13
    expect(status).to_have_text("13 pictures from 13 % on, 2 below")  # what the filter leaves out is still counted
    expect(panel(unsure).get_by_role("button", name="Remove this filter")).to_be_visible()
    handle.focus()
    unsure.press("End")
    expect(panel(unsure).get_by_role("button", name="Show 0 pictures")).to_be_disabled()
    unsure.press("Home")
    panel(unsure).get_by_role("button", name="Show 15 pictures").click()
    unsure.becomes(lambda: unsure.parameter("q"), "tag:sea>=1%")
    panel(unsure).get_by_role("button", name="Remove this filter").click()
    unsure.becomes(lambda: unsure.parameter("q"), None)


def test_a_bar_of_confidences_shows_its_pictures(unsure: Desk, served: Served) -> None:
    expect(confidence(unsure)).to_be_visible()
    panel(unsure).get_by_label("Tag", exact=True).select_option("red hair")
    expect(panel(unsure).get_by_role("status")).to_have_text("16 pictures from 50 % on, 0 below")
    bars = panel(unsure).get_by_role("group", name="Confidence of red hair")
    bars.get_by_role("button", name="80–85 %: 16 pictures").click()
    unsure.becomes(lambda: unsure.parameter("q"), 'tag:"red hair>=80%" tag:"red hair<85%"')
    unsure.becomes(lambda: len(unsure.tiles()), gallery.PAINTED)
    panel(unsure).get_by_label("Tag", exact=True).select_option("sea")
    expect(panel(unsure).get_by_role("button", name="95–100 %: 0 pictures")).to_be_disabled()


def test_the_average_number_of_tags_and_pictures_of_unknown_size(counted: Desk, served: Served) -> None:
    expect(panel(counted).get_by_text("0.9 on average · 9 tagged")).to_be_visible()
    counted.guard.expected = ["404 (Not Found)"]  # it has no file of which a thumbnail could be drawn
    add(served.library, invented(1, width=0, height=0))
    bar(counted, "unknown").click()
    counted.becomes(lambda: counted.parameter("q"), "megapixels:=0")
    counted.becomes(lambda: len(counted.tiles()), 1)


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
    confidence(counted).wait_for()
    assert axe(page) == []
    page.get_by_role("tab", name="Info").click()
    expect(panel(counted).get_by_role("heading", name="Locations")).to_be_visible()
    assert axe(page) == []

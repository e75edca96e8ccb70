"""How pictures lie: stacked, turned, dated; by keyboard, menu and on a phone."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import Create, HideAndBlur, ScorePictures, Selection

pytestmark = pytest.mark.browser


def shown(desk: Desk) -> list[int]:
    return [one["id"] for one in desk.tiles()]


def test_a_stack_is_laid_shown_and_taken_apart(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    for index in (0, 2, 3):
        desk.tile(index).click(modifiers=["Control"])
    desk.press("k")
    desk.says("3 pictures stacked")
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED - 2)
    leader = served.library.picture_stack(OWNER, 16).ids[0]
    at = shown(desk).index(leader)
    desk.press("Escape")
    desk.tile(at).click(button="right")
    desk.pick("Stack, rotate, date", "Show the stack")
    desk.becomes(lambda: sorted(shown(desk)), [13, 14, 16])
    desk.page.go_back()
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED - 2)
    desk.focus(shown(desk).index(leader))
    desk.press("Shift+K")
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED)
    desk.press("Control+z")
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED - 2)


def test_one_picture_alone_is_no_stack(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.focus(0)
    desk.press("k")
    desk.says("Choose two pictures at least")
    desk.tile(0).click(button="right")
    desk.pick("Stack, rotate, date")
    expect(desk.page.get_by_role("menuitem", name="Rotate right")).to_be_visible()
    assert desk.page.get_by_role("menuitem", name="Unstack").count() == 0


def test_a_picture_is_turned(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    before = desk.tiles()[0]
    desk.focus(0)
    desk.press("Control+ArrowRight")
    desk.says("1 picture turned")
    ratio = before["width"] / before["height"]
    desk.until(lambda: abs(desk.tiles()[0]["width"] / desk.tiles()[0]["height"] * ratio - 1) < 0.1)
    desk.seen()
    natural = "one => one.naturalWidth / one.naturalHeight"
    turned = desk.tile(0).locator("img").evaluate(natural)
    assert abs(turned * ratio - 1) < 0.1, "its thumbnail is turned as well"
    assert desk.cursor == 0
    desk.press("Enter")
    desk.developed()
    box = desk.viewer.locator(".original img").bounding_box()
    assert box is not None
    assert abs(box["width"] / box["height"] * ratio - 1) < 0.02, "so is its original in the viewer"
    desk.press("Escape")
    desk.becomes(lambda: desk.cursor, 0)
    desk.press("Control+ArrowLeft")
    desk.until(lambda: abs(desk.tiles()[0]["width"] / desk.tiles()[0]["height"] / ratio - 1) < 0.1)


def test_dates_are_shifted(sit: Sit, served: Served, axe: Axe) -> None:
    desk = sit(served).go()
    before = served.library.picture(OWNER, 16).created
    desk.tile(0).click(button="right")
    desk.pick("Stack, rotate, date", "Date")
    dialog = desk.page.get_by_role("dialog", name="Date")
    dialog.get_by_role("button", name="Earlier or later").click()
    save = dialog.get_by_role("button", name="Date 1 picture")
    expect(save).to_be_disabled()
    dialog.get_by_label("Direction").select_option(label="earlier by")
    dialog.get_by_label("Days").fill("2")
    dialog.get_by_label("Hours").fill("01:30")
    assert axe(desk.page) == []
    save.click()
    expect(dialog).to_have_count(0)
    desk.until(lambda: served.library.picture(OWNER, 16).created != before)
    assert (before - served.library.picture(OWNER, 16).created).total_seconds() == 2 * 86_400 + 90 * 60


def test_a_folder_is_shown_like_everything_else(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.page.get_by_role("treeitem", name="Library files").last.click()
    desk.becomes(lambda: desk.parameter("q"), 'folder:"Library files"')
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED)
    expect(desk.page.get_by_role("navigation", name="Whereabouts").first).to_contain_text("Library files")


def test_on_a_phone_everything_is_within_reach(sit: Sit, served: Served, axe: Axe) -> None:
    served.library.create_set(OWNER, Create(name="Harbour"))
    served.library.add_to_set(OWNER, 1, Selection(ids=[16]))
    desk = sit(served, width=390, height=844, is_mobile=True, has_touch=True).go()
    desk.tile(1).tap(position={"x": 12, "y": 12})
    bar = desk.page.get_by_role("toolbar", name="Selection")
    expect(bar.locator("b")).to_contain_text("1")
    for button in bar.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390, button.inner_text()
    assert axe(desk.page) == []
    bar.get_by_role("button", name="Set").tap()
    picker = desk.page.get_by_role("dialog", name="Add 1 picture to a set")
    picker.get_by_role("option", name="Harbour").tap()
    desk.says("1 picture added to Harbour")
    assert served.library.set_members(OWNER, 1).ids == [16, 15]


# -- by rule -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def paired(served: Served) -> list[set[int]]:
    """Two pairs, each generated by one prompt and model; their ids."""
    ids = []
    for number in range(4):
        text = PngInfo()
        said = f"a {('river', 'lake')[number // 2]} at dusk\nSteps: 20, Seed: {number}, Model: flux1-dev"
        text.add_text("parameters", said)
        path = served.library.incoming / f"pair-{number}.png"
        Image.new("RGB", (80, 60 + number), (number * 60, 80, 120)).save(path, pnginfo=text)
        answer = served.library.upload(OWNER, path.name, path)
        assert answer.id is not None, answer
        ids.append(answer.id)
    return [set(ids[:2]), set(ids[2:])]


def test_a_rule_is_tried_before_it_stacks(sit: Sit, served: Served, paired: list[set[int]], axe: Axe) -> None:
    library = served.library
    desk = sit(served).go()
    desk.page.get_by_role("button", name="More").last.click()
    desk.page.get_by_role("menuitem", name="Stack by rule").click()
    dialog = desk.page.get_by_role("dialog", name="Stack by rule")
    told = dialog.get_by_role("status", name="What would be stacked")
    expect(told).to_contain_text("Nothing that is in no stack yet")  # raw with JPEG
    expect(dialog.get_by_role("button", name="Stack 0 pictures")).to_be_disabled()
    dialog.get_by_role("radio", name=re.compile("^One prompt")).check()
    expect(told).to_contain_text("2 stacks of 4 pictures")
    drawn = [one.get_attribute("src") or "" for one in told.locator("img").all()]
    assert {int(one.split("/")[-2]) for one in drawn} == set().union(*paired)
    assert axe(desk.page) == []
    dialog.get_by_role("button", name="Stack 4 pictures").click()
    desk.says("4 pictures laid on 2 stacks")
    assert [set(library.picture_stack(OWNER, min(pair)).ids) for pair in paired] == paired
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED + 2)
    desk.press("Control+z")
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED + 4)


def test_a_rule_shows_nothing_that_is_hidden(sit: Sit, served: Served, paired: list[set[int]]) -> None:
    hidden = min(paired[0])
    served.library.score(OWNER, ScorePictures(ids=[hidden], score=1))
    served.library.set_veil(OWNER, HideAndBlur(hide="score:1"))
    desk = sit(served).go()
    desk.page.get_by_role("button", name="More").last.click()
    desk.page.get_by_role("menuitem", name="Stack by rule").click()
    dialog = desk.page.get_by_role("dialog", name="Stack by rule")
    dialog.get_by_role("radio", name=re.compile("^One prompt")).check()
    expect(dialog.get_by_role("status")).to_contain_text("1 stack of 2 pictures")
    dialog.get_by_role("button", name="Stack 2 pictures").click()
    desk.says("2 pictures laid on 1 stack")
    assert set(served.library.find(OWNER, "is:stacked").ids) == paired[1]


def test_a_rule_keeps_to_what_is_chosen(sit: Sit, served: Served, paired: list[set[int]]) -> None:
    desk = sit(served).go()
    places = [one["index"] for one in desk.tiles() if one["id"] in paired[0]]
    for index in places:
        desk.tile(index).click(modifiers=["Control"])
    desk.tile(places[0]).click(button="right")
    desk.pick("Stack, rotate, date", "Stack by rule")
    dialog = desk.page.get_by_role("dialog", name="Stack by rule")
    dialog.get_by_role("radio", name=re.compile("^One prompt")).check()
    expect(dialog.get_by_role("status")).to_contain_text("1 stack of 2 pictures")
    dialog.get_by_role("button", name="The whole library").click()
    expect(dialog.get_by_role("status")).to_contain_text("2 stacks of 4 pictures")
    dialog.get_by_role("button", name="The 2 pictures chosen").click()
    dialog.get_by_role("button", name="Stack 2 pictures").click()
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED + 3)
    assert served.library.count(OWNER, "is:stacked").total == 2

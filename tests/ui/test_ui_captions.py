"""Descriptions of many pictures: what is wrong with them is found, counted and led to."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags, SetCaption

pytestmark = pytest.mark.browser


@pytest.fixture
def checked(sit: Sit, served: Served) -> Desk:
    """A tab on four chosen pictures, their descriptions being checked: one is fine but for the trigger word."""
    library = served.library
    newest = [one.id for one in library.pictures(OWNER, limit=4)]
    for id, text in zip(newest, ["a lighthouse", "", "no sea here", "mira " + "tower " * 90], strict=True):
        library.set_caption(OWNER, SetCaption(ids=[id], text=text))
    library.add_tags(OWNER, AddTags(ids=[newest[2]], tags=["sea"]))
    desk = sit(served).go()
    for index in range(4):
        desk.tile(index).click(modifiers=["Control"])
    desk.tile(0).click(button="right")
    desk.pick("More", "Descriptions")
    dialog(desk).get_by_role("button", name="Check", exact=True).click()
    return desk


def dialog(desk: Desk) -> Locator:
    return desk.page.get_by_role("dialog", name="Descriptions of 4 pictures")


def test_what_is_wrong_is_counted_and_listed(checked: Desk, axe: Axe) -> None:
    found = dialog(checked).get_by_role("status", name="What was found")
    expect(found).to_contain_text("3 problems in 4 descriptions")
    dialog(checked).get_by_label("Trigger word").fill("mira")
    expect(found).to_contain_text("5 problems in 4 descriptions")
    for kind, count in (("No description", 1), ("No trigger word", 2), ("Tags say otherwise", 1), ("Too long", 1)):
        expect(found.get_by_role("button", name=kind)).to_contain_text(str(count))
    found.get_by_role("button", name="Tags say otherwise").click()
    expect(found.get_by_role("listitem")).to_have_count(1)
    expect(found.get_by_role("listitem")).to_contain_text("It denies “sea”")
    assert axe(checked.page) == []
    dialog(checked).get_by_label("Tokens at most").fill("500")
    expect(found).to_contain_text("4 problems")
    expect(found.get_by_role("button", name="Too long")).to_be_disabled()
    dialog(checked).get_by_label("Tokens at most").fill("")  # as usual
    expect(found).to_contain_text("5 problems")


def test_it_opens_where_one_begins_to_write(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.focus(0)
    desk.press("Space", "Shift+F10")
    desk.pick("More", "Descriptions", key="Enter")
    expect(desk.page.get_by_role("dialog").get_by_label("Find")).to_be_focused()
    desk.press("Escape", "Shift+F10")
    desk.pick("Stack, rotate, date", "Date", key="Enter")
    expect(desk.page.get_by_role("dialog").get_by_label("Made on")).to_be_focused()


def test_a_name_leads_to_its_picture(checked: Desk, served: Served) -> None:
    found = dialog(checked).get_by_role("status", name="What was found")
    found.get_by_role("button", name="No description").click()
    found.get_by_role("listitem").get_by_role("button").click()
    checked.becomes(lambda: checked.parameter("open"), str(served.library.pictures(OWNER, limit=2)[1].id))
    expect(checked.viewer).to_be_visible()


def test_what_was_found_can_be_mended_at_once(checked: Desk, served: Served) -> None:
    """From the check to the change and back, without choosing again."""
    expect(dialog(checked).get_by_role("status")).to_contain_text("3 problems")
    dialog(checked).get_by_role("button", name="Change", exact=True).click()
    dialog(checked).get_by_label("Begin with").fill("mira, ")
    dialog(checked).get_by_role("button", name="Change 4 descriptions").click()
    checked.says("4 pictures captioned anew")
    assert all(
        (served.library.caption(OWNER, one.id).own or "").startswith("mira")
        for one in served.library.pictures(OWNER, limit=4)
    )

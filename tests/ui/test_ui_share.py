"""Sharing in the browser: from chosen pictures and from a set, and what becomes of links."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

pytestmark = pytest.mark.browser


def menu(desk: Desk, name: str) -> None:
    desk.page.get_by_role("menuitem", name=name, exact=True).click()


def dialog(desk: Desk, name: str) -> Locator:
    found = desk.page.get_by_role("dialog", name=name)
    expect(found).to_be_visible()
    return found


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_chosen_pictures_are_shared_by_a_link(look: tuple[int, str], sit: Sit, served: Served) -> None:
    desk = sit(served, width=look[0], color_scheme=look[1]).go("/?sort=name").seen()
    desk.focus()
    desk.press("Space", "ArrowRight", "Space")
    assert len(desk.chosen) == 2
    desk.tile(0).click(button="right")
    desk.pick("More", "Share…")
    share = dialog(desk, "Share 2 pictures")
    share.get_by_label("Title").fill("For Ann")
    share.get_by_label("Watermark").fill("Sample")
    share.get_by_label("Ends").select_option("in a week")
    share.get_by_role("button", name="Create link").click()
    row = share.get_by_role("region", name="Links")
    expect(row.get_by_text("For Ann")).to_be_visible()
    expect(row.get_by_text("2 pictures", exact=False)).to_be_visible()
    assert share.evaluate("one => one.scrollWidth <= one.clientWidth")
    [link] = served.library.links(OWNER)
    assert (link.title, link.pictures, link.live, link.download) == ("For Ann", 2, False, True)
    assert link.expires is not None and link.path is not None
    recipient = sit(served, anonymous=True, fresh=True)
    recipient.page.goto(served.url + link.path)
    expect(recipient.page.get_by_text("2 pictures")).to_be_visible()
    share.get_by_role("button", name="Replace").click()
    desk.until(lambda: served.library.links(OWNER)[0].path != link.path)
    expect(share.get_by_text("opened 1 time")).to_be_visible()
    share.get_by_role("button", name="Revoke").click()
    expect(share.get_by_text("There are no links")).to_be_visible()
    assert served.library.links(OWNER) == []


def test_a_set_is_shared_live_and_problems_are_said(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/").seen()
    name = ordered.library.sets(OWNER)[0].name
    desk.page.get_by_role("treeitem", name=name).first.click(button="right")
    menu(desk, "Share…")
    share = dialog(desk, f"Share {name}")
    expect(share.get_by_role("button", name="Whatever is in it")).to_have_attribute("aria-pressed", "true")
    share.get_by_label("Password").fill("apple pie")
    ordered.library.delete_set(OWNER, ordered.library.sets(OWNER)[0].id)
    desk.guard.expected = ["status of 404"]
    share.get_by_role("button", name="Create link").click()
    expect(share.get_by_role("alert")).to_contain_text("There is no set")
    assert ordered.library.links(OWNER) == []

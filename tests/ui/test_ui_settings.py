"""The settings page: how this browser shows things, and what the owner sets for the library."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.client import Client

pytestmark = pytest.mark.browser


def settings(desk: Desk) -> Locator:
    return desk.page.get_by_role("main", name="Settings")


def opened(desk: Desk) -> Locator:
    """The page, by the menu."""
    desk.page.get_by_role("banner").get_by_role("button", name="More").click()
    desk.pick("Settings")
    expect(settings(desk)).to_be_visible()
    return settings(desk)


def test_theme_tiles_dates_and_numbers_are_remembered(sit: Sit, served: Served) -> None:
    desk = sit(served, fresh=True, color_scheme="light", locale="en-US").go()
    page = opened(desk)
    background = "getComputedStyle(document.querySelector('.side')).backgroundColor"
    light = desk.page.evaluate(background)
    page.get_by_label("Theme").select_option("Dark")
    assert desk.page.evaluate(background) != light
    page.get_by_label("Tiles", exact=True).select_option("Squares")
    page.get_by_label("Dates").select_option("year first")
    page.get_by_label("Numbers").select_option("point")
    page.get_by_label("Heading of characters").select_option("People")
    desk.press("Escape")
    expect(settings(desk)).to_have_count(0)
    desk.page.reload()
    desk.seen()
    assert desk.page.evaluate(background) != light
    assert desk.square()
    desk.open(0)
    id = int(desk.parameter("open") or 0)
    created = served.library.picture(OWNER, id).created.astimezone()
    dates = desk.viewer.get_by_role("complementary").locator("dd").first
    expect(dates).to_have_text(re.compile(rf"^\d+ \w+\.? {created.year} \d\d:\d\d$"))


def test_tokens_are_created_listed_and_revoked(sit: Sit, served: Served, axe: Axe) -> None:
    desk = sit(served).go()
    page = opened(desk)
    page.get_by_label("Name of the token").fill("backup script")
    page.get_by_label("Rights").select_option("Read and write")
    page.get_by_role("button", name="Create token").click()
    expect(page.locator(".secret")).to_contain_text("it is not shown again")
    secret = page.locator(".secret code").inner_text()
    (token,) = served.library.tokens(OWNER)
    assert (token.label, token.right) == ("backup script", "write")
    line = page.get_by_role("row", name="backup script")
    expect(line).to_contain_text("never")
    with Client(served.url, secret) as client:
        assert client.info().name == "Few"
    desk.page.reload()
    expect(line).not_to_contain_text("never")
    expect(page.get_by_text(secret)).to_have_count(0)
    assert axe(desk.page) == []
    line.get_by_role("button", name="Revoke").click()
    expect(line).to_have_count(0)
    assert served.library.tokens(OWNER) == []


def test_the_password_is_changed(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    page = opened(desk)
    desk.guard.expected = ["400 (Bad Request)", "403 (Forbidden)", "401 (Unauthorized)", "422 (Unprocessable"]
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("12")
    page.get_by_label("New password").fill("correct horse battery")
    desk.press("Enter")
    desk.says("Password changed")


def test_default_engine_snapshots_and_versions(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    page = opened(desk)
    page.get_by_label("Taggers").select_option("Tags from the prompt")
    desk.until(lambda: [one.label for one in served.library.engines(OWNER) if one.kind == "tag" and one.default])
    before = served.library.snapshot_status(OWNER).automatic
    page.get_by_label("Take snapshots automatically").click()
    desk.until(lambda: served.library.snapshot_status(OWNER).automatic is not before)
    for plugin in served.library.plugin_list(OWNER):
        expect(page).to_contain_text(plugin.distribution)
    page.get_by_role("navigation", name="Sections").get_by_role("button", name="Privacy").click()
    page.get_by_role("button", name="Hide and blur…").click()
    expect(desk.page.get_by_role("dialog", name="Hide and blur")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(sit: Sit, served: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(served, width=width, height=844, color_scheme=theme)
    desk.page.goto(served.url + "/?page=settings")
    expect(settings(desk)).to_contain_text("PixlStash")
    assert axe(desk.page) == []

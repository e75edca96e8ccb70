"""The update check in the browser: off until the owner turns it on, and a notice; and the list of connections."""

from __future__ import annotations

import pytest
from core.updates.releases import release_server
from playwright.sync_api import expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS
from ui.test_ui_settings import opened, settings
from web.conftest import OWNER, Served

from pixlstash_core.types import SetUpdates

pytestmark = pytest.mark.browser


def test_it_is_turned_on_read_dismissed_and_turned_off(sit: Sit, served: Served, axe: Axe) -> None:
    served.library.announce(served.url)
    with release_server() as server:
        served.library.set_updates(OWNER, SetUpdates(endpoint=server.url))
        desk = sit(served).go()
        page = opened(desk)
        switch = page.get_by_label("Check for updates")
        expect(switch).not_to_be_checked()
        expect(page.get_by_text("Not checked", exact=True)).to_be_visible()
        expect(page.get_by_text(f"{server.url}/latest-version/")).to_be_visible()
        assert server.asked == []
        switch.click()
        desk.until(lambda: len(server.asked) == 1 and bool(served.library.updates(OWNER).releases))
        desk.page.reload()
        expect(page.get_by_text("PixlStash 0.3.0 is available.")).to_be_visible()
        expect(page.get_by_text("Your version has a vulnerability (severity: high).")).to_be_visible()
        expect(page.get_by_text("Fixes a vulnerability: high, versions <0.3.0")).to_be_visible()
        expect(page.get_by_text("Adds <b>shares</b>")).to_be_visible()  # as text
        expect(page.locator(".news b", has_text="shares")).to_have_count(0)
        assert axe(desk.page) == []
        desk.press("Escape")
        notice = desk.page.get_by_role("status").filter(has_text="PixlStash 0.3.0 is available.")
        expect(notice).to_contain_text("severity: high")
        notice.get_by_role("button", name="Details").click()
        expect(settings(desk)).to_be_visible()
        desk.press("Escape")
        notice.get_by_role("button", name="Dismiss").click()
        expect(notice).to_have_count(0)
        desk.page.reload()
        desk.seen()
        expect(notice).to_have_count(0)
        page = opened(desk)
        page.get_by_label("Check for updates").click()
        expect(page.get_by_text("Not checked", exact=True)).to_be_visible()
        expect(page.get_by_text("0.3.0")).to_have_count(0)
        assert not served.library.updates(OWNER).enabled and len(server.asked) == 1


def test_privacy_lists_connections_cookies_and_the_policy(sit: Sit, served: Served, axe: Axe) -> None:
    desk = sit(served).go()
    page = opened(desk)
    privacy = served.library.privacy(OWNER)
    for row in privacy.connections:
        page.locator("summary", has_text=row.title).click()
        expect(page.get_by_text(row.why, exact=True)).to_be_visible()
    line = page.locator("summary", has_text="Update check")
    expect(line).to_contain_text("off")
    page.get_by_label("Check for updates").click()
    expect(line).to_contain_text("on")
    for cookie in privacy.cookies:
        page.locator("summary", has_text=cookie.prefix).click()
        expect(page.get_by_text(cookie.why, exact=True)).to_be_visible()
    page.locator("summary", has_text="Privacy policy").click()
    expect(page.get_by_text(privacy.policy[0].paragraphs[0])).to_be_visible()
    assert axe(desk.page) == []
    cookies = [cookie.get("name", "") for cookie in desk.page.context.cookies()]
    assert cookies and all(name.startswith(tuple(row.prefix for row in privacy.cookies)) for name in cookies)


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(sit: Sit, served: Served, axe: Axe, width: int, theme: str) -> None:
    served.library.announce(served.url)
    with release_server() as server:
        served.library.set_updates(OWNER, SetUpdates(enabled=True, endpoint=server.url))
        desk = sit(served, width=width, height=844, color_scheme=theme)
        desk.until(lambda: bool(served.library.updates(OWNER).releases))
        desk.page.goto(served.url)
        expect(desk.page.get_by_text("PixlStash 0.3.0 is available.")).to_be_visible()
        assert axe(desk.page) == []
        desk.page.goto(served.url + "/?page=settings")
        expect(settings(desk).get_by_text("Adds <b>shares</b>")).to_be_visible()
        assert axe(desk.page) == []

"""The settings page: how this browser shows things, and what the owner sets for the library."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.asking import sign_in
from web.conftest import OWNER, Served

from pixlstash_core.client import Client
from pixlstash_core.types import CreateToken

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
    page.get_by_label("Dates", exact=True).select_option("year first")
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


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_an_agent_gets_its_configuration(look: tuple[int, str], sit: Sit, ordered: Served) -> None:
    desk = sit(ordered, width=look[0], color_scheme=look[1]).go()
    page = opened(desk)
    page.get_by_role("button", name="Connect an AI agent…").click()
    agent = page.get_by_role("region", name="Connect an AI agent")
    [first, *_] = ordered.library.sets(OWNER)
    agent.get_by_label("It sees").select_option(f"the set {first.name}")
    agent.get_by_role("button", name="Create configuration").click()
    server = json.loads(agent.locator("pre").inner_text())["mcpServers"]["pixlstash"]
    assert (server["command"], server["args"]) == ("pixlstash", ["mcp", "--url", ordered.url])
    reader = ordered.library.access.reader_of(server["env"]["PIXLSTASH_TOKEN"])
    assert reader is not None and reader.right == "read"
    assert reader.scope.ids == frozenset(ordered.library.set_members(OWNER, first.id).ids)
    expect(page.get_by_role("button", name="Revoke AI agent")).to_be_visible()
    assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


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


def test_other_browsers_are_signed_out(sit: Sit, served: Served, axe: Axe) -> None:
    desk = sit(served).go()
    others = [served.browser() for _ in range(3)]
    token = served.library.create_token(OWNER, CreateToken("read", "nodes")).token
    others.append(sign_in(served.url, {"token": token}))
    page = opened(desk)
    table = page.get_by_role("table").filter(has_text="Signed in as")
    expect(table.get_by_role("row", name="This browser").get_by_role("button")).to_have_count(0)
    rows = table.get_by_role("row").filter(has=desk.page.get_by_role("button", name="Sign out"))
    expect(table.get_by_role("row", name="Token nodes")).to_have_count(1)
    before = rows.count()
    assert before >= 4
    assert axe(desk.page) == []
    table.get_by_role("row", name="Token nodes").get_by_role("button").press("Enter")
    desk.says("Signed out Unknown browser")
    expect(rows).to_have_count(before - 1)
    assert others[-1].get("/session").status == 401
    page.get_by_role("button", name="Sign out all other browsers").click()
    desk.says(f"Signed out {before - 1} browsers")
    expect(rows).to_have_count(0)
    assert [other.get("/session").status for other in others] == [401] * 4
    assert served.library.tokens(OWNER) != []
    desk.page.reload()
    expect(page).to_contain_text("This browser")


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (1440, "light"), (390, "dark"), (390, "light")])
def test_the_tone_around_pictures(sit: Sit, served: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(served, fresh=True, width=width, height=844, color_scheme=theme, reduced_motion="reduce").go()
    tone = "one => getComputedStyle(document.querySelector(one)).backgroundColor"
    usual = desk.page.evaluate(tone, ".grid")
    page = opened(desk)
    for choice in ("Black", "Grey", "White"):
        page.get_by_label("Surround").select_option(choice)
        desk.press("Escape")
        expect(settings(desk)).to_have_count(0)
        desk.page.reload()
        desk.seen()
        around = desk.page.evaluate(tone, ".grid")
        assert around != usual
        assert axe(desk.page) == []
        desk.open(0)
        assert desk.page.evaluate(tone, ".viewer") == around
        assert axe(desk.page) == []
        desk.press("Escape")
        opened(desk)
    page.get_by_label("Surround").select_option("As the theme")
    assert desk.page.evaluate(tone, ".grid") == usual


def test_the_password_is_changed(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    page = opened(desk)
    desk.guard.expected = ["400 (Bad Request)", "403 (Forbidden)", "401 (Unauthorized)", "422 (Unprocessable"]
    expect(page.get_by_text("A new password signs out all other browsers of the owner")).to_be_visible()
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
    page.get_by_role("navigation", name="Sections").get_by_role("button", name="Hide and blur").click()
    page.get_by_role("button", name="Hide and blur…").click()
    expect(desk.page.get_by_role("dialog", name="Hide and blur")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(sit: Sit, served: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(served, width=width, height=844, color_scheme=theme)
    desk.page.goto(served.url + "/?page=settings")
    expect(settings(desk)).to_contain_text("PixlStash")
    assert axe(desk.page) == []

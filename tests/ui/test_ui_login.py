"""The way in, the way out, and that the address survives both."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.conftest import Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
UNAUTHORISED = "status of 401"


def history_of(desk: Desk) -> list[str]:
    """Every address the browser's Back button knows."""
    session = desk.page.context.new_cdp_session(desk.page)
    return [entry["url"] for entry in session.send("Page.getNavigationHistory")["entries"]]


def test_the_link_logs_in_and_leaves_no_secret(sit: Sit, served: Served) -> None:
    desk = sit(served, anonymous=True)
    secret = served.library.access.claim_link()
    desk.go(f"/?q=model:flux1-dev#claim={secret}")
    assert desk.page.url == f"{served.url}/?q=model:flux1-dev"
    assert not [address for address in history_of(desk) if secret in address or "claim" in address]
    kept = desk.page.evaluate("JSON.stringify([history.state, {...localStorage}, {...sessionStorage}])")
    assert secret not in kept
    assert desk.page.evaluate("document.cookie") == ""
    (cookie,) = desk.page.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    desk.page.reload()
    desk.seen()


def test_a_link_works_once_and_says_so(sit: Sit, served: Served) -> None:
    secret = served.library.access.claim_link()
    sit(served, anonymous=True).go(f"/#claim={secret}")
    late = sit(served, anonymous=True)
    late.guard.expected = [UNAUTHORISED]
    late.page.goto(f"{served.url}/#claim={secret}")
    expect(late.page.get_by_role("heading", name="Log in")).to_be_visible()
    late.says("This link was used already")
    assert late.page.url == f"{served.url}/"


def test_after_login_everything_is_as_it_was(sit: Sit, large: Served) -> None:
    large.library.access.set_password(OWNER, PASSWORD)
    desk = sit(large).go("/?sort=name&mode=square")
    desk.press("End", "PageUp")
    desk.until(lambda: desk.parameter("at"))
    desk.page.wait_for_timeout(300)
    desk.seen()
    address, before = desk.page.url, desk.on_screen()
    assert before[0]["index"] > 1000
    desk.guard.expected = [UNAUTHORISED]
    desk.page.context.clear_cookies()
    desk.page.reload()
    expect(desk.page.get_by_role("heading", name="Log in")).to_be_visible()
    assert desk.page.url == address
    desk.page.get_by_label("Password").fill("something else")
    desk.press("Enter")
    expect(desk.page.get_by_role("alert")).to_be_visible()
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.page.get_by_role("button", name="Log in").click()
    desk.seen()
    assert desk.page.url == address
    assert [(one["id"], one["top"]) for one in desk.on_screen()] == [(one["id"], one["top"]) for one in before]


def test_logged_out_elsewhere_a_key_leads_to_the_login_and_back(sit: Sit, served: Served) -> None:
    desk = sit(served).go("/?q=paint")
    desk.focus(2)
    desk.guard.expected = [UNAUTHORISED]
    desk.page.context.clear_cookies()
    desk.press("4")
    expect(desk.page.get_by_role("heading", name="Log in")).to_be_visible()
    assert desk.parameter("q") == "paint"
    # A new link opened in this very tab changes only the fragment, so nothing is loaded.
    desk.page.evaluate("secret => { location.hash = `claim=${secret}` }", served.library.access.claim_link())
    desk.seen()
    assert desk.parameter("q") == "paint"
    assert "claim" not in desk.page.url
    assert len(desk.tiles()) == gallery.PAINTED
    desk.focus(2)
    desk.press("4")
    desk.becomes(lambda: [one.score for one in served.library.pictures(OWNER)][2], 4)


def test_logging_out_ends_the_session(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.guard.expected = [UNAUTHORISED]
    desk.page.get_by_role("button", name="More").click()
    desk.page.get_by_role("menuitem", name="Log out").click()
    expect(desk.page.get_by_role("heading", name="Log in")).to_be_visible()
    desk.page.reload()
    expect(desk.page.get_by_role("heading", name="Log in")).to_be_visible()
    assert desk.page.locator(".tile").count() == 0


def test_a_token_in_the_address_logs_in_and_leaves_no_secret(sit: Sit, served: Served) -> None:
    secret = served.token("read")
    desk = sit(served, anonymous=True)
    desk.guard.expected = [UNAUTHORISED, "status of 403"]
    desk.page.goto(f"{served.url}/?sort=name&token={secret}")
    desk.seen()
    assert desk.page.url == f"{served.url}/?sort=name"
    assert not [address for address in history_of(desk) if secret in address]
    (cookie,) = desk.page.context.cookies()
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and secret not in cookie["value"]
    session = desk.page.evaluate("fetch('/api/v1/session').then(answer => answer.json())")
    assert (session["rights"], session["principal"][:6]) == ("read", "token:")


def test_a_token_in_the_address_does_not_replace_the_owner(sit: Sit, served: Served) -> None:
    desk = sit(served)
    desk.go(f"/?sort=name&token={served.token('read')}")
    assert desk.page.url == f"{served.url}/?sort=name"
    session = desk.page.evaluate("fetch('/api/v1/session').then(answer => answer.json())")
    assert session["rights"] == "owner"

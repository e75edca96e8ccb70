"""Every page at 320 pixels and in both themes: axe finds nothing at all, and nothing is wider than the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui.conftest import Axe, Sit
from web.conftest import Served

pytestmark = pytest.mark.browser
PAGES = ("", "duplicates", "engines", "faces", "people", "settings", "snapshots", "suggested", "tags")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_page_on_the_narrowest_screen(sit: Sit, ordered: Served, axe: Axe, theme: str) -> None:
    desk = sit(ordered, width=320, height=640, color_scheme=theme).go()
    found = {}
    for name in PAGES:
        desk.page.goto(f"{desk.url}/?page={name}" if name else desk.url)
        if name:
            expect(desk.page.get_by_role("main").last).to_be_visible()
            expect(desk.page.get_by_role("main").last.get_by_role("heading").first).to_be_visible()
        else:
            desk.seen()
        found[name] = axe(desk.page, True)
    assert {name: faults for name, faults in found.items() if faults} == {}

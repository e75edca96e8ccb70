"""Pages in place of the table, and the sidebar's way to them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS
from ui.test_ui_sidebar import counts, row
from web.conftest import OWNER, Served

from pixlstash_core.types import Create

pytestmark = pytest.mark.browser


def test_saved_queries_are_in_sight_and_their_counts_follow(sit: Sit, ordered: Served) -> None:
    for n in range(40):
        ordered.library.create_set(OWNER, Create(name=f"Set {n:02}"))
    desk = sit(ordered, width=1440, height=900).go()
    desk.becomes(lambda: counts(desk).get("to sort"), "16")
    expect(row(desk, "to sort")).to_be_in_viewport(ratio=1)
    desk.focus(0)
    desk.press("5")
    desk.becomes(lambda: counts(desk).get("to sort"), "15")
    desk.press("Control+z")
    desk.becomes(lambda: counts(desk).get("to sort"), "16")
    desk.page.get_by_role("treeitem", name="Saved queries").click()
    expect(row(desk, "to sort")).to_have_count(0)
    desk.page.reload()
    desk.seen()
    expect(row(desk, "to sort")).to_have_count(0)  # it stays folded


@pytest.mark.parametrize(("width", "theme"), LOOKS)
@pytest.mark.parametrize(
    ("page", "title", "empty", "action"),
    [
        ("people", "Unassigned faces", "No unassigned faces", "Find faces"),
        ("faces", "Suggested faces", "No faces to review", "Unassigned faces"),
        ("suggested", "Suggested tags", "No tags to review", "Engines"),
    ],
)
def test_an_empty_page_says_why_and_what_to_do(
    sit: Sit, served: Served, axe: Axe, width: int, theme: str, page: str, title: str, empty: str, action: str
) -> None:
    desk = sit(served, width=width, color_scheme=theme)
    desk.page.goto(f"{desk.url}/?page={page}")
    main = desk.page.get_by_role("main", name=title)
    expect(main.get_by_role("heading", name=empty)).to_be_visible()
    assert axe(desk.page) == []
    main.get_by_role("button", name=action).click()
    expect(main).to_have_count(0)
    expect(desk.page.locator("main.instead")).to_be_visible()
    desk.press("Escape")
    desk.seen()
    assert desk.parameter("page") is None

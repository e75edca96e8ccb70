"""Review: pictures are decided about by keyboard only, one by one or side by side, and nothing is waited for."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Route, expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

pytestmark = [pytest.mark.browser, pytest.mark.motion]


def scores(served: Served) -> list[int]:
    return [one.score for one in served.library.pictures(OWNER)]


def review(desk: Desk) -> Locator:
    return desk.page.get_by_role("dialog", name="Review")


def at(desk: Desk) -> str:
    return review(desk).locator(".at").inner_text()


def names(desk: Desk) -> list[str]:
    """Of the pictures shown, left to right."""
    return [one.strip() for one in review(desk).locator(".cap > .cut").all_inner_texts()]


def scales(desk: Desk) -> list[float]:
    """How large each picture is drawn, against its pane."""
    found: list[float] = (
        review(desk)
        .locator(".pane")
        .evaluate_all(
            "panes => panes.map(one => one.querySelector('.pic').getBoundingClientRect().width / one.clientWidth)"
        )
    )
    return [round(one, 3) for one in found]


def begin(desk: Desk, panes: int) -> None:
    desk.page.evaluate("panes => localStorage.setItem('pixlstash.panes', panes)", panes)
    desk.press("v")
    expect(review(desk)).to_be_visible()


@pytest.fixture
def table(sit: Sit, served: Served) -> Desk:
    desk = sit(served).go()
    desk.focus(0)
    return desk


def test_scores_go_on_by_themselves_and_wait_for_nothing(table: Desk, served: Served) -> None:
    begin(table, 1)
    held: list[Route] = []
    holding = True
    table.page.route("**/pictures/score", lambda route: held.append(route) if holding else route.continue_())
    for n, key in enumerate("543"):
        assert at(table) == f"{n + 1} of {gallery.PAINTED}"
        table.press(key)
    assert at(table) == f"4 of {gallery.PAINTED}"
    table.until(lambda: held)
    assert set(scores(served)) == {0}  # not one is answered, and three are decided
    holding = False
    held[0].continue_()
    table.becomes(lambda: scores(served)[:4], [5, 4, 3, 0])
    expect(review(table).get_by_text("3 scored")).to_be_visible()
    table.press("ArrowLeft")
    expect(review(table).locator(".cap .stars").first).to_have_attribute("style", "--s: 3;")
    table.press("Escape")
    expect(review(table)).to_be_hidden()
    assert [table.stars(index) for index in range(4)] == [5, 4, 3, 0]
    table.becomes(lambda: table.cursor, 2)


def test_undo_takes_back_and_goes_back(table: Desk, served: Served) -> None:
    begin(table, 1)
    table.press("5", "x", "2")
    table.becomes(lambda: scores(served)[:2], [5, 2])  # the second is in the scrapheap
    expect(review(table).get_by_text("2 scored · 1 thrown away")).to_be_visible()
    table.press("Control+z")
    table.becomes(lambda: at(table), f"3 of {gallery.PAINTED}")
    table.press("Control+z")
    table.becomes(lambda: at(table), f"2 of {gallery.PAINTED}")
    expect(review(table).get_by_text("scrapheap", exact=True).first).to_be_hidden()
    table.becomes(lambda: scores(served)[:3], [5, 0, 0])
    table.press("Control+z")
    table.becomes(lambda: at(table), f"1 of {gallery.PAINTED}")
    table.becomes(lambda: set(scores(served)), {0})
    assert len(scores(served)) == gallery.PAINTED


def test_what_is_thrown_away_keeps_its_place_until_the_end(table: Desk, served: Served) -> None:
    ids = [one["id"] for one in table.tiles()]
    begin(table, 1)
    table.press("x", "Delete")
    assert at(table) == f"3 of {gallery.PAINTED}"
    table.press("Home")
    assert at(table) == f"1 of {gallery.PAINTED}"
    expect(review(table).locator(".cap", has_text="scrapheap")).to_be_visible()
    table.press("x")  # out of it again
    table.becomes(lambda: [one.id for one in served.library.pictures(OWNER, "is:scrapheap")], [ids[1]])
    table.press("Escape")
    table.becomes(lambda: [one["id"] for one in table.tiles()], [ids[0], *ids[2:]])


def test_side_by_side_the_arrows_choose_and_space_goes_on(table: Desk, served: Served) -> None:
    begin(table, 2)
    assert names(table) == ["paint-015.png", "paint-014.png"]
    current = review(table).locator(".pane[aria-current=true]")
    table.press("ArrowRight")
    expect(current).to_have_attribute("aria-label", "B: paint-014.png")
    table.press("4")  # of the second: on to the next pair
    table.becomes(lambda: names(table), ["paint-013.png", "paint-012.png"])
    expect(current).to_have_attribute("aria-label", "A: paint-013.png")
    table.press("Space")
    table.becomes(lambda: names(table), ["paint-011.png", "paint-010.png"])
    table.press("PageUp", "ArrowLeft")
    table.becomes(lambda: names(table), ["paint-015.png", "paint-014.png"])
    expect(current).to_have_attribute("aria-label", "B: paint-014.png")
    table.becomes(lambda: scores(served)[:3], [0, 4, 0])
    table.press("n")
    table.becomes(lambda: names(table), ["paint-014.png", "paint-013.png", "paint-012.png"])
    table.press("n", "End")
    table.becomes(lambda: at(table), f"{gallery.PAINTED} of {gallery.PAINTED}")
    table.press("3")
    table.says("That was the last of 16")
    table.press("a", "Home", "2")
    table.says("1 picture scored 2")
    assert at(table) == f"1 of {gallery.PAINTED}"


def test_zoom_is_linked_until_it_is_not(table: Desk) -> None:
    begin(table, 2)
    review(table).locator(".original img").nth(1).wait_for(state="attached")
    whole = scales(table)
    table.press("+", "+")
    closer = lambda: {round(one / two, 1) for one, two in zip(scales(table), whole, strict=True)}  # noqa: E731
    table.becomes(closer, {2.4})
    expect(review(table).locator(".lens")).to_be_visible()
    table.press("Space")  # one looks as closely at the next ones
    table.becomes(lambda: names(table), ["paint-013.png", "paint-012.png"])
    assert all(one > 1 for one in scales(table)) or scales(table) != whole
    table.press("Shift+Space", "z")
    table.becomes(lambda: scales(table), whole)
    table.press("l", "+")
    table.becomes(lambda: scales(table)[0] > whole[0], True)
    assert scales(table)[1] == whole[1]


def test_differences_and_nothing_else_are_listed(table: Desk) -> None:
    begin(table, 2)
    rows = review(table).get_by_role("table", name="Differences")
    expect(rows.get_by_role("row").filter(has_text="Steps")).to_contain_text("35")
    expect(rows.get_by_role("row").filter(has_text="Sampler")).to_have_count(0)


def test_a_selection_is_reviewed_and_the_address_restores_it(table: Desk, served: Served) -> None:
    ids = [one["id"] for one in table.tiles()]
    for index in (1, 4, 9):
        table.tile(index).click(modifiers=["Control"])
    table.focus(9)
    table.press("v")
    expect(review(table)).to_be_visible()
    assert at(table) == "1 of 3"
    table.becomes(lambda: len(names(table)), 3)
    chosen = names(table)
    table.press("Shift+n", "Shift+n", "ArrowRight")
    table.becomes(lambda: table.parameter("review"), str(ids[4]))
    table.becomes(lambda: table.parameter("panes"), "1")
    table.page.reload()
    expect(review(table)).to_be_visible()
    table.becomes(lambda: (at(table), names(table)), ("2 of 3", chosen[1:2]))
    table.press("5")
    table.becomes(lambda: [n for n, score in enumerate(scores(served)) if score], [4])
    table.page.go_back()
    expect(review(table)).to_be_hidden()
    table.becomes(lambda: table.stars(4), 5)


def test_it_begins_where_the_reader_is_and_comes_back_there(sit: Sit, large: Served) -> None:
    desk = sit(large).go()
    desk.focus(0)
    desk.press("End")
    desk.becomes(lambda: desk.cursor, gallery.COUNT - 1)
    desk.press("Home", "ArrowRight", "ArrowRight")
    begin(desk, 1)
    assert at(desk) == f"3 of {gallery.COUNT:,}"
    desk.press("ArrowRight")
    desk.becomes(lambda: at(desk), f"4 of {gallery.COUNT:,}")
    desk.until(lambda: desk.parameter("review") is not None)
    desk.page.wait_for_timeout(400)
    desk.page.reload()
    expect(review(desk)).to_be_visible()
    assert at(desk) == f"4 of {gallery.COUNT:,}"
    desk.press("Escape")
    desk.becomes(lambda: desk.cursor, 3)


def test_from_the_viewer_and_back_to_it(table: Desk) -> None:
    table.open(2)
    table.press("v")
    expect(review(table)).to_be_visible()
    assert at(table) == f"3 of {gallery.PAINTED}"
    table.press("Escape")
    expect(table.viewer).to_be_visible()
    expect(review(table)).to_be_hidden()


def test_a_slide_show_runs_to_the_end_and_can_be_stopped(table: Desk) -> None:
    begin(table, 4)
    for _ in range(4):
        table.press(".")
    table.says("1 s each")
    table.press("p")
    table.becomes(lambda: at(table), f"5 of {gallery.PAINTED}")
    table.press("Escape")
    expect(review(table)).to_be_visible()
    expect(review(table).get_by_role("button", name="Slide show")).to_have_attribute("aria-pressed", "false")
    here = at(table)
    table.page.wait_for_timeout(1200)
    assert at(table) == here
    table.press("End", "p")
    expect(review(table).get_by_role("button", name="Slide show")).to_have_attribute("aria-pressed", "true")
    expect(review(table).get_by_role("button", name="Slide show")).to_have_attribute("aria-pressed", "false")


def test_a_score_that_fails_is_taken_back_and_said(table: Desk) -> None:
    begin(table, 1)
    table.guard.expected = ["net::ERR_FAILED"]
    table.page.route("**/pictures/score", lambda route: route.abort())
    table.press("4")
    table.says("1 picture could not be scored 4")
    table.press("ArrowLeft")
    expect(review(table).locator(".cap .stars").first).to_have_attribute("style", "--s: 0;")


def test_its_sheet_shows_its_keys_and_no_others(table: Desk) -> None:
    begin(table, 1)
    table.press("?")
    sheet = table.page.get_by_role("dialog", name="Keys")
    expect(sheet.get_by_text("Zoom together, or each by itself")).to_be_visible()
    expect(sheet.get_by_text("Larger or smaller tiles")).to_have_count(0)
    table.press("5", "Escape")
    expect(sheet).to_be_hidden()
    assert at(table) == f"1 of {gallery.PAINTED}"


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe(sit: Sit, served: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(served, width=width, height=844, color_scheme=theme, reduced_motion="reduce").go()
    desk.focus(0)
    begin(desk, 2)
    desk.press("4", "+")
    desk.says("1 picture scored 4")
    assert axe(desk.page) == []
    assert desk.page.evaluate("document.activeElement.ariaLabel") == "Review"
    desk.press("Tab")
    assert desk.page.evaluate("document.activeElement.closest('.review') !== null")

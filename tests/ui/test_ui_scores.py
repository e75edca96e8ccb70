"""What is done to pictures on the page is done in the library, and can be undone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect
from ui import gallery
from ui.conftest import Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import DeletePictures, Selection

pytestmark = pytest.mark.browser


def scores(served: Served) -> list[int]:
    """Of every picture outside the scrapheap, newest first."""
    return [one.score for one in served.library.pictures(OWNER)]


@pytest.fixture
def table(sit: Sit, served: Served) -> Desk:
    """A tab on a library of this test's own, with the focus on its first picture."""
    desk = sit(served).go()
    desk.focus(0)
    return desk


def test_a_digit_scores_and_zero_clears(table: Desk, served: Served) -> None:
    for key in "12345":
        table.press(key)
        table.becomes(lambda: table.stars(0), int(key))
        table.becomes(lambda: scores(served)[0], int(key))
    table.says("1 picture scored 5")
    table.press("0")
    table.becomes(lambda: table.stars(0), 0)
    table.becomes(lambda: scores(served), [0] * gallery.PAINTED)


def test_stars_are_painted_before_the_server_answers(table: Desk, served: Served) -> None:
    held: list[Route] = []
    table.page.route("**/pictures/score", lambda route: held.append(route))
    table.press("4")
    table.until(lambda: held)
    assert table.stars(0) == 4
    assert scores(served)[0] == 0
    held[0].continue_()
    table.says("1 picture scored 4")
    assert scores(served)[0] == 4


def test_a_score_that_fails_is_taken_back_and_said(table: Desk, served: Served) -> None:
    table.guard.expected = ["net::ERR_FAILED"]
    table.page.route("**/pictures/score", lambda route: route.abort())
    table.press("4")
    table.says("1 picture could not be scored 4")
    table.becomes(lambda: table.stars(0), 0)
    assert scores(served)[0] == 0


def test_a_key_is_about_the_picture_with_the_focus_though_another_answer_comes(table: Desk, served: Served) -> None:
    held: list[Route] = []
    table.page.route("**/views?*", lambda route: held.append(route))
    table.search.fill("paint")
    table.press("Enter")
    table.until(lambda: held)
    table.focus(2)
    held[0].continue_()
    expect(table.page.get_by_role("grid")).to_have_attribute("aria-busy", "false")
    assert table.cursor == 2
    table.press("4")
    table.becomes(lambda: scores(served)[:3], [0, 0, 4])
    table.press("ArrowRight")
    table.becomes(lambda: table.cursor, 3)


def test_shift_scores_and_goes_on(table: Desk, served: Served) -> None:
    table.press("Shift+3", "Shift+5", "Shift+1")
    table.becomes(lambda: table.cursor, 3)
    table.becomes(lambda: scores(served)[:4], [3, 5, 1, 0])
    assert [table.stars(index) for index in range(4)] == [3, 5, 1, 0]


def test_a_selection_is_scored_at_once_and_undone_at_once(table: Desk, served: Served) -> None:
    table.press("Control+a", "2")
    table.says(f"{gallery.PAINTED} pictures scored 2")
    assert set(scores(served)) == {2}
    table.press("Control+z")
    table.becomes(lambda: set(scores(served)), {0})
    table.becomes(lambda: {one["stars"] for one in table.tiles()}, {0})
    table.press("Control+Shift+z")
    table.becomes(lambda: set(scores(served)), {2})
    table.becomes(lambda: {one["stars"] for one in table.tiles()}, {2})


def test_a_slow_undo_does_not_bring_the_stars_back(table: Desk, served: Served) -> None:
    table.press("3")
    table.says("1 picture scored 3")
    held: list[Route] = []
    table.page.route("**/undo", lambda route: held.append(route))
    table.press("Control+z")
    table.until(lambda: held)
    table.page.wait_for_timeout(200)  # enough to read the old score again
    assert table.stars(0) == 0
    held[0].continue_()
    table.becomes(lambda: scores(served)[0], 0)
    table.page.wait_for_timeout(200)
    assert table.stars(0) == 0


def test_a_click_on_the_stars_scores(table: Desk, served: Served) -> None:
    stars = table.tile(1).locator(".stars")
    expect(stars).to_be_hidden()  # where nobody sees them, nobody hits them
    table.tile(1).hover()
    stars.click(position={"x": 13 * 3 - 4, "y": 6})
    table.becomes(lambda: scores(served)[1], 3)
    assert table.stars(1) == 3
    assert table.viewer.count() == 0
    stars.click(position={"x": 13 * 3 - 4, "y": 6})
    table.becomes(lambda: scores(served)[1], 0)


def test_every_star_of_the_bar_scores_the_selection(table: Desk, served: Served) -> None:
    table.press("Space", "Shift+ArrowRight")
    table.page.get_by_role("toolbar", name="Selection").get_by_role("button", name="5 stars").click()
    table.becomes(lambda: scores(served)[:3], [5, 5, 0])


def test_delete_fills_the_scrapheap_and_undo_empties_it(table: Desk, served: Served) -> None:
    ids = [one["id"] for one in table.tiles()]
    table.focus(1)
    table.press("Delete")
    table.becomes(lambda: [one["id"] for one in table.tiles()], [ids[0], *ids[2:]])
    table.says("1 picture moved to the scrapheap")
    assert [one.id for one in served.library.pictures(OWNER, "is:scrapheap")] == [ids[1]]
    table.becomes(lambda: table.cursor, 1)
    table.press("Control+z")
    table.becomes(lambda: [one["id"] for one in table.tiles()], ids)
    table.becomes(lambda: served.library.pictures(OWNER, "is:scrapheap"), [])


def test_the_scrapheap_is_a_view_to_restore_from(table: Desk, served: Served) -> None:
    ids = [one["id"] for one in table.tiles()]
    table.press("Space", "Shift+ArrowRight", "Shift+ArrowRight", "Delete")
    table.says("3 pictures moved to the scrapheap")
    place = table.page.get_by_role("treeitem", name="Scrapheap")
    expect(place).to_contain_text("3")
    place.click()
    table.becomes(lambda: [one["id"] for one in table.tiles()], ids[:3])
    assert table.parameter("q") == "is:scrapheap"
    table.focus(1)
    table.press("Delete")
    table.says("1 picture taken out of the scrapheap")
    table.becomes(lambda: [one["id"] for one in table.tiles()], [ids[0], ids[2]])
    assert [one.id for one in served.library.pictures(OWNER)] == [ids[1], *ids[3:]]
    table.press("Control+a")
    table.page.get_by_role("button", name="Restore").click()
    expect(table.page.get_by_role("heading", name="The scrapheap is empty")).to_be_visible()
    table.page.get_by_role("button", name="All pictures").click()
    table.becomes(lambda: [one["id"] for one in table.tiles()], ids)


def test_best_score_first(table: Desk, served: Served) -> None:
    table.press("ArrowRight", "3", "ArrowRight", "5")
    table.becomes(lambda: scores(served)[:3], [0, 3, 5])
    table.page.get_by_role("button", name="Newest").click()
    table.page.get_by_role("menuitemradio", name="Best score").click()
    table.becomes(lambda: [one["stars"] for one in table.tiles()][:3], [5, 3, 0])
    best = served.library.pictures(OWNER, "", "-score")
    assert [one["id"] for one in table.tiles()] == [one.id for one in best]
    assert len(best) == gallery.PAINTED


def test_history_lists_it_and_takes_it_back(table: Desk, served: Served) -> None:
    table.press("4")
    table.says("1 picture scored 4")
    table.page.get_by_role("button", name="More").click()
    table.page.get_by_role("menuitem", name="History").click()
    panel = table.page.get_by_role("dialog", name="History")
    expect(panel.get_by_role("listitem").first).to_contain_text("1 picture scored 4")
    panel.get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("listitem").first).to_contain_text("undone")
    assert scores(served)[0] == 0
    table.becomes(lambda: table.stars(0), 0)


def test_history_goes_back_beyond_what_was_removed_for_good(table: Desk, served: Served) -> None:
    table.press("4")
    table.says("1 picture scored 4")
    last = [served.library.pictures(OWNER, "", "created", limit=1)[0].id]
    served.library.delete(OWNER, DeletePictures(ids=last))
    served.library.purge(OWNER, Selection(ids=last))
    table.page.get_by_role("button", name="More").click()
    table.page.get_by_role("menuitem", name="History").click()
    panel = table.page.get_by_role("dialog", name="History")
    expect(panel.get_by_role("listitem").first).to_contain_text("1 picture permanently deleted · cannot be undone")
    panel.get_by_role("button", name="Undo").click()
    expect(panel.get_by_role("listitem").nth(2)).to_contain_text("undone")
    assert 4 not in scores(served)
    table.says("Passed over, as their pictures were permanently deleted: 1 picture moved to the scrapheap")
    expect(panel.get_by_role("button", name="Undo")).to_be_disabled()
    expect(panel.get_by_role("button", name="Redo")).to_be_enabled()


def test_keys_without_a_picture_say_so(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.page.mouse.move(5, 5)
    desk.press("4")
    desk.says("Choose a picture first")
    assert set(scores(served)) == {0}

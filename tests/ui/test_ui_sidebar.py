"""The sidebar: going about, combining, ordering by keyboard, menu and drag and drop."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import Create, EditSet, Selection

pytestmark = pytest.mark.browser


def row(desk: Desk, name: str) -> Locator:
    return desk.page.get_by_role("treeitem", name=name).first


def counts(desk: Desk) -> dict[str, str]:
    """What the rows say, by name."""
    rows = desk.page.get_by_role("tree").get_by_role("treeitem").all_inner_texts()
    words = [one.split("\n") for one in rows]
    return {one[0]: one[-1] if len(one) > 1 else "" for one in words}


def names(desk: Desk) -> list[str]:
    return list(counts(desk))


def shown(desk: Desk) -> set[int]:
    return {one["id"] for one in desk.tiles()}


def members(served: Served, set: int) -> list[int]:
    return served.library.set_members(OWNER, set).ids


# --- going about ------------------------------------------------------------------------------------------------------


def test_everything_is_there_with_its_count(sit: Sit, ordered: Served, axe: Axe) -> None:
    desk = sit(ordered).go()
    desk.becomes(lambda: counts(desk).get("Harbour"), "4")
    assert names(desk)[:4] == ["Browse", "All pictures", "Snapshots", "Scrapheap"]
    found = counts(desk)
    assert {name: found[name] for name in ("All pictures", "Ann", "Norway", "Calendar", "Prints")} == {
        "All pictures": "16",
        "Ann": "3",
        "Norway": "3",
        "Calendar": "4",
        "Prints": "0",
    }
    assert found["to sort"] == "16"
    assert found["Trips"] == "", "no set is called so: it is only a name"
    assert axe(desk.page) == []


def test_a_click_shows_it_and_the_address_says_so(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    row(desk, "Harbour").click()
    desk.becomes(lambda: shown(desk), {1, 2, 3, 4})
    assert desk.parameter("q") == "set:1"
    expect(row(desk, "Harbour")).to_have_attribute("aria-selected", "true")
    row(desk, "to sort").click()
    desk.becomes(lambda: desk.parameter("q"), 'query:"to sort"')
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED)
    desk.page.go_back()
    desk.becomes(lambda: shown(desk), {1, 2, 3, 4})
    row(desk, "All pictures").click()
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED)


def test_a_page_does_not_inherit_the_query_behind_it(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/?q=set%3A1")
    desk.page.get_by_role("treeitem", name="Suggested tags").click()
    whereabouts = desk.page.get_by_role("navigation", name="Whereabouts").first
    expect(whereabouts.locator("[aria-current=page]")).to_have_text("Suggested tags")
    expect(desk.page.get_by_role("button", name="Filters")).to_have_count(0)  # there is nothing on the table
    assert desk.page.url == f"{desk.url}/?page=suggested"
    expect(whereabouts).not_to_contain_text("Harbour")
    expect(desk.page).to_have_title(re.compile("^Suggested tags"))
    expect(desk.search).to_have_attribute("placeholder", re.compile("^Search:"))
    desk.page.reload()  # the way back survives that
    desk.page.get_by_role("button", name="Close").click()
    expect(whereabouts.get_by_role("heading")).to_have_text("Harbour")
    assert desk.page.url == f"{desk.url}/?q=set:1"
    expect(desk.page.get_by_role("button", name="Filters")).to_be_visible()
    desk.seen()
    assert len(desk.tiles()) == 4
    desk.page.go_back()  # to the page
    expect(whereabouts.locator("[aria-current=page]")).to_have_text("Suggested tags")
    expect(whereabouts).not_to_contain_text("Harbour")
    desk.page.go_back()  # to the view it was opened from
    expect(whereabouts.get_by_role("heading")).to_have_text("Harbour")
    desk.page.get_by_role("treeitem", name="Duplicates").click()
    whereabouts.get_by_role("link", name="All pictures").click()
    desk.becomes(lambda: desk.page.url, f"{desk.url}/")
    desk.becomes(lambda: len(desk.tiles()), 16)


def test_what_is_searched_on_a_page_is_searched_everywhere(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/?q=set:1")
    desk.page.get_by_role("treeitem", name="Duplicates").click()
    expect(desk.page.get_by_role("button", name="Save as a query")).to_have_count(0)
    desk.search.fill("name:paint")
    desk.press("Enter")
    desk.becomes(lambda: desk.parameter("q"), "name:paint")
    desk.becomes(lambda: len(desk.tiles()), 16)
    desk.page.get_by_role("treeitem", name="Duplicates").click()
    desk.search.fill("name:paint")  # the very query behind the page
    desk.press("Enter")
    desk.becomes(lambda: desk.parameter("page"), None)
    desk.becomes(lambda: desk.parameter("q"), "name:paint")


def test_crumbs_lead_from_project_to_set_and_back_up(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/?q=set:1")
    crumbs = desk.page.get_by_role("navigation", name="Whereabouts").first
    expect(crumbs).to_contain_text("Calendar")
    desk.becomes(lambda: crumbs.inner_text().split(), ["All", "Calendar", "Harbour", "4"])
    crumbs.get_by_role("link", name="Calendar").click()
    desk.becomes(lambda: desk.parameter("q"), "project:1")
    row(desk, "Norway").click()
    expect(crumbs).to_contain_text("Norway")
    desk.becomes(lambda: crumbs.inner_text().split(), ["All", "Trips", "Norway", "3"])
    crumbs.get_by_role("link", name="All").click()
    desk.becomes(lambda: desk.parameter("q"), None)


def test_arrows_enter_and_folding(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    row(desk, "All pictures").focus()
    desk.press(*["ArrowDown"] * 11, "Enter")  # past the other rows of the library, and the saved query
    desk.becomes(lambda: shown(desk), {4, 5, 6})
    expect(row(desk, "Ann")).to_be_focused()
    desk.press("ArrowLeft", "ArrowLeft")
    expect(row(desk, "Characters")).to_have_attribute("aria-expanded", "false")
    assert "Ann" not in names(desk)
    desk.page.reload()
    desk.seen()
    desk.until(lambda: "Harbour" in names(desk))
    assert "Ann" not in names(desk), "folding is remembered"
    row(desk, "Characters").focus()
    desk.press("ArrowRight", "ArrowRight")
    expect(row(desk, "Ann")).to_be_focused()
    desk.press("End")
    desk.becomes(lambda: desk.page.evaluate("document.activeElement.dataset.key"), 'folder:"Library files"')
    assert desk.chosen == []


def test_a_filter_finds_by_a_part_of_the_name(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    desk.page.get_by_role("button", name="Filter this list").click()
    desk.page.keyboard.type("norw")
    desk.becomes(lambda: names(desk), ["Sets", "Trips", "Norway"])
    desk.press("Enter")
    desk.becomes(lambda: shown(desk), {3, 4, 5})
    expect(row(desk, "Norway")).to_be_focused()


# --- several at once --------------------------------------------------------------------------------------------------


def operations(desk: Desk) -> dict[str, str]:
    words = desk.page.get_by_role("group", name="Operation").get_by_role("button").all_inner_texts()
    return dict(one.split("\n") if "\n" in one else (one, "") for one in words)


def test_ctrl_click_combines_with_live_counts(sit: Sit, ordered: Served, axe: Axe) -> None:
    desk = sit(ordered).go("/?q=set:1")
    row(desk, "Norway").click(modifiers=["Control"])
    row(desk, "Ann").click(modifiers=["Control"])
    desk.becomes(lambda: operations(desk), {"union": "6", "overlap": "1", "difference": "2", "unique": "3"})
    assert desk.parameter("q") == "union(set:1, set:2, character:1)"
    desk.page.get_by_role("button", name="unique").click()
    desk.becomes(lambda: shown(desk), {1, 2, 6})
    desk.page.get_by_role("button", name="difference").click()
    desk.becomes(lambda: shown(desk), {1, 2})
    expect(row(desk, "Harbour")).to_contain_text("base")
    assert axe(desk.page) == []
    bar = desk.page.get_by_role("toolbar", name="Combine")
    bar.get_by_role("button", name="Harbour", exact=True).click()
    desk.page.get_by_role("menuitemradio", name="Ann").click()
    desk.becomes(lambda: shown(desk), {6})
    assert desk.parameter("q") == "difference(character:1, set:1, set:2)"
    desk.becomes(lambda: operations(desk)["difference"], "1")
    bar.get_by_role("group", name="Norway").drag_to(bar.get_by_role("button", name="Ann", exact=True))
    desk.becomes(lambda: desk.parameter("q"), "difference(set:2, character:1, set:1)")
    bar.get_by_role("button", name="Leave out Harbour").click()
    desk.becomes(lambda: desk.parameter("q"), "difference(set:2, character:1)")


def test_at_1024_all_of_it_is_within_reach(sit: Sit, ordered: Served) -> None:
    """However long the names are: crumbs leave room for the search, and what is combined for what saves it."""
    library = ordered.library
    for n in range(1, 3):
        library.edit_set(OWNER, n, EditSet(name=f"Journeys of the year/Norway and Sweden/The harbour of number {n}"))
    desk = sit(ordered, width=1024, height=768).go("/?q=set:1")
    box = desk.search.bounding_box()
    assert box and box["width"] > 60, box
    desk.go("/?q=union(set:1, set:2, character:1)")
    bar = desk.page.get_by_role("toolbar", name="Combine")
    expect(bar.get_by_role("group", name="The harbour of number 2")).to_contain_text("The harbour of number 2")
    expect(bar).not_to_contain_text("Journeys")
    save = bar.get_by_role("button", name="Save as a query").bounding_box()
    assert save and save["x"] + save["width"] <= 1024, save


def test_space_combines_and_the_rest_of_the_query_stays(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/?q=set:1+lighthouse")
    row(desk, "Norway").focus()
    desk.press("Space")
    desk.becomes(lambda: desk.parameter("q"), "union(set:1, set:2) lighthouse")
    desk.press("Space")
    desk.becomes(lambda: desk.parameter("q"), "set:1 lighthouse")
    assert desk.chosen == [], "the key is the row's, not the pictures'"


def test_what_is_combined_is_saved_and_saved_again(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/?q=union(set:1,+set:2)")
    desk.page.get_by_role("button", name="Save as a query").click()
    expect(desk.page.get_by_role("dialog").get_by_role("combobox")).to_be_focused()
    desk.page.keyboard.type("north")
    desk.press("Enter")
    desk.says("Query north saved")
    desk.becomes(lambda: desk.parameter("q"), "query:north")
    desk.becomes(lambda: shown(desk), {1, 2, 3, 4, 5})
    assert ordered.library.queries(OWNER)[-1].text == "union(set:1, set:2)"
    assert "north" in names(desk)


# --- making and changing ----------------------------------------------------------------------------------------------


def test_a_set_is_made_renamed_and_deleted_by_keyboard(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    desk.guard.expected = ["status of 409"]
    row(desk, "Harbour").focus()
    desk.press("Insert")
    desk.page.keyboard.type("Botany/Macro")
    desk.press("Enter")
    desk.says("Set Botany/Macro made")
    expect(row(desk, "Macro")).to_be_focused()
    assert names(desk)[names(desk).index("Sets") :][1:3] == ["Botany", "Macro"]
    desk.press("F2")
    desk.page.keyboard.type("Harbour")
    desk.press("Enter")
    desk.says("There is a set called Harbour already")
    desk.press("F2")
    desk.page.keyboard.type("Moss")
    desk.press("Enter")
    desk.says("renamed to Moss")
    expect(row(desk, "Moss")).to_be_focused()
    desk.press("Delete")
    desk.says("Set Moss deleted")
    desk.until(lambda: "Moss" not in names(desk))
    assert [one.name for one in ordered.library.sets(OWNER)] == ["Harbour", "Trips/Norway"]
    assert len(shown(desk)) == gallery.PAINTED, "no picture was deleted by that key"
    desk.press("Control+z")
    desk.until(lambda: "Moss" in names(desk))


def test_nothing_is_made_without_a_name(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    desk.page.get_by_role("button", name="New in Projects").click()
    desk.page.keyboard.type("   ")
    desk.press("Enter")
    desk.page.get_by_role("button", name="New in Projects").click()
    desk.page.keyboard.type("Nonsense")
    desk.press("Escape")
    expect(row(desk, "Projects")).to_be_focused()
    assert [one.name for one in ordered.library.projects(OWNER)] == ["Calendar", "Prints"]


def test_colour_icon_note_and_lock(sit: Sit, ordered: Served, axe: Axe) -> None:
    desk = sit(ordered).go()
    row(desk, "Harbour").click(button="right")
    desk.page.get_by_role("menuitem", name="Color, icon and note").click()
    dialog = desk.page.get_by_role("dialog", name="Harbour")
    dialog.get_by_role("radio", name="Teal").click()
    dialog.get_by_role("radio", name="anchor").click()
    desk.press("ArrowRight")
    dialog.get_by_label("Note").fill("all boats")
    assert axe(desk.page) == []
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    found = ordered.library.find_set(OWNER, 1)
    assert (found.colour, found.icon, found.note) == ("#2fa08d", "apple", "all boats")
    row(desk, "Harbour").click(button="right")
    desk.page.get_by_role("menuitem", name="Lock").click()
    desk.says("Set Harbour locked")
    expect(row(desk, "Harbour").get_by_role("img", name="locked")).to_be_visible()


def test_characters_may_be_called_people(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    row(desk, "Characters").click(button="right")
    desk.page.get_by_role("menuitemradio", name="Call them People").click()
    desk.until(lambda: "People" in names(desk))
    desk.page.reload()
    desk.seen()
    desk.until(lambda: "People" in names(desk))


def test_what_is_shown_and_then_deleted_leaves_no_dead_end(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/?q=set:1")
    row(desk, "Harbour").focus()
    desk.press("Delete")
    desk.says("Set Harbour deleted")
    desk.becomes(lambda: desk.parameter("q"), None)
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED)


def test_an_open_query_keeps_its_address_when_renamed(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/?q=query:%22to+sort%22")
    row(desk, "to sort").focus()
    desk.press("F2")
    desk.page.keyboard.type("without stars")
    desk.press("Enter")
    desk.becomes(lambda: desk.parameter("q"), 'query:"without stars"')
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED)


# --- where pictures belong --------------------------------------------------------------------------------------------


def test_pictures_are_dropped_on_a_set(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    desk.tile(0).click(modifiers=["Control"])
    desk.tile(2).click(modifiers=["Control"])
    desk.tile(2).drag_to(row(desk, "Harbour"))
    desk.says("2 pictures added to Harbour")
    desk.becomes(lambda: members(ordered, 1), [1, 2, 3, 4, 14, 16])
    desk.becomes(lambda: counts(desk)["Harbour"], "6")
    desk.tile(5).drag_to(row(desk, "Ann"))  # not chosen: it goes alone
    desk.says("1 picture shows Ann")
    desk.press("Control+z")
    desk.says("undone")
    desk.becomes(lambda: ordered.library.character_members(OWNER, 1).ids, [4, 5, 6])


def test_nothing_lands_on_a_locked_set(sit: Sit, ordered: Served) -> None:
    ordered.library.edit_set(OWNER, 1, EditSet(locked=True))
    desk = sit(ordered).go()
    expect(row(desk, "Harbour").get_by_role("img", name="locked")).to_be_visible()
    desk.tile(0).drag_to(row(desk, "Harbour"))
    desk.page.wait_for_timeout(100)
    assert desk.page.locator(".toast").count() == 0
    assert members(ordered, 1) == [1, 2, 3, 4]


def test_pictures_are_dropped_on_the_scrapheap_and_back(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    desk.tile(0).drag_to(row(desk, "Scrapheap"))
    desk.says("1 picture")
    desk.becomes(lambda: len(shown(desk)), gallery.PAINTED - 1)
    row(desk, "Scrapheap").click()
    desk.becomes(lambda: shown(desk), {16})
    desk.tile(0).drag_to(row(desk, "All pictures"))
    desk.becomes(lambda: ordered.library.info(OWNER).scrapheap, 0)


def test_all_of_a_large_view_moves_to_a_project_and_out_again(sit: Sit, large: Served) -> None:
    """Whatever the number of pictures, a request names the view and its ranges: ids of all would not fit one day."""
    library = large.library
    project = library.create_project(OWNER, Create(name="Prints")).id
    desk = sit(large).go()
    bodies: list[str] = []
    desk.page.on("request", lambda one: bodies.extend([one.post_data or ""] * ("/projects/" in one.url)))
    desk.focus(0)
    desk.press("Control+a", "p")
    picker = desk.page.get_by_role("dialog")
    expect(picker.get_by_role("option", name="Prints")).to_be_visible()
    desk.press("Enter")
    desk.says(f"{gallery.COUNT:,} pictures moved to Prints")
    assert len(library.project_members(OWNER, project).ids) == gallery.COUNT
    desk.press("p")
    expect(picker.get_by_role("option", name="Prints")).to_be_visible()
    desk.press("Shift+Enter")
    desk.says("taken out of Prints")
    assert library.project_members(OWNER, project).ids == []
    assert len(bodies) == 2 and all('"ranges"' in one and len(one) < 300 for one in bodies)


def test_a_set_dropped_on_a_project_says_what_moved_and_what_stayed(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered, height=1000).go()  # both rows are in sight
    row(desk, "Harbour").drag_to(row(desk, "Prints"))
    desk.says("Harbour moved to Prints: 4 pictures came, 2 left elsewhere, 2 stayed elsewhere as well")
    desk.becomes(
        lambda: {one.name: one.sets for one in ordered.library.projects(OWNER)}, {"Calendar": [], "Prints": [1]}
    )
    desk.page.keyboard.down("Control")
    row(desk, "Ann").drag_to(row(desk, "Calendar"))
    desk.page.keyboard.up("Control")
    desk.says("Ann added to Calendar")


def test_the_same_by_keyboard(sit: Sit, ordered: Served, axe: Axe) -> None:
    desk = sit(ordered).go()
    row(desk, "Norway").focus()
    desk.press("p")
    box = desk.page.get_by_role("dialog").get_by_role("combobox")
    expect(box).to_be_focused()
    assert axe(desk.page) == []
    desk.page.keyboard.type("pri")
    desk.press("Enter")
    desk.says("Trips/Norway moved to Prints: 3 pictures came")
    expect(row(desk, "Norway")).to_be_focused()
    desk.focus(0)
    desk.press("s")
    desk.page.keyboard.type("norw")
    desk.press("Enter")
    desk.says("1 picture added to Trips/Norway")
    desk.press("s", "Shift+Enter")  # the one used last comes first
    desk.says("1 picture taken out of Trips/Norway")
    assert members(ordered, 2) == [3, 4, 5]
    desk.press("c")
    desk.page.keyboard.type("Bo")
    desk.press("Enter")
    desk.says("1 picture shows Bo")
    assert ordered.library.character_members(OWNER, 2).ids == [16]


def test_pictures_taken_out_of_the_set_that_is_shown_leave(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/?q=set:1")
    desk.tile(0).click(button="right")
    desk.pick("More", "Remove from Harbour")
    desk.becomes(lambda: len(shown(desk)), 3)
    desk.press("Control+z")
    desk.becomes(lambda: shown(desk), {1, 2, 3, 4})
    desk.becomes(lambda: members(ordered, 1), [1, 2, 3, 4])


def test_another_tab_is_heard_of(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    desk.until(lambda: "Harbour" in names(desk))
    ordered.library.add_to_set(OWNER, 1, Selection(ids=[9, 10]))
    desk.becomes(lambda: counts(desk)["Harbour"], "6")


def test_on_a_phone_it_is_a_drawer(sit: Sit, ordered: Served, axe: Axe) -> None:
    desk = sit(ordered, width=390, height=844, is_mobile=True, has_touch=True).go()
    desk.page.get_by_role("button", name="Library").tap()
    drawer = desk.page.get_by_role("dialog", name="Library")
    expect(drawer.get_by_role("treeitem", name="Harbour")).to_be_visible()
    assert axe(desk.page) == []
    drawer.get_by_role("treeitem", name="Harbour").tap()
    desk.becomes(lambda: shown(desk), {1, 2, 3, 4})
    expect(drawer).to_have_count(0)
    crumbs = desk.page.get_by_role("navigation", name="Whereabouts").locator("visible=true")
    expect(crumbs).to_contain_text("Harbour")
    assert axe(desk.page) == []
    desk.page.get_by_role("button", name="Library").tap()
    desk.press("Escape")
    expect(drawer).to_have_count(0)

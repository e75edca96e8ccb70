"""Restoring what is chosen, the library as it was, and one picture through all snapshots, in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import Desk
from ui.test_ui_snapshots import points, take, visit
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags, DeletePictures, EditSet, ScorePictures, Selection

pytestmark = pytest.mark.browser


def index(desk: Desk, id: int) -> int:
    return next(int(one["index"]) for one in desk.tiles() if one["id"] == id)


def choose(desk: Desk, *ids: int) -> None:
    """Choose pictures, and ask what they were."""
    for id in ids:
        desk.tile(index(desk, id)).click(modifiers=["Control"])
    desk.page.get_by_role("toolbar", name="Selection").get_by_role("button", name="More").click()
    desk.pick("More", "Restore from a snapshot")


def changes(desk: Desk) -> Locator:
    return desk.page.get_by_role("table", name="What would change of what is chosen")


def test_the_page_of_snapshots_is_about_the_selection_however_it_is_opened(sit: Sit, served: Served) -> None:
    ids = sorted((one.id for one in served.library.pictures(OWNER)), reverse=True)
    take(served)
    served.library.score(OWNER, ScorePictures(ids=ids[:3], score=5))
    desk = sit(served).go()
    page = desk.page.get_by_role("main", name="Snapshots")
    chosen = page.get_by_role("region", name=re.compile("^Only the"))
    for index in (0, 1):
        desk.tile(index).click(modifiers=["Control"])
    desk.page.get_by_role("treeitem", name="Snapshots").click()
    expect(chosen).to_contain_text("Only the 2 selected pictures")
    expect(chosen).to_contain_text("2 of 2 differ")
    chosen.get_by_role("button", name="Nothing chosen").click()
    expect(chosen).to_have_count(0)
    desk.press("Escape")
    desk.tile(2).click(modifiers=["Control"])
    desk.page.get_by_role("treeitem", name="Snapshots").focus()
    desk.press("Enter")
    expect(chosen).to_contain_text("Only the 3 selected pictures")
    desk.press("Escape", "Escape")
    desk.becomes(lambda: desk.chosen, [])
    desk.page.get_by_role("treeitem", name="Snapshots").click()
    expect(page.get_by_role("region", name="What changed since")).to_be_visible()
    expect(chosen).to_have_count(0)  # nothing is left of what was chosen before


def test_chosen_pictures_and_nothing_else(sit: Sit, ordered: Served, axe: Axe) -> None:
    library = ordered.library
    library.score(OWNER, ScorePictures(ids=[1, 2, 3], score=3))
    take(ordered)
    library.score(OWNER, ScorePictures(ids=[1, 2, 3], score=5))
    library.add_tags(OWNER, AddTags(ids=[1], tags=["keeper"]))
    desk = sit(ordered).go()
    choose(desk, 1, 2, 9)
    expect(desk.page.get_by_role("region", name="Only the 3 selected pictures")).to_contain_text("2 of 3 differ")
    rows = changes(desk).locator("tbody tr")
    expect(rows).to_have_count(3)
    score = rows.filter(has_text="score").first
    expect(score.get_by_role("img", name="5 stars")).to_be_visible()
    expect(score.get_by_role("img", name="3 stars")).to_be_visible()
    expect(rows.filter(has_text="tags")).to_contain_text("keeper")
    assert axe(desk.page) == []
    changes(desk).get_by_role("checkbox", name="tags").uncheck()
    expect(changes(desk).get_by_role("checkbox", name="All changes")).to_be_checked(indeterminate=True)
    desk.page.get_by_role("button", name="Restore 2 changes").click()
    desk.says("2 changes restored")
    assert [library.picture(OWNER, id).score for id in (1, 2, 3)] == [3, 3, 5]
    assert [tag.name for tag in library.picture_tags(OWNER, 1)] == ["keeper"], "a row that was not ticked"
    expect(rows).to_have_count(1)
    desk.page.locator(".toast").get_by_role("button", name="Undo").click()
    desk.says("undone")
    assert [library.picture(OWNER, id).score for id in (1, 2, 3)] == [5, 5, 5]
    expect(rows).to_have_count(3)


def test_a_set_that_is_gone_is_asked_for(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    take(ordered)
    library.delete_set(OWNER, 2)
    desk = sit(ordered).go()
    desk.guard.expected = ["409"]
    choose(desk, 3)
    expect(changes(desk)).to_contain_text("Trips/Norway")
    expect(desk.page.get_by_text("does not exist any more")).to_be_visible()
    go = desk.page.get_by_role("button", name="Restore 1 change")
    go.click()
    too = desk.page.get_by_role("checkbox", name="Restore it too")
    expect(desk.page.get_by_role("alert").filter(has_text="leave out the rows")).to_be_visible()
    expect(too).to_be_focused()
    assert {one.name for one in library.sidebar(OWNER).sets} == {"Harbour"}
    desk.press("Space")
    go.click()
    desk.says("1 change restored")
    made = next(one for one in library.sidebar(OWNER).sets if one.name == "Trips/Norway")
    assert library.set_members(OWNER, made.id).ids == [3], "with nothing else that was in it"
    expect(desk.page.get_by_role("treeitem", name="Norway")).to_be_visible()


def test_a_set_from_the_sidebar(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    take(ordered)
    library.take_from_set(OWNER, 1, Selection(ids=[1, 2]))
    library.edit_set(OWNER, 1, EditSet(name="Port"))
    library.score(OWNER, ScorePictures(ids=[1], score=5))
    desk = sit(ordered).go()
    desk.page.get_by_role("treeitem", name="Port").click(button="right")
    desk.page.get_by_role("menuitem", name="Restore from a snapshot").click()
    expect(desk.page.get_by_role("region", name="Only the set Port")).to_be_visible()
    expect(changes(desk)).to_contain_text("Harbour")
    desk.page.get_by_role("button", name="Restore 1 change").click()
    desk.says("1 change restored")
    assert library.set_members(OWNER, 1).ids == [1, 2, 3, 4]
    assert library.picture(OWNER, 1).score == 5, "what else is said of its pictures stays"
    expect(desk.page.get_by_role("treeitem", name="Harbour")).to_be_visible()
    desk.page.get_by_role("button", name="Nothing chosen").click()
    expect(desk.page.get_by_role("region", name="What changed since")).to_be_visible()


def test_what_came_later_stays(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    take(ordered)
    gallery.add(library, 40, 1)
    library.score(OWNER, ScorePictures(ids=[1, 17], score=5))
    desk = sit(ordered).go()
    choose(desk, 1, 17)
    expect(desk.page.get_by_text("1 of them was not there yet")).to_be_visible()
    desk.page.get_by_role("button", name="Restore 1 change").click()
    desk.says("1 change restored")
    assert [library.picture(OWNER, id).score for id in (1, 17)] == [0, 5]


def test_the_library_as_it_was(sit: Sit, ordered: Served, axe: Axe) -> None:
    library = ordered.library
    library.score(OWNER, ScorePictures(ids=[1], score=2))
    taken = take(ordered, "before")
    library.score(OWNER, ScorePictures(ids=[1, 2], score=5))
    library.delete(OWNER, DeletePictures(ids=[3]))
    library.delete_set(OWNER, 2)
    desk = visit(sit(ordered))
    desk.page.get_by_role("link", name="Browse as of then").click()
    bar = desk.page.get_by_role("status").filter(has_text="The library as it was on")
    expect(bar).to_contain_text("before")
    desk.seen()
    assert desk.parameter("asof") == str(taken.id)
    stars = {one["id"]: one["stars"] for one in desk.tiles()}
    assert len(stars) == 16 and (stars[1], stars[2]) == (2, 0)
    expect(desk.page.get_by_role("treeitem", name="Norway")).to_be_visible()
    assert axe(desk.page) == []
    # It can be searched and looked at, and nothing else.
    desk.focus(index(desk, 1))
    desk.press("5", "Delete", "t")
    desk.search.fill("score:2")
    desk.press("Enter")
    desk.until(lambda: [one["id"] for one in desk.tiles()] == [1])
    assert desk.parameter("asof") == str(taken.id)
    desk.open(0)
    expect(bar).to_be_visible()
    assert library.picture(OWNER, 1).score == 5 and library.info(OWNER).pictures == 15
    desk.page.reload()
    desk.developed()
    expect(bar).to_be_visible()
    desk.press("Escape")
    desk.seen()
    expect(desk.page.get_by_role("treeitem", name="Snapshots")).to_have_count(0)
    bar.get_by_role("link", name="Back to now").click()
    desk.page.wait_for_url(lambda url: "asof" not in url)
    expect(bar).to_have_count(0)
    desk.go("/")
    assert {one["id"]: one["stars"] for one in desk.tiles()}[2] == 5


def test_a_snapshot_that_is_gone_has_a_way_out(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered)
    desk.guard.expected = ["404"]
    desk.page.goto(f"{desk.url}/?asof=99")
    bar = desk.page.get_by_role("status").filter(has=desk.page.get_by_role("link", name="Back to now"))
    expect(bar).to_contain_text("There is no such snapshot.")
    bar.get_by_role("link", name="Back to now").click()
    desk.seen()


def test_one_picture_through_snapshots(sit: Sit, ordered: Served, axe: Axe) -> None:
    library = ordered.library
    take(ordered)
    library.score(OWNER, ScorePictures(ids=[1], score=3))
    second = take(ordered)
    library.add_tags(OWNER, AddTags(ids=[1], tags=["keeper"]))
    desk = sit(ordered).go()
    desk.open(index(desk, 1))
    panel = desk.page.get_by_role("complementary", name="About this picture")
    if not panel.count():
        desk.press("i")
    fold = panel.get_by_role("button", name="Through snapshots")
    expect(fold).to_have_attribute("aria-expanded", "false")
    fold.click()
    moments = panel.get_by_role("list", name="Through snapshots").get_by_role("listitem")
    expect(moments.filter(has_text="score 3")).to_have_count(1)
    expect(moments.last).to_contain_text("+ keeper")
    assert axe(desk.page) == []
    desk.press("Escape")
    choose(desk, 1)
    card = desk.page.get_by_role("region", name="The picture through snapshots")
    expect(card.get_by_role("listitem").filter(has_text="score 3")).to_have_attribute("aria-current", "true")
    points(desk).first.click()
    expect(card.get_by_role("listitem").filter(has_text="score 3")).not_to_have_attribute("aria-current", "true")
    assert second.id == 2


def test_what_is_chosen_in_the_past_is_brought_back(sit: Sit, ordered: Served, axe: Axe) -> None:
    library = ordered.library
    library.score(OWNER, ScorePictures(ids=[1, 2, 3], score=2))
    taken = take(ordered)
    library.score(OWNER, ScorePictures(ids=[1, 2, 3], score=5))
    library.delete(OWNER, DeletePictures(ids=[2]))
    desk = sit(ordered).go(f"/?asof={taken.id}")
    banner = desk.page.get_by_role("status").filter(has_text="The library as it was on")
    desk.press("Control+z")
    desk.says("There is nothing to undo")
    assert library.picture(OWNER, 3).score == 5, "what was done before is not seen from here, nor taken back"
    for id in (1, 2):
        desk.tile(index(desk, id)).click(modifiers=["Control"])
    desk.press("r")
    dialog = desk.page.get_by_role("dialog", name="Restore from")
    expect(dialog.get_by_role("region", name="Only the 2 selected pictures")).to_contain_text("2 of 2 differ")
    expect(changes(desk)).to_contain_text("in the scrapheap")
    expect(banner).to_be_visible()
    assert axe(desk.page) == []
    assert library.picture(OWNER, 1).score == 5, "looked at, and nothing more"
    dialog.get_by_role("button", name="Restore 3 changes").click()
    desk.says("3 changes restored")
    expect(dialog).to_have_count(0)
    expect(banner).to_be_visible()
    assert [library.picture(OWNER, id).score for id in (1, 2, 3)] == [2, 2, 5]
    assert library.picture(OWNER, 2).deleted is None
    desk.page.locator(".toast").get_by_role("button", name="Undo").click()
    desk.says("undone")
    assert [library.picture(OWNER, id).score for id in (1, 2, 3)] == [5, 5, 5]
    desk.press("Control+z")
    desk.says("There is nothing to undo")
    desk.press("Control+Shift+z")
    desk.becomes(lambda: [library.picture(OWNER, id).score for id in (1, 2, 3)], [2, 2, 5])


def test_a_view_of_the_past_is_brought_back_by_the_menus(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    taken = take(ordered)
    library.score(OWNER, ScorePictures(ids=[1, 3, 9], score=4))
    library.take_from_set(OWNER, 1, Selection(ids=[1, 2]))
    desk = sit(ordered).go(f"/?asof={taken.id}&q=set:Harbour")
    assert sorted(one["id"] for one in desk.tiles()) == [1, 2, 3, 4], "as it was"
    desk.page.get_by_role("button", name="More").click()
    desk.page.get_by_role("menuitem", name="Restore all of this view").click()
    expect(desk.page.get_by_role("region", name="Only the 4 selected pictures")).to_contain_text("3 of 4 differ")
    desk.page.get_by_role("button", name="Restore 4 changes").click()
    desk.says("4 changes restored")
    assert [library.picture(OWNER, id).score for id in (1, 3, 9)] == [0, 0, 4]
    assert library.set_members(OWNER, 1).ids == [1, 2, 3, 4]
    library.edit_set(OWNER, 1, EditSet(name="Port"))
    desk.page.get_by_role("treeitem", name="Harbour").click(button="right")
    desk.page.get_by_role("menuitem", name="Restore this").click()
    desk.page.get_by_role("button", name="Restore 1 change").click()
    desk.says("1 change restored")
    assert {one.name for one in library.sidebar(OWNER).sets} == {"Harbour", "Trips/Norway"}
    desk.tile(0).click(button="right")
    desk.pick("More", "Restore this")
    expect(desk.page.get_by_text("Nothing about the selected picture differs")).to_be_visible()
    desk.press("Escape")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_one_picture_of_the_past_is_brought_back(sit: Sit, ordered: Served, width: int) -> None:
    library = ordered.library
    taken = take(ordered)
    library.score(OWNER, ScorePictures(ids=[1], score=5))
    desk = sit(ordered, width=width).go(f"/?asof={taken.id}")
    desk.open(index(desk, 1))
    button = desk.page.get_by_role("button", name="Restore…")
    expect(button).to_be_visible()
    desk.press("r")
    expect(changes(desk).locator("tbody tr").filter(has_text="score")).to_have_count(1)
    desk.page.get_by_role("button", name="Restore 1 change").press("Enter")
    desk.says("1 change restored")
    assert library.picture(OWNER, 1).score == 0
    expect(desk.viewer).to_be_visible()
    desk.press("Control+z")
    desk.says("undone")
    assert library.picture(OWNER, 1).score == 5


@pytest.mark.parametrize("past", [False, True])
def test_a_moment_of_a_picture_is_brought_back(sit: Sit, ordered: Served, past: bool) -> None:
    library = ordered.library
    first = take(ordered)
    library.score(OWNER, ScorePictures(ids=[1], score=3))
    take(ordered)
    library.score(OWNER, ScorePictures(ids=[1], score=5))
    desk = sit(ordered).go(f"/?asof={first.id}" if past else "/")
    desk.open(index(desk, 1))
    panel = desk.page.get_by_role("complementary", name="About this picture")
    if not panel.count():
        desk.press("i")
    panel.get_by_role("button", name="Through snapshots").click()
    moments = panel.get_by_role("list", name="Through snapshots").get_by_role("listitem")
    expect(moments.first).to_have_attribute("aria-current", "true") if past else None
    expect(moments.last.get_by_role("button")).to_have_count(0)
    moments.filter(has_text="score 3").get_by_role("button", name="Restore it from").click()
    expect(changes(desk).get_by_role("img", name="3 stars")).to_be_visible()
    desk.page.get_by_role("button", name="Restore 1 change").click()
    desk.says("1 change restored")
    assert library.picture(OWNER, 1).score == 3, "the score by the second"
    expect(moments.last).to_contain_text("as before")
    desk.press("Control+z")
    desk.says("undone")
    assert library.picture(OWNER, 1).score == 5


def test_what_was_removed_for_good_is_told_of(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    taken = take(ordered)
    library.score(OWNER, ScorePictures(ids=[1, 2], score=5))
    library.delete(OWNER, DeletePictures(ids=[2]))
    library.purge(OWNER, Selection(ids=[2]))
    desk = sit(ordered)
    desk.guard.expected = ["404"]  # its thumbnail
    desk.page.goto(f"{desk.url}/?asof={taken.id}")
    for id in (1, 2):
        desk.until(lambda id=id: [one for one in desk.tiles() if one["id"] == id])
        desk.tile(index(desk, id)).click(modifiers=["Control"])
    desk.press("r")
    expect(desk.page.get_by_text("1 of them was permanently deleted since, and does not come back")).to_be_visible()
    desk.page.get_by_role("button", name="Restore 1 change").click()
    desk.says("1 change restored")
    assert library.picture(OWNER, 1).score == 0 and library.info(OWNER).pictures == 15

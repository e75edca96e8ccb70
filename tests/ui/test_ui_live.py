"""What happens elsewhere: imports, other tabs, a server that forgets, stops and comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect
from ui import gallery
from ui.conftest import Close, Sit, close
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.library import Library
from pixlstash_core.query import views
from pixlstash_core.types import DeletePictures, ImportPaths, ScorePictures
from pixlstash_web.server import running

pytestmark = [pytest.mark.browser, pytest.mark.motion]


def ids(desk: Desk) -> list[int]:
    return [one["id"] for one in desk.tiles()]


def test_the_order_is_frozen_until_one_asks(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.focus(3)
    before = ids(desk)
    new = gallery.add(served.library, 100, 3)
    pill = desk.page.locator(".pill")
    expect(pill).to_contain_text("3 new")
    assert ids(desk) == before
    gallery.add(served.library, 103, 1)
    expect(pill).to_contain_text("4 new")
    pill.get_by_role("button", name="Show").click()
    desk.becomes(lambda: len(ids(desk)), gallery.PAINTED + 4)
    assert ids(desk)[1:4] == new[::-1]
    assert desk.on_screen()[0]["index"] == 0
    expect(pill).to_have_count(0)


def test_an_empty_library_fills_by_itself(sit: Sit, empty: Served, tmp_path: Path) -> None:
    desk = sit(empty)
    desk.page.goto(empty.url)
    expect(desk.page.get_by_role("heading", name="Where are your pictures?")).to_be_visible()
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number}.png").write_bytes(gallery.paint(number))
    empty.library.import_paths(OWNER, ImportPaths([str(folder)]))
    desk.until(lambda: desk.tiles())
    desk.becomes(lambda: desk.grid.get_attribute("aria-label"), "30 pictures")
    desk.seen()
    assert [one["id"] for one in desk.tiles()] == [one.id for one in empty.library.pictures(OWNER)][: len(desk.tiles())]


def test_a_folder_is_named_on_the_empty_page(sit: Sit, empty: Served, tmp_path: Path) -> None:
    desk = sit(empty)
    desk.guard.expected = ["status of 4"]
    desk.page.goto(empty.url)
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "one.png").write_bytes(gallery.paint(1))
    desk.page.get_by_role("button", name="Index a folder").click()
    field = desk.page.get_by_label("Folder on the machine that runs PixlStash")
    field.fill(str(tmp_path / "nowhere"))
    desk.press("Enter")
    expect(desk.page.get_by_role("alert")).to_contain_text("nowhere")
    field.fill(str(folder))
    desk.press("Enter")
    desk.becomes(lambda: len(desk.tiles()), 1)
    assert [one.read_only for one in empty.library.info(OWNER).stores if one.name == "pictures"] == [True]


def test_scores_given_elsewhere_appear(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    before = ids(desk)
    served.library.score(OWNER, ScorePictures(score=4, ids=before[2:4]))
    desk.becomes(lambda: [desk.stars(index) for index in range(5)], [0, 0, 4, 4, 0])
    served.library.delete(OWNER, DeletePictures(ids=before[:1]))
    expect(desk.page.locator(".pill")).to_contain_text("1 changed")
    assert ids(desk) == before


def test_two_tabs_agree(sit: Sit, served: Served) -> None:
    one = sit(served).go()
    other = Desk(one.page.context.new_page(), one.url, one.guard).go()
    other.focus(0)
    other.press("5")
    one.becomes(lambda: one.stars(0), 5)
    other.press("Control+z")
    one.becomes(lambda: one.stars(0), 0)


def test_a_view_the_server_forgot_is_asked_for_again(sit: Sit, large: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = sit(large).go()
    desk.guard.expected = ["status of 410"]
    desk.tile(2).click(modifiers=["Control"])
    chosen = desk.tiles()[2]["id"]
    forget(large, monkeypatch)
    desk.page.mouse.move(600, 400)
    for _ in range(20):
        desk.page.mouse.wheel(0, 3000)
    desk.press("End")
    listed = [one.id for one in large.library.pictures(OWNER, limit=gallery.COUNT)]
    desk.until(lambda: ids(desk)[-1] == listed[-1])
    desk.seen()
    assert desk.selected == "1 selected"
    forget(large, monkeypatch)
    desk.press("4")
    desk.says("1 picture scored 4")
    assert large.library.picture(OWNER, chosen).score == 4


def test_who_goes_on_while_it_is_asked_for_again_stays_there(
    sit: Sit, large: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = sit(large).go()
    desk.guard.expected = ["status of 410"]
    held: list[Route] = []
    desk.page.route("**/views?*", lambda route: route.continue_() if held else held.append(route))
    forget(large, monkeypatch)
    desk.page.mouse.move(600, 400)
    desk.drawn()
    for _ in range(10):
        desk.page.mouse.wheel(0, 3000)
    desk.until(lambda: held)
    answer = held[0].fetch()
    desk.press("End")
    held[0].fulfill(response=answer)
    listed = [one.id for one in large.library.pictures(OWNER, limit=gallery.COUNT)]
    desk.until(lambda: ids(desk)[-1] == listed[-1])
    desk.becomes(lambda: desk.cursor, gallery.COUNT - 1)


def test_the_focus_follows_to_a_tile_that_is_drawn_later(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.focus(0)
    desk.page.set_viewport_size({"width": 60, "height": 760})  # no room for a single tile
    desk.becomes(lambda: desk.tiles(), [])
    desk.press("End", "End")
    assert desk.cursor == -1
    desk.page.set_viewport_size({"width": 1200, "height": 760})
    desk.becomes(lambda: desk.cursor, gallery.PAINTED - 1)


def test_the_focus_stays_where_the_reader_moved_it_before_the_tile_was_drawn(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.focus(0)
    desk.page.set_viewport_size({"width": 60, "height": 760})
    desk.becomes(lambda: desk.tiles(), [])
    desk.press("End", "End", "/")
    expect(desk.search).to_be_focused()
    desk.page.set_viewport_size({"width": 1200, "height": 760})
    desk.seen()
    expect(desk.search).to_be_focused()


def test_the_focus_moves_on_when_another_answer_lacks_its_picture(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    assert desk.tiles()[0]["id"] not in (4, 5, 6)
    held: list[Route] = []
    desk.page.route("**/views?*", lambda route: held.append(route))
    desk.press("/")
    desk.page.keyboard.type("character:Ann")
    desk.press("Escape")
    desk.until(lambda: held)
    desk.becomes(lambda: desk.cursor, 0)
    for route in held:
        route.continue_()
    desk.becomes(lambda: sorted(ids(desk)), [4, 5, 6])
    desk.becomes(lambda: desk.cursor, 0)


def forget(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the server drop every view, as it does after ten idle minutes."""
    with monkeypatch.context() as patched:
        patched.setattr(views, "IDLE", -1)
        served.library.views.drop_idle()


def test_a_server_that_stops_and_comes_back(sit: Sit, few: Path, tmp_path: Path, tabs: list[Close]) -> None:
    shutil.copytree(few, tmp_path / "copy")
    with Library.open(tmp_path / "copy") as library:
        with running(library) as url:
            served = Served(library, url)
            desk = sit(served).go()
            desk.focus(0)
        desk.guard.expected = ["net::ERR_", "status of 5"]
        bar = desk.page.get_by_role("alert").filter(has_text="The server cannot be reached")
        expect(bar).to_be_visible()
        assert len(desk.tiles()) == gallery.PAINTED, "what is here stays"
        desk.press("5")
        desk.says("could not be scored 5")
        desk.becomes(lambda: desk.stars(0), 0)
        with running(library, port=int(url.rpartition(":")[2])):
            expect(bar).to_have_count(0, timeout=15_000)
            desk.press("5")
            desk.says("1 picture scored 5")
            gallery.add(library, 100, 1)
            expect(desk.page.locator(".pill")).to_contain_text("1 new", timeout=15_000)
            close(tabs)

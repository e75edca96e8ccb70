"""The table: exactly the library, exactly in rows, with its pictures on it."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.desk import Desk
from web.conftest import OWNER, Served

pytestmark = [pytest.mark.browser, pytest.mark.motion]
GAP = 4


def ids_of(served: Served, q: str = "", sort: str | None = None) -> list[int]:
    """What the grid must show, as the core lists it."""
    return [one.id for one in served.library.pictures(OWNER, q, sort, limit=100_000)]


def test_it_holds_the_library_exactly(desk: Desk, shown: Served) -> None:
    expect(desk.grid).to_have_accessible_name(f"{gallery.COUNT:,} pictures")
    expect(desk.page.get_by_role("treeitem", name="All pictures")).to_contain_text(f"{gallery.COUNT:,}")
    ids = ids_of(shown)
    assert len(ids) == gallery.COUNT
    tiles = desk.tiles()
    assert [one["id"] for one in tiles] == ids[: len(tiles)]


def test_end_shows_the_last_picture_and_home_the_first(desk: Desk, shown: Served) -> None:
    ids = ids_of(shown)
    desk.press("End")
    desk.becomes(lambda: desk.cursor, gallery.COUNT - 1)
    desk.seen()
    last = desk.on_screen()
    assert [one["id"] for one in last] == ids[-len(last) :]
    box = desk.frame
    assert abs(last[-1]["top"] + last[-1]["height"] + GAP - box["y"] - box["height"]) <= 1
    desk.page.wait_for_timeout(150)
    assert desk.cursor == gallery.COUNT - 1, "the focus stays when the block of the last pictures arrives"
    desk.press("Home")
    desk.becomes(lambda: desk.cursor, 0)
    desk.seen()
    first = desk.on_screen()
    assert [one["id"] for one in first] == ids[: len(first)]
    assert abs(first[0]["top"] - GAP - box["y"]) <= 1


def test_rows_fill_the_width_with_even_gutters(desk: Desk) -> None:
    rows = [list(row) for _, row in itertools.groupby(desk.tiles(), key=lambda one: one["top"])]
    assert len(rows) > 3
    left, right = rows[0][0]["left"], rows[0][-1]["left"] + rows[0][-1]["width"]
    for row in rows:
        assert len({one["height"] for one in row}) == 1
        assert row[0]["left"] == pytest.approx(left, abs=0.1)
        assert row[-1]["left"] + row[-1]["width"] == pytest.approx(right, abs=0.1)
        for one, other in itertools.pairwise(row):
            assert other["left"] - one["left"] - one["width"] == pytest.approx(GAP, abs=0.1)
    for row, below in itertools.pairwise(rows):
        assert below[0]["top"] - row[0]["top"] - row[0]["height"] == pytest.approx(GAP, abs=0.1)
    natural = desk.page.evaluate(
        """() => [...document.querySelectorAll('.tile > img')].map(
             one => [one.width / one.height, one.naturalWidth / one.naturalHeight])"""
    )
    assert all(drawn == pytest.approx(true, rel=0.04) for drawn, true in natural), "hardly anything is cut off"


def test_squares_are_square_and_stay_after_a_reload(desk: Desk) -> None:
    desk.page.get_by_role("button", name="Show squares").click()
    desk.until(desk.square)
    desk.page.reload()
    desk.seen()
    assert desk.square()
    desk.page.get_by_role("button", name="Show justified rows").click()
    desk.until(lambda: len({round(one["width"]) for one in desk.tiles()}) > 2)


def test_the_size_of_tiles_is_remembered(desk: Desk) -> None:
    slider = desk.page.get_by_role("slider", name="Size of the tiles")
    before = desk.tiles()[0]["height"]
    slider.fill("120")
    desk.until(lambda: desk.tiles()[0]["height"] < before - 40)
    small = desk.tiles()[0]["height"]
    desk.page.reload()
    desk.seen()
    assert desk.tiles()[0]["height"] == small
    page = desk.page.context.new_page()
    page.set_viewport_size({"width": 1200, "height": 760})
    tab = Desk(page, desk.url, desk.guard).go("/")  # without it in the address
    assert tab.tiles()[0]["height"] == small
    tab.page.close()


def test_flung_over_and_stopped_the_pictures_come(desk: Desk) -> None:
    box = desk.frame
    desk.page.mouse.move(box["x"] + 200, box["y"] + 200)
    for _ in range(12):
        desk.page.mouse.wheel(0, 4000)
    desk.until(lambda: desk.tiles()[0]["index"] > 100)
    desk.page.wait_for_timeout(200)
    desk.seen()
    assert len(desk.tiles()) < 200, "only what is near the screen is in the page"


def test_wheel_moves_by_as_much_as_it_turns(desk: Desk) -> None:
    box = desk.frame
    desk.page.mouse.move(box["x"] + 200, box["y"] + 200)
    before = {one["id"]: one["top"] for one in desk.tiles()}
    desk.drawn()
    desk.page.mouse.wheel(0, 300)
    desk.until(lambda: [one for one in desk.tiles() if before.get(one["id"], one["top"]) != one["top"]])
    desk.page.wait_for_timeout(200)
    shared = [one for one in desk.tiles() if one["id"] in before]
    assert {round(before[one["id"]] - one["top"]) for one in shared} == {300}


def test_the_scrubber_goes_anywhere(desk: Desk, shown: Served) -> None:
    bar = desk.page.locator(".scrub")
    box = bar.bounding_box()
    assert box is not None
    desk.page.mouse.click(box["x"] + 30, box["y"] + box["height"] / 2)
    desk.until(lambda: desk.tiles()[0]["index"] > 800)
    desk.seen()
    tiles = desk.on_screen()
    assert [one["id"] for one in tiles] == ids_of(shown)[tiles[0]["index"] :][: len(tiles)]
    assert abs(tiles[0]["index"] - gallery.COUNT / 2) < gallery.COUNT / 10


def test_the_scrubber_names_what_lies_where_at_once(desk: Desk, shown: Served) -> None:
    header = shown.library.view(OWNER).header
    starts = {one.label[:4]: one.start / header.count for one in reversed(header.sections)}
    desk.page.locator(".scrub span").first.wait_for()
    marks = desk.page.evaluate(
        "() => [...document.querySelectorAll('.scrub span')].map(one => [one.textContent, parseFloat(one.style.top)])"
    )
    years = {text: top / desk.frame["height"] for text, top in marks if text in starts}
    assert years == {year: pytest.approx(starts[year], abs=0.05) for year in years}
    assert len(years) > 1, "some that lie near each other are left out"
    assert len(marks) > len(years) + 5, "months between them"


def test_an_order_is_chosen_by_its_name(desk: Desk, shown: Served) -> None:
    desk.page.get_by_role("button", name="Newest").click()
    desk.page.get_by_role("menuitemradio", name="Name, Z to A").click()
    ids = ids_of(shown, sort="-name")
    desk.becomes(lambda: desk.tiles()[0]["id"], ids[0])
    tiles = desk.tiles()
    assert [one["id"] for one in tiles] == ids[: len(tiles)]
    assert desk.parameter("sort") == "-name"

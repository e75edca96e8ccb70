"""The filters: they read and write the text of the search box, count what each choice would leave, by keyboard too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags, Create, ScorePictures, Selection

pytestmark = pytest.mark.browser
FIRST, SECOND, _ = gallery.MODELS


@pytest.fixture
def ids(served: Served) -> list[int]:
    """Pictures, the newest first: five have four stars, the next two have two; some are tagged, and in sets."""
    library = served.library
    found = [one.id for one in library.pictures(OWNER)]
    library.score(OWNER, ScorePictures(ids=found[:5], score=4))
    library.score(OWNER, ScorePictures(ids=found[5:7], score=2))
    library.add_tags(OWNER, AddTags(ids=found[:3], tags=["sea"]))
    for name, some in (("Harbour", found[:4]), ("Lights", found[2:6])):
        library.add_to_set(OWNER, library.create_set(OWNER, Create(name=name)).id, Selection(ids=some))
    return found


@pytest.fixture
def filtered(sit: Sit, served: Served, ids: list[int]) -> Desk:
    """A tab whose filters are open."""
    desk = sit(served).go()
    desk.focus(0)
    desk.press("f")
    expect(panel(desk)).to_be_focused()
    return desk


def panel(desk: Desk) -> Locator:
    return desk.page.get_by_role("tabpanel", name="Filters")


def button(desk: Desk, name: str) -> Locator:
    return panel(desk).get_by_role("button", name=name, exact=True)


def stars(desk: Desk, least: str) -> Locator:
    return panel(desk).get_by_role("group", name="Score").get_by_role("button", name=least)


def state(desk: Desk, label: str, way: str) -> Locator:
    return panel(desk).get_by_role("radiogroup", name=label).get_by_label(way)


def asked(desk: Desk, text: str | None) -> None:
    """Wait for a query in the address."""
    desk.becomes(lambda: desk.parameter("q"), text)


def test_what_was_typed_is_the_choice_that_stands_there(filtered: Desk, served: Served) -> None:
    """And not one beside it."""
    kind = served.library.pictures(OWNER)[0].format
    filtered.search.fill(f"format:{kind.upper()}")
    filtered.search.press("Enter")
    filtered.focus(0)
    if not panel(filtered).is_visible():
        filtered.press("f")
    chips = panel(filtered).get_by_role("group", name="Format").get_by_role("button", name=kind)
    some = served.library.count(OWNER, f"format:{kind}").total
    expect(chips.filter(has_text=str(some))).to_have_attribute("aria-pressed", "true")
    expect(chips).to_have_count(1)
    chips.click()
    asked(filtered, None)


def test_a_score_is_set_counted_and_lifted(filtered: Desk, served: Served) -> None:
    four = stars(filtered, "4+")
    expect(four).to_contain_text("5")
    expect(stars(filtered, "2+")).to_contain_text("7")
    expect(stars(filtered, "none")).to_contain_text("9")
    four.click()
    asked(filtered, "score:>=4")
    filtered.becomes(lambda: len(filtered.tiles()), 5)
    expect(four).to_have_attribute("aria-pressed", "true")
    expect(stars(filtered, "none")).to_contain_text("9")  # as if no score were asked for
    expect(panel(filtered).get_by_role("status")).to_have_text("5 pictures")
    expect(filtered.page.get_by_role("button", name="Filters 1 set")).to_be_visible()
    stars(filtered, "none").click()
    asked(filtered, "score:0")
    button(filtered, "Remove score:0").click()
    asked(filtered, None)


def test_what_is_typed_is_what_is_shown(filtered: Desk, served: Served) -> None:
    filtered.search.fill(f'model:="{FIRST}" score:>=2 megapixels:<=3 created:2024-02 is:tagged -tag:night')
    filtered.search.press("Enter")
    expect(stars(filtered, "2+")).to_have_attribute("aria-pressed", "true")
    expect(panel(filtered).get_by_label("Pixels to")).to_have_value("3")
    expect(panel(filtered).get_by_label("Pixels from")).to_have_value("")
    expect(panel(filtered).get_by_label("Day from")).to_have_value("2024-02-01")
    expect(panel(filtered).get_by_label("Day to")).to_have_value("2024-02-29")
    expect(state(filtered, "Tagged", "yes")).to_be_checked()
    expect(button(filtered, "night: must not be there")).to_be_visible()
    expect(button(filtered, FIRST)).to_have_attribute("aria-pressed", "true")
    button(filtered, "Clear all").click()
    asked(filtered, None)


def test_values_are_alternatives_and_say_what_each_would_leave(filtered: Desk, served: Served) -> None:
    models = panel(filtered).get_by_role("group", name="Models")
    panel(filtered).locator("summary", has_text="Models").click()
    models.get_by_role("button", name=re.compile(FIRST)).click()
    asked(filtered, f"model:={FIRST}")
    other = models.get_by_role("button", name=re.compile(SECOND))
    expect(other).to_contain_text(str(served.library.count(OWNER, f"model:={SECOND}").total))
    other.click()
    both = f"(model:={FIRST} OR model:={SECOND})"
    asked(filtered, both)
    filtered.becomes(lambda: len(filtered.tiles()), served.library.count(OWNER, both).total)
    models.get_by_role("button", name=re.compile(FIRST)).click()
    asked(filtered, f"model:={SECOND}")


def test_words_and_orders_stay_as_they_are(filtered: Desk) -> None:
    filtered.search.fill("lighthouse OR river sort:name")
    filtered.search.press("Enter")
    asked(filtered, "lighthouse OR river sort:name")
    stars(filtered, "4+").click()
    asked(filtered, "(lighthouse OR river) score:>=4 sort:name")
    filtered.becomes(lambda: len(filtered.tiles()), 5)


def test_tags_must_be_there_or_must_not(filtered: Desk, served: Served) -> None:
    field = panel(filtered).get_by_role("combobox", name="Tags: find")
    field.click()
    field.press_sequentially("se")
    expect(panel(filtered).get_by_role("option", name="sea 3")).to_be_visible()
    field.press("Enter")
    asked(filtered, "tag:=sea")
    filtered.becomes(lambda: len(filtered.tiles()), 3)
    expect(field).to_be_focused()
    button(filtered, "sea: must be there").click()
    asked(filtered, "-tag:=sea")
    filtered.becomes(lambda: len(filtered.tiles()), gallery.PAINTED - 3)
    button(filtered, "sea: must not be there").click()
    asked(filtered, "tag:=sea")
    button(filtered, "Remove sea").click()
    asked(filtered, None)


def test_in_sets_in_others_not_and_in_none(filtered: Desk, served: Served) -> None:
    field = panel(filtered).get_by_role("combobox", name="Belongs to: find")
    for name in ("harb", "ligh"):
        field.click()
        field.press_sequentially(name)
        field.press("Enter")
    harbour, lights = (one.id for one in served.library.sets(OWNER))
    asked(filtered, f"set:{harbour} set:{lights}")
    filtered.becomes(lambda: len(filtered.tiles()), 2)
    button(filtered, "Lights: must be there").click()
    asked(filtered, f"set:{harbour} -set:{lights}")
    filtered.becomes(lambda: len(filtered.tiles()), 2)
    button(filtered, "Remove Lights").first.click()
    button(filtered, "Remove Harbour").first.click()
    asked(filtered, None)
    state(filtered, "Belongs somewhere", "no").click()
    asked(filtered, "in:none")
    filtered.becomes(lambda: len(filtered.tiles()), gallery.PAINTED - 6)
    state(filtered, "Belongs somewhere", "yes").click()
    asked(filtered, "in:any")


def test_numbers_and_days(filtered: Desk, served: Served) -> None:
    low, high = (panel(filtered).get_by_label(f"File {end}") for end in ("from", "to"))
    low.fill("0.001")
    low.press("Tab")
    asked(filtered, "size:>=1000")
    high.fill("2.5")
    high.press("Enter")
    asked(filtered, "size:1000..2500000")
    button(filtered, "7 days").click()
    asked(filtered, "size:1000..2500000 created:7d")
    panel(filtered).get_by_label("Day from").fill("2026-05-03")
    panel(filtered).get_by_label("Day from").press("Tab")
    asked(filtered, "size:1000..2500000 created:>=2026-05-03")
    low.fill("")
    low.press("Tab")
    high.fill("")
    high.press("Tab")
    asked(filtered, "created:>=2026-05-03")


def test_by_keyboard_alone_and_no_key_reaches_a_picture(filtered: Desk, served: Served) -> None:
    stars(filtered, "4+").focus()
    filtered.press("Space")
    asked(filtered, "score:>=4")
    filtered.becomes(lambda: len(filtered.tiles()), 5)
    expect(stars(filtered, "4+")).to_be_focused()
    filtered.press("5", "Delete", "t")
    state(filtered, "Tagged", "any").focus()
    filtered.press("ArrowRight")
    asked(filtered, "score:>=4 is:tagged")
    filtered.becomes(lambda: len(filtered.tiles()), 3)
    filtered.press("Escape")
    expect(panel(filtered)).to_be_hidden()
    filtered.becomes(lambda: filtered.cursor, 0)
    assert served.library.count(OWNER, "score:5").total == 0
    assert served.library.count(OWNER, "is:scrapheap").total == 0


def test_they_dock_beside_the_grid_and_stay_while_it_is_used(filtered: Desk) -> None:
    box = panel(filtered).bounding_box()
    assert box and all(tile["left"] + tile["width"] <= box["x"] for tile in filtered.tiles())
    filtered.tile(0).click(modifiers=["Control"])
    assert filtered.chosen == [0]
    expect(panel(filtered)).to_be_visible()
    filtered.page.reload()
    filtered.seen()
    expect(panel(filtered)).to_be_visible()
    expect(panel(filtered)).not_to_be_focused()  # nobody opened them just now
    filtered.focus(1)
    filtered.press("f")
    expect(panel(filtered)).to_be_hidden()
    filtered.becomes(lambda: filtered.cursor, 1)


def test_keys_open_close_and_change_to_the_statistics(filtered: Desk) -> None:
    toggle = filtered.page.get_by_role("button", name="Filters")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    filtered.press("g")
    expect(panel(filtered)).to_be_hidden()
    expect(filtered.page.get_by_role("tabpanel", name="Statistics")).to_be_visible()
    expect(toggle).to_have_attribute("aria-expanded", "false")
    filtered.press("f")
    expect(panel(filtered)).to_be_focused()
    filtered.press("f")
    expect(panel(filtered)).to_be_hidden()
    filtered.becomes(lambda: filtered.cursor, 0)
    toggle.click()
    expect(panel(filtered)).to_be_focused()
    filtered.press("Escape")
    expect(panel(filtered)).to_be_hidden()
    filtered.becomes(lambda: filtered.cursor, 0)


def test_on_a_phone_they_are_a_sheet(sit: Sit, served: Served, ids: list[int]) -> None:
    desk = sit(served, width=390, height=844).go()
    desk.page.get_by_role("button", name="Filters").click()
    stars(desk, "4+").click()
    desk.becomes(lambda: len(desk.tiles()), 5)
    desk.page.mouse.click(20, 400)  # beside the sheet
    expect(panel(desk)).to_be_hidden()
    assert desk.parameter("q") == "score:>=4"


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (1440, "light"), (390, "light"), (390, "dark")])
def test_axe(sit: Sit, served: Served, ids: list[int], axe: Axe, width: int, theme: str) -> None:
    desk = sit(served, width=width, height=844, color_scheme=theme, reduced_motion="reduce").go()
    desk.page.get_by_role("button", name="Filters").click()
    stars(desk, "4+").click()
    state(desk, "Tagged", "yes").click()
    panel(desk).locator("summary", has_text="Models").click()
    desk.becomes(lambda: len(desk.tiles()), 3)
    expect(panel(desk).get_by_role("status")).to_have_text("3 pictures")
    assert axe(desk.page) == []
    box = panel(desk).bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= 844


@pytest.mark.parametrize("width", [390, 660, 920, 1060])
def test_the_search_box_keeps_its_room_beside_them(sit: Sit, served: Served, width: int) -> None:
    desk = sit(served, width=width).go()
    box = desk.search.bounding_box()
    assert box and box["width"] >= 90

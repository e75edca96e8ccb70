"""Finding: by words, by facts, and out of a query that finds nothing or cannot be read."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags

pytestmark = pytest.mark.browser


def found(served: Served, q: str) -> list[int]:
    return [one.id for one in served.library.pictures(OWNER, q, limit=100_000)]


def shown_ids(desk: Desk) -> list[int]:
    return [one["id"] for one in desk.tiles()]


def test_what_is_typed_is_found(desk: Desk, shown: Served) -> None:
    desk.press("/")
    desk.page.keyboard.type("model:flux1-dev lighthouse")
    ids = found(shown, "model:flux1-dev lighthouse")
    assert 1 < len(ids) < gallery.PAINTED
    desk.becomes(lambda: shown_ids(desk), ids)
    desk.press("Enter")
    expect(desk.search).not_to_be_focused()
    expect(desk.page.get_by_role("button", name="Remove the filter model:flux1-dev")).to_be_visible()
    assert desk.parameter("q") == "model:flux1-dev lighthouse"
    desk.page.get_by_role("button", name="Remove the filter model:flux1-dev").click()
    desk.becomes(lambda: desk.parameter("q"), "lighthouse")
    desk.page.get_by_role("button", name="Clear the search").click()
    desk.becomes(lambda: desk.grid.get_attribute("aria-label"), f"{gallery.COUNT:,} pictures")


def test_typing_is_one_step_back(desk: Desk) -> None:
    desk.press("/")
    desk.page.keyboard.type("seed:3")
    desk.press("Enter")
    desk.becomes(lambda: len(desk.tiles()), 1)
    desk.page.go_back()
    desk.becomes(lambda: desk.grid.get_attribute("aria-label"), f"{gallery.COUNT:,} pictures")
    assert desk.parameter("q") is None
    assert desk.search.input_value() == ""
    desk.page.go_forward()
    desk.becomes(lambda: len(desk.tiles()), 1)


def test_an_error_is_shown_where_it_is(desk: Desk, shown: Served) -> None:
    desk.guard.expected = ["status of 400"]
    before = shown_ids(desk)
    desk.press("/")
    desk.page.keyboard.insert_text("model:flux1-dev score:>>4")  # at once: nothing is searched on the way
    desk.press("Enter")
    problem = desk.page.get_by_role("alert")
    expect(problem).to_contain_text("expected a number after score:")
    expect(problem.locator("mark")).to_have_text(">")
    assert problem.locator("code").inner_text() == "model:flux1-dev score:>>4"
    assert desk.page.evaluate("document.querySelector('mark').previousSibling.data") == "model:flux1-dev score:"
    assert shown_ids(desk) == before, "what was there stays"
    desk.press("/", "Backspace")  # takes the last chip back into the box
    assert desk.search.input_value() == "score:>>4"
    desk.press("Control+a")
    desk.page.keyboard.type("score:0")
    desk.press("Enter")
    expect(problem).to_have_count(0)
    desk.becomes(lambda: shown_ids(desk), found(shown, "model:flux1-dev score:0"))


def test_no_results_names_the_filter_to_remove(desk: Desk, shown: Served) -> None:
    desk.page.goto(f"{shown.url}/?q=model:flux1-dev+created:2001+lighthouse")
    page = desk.page
    expect(page.get_by_role("heading", name="No pictures match all three filters")).to_be_visible()
    expect(page.get_by_text("created:2001 excludes most")).to_be_visible()
    desk.press("Enter")
    desk.becomes(lambda: shown_ids(desk), found(shown, "model:flux1-dev lighthouse"))
    assert desk.parameter("q") == "model:flux1-dev lighthouse"


def test_a_fact_finds_its_like(desk: Desk, shown: Served) -> None:
    desk.open(0)
    (query,) = [one.query for one in shown.library.picture(OWNER, gallery.COUNT).facts if one.name == "model"]
    assert query is not None
    desk.page.get_by_role("button", name="Model").click()
    desk.becomes(lambda: desk.parameter("q"), query)
    assert desk.viewer.count() == 0
    desk.becomes(lambda: shown_ids(desk), found(shown, query))
    assert 1 < len(shown_ids(desk)) < gallery.PAINTED


def test_a_seed_beyond_what_scripts_can_count_is_found(desk: Desk, shown: Served) -> None:
    """The address and the query keep every digit."""
    desk.page.goto(f"{shown.url}/?q=seed:18446744073709551615")
    expect(desk.page.get_by_role("heading", name="No pictures match seed:18446744073709551615")).to_be_visible()
    assert desk.parameter("q") == "seed:18446744073709551615"


def suggestions(desk: Desk) -> list[str]:
    options = desk.page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    return [one.split("\n")[0] for one in options.all_inner_texts()]


def test_what_is_typed_is_completed(desk: Desk, shown: Served, axe: Axe) -> None:
    desk.press("/")
    desk.page.keyboard.type("lighthouse mod")
    desk.becomes(lambda: suggestions(desk)[:1], ["model:"])
    assert axe(desk.page) == []
    desk.press("Tab")
    assert desk.search.input_value() == "lighthouse model:"
    desk.page.keyboard.type("flu")
    desk.becomes(lambda: suggestions(desk), ["model:=flux1-dev"])
    desk.press("ArrowDown", "Enter")
    desk.becomes(lambda: desk.search.input_value(), "lighthouse model:=flux1-dev ")
    desk.press("Enter")
    expect(desk.search).not_to_be_focused()
    desk.becomes(lambda: shown_ids(desk), found(shown, "lighthouse model:=flux1-dev"))
    assert suggestions(desk) == []


def test_on_a_phone_what_completes_it_can_be_read(sit: Sit, shown: Served) -> None:
    desk = sit(shown, width=390, height=844).go()
    desk.search.click()
    desk.search.press_sequentially("model:")
    box = desk.page.get_by_role("listbox", name="Suggestions").bounding_box()
    assert box and box["width"] > 350 and 0 <= box["x"] < 20, box


def test_a_query_is_saved_from_the_box(sit: Sit, served: Served) -> None:
    desk = sit(served).go("/?q=seed:3")
    desk.page.get_by_role("button", name="Save as a query").click()
    desk.page.keyboard.type("the third")
    desk.press("Enter")
    desk.says("Query the third saved")
    desk.becomes(lambda: desk.parameter("q"), 'query:"the third"')
    desk.becomes(lambda: len(desk.tiles()), 1)
    expect(desk.page.get_by_role("button", name="Save as a query")).to_have_count(0)


def test_an_empty_box_offers_examples_and_recent_searches(sit: Sit, served: Served, axe: Axe) -> None:
    desk = sit(served).go()
    desk.press("/")
    desk.becomes(lambda: suggestions(desk), ["score:>=4", "created:30d", "-is:tagged"])
    assert axe(desk.page) == []
    desk.press("Escape")
    expect(desk.search).not_to_be_focused()
    desk.becomes(lambda: suggestions(desk), [])

    for q in ("model:flux1-dev", "seed:3", "model:flux1-dev"):
        desk.press("/", "Control+a")
        desk.page.keyboard.type(q)
        desk.press("Enter")
        desk.becomes(lambda q=q: shown_ids(desk), found(served, q))
        desk.page.get_by_role("button", name="Clear the search").click()
        desk.becomes(lambda: len(shown_ids(desk)), gallery.PAINTED)
    desk.search.click()
    desk.becomes(lambda: suggestions(desk)[:3], ["model:flux1-dev", "seed:3", "score:>=4"])
    desk.press("ArrowDown", "ArrowDown", "Enter")
    desk.becomes(lambda: shown_ids(desk), found(served, "seed:3"))
    expect(desk.search).not_to_be_focused()

    desk.page.reload()
    desk.seen()
    desk.page.get_by_role("button", name="Clear the search").click()
    desk.search.click()
    desk.becomes(lambda: suggestions(desk)[:2], ["seed:3", "model:flux1-dev"])
    desk.page.get_by_role("option", name="-is:tagged").click()
    desk.becomes(lambda: desk.parameter("q"), "-is:tagged")
    desk.page.get_by_role("button", name="Clear the search").click()
    desk.search.click()
    desk.page.get_by_role("option", name="Clear recent searches").click()
    desk.becomes(lambda: suggestions(desk), ["score:>=4", "created:30d", "-is:tagged"])


def test_a_query_that_cannot_be_read_is_not_remembered(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.guard.expected = ["status of 400"]
    desk.press("/")
    desk.page.keyboard.insert_text("score:>>4")
    desk.press("Enter")
    expect(desk.page.get_by_role("alert")).to_be_visible()
    desk.page.get_by_role("button", name="Clear the search").click()
    desk.search.click()
    desk.becomes(lambda: suggestions(desk), ["score:>=4", "created:30d", "-is:tagged"])


def test_a_plain_word_completes_people_sets_projects_models_and_tags(sit: Sit, ordered: Served) -> None:
    ordered.library.add_tags(OWNER, AddTags(ids=[1, 2, 3], tags=["an anchor"]))
    desk = sit(ordered).go()
    desk.press("/")
    asked: list[str] = []
    desk.page.on("request", lambda request: "suggest" in request.url and asked.append(request.url))
    desk.page.keyboard.type("an")
    desk.becomes(lambda: suggestions(desk)[:2], ["character:Ann", 'tag:"an anchor"'])
    assert len(asked) <= 3, "one answer for each key, and not one for each kind"
    desk.page.get_by_role("option", name="character:Ann").click()
    desk.becomes(lambda: desk.search.input_value(), "character:Ann ")
    desk.becomes(lambda: sorted(shown_ids(desk)), [4, 5, 6])
    desk.press("Enter")
    desk.press("/")
    desk.page.keyboard.type("score:")
    desk.becomes(lambda: suggestions(desk), ["score:0"])
    desk.press("Control+a")
    desk.page.keyboard.type("created:to")
    desk.becomes(lambda: suggestions(desk), ["created:today"])


def test_a_recent_search_names_its_place_and_an_example_narrows(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go()
    desk.press("/")
    desk.page.keyboard.type("set:Harbour score:0")
    desk.press("Enter")
    desk.becomes(lambda: sorted(shown_ids(desk)), [1, 2, 3, 4])
    desk.page.get_by_role("navigation", name="Library").get_by_role("treeitem", name="Ann").click()
    desk.becomes(lambda: sorted(shown_ids(desk)), [4, 5, 6])
    desk.search.click()
    desk.page.get_by_role("option", name="-is:tagged").click()
    desk.becomes(lambda: desk.parameter("q"), "character:1 -is:tagged")
    desk.page.get_by_role("button", name="Clear the search").click()
    desk.search.click()
    desk.page.get_by_role("option", name="set:Harbour score:0").click()
    desk.becomes(lambda: sorted(shown_ids(desk)), [1, 2, 3, 4])

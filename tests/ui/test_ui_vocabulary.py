"""The page of tags: rename, merge, categories, aliases, implications and the never-list, by pointer and by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags

pytestmark = pytest.mark.browser


@pytest.fixture
def tagged(served: Served) -> Served:
    """Tags on 4, 3, 2 and 1 pictures."""
    for tag, ids in (("boat", [1, 2, 3, 4]), ("harbor", [1, 2, 3]), ("harbour", [3, 4]), ("rope", [5])):
        served.library.add_tags(OWNER, AddTags(ids=ids, tags=[tag]))
    return served


def listed(desk: Desk) -> list[str]:
    found: list[str] = desk.page.get_by_role("listbox", name="Tags").locator("[data-row] > .cut").all_inner_texts()
    return found


def tag(desk: Desk, name: str) -> Locator:
    return desk.page.locator(f'[data-row="{name}"]')


def opened(sit: Sit, tagged: Served, **options: object) -> Desk:
    desk = sit(tagged, **options).go()
    desk.page.get_by_role("treeitem", name="Tags", exact=True).click()
    desk.becomes(lambda: listed(desk), ["boat", "harbor", "harbour", "rope"])
    return desk


def counts(served: Served) -> dict[str, int]:
    return {one.name: one.pictures for one in served.library.tags(OWNER) if one.pictures}


def test_by_keys(sit: Sit, tagged: Served) -> None:
    desk = opened(sit, tagged)
    tag(desk, "boat").focus()
    desk.press("ArrowDown", "ArrowDown")
    expect(tag(desk, "harbour")).to_be_focused()
    desk.press("m")
    expect(desk.page.get_by_role("dialog", name="Merge harbour into…")).to_be_visible()
    desk.page.keyboard.type("harbor")
    expect(desk.page.get_by_role("dialog").get_by_role("option", name="harbor")).to_be_visible()
    desk.press("Enter")
    desk.becomes(lambda: listed(desk), ["boat", "harbor", "rope"])
    assert counts(tagged) == {"boat": 4, "harbor": 4, "rope": 1}
    desk.press("Control+z")
    desk.becomes(lambda: listed(desk), ["boat", "harbor", "harbour", "rope"])
    tag(desk, "rope").focus()
    desk.press("F2")
    desk.page.keyboard.type("line")
    desk.press("Enter")
    desk.becomes(lambda: listed(desk)[-1], "line")
    expect(tag(desk, "line")).to_be_focused()
    desk.press("n")
    desk.until(lambda: tagged.library.tags(OWNER, never=True))
    desk.press("Delete")
    desk.until(lambda: "line" not in counts(tagged))
    tag(desk, "boat").focus()
    desk.press("Enter")
    desk.becomes(lambda: desk.parameter("q"), "tag:boat")


def test_category_aliases_and_implications(sit: Sit, tagged: Served) -> None:
    desk = opened(sit, tagged)
    tag(desk, "boat").click()
    region = desk.page.get_by_role("region", name="Tag", exact=True)
    region.get_by_label("Category").fill("object")
    desk.press("Enter")
    desk.until(lambda: tagged.library.tag(OWNER, "boat").tag.category == "object")
    aliases = region.get_by_role("region", name="Aliases")
    aliases.get_by_role("combobox").fill("ship")
    desk.press("Enter")
    expect(aliases.get_by_role("button", name="ship", exact=True)).to_be_visible()
    implied = region.get_by_role("region", name="Implies")
    implied.get_by_role("combobox").fill("rope")
    desk.press("Enter")
    desk.until(lambda: tagged.library.tag(OWNER, "boat").implies == ["rope"])
    assert tagged.library.tag(OWNER, "boat").aliases == ["ship"]
    aliases.get_by_role("button", name="Remove ship").click()
    desk.until(lambda: tagged.library.tag(OWNER, "boat").aliases == [])


def test_filter_never_list_and_the_menu(sit: Sit, tagged: Served) -> None:
    desk = opened(sit, tagged)
    desk.page.get_by_label("Filter tags").fill("har")
    desk.becomes(lambda: listed(desk), ["harbor", "harbour"])
    tag(desk, "harbour").click(button="right")
    desk.pick("Never accept it from engines")
    desk.until(lambda: [one.name for one in tagged.library.tags(OWNER, never=True)] == ["harbour"])
    desk.page.get_by_role("button", name="Never-list").click()
    desk.becomes(lambda: listed(desk), ["harbour"])
    tag(desk, "harbour").click(button="right")
    desk.pick("Remove from 2 pictures")
    desk.until(lambda: "harbour" not in counts(tagged))


def test_from_a_chip(sit: Sit, tagged: Served) -> None:
    desk = sit(tagged).go("/?q=tag:rope")
    desk.open(0)
    chip = desk.viewer.locator("[data-tag=rope]")
    chip.click()
    expect(chip).to_be_focused()
    assert desk.parameter("q") == "tag:rope"
    expect(desk.viewer.get_by_role("region", name="Tags").get_by_role("heading")).to_contain_text("rope")
    chip.click(button="right")
    desk.pick("Edit in the vocabulary")
    expect(desk.page.get_by_role("heading", name="rope", exact=True)).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(sit: Sit, tagged: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(tagged, width=width, height=844, color_scheme=theme)
    desk.page.goto(tagged.url + "/?page=tags")
    desk.becomes(lambda: len(listed(desk)), 4)
    assert axe(desk.page) == []
    tag(desk, "boat").click()
    expect(desk.page.get_by_role("heading", name="boat")).to_be_visible()
    assert axe(desk.page) == []

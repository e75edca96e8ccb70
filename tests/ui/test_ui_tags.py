"""Tags and descriptions: said, accepted and rejected from the viewer's panel, and many at once from the grid."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from tagged import store
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags, SetCaption

pytestmark = pytest.mark.browser

#: The newest picture, and the first one in the grid.
FIRST = 16


@pytest.fixture
def tagged(served: Served) -> Served:
    """The first picture: two tags of one's own, three suggested."""
    library = served.library
    producer = library.outputs.register("tag", "wd", "1", {})
    library.outputs.activate(producer, 0.35)
    store(library, producer, {FIRST: [("flask", 0.83), ("window", 0.74), ("beard", 0.69), ("faint", 0.1)]})
    library.add_tags(OWNER, AddTags(ids=[FIRST], tags=["archive", "print"]))
    return served


def column(desk: Desk, name: str) -> list[str]:
    panel = desk.page.get_by_role("region", name="Tags")
    return panel.get_by_role("group", name=name).locator("[data-tag] > .cut").all_inner_texts()


def columns(desk: Desk) -> dict[str, list[str]]:
    return {name: column(desk, name) for name in ("yours", "accepted", "suggested")}


def states(served: Served) -> dict[str, str]:
    return {one.name: one.state for one in served.library.picture_tags(OWNER, FIRST)}


def chip(desk: Desk, name: str) -> Locator:
    return desk.page.locator(f'[data-tag="{name}"]')


def opened(sit: Sit, served: Served) -> Desk:
    desk = sit(served).go()
    desk.open(0)
    desk.until(lambda: column(desk, "suggested"))
    return desk


def test_tags_stand_in_three_columns_the_surest_first(sit: Sit, tagged: Served, axe: Axe) -> None:
    desk = opened(sit, tagged)
    assert columns(desk) == {"yours": ["archive", "print"], "accepted": [], "suggested": ["flask", "window", "beard"]}
    assert chip(desk, "flask").get_attribute("aria-label") == "flask, 0.83"
    assert axe(desk.page) == []


def test_a_and_r_decide_and_go_on(sit: Sit, tagged: Served) -> None:
    desk = opened(sit, tagged)
    desk.press("a")  # the first one, wherever the focus is
    desk.becomes(lambda: column(desk, "suggested"), ["window", "beard"])
    assert column(desk, "accepted") == ["flask"]
    expect(chip(desk, "window")).to_be_focused()
    desk.press("r")
    desk.becomes(lambda: column(desk, "suggested"), ["beard"])
    expect(chip(desk, "beard")).to_be_focused()
    desk.becomes(lambda: states(tagged)["window"], "rejected")
    desk.becomes(lambda: states(tagged)["flask"], "accepted")
    desk.press("ArrowLeft")
    expect(chip(desk, "flask")).to_be_focused()
    desk.press("ArrowLeft", "ArrowDown", "Delete")
    desk.becomes(lambda: column(desk, "yours"), ["archive"])
    desk.press("Control+z")
    desk.becomes(lambda: column(desk, "yours"), ["archive", "print"])
    assert tagged.library.info(OWNER).scrapheap == 0
    desk.page.get_by_role("button", name="window").click()
    desk.becomes(lambda: column(desk, "accepted"), ["flask", "window"])


def test_the_first_a_or_r_in_the_viewer_acts_at_once(sit: Sit, tagged: Served) -> None:
    desk = sit(tagged).go()
    desk.open(0)
    desk.press("i")  # puts the panel away
    expect(desk.page.get_by_role("complementary", name="About this picture")).to_have_count(0)
    desk.press("r")  # shows it, and rejects the surest
    desk.becomes(lambda: states(tagged)["flask"], "rejected")
    desk.becomes(lambda: column(desk, "suggested"), ["window", "beard"])
    expect(chip(desk, "window")).to_be_focused()


def test_a_and_r_stop_at_the_last_suggestion(sit: Sit, tagged: Served) -> None:
    desk = opened(sit, tagged)
    for left in (["window", "beard"], ["beard"], []):
        desk.press("r")
        desk.becomes(lambda left=left: column(desk, "suggested") == left, True)
        desk.drawn()
    desk.press("r", "a", "r")
    desk.drawn()
    assert column(desk, "yours") == ["archive", "print"]
    desk.press("ArrowRight")
    expect(desk.viewer).to_contain_text("2 of 16")
    assert {name for name, state in states(tagged).items() if state == "rejected"} == {"flask", "window", "beard"}
    assert {name for name, state in states(tagged).items() if state == "yours"} == {"archive", "print"}


def test_dragging_decides_too(sit: Sit, tagged: Served) -> None:
    desk = opened(sit, tagged)
    chip(desk, "window").drag_to(desk.page.get_by_role("group", name="accepted"))
    desk.becomes(lambda: column(desk, "accepted"), ["window"])
    desk.becomes(lambda: states(tagged)["window"], "accepted")
    chip(desk, "beard").hover()
    desk.page.get_by_role("button", name="Reject beard").click()
    desk.becomes(lambda: states(tagged)["beard"], "rejected")


def test_tags_are_added_with_completion(sit: Sit, tagged: Served, axe: Axe) -> None:
    desk = opened(sit, tagged)
    desk.press("t")
    field = desk.page.get_by_role("combobox", name="Add tags")
    expect(field).to_be_focused()
    desk.page.keyboard.type("arc")
    option = desk.page.get_by_role("listbox", name="Tags").get_by_role("option")
    expect(option).to_have_count(1)
    assert axe(desk.page) == []
    desk.press("Escape")
    desk.page.keyboard.type("snow, at dusk")
    desk.press("Enter")
    desk.becomes(lambda: column(desk, "yours"), ["archive", "at dusk", "print", "snow"])
    desk.press("ArrowUp", "Enter")  # the one used last: it is there already
    assert field.input_value() == ""
    desk.press("Escape")
    desk.press("ArrowRight")
    expect(desk.viewer).to_contain_text("2 of 16")
    desk.press("t")
    desk.press("ArrowUp")
    expect(option.first).to_have_text("at dusk")
    desk.press("Enter")
    desk.becomes(lambda: column(desk, "yours"), ["at dusk"])


def test_a_tag_finds_its_like(sit: Sit, tagged: Served) -> None:
    desk = opened(sit, tagged)
    chip(desk, "archive").click(modifiers=["Control"])
    desk.becomes(lambda: desk.parameter("q"), "tag:archive")
    desk.becomes(lambda: [one["id"] for one in desk.tiles()], [FIRST])
    assert desk.viewer.count() == 0


def test_many_are_tagged_at_once(sit: Sit, tagged: Served, axe: Axe) -> None:
    desk = sit(tagged).go()
    desk.focus(0)
    desk.press("Control+a", "t")
    box = desk.page.get_by_role("dialog", name="Tag 16 pictures")
    expect(box).to_be_visible()
    desk.page.keyboard.type("arch")
    expect(box.get_by_role("option").first).to_contain_text("archive")
    assert axe(desk.page) == []
    desk.page.keyboard.type("ive, winter")
    desk.press("Enter")
    desk.says("16 pictures tagged winter")
    assert tagged.library.count(OWNER, "tag:winter tag:archive").total == 16
    desk.press("Escape", "t")
    desk.page.keyboard.type("winter")
    expect(box.get_by_role("option").first).to_contain_text("winter")
    desk.press("Shift+Enter")
    desk.says("16 pictures no longer tagged winter")
    desk.press("Escape", "Control+z")
    desk.becomes(lambda: tagged.library.count(OWNER, "tag:winter").total, 16)
    desk.press("t")
    desk.page.keyboard.type("second outfit")  # which nothing suggests
    expect(box.get_by_role("option").first).to_contain_text("second outfit")
    desk.press("Control+Enter")
    desk.says("16 pictures not second outfit")
    expect(box.locator(".chip.off")).to_contain_text("second outfit")
    states = {tag.name: tag.state for tag in tagged.library.picture_tags(OWNER, tagged.library.find(OWNER, "").ids[0])}
    assert states["second outfit"] == "rejected"
    assert axe(desk.page) == []


def test_a_description_is_written_in_its_place(sit: Sit, tagged: Served) -> None:
    tagged.library.set_caption(OWNER, SetCaption(ids=[FIRST - 1], text="a <b>bold</b> lighthouse"))
    desk = opened(sit, tagged)
    panel = desk.page.get_by_role("region", name="Description")
    panel.get_by_role("button", name="Write a description").click()
    desk.page.keyboard.type("A flask, and a 5 beside it")
    desk.press("Control+Enter")
    expect(panel).to_contain_text("A flask, and a 5 beside it")
    assert tagged.library.caption(OWNER, FIRST).own == "A flask, and a 5 beside it"
    assert desk.stars(0) == 0, "its keys are letters"
    panel.get_by_role("button", name="Write a description").click()
    desk.page.keyboard.type("nonsense")
    desk.press("Escape")
    expect(panel).to_contain_text("A flask, and a 5 beside it")
    desk.press("ArrowRight")
    expect(panel).to_contain_text("a <b>bold</b> lighthouse")


def test_sets_and_characters_from_the_viewer(sit: Sit, tagged: Served) -> None:
    desk = opened(sit, tagged)
    desk.press("s")
    desk.page.keyboard.type("Glass")
    desk.press("Enter")
    desk.says("1 picture added to Glass")
    assert tagged.library.set_members(OWNER, 1).ids == [FIRST]
    desk.press("ArrowRight")
    expect(desk.viewer).to_contain_text("2 of 16")


def test_many_descriptions_are_changed_after_a_look(sit: Sit, tagged: Served, axe: Axe) -> None:
    for picture, text in ((FIRST, "a cat on a boat"), (FIRST - 1, "concat, boat"), (FIRST - 2, "a dog")):
        tagged.library.set_caption(OWNER, SetCaption(ids=[picture], text=text))
    desk = sit(tagged).go()
    desk.focus(0)
    desk.press("Control+a")
    desk.tile(0).click(button="right")
    desk.pick("More", "Descriptions")
    dialog = desk.page.get_by_role("dialog", name="Descriptions of 16 pictures")
    dialog.get_by_label("Find").fill("cat")
    dialog.get_by_label("Replace with").fill("fox")
    expect(dialog).to_contain_text("2 descriptions would change")
    dialog.get_by_label("whole words").check()
    expect(dialog).to_contain_text("1 description would change")
    expect(dialog.locator("ins")).to_have_text("a fox on a boat")
    assert axe(desk.page) == []
    dialog.get_by_role("button", name="Change 1 description").click()
    desk.becomes(lambda: tagged.library.caption(OWNER, FIRST).own, "a fox on a boat")
    assert tagged.library.caption(OWNER, FIRST - 1).own == "concat, boat"
    desk.press("Control+z")
    desk.becomes(lambda: tagged.library.caption(OWNER, FIRST).own, "a cat on a boat")

"""Engines in menus: the same in the grid, on the selection bar and in the sidebar, by pointer and by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Axe
from ui.desk import LOOKS, Desk
from ui.engined_desk import Bench, bench

from pixlstash_core import OWNER
from pixlstash_core.types import Create, Selection, SetEngine

pytestmark = pytest.mark.browser
__all__ = ["bench"]


def item(desk: Desk, name: str) -> Locator:
    return desk.page.get_by_role("menuitem", name=name)


def beside(desk: Desk, name: str = "Tag with") -> Locator:
    return desk.page.get_by_role("menu", name=name)


def focused(desk: Desk) -> str:
    found: str = desk.page.evaluate("document.activeElement?.textContent.trim() ?? ''")
    return found


def test_by_keys_alone(bench: Bench) -> None:
    bench.engined.take_in(5)
    desk = bench.desk()
    chosen = {one["id"] for one in desk.tiles()[1:3]}
    desk.focus(1)
    desk.press("Space", "Shift+ArrowRight")
    desk.page.get_by_role("toolbar", name="Selection").get_by_role("button", name="More").focus()
    desk.press("Enter")
    item(desk, "Tag with").focus()
    desk.press("ArrowRight")
    expect(beside(desk)).to_contain_text("Installed")
    desk.until(lambda: focused(desk).startswith("Every setting"))
    desk.press("ArrowLeft")
    desk.until(lambda: focused(desk).startswith("Tag with"))
    expect(beside(desk)).to_have_count(0)
    desk.press("Enter")
    expect(beside(desk)).to_be_visible()
    desk.press("Escape")
    desk.until(lambda: focused(desk).startswith("Tag with"))
    desk.press("ArrowRight")
    desk.until(lambda: focused(desk).startswith("Every setting"))
    desk.press("c")  # by its first letter
    desk.until(lambda: focused(desk).startswith("Colours"))
    desk.press("Enter")
    desk.says("Tagging 2 pictures with Colours")
    expect(desk.page.locator(".menu:popover-open")).to_have_count(0)
    desk.becomes(lambda: set(bench.engined.tags()), chosen)


def test_by_pointer_and_what_is_not_there(bench: Bench) -> None:
    bench.engined.take_in(3)
    bench.run("odd/colours")
    bench.library.set_engine(OWNER, SetEngine(engine="odd/colours", default=True))
    desk = bench.desk()
    desk.tile(0).click(button="right")
    item(desk, "Describe with").hover()
    expect(beside(desk, "Describe with")).to_contain_text("Caption from the prompt")
    item(desk, "Tag with").hover()
    sub = beside(desk)
    expect(sub.get_by_role("menuitem", name="Colours default")).to_contain_text("Shift+T")
    expect(sub.get_by_role("menuitem", name="Colours default")).to_contain_text("default")
    expect(sub).to_contain_text("Not fetched")
    away = sub.get_by_role("menuitem", name="odd/weighed")
    expect(away).to_contain_text("Fetch")
    expect(away).to_contain_text("Apache-2.0")
    away.click()
    expect(desk.page.get_by_role("region", name="Weights")).to_contain_text("example.org")


def test_a_key_runs_the_default_one(bench: Bench) -> None:
    bench.engined.take_in(3)
    desk = bench.desk()
    first = desk.tiles()[0]["id"]
    desk.focus(0)
    desk.press("Shift+D")
    desk.says("None of the captioners is the default")
    bench.library.set_engine(OWNER, SetEngine(engine="odd/words", default=True))
    desk.page.reload()
    desk.seen()
    desk.focus(0)
    desk.press("Shift+D")
    desk.says("Describing 1 picture with odd/words")
    desk.until(lambda: bench.library.caption(OWNER, first).text)


def test_the_sidebar_and_the_bar_offer_the_same(bench: Bench) -> None:
    ids = bench.engined.take_in(4)
    made = bench.library.create_set(OWNER, Create(name="Harbour")).id
    bench.library.add_to_set(OWNER, made, Selection(ids=ids[:2]))
    desk = bench.desk()
    desk.focus(0)
    desk.press("Space")
    desk.page.get_by_role("toolbar", name="Selection").get_by_role("button", name="More").click()
    named = desk.page.locator(".menu:popover-open [aria-haspopup=menu]").all_inner_texts()
    desk.press("Escape")
    desk.page.get_by_role("treeitem", name="Harbour").click(button="right")
    desk.pick("All 2 pictures")
    offered = desk.page.get_by_role("menu").nth(1).locator("[aria-haspopup=menu]").all_inner_texts()
    assert offered == [one for one in named if one != "More"]
    assert [one.split("\n")[0] for one in named][:2] == ["Tag with", "Describe with"]
    item(desk, "Tag with").click()
    beside(desk).get_by_role("menuitem", name="Colours").click()
    desk.becomes(lambda: set(bench.engined.tags()), set(ids[:2]))


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(bench: Bench, axe: Axe, width: int, theme: str) -> None:
    bench.engined.take_in(3)
    desk = bench.desk(width=width, height=844, color_scheme=theme, reduced_motion="reduce")
    desk.tile(0).click(button="right")
    item(desk, "Tag with").click()
    expect(beside(desk)).to_contain_text("Not fetched")
    assert axe(desk.page) == []
    if width < 640:
        box = beside(desk).bounding_box()
        assert box is not None and box["width"] == width and box["y"] + box["height"] == 844
        desk.page.get_by_role("menuitem", name="‹ Tag with").click()
        expect(beside(desk)).to_have_count(0)


def test_what_is_not_installed_or_not_allowed_is_listed_with_why(bench: Bench) -> None:
    bench.engined.take_in(2)
    desk = bench.desk()
    desk.tile(0).click(button="right")
    item(desk, "Describe with").click()
    sub = beside(desk, "Describe with")
    asking = sub.get_by_role("menuitem", name="Asking")
    expect(asking).to_contain_text("net: asks another machine")
    expect(asking).to_contain_text("Allow")
    for one in bench.library.uninstalled_engines(OWNER):
        if one.kind == "caption":
            expect(sub.get_by_role("menuitem", name=one.label).first).to_contain_text(one.pip)
    asking.click()
    expect(desk.page.get_by_role("region", name="What it sends")).to_be_visible()
    desk.press("Escape")
    desk.tile(0).click(button="right")
    item(desk, "Tag with").click()
    beside(desk).get_by_role("menuitem", name="Rehearse").click()
    expect(desk.page.get_by_role("region", name="Rehearsal")).to_contain_text("Rehearsed on 1 picture")

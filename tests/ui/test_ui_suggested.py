"""The queue of what engines suggest: one tag across pictures, decided by keys, and taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Axe
from ui.desk import LOOKS, Desk
from ui.engined_desk import Bench, bench

from pixlstash_core import OWNER
from pixlstash_core.types import AcceptTags, DeletePictures

pytestmark = pytest.mark.browser
__all__ = ["bench"]


def queue(desk: Desk) -> Locator:
    return desk.page.get_by_role("main", name="Suggested tags")


def found(desk: Desk) -> Locator:
    return queue(desk).locator("[data-suggestion]")


def said(bench: Bench, tag: str) -> dict[str, set[int]]:
    """Ids by what was said of a tag."""
    states: dict[str, set[int]] = {}
    for one in bench.library.pictures(OWNER, limit=100):
        for tagged in bench.library.picture_tags(OWNER, one.id):
            if tagged.name == tag:
                states.setdefault(tagged.state, set()).add(one.id)
    return states


def test_one_tag_across_pictures_by_keys(bench: Bench) -> None:
    ids = bench.engined.take_in(12)
    bench.run("odd/colours")
    desk = bench.desk()
    desk.page.get_by_role("treeitem", name="Suggested tags").click()
    queue(desk).get_by_role("button", name="red").click()
    expect(found(desk)).to_have_count(4)
    expect(queue(desk).get_by_role("heading", name="red")).to_be_visible()
    found(desk).first.focus()
    first, second = (int(found(desk).nth(n).get_attribute("data-suggestion") or 0) for n in (0, 1))
    desk.press("a")
    expect(found(desk)).to_have_count(3)
    expect(found(desk).first).to_be_focused()  # and on to the next
    desk.press("r")
    expect(found(desk)).to_have_count(2)
    desk.until(lambda: said(bench, "red").get("rejected") == {second})
    assert said(bench, "red")["accepted"] == {first}
    desk.press("Control+z")
    desk.says("undone")
    expect(found(desk)).to_have_count(3)
    assert "rejected" not in said(bench, "red")
    desk.press("Shift+A")
    desk.until(lambda: len(said(bench, "red").get("accepted", ())) == 4)
    assert set(ids) >= said(bench, "red")["accepted"]
    desk.press("Escape")
    desk.seen()


def test_the_sidebar_counts_what_waits(bench: Bench) -> None:
    bench.engined.take_in(12)
    desk = bench.desk()
    row = desk.page.get_by_role("treeitem", name="Suggested tags")
    expect(row.locator(".c")).to_have_text("")
    bench.run("odd/colours")

    def waiting() -> int:
        tags = [tag.name for tag in bench.library.review_tags(OWNER)]
        return len({one.picture.id for tag in tags for one in bench.library.review_tag(OWNER, tag).found})

    before = waiting()
    assert before == 12
    expect(row.locator(".c")).to_have_text(str(before))
    expect(row).to_have_attribute("title", "12 pictures to decide on")
    ids = bench.library.find(OWNER).ids
    bench.library.accept_tags(OWNER, AcceptTags(ids=ids[:3], tags=None))
    expect(row.locator(".c")).to_have_text(str(waiting()))
    assert waiting() == 9
    bench.library.delete(OWNER, DeletePictures(ids=ids[3:5]))
    expect(row.locator(".c")).to_have_text("7")
    desk.focus(0)
    bench.library.undo(OWNER)
    bench.library.undo(OWNER)
    expect(row.locator(".c")).to_have_text(str(before))


def test_when_nothing_waits_it_says_so(bench: Bench) -> None:
    bench.engined.take_in(2)
    desk = bench.sit(bench.served)
    desk.page.goto(f"{desk.url}/?page=suggested")
    expect(queue(desk).get_by_text("No tags to review")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(bench: Bench, axe: Axe, width: int, theme: str) -> None:
    bench.engined.take_in(6)
    bench.run("odd/colours")
    desk = bench.sit(bench.served, width=width, height=844, color_scheme=theme, reduced_motion="reduce")
    desk.page.goto(f"{desk.url}/?page=suggested&about=noise")
    expect(found(desk)).to_have_count(6)
    assert axe(desk.page) == []

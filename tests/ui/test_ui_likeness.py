"""Searching by likeness: chips with weights, pictures brought to the search box, words by what they mean, and why."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from libraries import finish
from playwright.sync_api import Locator, expect
from ui import gallery
from ui.bringing import drop
from ui.conftest import Axe, Close, Sit, close, copied, order
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.library import Library
from pixlstash_core.types import RunEngine

pytestmark = pytest.mark.browser
PASTE = """([text, type]) => {
  const bytes = Uint8Array.from(atob(text), one => one.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], 'image.png', { type }));
  document.activeElement.dispatchEvent(
    new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def seen(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of pictures of which it is known what they look like, in sets and with a character; to be copied."""
    folder = tmp_path_factory.mktemp("seen") / "library"
    shutil.copytree(few, folder)
    with Library.open(folder) as library:
        order(library)
        job = finish(library, library.run_engine(OWNER, RunEngine(engine="visual-descriptor")))
        assert job.state == "done", job.error
    return folder


@pytest.fixture
def looked(seen: Path, tmp_path: Path, tabs: list[Close]) -> Iterator[Served]:
    """Those pictures, for this test to change."""
    with copied(seen, tmp_path) as served:
        yield served
        close(tabs)


def chips(desk: Desk) -> Locator:
    return desk.page.get_by_role("search").locator(".chip")


def likest(served: Served, q: str) -> list[int]:
    return [one.id for one in served.library.pictures(OWNER, q)]


def shown(desk: Desk) -> list[int]:
    return [one["id"] for one in desk.tiles()]


def test_more_like_a_picture_by_a_key_and_from_menus(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go()
    first = desk.tiles()[0]["id"]
    desk.focus(0)
    desk.press("l")
    expect(chips(desk)).to_have_text(["like this"])
    assert desk.parameter("q") == f"like:picture:{first}"
    desk.becomes(lambda: shown(desk), likest(looked, f"like:picture:{first}")[: len(shown(desk))])
    expect(desk.page.get_by_role("button", name="Most similar")).to_be_visible()
    desk.page.get_by_role("treeitem", name="Harbour").click(button="right")
    desk.page.get_by_role("menuitem", name="Similar pictures").click()
    expect(chips(desk)).to_have_text(["not Harbour", "Harbour"])
    assert "like:set:1" in (desk.parameter("q") or "")


def test_more_like_the_picture_that_is_open(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go()
    tiles = desk.tiles()
    desk.open(2)
    desk.press("l")
    expect(desk.viewer).to_be_hidden()
    assert desk.parameter("q") == f"like:picture:{tiles[2]['id']}"
    desk.becomes(lambda: shown(desk), likest(looked, f"like:picture:{tiles[2]['id']}")[: len(shown(desk))])
    desk.open(1)
    second = shown(desk)[1]
    desk.viewer.get_by_role("button", name="Similar pictures").click()
    expect(desk.viewer).to_be_hidden()
    assert desk.parameter("q") == f"like:picture:{second}"


def test_weights(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go("/?q=like:picture:7+like:character:1")
    expect(chips(desk)).to_have_text(["like this", "Ann"])
    weight = desk.page.get_by_label("Weight of Ann")
    expect(weight).to_have_value("1.0")
    weight.focus()
    desk.press("ArrowDown", "ArrowDown")
    desk.becomes(lambda: desk.parameter("q"), "like:picture:7 like:character:1*0.8")
    expect(weight).to_be_focused()
    expect(weight).to_have_value("0.8")
    weight.fill("2,5")
    desk.press("Enter")
    desk.becomes(lambda: desk.parameter("q"), "like:picture:7 like:character:1*2.5")
    weight.fill("nonsense")
    desk.press("Tab")
    expect(weight).to_have_value("2.5")
    desk.page.get_by_role("button", name="Remove like this").click()
    desk.becomes(lambda: desk.parameter("q"), "like:character:1*2.5")


def scores(served: Served, q: str) -> dict[int, float]:
    return {one.picture: one.likeness for one in served.library.alike(OWNER, q, limit=100) if one.likeness is not None}


def test_a_cutoff_by_keys_and_pointer(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go("/?q=like:picture:7")
    similar = scores(looked, "like:picture:7")
    slider = desk.page.get_by_role("slider", name="Least similarity")
    expect(slider).to_have_attribute("aria-valuetext", "any")
    slider.focus()
    for _ in range(4):
        desk.press("ArrowRight")
    desk.becomes(lambda: desk.parameter("q"), "like:picture:7 likeness:>=0.2")
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "at least 0.20")
    kept = {id for id, score in similar.items() if score >= 0.2}
    assert 0 < len(kept) < len(similar)
    desk.becomes(lambda: set(shown(desk)), kept)
    box = slider.bounding_box()
    assert box is not None
    desk.page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] / 2)
    desk.page.mouse.down()
    desk.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=4)
    desk.page.mouse.up()
    desk.becomes(lambda: desk.parameter("q"), "like:picture:7 likeness:>=1")
    desk.becomes(lambda: set(shown(desk)), {id for id, score in similar.items() if score >= 1})
    slider.focus()
    desk.press("Home")
    desk.becomes(lambda: desk.parameter("q"), "like:picture:7")
    desk.press("End")
    desk.becomes(lambda: desk.parameter("q"), "like:picture:7 likeness:>=1")
    desk.page.get_by_role("button", name="Remove like this", exact=True).first.click()
    desk.becomes(lambda: desk.parameter("q"), None)  # a cutoff means nothing without it
    desk.page.go_back()
    slider.focus()
    desk.press("Home")
    desk.becomes(lambda: desk.parameter("q"), "like:picture:7")
    desk.becomes(lambda: len(shown(desk)), len(similar))


def test_a_typed_cutoff_is_in_the_slider_and_scores_are_in_why(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go("/?q=like:picture:7+likeness:40%25")
    expect(desk.page.get_by_role("slider", name="Least similarity")).to_have_attribute(
        "aria-valuetext", "at least 0.40"
    )
    expect(chips(desk)).to_have_text(["like this", "likeness:40%"])
    similar = scores(looked, "like:picture:7")
    for index in range(2):
        id = shown(desk)[index]
        desk.open(index)
        why = desk.viewer.get_by_role("region", name="Why it is here")
        expect(why.locator("li").first).to_contain_text(f"{similar[id]:.2f}")
        desk.press("Escape")
        expect(desk.viewer).to_be_hidden()


def test_a_pasted_picture_searches_and_is_not_imported(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go()
    desk.page.get_by_role("combobox", name="Search").focus()
    desk.page.evaluate(PASTE, [base64.b64encode(gallery.paint(3)).decode(), "image/png"])
    expect(chips(desk)).to_have_text(["like this"])
    assert (desk.parameter("q") or "").startswith("like:upload:")
    expect(chips(desk).locator("img")).to_have_js_property("complete", True)
    alike = 4  # numbers begin with 0, ids with 1
    desk.until(lambda: shown(desk)[:1] == [alike])
    assert looked.library.info(OWNER).pictures == gallery.PAINTED


def test_a_dropped_picture_searches_and_is_not_imported(sit: Sit, looked: Served, tmp_path: Path) -> None:
    path = tmp_path / "mine.png"
    path.write_bytes(gallery.paint(5))
    desk = sit(looked).go()
    box = desk.page.get_by_role("search").bounding_box()
    assert box is not None
    drop(desk, path, x=box["x"] + box["width"] / 2, y=box["y"] + box["height"] / 2)
    expect(chips(desk)).to_have_text(["like this"])
    desk.until(lambda: shown(desk)[:1] == [6])
    assert looked.library.info(OWNER).pictures == gallery.PAINTED
    drop(desk, path)  # elsewhere it is imported, and said to be there
    expect(desk.page.get_by_role("region", name="Uploads")).to_be_visible()


def test_tiles_and_people_are_dragged_to_the_box(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go()
    first = desk.tiles()[0]["id"]
    box = desk.page.get_by_role("search")
    desk.tile(0).drag_to(box)
    desk.becomes(lambda: desk.parameter("q"), f"like:picture:{first}")
    desk.page.get_by_role("treeitem", name="Ann").drag_to(box)
    expect(chips(desk)).to_have_text(["like this", "Ann"])


def test_words_by_what_they_mean(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go()
    search = desk.page.get_by_role("combobox", name="Search")
    search.fill("lighthouse evening")
    desk.press("Control+Enter")
    desk.becomes(lambda: desk.parameter("q"), 'like:"lighthouse evening"')
    expect(chips(desk)).to_have_text(["lighthouse evening"])
    # the built-in engine knows what pictures look like, and no words
    expect(desk.page.get_by_text("Searched words only")).to_be_visible()
    desk.page.get_by_role("button", name="Clear the search").click()
    search.fill("lighthouse")
    desk.page.get_by_role("button", name="Search for what these words mean").click()
    desk.becomes(lambda: desk.parameter("q"), "like:lighthouse")


def test_words_beside_a_picture_are_chips_of_their_own(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go("/?q=like:picture:7")
    search = desk.page.get_by_role("combobox", name="Search")
    search.fill("evening light score:0")
    desk.press("Enter")
    expect(chips(desk)).to_have_text(["like this", "score:0", "evening light"])
    assert desk.parameter("q") == 'like:picture:7 score:0 like:"evening light"'


def test_why_a_picture_is_here(sit: Sit, looked: Served) -> None:
    desk = sit(looked).go("/?q=like:picture:7+lighthouse")
    desk.open(0)
    why = desk.viewer.get_by_role("region", name="Why it is here")
    expect(why.locator("li")).to_have_count(2)
    expect(why).to_contain_text("lighthouse")
    desk.press("Escape")
    desk.page.goto(desk.url)
    desk.seen()
    desk.open(0)
    expect(why).to_have_count(0)


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(sit: Sit, looked: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(looked, width=width, height=844, color_scheme=theme, reduced_motion="reduce")
    desk.go("/?q=like:picture:7+like:character:1+like:%22old+man%22")
    expect(chips(desk)).to_have_count(3)
    expect(desk.page.get_by_role("slider", name="Least similarity")).to_be_visible()
    assert axe(desk.page) == []


def test_a_picture_that_is_held_no_longer_says_so(sit: Sit, looked: Served) -> None:
    desk = sit(looked)
    desk.guard.expected = ["status of 4"]
    desk.page.goto(f"{desk.url}/?q=like:upload:gone")
    expect(desk.page.get_by_role("alert")).to_contain_text("no longer held")

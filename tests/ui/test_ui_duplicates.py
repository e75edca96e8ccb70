"""The page of duplicates: one of each group is kept by rule or by hand, it can be undone, and keys do it all."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import Create, HideAndBlur, ScorePictures, Selection

pytestmark = pytest.mark.browser


def scene(seed: int, width: int, height: int, format: str) -> bytes:
    """A picture that its seed decides, in any size: what another size of it looks like is the same."""
    rng = random.Random(seed)
    image = Image.new("RGB", (400, 300))
    draw = ImageDraw.Draw(image)
    for _ in range(30):
        x, y = rng.randrange(380), rng.randrange(280)
        colour = tuple(rng.randrange(256) for _ in range(3))
        draw.rectangle((x, y, x + rng.randrange(20, 160), y + rng.randrange(20, 120)), fill=colour)
    out = BytesIO()
    image.resize((width, height)).save(out, format)
    return out.getvalue()


@pytest.fixture
def ids(empty: Served) -> dict[str, int]:
    """Two of one scene, three of another, and one alone; by name."""
    library, found = empty.library, dict[str, int]()
    wanted = [(1, 200, "png"), (1, 400, "png"), (2, 100, "png"), (2, 400, "png"), (2, 200, "jpeg"), (3, 200, "png")]
    for seed, width, format in wanted:
        path = library.incoming / f"scene-{seed}-{width}.{format}"
        path.write_bytes(scene(seed, width, width * 3 // 4, format))
        answer = library.upload(OWNER, path.name, path)
        assert answer.id is not None, answer
        found[f"{seed}-{width}"] = answer.id
    assert library.duplicates(OWNER).total == 2
    return found


@pytest.fixture
def page(sit: Sit, empty: Served, ids: dict[str, int]) -> Desk:
    desk = sit(empty).go()
    desk.page.get_by_role("button", name="More").last.click()
    desk.page.get_by_role("menuitem", name="Duplicates").click()
    expect(groups(desk)).to_have_count(2)
    return desk


def groups(desk: Desk) -> Locator:
    return desk.page.get_by_role("main", name="Duplicates").locator("[data-group]")


def kept(desk: Desk) -> list[int]:
    return [
        int(one or 0)
        for one in groups(desk).locator("[aria-pressed=true]").evaluate_all("all => all.map(one => one.dataset.id)")
    ]


def pictures(dialog: Locator, where: str) -> list[int]:
    return [int(id) for id in dialog.locator(f"{where} img").evaluate_all("all => all.map(one => one.dataset.picture)")]


def facts(page: Desk, id: int) -> str:
    """The differences on a picture's card."""
    return " ".join(groups(page).locator(f"[data-id='{id}'] .rows").inner_text().split())


def scrapheap(served: Served) -> set[int]:
    return {one.id for one in served.library.pictures(OWNER, "is:scrapheap")}


def test_the_rule_decides_what_is_kept(page: Desk, empty: Served, ids: dict[str, int]) -> None:
    assert kept(page) == [ids["2-400"], ids["1-400"]]
    assert page.page.get_by_role("button", name="near").get_attribute("aria-pressed") == "true"
    expect(page.page.get_by_role("button", name="Close")).to_be_visible()
    expect(page.page.get_by_text("2 pictures kept, 3 pictures moved to the scrapheap")).to_be_visible()
    expect(groups(page).first.get_by_text("400 × 300")).to_be_visible()
    empty.library.score(OWNER, ScorePictures(ids=[ids["2-100"], ids["1-200"]], score=4))
    page.page.get_by_role("button", name="best score").click()
    page.becomes(lambda: kept(page), [ids["2-100"], ids["1-200"]])
    page.page.reload()
    page.becomes(lambda: kept(page), [ids["2-400"], ids["1-400"]])


def test_what_is_hidden_is_left_out_until_the_veil_is_lifted(page: Desk, empty: Served, ids: dict[str, int]) -> None:
    empty.library.score(OWNER, ScorePictures(ids=[ids["2-400"], ids["1-400"]], score=1))
    empty.library.set_veil(OWNER, HideAndBlur(hide="score:1"))
    expect(groups(page)).to_have_count(1)
    page.becomes(lambda: kept(page), [ids["2-200"]])
    expect(groups(page).locator("[data-id]")).to_have_count(2)
    expect(page.page.get_by_text("1 picture kept, 1 picture moved")).to_be_visible()
    page.press("h")
    expect(groups(page)).to_have_count(2)
    page.press("h")
    expect(groups(page)).to_have_count(1)
    page.page.get_by_role("button", name="Resolve the group…").click()
    page.page.get_by_role("button", name="Move 1 picture to the scrapheap").click()
    page.becomes(lambda: scrapheap(empty), {ids["2-100"]})


def test_one_chosen_by_hand_is_kept_and_undo_brings_the_others_back(
    page: Desk, empty: Served, ids: dict[str, int]
) -> None:
    groups(page).first.locator(f"[data-id='{ids['2-200']}']").click()
    page.becomes(lambda: kept(page), [ids["2-200"], ids["1-400"]])
    groups(page).first.get_by_role("button", name="Move 2 others to the scrapheap").click()
    expect(groups(page)).to_have_count(1)
    page.becomes(lambda: scrapheap(empty), {ids["2-100"], ids["2-400"]})
    page.press("Control+z")
    expect(groups(page)).to_have_count(2)
    page.becomes(lambda: scrapheap(empty), set())


def test_all_at_once(page: Desk, empty: Served, ids: dict[str, int]) -> None:
    groups(page).first.locator(f"[data-id='{ids['2-100']}']").click()
    page.page.get_by_role("button", name="Resolve 2 groups").click()
    dialog = page.page.get_by_role("dialog", name="Resolve 2 groups")
    expect(dialog.locator("dd").nth(0)).to_have_text("2")
    expect(dialog.locator("dd").nth(1)).to_have_text("3")
    assert pictures(dialog, ".stays") == [ids["2-100"], ids["1-400"]]
    assert set(pictures(dialog, ".goes")) == {ids["2-200"], ids["2-400"], ids["1-200"]}
    page.press("Escape")
    expect(groups(page)).to_have_count(2)
    assert scrapheap(empty) == set()
    page.page.get_by_role("button", name="Resolve 2 groups").click()
    dialog.get_by_role("button", name="Move 3 pictures to the scrapheap").click()
    expect(page.page.get_by_text("No two pictures look the same")).to_be_visible()
    page.becomes(lambda: scrapheap(empty), {ids["2-200"], ids["2-400"], ids["1-200"]})
    page.page.get_by_role("button", name="Close").click()
    page.becomes(lambda: {one["id"] for one in page.tiles()}, {ids["2-100"], ids["1-400"], ids["3-200"]})


def test_what_are_no_duplicates_is_remembered(page: Desk, empty: Served, ids: dict[str, int]) -> None:
    groups(page).last.get_by_role("button", name="Not duplicates").click()
    expect(groups(page)).to_have_count(1)
    page.says("marked as not duplicates of each other")
    page.page.reload()
    expect(groups(page)).to_have_count(1)
    assert empty.library.duplicates(OWNER).total == 1
    assert scrapheap(empty) == set()


def test_what_fails_stays(page: Desk, empty: Served) -> None:
    page.guard.expected = ["net::ERR_FAILED"]
    page.page.route("**/duplicates/resolve", lambda route: route.abort())
    page.page.get_by_role("button", name="Resolve 2 groups").click()
    page.page.get_by_role("button", name="Move 3 pictures to the scrapheap").click()
    page.says("cannot be reached")
    expect(groups(page)).to_have_count(2)
    assert scrapheap(empty) == set()


def test_differences_are_marked(page: Desk, empty: Served, ids: dict[str, int]) -> None:
    first = ids["1-200"]
    page.becomes(lambda: "Pixels 200 × 150" in facts(page, first), True)
    assert "Format" not in facts(page, first) and "Score" not in facts(page, first)
    best = groups(page).locator(f"[data-id='{ids['1-400']}'] .best")
    expect(best.first).to_have_text("400 × 300")
    empty.library.score(OWNER, ScorePictures(ids=[first], score=4))
    trip = empty.library.create_set(OWNER, Create(name="Trip")).id
    empty.library.add_to_set(OWNER, trip, Selection(ids=[first]))
    page.becomes(lambda: "Sets Trip" in facts(page, first), True)
    page.page.reload()
    page.becomes(lambda: "Score 4 stars Sets Trip" in facts(page, first), True)
    assert "Score – Sets –" in facts(page, ids["1-400"])
    page.becomes(lambda: "Format JPEG" in facts(page, ids["2-200"]), True)


def test_overlay_and_difference(page: Desk, ids: dict[str, int]) -> None:
    groups(page).first.get_by_role("button", name="Overlay").click()
    dialog = page.page.get_by_role("dialog")
    top = dialog.get_by_alt_text("The one that goes")
    expect(top).to_have_js_property("complete", True)
    before = top.evaluate("one => getComputedStyle(one).clipPath")
    divide = dialog.get_by_label("Divide")
    box = divide.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    page.page.mouse.up()
    assert top.evaluate("one => getComputedStyle(one).clipPath") != before
    dialog.get_by_role("button", name="Difference").click()
    assert top.evaluate("one => getComputedStyle(one).mixBlendMode") == "difference"
    first = top.get_attribute("src")
    dialog.locator("select").select_option("2")
    page.becomes(lambda: top.get_attribute("src") != first, True)
    page.press("Escape")
    expect(dialog).to_have_count(0)
    page.press("ArrowDown", "o")
    expect(dialog).to_be_visible()


def test_the_slider_widens_the_search(page: Desk, empty: Served) -> None:
    slider = page.page.get_by_label("Difference allowed")
    expect(slider).to_have_value("5")
    slider.focus()
    page.press("ArrowRight", "ArrowRight", "ArrowRight")
    expect(page.page.get_by_role("button", name="loose")).to_have_attribute("aria-pressed", "true")
    expect(page.page.get_by_text("8 of 64 bits")).to_be_visible()
    with page.page.expect_request("**/duplicates?*") as asked:
        page.press("End")
    assert "distance=11" in asked.value.url
    expect(groups(page)).to_have_count(2)


def test_by_keyboard(page: Desk, empty: Served, ids: dict[str, int]) -> None:
    page.press("ArrowDown")
    page.press("ArrowLeft", "ArrowLeft", "Enter")
    page.becomes(lambda: kept(page)[0], ids["2-100"])
    page.press("ArrowDown", "ArrowLeft", "Space")
    page.becomes(lambda: kept(page), [ids["2-100"], ids["1-200"]])
    page.press("ArrowUp", "x")
    page.becomes(lambda: scrapheap(empty), {ids["2-200"], ids["2-400"]})
    expect(groups(page)).to_have_count(1)
    page.press("v")
    review = page.page.get_by_role("dialog", name="Review")
    expect(review.get_by_text("1 of 2", exact=True)).to_be_visible()
    page.press("Escape")
    expect(groups(page)).to_have_count(1)
    groups(page).get_by_role("button", name="Compare").focus()
    page.press("n")
    expect(groups(page)).to_have_count(0)
    page.press("Escape")
    page.becomes(lambda: (page.parameter("page"), len(page.tiles())), (None, 4))
    assert page.page.get_by_role("main", name="Duplicates").count() == 0


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe(page: Desk, axe: Axe, width: int, theme: str) -> None:
    page.page.set_viewport_size({"width": width, "height": 844})
    page.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    expect(page.page.get_by_role("button", name="Resolve 2 groups")).to_be_visible()
    assert axe(page.page) == []

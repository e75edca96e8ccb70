"""Hide and blur: what two queries find does not lie open anywhere, until a key lifts the veil."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags, Create, HideAndBlur, Selection

pytestmark = pytest.mark.browser
HIDE, BLUR = f"model:{gallery.MODELS[0]}", f"model:{gallery.MODELS[1]}"


def found(served: Served, text: str) -> set[int]:
    return {one.id for one in served.library.pictures(OWNER, text)}


def ids(desk: Desk) -> set[int]:
    return {one["id"] for one in desk.tiles()}


def blurred(desk: Desk) -> set[int]:
    """Ids of the tiles whose picture is really drawn blurred."""
    seen: list[int] = desk.page.locator(".tile > img").evaluate_all(
        "all => all.filter(one => getComputedStyle(one).filter.startsWith('blur'))"
        ".map(one => +one.parentElement.id.slice(5))"
    )
    return set(seen)


def filter_of(place: Locator) -> str:
    style: str = place.evaluate("one => getComputedStyle(one).filter")
    return style


@pytest.fixture
def veiled(sit: Sit, served: Served) -> Desk:
    served.library.set_veil(OWNER, HideAndBlur(hide=HIDE, blur=BLUR))
    return sit(served).go()


def test_one_key_lifts_it_and_lets_it_down(veiled: Desk, served: Served) -> None:
    hidden, dim = found(served, HIDE), found(served, BLUR)
    everything = found(served, "")
    assert hidden and dim
    assert ids(veiled) == everything - hidden
    assert blurred(veiled) == dim
    veiled.press("h")
    veiled.becomes(lambda: ids(veiled), everything)
    veiled.becomes(lambda: blurred(veiled), set())
    veiled.page.reload()  # the same tab: it stays lifted
    veiled.seen()
    assert ids(veiled) == everything
    veiled.page.get_by_role("button", name="Hide and blur").click()
    veiled.becomes(lambda: (ids(veiled), blurred(veiled)), (everything - hidden, dim))


def test_a_new_tab_begins_veiled(veiled: Desk, sit: Sit, served: Served) -> None:
    veiled.press("h")
    veiled.becomes(lambda: ids(veiled), found(served, ""))
    other = sit(served).go()
    assert ids(other) == found(served, "") - found(served, HIDE)


def test_what_is_searched_is_veiled_too(veiled: Desk, served: Served) -> None:
    veiled.search.fill("lighthouse")
    veiled.search.press("Enter")
    veiled.becomes(lambda: veiled.parameter("q"), "lighthouse")
    veiled.becomes(lambda: ids(veiled), found(served, "") - found(served, HIDE))
    assert blurred(veiled) == found(served, BLUR)


def test_nothing_that_is_counted_or_completed_tells_of_the_hidden(sit: Sit, served: Served) -> None:
    """The sidebar and its covers, the bar of several sets, statistics, filters and the search box's completion."""
    library, model = served.library, gallery.MODELS[0]
    hidden, dim, everything = (sorted(found(served, text)) for text in (HIDE, BLUR, ""))
    sets = [library.create_set(OWNER, Create(name=name)).id for name in ("All", "Some")]
    library.add_to_set(OWNER, sets[0], Selection(ids=everything))
    library.add_to_set(OWNER, sets[1], Selection(ids=[hidden[0], dim[0]]))
    library.set_veil(OWNER, HideAndBlur(hide=HIDE, blur=BLUR))
    left = len(everything) - len(hidden)
    desk = sit(served).go(f"/?q=union(set:{sets[0]},set:{sets[1]})")
    side = desk.page.get_by_role("navigation", name="Library")
    row, cover = side.get_by_role("treeitem", name="Some"), f"img[src*='/pictures/{hidden[0]}/']"
    bar = desk.page.get_by_role("toolbar", name="Combine").get_by_role("button", name="overlap")
    side.get_by_role("button", name="Filter this list").click()  # and with it all rows are there
    expect(side.get_by_role("treeitem", name="All pictures")).to_contain_text(str(left))
    expect(row).to_contain_text("1")
    expect(row.locator(cover)).to_have_count(0)
    assert "blur" in filter_of(row.locator("img"))
    expect(bar).to_contain_text("1")
    desk.focus(0)
    desk.press("g")
    panel = desk.page.get_by_role("complementary", name="About this view")
    expect(panel.get_by_text(f"{left} pictures · 0 % with 4+")).to_be_visible()
    expect(panel.get_by_role("button", name=model)).to_have_count(0)
    desk.focus(0)
    desk.press("f")
    filters = desk.page.get_by_role("tabpanel", name="Filters")
    filters.locator("summary", has_text="Models").click()
    expect(filters.get_by_role("button", name=gallery.MODELS[1])).to_have_count(1)
    expect(filters.get_by_role("button", name=model)).to_have_count(0)
    desk.press("g")
    desk.search.press_sequentially("model:")
    listed = desk.page.get_by_role("listbox", name="Suggestions")
    expect(listed.get_by_role("option", name=gallery.MODELS[1])).to_be_visible()
    expect(listed.get_by_role("option", name=model)).to_have_count(0)
    desk.search.fill("")
    desk.focus(0)
    desk.press("h")  # lifted, all of it is there
    expect(side.get_by_role("treeitem", name="All pictures")).to_contain_text(str(len(everything)))
    expect(row.locator(cover)).to_have_count(1)
    assert "blur" not in filter_of(row.locator(cover))
    expect(bar).to_contain_text("2")
    expect(panel.get_by_role("button", name=re.compile(f"^{model}"))).to_have_count(1)


def test_in_the_viewer_and_in_the_review(veiled: Desk, served: Served) -> None:
    dim = found(served, BLUR)
    at = next(one["index"] for one in veiled.tiles() if one["id"] in dim)
    veiled.open(at)
    assert "blur" in filter_of(veiled.viewer.locator(".pic"))
    assert "blur" in filter_of(veiled.viewer.locator(".film button.on img"))
    veiled.press("v")
    pane = veiled.page.get_by_role("dialog", name="Review").locator(".pane[aria-current=true] .pic")
    assert "blur" in filter_of(pane)
    veiled.press("h")
    veiled.becomes(lambda: filter_of(pane), "none")
    veiled.press("h", "Escape")
    expect(veiled.viewer).to_be_visible()
    veiled.becomes(lambda: "blur" in filter_of(veiled.viewer.locator(".pic")), True)


def rules(dialog: Locator, name: str) -> list[str]:
    """Rules of a list, as they are named."""
    return [one.strip() for one in dialog.get_by_role("list", name=name).get_by_role("listitem").all_inner_texts()]


@pytest.fixture
def tagged(served: Served) -> Served:
    """Pictures 1 to 3 are tagged "private", 3 to 5 "red hair"."""
    for tag, ids in (("private", [1, 2, 3]), ("red hair", [3, 4, 5])):
        served.library.add_tags(OWNER, AddTags(ids=ids, tags=[tag]))
    return served


def test_the_dialog_lists_rules_for_tags(sit: Sit, tagged: Served, axe: Axe) -> None:
    desk = sit(tagged).go()
    everything = found(tagged, "")
    desk.page.get_by_role("button", name="More").click()
    desk.pick("Hide and blur…")
    dialog = desk.page.get_by_role("dialog", name="Hide and blur")
    hide = dialog.get_by_role("combobox", name="Hide pictures tagged…")
    expect(hide).to_be_focused()
    hide.press_sequentially("priv")
    expect(dialog.get_by_role("option", name="private")).to_be_visible()
    desk.press("ArrowDown", "Enter")
    expect(dialog.get_by_text("3 pictures are hidden.")).to_be_visible()
    blur = dialog.get_by_role("combobox", name="Blur pictures tagged…")
    blur.press_sequentially("red")
    dialog.get_by_role("option", name="red hair").click()
    blur.fill("other")
    desk.press("Enter")
    assert (rules(dialog, "Hidden"), rules(dialog, "Blurred")) == (["private"], ["red hair", "other"])
    expect(dialog.get_by_text("3 pictures are blurred.")).to_be_visible()
    assert axe(desk.page) == []
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    desk.becomes(lambda: (ids(desk), blurred(desk)), (everything - {1, 2, 3}, {4, 5}))
    assert tagged.library.veil(OWNER) == HideAndBlur("tag:private", 'tag:"red hair" OR tag:other')
    desk.focus(0)
    desk.press("Control+z")
    desk.becomes(lambda: ids(desk), everything)
    assert tagged.library.veil(OWNER) == HideAndBlur()


def test_rules_are_removed_by_pointer_and_keyboard(sit: Sit, tagged: Served) -> None:
    tagged.library.set_veil(OWNER, HideAndBlur('tag:private OR score:0 OR tag:"red hair"', "tag:private"))
    desk = sit(tagged)
    desk.page.goto(tagged.url + "/?page=settings")
    page = desk.page.get_by_role("main", name="Settings")
    page.get_by_role("navigation", name="Sections").get_by_role("button", name="Hide and blur").click()
    page.get_by_role("button", name="Hide and blur…").click()
    dialog = desk.page.get_by_role("dialog", name="Hide and blur")
    desk.becomes(lambda: rules(dialog, "Hidden"), ["private", "score:0", "red hair"])
    dialog.get_by_role("button", name="Remove the rule score:0").click()
    desk.becomes(lambda: rules(dialog, "Hidden"), ["private", "red hair"])
    expect(dialog.get_by_label("Hide query")).to_have_value('tag:private OR tag:"red hair"')
    dialog.get_by_role("list", name="Blurred").get_by_role("button").focus()
    desk.press("Enter")
    expect(dialog.get_by_role("list", name="Blurred")).to_have_count(0)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    assert tagged.library.veil(OWNER) == HideAndBlur('tag:private OR tag:"red hair"', "")


def test_a_chip_hides_and_blurs_its_tag(sit: Sit, tagged: Served) -> None:
    desk = sit(tagged).go("/?q=tag:private")
    desk.open(0)
    desk.viewer.locator("[data-tag=private]").click(button="right")
    desk.pick('Blur pictures tagged "private"')
    desk.becomes(lambda: "blur" in filter_of(desk.viewer.locator(".pic")), True)
    assert tagged.library.veil(OWNER) == HideAndBlur("", "tag:private")


def test_queries_are_edited_in_the_advanced_fields(sit: Sit, served: Served, axe: Axe) -> None:
    desk = sit(served).go()
    everything = found(served, "")
    desk.press("h")  # there is nothing to hide yet
    dialog = desk.page.get_by_role("dialog", name="Hide and blur")
    dialog.get_by_text("Advanced").click()
    assert axe(desk.page) == []
    desk.guard.expected = ["status of 400"]
    dialog.get_by_label("Hide query").fill("modle:x")
    expect(dialog.get_by_text("expected a known name")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    dialog.get_by_label("Hide query").fill(HIDE)
    dialog.get_by_label("Blur query").fill(BLUR)
    expect(dialog.get_by_text(f"{len(found(served, HIDE))} pictures are hidden.")).to_be_visible()
    desk.press("Enter")
    expect(dialog).to_be_hidden()
    desk.becomes(lambda: ids(desk), everything - found(served, HIDE))
    assert served.library.veil(OWNER) == HideAndBlur(HIDE, BLUR)


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_the_dialog(sit: Sit, tagged: Served, axe: Axe, width: int, theme: str) -> None:
    tagged.library.set_veil(OWNER, HideAndBlur("tag:private OR score:5", ""))
    desk = sit(tagged, width=width, height=844, color_scheme=theme).go()
    desk.page.get_by_role("button", name="More").click()
    desk.pick("Hide and blur…")
    dialog = desk.page.get_by_role("dialog", name="Hide and blur")
    expect(dialog.get_by_text("3 pictures are hidden.")).to_be_visible()
    assert axe(desk.page) == []


def test_when_all_is_hidden_it_says_so(sit: Sit, served: Served) -> None:
    served.library.set_veil(OWNER, HideAndBlur(hide="score:<=5"))
    desk = sit(served)
    desk.page.goto(served.url)
    expect(desk.page.get_by_role("heading", name="Everything here is hidden")).to_be_visible()
    desk.press("h")
    desk.becomes(lambda: ids(desk), found(served, ""))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe(veiled: Desk, axe: Axe, theme: str) -> None:
    veiled.page.set_viewport_size({"width": 390, "height": 844})
    veiled.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    assert axe(veiled.page) == []

"""For everyone and everywhere: axe finds nothing serious, nothing moves unasked, a phone needs no sideways scroll."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, expect
from ui import gallery
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.motion]
#: What has the focus, and whether it, or the field around it, is drawn otherwise than without.
FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), field = one.closest('.field');
  const name = one.ariaLabel || one.closest('label')?.textContent || one.textContent || one.id;
  if (one === document.body) return 'page';
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  const around = field && getComputedStyle(field).boxShadow.includes('2px inset');
  return `${outlined || around ? 'seen' : 'unseen'}: ${one.tagName} ${name.trim().slice(0, 40)}`;
}"""


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious(sit: Sit, served: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(served, width=width, height=844, color_scheme=theme, reduced_motion="reduce")
    page, found = desk.page, dict[str, list[str]]()

    def look(name: str) -> None:
        found[name] = axe(page)

    desk.go()
    desk.tile(1).focus()
    desk.press("Space", "Shift+ArrowRight", "4")
    desk.says("2 pictures scored 4")
    look("grid, selection, toast")
    desk.press("Escape", "?")
    look("keys")
    desk.press("Escape")
    page.get_by_role("button", name="More").last.click()
    look("menu")
    desk.press("Escape")
    desk.open(0)
    if width < 640:
        page.get_by_role("button", name="Information").click()
    look("viewer")
    desk.press("Escape")
    if width < 640:
        page.get_by_role("button", name="Library").click()
        look("sidebar")
        desk.press("Escape")
    page.goto(f"{served.url}/?q=model:flux1-dev+created:2001")
    expect(page.get_by_text("excludes most")).to_be_visible()
    look("nothing found")
    desk.guard.expected = ["status of 4"]
    page.goto(f"{served.url}/?q=score:>>1")
    expect(page.get_by_role("alert")).to_be_visible()
    look("error in the query")
    page.context.clear_cookies()
    page.reload()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    look("login")
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious_in_an_empty_library(sit: Sit, empty: Served, axe: Axe, theme: str) -> None:
    desk = sit(empty, width=1440 if theme == "dark" else 390, height=844, color_scheme=theme, reduced_motion="reduce")
    desk.page.goto(empty.url)
    desk.page.get_by_role("button", name="Index a folder").click()
    assert axe(desk.page) == []


@pytest.mark.parametrize("key", ["1", "2", "3"])
def test_escape_closes_the_form_of_the_empty_page(sit: Sit, empty: Served, key: str) -> None:
    desk = sit(empty)
    desk.page.goto(empty.url)
    ways = desk.page.locator(".way")
    expect(ways).to_have_count(3)
    opened = ways.nth(int(key) - 1)
    desk.press(key)
    expect(opened).to_have_attribute("aria-expanded", "true")
    if key != "3":
        expect(desk.page.get_by_label("Folder on the machine")).to_be_focused()
        desk.page.keyboard.type("/home/1")  # a digit in the field opens nothing else
        expect(opened).to_have_attribute("aria-expanded", "true")
    desk.press("Escape")
    expect(desk.page.locator(".way[aria-expanded=true]")).to_have_count(0)
    expect(desk.page.get_by_label("Folder on the machine")).to_have_count(0)
    expect(opened).to_be_focused()


def test_axe_would_find_something(desk: Desk, axe: Axe) -> None:
    desk.page.evaluate("document.querySelector('h1').append(document.createElement('img'))")
    assert axe(desk.page)
    desk.page.evaluate("document.body.style.width = '1300px'")
    assert "1300 pixels wide on a screen of 1200" in axe(desk.page)


def test_nothing_moves_where_motion_is_unwanted(sit: Sit, served: Served) -> None:
    desk = sit(served, reduced_motion="reduce").go()
    desk.focus(0)
    desk.press("4")
    desk.says("1 picture scored 4")
    desk.page.get_by_role("button", name="More").click()
    expect(desk.page.get_by_role("menu")).to_be_visible()
    assert moving(desk) == []
    desk.press("Escape")
    desk.open(1)
    assert moving(desk) == []


def test_something_moves_otherwise(sit: Sit, served: Served) -> None:
    desk = sit(served, reduced_motion="no-preference").go()
    desk.focus(0)
    desk.press("4")
    desk.says("1 picture scored 4")
    assert moving(desk) != []


def moving(desk: Desk) -> list[str]:
    """What is or could be in motion."""
    found: list[str] = desk.page.evaluate("""() => [
      ...document.getAnimations().map(one => `running: ${one.effect.target.className}`),
      ...[...document.querySelectorAll('*')].filter(one => {
        const { transitionDuration, animationName } = getComputedStyle(one);
        return animationName !== 'none' || transitionDuration.split(', ').some(time => parseFloat(time) > 0);
      }).map(one => one.tagName + '.' + (one.className.baseVal ?? one.className)),
    ]""")
    return found


def test_a_phone_has_everything_at_hand(sit: Sit, served: Served) -> None:
    desk = sit(served, width=390, height=844, has_touch=True, is_mobile=True).go()
    assert desk.page.evaluate("[visualViewport.width, document.documentElement.scrollWidth]") == [390, 390]
    tiles = desk.tiles()
    assert min(one["left"] for one in tiles) >= 0
    assert max(one["left"] + one["width"] for one in tiles) <= 390
    desk.page.get_by_role("button", name="Library").tap()
    desk.page.get_by_role("dialog", name="Library").get_by_role("treeitem", name="Scrapheap").tap()
    expect(desk.page.get_by_role("heading", name="The scrapheap is empty")).to_be_visible()
    desk.page.get_by_role("button", name="All pictures").tap()
    desk.seen()
    desk.page.get_by_role("button", name="Order and look").tap()
    desk.page.get_by_role("menuitemradio", name="Squares").tap()
    desk.until(desk.square)
    desk.tile(2).tap()
    desk.developed()
    assert desk.page.evaluate("document.documentElement.scrollWidth") == 390
    desk.page.get_by_role("button", name="4 stars").tap()
    desk.says("1 picture scored 4")
    desk.page.get_by_role("button", name="Back to the grid").tap()
    desk.becomes(lambda: desk.stars(2), 4)


def test_the_table_is_a_grid_for_those_who_listen(desk: Desk) -> None:
    tree = desk.page.locator(".main").aria_snapshot()
    assert f'grid "{gallery.COUNT:,} pictures"' in tree
    assert f'gridcell "paint-{gallery.PAINTED - 1:03}.png"' in tree
    rows = desk.page.get_by_role("row")
    assert rows.count() > 3
    assert rows.first.get_attribute("aria-rowindex") == "1"
    assert desk.page.locator(".tile[tabindex='0']").count() == 1, "the table is one stop of the Tab key"
    desk.focus(0)
    desk.press("Space")
    expect(desk.page.locator("[aria-live]", has_text="1 picture selected")).to_have_count(1)
    desk.press("Escape")


def test_the_guard_sees_what_it_is_there_for(sit: Sit, served: Served) -> None:
    """Or the fixture's silence in all the other tests would mean nothing."""
    desk = sit(served, fresh=True).go()
    desk.page.evaluate("fetch('http://pictures.example/').catch(() => 0)")
    desk.page.evaluate("() => { try { document.body.insertAdjacentHTML('beforeend', '<b>!</b>') } catch {} }")
    desk.page.evaluate("setTimeout(() => { throw new Error('on purpose') })")
    desk.page.wait_for_timeout(100)
    with pytest.raises(Error, match="ERR_"):
        desk.page.goto("http://localhost:1/")
    seen = "\n".join(desk.guard.problems)
    for part in ("policy: connect-src", "trusted-types", "on purpose", "left the origin: http://localhost:1/"):
        assert part in seen
    desk.guard.problems.clear()


def test_whatever_has_the_focus_shows_it(sit: Sit, shown: Served) -> None:
    """Stop by stop through the page, and through a dialog with boxes to tick."""

    def walk(stops: int) -> list[str]:
        seen = []
        for _ in range(stops):
            desk.press("Tab")
            seen.append(desk.page.evaluate(FOCUSED))
        return seen

    desk = sit(shown).go()
    desk.page.evaluate("document.activeElement?.blur()")
    stops = walk(14)
    assert any("Size of the tiles" in one for one in stops) and not [one for one in stops if one.startswith("unseen")]
    desk.focus(0)
    desk.press("Space", "Shift+F10")
    desk.pick("More", "Descriptions", key="Enter")
    stops = walk(8)
    assert any("whole words" in one for one in stops) and not [one for one in stops if one.startswith("unseen")]

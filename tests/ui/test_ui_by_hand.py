"""The order of a set's pictures: dragged, or moved by keys, in the set's own view; and undone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui.conftest import Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import Create, EditSet, Selection

pytestmark = pytest.mark.browser


@pytest.fixture
def arranged(sit: Sit, served: Served) -> Desk:
    """A tab on a set of six pictures, ids 1 to 6, in its own order."""
    made = served.library.create_set(OWNER, Create(name="Harbour")).id
    served.library.add_to_set(OWNER, made, Selection(ids=[1, 2, 3, 4, 5, 6]))
    desk = sit(served).go("/?q=set:1&sort=hand&mode=square")
    assert order(desk) == [1, 2, 3, 4, 5, 6]
    return desk


def order(desk: Desk) -> list[int]:
    return [one["id"] for one in desk.tiles()]


def test_only_a_set_can_be_ordered_so(sit: Sit, served: Served) -> None:
    served.library.create_set(OWNER, Create(name="Harbour"))
    served.library.add_to_set(OWNER, 1, Selection(ids=[1, 2, 3]))
    desk = sit(served).go()
    button = desk.page.get_by_title("Order", exact=True)
    button.click()
    expect(desk.page.get_by_role("menuitemradio", name="Newest")).to_be_visible()
    expect(desk.page.get_by_role("menuitemradio", name="Custom order")).to_have_count(0)
    desk.press("Escape")
    desk.page.get_by_role("treeitem", name="Harbour").click()
    desk.becomes(lambda: order(desk), [3, 2, 1])
    button.click()
    desk.page.get_by_role("menuitemradio", name="Custom order").click()
    desk.becomes(lambda: order(desk), [1, 2, 3])
    assert desk.parameter("sort") == "hand"
    expect(button).to_have_text("Custom order")


def test_pictures_are_dragged_where_they_belong(arranged: Desk, served: Served) -> None:
    def drag(index: int, to: int, where: float) -> None:
        """To the left (0) or the right (1) of another."""
        box = arranged.tile(to).bounding_box()
        assert box
        point = {"x": box["width"] * (0.2 + 0.6 * where), "y": box["height"] / 2}
        arranged.tile(index).drag_to(arranged.tile(to), target_position=point)  # type: ignore[arg-type]

    drag(4, 1, 0)
    arranged.says("1 picture moved within Harbour")
    arranged.becomes(lambda: order(arranged), [1, 5, 2, 3, 4, 6])
    drag(0, 5, 1)
    arranged.becomes(lambda: order(arranged), [5, 2, 3, 4, 6, 1])
    for index in (0, 3):
        arranged.tile(index).click(modifiers=["Control"])
    drag(3, 2, 0)
    arranged.becomes(lambda: order(arranged), [2, 5, 4, 3, 6, 1])
    assert served.library.set_members(OWNER, 1).ids == [2, 5, 4, 3, 6, 1]
    expect(arranged.page.locator(".between")).to_have_count(0)
    arranged.press("Escape", "Control+z")
    arranged.becomes(lambda: order(arranged), [5, 2, 3, 4, 6, 1])


def test_keys_move_what_is_chosen_or_meant(arranged: Desk, served: Served) -> None:
    arranged.focus(0)
    arranged.press("Alt+ArrowRight")
    arranged.becomes(lambda: order(arranged), [2, 1, 3, 4, 5, 6])
    arranged.becomes(lambda: arranged.cursor, 1)  # it goes along
    arranged.press("Alt+ArrowRight")
    arranged.becomes(lambda: order(arranged), [2, 3, 1, 4, 5, 6])
    arranged.becomes(lambda: arranged.cursor, 2)
    arranged.press("Alt+ArrowLeft")
    arranged.becomes(lambda: order(arranged), [2, 1, 3, 4, 5, 6])
    arranged.becomes(lambda: arranged.cursor, 1)
    arranged.press("Alt+End")
    arranged.becomes(lambda: order(arranged), [2, 3, 4, 5, 6, 1])
    arranged.becomes(lambda: arranged.cursor, 5)
    arranged.press("Alt+ArrowRight")  # it is the last one
    for index in (2, 3):
        arranged.tile(index).click(modifiers=["Control"])
    arranged.press("Alt+Home")
    arranged.becomes(lambda: order(arranged), [4, 5, 2, 3, 6, 1])
    assert arranged.selected.startswith("2")
    arranged.press("Alt+ArrowRight")
    arranged.becomes(lambda: order(arranged), [2, 4, 5, 3, 6, 1])
    assert served.library.set_members(OWNER, 1).ids == [2, 4, 5, 3, 6, 1]


def test_a_locked_set_and_other_orders_stay_as_they_are(arranged: Desk, served: Served) -> None:
    served.library.edit_set(OWNER, 1, EditSet(locked=True))
    arranged.guard.expected = ["status of 423"]
    arranged.focus(0)
    arranged.press("Alt+ArrowRight")
    arranged.says("Harbour is locked")
    assert order(arranged) == [1, 2, 3, 4, 5, 6] == served.library.set_members(OWNER, 1).ids
    arranged.go("/?q=set:1&mode=square")
    arranged.tile(0).drag_to(arranged.tile(3))
    expect(arranged.page.locator(".between")).to_have_count(0)
    assert served.library.set_members(OWNER, 1).ids == [1, 2, 3, 4, 5, 6]

"""Text in the open picture: shown over it, selected with the pointer, and copied."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.engines.outputs import Output
from pixlstash_core.library import Library
from pixlstash_core.types import TurnPictures

pytestmark = [pytest.mark.browser]
LEVEL = (0.2, 0.2, 0.6, 0.3)
SLANTED = ((0.2, 0.5), (0.5, 0.7), (0.48, 0.75), (0.18, 0.55))
CLIPBOARD = "navigator.clipboard.readText()"


def write(library: Library, picture: int) -> None:
    producer = library.outputs.register("text", "reader", "1", {})
    lines = [
        {"text": "STOP SIGN", "box": [*LEVEL], "confidence": 0.9, "corners": []},
        {"text": "slanted <b>", "box": [0.18, 0.5, 0.5, 0.75], "confidence": 0.8, "corners": [*map(list, SLANTED)]},
    ]
    for stored in library.outputs.store(producer, [Output(picture, lines)]):
        stored.result(30)
    library.outputs.activate(producer)


def look_at(sit: Sit, served: Served, picture: int, **options: object) -> Desk:
    desk = sit(served, **options)
    desk.page.goto(f"{desk.url}/?open={picture}")
    desk.developed()
    return desk


def lines(desk: Desk) -> Locator:
    return desk.viewer.get_by_role("group", name="Text in the picture").locator(".line")


def test_text_is_selected_and_copied(sit: Sit, served: Served) -> None:
    write(served.library, 1)
    desk = look_at(sit, served, 1, permissions=["clipboard-read", "clipboard-write"])
    expect(lines(desk)).to_have_count(0)
    desk.press("x")
    expect(lines(desk)).to_have_text(["STOP SIGN", "slanted <b>"])
    picture, box = desk.viewer.locator(".pic").bounding_box(), lines(desk).first.bounding_box()
    assert picture is not None and box is not None
    for edge, side, at in ((LEVEL[0], "width", "x"), (LEVEL[1], "height", "y")):
        assert abs(box[at] - picture[at] - edge * picture[side]) < 2  # type: ignore[literal-required]
    assert abs(box["width"] - (LEVEL[2] - LEVEL[0]) * picture["width"]) < 2
    mouse, middle = desk.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 1, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 1, middle, steps=5)
    mouse.up()
    desk.becomes(lambda: desk.page.evaluate("getSelection().toString()"), "STOP SIGN")
    desk.page.keyboard.press("Control+c")
    desk.becomes(lambda: desk.page.evaluate(CLIPBOARD), "STOP SIGN")
    after = desk.viewer.locator(".pic").bounding_box()
    assert after == picture  # the picture was not dragged along
    desk.viewer.get_by_role("button", name="Copy all text in the picture").click()
    desk.becomes(lambda: desk.page.evaluate(CLIPBOARD), "STOP SIGN\nslanted <b>")
    desk.press("x")
    expect(lines(desk)).to_have_count(0)


def test_text_turns_with_its_picture(sit: Sit, served: Served) -> None:
    write(served.library, 1)
    served.library.turn(OWNER, TurnPictures(ids=[1], quarters=1))
    desk = look_at(sit, served, 1)
    desk.viewer.get_by_role("button", name="Text").click()
    expect(lines(desk)).to_have_count(2)
    picture, box = desk.viewer.locator(".pic").bounding_box(), lines(desk).first.bounding_box()
    assert picture is not None and box is not None
    assert abs(box["y"] - picture["y"] - LEVEL[0] * picture["height"]) < 2  # its left edge is at the top now
    assert abs(box["x"] + box["width"] - picture["x"] - (1 - LEVEL[1]) * picture["width"]) < 2


def test_a_picture_without_text_says_so(sit: Sit, served: Served) -> None:
    write(served.library, 1)
    desk = look_at(sit, served, 2)
    desk.press("x")
    expect(desk.viewer.get_by_text("No text was read in this picture")).to_be_visible()
    desk.press("ArrowRight" if desk.viewer.locator(".position").inner_text().startswith("1 ") else "ArrowLeft")
    expect(desk.viewer.get_by_text("No text was read in this picture").or_(lines(desk).first)).to_be_visible()

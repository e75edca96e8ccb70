"""Faces in the viewer, faces that are nobody's, and who else may be somebody."""

from __future__ import annotations

import numpy as np
import pytest
from core.people.test_people import face, find, person, place
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AssignFaces, FaceInfo, TurnPictures

pytestmark = pytest.mark.browser
PICTURES = 10


@pytest.fixture
def crowded(served: Served) -> Served:
    """Ten pictures with two faces each: left somebody, right somebody else."""
    rng = np.random.default_rng(7)
    found = {id: [face(place(0), person(0, rng)), face(place(1), person(1, rng))] for id in range(1, PICTURES + 1)}
    find(served.library, found)
    return served


def faces(served: Served, picture: int) -> list[FaceInfo]:
    return served.library.picture_faces(OWNER, picture)


def names(served: Served, picture: int) -> list[str | None]:
    return [one.name for one in faces(served, picture)]


def boxes(desk: Desk) -> Locator:
    return desk.viewer.get_by_role("group", name="Faces", exact=True).get_by_role("button")


def type_name(desk: Desk, name: str) -> None:
    """Into the box that asks who it is."""
    desk.page.get_by_role("dialog").get_by_placeholder("Name of a character").fill(name)
    desk.page.get_by_role("option", name=name).first.wait_for()
    desk.press("Enter")


def look_at(sit: Sit, served: Served, picture: int = 1, **options: object) -> Desk:
    desk = sit(served, **options)
    desk.page.goto(f"{desk.url}/?open={picture}")
    desk.developed()
    return desk


def test_faces_are_named_over_the_picture_by_keys(sit: Sit, crowded: Served) -> None:
    desk = look_at(sit, crowded)
    expect(boxes(desk)).to_have_count(0)
    desk.press("f")
    expect(boxes(desk)).to_have_count(2)
    picture = desk.viewer.locator(".pic").bounding_box()
    box = boxes(desk).first.bounding_box()
    assert picture is not None and box is not None
    left, top, right, _ = place(0)
    assert abs(box["x"] - picture["x"] - left * picture["width"]) < 2
    assert abs(box["y"] - picture["y"] - top * picture["height"]) < 2
    assert abs(box["width"] - (right - left) * picture["width"]) < 2
    boxes(desk).first.focus()
    desk.press("c")
    at, asked = boxes(desk).first.bounding_box(), desk.page.locator("dialog.picker").bounding_box()
    assert at is not None and asked is not None
    assert asked["x"] >= at["x"] + at["width"] or asked["x"] + asked["width"] <= at["x"], "it opens beside the box"
    assert abs(asked["x"] - at["x"] - at["width"]) < 20 or abs(at["x"] - asked["x"] - asked["width"]) < 20
    type_name(desk, "Ada")
    desk.says("Ada")
    expect(boxes(desk).first).to_have_accessible_name("Ada 0.90")
    assert names(crowded, 1) == ["Ada", None]
    panel = desk.viewer.get_by_role("region", name="Faces in this picture")
    expect(panel.get_by_role("button", name="Ada", exact=True)).to_be_visible()
    boxes(desk).first.focus()
    desk.press("r")
    desk.until(lambda: names(crowded, 1) == [None, None])
    expect(boxes(desk).first).to_have_accessible_name("Who is this?")
    desk.press("Control+z")
    desk.says("undone")
    expect(boxes(desk).first).to_have_accessible_name("Ada 0.90")
    desk.press("f")
    expect(boxes(desk)).to_have_count(0)


def test_a_box_is_drawn_by_hand(sit: Sit, crowded: Served) -> None:
    desk = look_at(sit, crowded, 12)
    desk.press("b")
    picture = desk.viewer.locator(".pic").bounding_box()
    assert picture is not None
    x, y, width, height = picture["x"], picture["y"], picture["width"], picture["height"]
    mouse = desk.page.mouse
    mouse.move(x + 0.2 * width, y + 0.3 * height)
    mouse.down()
    mouse.move(x + 0.5 * width, y + 0.6 * height, steps=4)
    mouse.up()
    type_name(desk, "Bo")
    expect(boxes(desk)).to_have_accessible_name("Bo")
    (drawn,) = faces(crowded, 12)
    assert drawn.id is None and drawn.name == "Bo"
    assert [round(edge, 1) for edge in drawn.box] == [0.2, 0.3, 0.5, 0.6]
    desk.viewer.get_by_role("button", name="This is not Bo").click()
    expect(boxes(desk)).to_have_count(0)
    assert faces(crowded, 12) == []
    desk.press("b", "Escape")  # drawing is over, the picture stays
    expect(desk.viewer).to_be_visible()


def test_faces_that_are_nobodys_are_named_in_groups(sit: Sit, crowded: Served) -> None:
    desk = sit(crowded).go()
    desk.page.get_by_role("treeitem", name="Unassigned faces").click()
    page = desk.page.get_by_role("main", name="Unassigned faces")
    groups = page.get_by_role("listitem", name="10 faces of one")
    expect(groups).to_have_count(2)
    groups.first.get_by_role("button", name="Face 3", exact=True).click()
    expect(groups.first).to_contain_text("9 meant")
    desk.press("c")  # about the group that has the focus
    type_name(desk, "Ada")
    desk.says("Ada")
    ada = crowded.library.find_character(OWNER, 1)
    assert ada.name == "Ada"
    expect(groups).to_have_count(1)
    assert sum(names(crowded, id).count("Ada") for id in range(1, PICTURES + 1)) == 9
    desk.press("Escape")
    desk.seen()


@pytest.fixture
def ada(crowded: Served) -> int:
    """Somebody with three faces."""
    library = crowded.library
    first = [faces(crowded, id)[0].id for id in (1, 2, 3)]
    return library.assign_faces(OWNER, AssignFaces(faces=[one for one in first if one], name="Ada")).id


def test_who_else_it_may_be_is_decided_by_keys(sit: Sit, crowded: Served, ada: int) -> None:
    desk = sit(crowded).go()
    desk.page.get_by_role("treeitem", name="Ada").click(button="right")
    desk.page.get_by_role("menuitem", name="Faces and suggestions").click()
    page = desk.page.get_by_role("main", name="Ada")
    suggestions = page.get_by_role("region", name="Suggestions").locator("[data-maybe]")
    expect(suggestions.first).to_be_visible()
    count = suggestions.count()
    assert count >= PICTURES - 3
    suggestions.first.focus()
    desk.press("a")
    desk.until(lambda: len(crowded.library.character_faces(OWNER, ada).faces) == 4)
    expect(suggestions).to_have_count(count - 1)
    desk.press("r")
    expect(suggestions).to_have_count(count - 2)
    desk.until(lambda: any(ada in one.not_characters for id in range(1, PICTURES + 1) for one in faces(crowded, id)))
    desk.press("ArrowRight")
    expect(suggestions.nth(1)).to_be_focused()


def test_by_which_faces_somebody_is_told_and_two_that_are_one(sit: Sit, crowded: Served, ada: int) -> None:
    library = crowded.library
    other = library.assign_faces(OWNER, AssignFaces(faces=[faces(crowded, 4)[0].id or 0], name="Adah")).id
    desk = sit(crowded)
    desk.page.goto(f"{desk.url}/?page=people&about={other}")
    page = desk.page.get_by_role("main", name="Adah")
    star = page.get_by_role("button", name="Tell Adah by this face")
    expect(star).to_have_attribute("aria-pressed", "false")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    assert library.character_faces(OWNER, other).faces[0].reference
    page.get_by_role("button", name="Merge into…").click()
    type_name(desk, "Ada")
    desk.becomes(lambda: desk.parameter("about"), str(ada))
    assert len(library.character_faces(OWNER, ada).faces) == 4
    expect(desk.page.get_by_role("treeitem", name="Adah")).to_have_count(0)


def test_faces_that_may_be_somebodys_are_decided_by_keys(sit: Sit, crowded: Served, ada: int) -> None:
    library = crowded.library
    desk = sit(crowded).go()
    desk.page.get_by_role("treeitem", name="Suggested faces").click()
    page = desk.page.get_by_role("main", name="Suggested faces")
    waiting = library.review_characters(OWNER)[0].waiting
    expect(page.get_by_role("navigation", name="Characters").get_by_role("button", name="Ada")).to_have_count(1)
    expect(page.get_by_role("status")).to_contain_text(f"{waiting} faces to review")
    expect(page.get_by_role("img", name="Reference faces of Ada").locator(".crop")).to_have_count(3)
    found = page.locator("[data-suggestion]")
    expect(found).to_have_count(waiting)
    wanted = [one.face.id for one in library.review_faces(OWNER) if one.face]
    assert [int(found.nth(n).get_attribute("data-suggestion") or 0) for n in range(waiting)] == wanted
    found.first.focus()
    desk.press("a")
    expect(found).to_have_count(waiting - 1)
    expect(found.first).to_be_focused()
    desk.until(lambda: len(library.character_faces(OWNER, ada).faces) == 4)
    assert wanted[0] in {one.id for one in library.character_faces(OWNER, ada).faces}
    second = int(found.first.get_attribute("data-suggestion") or 0)
    desk.press("r")
    expect(found).to_have_count(waiting - 2)
    no = lambda: {one.id for id in range(1, PICTURES + 1) for one in faces(crowded, id) if ada in one.not_characters}  # noqa: E731
    desk.until(lambda: no() == {second})
    desk.press("Control+z")
    desk.says("undone")
    assert no() == set()
    expect(found).to_have_count(waiting - 1)
    desk.press("Shift+R")
    expect(page.get_by_text("No faces to review")).to_be_visible()
    assert len(no()) == waiting - 1
    desk.press("Escape")
    desk.seen()


def test_faces_of_a_turned_picture_are_cut_out_where_they_are(sit: Sit, crowded: Served) -> None:
    """A face lies elsewhere in the thumbnail of a picture that a person turned."""
    library = crowded.library
    bo = library.assign_faces(OWNER, AssignFaces(faces=[faces(crowded, 1)[1].id or 0], name="Bo")).id

    def laid(picture: int) -> tuple[float, float]:
        """The middle of what is shown of a face, as fractions of its thumbnail."""
        crop = desk.page.get_by_role("main").locator(f".crop:has(img[src*='/pictures/{picture}/'])").first
        crop.locator(".laid").wait_for()
        shown, image = crop.bounding_box(), crop.locator("img").bounding_box()
        assert shown is not None and image is not None
        across = (shown["x"] + shown["width"] / 2 - image["x"]) / image["width"]
        return across, (shown["y"] + shown["height"] / 2 - image["y"]) / image["height"]

    desk = sit(crowded)
    path = f"{desk.url}/?page=people&about={bo}"
    desk.page.goto(path)
    before = laid(1)
    assert before == pytest.approx((0.45, 0.35), abs=0.03)  # the middle of its box
    library.turn(OWNER, TurnPictures(ids=[1], quarters=1))
    desk.page.goto(path)
    desk.until(lambda: laid(1) != before)
    assert laid(1) == pytest.approx((1 - before[1], before[0]), abs=0.03)


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_it(sit: Sit, crowded: Served, ada: int, axe: Axe, width: int, theme: str) -> None:
    desk = sit(crowded, width=width, height=844, color_scheme=theme, reduced_motion="reduce")
    found = {}
    pages = {"people": "Unassigned faces", f"people&about={ada}": "Ada", "faces": "Suggested faces"}
    for path, name in pages.items():
        desk.page.goto(f"{desk.url}/?page={path}")
        desk.page.get_by_role("main", name=name).locator(".crop .laid").first.wait_for()
        found[name] = axe(desk.page)
    desk.page.goto(f"{desk.url}/?open=1")
    desk.developed()
    desk.press("f")
    expect(boxes(desk)).to_have_count(2)
    found["viewer"] = axe(desk.page)
    assert {name: faults for name, faults in found.items() if faults} == {}

"""Sharing in the browser: from chosen pictures and from a set, and what becomes of links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect
from ui.conftest import Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.sharing.guests import Guests
from pixlstash_core.sharing.links import Links
from pixlstash_core.types import CreateLink, Grant, Selection

pytestmark = pytest.mark.browser


def menu(desk: Desk, name: str) -> None:
    desk.page.get_by_role("menuitem", name=name, exact=True).click()


def dialog(desk: Desk, name: str) -> Locator:
    found = desk.page.get_by_role("dialog", name=name)
    expect(found).to_be_visible()
    return found


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_chosen_pictures_are_shared_by_a_link(look: tuple[int, str], sit: Sit, served: Served, tmp_path: Path) -> None:
    png = tmp_path / "mark.png"
    Image.new("RGBA", (80, 40), (255, 60, 0, 255)).save(png)
    desk = sit(served, width=look[0], color_scheme=look[1]).go("/?sort=name").seen()
    desk.focus()
    desk.press("Space", "ArrowRight", "Space")
    assert len(desk.chosen) == 2
    desk.tile(0).click(button="right")
    desk.pick("More", "Share…")
    share = dialog(desk, "Share 2 pictures")
    share.get_by_label("Title").fill("For Ann")
    mark = share.get_by_role("group", name="Watermark")
    mark.get_by_role("button", name="Text").click()
    mark.get_by_label("Text").fill("Sample")
    expect(mark.get_by_role("img", name="Preview with watermark")).to_be_visible()
    mark.get_by_role("button", name="Image").click()
    share.get_by_label("PNG file").set_input_files(png)
    expect(mark.get_by_role("img", name="Preview with watermark")).to_be_visible()
    mark.get_by_label("Position").select_option("center")
    mark.get_by_label("Opacity").focus()
    desk.press("End")
    share.get_by_label("Ends").select_option("in a week")
    share.get_by_role("button", name="Create link").click()
    row = share.get_by_role("region", name="Links")
    expect(row.get_by_text("For Ann")).to_be_visible()
    expect(row.get_by_text("2 pictures", exact=False).first).to_be_visible()
    found = row.get_by_role("group", name="Certificate")
    for name, value in (("Pictures reachable", "2 of 2"), ("With a place", "0"), ("Watermark", "2 of 2")):
        expect(found.get_by_role("listitem").filter(has_text=name)).to_contain_text(value)
    expect(found.get_by_role("listitem").filter(has_text="Anything else")).to_contain_text("nothing")
    expect(row.get_by_role("link", name="See it as they will")).to_have_attribute("href", re.compile("/s/[0-9a-f]+#"))
    expect(share.get_by_text("Only this computer can open the link")).to_be_visible()
    assert share.evaluate("one => one.scrollWidth <= one.clientWidth")
    [link] = served.library.links(OWNER)
    assert (link.title, link.pictures, link.live, link.download) == ("For Ann", 2, False, True)
    resize, use = served.library.part(Links).get(link.id).uses
    assert (resize.id, use.id, use.params["position"], use.params["opacity"]) == (
        "resize",
        "image-watermark",
        "center",
        1,
    )
    assert link.expires is not None and link.path is not None
    recipient = sit(served, anonymous=True, fresh=True)
    recipient.page.goto(served.url + link.path)
    expect(recipient.page.get_by_text("2 pictures")).to_be_visible()
    share.get_by_role("button", name="Replace").click()
    desk.until(lambda: served.library.links(OWNER)[0].path != link.path)
    share.get_by_role("button", name="Check again").click()
    expect(found).to_be_visible()
    expect(share.get_by_text("opened 1 time")).to_be_visible()
    share.get_by_role("button", name="Revoke").click()
    expect(share.get_by_text("There are no links")).to_be_visible()
    assert served.library.links(OWNER) == []


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_scores_of_recipients_are_accepted(look: tuple[int, str], sit: Sit, served: Served) -> None:
    desk = sit(served, width=look[0], color_scheme=look[1]).go("/?sort=name").seen()
    desk.focus()
    desk.press("Space", "ArrowRight", "Space")
    desk.tile(0).click(button="right")
    desk.pick("More", "Share…")
    share = dialog(desk, "Share 2 pictures")
    originals, mark = share.get_by_label("Originals"), share.get_by_role("group", name="Watermark")
    mark.get_by_role("button", name="Text").click()
    mark.get_by_label("Text").fill("Sample")
    expect(originals).to_be_disabled()
    expect(share.get_by_text("cannot be offered together with a watermark")).to_be_visible()
    mark.get_by_role("button", name="None").click()
    originals.select_option("offered untouched, with all metadata")
    expect(share.get_by_text("exactly as it is")).to_be_visible()
    share.get_by_label("Let recipients give stars").check()
    share.get_by_role("button", name="Create link").click()
    certificate = share.get_by_role("group", name="Certificate")
    expect(certificate.get_by_role("listitem").filter(has_text="Untouched originals")).to_contain_text("2")
    [link] = served.library.links(OWNER)
    assert (link.originals, link.scores) == ("untouched", True)
    ids, guests = link.scope.pictures, served.library.part(Guests)
    stored = served.library.part(Links).get(link.id)
    for visitor, picture, score in ((1, 0, 5), (2, 0, 4), (1, 1, 2)):
        guests.give(stored, bytes([visitor]) * 16, ids[picture], score, f"192.0.2.{visitor}")
    share.get_by_role("button", name="Check again").click()
    share.get_by_role("button", name="2 pictures scored").click()
    scored = share.get_by_role("group", name="Scores of recipients")
    expect(scored.get_by_role("img")).to_have_count(2)
    scored.get_by_role("button", name="Accept for 2 pictures").click()
    expect(scored.get_by_text("These are your scores, too.")).to_be_visible()
    assert [served.library.picture(OWNER, id).score for id in ids] == [5, 2]
    assert share.evaluate("one => [one, ...one.querySelectorAll('*')].every(each => each.scrollWidth <= innerWidth)")
    assert share.locator("form, section").evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")
    desk.press("Escape")
    served.library.undo(OWNER)
    assert [served.library.picture(OWNER, id).score for id in ids] == [0, 0]


def test_guest_scores_are_beside_the_picture(sit: Sit, served: Served) -> None:
    desk = sit(served).go("/?sort=name").seen()
    desk.open(0)
    id = int(desk.parameter("open") or 0)
    info = served.library.create_link(OWNER, CreateLink(scope=Grant(pictures=[id]), title="For Ann", scores=True))
    link = served.library.part(Links).get(info.id)
    served.library.part(Guests).give(link, b"1" * 16, id, 4, "192.0.2.1")
    desk.page.reload()
    beside = desk.page.get_by_role("region", name="Guest scores")
    expect(beside).to_contain_text("For Ann")
    beside.get_by_role("button", name="Accept 4 of 5 from For Ann").click()
    expect(beside.get_by_text("is your score")).to_be_visible()
    assert served.library.picture(OWNER, id).score == 4


def test_a_set_is_shared_live_and_problems_are_said(sit: Sit, ordered: Served) -> None:
    desk = sit(ordered).go("/").seen()
    name = ordered.library.sets(OWNER)[0].name
    desk.page.get_by_role("treeitem", name=name).first.click(button="right")
    menu(desk, "Share…")
    share = dialog(desk, f"Share {name}")
    expect(share.get_by_role("button", name="Whatever is in it")).to_have_attribute("aria-pressed", "true")
    share.get_by_role("button", name="Create link").click()
    expect(share.get_by_role("group", name="Certificate")).to_be_visible()
    library, id = ordered.library, ordered.library.sets(OWNER)[0].id
    others = [each for each in library.find(OWNER).ids if each not in library.set_members(OWNER, id).ids]
    library.add_to_set(OWNER, id, Selection(ids=others[:2]))
    share.get_by_role("button", name="Check again").click()
    share.get_by_role("button", name="2 pictures gained").click()
    expect(share.get_by_role("group", name="Gained pictures").get_by_role("img")).to_have_count(2)
    library.revoke_link(OWNER, library.links(OWNER)[0].id)
    share.get_by_label("Password").fill("apple pie")
    ordered.library.delete_set(OWNER, ordered.library.sets(OWNER)[0].id)
    desk.guard.expected = ["status of 404"]
    share.get_by_role("button", name="Create link").click()
    expect(share.get_by_role("alert")).to_contain_text("There is no set")
    assert ordered.library.links(OWNER) == []

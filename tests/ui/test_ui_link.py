"""The page of a link and the page of a gallery, as recipients use them: with keys, a mouse and fingers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from ui.conftest import Sit
from web.conftest import OWNER, Served

from pixlstash_core.plugins.contracts import Rendition
from pixlstash_core.sharing.gallery import Gallery, GalleryParams
from pixlstash_core.sharing.renditions import DEFAULT, Renditions
from pixlstash_core.types import CreateLink, Grant, LinkInfo

pytestmark = pytest.mark.browser
LOADED = (
    "() => [...document.querySelectorAll('.grid img')].slice(0, 3).every(image => image.complete && image.naturalWidth)"
)


def create(served: Served, **ask: Any) -> LinkInfo:
    scope = Grant(pictures=served.library.find(OWNER, "kind:image").ids[:5])
    return served.library.create_link(OWNER, CreateLink(scope=scope, **ask))


def shown(page: Page) -> str:
    """Which picture the viewer shows, once it has loaded."""
    page.wait_for_function("() => document.querySelector('dialog[open] .stage img')?.naturalWidth > 0")
    return page.locator("dialog .bar [role=status]").inner_text()


@pytest.mark.parametrize("look", [(1440, "dark"), (390, "light")], ids=str)
def test_a_recipient_looks_through_the_pictures(look: tuple[int, str], sit: Sit, served: Served) -> None:
    info = create(served, title="Our <b>trip</b>")
    assert info.path is not None
    desk = sit(served, anonymous=True)
    page = desk.page
    page.set_viewport_size({"width": look[0], "height": 844})
    page.emulate_media(color_scheme=look[1])  # type: ignore[arg-type]
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(served.url + info.path)
    expect(page.get_by_role("heading", name="Our <b>trip</b>")).to_be_visible()
    expect(page.get_by_text("5 pictures")).to_be_visible()
    page.wait_for_function(LOADED)
    assert page.url == served.url + info.path.partition("#")[0]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.cookie") == ""
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(20, 23, 26)") == (look[1] == "dark")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert shown(page) == "1 / 5"
    for key, at in (("ArrowRight", 2), ("End", 5), ("ArrowRight", 1), ("ArrowLeft", 5), ("Home", 1)):
        page.keyboard.press(key)
        assert shown(page) == f"{at} / 5", key
    page.keyboard.press("z")
    expect(page.locator(".stage.large")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator(".stage.large")).to_have_count(0)
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Slide show")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("() => document.querySelector('dialog .bar [role=status]').textContent === '2 / 5'")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Slide show")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('.grid') !== null")
    own = (f"{served.url}/s/", f"{served.url}/api/v1/shared/")
    assert [address for address in requests if not address.startswith(own)] == []
    page.reload()  # the cookie opens it again
    expect(page.get_by_text("5 pictures")).to_be_visible()


def test_fingers_swipe_and_save_downloads(sit: Sit, served: Served) -> None:
    info = create(served)
    desk = sit(served, anonymous=True)
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{served.url}{info.path}")
    page.locator(".grid a").first.click()
    assert shown(page) == "1 / 5"
    touch = page.context.new_cdp_session(page)

    def swipe(start: int, end: int) -> None:
        def point(x: int) -> list[dict[str, int]]:
            return [{"x": x, "y": 400}]

        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": point(start)})
        for step in range(1, 6):
            touch.send(
                "Input.dispatchTouchEvent",
                {"type": "touchMove", "touchPoints": point(start + (end - start) * step // 5)},
            )
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    swipe(320, 60)
    page.wait_for_function("() => document.querySelector('dialog .bar [role=status]').textContent === '2 / 5'")
    swipe(60, 320)
    page.wait_for_function("() => document.querySelector('dialog .bar [role=status]').textContent === '1 / 5'")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save").click()
    assert download.value.suggested_filename.startswith("picture-")
    assert Path(download.value.path()).read_bytes()[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize("look", [(1440, "light"), (390, "dark")], ids=str)
def test_a_recipient_gives_stars(look: tuple[int, str], sit: Sit, served: Served) -> None:
    info = create(served, scores=True, originals="untouched")
    desk = sit(served, anonymous=True)
    page = desk.page
    page.set_viewport_size({"width": look[0], "height": 844})
    page.emulate_media(color_scheme=look[1])  # type: ignore[arg-type]
    page.goto(f"{served.url}{info.path}")
    expect(page.get_by_text("open a picture to give it stars")).to_be_visible()
    page.locator(".grid a").first.click()
    assert shown(page) == "1 / 5"
    stars = page.get_by_role("group", name="Your score")
    page.keyboard.press("4")
    expect(stars).to_have_accessible_name("Your score: 4 of 5")
    expect(stars.get_by_role("button", name="4 stars")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    assert shown(page) == "2 / 5"
    expect(stars).to_have_accessible_name("Your score: none")
    box = stars.get_by_role("button", name="2 stars").bounding_box()
    assert box is not None and min(box["width"], box["height"]) >= 44
    touch, at = page.context.new_cdp_session(page), {"x": box["x"] + 22, "y": box["y"] + 22}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(stars).to_have_accessible_name("Your score: 2 of 5")
    page.keyboard.press("0")
    expect(stars).to_have_accessible_name("Your score: none")
    page.keyboard.press("3")
    with page.expect_download() as download:
        page.get_by_role("link", name="Original").click()
    desk.until(lambda: len(served.library.link_scores(OWNER, info.id)) == 2)
    scores = {score.picture: score.score for score in served.library.link_scores(OWNER, info.id)}
    assert sorted(scores.values()) == [3, 4]
    original = served.library.original(OWNER, next(id for id, score in scores.items() if score == 3))
    with original.open(0, None) as file:
        assert Path(download.value.path()).read_bytes() == file.read()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator('.grid a[data-stars="4"]')).to_have_count(1)
    page.locator('.grid a[data-stars="3"]').click()
    expect(stars).to_have_accessible_name("Your score: 3 of 5")
    served.library.revoke_link(OWNER, info.id)
    desk.guard.expected = ["status of 404"]
    page.keyboard.press("5")
    expect(page.get_by_role("alert")).to_contain_text("no longer valid")
    expect(stars).to_have_accessible_name("Your score: 3 of 5")


def test_a_password_is_asked_for(sit: Sit, served: Served) -> None:
    info = create(served, password="apple pie", download=False)
    desk = sit(served, anonymous=True)
    desk.guard.expected = ["status of 401"]
    page = desk.page
    page.goto(f"{served.url}{info.path}")
    page.get_by_label("Password").fill("wrong one")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The password is wrong.")).to_be_visible()
    page.get_by_label("Password").fill("apple pie")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("5 pictures")).to_be_visible()
    page.locator(".grid a").first.click()
    expect(page.get_by_role("link", name="Save")).to_have_count(0)


def test_a_revoked_link_says_so_and_shows_nothing(sit: Sit, served: Served) -> None:
    info = create(served)
    desk = sit(served, anonymous=True)
    desk.guard.expected = ["status of 404"]
    page = desk.page
    page.goto(f"{served.url}{info.path}")
    expect(page.get_by_text("5 pictures")).to_be_visible()
    served.library.revoke_link(OWNER, info.id)
    page.reload()
    expect(page.get_by_text("no longer valid")).to_be_visible()
    expect(page.locator("img")).to_have_count(0)


def test_a_gallery_opens_without_a_server(sit: Sit, served: Served, tmp_path: Path) -> None:
    ids = served.library.find(OWNER, "kind:image").ids[:3]
    made = [served.library.part(Renditions).make(id, DEFAULT) for id in ids]
    renditions = [
        Rendition(f"{n:04}.jpg", one.width, one.height, one.image, one.preview) for n, one in enumerate(made, 1)
    ]
    Gallery().share("Trip", renditions, GalleryParams(path=str(tmp_path / "gallery")))
    desk = sit(served, anonymous=True)
    page = desk.page
    page.goto((tmp_path / "gallery" / "index.html").as_uri())
    page.wait_for_function(LOADED)
    page.locator(".grid a").first.click()
    assert shown(page) == "1 / 3"
    page.keyboard.press("ArrowLeft")
    assert shown(page) == "3 / 3"
    desk.guard.problems = [problem for problem in desk.guard.problems if "file:" not in problem]

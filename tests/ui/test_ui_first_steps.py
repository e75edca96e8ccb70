"""The first minutes: search by text and similarity is one click away, and is offered where it is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from libraries import finish, until
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.library import Library
from pixlstash_core.types import DeletePictures
from pixlstash_demo.art import lettering
from pixlstash_demo.filling import fill

pytestmark = pytest.mark.browser
#: Milliseconds that engines may take to start.
STARTS = 120_000


def offer(desk: Desk) -> Locator:
    return desk.page.get_by_role("navigation", name="Library").get_by_role("region", name="First steps")


def done(served: Served, kind: str) -> int:
    """Pictures that an engine of a kind has processed."""
    return max((engine.done for engine in served.library.engines(OWNER) if engine.kind == kind), default=0)


def signs(folder: Path) -> list[Path]:
    """Three pictures of signs, of which the last two are much alike."""
    paths = []
    for word, color in (("STATION", "navy"), ("BAKERY", "orange"), ("BAKERY", "gold")):
        picture = Image.new("RGB", (600, 400), color)
        ImageDraw.Draw(picture).text((60, 150), word, "white", ImageFont.load_default(80))
        picture.save(folder / f"{color}.png")
        paths.append(folder / f"{color}.png")
    return paths


def search(desk: Desk, q: str) -> None:
    field = desk.page.get_by_role("combobox", name=re.compile("Search|Filter"))
    field.fill(q)
    field.press("Enter")
    desk.becomes(lambda: desk.parameter("q"), q)


def search_by_text_and_similarity(desk: Desk, library: Library, word: str) -> None:
    """Search for a word, and for pictures similar to the first one with it; no message says what is missing."""
    search(desk, f"text:{word}")
    desk.becomes(lambda: {tile["id"] for tile in desk.tiles()}, set(library.find(OWNER, f"text:{word}").ids))
    expect(desk.page.locator("#search-problem")).to_have_count(0)
    first = desk.tiles()[0]["id"]
    desk.focus(0)
    desk.press("l")
    desk.becomes(lambda: desk.parameter("q"), f"like:picture:{first}")
    desk.until(lambda: len(desk.tiles()) > 1)
    desk.becomes(lambda: desk.tiles()[0]["id"], first)
    expect(desk.page.locator("#search-problem")).to_have_count(0)
    assert not re.search("embedder|plugin", desk.page.locator("body").inner_text(), re.I)


def test_after_a_first_upload(sit: Sit, empty: Served, tmp_path: Path) -> None:
    desk = sit(empty)
    desk.page.goto(desk.url)
    with desk.page.expect_file_chooser() as chooser:
        desk.page.get_by_role("button", name=re.compile("Choose|Upload|files", re.I)).first.click()
    chooser.value.set_files(signs(tmp_path))
    offer(desk).get_by_role("button", name="Read the text, find similar pictures").click()
    expect(offer(desk)).to_have_count(0)
    until(lambda: empty.library.info(OWNER).pictures == 3, 60)
    until(lambda: done(empty, "vector") == 3 and done(empty, "text") == 3, STARTS / 1000)
    search_by_text_and_similarity(desk, empty.library, "bakery")
    assert len(empty.library.find(OWNER, "text:bakery").ids) == 2


def test_in_the_demo(sit: Sit, empty: Served) -> None:
    finish(empty.library, fill(empty.library, 48))
    streets = list(empty.library.find(OWNER, "street").ids)
    assert streets, "they have signs with words"
    others = [one.id for one in empty.library.pictures(OWNER) if one.id not in streets]
    empty.library.delete(OWNER, DeletePictures(ids=others[6:]))  # reading all takes minutes on a small machine
    desk = sit(empty).go()
    offer(desk).get_by_role("button", name="Read the text, find similar pictures").click()
    expect(desk.page.get_by_role("button", name=re.compile("Tasks: .*all pictures with"))).to_be_visible()
    pictures = empty.library.info(OWNER).pictures
    until(lambda: done(empty, "vector") == pictures and done(empty, "text") == pictures, 2 * STARTS / 1000)
    words = [word for word in lettering.WORDS if empty.library.find(OWNER, f'text:"{word}"').ids]
    assert words
    search_by_text_and_similarity(desk, empty.library, words[0].split()[0].lower())


def test_engines_are_asked_for_once(sit: Sit, served: Served) -> None:
    desk = sit(served)
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.go()
    expect(offer(desk)).to_be_visible()
    desk.page.reload()
    desk.seen()
    expect(offer(desk)).to_be_visible()
    assert len([url for url in asked if url.endswith("/api/v1/engines")]) == 1
    offer(desk).get_by_role("button", name="find similar pictures").click()
    expect(offer(desk)).to_have_count(0)
    until(lambda: done(served, "vector") == 16, STARTS / 1000)
    policies = {engine.kind: engine.policy for engine in served.library.engines(OWNER) if engine.done}
    assert set(policies.values()) == {"new"}
    desk.page.evaluate("localStorage.clear()")


def test_text_that_was_not_read_is_offered_where_it_is_searched(sit: Sit, served: Served) -> None:
    desk = sit(served)
    desk.page.goto(f"{desk.url}/?q=text%3Astation")
    desk.page.get_by_role("button", name="Read the text in 16 pictures").click()
    expect(desk.page.get_by_text("Reading text:")).to_be_visible()
    until(lambda: done(served, "text") == 16, STARTS / 1000)
    expect(desk.page.get_by_role("heading", name="No pictures match text:station")).to_be_visible()
    expect(desk.page.get_by_role("button", name="Read the text in 16 pictures")).to_have_count(0)


def test_one_click_runs_the_engines(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    offer(desk).get_by_role("button", name="find similar pictures").click()
    expect(offer(desk)).to_have_count(0)
    desk.page.get_by_role("button", name="Tasks:").click()
    tasks = desk.page.get_by_role("dialog", name="Tasks")
    expect(tasks.get_by_text("Embedding all pictures with").first).to_be_visible()
    if any(engine.kind == "text" for engine in served.library.engines(OWNER)):
        expect(tasks.get_by_text("Reading text all pictures with").first).to_be_visible()
    pictures = served.library.info(OWNER).pictures
    until(lambda: done(served, "vector") == pictures, STARTS / 1000)
    desk.press("Escape")
    first = desk.tiles()[0]["id"]
    desk.focus(0)
    desk.press("l")
    desk.becomes(lambda: desk.parameter("q"), f"like:picture:{first}")
    expect(desk.page.locator("#search-problem")).to_have_count(0)
    desk.becomes(lambda: desk.tiles()[0]["id"], first)
    desk.page.reload()
    desk.seen()
    expect(offer(desk)).to_have_count(0)
    desk.page.evaluate("localStorage.clear()")


def test_it_is_dismissed_and_stays_so(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    offer(desk).get_by_role("button", name="Do not offer this again").click()
    expect(offer(desk)).to_have_count(0)
    desk.page.reload()
    desk.seen()
    expect(offer(desk)).to_have_count(0)
    assert done(served, "vector") == 0
    desk.page.evaluate("localStorage.clear()")
    desk.page.reload()
    expect(offer(desk)).to_be_visible()


def test_an_empty_library_and_a_reader_get_no_offer(sit: Sit, empty: Served) -> None:
    desk = sit(empty)
    desk.page.goto(desk.url)
    expect(desk.page.get_by_role("heading", name="Where are your pictures?")).to_be_visible()
    expect(offer(desk)).to_have_count(0)


def test_similar_pictures_offers_the_engine_it_needs(sit: Sit, served: Served) -> None:
    desk = sit(served).go()
    desk.guard.expected = ["status of 400"]  # until the engine has run
    first = desk.tiles()[0]["id"]
    desk.focus(0)
    desk.press("l")
    desk.becomes(lambda: desk.parameter("q"), f"like:picture:{first}")
    run = desk.page.get_by_role("button", name="Compare 16 pictures with the built-in engine")
    run.click()
    expect(desk.page.get_by_text("Comparing pictures:")).to_be_visible()
    expect(desk.page.locator("#search-problem")).to_have_count(0, timeout=STARTS)
    desk.becomes(lambda: desk.tiles()[0]["id"], first)
    assert done(served, "vector") == 16


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe(sit: Sit, served: Served, axe: Axe, width: int, theme: str) -> None:
    desk = sit(served, width=width, color_scheme=theme).go()
    if width > 640:
        expect(offer(desk)).to_be_visible()
    assert axe(desk.page) == []

"""The tagger that learns in the page: learned with one click, its quality by tag, and the order of the review."""

from __future__ import annotations

import io
import os
from typing import Literal

import numpy as np
import pytest
from libraries import add, invented
from PIL import Image
from playwright.sync_api import expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import DecideTag

pytestmark = [pytest.mark.browser]
COUNT, DECIDED = 90, 60


@pytest.fixture
def decided(served: Served) -> Served:
    """A library with vectors, and decisions about three tags: two are enough, and one of these is contradictory."""
    library = served.library
    random = np.random.default_rng(1)
    rows = 0.2 * random.standard_normal((COUNT, 8)).astype(np.float32)
    rows[:, 0] = np.linspace(-1, 1, COUNT)[random.permutation(COUNT)]
    readings = [invented(n) for n in range(COUNT)]
    for n, reading in enumerate(readings):
        file = io.BytesIO()
        Image.new("RGB", (64, 48), (128 + int(90 * rows[n, 0]), 90, 128 - int(90 * rows[n, 0]))).save(file, "WEBP")
        library.thumbnails.put([(reading.sha256, file.getvalue())])
    ids = add(library, *readings)
    library.outputs.keep("vector", "eyes", "1", dict(zip(ids, rows)), 0.0)
    wears = rows[:DECIDED, 0] + 0.3 * random.standard_normal(DECIDED) > 0
    decide(served, "second outfit", ids[:DECIDED], wears.tolist())
    decide(served, "good mood", ids[:40], (random.random(40) < 0.5).tolist())
    decide(served, "glasses", ids[:12], [True] * 9 + [False] * 3)
    return served


def decide(served: Served, tag: str, ids: list[int], yes: list[bool]) -> None:
    chosen = {right: [id for id, given in zip(ids, yes) if given == right] for right in (True, False)}
    served.library.decide_tag(OWNER, DecideTag(tag=tag, yes=chosen[True], no=chosen[False]))


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_it_is_learned_with_one_click_and_asks_what_teaches_most(
    decided: Served, sit: Sit, axe: Axe, width: int, theme: Literal["dark", "light"]
) -> None:
    desk = sit(decided, width=width, height=900, color_scheme=theme, reduced_motion="reduce")
    desk.page.goto(f"{desk.url}/?page=engines&about=learned/tags")
    learned = desk.page.get_by_role("region", name="Learned from you")
    quality = learned.get_by_role("row")
    expect(desk.page.get_by_role("button", name="Run on")).to_have_count(0)  # it knows nothing yet
    expect(learned).to_contain_text("There are 100 decisions to learn from")
    expect(quality.filter(has_text="glasses")).to_contain_text(
        "Not enough decisions yet: 12 of 30 decisions, 3 of 5 rejected"
    )
    learned.get_by_role("button", name="Learn from my decisions").click()
    outfit = quality.filter(has_text="second outfit")
    expect(outfit.get_by_role("img")).to_be_visible(timeout=90_000)
    expect(outfit).to_contain_text("%–")  # the interval of few decisions
    expect(quality.filter(has_text="good mood")).to_contain_text("your decisions follow no pattern")
    expect(learned).to_contain_text("From 100 decisions")
    expect(learned).to_contain_text("It learns again when you pause")
    learned.scroll_into_view_if_needed()
    shoot(desk, f"learned-{width}")
    assert axe(desk.page) == []
    desk.until(lambda: bool(decided.library.review_tag(OWNER, "second outfit").found))
    desk.page.goto(f"{desk.url}/?page=suggested&about=second outfit")
    queue = desk.page.get_by_role("main", name="Suggested tags")
    queue.get_by_label("Order").select_option("Teaches most first")
    expect(queue.get_by_role("status")).to_contain_text("what teaches most first")
    shown = queue.locator("[data-suggestion]")
    wanted = [
        picture.picture.id for picture in decided.library.review_tag(OWNER, "second outfit", order="teaching").found
    ]
    desk.until(lambda: [int(one.get_attribute("data-suggestion") or 0) for one in shown.all()] == wanted)
    shoot(desk, f"teaching-{width}")
    assert axe(desk.page) == []
    shown.first.focus()
    desk.press("a")
    expect(shown).to_have_count(len(wanted) - 1)
    desk.until(lambda: decided.library.trained_engine(OWNER, "learned/tags").examples == 101)
    desk.seen()


def shoot(desk: Desk, name: str) -> None:
    """Take a picture for people who want to see it: PIXLSTASH_SHOTS names a folder."""
    if folder := os.environ.get("PIXLSTASH_SHOTS"):
        desk.page.screenshot(path=f"{folder}/{name}.png")

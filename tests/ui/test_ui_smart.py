"""The smart score in the page: learned with one click, shown in the statistics, and explained in the viewer."""

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

from pixlstash_core.types import ScorePictures

pytestmark = [pytest.mark.browser]
COUNT = 30


@pytest.fixture
def rated(served: Served) -> Served:
    """A library with vectors, 30 pictures of which have scores."""
    library = served.library
    readings = [invented(n) for n in range(COUNT)]
    for n, reading in enumerate(readings):
        file = io.BytesIO()
        Image.new("RGB", (64, 48), (8 * n, 90, 255 - 8 * n)).save(file, "WEBP")
        library.thumbnails.put([(reading.sha256, file.getvalue())])
    ids = add(library, *readings)
    every = [picture.id for picture in library.pictures(OWNER)]
    rows = np.random.default_rng(1).standard_normal((len(every), 8)).astype(np.float32)
    library.outputs.keep("vector", "eyes", "1", dict(zip(every, rows)), 0.0)
    quality = {id: float(row[0] / np.linalg.norm(row)) for id, row in zip(every, rows)}
    for n, id in enumerate(sorted(ids, key=quality.__getitem__)):
        library.score(OWNER, ScorePictures(ids=[id], score=1 + n * 5 // COUNT))
    return served


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_it_is_learned_with_one_click_and_explained(
    rated: Served, sit: Sit, axe: Axe, width: int, theme: Literal["dark", "light"]
) -> None:
    desk = sit(rated, width=width, height=900, color_scheme=theme).go()
    desk.press("g")
    panel = desk.page.get_by_role("complementary", name="About this view")
    learning = panel.get_by_role("region", name="Smart score accuracy")
    learning.get_by_role("button", name="Learn from my scores").click()
    expect(learning.get_by_role("table")).to_be_visible(timeout=90_000)
    expect(learning).to_contain_text("Off by")
    expect(learning.get_by_role("button")).to_have_count(0)
    expect(panel.get_by_role("group", name="Smart score")).to_be_visible(timeout=90_000)
    learning.scroll_into_view_if_needed()
    shoot(desk, f"smart-statistics-{width}")
    # The panel's headings begin at the third level, whatever is in it.
    assert [fault for fault in axe(desk.page) if not fault.startswith("heading-order: section:nth-child(1)")] == []
    painted = "model:flux1-dev"  # the others have no files
    best = rated.library.find(OWNER, f"{painted} sort:-smart").ids[0]
    desk.page.goto(f"{desk.url}/?q={painted}&open={best}")
    explained = desk.viewer.get_by_role("region", name="Smart score")
    if width < 500:
        desk.viewer.get_by_role("button", name="Information").click()
    expect(explained).to_contain_text("Because you gave high scores to these")
    expect(explained.get_by_role("button")).to_have_count(4)
    shoot(desk, f"smart-viewer-{width}")
    explained.get_by_role("button").first.click()
    desk.until(lambda: (desk.parameter("q") or "").startswith("like:picture:"))


def shoot(desk: Desk, name: str) -> None:
    """Take a picture for people who want to see it: PIXLSTASH_SHOTS names a folder."""
    if folder := os.environ.get("PIXLSTASH_SHOTS"):
        desk.page.screenshot(path=f"{folder}/{name}.png")

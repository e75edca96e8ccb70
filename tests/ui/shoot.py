"""Takes the pictures of the README from a demo library: `.venv/bin/python tests/ui/shoot.py`."""

from __future__ import annotations

import sys
import tempfile
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import libraries
from conftest import QUIET, find_chromium
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from sources import ROOT
from ui.desk import Desk, Guard

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, ScorePictures
from pixlstash_demo import filling as demo
from pixlstash_web.server import running

IMAGES = ROOT / "docs" / "images"
PICTURES = 200
#: Bytes that a picture of a README may have.
LARGEST = 200_000


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        Library.create(Path(folder) / "library", name="Demo")
        with Library.open(Path(folder) / "library") as library:
            fill(library)
            with running(library) as url, sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=find_chromium(), chromium_sandbox=False, args=QUIET
                )
                for theme in ("dark", "light"):
                    shoot(browser, url, library, theme)
                browser.close()


def fill(library: Library) -> None:
    """Demo pictures, judged as somebody with a taste might have."""
    libraries.until(lambda: library.queue.get(demo.fill(library, PICTURES).id).state != "waiting", 600)
    libraries.until(lambda: library.info(OWNER).pictures == PICTURES, 600)
    # Those of a locked set keep what they have.
    ids = [one.id for one in library.pictures(OWNER, "-is:locked", limit=PICTURES)]
    for score, every, first in ((3, 4, 0), (4, 5, 2), (5, 11, 3)):
        library.score(OWNER, ScorePictures(score=score, ids=ids[first::every]))


def shoot(browser: Browser, url: str, library: Library, theme: str) -> None:
    """The grid with a selection among several groups, the filters, and a picture in the viewer."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    desk = Desk(context.new_page(), url, Guard(context, url))
    desk.go(f"/#claim={library.access.claim_link()}")
    side = desk.page.get_by_role("navigation", name="Library")
    side.get_by_role("treeitem", name="Ayla").click()
    for name in ("Tomas", "Winter film"):
        side.get_by_role("treeitem", name=name).first.click(modifiers=["Control"])
    desk.page.get_by_role("toolbar", name="Combine").wait_for()
    desk.focus(0)
    desk.press("g")
    desk.page.get_by_role("complementary", name="About this view").get_by_text("pictures ·").wait_for()
    desk.seen()
    for index in (3, 6, 9):
        desk.tile(index).click(modifiers=["Control"])
    desk.press("5")
    desk.says("scored 5")
    desk.page.mouse.move(700, 20)
    desk.seen()
    desk.page.wait_for_timeout(700)
    save(desk, f"grid-{theme}")
    desk.press("Escape")
    desk.page.locator(".toast").get_by_role("button", name="Undo").click()
    desk.says("undone")
    desk.focus(0)
    desk.press("g")
    desk.go("/")
    desk.focus(0)
    desk.press("f")
    panel = desk.page.get_by_role("tabpanel", name="Filters")
    panel.get_by_role("button", name="3+").click()
    panel.get_by_role("button", name="png").click()
    panel.get_by_role("combobox", name="Tags: find").press_sequentially("golden")
    panel.get_by_role("option").first.wait_for()
    desk.press("Enter")
    panel.get_by_role("button", name="Remove tag").wait_for()
    panel.evaluate("one => one.scrollTop = 0")
    desk.seen()
    desk.page.wait_for_timeout(900)
    save(desk, f"filters-{theme}")
    desk.press("Escape")
    desk.go("/")
    desk.page.reload()
    desk.seen()
    desk.open(7)
    desk.page.wait_for_timeout(1500)
    save(desk, f"viewer-{theme}")
    context.close()


def save(desk: Desk, name: str) -> None:
    """As WebP, as good as fits."""
    shot = Image.open(BytesIO(desk.page.screenshot()))
    for quality in range(90, 40, -5):
        out = BytesIO()
        shot.save(out, "webp", quality=quality, method=6)
        if out.tell() <= LARGEST:
            break
    (IMAGES / f"{name}.webp").write_bytes(out.getvalue())
    print(f"{name}.webp: {out.tell():,} bytes at quality {quality}")


if __name__ == "__main__":
    main()

"""What a person sees in the browser with a million pictures: how soon, how exactly, how smoothly.

    python bench/grid.py [--pictures 1000000]

A real Chromium opens a real server. The stills shown are drawn from generated photographs and kept, as after an import.
The floor is the same browser with an empty page: how soon it paints, and how even its frames are while it is busy with
nothing. Chromium is found on the path; PIXLSTASH_CHROMIUM names another.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _measure import KEPT, Figure, ms, percentile, report, unmeasured
from _server import Served, serving
from fill import filled
from import_floor import make_pictures

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

PAINTED, FRAME = 1.5, 0.017
SCREEN = {"width": 1440, "height": 900}
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
ROUNDS, FRAMES = 5, 240
BROWSERS = ("chromium", "google-chrome", "chromium-headless-shell")
#: Pixels a frame: reading along, and in a hurry.
STEPS = (60, 400)

# When every picture on the screen is drawn and faded in. Looked at once a frame, from before the page's own scripts.
WATCH = """
const look = () => {
  const seen = [...document.querySelectorAll('.grid .tile')].filter((tile) => {
    const box = tile.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  });
  if (seen.length && !window.coloured) window.coloured = performance.now();
  const drawn = (tile) => {
    const image = tile.querySelector('img');
    return image && image.complete && image.naturalWidth && !image.classList.contains('wait');
  };
  if (seen.length > 10 && seen.every(drawn))
    requestAnimationFrame(() => requestAnimationFrame(() => (window.painted = performance.now())));
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
EMPTY = "requestAnimationFrame(() => requestAnimationFrame(() => (window.painted = performance.now())));"
SCROLL = """([step, frames]) => new Promise((done) => {
  const grid = document.querySelector('.grid');
  const gaps = [];
  let before = 0;
  const tick = (now) => {
    if (before) gaps.push(now - before);
    before = now;
    if (grid) grid.scrollTop += step;
    if (gaps.length < frames) requestAnimationFrame(tick);
    else done(gaps);
  };
  requestAnimationFrame(tick);
})"""
AT = """(index) => {
  const tile = document.querySelector(`.tile[data-index="${index}"]`);
  const box = tile?.getBoundingClientRect();
  return box ? [box.top, box.bottom, innerHeight, tile === document.activeElement] : null;
}"""


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--pictures", type=int, default=1_000_000)
    options = ask.parse_args()
    program = os.environ.get("PIXLSTASH_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        reason = "Chromium is missing: install it, or set PIXLSTASH_CHROMIUM to its program"
        return unmeasured("the grid in a browser", reason)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return unmeasured("the grid in a browser", "Playwright is missing: make install")

    path = filled(options.pictures)
    _keep_stills(path)
    with serving(path) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, chromium_sandbox=False, args=QUIET)
        try:
            return report(_figures(browser, server, options.pictures))
        finally:
            browser.close()


def _figures(browser: Browser, server: Served, pictures: int) -> list[Figure]:
    token = json.loads(server.ask("POST", "/api/v1/tokens", {"rights": "owner", "label": "bench"}))["token"]
    empty = [_opened(browser, server, None, EMPTY) for _ in range(ROUNDS)]
    opened = [_opened(browser, server, token, WATCH) for _ in range(ROUNDS)]
    painted, coloured = (statistics.median(run[part] for run in opened) for part in (0, 1))
    floor = statistics.median(run[0] for run in empty)
    cold = opened[0][0]
    figures = [
        Figure(
            f"first screen in the browser, {pictures:,} pictures",
            f"thumbnails < {ms(PAINTED)} after navigation",
            f"{ms(cold)} in a server just started, {ms(painted)} later; coloured rectangles {ms(coloured)}",
            f"one word of text {ms(floor)}",
            max(cold, painted) < PAINTED,
        )
    ]
    page = _page(browser, server, token, WATCH)
    try:
        page.goto(server.url)
        _wait(page)
        figures.append(_ends(page, pictures))
        figures += [_scrolled(browser, page, step, pictures) for step in STEPS]
    finally:
        page.context.close()
    return figures


def _opened(browser: Browser, server: Served, token: str | None, script: str) -> tuple[float, float]:
    """(seconds until painted, until coloured) of a navigation with nothing in the browser's cache."""
    page = _page(browser, server, token, script)
    try:
        page.goto(server.url if token else "data:text/html,pixlstash", wait_until="commit")
        _wait(page)
        painted, coloured = page.evaluate("[window.painted, window.coloured ?? 0]")
        return painted / 1000, coloured / 1000
    finally:
        page.context.close()


def _wait(page: Page) -> None:
    """Until everything on the screen is painted. The page's own policy forbids waiting inside it."""
    for _ in range(600):
        if page.evaluate("window.painted"):
            return
        page.wait_for_timeout(50)
    page.screenshot(path=KEPT / "grid.png")
    raise SystemExit(f"The screen was not painted within 30 s: see {KEPT / 'grid.png'}")


def _page(browser: Browser, server: Served, token: str | None, script: str) -> Page:
    context = browser.new_context(viewport=SCREEN)  # type: ignore[arg-type]  # a plain dict will do
    if token:
        answer = context.request.post(f"{server.url}/api/v1/session", data={"token": token})
        if not answer.ok:
            raise SystemExit(answer.text())
    page = context.new_page()
    page.add_init_script(script)
    return page


def _ends(page: Page, pictures: int) -> Figure:
    """Whether the End and Home keys lead to the very last and the very first picture, whole on the screen."""
    said: dict[str, Any] = {}
    for key, index in (("End", pictures - 1), ("Home", 0)):
        page.keyboard.press(key)
        page.wait_for_timeout(600)
        said[key] = page.evaluate(AT, index)
    exact = all(box and box[0] >= 0 and box[1] <= box[2] + 1 for box in said.values())
    off = ", ".join(f"{key} {'exact' if box and box[0] >= 0 else f'off: {box}'}" for key, box in said.items())
    return Figure(f"End and Home, {pictures:,} pictures", "exact", off, "none", exact)


def _scrolled(browser: Browser, page: Page, step: int, pictures: int) -> Figure:
    page.keyboard.press("Home")
    page.wait_for_timeout(800)
    metrics = page.context.new_cdp_session(page)
    metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _busy(metrics)
    gaps = [gap / 1000 for gap in page.evaluate(SCROLL, [step, FRAMES])]
    busy = (_busy(metrics) - before) / FRAMES
    context = browser.new_context(viewport=SCREEN)  # type: ignore[arg-type]
    bare = [gap / 1000 for gap in context.new_page().evaluate(SCROLL, [0, FRAMES])]
    context.close()
    middle = statistics.median(gaps)
    return Figure(
        f"scrolling {step} px a frame, {pictures:,} pictures",
        "median ≤ 17 ms",
        f"median frame {ms(middle)}, p95 {ms(percentile(gaps, 0.95))}, {_dropped(gaps):.1%} of frames dropped;"
        f" the page's main thread {ms(busy)} of CPU a frame",
        f"empty page: median {ms(statistics.median(bare))}, {_dropped(bare):.1%} dropped",
        middle <= FRAME,
    )


def _busy(metrics: CDPSession) -> float:
    """Seconds of CPU the page's main thread has used."""
    found = {one["name"]: one["value"] for one in metrics.send("Performance.getMetrics")["metrics"]}
    return float(found["TaskDuration"])


def _dropped(gaps: list[float]) -> float:
    """The share of frames that did not come in time, at 60 a second."""
    due = sum(gaps) * 60
    return max(0.0, 1 - len(gaps) / due)


def _keep_stills(path: Path) -> None:
    """Stills for the pictures the benchmark comes past: the first 8,192 of the default view and the last 4,096."""
    if (path / "stills").exists():
        return
    webps = _stills()
    with Library.open(path, work=False) as library:
        header = library.view(OWNER).header
        blocks = (header.count + 2047) // 2048
        for block in sorted({*range(min(4, blocks)), *range(max(0, blocks - 2), blocks)}):
            data = library.block(OWNER, header.view, block)
            ids = memoryview(data)[: len(data) // 2].cast("I")  # four of the eight bytes of each row
            hashes = [library.db.value("select sha256 from picture where id = ?", (id,)) for id in ids]
            library.thumbnails.put([(sha256, webps[at % len(webps)]) for at, sha256 in enumerate(hashes)])
    (path / "stills").touch()


def _stills() -> list[bytes]:
    from PIL import Image

    from pixlstash_core.media.draw import LONG, SHORT, drawn, upright

    paths = make_pictures(KEPT, 400)[:64]
    return [drawn(upright(Image.open(io.BytesIO(path.read_bytes())), 1, SHORT, LONG)).webp for path in paths]


if __name__ == "__main__":
    sys.exit(main())

"""What moves: videos play and are sought in, animations run and can be held, what cannot be shown is said and saved."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Locator, Request, expect
from ui import gallery
from ui.conftest import Axe, Close, Sit, close
from ui.desk import LOOKS, Desk
from web.conftest import Served, serving

from pixlstash_core.library import Library
from pixlstash_core.types import OWNER

av = pytest.importorskip("av")
pytestmark = [pytest.mark.browser, pytest.mark.motion]

WIDTH, HEIGHT = 160, 96
#: Of a film that no browser has read to its end when it begins to play, in seconds.
LONG = 40


def clip(path: Path, codec: str, *, seconds: float = 2, heavy: bool = False, **options: str) -> None:
    """A bar that wanders from left to right, ten frames a second; `heavy` ones are noise that no codec makes small."""
    with av.open(str(path), "w", options=options) as out:
        stream = out.add_stream(codec, rate=10, options={"crf": "10", "preset": "ultrafast"} if heavy else {})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(round(seconds * 10)):
            image = Image.new("RGB", (WIDTH, HEIGHT), (30, 90, 60))
            if heavy:
                image = Image.frombytes("RGB", (WIDTH, HEIGHT), os.urandom(WIDTH * HEIGHT * 3))
            image.paste((230, 60, 60), (number * 7 % WIDTH, 20, number * 7 % WIDTH + 30, 70))
            out.mux(stream.encode(av.VideoFrame.from_image(image)))
        out.mux(stream.encode())


def animation(path: Path) -> None:
    frames = [Image.new("RGB", (WIDTH, HEIGHT), (20 + 25 * n, 80, 220 - 25 * n)) for n in range(8)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=80, loop=0)


PLAYED = {"film.mp4": "libx264", "film.webm": "libvpx", "film.mov": "libx264", "av1.mp4": "libsvtav1"}
RUNNING = ("moving.gif", "moving.webp", "moving.avif")
UNPLAYED = {"film.avi": ("mpeg4", "AVI"), "hevc.mp4": ("libx265", "MP4")}


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A library of what moves, and of stills that browsers do not show; change nothing."""
    av.logging.set_level(av.logging.PANIC)
    folder = tmp_path_factory.mktemp("films")
    for name, codec in PLAYED.items():
        clip(folder / name, codec)
    for name, (codec, _) in UNPLAYED.items():
        clip(folder / name, codec)
    clip(folder / "long.mp4", "libx264", seconds=LONG, heavy=True, movflags="faststart")
    for name in RUNNING:
        animation(folder / name)
    Image.open(BytesIO(gallery.paint(1))).save(folder / "still.tiff")
    Library.create(folder / "library", name="Films")
    with Library.open(folder / "library") as library:
        for path in sorted(folder.glob("*.*")):
            kept = library.incoming / path.name
            shutil.copy(path, kept)
            assert library.upload(OWNER, path.name, kept).id is not None
        with serving(library) as served:
            yield served


Show = Callable[..., Desk]


@pytest.fixture
def show(sit: Sit, films: Served, tabs: list[Close]) -> Iterator[Show]:
    """`show(name, …)`: the tab with this file in the viewer."""

    def open_one(name: str, **options: Any) -> Desk:
        desk = sit(films, **options)
        found = films.library.pictures(OWNER, f"name:{name}")
        desk.page.goto(f"{films.url}/?open={found[0].id}")
        expect(desk.viewer.locator("header b")).to_have_text(name)
        return desk

    yield open_one
    close(tabs)


def video(desk: Desk) -> Locator:
    return desk.viewer.locator("video")


def at(desk: Desk) -> float:
    found: float = video(desk).evaluate("one => one.currentTime")
    return found


def paused(desk: Desk) -> bool:
    found: bool = video(desk).evaluate("one => one.paused")
    return found


def seen(one: Locator) -> Image.Image:
    return Image.open(BytesIO(one.screenshot(animations="allow"))).convert("RGB")


def differ(one: Image.Image, other: Image.Image) -> bool:
    return max(high for _, high in ImageChops.difference(one, other).getextrema()) > 12


@pytest.mark.parametrize("name", PLAYED)
def test_a_video_plays_silently_and_goes_round(show: Show, name: str) -> None:
    desk = show(name)
    desk.until(lambda: at(desk) > 0.3)
    assert video(desk).evaluate("one => [one.muted, one.loop, one.videoWidth]") == [True, True, WIDTH]
    stage = desk.viewer.locator(".pic")
    before = seen(stage)
    desk.until(lambda: differ(before, seen(stage)))


def test_the_still_stands_there_until_there_is_a_frame(show: Show) -> None:
    desk = show("film.mp4")
    held: list[Any] = []
    desk.page.route("**/original", lambda route: held.append(route))
    desk.page.reload()
    desk.until(lambda: held)
    still = desk.viewer.locator(".still")
    desk.until(lambda: still.evaluate("one => one.complete && one.naturalWidth > 0"))
    expect(still).to_be_visible()
    assert video(desk).evaluate("one => one.readyState") == 0
    for route in held:
        route.continue_()
    desk.page.unroute("**/original")
    desk.until(lambda: at(desk) > 0)
    expect(still).to_have_count(0)


def test_space_pauses_and_a_click_too(show: Show) -> None:
    desk = show("film.mp4")
    desk.until(lambda: at(desk) > 0)
    desk.press("Space")
    desk.becomes(lambda: paused(desk), True)
    desk.viewer.locator(".stage").click(position={"x": 300, "y": 200})
    desk.becomes(lambda: paused(desk), False)
    desk.viewer.get_by_role("button", name="Pause").click()
    desk.becomes(lambda: paused(desk), True)
    desk.press("Space")  # the button has the focus: it is pressed, once
    desk.becomes(lambda: paused(desk), False)


def test_arrows_seek_in_what_the_reader_plays_and_turn_otherwise(show: Show) -> None:
    desk = show("long.mp4")
    position = desk.viewer.locator(".position")
    here = position.inner_text()
    desk.until(lambda: at(desk) > 0)
    desk.press("Space")
    desk.becomes(lambda: paused(desk), True)
    desk.press("Shift+ArrowRight")  # seeks in any case
    desk.until(lambda: at(desk) > 3.9)
    desk.press("Space", "ArrowRight", "ArrowRight")
    desk.until(lambda: at(desk) > 11)
    desk.press("ArrowLeft")
    desk.until(lambda: at(desk) < 11)
    expect(position).to_have_text(here)
    desk.press("Space")
    desk.becomes(lambda: paused(desk), True)
    desk.press("ArrowRight")
    expect(position).not_to_have_text(here)
    desk.press("ArrowLeft")
    expect(position).to_have_text(here)
    desk.until(lambda: at(desk) > 0)  # it began by itself: leafing through goes on
    desk.press("ArrowRight")
    expect(position).not_to_have_text(here)


def test_a_seek_asks_for_the_part_it_needs(show: Show) -> None:
    desk = show("long.mp4")
    desk.until(lambda: at(desk) > 0)
    ranges: list[str] = []

    def hear(request: Request) -> None:
        if request.url.endswith("/original"):
            ranges.append(request.headers.get("range", ""))

    desk.page.on("request", hear)
    slider = desk.viewer.get_by_role("slider", name="Position")
    slider.fill(str(LONG - 2))
    desk.until(lambda: at(desk) > LONG - 2.5 and video(desk).evaluate("one => one.readyState >= 2 && !one.seeking"))
    starts = [int(one.removeprefix("bytes=").split("-")[0]) for one in ranges if one]
    assert starts and max(starts) > 100_000, ranges
    assert video(desk).evaluate("one => one.loop") is False
    desk.becomes(lambda: paused(desk), True)  # at its end
    slider.focus()
    desk.press("Home")  # the focused slider's own
    desk.until(lambda: at(desk) < 1)


def test_sound_is_off_until_it_is_asked_for_and_then_stays(show: Show) -> None:
    desk = show("film.mp4")
    desk.until(lambda: at(desk) > 0)
    desk.press("m")
    desk.becomes(lambda: video(desk).evaluate("one => one.muted"), False)
    expect(desk.viewer.get_by_role("button", name="Sound")).to_have_attribute("aria-pressed", "true")
    desk.press("Escape")
    desk.page.locator('.tile[aria-label^="film.webm"]').click()
    desk.until(lambda: at(desk) > 0)
    assert video(desk).evaluate("one => one.muted") is False
    desk.press("m")
    desk.press("Escape")
    desk.page.locator('.tile[aria-label^="film.mp4"]').click()
    desk.until(lambda: at(desk) > 0)
    assert video(desk).evaluate("one => one.muted") is True


@pytest.mark.parametrize("name", RUNNING)
def test_an_animation_runs_and_can_be_held(show: Show, name: str) -> None:
    desk = show(name)
    desk.developed()
    stage = desk.viewer.locator(".pic")
    before = seen(stage)
    desk.until(lambda: differ(before, seen(stage)))
    desk.press("Space")
    expect(desk.viewer.locator(".original canvas")).to_be_visible()
    before = seen(stage)
    desk.page.wait_for_timeout(250)
    assert not differ(before, seen(stage))


def test_nothing_moves_by_itself_where_rest_is_asked_for(show: Show, films: Served) -> None:
    desk = show("moving.gif", reduced_motion="reduce")
    expect(desk.viewer.locator(".original canvas")).to_be_visible()
    desk.viewer.get_by_role("button", name="Play").click()
    desk.developed()
    (film,) = films.library.pictures(OWNER, "name:film.mp4")
    desk.page.goto(f"{desk.url}/?open={film.id}")
    desk.until(lambda: video(desk).evaluate("one => one.readyState") >= 2)
    desk.page.wait_for_timeout(200)
    assert (paused(desk), at(desk)) == (True, 0)
    desk.press("Space")
    desk.until(lambda: at(desk) > 0)


@pytest.mark.parametrize("name", UNPLAYED)
def test_a_video_it_cannot_play_is_a_still_that_can_be_saved(show: Show, name: str) -> None:
    desk = show(name)
    expect(desk.viewer.locator(".notice")).to_contain_text(f"cannot play this {UNPLAYED[name][1]} video")
    expect(video(desk)).to_have_count(0)
    expect(desk.viewer.get_by_role("group", name="Playback")).to_have_count(0)
    saves_with_still(desk, name)


def test_a_still_it_cannot_show_can_be_saved(show: Show) -> None:
    desk = show("still.tiff")
    expect(desk.viewer.locator(".notice")).to_contain_text("cannot show TIFF files")
    saves_with_still(desk, "still.tiff")


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe_finds_nothing_serious_about_what_moves(show: Show, axe: Axe, width: int, theme: str) -> None:
    for name in ("film.mp4", "film.avi"):
        desk = show(name, width=width, height=844, color_scheme=theme, reduced_motion="reduce")
        desk.viewer.locator("video, .notice").first.wait_for()
        assert axe(desk.page) == []


def saves_with_still(desk: Desk, name: str) -> None:
    desk.until(lambda: desk.viewer.locator(".still").evaluate("one => one.complete && one.naturalWidth > 0"))
    with desk.page.expect_download() as download:
        desk.viewer.get_by_role("link", name="Save the file").click()
    assert download.value.suggested_filename == name


def test_the_table_says_what_moves_and_how_long(sit: Sit, films: Served) -> None:
    desk = sit(films).go()
    badges = {
        "film.webm": ("video 0:02", "0:02"),
        "long.mp4": ("video 0:40", "0:40"),
        "moving.gif": ("animation GIF", "GIF"),
    }
    for name, (label, badge) in badges.items():
        tile = desk.page.locator(f'.tile[aria-label="{name}, {label}"]')
        expect(tile.locator(".bdg.play")).to_have_text(badge)
    expect(desk.page.locator('.tile[aria-label="still.tiff"] .bdg')).to_have_count(0)

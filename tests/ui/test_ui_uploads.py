"""Files brought to the page become pictures; what is none is refused with its name."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.bringing import Wire, drop, large, panel, row
from ui.conftest import Axe, Close, Sit, close
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served, serving

from pixlstash_core.library import Library
from pixlstash_core.types import BeginUpload, DeletePictures

pytestmark = pytest.mark.browser


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return painted(tmp_path, 3)


def painted(folder: Path, count: int, first: int = 50) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"mine-{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(gallery.paint(first + number))
    return paths


def names(served: Served) -> set[str]:
    return {one.name for one in served.library.pictures(OWNER, "name:mine")}


THREE = {"mine-0.png", "mine-1.png", "mine-2.png"}


def test_dropped_on_an_empty_library(sit: Sit, empty: Served, files: list[Path]) -> None:
    desk = sit(empty)
    desk.page.goto(empty.url)
    expect(desk.page.get_by_role("heading", name="Where are your pictures?")).to_be_visible()
    drop(desk, *files)
    desk.says("3 pictures added")
    desk.becomes(lambda: len(desk.tiles()), 3)
    desk.seen()
    assert names(empty) == THREE


def test_chosen_on_the_first_page(sit: Sit, empty: Served, files: list[Path]) -> None:
    desk = sit(empty)
    desk.page.goto(empty.url)
    with desk.page.expect_file_chooser() as chooser:
        desk.page.get_by_role("button", name="choose files").click()
    chooser.value.set_files(files)
    desk.says("3 pictures added")
    desk.becomes(lambda: len(desk.tiles()), 3)


def test_what_is_here_already_and_what_is_none_is_said_of_each(
    sit: Sit, served: Served, files: list[Path], tmp_path: Path
) -> None:
    desk = sit(served).go()
    note = tmp_path / "mine.txt"
    note.write_text("no picture")
    known = tmp_path / "mine-too.png"
    known.write_bytes(gallery.paint(3))
    drop(desk, files[0], note, known)
    expect(panel(desk).get_by_role("heading", level=2)).to_have_text("1 picture added, 1 here already, 1 refused")
    expect(row(desk, "mine.txt")).to_contain_text("Refused: ")
    expect(row(desk, "mine-0.png")).to_contain_text("Added")
    expect(row(desk, "mine-too.png")).to_contain_text("Already in the library")
    assert names(served) == {"mine-0.png"}
    expect(desk.page.locator(".pill")).to_contain_text("1 new")
    row(desk, "mine-too.png").get_by_role("link").click()
    expect(desk.viewer.locator("header b")).to_have_text("paint-003.png")
    desk.press("Escape")
    panel(desk).get_by_role("button", name="Close").click()
    expect(panel(desk)).to_have_count(0)


def test_what_lies_in_the_scrapheap_is_offered_back(sit: Sit, served: Served, tmp_path: Path) -> None:
    (old,) = served.library.pictures(OWNER, "name:paint-003")
    served.library.delete(OWNER, DeletePictures(ids=[old.id]))
    known = tmp_path / "again.png"
    known.write_bytes(gallery.paint(3))
    desk = sit(served).go()
    drop(desk, known)
    expect(row(desk, "again.png")).to_contain_text("In the scrapheap")
    row(desk, "again.png").get_by_role("link", name="Show").click()
    expect(desk.viewer.locator("header b")).to_have_text("paint-003.png")
    desk.press("Escape")
    row(desk, "again.png").get_by_role("button", name="Restore").click()
    expect(row(desk, "again.png")).to_contain_text("Restored from the scrapheap")
    assert served.library.picture(OWNER, old.id).deleted is None


def test_chosen_from_the_menu(sit: Sit, served: Served, files: list[Path]) -> None:
    desk = sit(served).go()
    desk.page.get_by_role("button", name="Import").click()
    with desk.page.expect_file_chooser() as chooser:
        desk.pick("Upload files…")
    chooser.value.set_files(files)
    desk.says("3 pictures added")
    assert names(served) == THREE
    desk.page.locator(".pill").get_by_role("button", name="Show").click()
    desk.becomes(lambda: len(desk.tiles()), gallery.PAINTED + 3)


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    """Pictures at two depths, and what systems leave beside them."""
    top = tmp_path / "holiday"
    painted(top, 2)
    (top / "first day").mkdir()
    (top / "first day" / "mine-2.png").write_bytes(gallery.paint(60))
    for noise in (".DS_Store", "Thumbs.db", "first day/._mine-2.png"):
        (top / noise).write_bytes(b"noise")
    return top


def test_a_folder_is_dropped_with_all_that_is_in_it(sit: Sit, served: Served, nested: Path) -> None:
    desk = sit(served).go()
    drop(desk, nested)
    desk.says("3 pictures added")
    assert names(served) == THREE


def test_a_folder_is_chosen(sit: Sit, served: Served, nested: Path) -> None:
    desk = sit(served).go()
    desk.page.get_by_role("button", name="Import").click()
    with desk.page.expect_file_chooser() as chooser:
        desk.pick("Upload a folder…")
    chooser.value.set_files(nested)
    desk.says("3 pictures added")
    assert names(served) == THREE


COPY = """async () => {
  const canvas = new OffscreenCanvas(40, 30);
  const context = canvas.getContext('2d');
  context.fillStyle = 'teal';
  context.fillRect(0, 0, 40, 30);
  const image = canvas.convertToBlob({ type: 'image/png' });
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': image })]);
}"""


def test_a_picture_is_pasted_over_plain_http_too(distant: Desk, served: Served) -> None:
    secure = distant.page.context.browser.new_context(permissions=["clipboard-read", "clipboard-write"])  # type: ignore[union-attr]
    page = secure.new_page()
    page.goto(served.url)
    page.evaluate(COPY)
    secure.close()
    distant.go(f"/#claim={served.library.access.claim_link()}")
    distant.page.bring_to_front()
    distant.press("Control+v")
    distant.says("1 picture added")
    (pasted,) = served.library.pictures(OWNER, "name:pasted")
    assert (pasted.width, pasted.height) == (40, 30)
    distant.guard.expected.append("status of 400")  # nothing knows yet what pictures look like
    distant.search.focus()
    distant.press("Control+v")  # in the search box it searches
    expect(distant.page.get_by_role("search").locator(".chip")).to_contain_text("like this")
    assert len(served.library.pictures(OWNER, "name:pasted")) == 1


def test_a_zip_file_is_unpacked_and_each_file_in_it_told(sit: Sit, served: Served, tmp_path: Path) -> None:
    path = tmp_path / "several.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(2):
            file.writestr(f"deep/mine-{number}.png", gallery.paint(50 + number))
        file.writestr("known.png", gallery.paint(3))
        file.writestr("mine.txt", "no picture")
    desk = sit(served).go()
    drop(desk, path)
    line = row(desk, "several.zip")
    expect(line.locator(".line")).to_contain_text("2 pictures added, 1 here already, 1 refused")
    line.get_by_text("Each file that was not added").click()
    expect(line.locator(".member", has_text="known.png")).to_contain_text("here already")
    expect(line.locator(".member", has_text="mine.txt")).not_to_contain_text("here already")
    expect(line.locator(".member")).to_have_count(2)
    line.locator(".member").get_by_role("link").click()
    expect(desk.viewer.locator("header b")).to_have_text("paint-003.png")
    assert names(served) == {"mine-0.png", "mine-1.png"}


def test_what_is_too_large_is_refused_in_words(sit: Sit, library: Library, tmp_path: Path, tabs: list[Close]) -> None:
    with serving(library, upload_limit=300_000) as served:
        desk = sit(served)
        desk.guard.expected = ["status of 413", "ERR_CONNECTION"]
        desk.page.goto(served.url)
        expect(desk.page.get_by_role("button", name="choose files")).to_be_visible()
        drop(desk, large(tmp_path, megabytes=1), large(tmp_path, megabytes=17))
        for size in (1, 17):
            expect(row(desk, f"large-{size}.bmp")).to_contain_text("Refused: The file is larger than 0.0003 GB")
        close(tabs)


def test_several_are_on_their_way_at_once_and_never_more_than_four(sit: Sit, served: Served, tmp_path: Path) -> None:
    desk = sit(served, fresh=True).go()
    wire = Wire(desk)
    wire.slow(0.4)  # a busy machine looks late
    drop(desk, *(large(tmp_path, megabytes=1, seed=seed) for seed in range(7)))
    expect(panel(desk).get_by_role("heading", level=2)).to_have_text("Uploading 1 of 7")
    expect(panel(desk).locator(".pace")).to_have_text(
        re.compile(r"[\d.]+\s[kM]?B of 7\.\d+\sMB · [\d.]+\s[kM]B/s · \d+ s left")
    )
    expect(panel(desk).get_by_role("progressbar", name="Progress of")).to_have_count(4)
    expect(panel(desk).get_by_text("Waiting", exact=True)).to_have_count(3)
    wire.mend()
    desk.says("7 pictures added")


def test_one_is_cancelled_and_sent_after_all(sit: Sit, served: Served, tmp_path: Path, files: list[Path]) -> None:
    desk = sit(served, fresh=True).go()
    wire = Wire(desk)
    wire.slow(4)
    path = large(tmp_path, megabytes=17)
    drop(desk, path, files[0])
    expect(row(desk, files[0].name)).to_contain_text("Added")
    desk.until(lambda: served.library.uploads(OWNER))
    row(desk, path.name).get_by_role("button", name="Cancel").click()
    expect(panel(desk).get_by_role("heading", level=2)).to_have_text("1 picture added, 1 cancelled")
    desk.becomes(lambda: served.library.uploads(OWNER), [])
    assert names(served) == {files[0].name}
    wire.mend()
    row(desk, path.name).get_by_role("button", name="Retry").click()
    desk.says("2 pictures added")


def test_what_stopped_for_a_reason_that_passes_is_tried_again(sit: Sit, served: Served, tmp_path: Path) -> None:
    begun = [served.library.begin_upload(OWNER, BeginUpload(f"{n}.png", 9, str(n))) for n in range(100)]
    desk = sit(served).go()
    desk.guard.expected = ["status of 409"]
    path = large(tmp_path, megabytes=17)
    drop(desk, path)
    expect(row(desk, path.name)).to_contain_text("Stopped: ")
    expect(panel(desk).get_by_role("heading", level=2)).to_have_text("1 failed")
    served.library.cancel_upload(OWNER, begun[0].id)
    panel(desk).get_by_role("button", name="Retry", exact=True).click()
    desk.says("1 picture added")


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe_finds_nothing_serious_about_uploads(
    sit: Sit, served: Served, axe: Axe, tmp_path: Path, files: list[Path], width: int, theme: str
) -> None:
    desk = sit(served, width=width, height=844, color_scheme=theme, reduced_motion="reduce", fresh=True).go()
    note, known = tmp_path / "a note that is no picture.txt", tmp_path / "known.png"
    note.write_text("no picture")
    known.write_bytes(gallery.paint(3))
    wire = Wire(desk)
    wire.slow(1)
    drop(desk, large(tmp_path, megabytes=17), *files, note, known)
    if width < 640:
        panel(desk).get_by_role("button", name="Show the list").click()
    expect(row(desk, note.name)).to_contain_text("Refused")
    expect(row(desk, known.name)).to_contain_text("Already in the library")
    assert axe(desk.page) == []
    panel(desk).get_by_role("button", name="Cancel all").click()
    expect(panel(desk).get_by_role("heading", level=2)).to_contain_text("1 cancelled")
    assert axe(desk.page) == []


def test_a_server_folder_is_indexed_at_any_time(sit: Sit, served: Served, nested: Path) -> None:
    desk = sit(served).go()
    desk.page.get_by_role("button", name="Import").click()
    desk.pick("Index a server folder…")
    dialog = desk.page.get_by_role("dialog", name="Index a server folder")
    expect(dialog.get_by_label("Folder on the machine")).to_be_focused()
    desk.guard.expected = ["400 (Bad Request)"]
    desk.page.keyboard.type("/nowhere/at/all")
    desk.press("Enter")
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Folder on the machine").fill(str(nested))
    dialog.get_by_role("button", name="Index this folder").click()
    expect(dialog).to_have_count(0)
    desk.until(lambda: names(served) == THREE)
    expect(desk.page.get_by_role("treeitem", name=nested.name)).to_be_visible()


def test_the_panel_docks_and_groups_refusals_by_reason(sit: Sit, served: Served, tmp_path: Path, axe: Axe) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text("no picture")
    (tmp_path / "empty.png").write_bytes(b"")
    many = [tmp_path / f"known-{n}.png" for n in range(6)]
    for path in many:
        path.write_bytes(gallery.paint(3))
    desk = sit(served, width=1440, permissions=["clipboard-read", "clipboard-write"]).go()
    drop(desk, *(tmp_path / name for name in ("a.txt", "b.txt", "c.txt", "empty.png")), *many)
    unknown = panel(desk).get_by_role("button", name="Refused").filter(has_text="3")
    expect(unknown).to_be_visible()
    expect(panel(desk).get_by_role("button", name="Already in the library")).to_contain_text("6")
    box, side = panel(desk).bounding_box(), desk.page.get_by_role("navigation", name="Library").bounding_box()
    assert box is not None and side is not None
    assert box["x"] >= side["x"] + side["width"], "it never covers the sidebar"
    assert box["y"] >= desk.frame["y"] + desk.frame["height"] - 1, "nor pictures"
    unknown.click()
    expect(panel(desk).locator("li", has_text="a.txt")).to_have_count(0)
    unknown.click()
    panel(desk).get_by_label("Filter the list").fill("b.t")
    expect(panel(desk).locator("li")).to_have_count(1)
    panel(desk).get_by_role("button", name="Copy the list").click()
    desk.says("List copied")
    copied = desk.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Refused") and copied.endswith("\tb.txt") and "\n" not in copied
    assert axe(desk.page) == []

"""The folders of a library in the browser: added, followed, browsed, renamed, relocated and removed."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import pytest
from faults import sources
from libraries import finish
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.folders.watching import SETTLE
from pixlstash_core.storage import protected
from pixlstash_core.types import AddFolder, AddImportFolder, Create

pytestmark = pytest.mark.browser


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that may be browsed, with six pictures."""
    monkeypatch.setenv(protected.VARIABLE, str(tmp_path / "disk"))
    sources.paint(tmp_path / "disk" / "photos", 6)
    return tmp_path / "disk" / "photos"


def open_folders(desk: Desk) -> Locator:
    desk.page.get_by_role("treeitem", name="Folders").get_by_role("button", name="New in Folders").click()
    dialog = desk.page.get_by_role("dialog", name="Folders")
    expect(dialog).to_be_visible()
    return dialog


def index(served: Served, photos: Path) -> int:
    folder = served.library.add_folder(OWNER, AddFolder(str(photos)))
    assert folder.job is not None and finish(served.library, served.library.job(OWNER, folder.job)).state == "done"
    return folder.id


def test_a_folder_is_added_and_followed(sit: Sit, served: Served, photos: Path) -> None:
    desk = sit(served).go()
    desk.guard.expected.append("400 (Bad Request)")
    dialog = open_folders(desk)
    expect(dialog).to_contain_text("No folders yet")
    dialog.get_by_role("button", name="Add a folder").click()
    path = dialog.get_by_label("Folder on the machine that runs PixlStash")
    path.fill("/etc")
    path.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("/etc is a system folder")
    dialog.get_by_role("button", name=str(photos.parent)).click()
    dialog.get_by_role("button", name="photos", exact=True).click()
    expect(path).to_have_value(str(photos))
    dialog.get_by_role("button", name="Next").click()
    size = sum(file.stat().st_size for file in photos.rglob("*.png"))
    expect(dialog.get_by_role("group", name="How to add it")).to_contain_text(f"6 files, {size / 1000:.0f}")
    dialog.get_by_role("button", name="Index in place").click()
    card = dialog.get_by_role("region", name="photos")
    expect(card).to_contain_text("6 pictures")
    expect(card).to_contain_text("Watched live")
    desk.press("Escape")
    desk.page.get_by_role("treeitem", name="photos").click()
    desk.becomes(lambda: len(desk.tiles()), 6)

    # A file that is dropped there is seen by whoever looks, less than four seconds after it has settled.
    (photos / "dropped.png").write_bytes(sources.png(random.Random(3), 3, 60))
    written = time.monotonic()
    row = desk.page.get_by_role("treeitem", name="photos")
    expect(row).to_contain_text("7")
    assert time.monotonic() - written < SETTLE + 4


def test_a_folder_is_browsed_renamed_relocated_and_removed(sit: Sit, served: Served, photos: Path) -> None:
    index(served, photos)
    desk = sit(served).go()
    desk.guard.expected.append("400 (Bad Request)")
    desk.page.get_by_role("treeitem", name="photos").click(button="right")
    desk.page.get_by_role("menuitem", name="Manage folders…").click()
    dialog = desk.page.get_by_role("dialog", name="Folders")
    dialog.get_by_role("button", name="Folders in photos").click()
    dialog.get_by_role("link", name="below").click()
    desk.becomes(lambda: desk.parameter("q"), 'folder:"photos/below"')
    desk.becomes(lambda: len(desk.tiles()), 2)

    dialog = open_folders(desk)
    card = dialog.get_by_role("region", name="photos")
    card.get_by_role("button", name="Rename").click()
    card.get_by_label("Name of the folder").fill("Film")
    desk.press("Enter")
    card = dialog.get_by_role("region", name="Film")
    expect(card).to_be_visible()

    photos.rename(photos.parent / "moved")
    card.get_by_role("button", name="Rescan").click()
    expect(card).to_contain_text("does not exist any more")
    card.get_by_role("button", name="Relocate…").click()
    where = card.get_by_label("Where Film is now")
    where.fill(str(photos.parent / "nothing"))
    card.get_by_role("button", name="Relocate", exact=True).click()
    expect(card.get_by_role("alert")).to_contain_text("cannot be reached")
    where.fill(str(photos.parent / "moved"))
    card.get_by_role("button", name="Relocate", exact=True).click()
    expect(card).to_contain_text(str(photos.parent / "moved"))
    expect(card).to_contain_text("6 pictures")

    card.get_by_role("button", name="Remove…").click()
    expect(card).to_contain_text("6 pictures without another file move to the scrapheap. No file is deleted.")
    card.get_by_role("button", name="Remove from the library").click()
    expect(dialog).to_contain_text("No folders yet")
    assert len(list((photos.parent / "moved").rglob("*.png"))) == 6
    served.library.undo(OWNER)
    expect(dialog.get_by_role("region", name="Film")).to_contain_text("6 pictures")


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_dialog_on_every_screen(
    sit: Sit, served: Served, photos: Path, axe: Axe, width: int, theme: str, tmp_path: Path
) -> None:
    index(served, photos)
    second = photos.parent / "a folder with quite a long name that goes on and on"
    sources.paint(second, 1, seed=2)
    index(served, second)
    shutil.rmtree(second)
    inbox = photos.parent / "inbox"
    sources.paint(inbox, 1, seed=3)
    sources.spoil(inbox)
    (inbox / "broken 1_tags.txt").write_text("a long list of tags, " * 20)
    (photos / "picture 1-000_tags.txt").write_text("a long list of tags, " * 20)
    served.library.add_import_folder(OWNER, AddImportFolder(str(inbox), delete=True))
    (photos.parent / "ComfyUI" / "output").mkdir(parents=True)
    (photos.parent / "ComfyUI" / "main.py").touch()
    desk = sit(served, width=width, color_scheme=theme).go()
    if width < 600:
        desk.page.get_by_role("button", name="Library", exact=True).click()
    dialog = open_folders(desk)
    expect(dialog).to_contain_text("does not exist any more")
    dialog.get_by_role("button", name="Folders in photos").click()
    expect(dialog.get_by_role("link", name="below")).to_be_visible()
    assert axe(desk.page) == []
    shoot(desk, f"list-{width}-{theme}")
    card = dialog.get_by_role("region", name="inbox")
    card.get_by_text("1 file refused").click()
    card.get_by_role("button", name="Options…").click()
    card.get_by_role("button", name="Rule for a folder in it").click()
    card.get_by_label("Delete the files").scroll_into_view_if_needed()
    assert axe(desk.page) == []
    shoot(desk, f"options-{width}-{theme}")
    dialog.get_by_role("button", name="Add a folder").click()
    dialog.get_by_role("button", name=str(photos.parent), exact=True).click()
    dialog.get_by_role("button", name="photos", exact=True).click()
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_role("group", name="How to add it")).to_be_visible()
    assert axe(desk.page) == []
    shoot(desk, f"add-{width}-{theme}")
    dialog.get_by_role("button", name="Import and watch…").click()
    assert axe(desk.page) == []
    shoot(desk, f"import-{width}-{theme}")


def test_files_are_imported_by_rule_and_deleted(sit: Sit, served: Served, photos: Path) -> None:
    served.library.create_set(OWNER, Create(name="Foxes"))
    sources.spoil(photos)
    before = served.library.find(OWNER).total
    desk = sit(served).go()
    dialog = open_folders(desk)
    dialog.get_by_role("button", name="Add a folder").click()
    path = dialog.get_by_label("Folder on the machine that runs PixlStash")
    path.fill(str(photos))
    path.press("Enter")
    dialog.get_by_role("button", name="Import and watch…").click()
    dialog.get_by_label("Tags").fill("new, fox")
    dialog.get_by_label("Set", exact=True).select_option("Foxes")
    dialog.get_by_role("button", name="Rule for a folder in it").click()
    dialog.get_by_label("In the folder").fill("below")
    dialog.get_by_label("Tags").nth(1).fill("deep")
    dialog.get_by_label("Delete the files").check()
    expect(dialog).to_contain_text("once the copy in the library was read again and is identical")
    dialog.get_by_role("button", name="Import and watch", exact=True).click()
    card = dialog.get_by_role("region", name="photos")
    expect(card).to_contain_text("6 files imported")
    expect(card).to_contain_text("files are deleted after import")
    card.get_by_text("1 file refused").click()
    expect(card).to_contain_text("broken 1.png")
    assert {file.name for file in photos.rglob("*.png")} == {"broken 1.png"}
    find = served.library.find
    assert (find(OWNER, q="tag:fox set:Foxes").total, find(OWNER, q="tag:deep").total) == (6, 2)

    card.get_by_role("button", name="Options…").click()
    expect(card.get_by_label("Tags").first).to_have_value("new, fox")
    card.get_by_role("button", name="Remove this rule").click()
    card.get_by_label("Delete the files").uncheck()
    card.get_by_label("Folder names").select_option("Each is a tag")
    card.get_by_role("button", name="Save").click()
    expect(card).to_contain_text("files stay")
    desk.press("Escape")
    desk.page.get_by_role("treeitem", name="Foxes").click()
    desk.becomes(lambda: len(desk.tiles()), 6)
    (photos / "winter").mkdir()
    (photos / "winter" / "dropped.png").write_bytes(sources.png(random.Random(3), 3, 60))
    written = time.monotonic()
    expect(desk.page.get_by_role("treeitem", name="Foxes")).to_contain_text("7")
    assert time.monotonic() - written < SETTLE + 4
    assert find(OWNER, q="tag:winter tag:fox -tag:deep").total == 1 and (photos / "winter" / "dropped.png").exists()

    card = open_folders(desk).get_by_role("region", name="photos")
    card.get_by_role("button", name="Remove…").click()
    card.get_by_role("button", name="Stop importing").click()
    expect(desk.page.get_by_role("dialog", name="Folders")).to_contain_text("No folders yet")
    assert find(OWNER).total == before + 7


def test_people_say_what_text_files_are(sit: Sit, served: Served, photos: Path) -> None:
    for picture in photos.rglob("picture*.png"):
        picture.with_name(f"{picture.stem}_tags.txt").write_text("fox, snow")
        picture.with_name(f"{picture.stem}.caption").write_text("A fox walks through the snow.")
    desk = sit(served).go()
    dialog = open_folders(desk)
    dialog.get_by_role("button", name="Add a folder").click()
    path = dialog.get_by_label("Folder on the machine that runs PixlStash")
    path.fill(str(photos))
    path.press("Enter")
    texts = dialog.get_by_role("group", name="Text files beside pictures")
    expect(texts).to_contain_text("x_tags.txt")
    expect(texts).to_contain_text("A fox walks through the snow.")
    texts.get_by_label("What x_tags.txt is").select_option("Tags")
    texts.get_by_label("What x.caption is").select_option("Description")
    dialog.get_by_role("button", name="Index in place").click()
    expect(dialog.get_by_role("region", name="photos")).to_contain_text("6 pictures")
    assert served.library.find(OWNER, q="tag:fox tag:snow").total == 6
    texts_of = served.library.db.value("select count(*) from said_caption where text like 'A fox walks%'")
    assert texts_of == 6


def test_folders_of_generators_are_offered(sit: Sit, served: Served, photos: Path) -> None:
    comfy = photos.parent / "ComfyUI"
    sources.paint(comfy / "output", 3, seed=5)
    (comfy / "main.py").touch()
    desk = sit(served).go()
    dialog = open_folders(desk)
    offer = dialog.get_by_role("group", name=f"ComfyUI: {comfy / 'output'}")
    offer.get_by_role("button", name="Import and watch").click()
    expect(dialog.get_by_role("region", name="output")).to_contain_text("3 files imported")
    expect(offer).to_have_count(0)


def shoot(desk: Desk, name: str) -> None:
    """Leave a picture of the page where $PIXLSTASH_SHOTS says, for people to look at."""
    if folder := os.environ.get("PIXLSTASH_SHOTS"):
        desk.page.screenshot(path=Path(folder) / f"folders-{name}.png")

"""Sidecars in the browser: the policy of a folder, its state, and conflicts that are settled field by field."""

from __future__ import annotations

from pathlib import Path

import beside
import pytest
from playwright.sync_api import expect
from ui.conftest import Axe, Sit
from ui.desk import LOOKS, Desk
from web.conftest import OWNER, Served

from pixlstash_core.storage import protected
from pixlstash_core.types import AddTags, SetCaption, SidecarPolicy

pytestmark = pytest.mark.browser


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(protected.VARIABLE, str(tmp_path))
    beside.paint(tmp_path / "photos", "a.png", "b.png")
    return tmp_path / "photos"


def open_folders(desk: Desk, width: int) -> None:
    if width < 600:
        desk.page.get_by_role("button", name="Library", exact=True).click()
    desk.page.get_by_role("treeitem", name="Folders").get_by_role("button", name="New in Folders").click()


def test_a_policy_is_chosen(sit: Sit, served: Served, photos: Path) -> None:
    beside.add(served.library, photos)
    desk = sit(served).go()
    desk.guard.expected.append("400 (Bad Request)")
    open_folders(desk, 1200)
    card = desk.page.get_by_role("region", name="photos")
    card.get_by_role("button", name="Sidecars").click()
    form = card.get_by_role("form", name="Sidecars of photos")
    form.get_by_label("Sidecars").select_option(label="Read, and write to another folder")
    form.get_by_label("XMP").check()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("Name the folder")
    form.get_by_label("Sidecars").select_option(label="Read, and write beside the pictures")
    form.get_by_role("button", name="Save").click()
    expect(card).to_contain_text("txt and xmp sidecars are read and written")
    a = beside.picture(served.library, "a.png")
    served.library.add_tags(OWNER, AddTags(tags=["fox"], ids=[a]))
    beside.compare(served.library)
    assert (photos / "a.txt").read_text() == "fox\n" and (photos / "a.png.xmp").exists()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_conflicts_are_settled(
    sit: Sit, served: Served, photos: Path, axe: Axe, width: int, theme: str, tmp_path: Path
) -> None:
    library = served.library
    for name in ("a", "b"):
        beside.write(photos / f"{name}.txt", "A fox.")
    beside.add(library, photos, SidecarPolicy("write", ["txt"], "caption"))
    a, b = (beside.picture(library, name) for name in ("a.png", "b.png"))
    with library.sidecars.lock:
        library.set_caption(OWNER, SetCaption(text="A red fox.", ids=[a, b]))
        for name in ("a", "b"):
            beside.write(photos / f"{name}.txt", "A fox in snow.", later=9)
    beside.scan(library)
    desk = sit(served, width=width, color_scheme=theme).go()
    open_folders(desk, width)
    desk.page.get_by_role("region", name="photos").get_by_role("button", name="Sidecars").click()
    desk.page.screenshot(path=tmp_path / "policy.png")
    assert axe(desk.page) == []
    desk.page.get_by_role("button", name="2 pictures with conflicts").click()
    dialog = desk.page.get_by_role("dialog", name="Conflicts with sidecars")
    row = dialog.get_by_role("listitem", name="Description of a.png")
    expect(row).to_contain_text("A red fox.")
    expect(row).to_contain_text("A fox in snow.")
    desk.page.screenshot(path=tmp_path / "conflicts.png")
    assert axe(desk.page) == []
    row.get_by_role("button", name="Keep both").click()
    expect(row).to_have_count(0)
    dialog.get_by_role("listitem", name="Description of b.png").get_by_role("button", name="Take theirs").click()
    expect(dialog).to_contain_text("No conflicts")
    beside.compare(library)
    assert beside.caption(library, b) == "A fox in snow."
    assert (photos / "a.txt").read_text() == "A red fox.\nA fox in snow.\n"

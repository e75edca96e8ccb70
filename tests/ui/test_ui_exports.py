"""Exporting a training set: the preview follows the form, and the zip file is what the preview shows."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from core.texts import test_texts as texts
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.types import AddTags, SetCaption

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(sit: Sit, served: Served) -> Desk:
    """A tab with the dialog open on three pictures, of which one has a caption and two have tags."""
    return opened(sit(served).go(), served)


def opened(desk: Desk, served: Served) -> Desk:
    newest = [picture.id for picture in served.library.pictures(OWNER, limit=3)]
    served.library.set_caption(OWNER, SetCaption(ids=newest[:1], text="a lighthouse"))
    served.library.add_tags(OWNER, AddTags(ids=newest[:2], tags=["long hair", "sea"]))
    for index in range(3):
        desk.tile(index).click(modifiers=["Control"])
    desk.tile(0).click(button="right")
    desk.pick("More", "Export training set…")
    expect(dialog(desk)).to_be_visible()
    return desk


def dialog(desk: Desk) -> Locator:
    return desk.page.get_by_role("dialog", name="Export 3 pictures")


def captions(desk: Desk) -> Locator:
    return dialog(desk).get_by_role("region", name="Captions").get_by_role("listitem")


def test_the_preview_follows_the_form(desk: Desk, axe: Axe) -> None:
    shown = dialog(desk)
    expect(captions(desk)).to_have_count(3)
    expect(shown.get_by_role("region", name="Captions")).to_contain_text("a lighthouse, long hair, sea")
    expect(shown.get_by_role("status")).to_contain_text("3 files · 1 picture without a caption")
    assert axe(desk.page) == []
    shown.get_by_label("Trigger word").fill("mira")
    expect(shown.get_by_role("region", name="Captions")).to_contain_text("mira, a lighthouse, long hair, sea")
    expect(shown.get_by_role("status")).to_have_text("3 files")
    shown.get_by_label("Underscores").check()
    expect(shown.get_by_role("region", name="Captions")).to_contain_text("long_hair")
    shown.get_by_label("Leave out tags").fill("long hair")
    expect(shown.get_by_role("region", name="Tags")).to_have_text(re.compile(r"Tags\s*sea\s*2"))
    shown.get_by_role("button", name="Buckets").click()
    shown.get_by_label("Pixels").fill("512")
    buckets = shown.get_by_role("region", name="Resolution buckets")
    expect(buckets.locator(".chip").first).to_contain_text("×")
    size = captions(desk).first.locator(".size")

    def is_bucket() -> bool:
        width, height = (int(side) for side in (size.text_content() or "").split(" × "))
        return width % 64 == height % 64 == 0 and width * height <= 512 * 512

    desk.becomes(is_bucket, True)


def test_a_template_is_written_with_fields_and_mistakes_are_said(desk: Desk) -> None:
    field = dialog(desk).get_by_role("textbox", name="Captions")
    field.fill("photo of {character}")
    dialog(desk).get_by_role("button", name="{caption}").click()
    expect(field).to_have_value("photo of {character}, {caption}")
    expect(field).to_be_focused()
    desk.page.keyboard.type(" by me")
    expect(field).to_have_value("photo of {character}, {caption} by me")
    expect(captions(desk).filter(has_text="a lighthouse by me")).to_have_count(1)
    desk.guard.expected = ["status of 4"]
    desk.page.keyboard.type(" {nothing}")
    expect(dialog(desk).get_by_role("status")).to_contain_text("There is no field {nothing}")
    expect(dialog(desk).get_by_role("button", name="Export zip file")).to_be_disabled()
    for _ in range(len(" {nothing}")):
        desk.page.keyboard.press("Backspace")
    expect(dialog(desk).get_by_role("button", name="Export zip file")).to_be_enabled()


def test_text_in_pictures_is_a_field(desk: Desk, served: Served) -> None:
    newest = served.library.pictures(OWNER, limit=1)[0].id
    texts.read(served.library, "reader", {newest: ["NO ENTRY", "Keep left"]})
    dialog(desk).get_by_role("textbox", name="Captions").fill("a sign")
    dialog(desk).get_by_role("button", name="{text}").click()
    expect(captions(desk).filter(has_text="a sign, NO ENTRY Keep left")).to_have_count(1)


def test_the_zip_file_is_what_the_preview_shows(desk: Desk, tmp_path: Path) -> None:
    shown = dialog(desk)
    shown.get_by_role("button", name="kohya").click()
    shown.get_by_label("Trigger word").fill("mira")
    shown.get_by_label("Class").fill("woman")
    shown.get_by_label("Repeats").fill("4")
    shown.get_by_role("button", name="Longest side").click()
    shown.get_by_label("Pixels").fill("64")
    shown.get_by_label("Format").select_option("JPEG")
    expect(captions(desk).first).to_contain_text("4_mira woman/")
    expect(captions(desk).first).to_contain_text(".jpg")
    names = [row.text_content() for row in captions(desk).locator("b").all()]
    button = shown.get_by_role("button", name="Export zip file")
    expect(button).to_be_enabled()
    with desk.page.expect_download() as download:
        button.click()
    download.value.save_as(tmp_path / "set.zip")
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
        assert pictures == names
        settings = tomllib.loads(archive.read("dataset.toml").decode())
        assert settings["datasets"][0]["subsets"][0]["num_repeats"] == 4
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".txt")]
        assert "mira, a lighthouse, long hair, sea" in texts and len(texts) == 3
    expect(shown).to_have_count(0)
    desk.tile(0).click(button="right")  # what was chosen is there the next time
    desk.pick("More", "Export training set…")
    expect(dialog(desk).get_by_label("Trigger word")).to_have_value("mira")


def test_it_is_used_by_keyboard(desk: Desk, tmp_path: Path) -> None:
    field = dialog(desk).get_by_label("Trigger word")
    expect(field).to_be_focused()
    desk.page.keyboard.type("mira")
    expect(dialog(desk).get_by_role("region", name="Captions")).to_contain_text("mira, a lighthouse")
    with desk.page.expect_download() as download:
        desk.press("Enter")
    download.value.save_as(tmp_path / "set.zip")
    assert zipfile.is_zipfile(tmp_path / "set.zip")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_it_fits(theme: str, width: int, sit: Sit, served: Served, axe: Axe) -> None:
    desk = opened(sit(served, width=1440, height=844, color_scheme=theme).go(), served)
    desk.page.set_viewport_size({"width": width, "height": 844})
    dialog(desk).get_by_role("button", name="kohya").click()
    expect(captions(desk)).to_have_count(3)
    assert axe(desk.page) == []

"""The history panel says of every change whether it can be taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from ui import gallery
from ui.conftest import Axe, Sit
from web.conftest import OWNER, Served

from pixlstash_core.types import DeletePictures, EmptyScrapheap, PreviewEmpty, ScorePictures

pytestmark = pytest.mark.browser


def test_what_cannot_be_undone_says_so_and_is_passed_by(sit: Sit, served: Served, axe: Axe) -> None:
    library = served.library
    ids = [one.id for one in library.pictures(OWNER)]
    library.score(OWNER, ScorePictures(ids=ids[:2], score=3))
    library.undo(OWNER)
    library.score(OWNER, ScorePictures(ids=ids[:1], score=4))  # what was undone before cannot be redone any more
    library.delete(OWNER, DeletePictures(ids=ids[-1:]))
    library.empty_scrapheap(OWNER, EmptyScrapheap(token=library.preview_empty(OWNER, PreviewEmpty()).token))
    desk = sit(served).go()
    desk.page.get_by_role("button", name="More").last.click()
    desk.page.get_by_role("menuitem", name="History").click()
    panel = desk.page.get_by_role("dialog", name="History")
    entries = panel.get_by_role("listitem")
    expect(entries.filter(has_text="permanently deleted")).to_contain_text("cannot be undone")
    expect(entries.filter(has_text="2 pictures scored 3")).to_contain_text("undone, and cannot be redone since")
    scored = entries.filter(has_text="1 picture scored 4")
    expect(scored).not_to_contain_text("undone")
    expect(panel.get_by_role("button", name="Redo")).to_be_disabled()
    assert axe(desk.page) == []
    panel.get_by_role("button", name="Undo").click()
    expect(scored).to_contain_text("undone")
    assert {one.score for one in library.pictures(OWNER)} == {0}
    assert len(library.pictures(OWNER)) == gallery.PAINTED - 1

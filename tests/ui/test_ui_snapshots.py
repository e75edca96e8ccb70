"""Restore points in the browser: looked through, taken, labelled, verified, saved, deleted; restores of everything."""

from __future__ import annotations

import apsw
import pytest
from playwright.sync_api import Locator, expect
from ui.conftest import Axe, Sit
from ui.desk import Desk
from web.conftest import OWNER, Served

from pixlstash_core.snapshots import repository
from pixlstash_core.types import (
    AddTags,
    Create,
    EditSet,
    HideAndBlur,
    RestoreSnapshot,
    ScorePictures,
    SetCaption,
    SetSnapshots,
    Snapshot,
    TakeSnapshot,
)

pytestmark = pytest.mark.browser
PAGE = "/?page=snapshots"


def take(served: Served, label: str | None = None) -> Snapshot:
    return served.library.take_snapshot(OWNER, TakeSnapshot(label))


def card(desk: Desk) -> Locator:
    """The preview of going back."""
    return desk.page.get_by_role("table", name="What a restore would change")


def row(desk: Desk, name: str) -> Locator:
    return card(desk).get_by_role("row").filter(has=desk.page.get_by_role("rowheader", name=name, exact=True))


def points(desk: Desk) -> Locator:
    return desk.page.get_by_role("listbox", name="Restore points").get_by_role("option")


def visit(desk: Desk, path: str = PAGE) -> Desk:
    desk.page.goto(desk.url + path)
    desk.page.get_by_role("main", name="Snapshots").wait_for()
    return desk


def test_restore_points_in_their_groups(sit: Sit, served: Served, axe: Axe) -> None:
    kinds = ("MONTHLY", "WEEKLY", "DAILY", "DAILY", "MANUAL", "OPPORTUNISTIC")
    for kind in kinds:
        served.library.score(OWNER, ScorePictures(ids=[1], score=1 + kinds.index(kind) % 5))
        served.library.restore_points.take(kind, "before the cleanup" if kind == "MANUAL" else None)  # type: ignore[arg-type]
    for theme, width in (("dark", 1200), ("light", 390)):
        desk = visit(sit(served, color_scheme=theme, width=width))
        groups = desk.page.get_by_role("listbox", name="Restore points").get_by_role("group")
        expect(groups).to_have_count(5)
        counts = [(one.get_attribute("aria-label"), one.get_by_role("option").count()) for one in groups.all()]
        assert counts == [("monthly", 1), ("weekly", 1), ("daily", 2), ("yours", 1), ("safety", 1)]
        expect(points(desk).nth(4)).to_contain_text("before the cleanup")
        card(desk).wait_for()
        assert axe(desk.page) == []
    side = desk.page.get_by_role("button", name="Library")
    side.click()
    expect(desk.page.get_by_role("treeitem", name="Snapshots")).to_contain_text("6")


def test_they_are_walked_through_by_keyboard(sit: Sit, served: Served) -> None:
    for _ in range(3):
        take(served)
    desk = visit(sit(served))
    expect(points(desk).nth(2)).to_have_attribute("aria-selected", "true")
    desk.press("ArrowLeft")  # from anywhere on the page
    expect(points(desk).nth(2)).to_be_focused()
    desk.press("ArrowLeft")
    expect(points(desk).nth(1)).to_be_focused()
    expect(points(desk).nth(1)).to_have_attribute("aria-selected", "true")
    assert desk.parameter("about") == "2"
    desk.press("Home")
    expect(points(desk).nth(0)).to_be_focused()
    desk.page.reload()
    expect(points(desk).nth(0)).to_have_attribute("aria-selected", "true")
    desk.press("Escape")
    desk.seen()
    assert desk.parameter("page") is None


def test_take_label_verify_save_and_delete(sit: Sit, served: Served, tmp_path_factory: pytest.TempPathFactory) -> None:
    desk = visit(sit(served))
    expect(desk.page.get_by_text("No snapshots yet")).to_be_visible()
    desk.press("n")
    dialog = desk.page.get_by_role("dialog", name="Take a snapshot")
    expect(dialog.get_by_label("Label")).to_be_focused()
    desk.page.keyboard.type("before the party")
    desk.press("Enter")
    desk.says("taken and verified")
    expect(points(desk)).to_have_count(1)
    (one,) = served.library.snapshots(OWNER)
    assert (one.kind, one.label) == ("MANUAL", "before the party")

    desk.press("F2")
    expect(desk.page.get_by_role("dialog", name="Label the snapshot").get_by_label("Label")).to_be_focused()
    desk.page.keyboard.type("after it")
    desk.press("Enter")
    expect(points(desk).first).to_contain_text("after it")
    assert served.library.snapshot(OWNER, one.id).label == "after it"

    more = desk.page.get_by_role("button", name="More about this snapshot")
    more.click()
    desk.page.get_by_role("menuitem", name="Verify").click()
    desk.says("every byte is sound")
    more.click()
    with desk.page.expect_download() as saving:
        desk.page.get_by_role("menuitem", name="Save as a SQLite file").click()
    path = tmp_path_factory.mktemp("saved") / saving.value.suggested_filename
    saving.value.save_as(path)
    assert path.name == f"snapshot-{one.id}.db"
    assert list(apsw.Connection(str(path)).execute("select count(*) from picture")) == [(16,)]

    desk.press("Delete")
    dialog = desk.page.get_by_role("dialog", name="Delete the snapshot")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    desk.press("Escape")
    expect(dialog).to_have_count(0)
    assert served.library.snapshots(OWNER) != []
    desk.press("Delete")
    dialog.get_by_role("button", name="Delete the snapshot").click()
    desk.says("deleted")
    expect(desk.page.get_by_text("No snapshots yet")).to_be_visible()
    assert served.library.snapshots(OWNER) == []


def test_the_automatic_switch(sit: Sit, served: Served) -> None:
    desk = visit(sit(served))
    switch = desk.page.get_by_role("switch", name="Automatic")
    before = served.library.snapshot_status(OWNER).automatic
    expect(switch).to_be_checked(checked=before)
    switch.focus()
    desk.press("Space")
    expect(switch).to_be_checked(checked=not before)
    desk.until(lambda: served.library.snapshot_status(OWNER).automatic is not before)
    # Changed elsewhere, it turns by itself.
    served.client.set_snapshots(SetSnapshots(before))
    expect(switch).to_be_checked(checked=before)


def test_a_failure_stands_until_one_is_taken(
    sit: Sit, served: Served, monkeypatch: pytest.MonkeyPatch, axe: Axe
) -> None:
    desk = sit(served).go()
    bar = desk.page.get_by_role("alert").filter(has_text="The last snapshot failed")
    expect(bar).to_have_count(0)
    with monkeypatch.context() as broken:
        broken.setattr(repository, "counts", lambda connection, tables: {})
        desk.guard.expected = ["500"]
        visit(desk)
        desk.press("n", "Enter")
        expect(bar).to_contain_text("rows are missing")
    desk.go()
    expect(bar).to_be_visible()
    assert axe(desk.page) == []
    desk.open(0)
    expect(bar).to_be_visible()
    top = desk.viewer.get_by_role("button", name="Back to the grid").bounding_box()
    under = bar.bounding_box()
    assert top and under and top["y"] >= under["y"] + under["height"], "nothing is covered by it"
    bar.get_by_role("button", name="Try again").click()
    expect(bar).to_have_count(0)
    assert served.library.snapshot_status(OWNER).failure is None


def test_everything_restored_and_back(sit: Sit, ordered: Served, axe: Axe) -> None:
    library = ordered.library
    library.score(OWNER, ScorePictures(ids=[1, 2, 3], score=3))
    taken = take(ordered)
    library.score(OWNER, ScorePictures(ids=[2, 3, 4], score=5))
    library.edit_set(OWNER, 1, EditSet(name="Port"))
    library.delete_set(OWNER, 2)
    desk = visit(sit(ordered))
    expect(row(desk, "Scores")).to_contain_text("2 changed, 1 removed")
    expect(row(desk, "Scores").get_by_role("cell").nth(0)).to_have_text("4")
    expect(row(desk, "Scores").get_by_role("cell").nth(1)).to_have_text("3")
    expect(row(desk, "Sets")).to_contain_text("Trips/Norway restored")
    expect(row(desk, "Sets")).to_contain_text("Port → Harbour")
    expect(row(desk, "Characters")).to_contain_text("none")
    desk.press("r")
    dialog = desk.page.get_by_role("dialog", name="Restore the library")
    expect(dialog).to_contain_text("2 changed, 1 removed")
    assert axe(desk.page) == []
    dialog.get_by_role("button", name="Restore the library").click()
    desk.says("Restored to snapshot")
    expect(dialog).to_have_count(0)
    assert [library.picture(OWNER, id).score for id in (1, 2, 3, 4)] == [3, 3, 3, 0]
    expect(desk.page.get_by_role("button", name="Nothing to restore")).to_be_disabled()
    expect(desk.page.get_by_role("treeitem", name="Norway")).to_be_visible()
    expect(desk.page.get_by_role("group", name="safety").get_by_role("option")).to_have_count(1)
    # The grid behind it is of the new epoch: its blocks and scores are there.
    desk.press("Escape")
    desk.seen()
    label = {one["id"]: one["stars"] for one in desk.tiles()}
    assert [label[id] for id in (1, 2, 3, 4)] == [3, 3, 3, 0]
    desk.page.locator(".toast").get_by_role("button", name="Back").click()
    desk.until(lambda: [library.picture(OWNER, id).score for id in (1, 2, 3, 4)] == [3, 5, 5, 5])
    desk.until(lambda: {one["id"]: one["stars"] for one in desk.tiles()}[4] == 5)
    assert {one.name for one in library.sidebar(OWNER).sets} == {"Port"}
    assert taken.id in {one.id for one in library.snapshots(OWNER)}


def test_settings_in_a_preview_are_counted_and_not_told_by_empty_values(sit: Sit, served: Served) -> None:
    take(served)
    served.library.set_veil(OWNER, HideAndBlur())
    desk = visit(sit(served))
    expect(row(desk, "Library settings")).to_contain_text("2 removed")


def test_some_kinds_only(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    taken = take(ordered)
    library.score(OWNER, ScorePictures(ids=[1], score=5))
    library.set_caption(OWNER, SetCaption(ids=[1], text="of today"))
    desk = visit(sit(ordered))
    expect(row(desk, "Descriptions")).to_contain_text("1 removed")
    kinds = desk.page.get_by_role("group", name="Restore", exact=True)
    for name in ("tags", "scores", "faces", "membership"):
        kinds.get_by_role("checkbox", name=name).uncheck()
    expect(row(desk, "Scores")).to_have_count(0)
    expect(row(desk, "Descriptions")).to_contain_text("1 removed")
    expect(desk.page.get_by_role("switch", name="Keep what was added")).to_be_disabled()
    desk.page.get_by_role("button", name="Restore these").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Restore these").click()
    desk.says("Restored to snapshot")
    assert library.caption(OWNER, 1).text != "of today"
    assert library.picture(OWNER, 1).score == 5
    kinds.get_by_role("checkbox", name="descriptions").uncheck()
    expect(desk.page.get_by_role("button", name="Nothing to restore")).to_be_disabled()
    assert taken.id == 1


def test_what_was_added_since(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    taken = take(ordered)
    library.create_set(OWNER, Create(name="Later"))
    desk = visit(sit(ordered))
    expect(desk.page.get_by_role("button", name="Nothing to restore")).to_be_disabled()
    keep = desk.page.get_by_role("switch", name="Keep what was added")
    keep.uncheck()
    expect(row(desk, "Sets")).to_contain_text("Later removed")
    desk.press("r")
    desk.page.get_by_role("dialog").get_by_role("button", name="Restore the library").click()
    desk.says("Restored to snapshot")
    assert "Later" not in {one.name for one in library.sidebar(OWNER).sets}
    assert taken.id == 1


def test_a_second_restore_is_refused_in_words(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    take(ordered)
    library.score(OWNER, ScorePictures(ids=[1], score=5))
    desk = visit(sit(ordered))
    desk.guard.expected = ["409"]
    card(desk).wait_for()
    with library.restores.alone(), library.restore_points.working("TAKE", None):
        desk.press("r")
        dialog = desk.page.get_by_role("dialog", name="Restore the library")
        dialog.get_by_role("button", name="Restore the library").click()
        expect(dialog.get_by_role("alert")).to_contain_text("Another restore is going on")
        assert library.picture(OWNER, 1).score == 5
    dialog.get_by_role("button", name="Restore the library").click()
    desk.says("Restored to snapshot")
    assert library.picture(OWNER, 1).score == 0


def test_a_disk_that_is_not_there(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    take(ordered)
    library.score(OWNER, ScorePictures(ids=[1], score=5))
    media = library.path / "media"
    media.rename(library.path / "unplugged")
    desk = visit(sit(ordered))
    desk.guard.expected = ["409", "404"]
    card(desk).wait_for()
    desk.press("r")
    dialog = desk.page.get_by_role("dialog", name="Restore the library")
    dialog.get_by_role("button", name="Restore the library").click()
    expect(dialog.get_by_role("alert")).to_contain_text("is a disk not mounted?")
    assert library.picture(OWNER, 1).score == 5
    dialog.get_by_role("button", name="Restore all the same").click()
    desk.says("Restored to snapshot")
    assert library.picture(OWNER, 1).score == 0


def test_another_tab_sees_a_restore(sit: Sit, ordered: Served) -> None:
    library = ordered.library
    library.score(OWNER, ScorePictures(ids=[1], score=2))
    taken = take(ordered)
    library.score(OWNER, ScorePictures(ids=[1], score=5))
    desk = sit(ordered).go()
    desk.guard.expected = ["410"]  # what was asked of the view before is gone
    desk.until(lambda: {one["id"]: one["stars"] for one in desk.tiles()}[1] == 5)
    with library.restore_points.working("RESTORE", taken.id):
        expect(desk.page.get_by_role("status").filter(has_text="A restore goes on")).to_be_visible()
        desk.open(0)  # looking at pictures is fine meanwhile
        desk.press("Escape")
    expect(desk.page.get_by_role("status").filter(has_text="A restore goes on")).to_have_count(0)
    library.restore_snapshot(OWNER, taken.id, RestoreSnapshot())
    desk.until(lambda: {one["id"]: one["stars"] for one in desk.tiles()}[1] == 2)


def test_what_changed_since(sit: Sit, ordered: Served, axe: Axe) -> None:
    library = ordered.library
    first = take(ordered)
    library.add_tags(OWNER, AddTags(ids=[1, 2], tags=["meadow"]))
    take(ordered)
    library.score(OWNER, ScorePictures(ids=[1], score=5))
    desk = visit(sit(ordered), f"{PAGE}&about={first.id}")
    diff = desk.page.get_by_role("table", name="What changed")
    tags = diff.get_by_role("row", name="Tags you said")
    expect(tags.get_by_role("cell").first).to_have_text("2")
    expect(diff.get_by_role("row", name="Scores")).to_be_visible()
    tags.get_by_role("button").click()
    expect(diff.locator("ins").first).to_have_text("meadow")
    assert axe(desk.page) == []
    desk.page.get_by_label("until", exact=True).select_option(index=1)
    expect(diff.get_by_role("row", name="Scores")).to_have_count(0)
    expect(tags).to_be_visible()

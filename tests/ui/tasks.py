"""Twelve everyday tasks, by keyboard and by mouse, each with what is there before and how to see that it is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from faults import sources as photos
from libraries import finish
from playwright.sync_api import Locator, expect
from ui import gallery
from ui.hands import Hands
from ui.test_ui_duplicates import scene
from web.conftest import OWNER

from pixlstash_core.types import AddTags, RunEngine, ScorePictures

#: Pictures in the library.
PICTURES = 50
MODEL = gallery.MODELS[0]


def search(hands: Hands) -> Locator:
    return hands.desk.search


# -- index a folder ----------------------------------------------------------------------------------------------------


def folder_prepared(hands: Hands) -> None:
    photos.paint(hands.folder, 2, seed=4)


def folder_by_keys(hands: Hands) -> None:
    hands.command("index", "Index a server folder")
    expect(hands.dialog().get_by_role("textbox").first).to_be_focused()
    hands.type(str(hands.folder))
    hands.press("Enter")


def folder_by_mouse(hands: Hands) -> None:
    hands.click(hands.button("Import"))
    hands.click(hands.item("Index a server folder"))
    expect(hands.dialog().get_by_role("textbox").first).to_be_focused()
    hands.type(str(hands.folder))
    hands.click(hands.dialog().get_by_role("button", name="Index", exact=False).last)


def folder_is_indexed(hands: Hands) -> bool:
    stores = hands.library.info(OWNER).stores
    return any(store.read_only and store.pictures for store in stores)


# -- find by model -----------------------------------------------------------------------------------------------------


def model_by_keys(hands: Hands) -> None:
    hands.press("/")
    hands.type(f"model:={MODEL}")


def model_by_mouse(hands: Hands) -> None:
    hands.click(hands.button("Filters"))
    filters = hands.desk.page.get_by_role("tabpanel", name="Filters")
    hands.click(filters.locator("summary", has_text="Models"))
    hands.click(filters.get_by_role("button", name=MODEL))


def model_is_found(hands: Hands) -> bool:
    wanted = hands.ids(f"model:={MODEL}")
    shown = {tile["id"] for tile in hands.desk.tiles()}
    return bool(shown) and shown <= wanted and MODEL in (hands.desk.parameter("q") or "")


# -- rate 20 -----------------------------------------------------------------------------------------------------------

RATINGS = [1 + index % 5 for index in range(20)]


def rates_by_keys(hands: Hands) -> None:
    for stars in RATINGS:
        hands.press(f"Shift+Digit{stars}")


def rates_by_mouse(hands: Hands) -> None:
    for index, stars in enumerate(RATINGS):
        hands.desk.tile(index).hover()
        place = hands.desk.tile(index).locator(".stars")
        box = place.bounding_box()
        assert box is not None
        hands.click(place, position={"x": box["width"] * (stars - 0.5) / 5, "y": box["height"] / 2})


def twenty_are_rated(hands: Hands) -> bool:
    return [one.score for one in hands.library.pictures(OWNER, limit=20)] == RATINGS


# -- tag 50 ------------------------------------------------------------------------------------------------------------


def tags_by_keys(hands: Hands) -> None:
    hands.press("Control+a", "t")
    expect(hands.dialog().get_by_role("combobox")).to_be_focused()
    hands.type("harbor")
    hands.option("harbor")
    hands.press("Enter")


def tags_by_mouse(hands: Hands) -> None:
    hands.click(hands.desk.tile(0), modifiers=["Control"])
    hands.wheel(20_000)
    hands.click(hands.desk.tile(PICTURES - 1), modifiers=["Shift"])
    hands.selected(PICTURES)
    hands.click(hands.button("Tag", hands.bar()))
    hands.type("harbor")
    hands.click(hands.option("harbor"))


def fifty_are_tagged(hands: Hands) -> bool:
    return len(hands.ids("tag:harbor")) == PICTURES


# -- create character, set and project, and fill them ------------------------------------------------------------------

GROUPS = (("c", "Character", "Ann"), ("s", "Set", "Trip"), ("p", "Project", "Calendar"))


def groups_by_keys(hands: Hands) -> None:
    hands.press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    hands.selected(4)
    for key, _, name in GROUPS:
        hands.press(key)
        expect(hands.dialog().get_by_role("combobox")).to_be_focused()
        hands.type(name)
        hands.option(name)
        hands.press("Enter")
        expect(hands.page.get_by_role("dialog")).to_have_count(0)


def groups_by_mouse(hands: Hands) -> None:
    hands.click(hands.desk.tile(0), modifiers=["Control"])
    hands.click(hands.desk.tile(3), modifiers=["Shift"])
    hands.selected(4)
    for _, kind, name in GROUPS:
        hands.click(hands.button(kind, hands.bar()))
        hands.type(name)
        hands.click(hands.option(name))
        expect(hands.page.get_by_role("dialog")).to_have_count(0)


def groups_are_filled(hands: Hands) -> bool:
    return all(len(hands.ids(f"{kind.lower()}:{name}")) == 4 for _, kind, name in GROUPS)


# -- undo --------------------------------------------------------------------------------------------------------------


def change_prepared(hands: Hands) -> None:
    hands.desk.press("5")
    hands.desk.until(lambda: hands.ids("score:5"))


def undo_by_keys(hands: Hands) -> None:
    hands.press("Control+z")


def undo_by_mouse(hands: Hands) -> None:
    hands.click(hands.button("Undo").first)


def nothing_is_scored(hands: Hands) -> bool:
    return not hands.ids("score:5")


# -- stack -------------------------------------------------------------------------------------------------------------


def stack_by_keys(hands: Hands) -> None:
    hands.press("Shift+ArrowRight", "Shift+ArrowRight", "k")


def stack_by_mouse(hands: Hands) -> None:
    hands.click(hands.desk.tile(0), modifiers=["Control"])
    hands.click(hands.desk.tile(2), modifiers=["Shift"])
    hands.click(hands.desk.tile(1), button="right")
    hands.item("Stack, rotate, date").hover()
    hands.click(hands.page.get_by_role("menuitem", name=re.compile(r"^Stack\s*K$")))


def three_are_stacked(hands: Hands) -> bool:
    return len(hands.ids("is:stacked")) == 3


# -- resolve duplicates ------------------------------------------------------------------------------------------------


def duplicates_prepared(hands: Hands) -> None:
    for seed in (1, 2):
        for width in (200, 400):
            path = hands.library.incoming / f"scene-{seed}-{width}.png"
            path.write_bytes(scene(seed, width, width * 3 // 4, "png"))
            hands.library.upload(OWNER, path.name, path)
    assert hands.library.duplicates(OWNER).total


def duplicates_by_keys(hands: Hands) -> None:
    hands.command("dupl", "Duplicates")
    button = hands.button("Resolve", hands.main("Duplicates"))
    button.wait_for()
    hands.tab_to(button)
    hands.press("Enter")
    expect(hands.dialog().get_by_role("button", name="Move")).to_be_focused()
    hands.press("Enter")


def duplicates_by_mouse(hands: Hands) -> None:
    hands.click(hands.row("Duplicates"))
    hands.click(hands.button("Resolve", hands.main("Duplicates")))
    hands.click(hands.dialog().get_by_role("button", name="Move"))


def duplicates_are_resolved(hands: Hands) -> bool:
    return hands.library.duplicates(OWNER).total == 0


# -- take a snapshot, break 20 pictures, restore them ------------------------------------------------------------------


def scores_prepared(hands: Hands) -> None:
    ids = [one.id for one in hands.library.pictures(OWNER, limit=20)]
    hands.library.score(OWNER, ScorePictures(ids=ids, score=4))
    hands.library.add_tags(OWNER, AddTags(ids=ids, tags=["twenty"]))
    hands.desk.go("/?q=tag:twenty")
    hands.desk.becomes(lambda: len(hands.desk.tiles()), 20)
    hands.desk.focus(0)


def broken(hands: Hands) -> None:
    """The twenty pictures have the wrong score, and their restore is previewed."""
    hands.desk.until(lambda: len(hands.ids("tag:twenty score:1")) == 20)


def snapshot_taken(hands: Hands) -> None:
    hands.desk.until(lambda: hands.library.snapshots(OWNER))
    expect(hands.page.get_by_role("listbox", name="Restore points").get_by_role("option")).to_have_count(1)


def restorable(hands: Hands) -> Locator:
    button = hands.main("Snapshots").get_by_role("button", name="Restore 20 changes")
    button.wait_for()
    return button


def snapshot_by_keys(hands: Hands) -> None:
    hands.command("snap", "Snapshots")
    hands.main("Snapshots")
    hands.press("n")
    expect(hands.dialog().get_by_label("Label")).to_be_focused()
    hands.press("Enter")
    snapshot_taken(hands)
    hands.press("Escape")
    hands.desk.seen()
    hands.press("Control+a", "1")
    broken(hands)
    hands.command("snap", "Snapshots")
    button = restorable(hands)
    hands.press("r")
    expect(button).to_be_focused()
    hands.press("Enter")


def snapshot_by_mouse(hands: Hands) -> None:
    hands.click(hands.row("Snapshots"))
    hands.click(hands.button("Take", hands.main("Snapshots")).first)
    hands.click(hands.dialog().get_by_role("button", name="Take").last)
    snapshot_taken(hands)
    hands.click(hands.button("Close", hands.main("Snapshots")))
    hands.desk.seen()
    hands.click(hands.desk.tile(0), modifiers=["Control"])
    hands.click(hands.desk.tile(19), modifiers=["Shift"])
    hands.selected(20)
    hands.click(hands.button("1 star", hands.bar(), exact=True))
    broken(hands)
    hands.click(hands.row("Snapshots"))
    hands.click(restorable(hands))


def twenty_are_restored(hands: Hands) -> bool:
    return bool(hands.library.snapshots(OWNER)) and len(hands.ids("tag:twenty score:4")) == 20


# -- rename a tag ------------------------------------------------------------------------------------------------------


def tag_prepared(hands: Hands) -> None:
    hands.library.add_tags(OWNER, AddTags(ids=sorted(hands.ids())[:3], tags=["harbour"]))
    hands.library.add_tags(OWNER, AddTags(ids=sorted(hands.ids())[:2], tags=["boat"]))


def rename_by_keys(hands: Hands) -> None:
    hands.command("tags", "Tags")
    place = hands.page.locator('[data-row="harbour"]')
    place.wait_for()
    while not place.evaluate("one => one === document.activeElement || one.contains(document.activeElement)"):
        assert hands.steps < 30
        hands.press("Tab" if hands.page.locator("[data-row]:focus, [data-row] :focus").count() == 0 else "ArrowDown")
    hands.press("F2")
    hands.type("harbor")
    hands.press("Enter")


def rename_by_mouse(hands: Hands) -> None:
    hands.click(hands.row("Tags"))
    hands.click(hands.page.locator('[data-row="harbour"]'), button="right")
    hands.click(hands.item("Rename"))
    hands.type("harbor")
    hands.click(hands.page.get_by_role("heading", name="Tags", exact=True))


def tag_is_renamed(hands: Hands) -> bool:
    names = {tag.name for tag in hands.library.tags(OWNER)}
    return "harbor" in names and len(hands.ids("tag:harbor")) == 3


# -- save a query ------------------------------------------------------------------------------------------------------


def query_by_keys(hands: Hands) -> None:
    hands.press("/")
    hands.type("score:0 lighthouse")
    hands.press("Enter")
    hands.desk.until(lambda: hands.desk.parameter("q"))
    hands.press("/")
    hands.tab_to(hands.button("Save as a query"))
    hands.press("Enter")
    expect(hands.dialog().get_by_role("combobox")).to_be_focused()
    hands.type("to rate")
    hands.option("to rate")
    hands.press("Enter")


def query_by_mouse(hands: Hands) -> None:
    hands.click(search(hands))
    hands.type("score:0 lighthouse")
    hands.click(hands.button("Save as a query"))
    expect(hands.dialog().get_by_role("combobox")).to_be_focused()
    hands.type("to rate")
    hands.click(hands.option("to rate"))


def query_is_saved(hands: Hands) -> bool:
    return [(one.name, one.text) for one in hands.library.queries(OWNER)] == [("to rate", "score:0 lighthouse")]


# -- find similar pictures ---------------------------------------------------------------------------------------------


def engine_prepared(hands: Hands) -> None:
    job = finish(hands.library, hands.library.run_engine(OWNER, RunEngine(engine="visual-descriptor")))
    assert job.state == "done", job.error


def similar_by_keys(hands: Hands) -> None:
    hands.press("l")


def similar_by_mouse(hands: Hands) -> None:
    hands.click(hands.desk.tile(0), button="right")
    hands.item("Find similar").hover()
    hands.click(hands.item("Similar pictures"))


def similar_are_shown(hands: Hands) -> bool:
    newest = hands.library.pictures(OWNER, limit=1)[0].id
    wanted = [one.id for one in hands.library.pictures(OWNER, f"like:picture:{newest}", limit=5)]
    return [tile["id"] for tile in hands.desk.tiles()][:5] == wanted


# -- all of them -------------------------------------------------------------------------------------------------------


class Task(NamedTuple):
    name: str
    by_keys: Callable[[Hands], None]
    by_mouse: Callable[[Hands], None]
    done: Callable[[Hands], bool]
    prepare: Callable[[Hands], None] = lambda hands: None


TASKS = (
    Task("Index a folder", folder_by_keys, folder_by_mouse, folder_is_indexed, folder_prepared),
    Task("Find by model", model_by_keys, model_by_mouse, model_is_found),
    Task("Rate 20 pictures", rates_by_keys, rates_by_mouse, twenty_are_rated),
    Task("Tag 50 pictures", tags_by_keys, tags_by_mouse, fifty_are_tagged),
    Task("Create and fill a character, a set and a project", groups_by_keys, groups_by_mouse, groups_are_filled),
    Task("Undo", undo_by_keys, undo_by_mouse, nothing_is_scored, change_prepared),
    Task("Stack three pictures", stack_by_keys, stack_by_mouse, three_are_stacked),
    Task("Resolve duplicates", duplicates_by_keys, duplicates_by_mouse, duplicates_are_resolved, duplicates_prepared),
    Task(
        "Take a snapshot, change 20 pictures, restore them",
        snapshot_by_keys,
        snapshot_by_mouse,
        twenty_are_restored,
        scores_prepared,
    ),
    Task("Rename a tag", rename_by_keys, rename_by_mouse, tag_is_renamed, tag_prepared),
    Task("Save a query", query_by_keys, query_by_mouse, query_is_saved),
    Task("Find similar pictures", similar_by_keys, similar_by_mouse, similar_are_shown, engine_prepared),
)

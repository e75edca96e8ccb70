"""Text files beside pictures are read and written, and changes on both sides are merged."""

from __future__ import annotations

import os
import time
from pathlib import Path

import beside
import pytest
from beside import caption, compare, conflicts, picture, scan, tags
from libraries import until

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.sidecars import rows
from pixlstash_core.types import (
    AddTags,
    RejectTags,
    RemoveTags,
    RenameTag,
    ResolveConflicts,
    SetCaption,
    SidecarPolicy,
)

pytestmark = pytest.mark.slow
WRITE = SidecarPolicy("write", ["txt"])


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    beside.paint(tmp_path / "photos", "a.png", "b.png")
    return tmp_path / "photos"


def test_tags_are_written_and_read(library: Library, photos: Path) -> None:
    beside.write(photos / "b.txt", "fox, snow")
    beside.add(library, photos, WRITE)
    a, b = picture(library, "a.png"), picture(library, "b.png")
    assert (tags(library, a), tags(library, b)) == (set(), {"fox", "snow"})
    assert not (photos / "a.txt").exists()
    library.add_tags(OWNER, AddTags(tags=["river"], ids=[a, b]))
    compare(library)
    assert [(photos / name).read_text() for name in ("a.txt", "b.txt")] == ["river\n", "fox, snow, river\n"]
    beside.write(photos / "b.txt", "fox, lamp, river", later=9)
    scan(library)
    assert tags(library, b) == {"fox", "lamp", "river"}
    assert library.undo(OWNER).sentence == "Undone: 1 picture changed by sidecars in photos"
    compare(library)
    assert (photos / "b.txt").read_text() == "fox, river, snow\n"
    assert library.folders(OWNER)[0].sidecar_state.due == 0 and not conflicts(library)


def test_both_sides_change_different_tags(library: Library, photos: Path) -> None:
    beside.write(photos / "a.txt", "fox, snow, lamp")
    beside.add(library, photos, WRITE)
    a = picture(library, "a.png")
    with library.sidecars.lock:  # both change before they are compared
        library.remove_tags(OWNER, RemoveTags(tags=["snow"], ids=[a]))
        library.add_tags(OWNER, AddTags(tags=["river"], ids=[a]))
        beside.write(photos / "a.txt", "fox, snow, owl", later=9)
    compare(library)
    assert tags(library, a) == {"fox", "river", "owl"} and not conflicts(library)
    assert (photos / "a.txt").read_text() == "fox, owl, river\n"


@pytest.mark.parametrize(
    ("keep", "expected"),
    [("mine", "A red fox."), ("theirs", "A fox in snow."), ("both", "A red fox.\nA fox in snow.")],
)
def test_a_caption_changed_on_both_sides_is_a_conflict(
    library: Library, photos: Path, keep: str, expected: str
) -> None:
    beside.write(photos / "a.txt", "A fox.")
    beside.add(library, photos, SidecarPolicy("write", ["txt"], "caption"))
    a = picture(library, "a.png")
    assert caption(library, a) == "A fox."
    with library.sidecars.lock:  # both change before they are compared
        library.set_caption(OWNER, SetCaption(text="A red fox.", ids=[a]))
        beside.write(photos / "a.txt", "A fox in snow.", later=9)
    for _ in range(2):  # it stays until it is settled
        scan(library)
        assert conflicts(library) == [("a.png", "caption", "A red fox.", "A fox in snow.")]
        assert (caption(library, a), (photos / "a.txt").read_text()) == ("A red fox.", "A fox in snow.")
    done = library.resolve_conflicts(OWNER, ResolveConflicts(keep=keep, ids=[a]))  # type: ignore[arg-type]
    assert done.changed == 1
    compare(library)
    assert not conflicts(library) and caption(library, a) == expected
    assert (photos / "a.txt").read_text().strip() == expected
    assert library.folders(OWNER)[0].sidecar_state.conflicts == 0


def test_what_a_person_rejected_is_a_conflict(library: Library, photos: Path) -> None:
    beside.add(library, photos, WRITE)
    a = picture(library, "a.png")
    library.reject_tags(OWNER, RejectTags(tags=["fox"], ids=[a]))
    beside.write(photos / "a.txt", "fox, snow")
    scan(library)
    assert tags(library, a) == {"snow"} and conflicts(library) == [("a.png", "tags", "", "fox")]
    library.add_tags(OWNER, AddTags(tags=["river"], ids=[a]))  # the rest goes on
    compare(library)
    assert (photos / "a.txt").read_text() == "fox, snow, river\n" and len(conflicts(library)) == 1
    library.resolve_conflicts(OWNER, ResolveConflicts(keep="mine", field="tags", ids=[a]))
    compare(library)
    assert (photos / "a.txt").read_text() == "snow, river\n" and not conflicts(library)


def test_a_file_that_was_emptied_wipes_nothing(library: Library, photos: Path) -> None:
    beside.add(library, photos, WRITE)
    a = picture(library, "a.png")
    library.add_tags(OWNER, AddTags(tags=["fox", "snow"], ids=[a]))
    compare(library)
    beside.write(photos / "a.txt", ",\n", later=9)
    scan(library)
    assert tags(library, a) == {"fox", "snow"} and conflicts(library) == [("a.png", "tags", "fox, snow", "")]
    assert (photos / "a.txt").read_text() == ",\n"
    library.resolve_conflicts(OWNER, ResolveConflicts(keep="both", ids=[a]))
    compare(library)
    assert (photos / "a.txt").read_text() == "fox, snow\n"
    (photos / "a.txt").unlink()
    scan(library)
    assert (photos / "a.txt").read_text() == "fox, snow\n" and tags(library, a) == {"fox", "snow"}
    library.resolve_conflicts(OWNER, ResolveConflicts(keep="both", ids=[a]))


def test_reading_writes_nothing(library: Library, photos: Path) -> None:
    beside.write(photos / "a.txt", "fox, snow")
    before = (photos / "a.txt").stat().st_mtime_ns
    beside.add(library, photos, SidecarPolicy("read", ["txt"]))
    a = picture(library, "a.png")
    library.remove_tags(OWNER, RemoveTags(tags=["snow"], ids=[a]))
    library.add_tags(OWNER, AddTags(tags=["river"], ids=[a]))
    scan(library)
    assert tags(library, a) == {"fox", "river"}  # a tag that was removed here does not come back
    assert (photos / "a.txt").stat().st_mtime_ns == before and sorted(os.listdir(photos)) == ["a.png", "a.txt", "b.png"]
    beside.write(photos / "a.txt", "fox, snow, owl", later=9)
    scan(library)
    assert tags(library, a) == {"fox", "river", "owl"}


def test_a_mirror_is_written_instead(library: Library, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    beside.paint(photos, "below/c.png")
    beside.write(photos / "below" / "c.txt", "fox")
    beside.add(library, photos, SidecarPolicy("mirror", ["txt"], mirror=str(tmp_path / "mirror")))
    c = picture(library, "c.png")
    library.add_tags(OWNER, AddTags(tags=["river"], ids=[c]))
    compare(library)
    assert (tmp_path / "mirror" / "below" / "c.txt").read_text() == "fox, river\n"
    assert (photos / "below" / "c.txt").read_text() == "fox"
    beside.write(tmp_path / "mirror" / "below" / "c.txt", "fox, owl", later=9)
    scan(library)
    assert tags(library, c) == {"fox", "owl"}


def test_pictures_that_differ_in_their_extension_share_no_sidecar(library: Library, photos: Path) -> None:
    beside.paint(photos, "a.jpg.png", "a.webp.png")
    (photos / "a.webp.png").rename(photos / "a.webp")  # the bytes say what it is
    beside.write(photos / "a.txt", "fox")
    beside.add(library, photos, WRITE)
    for name in ("a.png", "a.webp"):
        assert tags(library, picture(library, name)) == set()
        library.add_tags(OWNER, AddTags(tags=[name[2:]], ids=[picture(library, name)]))
    compare(library)
    assert [(photos / f"{name}.txt").read_text() for name in ("a", "a.png", "a.webp")] == ["fox", "png\n", "webp\n"]


def test_a_renamed_tag_is_written(library: Library, photos: Path) -> None:
    beside.add(library, photos, WRITE)
    a = picture(library, "a.png")
    library.add_tags(OWNER, AddTags(tags=["fox"], ids=[a]))
    compare(library)
    library.rename_tag(OWNER, RenameTag("fox", "red fox"))
    compare(library)
    assert (photos / "a.txt").read_text() == "red fox\n" and tags(library, a) == {"red fox"}


def test_tags_and_a_caption_in_one_file(library: Library, photos: Path) -> None:
    beside.write(photos / "a.txt", "fox, snow\nA fox in snow.")
    beside.write(photos / "b.txt", "A fox that looks at the camera.")
    beside.add(library, photos, SidecarPolicy("write", ["txt"], "both"))
    a, b = picture(library, "a.png"), picture(library, "b.png")
    assert (tags(library, a), caption(library, a)) == ({"fox", "snow"}, "A fox in snow.")
    assert (tags(library, b), caption(library, b)) == (set(), "A fox that looks at the camera.")
    library.add_tags(OWNER, AddTags(tags=["a tag that is as long as a whole sentence"], ids=[b]))
    compare(library)
    assert (photos / "b.txt").read_text() == (
        "a tag that is as long as a whole sentence\nA fox that looks at the camera.\n"
    )
    library.set_caption(OWNER, SetCaption(text="", ids=[b]))
    compare(library)
    assert (photos / "b.txt").read_text() == "a tag that is as long as a whole sentence\n\n"
    scan(library)
    assert tags(library, b) == {"a tag that is as long as a whole sentence"} and not conflicts(library)


def test_without_a_policy_nothing_is_written(library: Library, photos: Path) -> None:
    beside.add(library, photos)
    library.add_tags(OWNER, AddTags(tags=["fox"], ids=[picture(library, "a.png")]))
    library.follow_ups.catch_up()
    assert sorted(os.listdir(photos)) == ["a.png", "b.png"]
    assert not library.db.value("select count(*) from derived_sidecar_due")
    assert not beside.jobs(library)


def test_a_change_during_a_comparison_is_not_forgotten(library: Library, photos: Path) -> None:
    """The clock of due pictures never repeats, even when nothing is due in between."""
    beside.add(library, photos, WRITE)
    a = picture(library, "a.png")
    seen = set()
    for number in range(4):
        with library.sidecars.lock:
            library.add_tags(OWNER, AddTags(tags=[f"tag {number}"], ids=[a]))
            ((at, due),) = rows.due(library.db, (0, 0), 10)
        assert due == a and at not in seen
        seen.add(at)
        compare(library)
        assert rows.due(library.db, (0, 0), 10) == []


def test_the_watcher_takes_over_what_others_write(library: Library, photos: Path) -> None:
    beside.add(library, photos, WRITE, watch=True)
    a = picture(library, "a.png")
    library.add_tags(OWNER, AddTags(tags=["river"], ids=[a]))
    until(lambda: (photos / "a.txt").exists())
    before = library.revision
    time.sleep(4)  # the watcher sees our own file
    assert library.revision == before and (photos / "a.txt").read_text() == "river\n"
    (photos / "a.txt").write_text("river, owl")
    until(lambda: tags(library, a) == {"river", "owl"})
    assert library.history(OWNER)[0].sentence == "1 picture changed by sidecars in photos"

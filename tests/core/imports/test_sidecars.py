"""Texts beside pictures: they become tags or a caption, and nothing anybody said is ever wiped by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from libraries import finish
from PIL import Image

from pixlstash_core import OWNER
from pixlstash_core.imports import sidecars
from pixlstash_core.imports.intake import Words
from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, Create, EditSet, ImportPaths, Job, RejectTags, Selection


def take(library: Library, path: Path, in_place: bool = False) -> Job:
    return finish(library, library.import_paths(OWNER, ImportPaths([str(path)], in_place)))


def look(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def paint(path: Path, shade: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (60, 40), (shade, 120, 40)).save(path)
    return path


def tags(library: Library, picture: int = 1) -> set[str]:
    return {tag.name for tag in library.picture_tags(OWNER, picture) if tag.state in ("yours", "accepted")}


def caption(library: Library, picture: int = 1) -> str | None:
    found: str | None = library.db.value("select text from said_caption where picture_id = ?", (picture,))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1girl, solo, long hair, looking_at_viewer", (["1girl", "solo", "long hair", "looking_at_viewer"], None)),
        ("fox\nsnow\nwinter light\n", (["fox", "snow", "winter light"], None)),
        ("a fox, a fox,, ,snow,", (["a fox", "snow"], None)),
        ("fox", (["fox"], None)),
        ("A man stands by a river.", ([], "A man stands by a river.")),
        ("A man by a river, with a lamp in his one hand", ([], "A man by a river, with a lamp in his one hand")),
        ("A fox. A river, snow", ([], "A fox. A river, snow")),
        ("photo of an old lighthouse keeper", ([], "photo of an old lighthouse keeper")),
        ("x" * 300, ([], "x" * 300)),
        ("", ([], None)),
        (" , ,\n", ([], ", ,")),
        ("fox, \x07bell", ([], "fox, \x07bell")),
    ],
)  # fmt: skip
def test_list_or_sentence(text: str, expected: tuple[list[str], str | None]) -> None:
    assert sidecars.parsed(text) == expected


def test_what_is_no_text_is_left_alone(tmp_path: Path) -> None:
    picture = paint(tmp_path / "a.png")
    beside = tmp_path / "a.txt"
    assert sidecars.read(picture) is None
    for body in (b"\xff\xfe\x00", b"\x80\x81", b"a\0b", b"", b"  \n", b"a" * (sidecars.LONGEST + 1)):
        beside.write_bytes(body)
        assert sidecars.read(picture) is None, body[:8]
    beside.write_bytes("fox, été".encode("utf-8-sig"))
    assert sidecars.read(picture) == Words(["fox", "été"])
    beside.write_bytes("fox, été".encode("cp1252"))
    assert sidecars.read(picture) == Words(["fox", "été"])
    beside.write_bytes("fox, été".encode("utf-16"))
    assert sidecars.read(picture) == Words(["fox", "été"])
    beside.unlink()
    beside.mkdir()
    assert sidecars.read(picture) is None
    (tmp_path / "a.png.txt").write_text("snow")
    assert sidecars.read(picture) == Words(["snow"])


@pytest.mark.parametrize("in_place", [True, False])
def test_a_folder_with_texts(library: Library, tmp_path: Path, in_place: bool) -> None:
    folder = tmp_path / "set"
    paint(folder / "one.png", 1)
    (folder / "one.txt").write_text("fox, snow")
    paint(folder / "two.jpg", 2)
    (folder / "two.jpg.txt").write_text("A fox walks through the snow.")
    paint(folder / "inner" / "three.b.png", 3)
    (folder / "inner" / "three.txt").write_text("not of three.b.png")
    (folder / "notes.txt").write_text("nobody's")
    before = look(folder)
    job = take(library, folder, in_place=in_place)
    assert job.report is not None and job.error is None
    assert (job.report.imported, job.report.duplicates, job.done, job.total) == (3, 0, 5, 5)
    assert sorted(one.path.rpartition("/")[2] for one in job.report.refused) == ["notes.txt", "three.txt"]
    ids = {one.name: one.id for one in library.pictures(OWNER)}
    assert tags(library, ids["one.png"]) == {"fox", "snow"} and caption(library, ids["one.png"]) is None
    assert tags(library, ids["two.jpg"]) == set()
    assert caption(library, ids["two.jpg"]) == "A fox walks through the snow."
    assert tags(library, ids["three.b.png"]) == set()
    assert look(folder) == before
    again = take(library, folder, in_place=in_place)
    assert again.report is not None and again.report.imported == 0


def test_nothing_said_is_wiped(library: Library, tmp_path: Path) -> None:
    """D19."""
    paint(tmp_path / "a" / "one.png")
    take(library, tmp_path / "a", in_place=True)
    library.add_tags(OWNER, AddTags(ids=[1], tags=["lake"]))
    library.reject_tags(OWNER, RejectTags(ids=[1], tags=["fox"]))
    library.writer.run(lambda write: write.execute("insert into said_caption values (1, 'mine')"), None)  # type: ignore[arg-type]
    (tmp_path / "b").mkdir()
    paint(tmp_path / "b" / "two.png")
    (tmp_path / "b" / "two.txt").write_text("Fox, snow")
    take(library, tmp_path / "b")  # the same bytes again, with words
    assert tags(library) == {"lake", "snow"} and caption(library) == "mine"


def test_a_locked_set_keeps_its_words(library: Library, tmp_path: Path) -> None:
    take(library, paint(tmp_path / "a" / "one.png"))
    made = library.create_set(OWNER, Create(name="Done")).id
    library.add_to_set(OWNER, made, Selection(ids=[1]))
    library.edit_set(OWNER, made, EditSet(locked=True))
    paint(tmp_path / "b" / "two.png")
    (tmp_path / "b" / "two.txt").write_text("fox, snow")
    job = take(library, tmp_path / "b")
    assert job.report is not None and (job.report.duplicates, job.error) == (1, None)
    assert tags(library) == set()
    library.edit_set(OWNER, made, EditSet(locked=False))
    take(library, tmp_path / "b")
    assert tags(library) == {"fox", "snow"}


def test_a_single_file_has_its_text(library: Library, tmp_path: Path) -> None:
    paint(tmp_path / "one.png")
    (tmp_path / "one.txt").write_text("fox")
    take(library, tmp_path / "one.png")
    assert tags(library) == {"fox"}

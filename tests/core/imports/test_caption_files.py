"""Text files beside pictures with other names: found, sampled, and read as people say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from core.imports.test_sidecars import caption, look, paint, tags
from libraries import finish

from pixlstash_core import OWNER
from pixlstash_core.errors import Invalid
from pixlstash_core.imports import sidecars
from pixlstash_core.library import Library
from pixlstash_core.types import AddFolder, AddImportFolder, CaptionRule, EditFolder, ImportPaths

RULES = [CaptionRule("_tags.txt", "tags"), CaptionRule(".caption", "description"), CaptionRule(".txt", "ignore")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures with three texts each, one of them in a folder below."""
    for number, stem in enumerate(("a", "below/b.c")):
        path = paint(tmp_path / "set" / f"{stem}.png", number)
        path.with_name(f"{path.stem}_tags.txt").write_text("red fox, snow.\nA whole sentence. Really, sun\u202e\n")
        path.with_name(f"{path.stem}.caption").write_text("A fox. Not a list\n\n of tags ")
        path.with_name(f"{path.stem}.txt").write_text("never")
    return tmp_path / "set"


def take(library: Library, folder: Path, way: str, captions: list[CaptionRule]) -> None:
    job: Any
    if way == "once":
        job = library.import_paths(OWNER, ImportPaths([str(folder)], captions=captions)).id
    elif way == "index":
        job = library.add_folder(OWNER, AddFolder(str(folder), watch=False, captions=captions)).job
    else:
        job = library.add_import_folder(OWNER, AddImportFolder(str(folder), watch=False, captions=captions)).job
    ended = finish(library, library.job(OWNER, job))
    assert ended.state == "done" and ended.report is not None and ended.report.imported == 2
    assert [refusal.path for refusal in ended.report.refused] == []


@pytest.mark.parametrize("way", ["once", "index", "import"])
def test_texts_are_what_people_say(library: Library, folder: Path, way: str) -> None:
    before = look(folder)
    take(library, folder, way, RULES)
    for picture in (1, 2):
        assert tags(library, picture) == {"red fox", "snow.", "A whole sentence. Really"}
        assert caption(library, picture) == "A fox. Not a list\nof tags"
    assert look(folder) == before


def test_without_rules_only_plain_texts_are_read(library: Library, folder: Path) -> None:
    finish(library, library.import_paths(OWNER, ImportPaths([str(folder)])))
    assert tags(library, 1) == {"never"} and caption(library, 1) is None


def test_a_folder_keeps_its_rules_and_they_can_be_changed(library: Library, folder: Path) -> None:
    take(library, folder, "index", RULES)
    assert library.folders(OWNER)[0].captions == RULES
    changed = [CaptionRule(".caption", "tags")]
    assert library.edit_folder(OWNER, 2, EditFolder(captions=changed)).captions == changed
    paint(folder / "new.png", 9)
    (folder / "new.caption").write_text("one, two")
    (folder / "new.txt").write_text("A sentence of its own.")
    finish(library, library.scan_folder(OWNER, 2))
    assert tags(library, 3) == {"one", "two"} and caption(library, 3) == "A sentence of its own."
    with pytest.raises(Invalid, match="Add the folder"):
        library.import_paths(OWNER, ImportPaths([str(folder)], in_place=True, captions=RULES))


@pytest.mark.parametrize("suffix", [".png", "tags", "/../x.txt", "_.exe", "..\\x.txt", "\0.txt", ".txt"])
def test_suffixes_are_those_of_texts(library: Library, folder: Path, suffix: str) -> None:
    rules = [CaptionRule(suffix, "tags"), CaptionRule(".txt", "tags")]
    for ask in (AddFolder(str(folder), captions=rules), AddImportFolder(str(folder), captions=rules)):
        with pytest.raises(Invalid, match="suffix|twice"):
            library.add_folder(OWNER, ask) if isinstance(ask, AddFolder) else library.add_import_folder(OWNER, ask)
    assert library.folders(OWNER) == [] == library.import_folders(OWNER)


def test_patterns_are_listed_with_a_sample(library: Library, folder: Path, tmp_path: Path) -> None:
    (folder / "notes.txt").write_text("of no picture")
    (folder / "a.png.txt").write_text("fox, snow")
    (folder / "a-long.text").write_bytes(b"x" * 10_000_000)
    (folder / "a.cap").write_bytes(bytes(range(256)))
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "a.tags").symlink_to(tmp_path / "secret.txt")
    listed = {pattern.suffix: pattern for pattern in library.caption_files(OWNER, str(folder))}
    assert {suffix: pattern.files for suffix, pattern in listed.items()} == {
        ".txt": 3,
        ".caption": 2,
        "_tags.txt": 2,
        "-long.text": 1,
        ".cap": 1,
    }
    assert listed[".caption"].means == "description" and listed[".caption"].sample.startswith("A fox. Not a list")
    assert listed[".txt"].means == "tags" and listed[".txt"].sample in ("never", "fox, snow")
    for suffix in ("-long.text", ".cap"):  # 10 MB, binary
        assert (listed[suffix].sample, listed[suffix].means) == ("", "ignore")
    for path in ("/etc", "relative", tmp_path / "nothing", library.path):
        with pytest.raises(Invalid):
            library.caption_files(OWNER, str(path))


def test_hostile_texts_stop_no_import(library: Library, tmp_path: Path) -> None:
    bodies = {
        "big": b"fox, " * 2_000_000,
        "binary": bytes(range(256)) * 4,
        "bom": b"\xef\xbb\xbffox",
        "half": "füchse".encode("utf-16")[:-1],
        "latin": "füchse, schnee".encode("latin-1"),
        "many": b",".join(b"t%d" % n for n in range(5000)),
        "empty": b"",
        "long": b"x" * 60_000,
    }
    for number, (name, body) in enumerate(bodies.items()):
        paint(tmp_path / "in" / f"{name}.png", number).with_name(f"{name}_tags.txt").write_bytes(body)
    ask = ImportPaths([str(tmp_path / "in")], captions=RULES)
    job = finish(library, library.import_paths(OWNER, ask))
    assert job.report is not None and job.report.imported == len(bodies) and job.report.refused == []
    ids = {picture.name.partition(".")[0]: picture.id for picture in library.pictures(OWNER)}
    assert tags(library, ids["bom"]) == {"fox"} and tags(library, ids["latin"]) == {"füchse", "schnee"}
    assert len(tags(library, ids["many"])) == sidecars.MOST
    for name in ("big", "binary", "half", "empty", "long"):
        assert tags(library, ids[name]) == set()

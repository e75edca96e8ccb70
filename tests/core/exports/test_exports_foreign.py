"""Exports write only into new, empty or own folders, follow no link, and change nothing that is not theirs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Effort
from core.exports.conftest import Export, tree
from libraries import fill
from PIL import Image

from pixlstash_core.errors import Conflict, Invalid, PixlStashError
from pixlstash_core.exports import manifest
from pixlstash_core.exports.downloads import Downloads
from pixlstash_core.exports.folder import JOURNAL
from pixlstash_core.library import Library
from pixlstash_core.types import OWNER, SetCaption

pytestmark = [pytest.mark.attack, pytest.mark.usefixtures("pictures")]


@pytest.mark.parametrize(
    "foreign",
    [
        {"notes.txt": b"mine"},
        {"wide sea.png": b"mine"},
        {manifest.NAME: b"mine"},
        {manifest.NAME: b""},
        {JOURNAL: b"mine"},
        {JOURNAL: b""},
        {".hidden": b""},
        {".pixlstash-0123456789abcdef.new": b"mine"},
        {"folder/deep.txt": b"mine"},
    ],
    ids=str,
)
def test_a_folder_with_foreign_files_is_refused(foreign: dict[str, bytes], export: Export, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name, data in foreign.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    with pytest.raises(Conflict):
        export(out)
    assert tree(out) == foreign


def test_an_export_of_another_library_is_refused(
    export: Export, open_library: Callable[..., Library], tmp_path: Path
) -> None:
    export(tmp_path / "out")
    before = tree(tmp_path / "out")
    text = before[manifest.NAME]
    header = json.loads(text.partition(b"\n")[0])
    other = text.replace(header["library"].encode(), b"0" * 32)
    (tmp_path / "out" / manifest.NAME).write_bytes(other)
    with pytest.raises(Conflict, match="another library"):
        export(tmp_path / "out")
    assert tree(tmp_path / "out") == {**before, manifest.NAME: other}


def test_what_a_person_put_or_changed_there_stays(
    library: Library, pictures: list[int], export: Export, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export(out)
    (out / "wide sea.txt").write_bytes(b"edited by hand")
    (out / "more.txt").write_bytes(b"mine")
    (out / "sub").mkdir()
    (out / "sub" / "small.png").write_bytes(b"mine")
    mine = {"wide sea.txt": b"edited by hand", "more.txt": b"mine", "sub/small.png": b"mine"}
    library.set_caption(OWNER, SetCaption(ids=pictures[:1], text="another"))
    with pytest.raises(Conflict, match="changed since"):
        export(out)
    assert mine.items() <= tree(out).items()
    assert manifest.NAME not in tree(out)  # so that nobody takes it for complete
    export(out, pictures[1:])  # deletes what is ours of the first picture, and not the caption
    assert {*mine, manifest.NAME, "tall.jpg", "small.png"} == set(tree(out))
    assert mine.items() <= tree(out).items()


@pytest.mark.parametrize("name", ["wide sea.png", "sub", manifest.NAME, JOURNAL])
def test_no_link_is_followed(name: str, pictures: list[int], export: Export, tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    export(out, name="sub/{name}" if name == "sub" else "{name}", text=False)
    outside.mkdir()
    (outside / "wide sea.png").write_bytes((out / "small.png").read_bytes() if name != "sub" else b"mine")
    (outside / "keep").write_bytes(b"mine")
    before = tree(outside)
    path = out / name
    if name == "sub":
        path.rename(out / "away")
        path.symlink_to(outside, target_is_directory=True)
    else:
        path.unlink(missing_ok=True)
        path.symlink_to(outside / "wide sea.png")
    with pytest.raises(PixlStashError):
        export(out, name="sub/{name}" if name == "sub" else "{name}", text=False, side=20)
    assert tree(outside) == before
    assert path.is_symlink()


def test_a_hostile_manifest_deletes_nothing_elsewhere(
    pictures: list[int], export: Export, tmp_path: Path, rng: random.Random, effort: Effort
) -> None:
    out = tmp_path / "out"
    export(out)
    (tmp_path / "victim").write_bytes(b"mine")
    lines = (out / manifest.NAME).read_bytes().splitlines(keepends=True)
    names = ["../victim", "/etc/passwd", "a/../../victim", "..", ".", "", "a//b", "x\\..\\y", "C:x", "a\0b", "~/x"]
    sha256 = "d" * 64
    for name in names:
        line = json.dumps({"name": name, "sha256": sha256, "size": 4}).encode() + b"\n"
        (out / manifest.NAME).write_bytes(lines[0] + line + b"".join(lines[1:]))
        before = tree(out)
        with pytest.raises(PixlStashError):
            export(out)
        with pytest.raises(PixlStashError):
            export(tmp_path / "other", again=out)
        with pytest.raises(PixlStashError):
            manifest.diff(out, out)
        assert (tree(out), (tmp_path / "victim").read_bytes()) == (before, b"mine")
        assert not (tmp_path / "other").exists()
    for _ in range(effort.of(60, 5000)):
        text = bytearray(b"".join(lines))
        for _ in range(rng.randint(1, 5)):
            text[rng.randrange(len(text))] = rng.randrange(256)
        (tmp_path / "broken").write_bytes(bytes(text[: rng.randint(1, len(text))]))
        try:
            manifest.diff(tmp_path / "broken", tmp_path / "broken")
        except PixlStashError:
            pass


def test_places_of_the_library_are_refused(library: Library, export: Export, tmp_path: Path) -> None:
    for path in (library.path, library.path / "media", library.path / "media" / "x", Path("/")):
        with pytest.raises((Invalid, Conflict)):
            export(path)
    (tmp_path / "link").symlink_to(library.path / "media", target_is_directory=True)
    with pytest.raises(Invalid):
        export(tmp_path / "link" / "export")


def test_hostile_names_stay_in_the_folder(library: Library, export: Export, tmp_path: Path) -> None:
    fill(library, 3)  # without files, so they are left out
    for number, name in enumerate(["../../up.png", "/abs.png", "a\\b.png", "nul.png", ".hidden", "x" * 400]):
        Image.new("RGB", (10 + number, 10), "red").save(tmp_path / f"{number}.png")
        library.upload(OWNER, name, tmp_path / f"{number}.png")
    report = export(tmp_path / "deep" / "out", name="{name}/{name}")
    assert report.left_out == 3
    for path in (tmp_path / "deep" / "out").rglob("*"):
        assert path.resolve().is_relative_to((tmp_path / "deep" / "out").resolve())
        assert not path.name.startswith(".") and len(path.name.encode()) <= 255
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_two_exports_to_one_place_do_not_mix(library: Library, export: Export, tmp_path: Path) -> None:
    with library.part(Downloads).writing(tmp_path / "out"), pytest.raises(Conflict, match="Another export"):
        export(tmp_path / "out" / "inside")
    assert export(tmp_path / "out").files == 4

"""An export of everything can be read back by another library: folders, names, and what was known of each picture."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import beside
import pytest
from core.exports.conftest import Export, tree, upload

from pixlstash_core.library import Library
from pixlstash_core.types import (
    OWNER,
    AddTags,
    Create,
    CreateToken,
    DrawFace,
    ExportOptions,
    Grant,
    PrepareDownload,
    ScorePictures,
    Selection,
    SetCaption,
    SidecarPolicy,
)

pytestmark = pytest.mark.slow
OF_ALL = {"name": "{folder}/{name}", "metadata": True}


def known(library: Library) -> dict[str, Any]:
    """What a library knows of each picture, by the hash of its file."""
    about = {}
    for one in library.pictures(OWNER):
        picture = library.picture(OWNER, one.id)
        faces = [(face.name, face.box) for face in library.picture_faces(OWNER, one.id)]
        about[picture.sha256] = beside.tags(library, one.id), beside.caption(library, one.id), picture.score, faces
    return about


@pytest.fixture
def annotated(library: Library, tmp_path: Path) -> Library:
    """A library with an indexed folder of two pictures, one of them in folders, and a picture that was uploaded."""
    beside.paint(tmp_path / "photos", "a.png", "Italy/2024/a.png")
    beside.add(library, tmp_path / "photos")
    upload(library, tmp_path, "sent.png", (60, 40), "red")
    for id in (one.id for one in library.pictures(OWNER)):
        library.set_caption(OWNER, SetCaption(ids=[id], text=f"Picture {id},\nin two lines."))
        library.add_tags(OWNER, AddTags(ids=[id], tags=["long hair", f"number {id}", "a, with comma"]))
        library.score(OWNER, ScorePictures(ids=[id], score=id))
        library.draw_face(OWNER, DrawFace(picture=id, box=(0.25, 0.125, 0.5, 0.5), name=f"Person {id}"))
    return library


def test_another_library_reads_all_of_it(
    annotated: Library, export: Export, open_library: Callable[..., Library], tmp_path: Path
) -> None:
    export(tmp_path / "out", **OF_ALL)
    assert sorted(name for name in tree(tmp_path / "out") if name.endswith("g")) == [
        "photos/Italy/2024/a.png",
        "photos/a.png",
        "sent.png",
    ]
    with open_library("second") as second:
        beside.add(second, tmp_path / "out", SidecarPolicy("read", ["json"]))
        assert known(second) == known(annotated)


def test_metadata_is_that_of_downloads(annotated: Library, export: Export, tmp_path: Path) -> None:
    export(tmp_path / "out", **OF_ALL)
    about = json.loads(tree(tmp_path / "out")["photos/a.json"])
    ask = PrepareDownload(q="", beside="metadata")
    archive = tmp_path / "pictures.zip"
    download = annotated.download(OWNER, annotated.prepare_download(OWNER, ask).id)
    archive.write_bytes(b"".join(download.blocks()))
    with zipfile.ZipFile(archive) as opened:
        downloaded = [json.loads(opened.read(name)) for name in opened.namelist() if name.endswith(".json")]
    assert about in downloaded and len(downloaded) == 3


def test_the_same_bytes_until_something_changes(annotated: Library, export: Export, tmp_path: Path) -> None:
    export(tmp_path / "out", **OF_ALL)
    assert export(tmp_path / "again", again=tmp_path / "out").differs == []
    assert tree(tmp_path / "again") == tree(tmp_path / "out")
    annotated.score(OWNER, ScorePictures(ids=[1], score=5))
    report = export(tmp_path / "later", again=tmp_path / "out")
    assert [name.rpartition(".")[2] for name in report.differs] == ["json"]


def test_readers_of_a_part_see_no_folders_or_people(annotated: Library) -> None:
    ids = [one.id for one in annotated.pictures(OWNER)][:2]
    set_id = annotated.create_set(OWNER, Create(name="Part")).id
    assert set_id is not None
    annotated.add_to_set(OWNER, set_id, Selection(ids=ids))
    token = annotated.create_token(OWNER, CreateToken("read", "a part", scope=Grant(sets=[set_id]))).token
    reader = annotated.access.reader_of(token)
    assert reader is not None
    ask = PrepareDownload(q="", options=ExportOptions(**OF_ALL))
    content = b"".join(annotated.download(reader, annotated.prepare_download(reader, ask).id).blocks())
    assert b"photos" not in content and b"Person" not in content and b"long hair" in content

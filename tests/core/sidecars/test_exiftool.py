"""XMP sidecars against exiftool: it reads what is written here, and what it writes is read here."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import beside
import pytest
from beside import caption, compare, conflicts, picture, scan, tags

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.types import AddTags, ScorePictures, SetCaption, SidecarPolicy

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("exiftool") is None, reason="no exiftool (libimage-exiftool-perl)"),
]
REGION = "{Name=Grace,Type=Face,Area={X=0.5,Y=0.5,W=0.2,H=0.4,Unit=normalized}}"


def exiftool(*arguments: str) -> str:
    done = subprocess.run(["exiftool", *arguments], capture_output=True, text=True, check=True)
    assert "Warning" not in done.stderr, done.stderr
    return done.stdout


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(exiftool("-json", "-struct", "-XMP:all", str(path)))[0]
    return found


def test_exiftool_and_pixlstash_edit_one_file(library: Library, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    beside.paint(photos, "a.png")
    sidecar = photos / "a.png.xmp"
    beside.add(library, photos, SidecarPolicy("write", ["xmp"]))
    a = picture(library, "a.png")
    library.add_tags(OWNER, AddTags(tags=["fox", "Köln & co"], ids=[a]))
    library.set_caption(OWNER, SetCaption(text="A <fox>\nat night", ids=[a]))
    library.score(OWNER, ScorePictures(score=4, ids=[a]))
    compare(library)
    values = read(sidecar)
    assert (set(values["Subject"]), values["Description"], values["Rating"]) == (
        {"fox", "Köln & co"},
        "A <fox>\nat night",
        4,
    )
    exiftool(
        *("-overwrite_original", "-XMP-dc:Subject+=snow", "-XMP-dc:Subject-=fox", "-XMP-xmp:Rating=2"),
        *("-XMP-lr:HierarchicalSubject+=Animals|Owl", "-XMP-dc:Creator=Ada", "-XMP-photoshop:City=Köln"),
        *("-XMP-exif:GPSLatitude=50.9", f"-XMP-mwg-rs:RegionList={REGION}", str(sidecar)),
    )
    beside.settle(sidecar)
    scan(library)
    assert tags(library, a) == {"Köln & co", "snow", "Owl"} and library.picture(OWNER, a).score == 2
    assert [face.name for face in library.picture_faces(OWNER, a)] == ["Grace"]
    assert caption(library, a) == "A <fox>\nat night" and not conflicts(library)
    library.add_tags(OWNER, AddTags(tags=["river"], ids=[a]))
    compare(library)
    values = read(sidecar)
    assert set(values["Subject"]) == {"Köln & co", "snow", "river"}
    assert set(values["HierarchicalSubject"]) == {"Animals|Owl", "river"}
    assert (values["Creator"], values["City"], values["Rating"]) == (["Ada"], "Köln", 2)
    assert values["RegionInfo"]["RegionList"][0]["Name"] == "Grace" and "GPSLatitude" in values
    assert "\n" not in exiftool("-validate", "-warning", "-a", str(sidecar)).strip()


def test_a_new_face_is_read_by_exiftool(library: Library, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    beside.paint(photos, "a.png")
    sidecar = photos / "a.png.xmp"
    exiftool(f"-XMP-mwg-rs:RegionList={REGION}", str(sidecar))
    beside.settle(sidecar)
    beside.add(library, photos, SidecarPolicy("mirror", ["xmp"], mirror=str(made(tmp_path / "mirror"))))
    assert [face.name for face in library.picture_faces(OWNER, picture(library, "a.png"))] == ["Grace"]
    (region,) = read(tmp_path / "mirror" / "a.png.xmp")["RegionInfo"]["RegionList"]
    assert (region["Name"], region["Type"]) == ("Grace", "Face")
    assert {key: float(value) for key, value in region["Area"].items() if key != "Unit"} == pytest.approx(
        {"X": 0.5, "Y": 0.5, "W": 0.2, "H": 0.4}
    )


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder

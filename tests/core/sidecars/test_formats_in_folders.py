"""XMP and JSON sidecars in a folder: ratings, captions, tags and faces in both directions, and several files."""

from __future__ import annotations

import json
from pathlib import Path

import beside
import pytest
from beside import caption, compare, conflicts, picture, scan, tags

from pixlstash_core import OWNER
from pixlstash_core.library import Library
from pixlstash_core.sidecars import xmp
from pixlstash_core.sidecars.values import FIELDS, Region, Values
from pixlstash_core.types import AddTags, ScorePictures, SetCaption, SidecarPolicy

pytestmark = pytest.mark.slow
GRACE = Region("Grace", (0.25, 0.25, 0.5, 0.5))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    beside.paint(tmp_path / "photos", "a.png", "b.png")
    return tmp_path / "photos"


def test_xmp_in_both_directions(library: Library, photos: Path) -> None:
    beside.write(photos / "a.xmp", xmp.render(None, Values(["fox"], "A fox.", 4, [GRACE]), FIELDS))
    beside.add(library, photos, SidecarPolicy("write", ["xmp"]))
    a, b = picture(library, "a.png"), picture(library, "b.png")
    assert (tags(library, a), caption(library, a), library.picture(OWNER, a).score) == ({"fox"}, "A fox.", 4)
    assert [face.name for face in library.picture_faces(OWNER, a)] == ["Grace"]
    library.score(OWNER, ScorePictures(score=2, ids=[a, b]))
    library.add_tags(OWNER, AddTags(tags=["snow"], ids=[a]))
    compare(library)
    assert xmp.parse((photos / "a.xmp").read_bytes())[0] == Values(["fox", "snow"], "A fox.", 2, [GRACE])
    assert xmp.parse((photos / "b.png.xmp").read_bytes())[0] == Values(rating=2)
    beside.write(photos / "a.xmp", xmp.render(None, Values(["snow"], "A fox.", 2), FIELDS), later=9)
    scan(library)
    # All faces are gone at once: that is for a person to decide. One of two tags is not.
    assert tags(library, a) == {"snow"} and len(library.picture_faces(OWNER, a)) == 1
    assert conflicts(library) == [("a.png", "faces", "Grace", "")]


def test_json_keeps_what_others_wrote(library: Library, photos: Path) -> None:
    others = {"tags": ["fox"], "caption": "A fox.", "rating": "five stars", "prompt": {"seed": 12345678901234567890}}
    beside.write(photos / "a.png.json", json.dumps(others))
    beside.add(library, photos, SidecarPolicy("write", ["json"]))
    a = picture(library, "a.png")
    assert (tags(library, a), caption(library, a), library.picture(OWNER, a).score) == ({"fox"}, "A fox.", 0)
    library.add_tags(OWNER, AddTags(tags=["snow"], ids=[a]))
    library.score(OWNER, ScorePictures(score=2, ids=[a]))
    compare(library)
    assert json.loads((photos / "a.png.json").read_bytes()) == {**others, "tags": ["fox", "snow"]}


def test_files_of_several_formats_agree(library: Library, photos: Path) -> None:
    beside.write(photos / "a.txt", "fox")
    beside.write(photos / "a.png.xmp", xmp.render(None, Values(["snow"], "A fox."), FIELDS))
    beside.add(library, photos, SidecarPolicy("write", ["txt", "xmp", "json"]))
    a = picture(library, "a.png")
    assert (tags(library, a), caption(library, a)) == ({"fox", "snow"}, "A fox.")
    assert (photos / "a.txt").read_text() == "fox, snow\n"
    assert set(xmp.parse((photos / "a.png.xmp").read_bytes())[0].tags) == {"fox", "snow"}
    assert json.loads((photos / "a.png.json").read_bytes())["caption"] == "A fox."
    library.set_caption(OWNER, SetCaption(text="A red fox.", ids=[a]))
    compare(library)
    assert xmp.parse((photos / "a.png.xmp").read_bytes())[0].caption == "A red fox."
    assert json.loads((photos / "a.png.json").read_bytes())["caption"] == "A red fox." and not conflicts(library)
